/* SPDX-License-Identifier: ISC */
/* mailbox/flags.c - tells the server what was changed here; part of the machine in box_p.h.
 *
 * Comes after the downloads, on the same connection, and in one flight with the uploads.  Base follows the server: a flag is recorded
 * as agreed when its STORE was answered OK, never before.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

bool gw_box_will_push(struct gw_box *box, const struct gw_action *a)
{
	struct gw_store_flags_item *item = gw_array_push((void **)&box->push_items,
		&box->push_count, &box->push_cap, sizeof *box->push_items);

	if (item == NULL)
		return false;
	*item = (struct gw_store_flags_item){
		.uid = a->uid, .has = a->base_flags, .gets = a->flags
	};
	return true;
}

static void hold(struct gw_box *box, uint32_t uid, const char *why, bool lasting)
{
	struct gw_op op = { .kind = GW_OP_HOLD, .uid = uid, .lasting = lasting };

	if (box->env->dry_run)
		return;
	op.to = strdup(why);
	if (op.to != NULL)
		gw_box_add(box, &op);
}

void gw_box_hold(struct gw_box *box, uint32_t uid, const char *why)
{
	hold(box, uid, why, false);
}

void gw_box_tell_kept(struct gw_box *box, uint32_t uid)
{
	gw_log(box->env->log, GW_LOG_WARN,
		"%s: UID %u was edited here; the server keeps it as it was", box->folder->shown,
		uid);
	hold(box, uid,
		"edited here; the server keeps the text as it was, since it takes no second "
		"message "
		"with the same Message-ID",
		true);
}

static void on_pushed(void *ctx, const struct gw_error *refused, const struct gw_error *keyword,
	const struct gw_error *lost)
{
	struct gw_box *box = ctx;
	bool ahead = box->pushing;
	size_t ignored = 0;
	struct gw_error err = { 0 };

	for (size_t i = 0; i < box->push_count; i++) {
		const struct gw_store_flags_item *item = &box->push_items[i];
		struct gw_op op = { .kind = GW_OP_TOLD_FLAGS,
			.uid = item->uid,
			.flags = item->has,
			.mask = item->taken };

		if (item->taken != 0)
			gw_box_add(box, &op);
		ignored += gw_box_settle_pushed(box, item, refused);
		box->incomplete |= item->unseen != 0; /* gone meanwhile?  The next look tells. */
		/* It is sent again: what stands still must not be taken for what was told. */
		box->plan.look_again |= item->refused && item->denied == 0;
		box->delta.flags_sent += (item->taken & ~item->ignored) != 0;
	}
	box->env->counts->flags_sent += box->delta.flags_sent;
	gw_box_settle_keywords(box, keyword);
	if (ignored > 0) {
		gw_box_unstored_error(ignored, &err);
		box->env->problem(box->env->ctx, box, &err);
		gw_error_clear(&err);
	}
	if (refused != NULL) {
		err = *refused;
		err.scope = GW_SCOPE_MESSAGE;
		gw_error_context(&err, "changed flags were not taken");
		box->env->problem(box->env->ctx, box, &err);
	}
	box->pushing = false;
	box->pushed = true;
	if (ahead) {
		if (lost != NULL)
			box->push_lost = *lost;
		gw_box_sent(box);
	} else if (lost != NULL) {
		err = *lost;
		err.scope = GW_SCOPE_ACCOUNT;
		gw_box_fail(box, &err);
	} else {
		gw_box_step(box);
	}
}

static int by_uid(const void *a, const void *b)
{
	const struct gw_store_flags_item *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_box *box = ctx;

	if (box->upload != NULL)
		gw_append_note(box->upload, r);
}

static enum gw_code start(struct gw_box *box)
{
	const struct gw_store_flags_events events = {
		.flags = gw_box_flags, .response = on_response, .done = on_pushed, .ctx = box
	};

	qsort(box->push_items, box->push_count, sizeof *box->push_items, by_uid);
	return gw_store_flags_start(box->session, box->push_items, box->push_count, &box->keywords,
		gw_box_labels(box), &events);
}

void gw_box_push(struct gw_box *box)
{
	enum gw_code code = start(box);

	if (code != GW_OK)
		gw_box_end_unsent(box, code);
}

/* Sends flags early: what was announced is on disk, with all that the flags rest on.  Where a
 * connection broke before, sends each thing alone. */
void gw_box_push_ahead(struct gw_box *box)
{
	if (box->push_count > 0 && !gw_box_is_suspect(box) && box->trial->breaks == 0)
		box->pushing = start(box) == GW_OK;
}

static void on_flushed(void *ctx, const struct gw_error *err)
{
	if (err == NULL)
		gw_box_step(ctx);
	else
		gw_box_end_lost(ctx, err);
}

void gw_box_flush(struct gw_box *box)
{
	if (gw_box_bars_changes(box))
		return;
	if (gw_settle_start(box->env->disk, box->place, NULL, on_flushed, box) != GW_OK)
		gw_box_fail_nomem(box);
}
