/* SPDX-License-Identifier: ISC */
/* mailbox/moves_there.c - what was moved or copied here is moved or copied on the server, without
 * its body; part of the machine in box_p.h.
 *
 * The mailbox that gets a message asks for it.  Like an upload it was announced in the state, so an
 * answer that is lost is found again by the next look.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

/* --- copies ---------------------------------------------------------------------------------- */

struct twin {
	uint32_t upload; /* index in the box's uploads */
	int64_t mailbox;
	uint32_t uid;
	uint64_t flags, size, global_id;
	time_t date;
	bool differs; /* the bytes are others; the server would merge it all the same */
};

struct twin_key {
	const struct gw_fingerprint *print;
	uint32_t upload;
};

struct twin_job {
	struct gw_disk_job job; /* first */
	struct gw_box *box;
	struct twin_key *keys;   /* owned; sorted by header */
	struct twin_key *msgids; /* owned; of those that have one, sorted by it; if that counts */
	size_t key_count, msgid_count;
	struct twin *twins; /* owned */
	size_t count, cap;
	struct gw_error err;
};

static int by_header(const void *a, const void *b)
{
	const struct twin_key *x = a, *y = b;

	return memcmp(x->print->header, y->print->header, GW_HASH_BYTES);
}

static int by_msgid(const void *a, const void *b)
{
	const struct twin_key *x = a, *y = b;

	return memcmp(x->print->msgid, y->print->msgid, GW_HASH_BYTES);
}

static enum gw_code add_twin(struct twin_job *t, uint32_t upload, int64_t mailbox,
	const struct gw_message_row *row, bool differs)
{
	struct twin *twin = gw_array_push((void **)&t->twins, &t->count, &t->cap, sizeof *t->twins);

	if (twin == NULL)
		return gw_fail(&t->err, GW_ERR_NOMEM, "out of memory");
	*twin = (struct twin){ .upload = upload,
		.mailbox = mailbox,
		.uid = row->uid,
		.flags = row->flags,
		.size = row->size,
		.global_id = row->global_id,
		.date = row->date,
		.differs = differs };
	return GW_OK;
}

/* The first of a run of equal keys; NULL: none. */
static const struct twin_key *first_key(const struct twin_key *key, const struct twin_key *keys,
	size_t count, int (*compare)(const void *, const void *))
{
	const struct twin_key *found =
		count == 0 ? NULL : bsearch(key, keys, count, sizeof *keys, compare);

	while (found != NULL && found > keys && compare(found - 1, key) == 0)
		found--;
	return found;
}

static enum gw_code take_twin(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	struct twin_job *t = ctx;
	struct gw_fingerprint print = { 0 };
	const struct twin_key key = { .print = &print }, *k;
	enum gw_code code = GW_OK;

	if (row->header_hash == NULL || row->body_hash == NULL)
		return GW_OK;
	memcpy(print.header, row->header_hash, GW_HASH_BYTES);
	memcpy(print.body, row->body_hash, GW_HASH_BYTES);
	k = first_key(&key, t->keys, t->key_count, by_header);
	for (; k != NULL && k < t->keys + t->key_count && by_header(k, &key) == 0 && code == GW_OK;
		k++) {
		if (gw_fingerprint_same(k->print, &print))
			code = add_twin(t, k->upload, mailbox, row, false);
	}
	if (row->msgid_hash == NULL || code != GW_OK)
		return code;
	memcpy(print.msgid, row->msgid_hash, GW_HASH_BYTES);
	k = first_key(&key, t->msgids, t->msgid_count, by_msgid);
	for (; k != NULL && k < t->msgids + t->msgid_count && by_msgid(k, &key) == 0 &&
		code == GW_OK;
		k++) {
		if (!gw_fingerprint_same(k->print, &print))
			code = add_twin(t, k->upload, mailbox, row, true);
	}
	return code;
}

static void work_twins(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct twin_job *t = (struct twin_job *)job;

	if (world->store != NULL)
		gw_store_all_messages(world->store, take_twin, t, &t->err);
}

static bool has_file(const struct gw_box *box, uint32_t uid)
{
	size_t b = gw_base_find(box->local.base, box->local.base_count, uid);

	return b < box->local.base_count && box->local.base[b].local != GW_NO_LOCAL;
}

/* Turns an upload into a copy, if its message is on the server and stays where it is. */
static void copy_instead(struct gw_box *box, const struct twin *t)
{
	struct gw_append_item *item = &box->uploads[t->upload];
	const struct gw_local_msg *l = &box->local.messages[item->local];
	struct gw_box_carry *c;
	uint32_t uidvalidity = 0;
	const char *wire = box->env->mailbox(box->env->ctx, t->mailbox, &uidvalidity);

	if (item->carried)
		return;
	if (box->env->merges && t->mailbox == box->place->mailbox && has_file(box, t->uid)) {
		gw_box_refuse_alias(box, item->name, t->uid);
		item->carried = true;
		return;
	}
	if (wire == NULL || uidvalidity == 0 ||
		box->env->leaving(box->env->ctx, t->mailbox, t->uid))
		return;
	c = gw_array_push(
		(void **)&box->carries, &box->carry_count, &box->carry_cap, sizeof *box->carries);
	if (c == NULL)
		return;
	*c = (struct gw_box_carry){ .wire = wire,
		.uidvalidity = uidvalidity,
		.uid = t->uid,
		.local = item->local,
		.letters = l->alien,
		.meant = l->alien == 0 ? 0 : l->flags & GW_FLAGS_KEYWORDS,
		.to = l->alien == 0 ? NULL
				    : gw_box_renamed(box, item->local, l->flags, gw_box_here(box)),
		.print = &gw_box_print_of(box, item->local)->print,
		/* Keywords are left to the next look. */
		.flags = t->flags & (GW_FLAG_KEYWORD(0) - 1) & ~GW_FLAG_DELETED,
		.agreed = t->flags & (GW_FLAG_KEYWORD(0) - 1) & ~GW_FLAG_DELETED,
		.size = t->size,
		/* The archive learns that it has a label from the look that tells its id. */
		.global_id = box->env->archive && !gw_box_is_archive(box) ? 0 : t->global_id,
		.date = t->date,
		.differs = t->differs };
	item->carried = true;
}

void gw_box_drop_carried(struct gw_box *box)
{
	size_t n = 0;

	for (size_t i = 0; i < box->upload_count; i++) {
		if (!box->uploads[i].carried)
			box->uploads[n++] = box->uploads[i];
	}
	box->upload_count = n;
}

static void on_twins(struct gw_disk_job *job)
{
	struct twin_job *t = (struct twin_job *)job;
	struct gw_box *box = t->box;

	for (size_t i = 0; i < t->count; i++) {
		if (!t->twins[i].differs)
			copy_instead(box, &t->twins[i]);
	}
	for (size_t i = 0; i < t->count; i++)
		copy_instead(box, &t->twins[i]);
	gw_box_drop_carried(box);
	free(t->keys);
	free(t->msgids);
	free(t->twins);
	free(t);
	gw_box_step(box);
}

bool gw_box_may_copy(struct gw_box *box)
{
	return box->upload_count > 0 && !box->again;
}

void gw_box_find_copies(struct gw_box *box)
{
	static const uint8_t none[GW_HASH_BYTES];
	struct twin_job *t = calloc(1, sizeof *t);

	if (t != NULL) {
		t->keys = calloc(box->upload_count, sizeof *t->keys);
		t->msgids = calloc(box->upload_count, sizeof *t->msgids);
	}
	if (t == NULL || t->keys == NULL || t->msgids == NULL) { /* bodies are sent */
		if (t != NULL) {
			free(t->keys);
			free(t->msgids);
		}
		free(t);
		gw_box_step(box);
		return;
	}
	t->job = (struct gw_disk_job){ .work = work_twins, .done = on_twins };
	t->box = box;
	for (size_t i = 0; i < box->upload_count; i++) {
		const struct twin_key key = {
			.print = &gw_box_print_of(box, box->uploads[i].local)->print,
			.upload = (uint32_t)i
		};

		t->keys[t->key_count++] = key;
		if (box->env->merges && memcmp(key.print->msgid, none, sizeof none) != 0)
			t->msgids[t->msgid_count++] = key;
	}
	qsort(t->keys, t->key_count, sizeof *t->keys, by_header);
	qsort(t->msgids, t->msgid_count, sizeof *t->msgids, by_msgid);
	gw_disk_submit(box->env->disk, &t->job);
}

/* --- moving and copying ---------------------------------------------------------------------- */

static int by_source(const void *a, const void *b)
{
	const struct gw_box_carry *x = a, *y = b;
	int order = strcmp(x->wire, y->wire);

	return order != 0 ? order : (x->uid > y->uid) - (x->uid < y->uid);
}

/* Base gets the row: the message is here now, and its file too. */
static void join_carried(
	struct gw_box *box, struct gw_box_carry *c, const struct gw_move_item *item)
{
	const char *name = gw_scan_name(&box->local.scan, c->local);
	uint64_t mine = box->local.messages[c->local].flags;
	struct gw_op op = { .kind = GW_OP_JOIN,
		.uid = item->uid,
		.flags = c->flags,
		.size = c->size,
		.global_id = c->global_id,
		.date = c->date,
		.from = strdup(name),
		.from_in_new = box->local.scan.entries[c->local].in_new,
		.was_pending = true,
		.loses = c->leaves,
		.copied = c->from_place == NULL || item->stays };

	if (has_file(box, item->uid)) {
		gw_box_refuse_alias(box, name, item->uid);
		free(op.from);
		return;
	}
	if (op.from == NULL) {
		box->incomplete = true;
		return;
	}
	op.print = *c->print;
	op.to = c->to;
	op.to_in_new = op.from_in_new && (mine & gw_box_here(box)) == 0;
	c->to = NULL;
	gw_box_add(box, &op);
	if (c->differs)
		gw_box_tell_kept(box, item->uid);
	/* Flags that differ, and keywords of a copy, are for the next look. */
	box->incomplete |= c->from_place == NULL || c->flags_differ;
}

/* Ends with its old mailbox: it is gone from there, or need not be. */
static void leave_source(
	struct gw_box *box, struct gw_box_carry *c, const struct gw_move_item *item)
{
	struct gw_op op = { .kind = GW_OP_DROP_ROW, .uid = c->uid };

	if (item->stays && c->from != NULL) {
		struct gw_box_removal *r = gw_array_push((void **)&c->from->leaving,
			&c->from->leaving_count, &c->from->leaving_cap, sizeof *r);

		if (r == NULL)
			c->from->incomplete = true;
		else
			*r = (struct gw_box_removal){ .uid = c->uid,
				.local = GW_NO_LOCAL,
				.carried = true,
				.to = GW_EXPUNGE_FOR_GOOD };
	} else if (!item->stays && c->from_place != NULL) {
		op.place = c->from_place;
		if (gw_batcher_add(box->env->batcher, &op) != GW_OK)
			box->incomplete = true;
	}
}

/* A further look in this run, at this mailbox alone, does not take its file for new mail. */
static void put_off(struct gw_box *box, const struct gw_box_carry *c)
{
	if (c->from_place != NULL)
		gw_claims_take(box->env->unmoved, gw_box_file_id(box, c->local), box->env->unmoved);
}

static void settle_carry(struct gw_box *box, struct gw_box_carry *c,
	const struct gw_move_item *item, const struct gw_error *refused)
{
	const char *name = gw_scan_name(&box->local.scan, c->local);
	bool done = item->outcome == GW_MOVE_DONE || item->outcome == GW_MOVE_UNNAMED;

	switch (item->outcome) {
	case GW_MOVE_DONE:
		if (item->uidvalidity == box->remote.uidvalidity)
			join_carried(box, c, item);
		else
			box->incomplete = true;
		break;
	case GW_MOVE_UNNAMED: /* found by its content in the next look */
		box->incomplete = true;
		break;
	case GW_MOVE_REFUSED:
		gw_box_refuse_file(box, name, refused != NULL ? refused->text : "refused");
		break;
	case GW_MOVE_GONE: /* it is not there any more: the file is new mail */
		gw_box_forget_file(box, name);
		box->incomplete = true;
		break;
	case GW_MOVE_UNSENT:
		gw_box_forget_file(box, name);
		put_off(box, c);
		break;
	case GW_MOVE_IGNORED: /* whether a copy came, the next run's look shows */
		box->plan.look_again = true;
		if (c->from != NULL)
			c->from->plan.look_again = true;
		put_off(box, c);
		break;
	case GW_MOVE_LOST:
		put_off(box, c);
		break;
	}
	box->row->pending += item->outcome == GW_MOVE_LOST || item->outcome == GW_MOVE_UNNAMED;
	if (done) {
		leave_source(box, c, item);
		box->delta.moved += c->from_place != NULL;
		box->env->counts->moved += c->from_place != NULL;
		box->delta.copied += c->from_place == NULL;
		box->env->counts->copied += c->from_place == NULL;
	}
	if (c->from != NULL) {
		c->from->awaited--;
		c->from->incomplete |= !done && item->outcome != GW_MOVE_IGNORED;
		c->from = NULL;
	}
}

/* Stops asking: the server's state refuses, which passes. */
static void fail_for_now(struct gw_box *box, const struct gw_error *refused)
{
	struct gw_error err = *refused;

	err.scope = GW_SCOPE_MAILBOX;
	gw_error_context(&err, "what was moved or copied here is left for the next sync");
	gw_box_fail(box, &err);
}

static void tell_ignored(struct gw_box *box, size_t count)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_REFUSED,
		"%zu message%s moved here: the server said OK, and %s where %s there", count,
		count == 1 ? " was" : "s were", count == 1 ? "it is" : "they are",
		count == 1 ? "it was" : "they were");
	err.scope = GW_SCOPE_MAILBOX;
	box->env->problem(box->env->ctx, box, &err);
}

static void on_carried(void *ctx, const struct gw_error *refused, const struct gw_error *lost)
{
	struct gw_box *box = ctx;
	bool unsent = false;
	size_t ignored = 0;

	for (size_t i = 0; i < box->carry_count; i++) {
		settle_carry(box, &box->carries[box->carry_items[i].number], &box->carry_items[i],
			refused);
		unsent |= box->carry_items[i].outcome == GW_MOVE_UNSENT;
		ignored += box->carry_items[i].outcome == GW_MOVE_IGNORED;
	}
	if (ignored > 0)
		tell_ignored(box, ignored);
	gw_box_forget_moves(box);
	if (lost != NULL)
		gw_box_end_lost(box, lost);
	else if (unsent && refused != NULL)
		fail_for_now(box, refused);
	else
		gw_box_step(box);
}

void gw_box_send_moves(struct gw_box *box)
{
	const struct gw_move_events events = { .done = on_carried, .ctx = box };
	enum gw_code code = GW_ERR_NOMEM;

	box->selected = false;
	qsort(box->carries, box->carry_count, sizeof *box->carries, by_source);
	box->carry_items = calloc(box->carry_count, sizeof *box->carry_items);
	for (size_t i = 0; i < box->carry_count && box->carry_items != NULL; i++)
		box->carry_items[i] = (struct gw_move_item){ .from = box->carries[i].wire,
			.from_uidvalidity = box->carries[i].uidvalidity,
			.from_uid = box->carries[i].uid,
			.move = box->carries[i].from_place != NULL,
			.number = (uint32_t)i };
	if (box->carry_items != NULL)
		code = gw_move_start(box->session, box->folder->wire, box->carry_items,
			box->carry_count, &events);
	if (code == GW_OK)
		return;
	gw_box_end_unsent(box, code);
}
