/* SPDX-License-Identifier: ISC */
/* mailbox/apply.c - from plan to operations; part of the machine in box_p.h.
 *
 * Order: what is created, then flags, then (remove.c) what goes; the cursor last.
 */
#include "mailbox/box_p.h"

#include "plan/body.h"
#include "plan/direction.h"

#include <stdlib.h>

/* Joins a local file with the server message that it equals. */
static void pair(struct gw_box *box, uint32_t uid, uint32_t local, uint64_t flags,
	uint64_t base_flags, uint64_t size, time_t date)
{
	const struct gw_box_union u = { .uid = uid,
		.local = local,
		.flags = flags,
		.base_flags = base_flags,
		.size = size,
		.date = date,
		.was_pending = box->local.pending_count > 0 || box->local.messages[local].refused };

	gw_box_join(box, &u);
	box->delta.paired++;
	box->env->counts->paired++;
}

/* --- downloads ------------------------------------------------------------------------------- */

/* Reports a short body, which was asked for twice and is all there is. */
static void tell_short(struct gw_box *box, const struct gw_fetch_bodies_item *item,
	const struct gw_delivered *file)
{
	struct gw_error err = { 0 };

	if (!gw_body_is_short(item->size, file->wire_size))
		return;
	gw_fail(&err, GW_ERR_PROTOCOL,
		"the server says that message UID %u has %lu bytes, and sent %llu, twice; what it sent "
		"is kept, and may be only a part",
		item->uid, (unsigned long)item->size, (unsigned long long)file->wire_size);
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

/* Joins a file and a body that are the same message; this run sends the flags that only the file
 * has.  With "push" the file keeps its own. */
static void pair_read(struct gw_box *box, const struct gw_fetch_bodies_item *item, uint32_t local,
	uint64_t flags, time_t date)
{
	uint64_t mine = box->local.messages[local].flags;
	struct gw_plan_input in = gw_box_policy(box);
	struct gw_action push = { .uid = item->uid, .base_flags = flags };
	uint64_t theirs = flags & gw_box_here(box) & ~GW_FLAG_DELETED, taken;

	in.storable = gw_box_storable(box);
	push.flags = flags | (gw_local_changes(&in, flags, mine) & mine);
	taken = box->env->account->direction == GW_DIRECTION_PUSH ? 0 : theirs;
	pair(box, item->uid, local, mine | taken,
		gw_store_flags_agreed(flags, 0, theirs & ~taken & ~mine), item->size, date);
	if (push.flags != flags && !box->remote.read_only &&
		box->env->account->direction != GW_DIRECTION_PULL)
		box->incomplete |= !gw_box_will_push(box, &push);
}

/* It was fetched to see whether it is the file's, and is not: it stays there alone, and the next look
 * sends the file. */
static void leave_there(
	struct gw_box *box, const struct gw_fetch_bodies_item *item, struct gw_delivered *file)
{
	struct gw_op op = {
		.kind = GW_OP_OUTSIDE, .uid = item->uid, .flags = item->flags, .size = item->size
	};

	gw_delivered_drop(file, &box->place->m);
	gw_box_add(box, &op);
	box->incomplete = true;
	box->delta.waiting_there++;
	box->env->counts->waiting_there++;
}

static void on_message(void *ctx, const struct gw_fetch_bodies_item *item,
	const struct gw_fetch *fetch, struct gw_delivered *file)
{
	struct gw_box *box = ctx;
	uint64_t flags = gw_session_tells_flags(box->session, fetch) ? gw_box_flags(box, fetch)
								     : item->flags;
	const struct gw_file_print *p =
		item->local == GW_NO_LOCAL ? NULL : gw_box_print_of(box, item->local);
	uint32_t local = GW_NO_LOCAL;

	tell_short(box, item, file);
	gw_box_came(box, item->uid);
	box->delta.downloaded++;
	box->env->counts->downloaded++;
	if (box->env->verify) {
		gw_box_verify_body(box, item, file);
		box->env->progress(box->env->ctx);
		return;
	}
	if (p != NULL && memcmp(p->print.body, file->print.body, GW_HASH_BYTES) == 0)
		local = item->local;
	else if (p == NULL)
		local = gw_box_read(box, item->uid, &file->print);
	if (p == NULL && local == GW_NO_LOCAL)
		local = gw_box_find_namesake(box, item->uid, &file->print);
	if (local != GW_NO_LOCAL) {
		gw_delivered_drop(file, &box->place->m);
		pair_read(box, item, local, flags, fetch->has_date ? fetch->date : 0);
	} else if (p != NULL && box->env->account->direction == GW_DIRECTION_PUSH) {
		leave_there(box, item, file);
	} else {
		if (p != NULL && gw_box_was_announced(box, item->local))
			box->incomplete = true; /* so it was not found: the next look tells */
		gw_box_deliver(box,
			&(struct gw_box_arrival){ .uid = item->uid,
				.size = item->size,
				.flags = flags,
				.date = fetch->has_date ? fetch->date : 0,
				.copied = item->copied },
			file);
	}
	box->env->progress(box->env->ctx);
}

static void on_bytes(void *ctx, size_t n)
{
	struct gw_box *box = ctx;

	box->delta.bytes_downloaded += n;
	box->env->counts->bytes_downloaded += n;
}

static void on_unfetchable(void *ctx, const struct gw_fetch_bodies_item *item, const char *reason)
{
	gw_box_set_aside(ctx, item, reason);
}

static void on_unavailable(void *ctx, const struct gw_error *why)
{
	struct gw_box *box = ctx;

	box->unavailable = *why;
}

static void on_broke(void *ctx, uint32_t lo, uint32_t hi, size_t asked, bool alone)
{
	gw_box_note_break(ctx, lo, hi, asked, alone);
}

static bool on_judge(void *ctx, const struct gw_fetch_bodies_item *item)
{
	return gw_box_is_culprit(ctx, item);
}

static void on_drained(void *ctx)
{
	struct gw_box *box = ctx;

	if (box->push_count == 0 && box->upload_count == 0 && box->carry_count == 0 &&
		!gw_box_must_wait_to_remove(box)) /* else this connection is needed for more */
		gw_box_drain(box);
}

/* --- the rest -------------------------------------------------------------------------------- */

static void apply_flags(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .kind = GW_OP_FLAGS, .uid = a->uid, .flags = a->base_flags };

	gw_box_name_source(box, a->local, &op);
	/* A wish to delete that the table overrules is taken off. */
	op.to = gw_box_renamed(box, a->local, a->flags, gw_box_here(box) | GW_FLAG_DELETED);
	op.to_in_new = gw_box_stays_in_new(box, a->local, a->flags);
	if (op.from == NULL || op.to == NULL) {
		free(op.from);
		free(op.to);
		return;
	}
	if (strcmp(op.from, op.to) == 0 && op.from_in_new == op.to_in_new) { /* only its tags */
		free(op.from);
		free(op.to);
		op.from = op.to = NULL;
		op.kind = GW_OP_BASE_FLAGS;
	}
	gw_box_add(box, &op);
}

/* The next look tells the server. */
static bool relink_flags_differ(const struct gw_box *box, const struct gw_action *a)
{
	return ((box->local.messages[a->local].flags ^ a->base_flags) & gw_box_here(box)) != 0;
}

/* The message's file has another name, or stands elsewhere in the mailbox. */
static void relink(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .kind = GW_OP_JOIN,
		.uid = a->uid,
		.flags = a->base_flags,
		.was_pending = box->local.messages[a->local].refused };
	const struct gw_file_print *p = gw_box_print_of(box, a->local);
	const struct gw_gone *gone = gw_box_gone_of(box, a->uid);
	bool other = false;

	if (gone != NULL) {
		other = p != NULL && !gw_fingerprint_same(&gone->print, &p->print);
		op.size = gone->size;
		op.date = gone->date;
	}
	if (p == NULL || !gw_box_name_source(box, a->local, &op)) {
		box->incomplete = true;
		return;
	}
	op.print = p->print;
	gw_box_add(box, &op);
	if (other)
		gw_box_tell_kept(box, a->uid);
	box->incomplete |= relink_flags_differ(box, a);
}

void gw_box_keep(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .kind = GW_OP_DROP_ROW, .uid = a->uid };

	box->delta.kept++;
	gw_log(box->env->log, GW_LOG_INFO,
		"%s: UID %u is gone on the server but was changed here; the file stays",
		box->folder->shown, a->uid);
	gw_box_add(box, &op);
	box->incomplete = true; /* the next look uploads it */
}

static void apply_one(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .uid = a->uid, .flags = a->base_flags };

	switch ((enum gw_action_kind)a->kind) {
	case GW_DO_LOCAL_FLAGS:
		apply_flags(box, a);
		box->delta.flags_changed++;
		return;
	case GW_DO_KEEP:
		gw_box_keep(box, a);
		return;
	case GW_DO_UNKEPT:
		gw_box_take_back(box, a->uid);
		return;
	case GW_DO_RELINK:
		relink(box, a);
		return;
	case GW_DO_HOLD:
		gw_box_hold(box, a->uid, "deleted here; on the server the mailbox is read-only");
		return;
	case GW_DO_HOLD_FLAGS:
		gw_box_hold_flags(box, a);
		return;
	case GW_DO_SETTLE_FLAGS:
		gw_box_settle_flags(box, a);
		return;
	case GW_DO_BASE_FLAGS:
		op.kind = GW_OP_BASE_FLAGS;
		break;
	case GW_DO_HOLD_DELETE:
	case GW_DO_HOLD_REMOTE:
		op.kind = GW_OP_HOLD_DELETION;
		op.side = a->kind == GW_DO_HOLD_DELETE ? GW_GONE_THERE : GW_GONE_HERE;
		break;
	case GW_DO_UNHOLD:
		op.kind = GW_OP_UNHOLD;
		break;
	case GW_DO_LEAVE:
		op.kind = GW_OP_LEFT;
		break;
	case GW_DO_FORGET:
		gw_box_drop_twins(box, a->uid, GW_NO_LOCAL);
		op.kind = GW_OP_DROP_ROW;
		op.left = true;
		break;
	case GW_DO_SKIP:
		op.kind = GW_OP_OUTSIDE;
		op.flags = a->flags;
		op.size = a->size;
		op.date = a->base_flags != 0 ? GW_DATE_TOLD_OLD : 0;
		break;
	case GW_DO_HIDE:
		op.kind = GW_OP_HIDE;
		break;
	case GW_DO_STAY:
		op.kind = GW_OP_STAY;
		break;
	case GW_DO_DOWNLOAD:
	case GW_DO_RETURN:
	case GW_DO_PAIR:
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_UPLOAD:
	case GW_DO_HOLD_UPLOAD:
	case GW_DO_REFUSE:
	case GW_DO_STRAY:
	case GW_DO_DELETE_LOCAL:
	case GW_DO_DELETE_REMOTE:
	case GW_DO_REPLACED:
	case GW_DO_TAKE:
	case GW_DO_EXPIRE:
	case GW_DO_NOTHING:
		return;
	}
	gw_box_add(box, &op);
}

/* Removes what is outside the window.  The row says so first: otherwise a missing file would count
 * as deleted. */
static void expire(struct gw_box *box)
{
	bool any = false;

	for (size_t i = 0; i < box->plan.count; i++) {
		struct gw_op op = { .kind = GW_OP_LEAVING, .uid = box->plan.actions[i].uid };

		if (box->plan.actions[i].kind != GW_DO_EXPIRE)
			continue;
		gw_box_add(box, &op);
		any = true;
	}
	if (!any)
		return;
	gw_batcher_seal(box->env->batcher);
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		/* Mail leaves the archive because another mailbox has it. */
		struct gw_op op = {
			.kind = GW_OP_EXPIRE, .uid = a->uid, .was_here = gw_box_is_archive(box)
		};

		if (a->kind != GW_DO_EXPIRE || !gw_box_name_source(box, a->local, &op))
			continue;
		gw_box_drop_twins(box, a->uid, a->local);
		gw_box_add(box, &op);
		box->delta.expired++;
	}
	box->env->counts->expired += box->delta.expired;
}

void gw_box_apply_rest(struct gw_box *box)
{
	if (box->applied)
		return;
	box->applied = true;
	gw_box_note_ids(box);
	for (size_t i = 0; i < box->plan.count; i++)
		apply_one(box, &box->plan.actions[i]);
	if (!gw_box_is_archive(box))
		expire(box);
	box->env->counts->flags_changed += box->delta.flags_changed;
	box->env->counts->kept += box->delta.kept;
}

void gw_box_delete_local(struct gw_box *box)
{
	if (gw_box_is_archive(box)) /* now others have their copies */
		expire(box);
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		struct gw_op op = { .kind = GW_OP_DELETE, .uid = a->uid };

		if (a->kind != GW_DO_DELETE_LOCAL && a->kind != GW_DO_STRAY)
			continue;
		gw_box_drop_twins(box, a->uid, a->local);
		if (gw_box_name_source(box, a->local, &op))
			gw_box_add(box, &op);
		box->delta.deleted++;
	}
	box->env->counts->deleted += box->delta.deleted;
}

static void on_downloaded(void *ctx, bool complete, const struct gw_error *err)
{
	struct gw_box *box = ctx;

	box->download = NULL;
	if (err != NULL) {
		struct gw_error lost = *err;

		lost.scope = gw_box_is_own(err) ? GW_SCOPE_MAILBOX : GW_SCOPE_ACCOUNT;
		gw_box_fail(box, &lost);
		return;
	}
	if (box->select_failed && !box->stopped) {
		gw_box_end_select(box);
		return;
	}
	if (box->superseded) /* another mailbox is at work there */
		gw_box_release(box);
	if (gw_box_finds_no_place(box) && !box->stopped) {
		box->refusal.scope = GW_SCOPE_MAILBOX;
		gw_error_context(&box->refusal, "new mail finds no place");
		gw_box_fail(box, &box->refusal);
		return;
	}
	box->incomplete |= !complete;
	if (box->unavailable.code != GW_OK && !box->stopped) {
		box->unavailable.scope = GW_SCOPE_MAILBOX;
		gw_error_context(&box->unavailable,
			"the server gives no messages at present, so that the rest is left for the "
			"next sync");
		gw_box_fail(box, &box->unavailable);
		return;
	}
	gw_box_step(box);
}

/* Sure pairs at once; what is to be fetched becomes a list of its own and leaves the plan: no
 * message is held in more than one list while mail flows.  false: out of memory. */
bool gw_box_sort_out(struct gw_box *box)
{
	size_t kept = 0;

	box->items = calloc(box->plan.count + 1, sizeof *box->items);
	if (box->items == NULL)
		return false;
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		bool fetch = a->kind == GW_DO_DOWNLOAD || a->kind == GW_DO_RETURN ||
			     (a->kind == GW_DO_PAIR && a->check_body);

		if (a->kind == GW_DO_PAIR && !a->check_body && box->env->dry_run)
			box->delta.paired++;
		else if (a->kind == GW_DO_PAIR && !a->check_body)
			pair(box, a->uid, a->local, a->flags, a->base_flags, a->size, 0);
		if (a->kind == GW_DO_REMOTE_FLAGS && !gw_box_will_push(box, a))
			return false;
		if ((a->kind == GW_DO_UPLOAD || a->kind == GW_DO_REFUSE ||
			    a->kind == GW_DO_HOLD_UPLOAD) &&
			!gw_box_will_upload(box, a))
			return false;
		if (!fetch) {
			box->plan.actions[kept++] = *a;
			continue;
		}
		box->items[box->item_count] = (struct gw_fetch_bodies_item){ .uid = a->uid,
			.size = a->size,
			.local = a->local,
			.flags = a->kind == GW_DO_PAIR ? a->base_flags : a->flags,
			.copied = a->copied };
		if ((gw_box_is_suspect(box) || box->unread_count > 0) &&
			gw_box_sets_aside(box, &box->items[box->item_count]))
			continue;
		box->item_count++;
		box->delta.to_download++;
		box->delta.bytes_to_download += a->size;
	}
	gw_plan_shrink(&box->plan, kept);
	box->env->counts->to_download += box->delta.to_download;
	box->env->counts->to_upload += box->delta.to_upload;
	box->env->counts->bytes_to_download += box->delta.bytes_to_download;
	return true;
}

/* Dry run: the same plan, counted instead of carried out. */
void gw_box_count_rest(struct gw_box *box)
{
	struct gw_sync_counts *d = &box->delta, *all = box->env->counts;

	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		uint8_t kind = a->kind;

		d->flags_changed += kind == GW_DO_LOCAL_FLAGS;
		d->flags_sent += kind == GW_DO_REMOTE_FLAGS ||
				 (kind == GW_DO_RELINK && relink_flags_differ(box, a));
		d->deleted += kind == GW_DO_DELETE_LOCAL || kind == GW_DO_STRAY;
		d->deleted_there += kind == GW_DO_DELETE_REMOTE;
		d->moved += kind == GW_DO_TAKE;
		d->kept += kind == GW_DO_KEEP;
		d->expired += kind == GW_DO_EXPIRE;
	}
	for (size_t i = 0; i < box->carry_count; i++)
		d->flags_sent += box->carries[i].flags_differ;
	d->moved += box->carry_count;
	all->flags_changed += d->flags_changed;
	all->flags_sent += d->flags_sent;
	all->deleted += d->deleted;
	all->deleted_there += d->deleted_there;
	all->moved += d->moved;
	all->kept += d->kept;
	all->expired += d->expired;
	all->paired += d->paired;
}

void gw_box_download(struct gw_box *box)
{
	const struct gw_fetch_bodies_events events = { .message = on_message,
		.bytes = on_bytes,
		.unfetchable = on_unfetchable,
		.unavailable = on_unavailable,
		.broke = on_broke,
		.is_culprit = on_judge,
		.drained = on_drained,
		.done = on_downloaded,
		.ctx = box };
	enum gw_code code;

	if (gw_box_bars_download(box))
		return;
	code = gw_fetch_bodies_start(box->session, &box->place->m, box->key, box->items,
		box->item_count, box->env->account->max_message_size, box->env->fetch_most, &events,
		&box->download);

	box->env->progress(box->env->ctx);
	if (code == GW_OK && gw_fetch_bodies_is_drained(box->download))
		on_drained(box);
	else if (code != GW_OK && box->selecting)
		box->unsent_code = code; /* it ends when that is answered */
	else if (code != GW_OK)
		gw_box_end_unsent(box, code);
}

void gw_box_give_names_on(struct gw_box *box)
{
	for (size_t i = 0; i < box->local.edited.count; i++) {
		const struct gw_range *r = &box->local.edited.ranges[i];

		for (uint64_t uid = r->first; uid <= r->last; uid++) {
			struct gw_op op = { .kind = GW_OP_EDITED, .uid = (uint32_t)uid };

			gw_box_add(box, &op);
		}
	}
	if (box->local.edited.count > 0)
		gw_batcher_seal(box->env->batcher);
}
