/* SPDX-License-Identifier: ISC */
/* local/rows.c - see rows.h. */
#include "local/rows.h"

#include "local/left.h"
#include "maildir/name.h"

#include <string.h>
#include <time.h>

static void base_of(const char *file, char base[GW_NAME_MAX + 1])
{
	struct gw_name name = gw_name_split(file);

	memcpy(base, name.base.p, name.base.n);
	base[name.base.n] = '\0';
}

static enum gw_code add_row(struct gw_op *op, enum gw_row_state state, struct gw_disk_world *world,
	struct gw_error *err)
{
	static const uint8_t none[GW_HASH_BYTES];
	const char *file = op->to != NULL ? op->to : op->from;
	char base[GW_NAME_MAX + 1];
	struct gw_message_row row = { .uid = op->uid,
		.copied = op->copied,
		.global_id = op->global_id,
		.state = state,
		.flags = op->flags,
		.size = op->size,
		.date = op->date };

	if (state == GW_ROW_PAIRED) {
		base_of(file, base);
		row.base_name = base;
		row.header_hash = op->print.header;
		row.body_hash = op->print.body;
		row.msgid_hash =
			memcmp(op->print.msgid, none, sizeof none) == 0 ? NULL : op->print.msgid;
	}
	return gw_store_message_add(world->store, op->place->mailbox, &row, err);
}

static enum gw_code forget_upload(
	const struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	char base[GW_NAME_MAX + 1];
	enum gw_code code;

	base_of(op->from, base);
	code = gw_store_pending_drop(world->store, op->place->mailbox, base, err);
	return code == GW_OK ? gw_store_unrefuse(world->store, op->place->mailbox, base, err)
			     : code;
}

static enum gw_code unhold(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	enum gw_code code = gw_store_unhold(store, mailbox, uid, err);

	return code == GW_OK ? gw_store_unhold_deletion(store, mailbox, uid, err) : code;
}

enum gw_code gw_rows_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	enum gw_code code = gw_store_message_drop(store, mailbox, uid, err);

	if (code == GW_OK)
		code = gw_store_sent_drop(store, mailbox, uid, err);
	if (code == GW_OK)
		code = gw_store_unstored_drop_all(store, mailbox, uid, err);
	if (code == GW_OK)
		code = gw_store_trashing_drop(store, mailbox, uid, err);
	return code == GW_OK ? unhold(store, mailbox, uid, err) : code;
}

static enum gw_code drop_deleted(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	enum gw_code code = gw_store_deleted_add(store, mailbox, (int64_t)time(NULL), err);

	return code == GW_OK ? gw_rows_drop(store, mailbox, uid, err) : code;
}

static int64_t refused_at(enum gw_until refusal)
{
	int64_t now = (int64_t)time(NULL);

	switch (refusal) {
	case GW_REFUSAL_DAY:
		return now;
	case GW_REFUSAL_WEEK:
		return now + (int64_t)6 * 86400; /* tried again a day after that */
	case GW_REFUSAL_RUN:
		return GW_REFUSED_SOON;
	case GW_REFUSAL_HELD:
		return GW_REFUSED_HELD;
	case GW_REFUSAL_SENT:
		return GW_REFUSED_SENT;
	}
	return now;
}

static enum gw_code refuse(
	const struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	char base[GW_NAME_MAX + 1];

	base_of(op->from, base);
	return gw_store_refuse(world->store, op->place->mailbox, base, refused_at(op->refusal),
		op->uid, op->to, err);
}

static enum gw_code answered(
	const struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	char base[GW_NAME_MAX + 1];

	base_of(op->from, base);
	return gw_store_pending_answered(world->store, op->place->mailbox, base, err);
}

/* In one transaction: at no time is the file neither a message's nor an upload. */
/* What was said of the message without its file, or of the file without its message, is over. */
static enum gw_code join(struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	int64_t mailbox = op->place->mailbox;
	char base[GW_NAME_MAX + 1];
	enum gw_code code = add_row(op, GW_ROW_PAIRED, world, err);

	base_of(op->from, base);
	if (code == GW_OK && op->was_pending)
		code = gw_store_pending_drop(world->store, mailbox, base, err);
	if (code == GW_OK)
		code = gw_store_unrefuse(world->store, mailbox, base, err);
	return code == GW_OK ? gw_store_unhold_passing(world->store, mailbox, op->uid, err) : code;
}

static enum gw_code take_back(
	const struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	enum gw_code code = gw_store_sent_back(world->store, op->place->mailbox, op->uid,
		op->row.uidvalidity, op->row.uidnext, err);

	return code == GW_OK ? gw_rows_drop(world->store, op->place->mailbox, op->uid, err) : code;
}

static enum gw_code suspect(
	const struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	struct gw_suspect_row row = op->suspect;
	char base[GW_NAME_MAX + 1] = "";

	if (op->from != NULL)
		base_of(op->from, base);
	row.name = base;
	row.reason = op->to;
	row.at = (int64_t)time(NULL);
	return gw_store_suspect(world->store, op->place->mailbox, &row, err);
}

static enum gw_code unstored(
	const struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	const struct gw_unstored_row row = { .uid = op->uid,
		.waits = op->waits,
		.flags = op->flags,
		.tries = op->times,
		.reason = op->to };

	return gw_store_unstored_put(world->store, op->place->mailbox, &row, err);
}

/* code: of what was done to the row.  Why, if that is to be told, is held beside it. */
static enum gw_code and_hold(enum gw_code code, const struct gw_op *op, struct gw_disk_world *world,
	struct gw_error *err)
{
	return code == GW_OK && op->to != NULL
		       ? gw_store_hold(world->store, op->place->mailbox, op->uid, NULL, op->to, err)
		       : code;
}

static enum gw_code store_cursor(
	struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	/* With advance false the row holds the cursors as they were. */
	return op->advance && (op->place->conflict || op->place->refused)
		       ? GW_OK
		       : gw_store_mailbox_update(world->store, &op->row, err);
}

static enum gw_code deliver(struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	enum gw_code code = add_row(op, GW_ROW_PAIRED, world, err);

	return code == GW_OK ? unhold(world->store, op->place->mailbox, op->uid, err) : code;
}

/* Stores only the flags that the server was told: the file may not have the others yet. */
static enum gw_code told_flags(
	const struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	int64_t mailbox = op->place->mailbox;
	enum gw_code code = gw_store_message_flag_bits(
		world->store, mailbox, op->uid, op->mask, op->flags, err);

	return code == GW_OK ? gw_store_unhold_passing(world->store, mailbox, op->uid, err) : code;
}

static enum gw_code move_row(struct gw_op *op, struct gw_disk_world *world, struct gw_error *err)
{
	int64_t from = op->row_place->mailbox;
	enum gw_code code = op->deleted ? drop_deleted(world->store, from, op->from_uid, err)
					: gw_rows_drop(world->store, from, op->from_uid, err);

	return code == GW_OK ? add_row(op, GW_ROW_PAIRED, world, err) : code;
}

static enum gw_code store_row(struct gw_op *op, struct gw_disk_world *world,
	struct gw_batch_result *result, struct gw_error *err)
{
	struct gw_store *store = world->store;
	int64_t mailbox = op->place->mailbox;
	enum gw_code code;

	switch (op->kind) {
	case GW_OP_KEYWORD:
		return gw_store_keyword_put(store, mailbox, op->uid, op->to, err);
	case GW_OP_DELIVER:
		result->delivered++;
		return deliver(op, world, err);
	case GW_OP_JOIN:
		result->joined++;
		return join(op, world, err);
	case GW_OP_REFUSED:
		code = forget_upload(op, world, err);
		return code == GW_OK ? refuse(op, world, err) : code;
	case GW_OP_UNREFUSED:
		return forget_upload(op, world, err);
	case GW_OP_ANSWERED:
		return answered(op, world, err);
	case GW_OP_SENT:
		return gw_store_sent_put(store, mailbox, op->uid, op->times, err);
	case GW_OP_SEEN:
		return gw_store_sent_drop(store, mailbox, op->uid, err);
	case GW_OP_UNKEPT:
		return take_back(op, world, err);
	case GW_OP_KEYWORD_REFUSED:
		return gw_store_keyword_refuse(
			store, mailbox, op->from, (int64_t)time(NULL), op->to, err);
	case GW_OP_KEYWORD_TAKEN:
		return gw_store_keyword_taken(store, mailbox, op->from, err);
	case GW_OP_EDITED:
		return gw_store_message_leave(store, mailbox, op->uid, GW_ROW_PAIRED, err);
	case GW_OP_SUSPECT:
		return suspect(op, world, err);
	case GW_OP_CONVICT:
		return gw_store_convict(store, mailbox, op->suspect.what, (int64_t)time(NULL), err);
	case GW_OP_ACQUIT:
		return gw_store_acquit(store, mailbox, op->suspect.what, err);
	case GW_OP_RENAME:
		return GW_OK;
	case GW_OP_FLAGS:
	case GW_OP_BASE_FLAGS:
		result->flags_changed += op->kind == GW_OP_FLAGS;
		return gw_store_message_flags(store, mailbox, op->uid, op->flags, err);
	case GW_OP_GLOBAL_ID:
		return gw_store_message_global(store, mailbox, op->uid, op->global_id, err);
	case GW_OP_TOLD_FLAGS:
		return told_flags(op, world, err);
	case GW_OP_DELETE:
	case GW_OP_DELETED_THERE:
		result->deleted++;
		return drop_deleted(store, mailbox, op->uid, err);
	case GW_OP_DROP_ROW:
		return gw_rows_drop(store, mailbox, op->uid, err);
	case GW_OP_LEFT:
		code = gw_store_message_leave(store, mailbox, op->uid, GW_ROW_LEFT, err);
		return and_hold(code, op, world, err);
	case GW_OP_TAKE:
	case GW_OP_INHERIT:
		return move_row(op, world, err);
	case GW_OP_HOLD_DELETION:
		return gw_store_hold_deletion(store, mailbox, op->uid, op->side, err);
	case GW_OP_UNHOLD:
		return unhold(store, mailbox, op->uid, err);
	case GW_OP_HOLD:
		return gw_store_hold(store, mailbox, op->uid, op->lasting ? "" : NULL, op->to, err);
	case GW_OP_UNSTORED:
		return unstored(op, world, err);
	case GW_OP_STORED:
		return gw_store_unstored_drop(store, mailbox, op->uid, op->waits, err);
	case GW_OP_UNFETCHABLE:
		return and_hold(add_row(op, GW_ROW_UNFETCHABLE, world, err), op, world, err);
	case GW_OP_OUTSIDE:
		return add_row(op, GW_ROW_OUTSIDE, world, err);
	case GW_OP_LEAVING:
		return gw_store_message_state(store, mailbox, op->uid, GW_ROW_OUTSIDE, err);
	case GW_OP_EXPIRE:
		return gw_store_message_leave(store, mailbox, op->uid, GW_ROW_OUTSIDE, err);
	case GW_OP_HIDE:
		return gw_store_message_state(store, mailbox, op->uid, GW_ROW_HIDDEN, err);
	case GW_OP_STAY:
		return gw_store_message_state(store, mailbox, op->uid, GW_ROW_PAIRED, err);
	case GW_OP_CURSOR:
		return store_cursor(op, world, err);
	}
	return GW_ERR_BUG;
}

enum gw_code gw_rows_act(struct gw_op *op, struct gw_disk_world *world,
	struct gw_batch_result *result, struct gw_error *err)
{
	const struct gw_retag retag = { .mailbox = op->place->mailbox,
		.uid = op->uid,
		.gains = op->gains,
		.loses = op->loses,
		.own = op->own };
	const struct gw_place *p = op->place;
	enum gw_code code = GW_OK;

	if (op->left && p->tagged)
		code = gw_left_labels(
			world->store, p->mailbox, op->uid, &p->keywords, p->label, err);
	if (code == GW_OK)
		code = store_row(op, world, result, err);
	return code == GW_OK && (op->gains | op->loses || op->own)
		       ? gw_store_retag(world->store, &retag, err)
		       : code;
}
