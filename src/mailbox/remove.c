/* SPDX-License-Identifier: ISC */
/* mailbox/remove.c - what was deleted on one side goes on the other; part of the machine in
 * box_p.h.
 *
 * The last step of a mailbox, and only when all others have what they get (I4).
 */
#include "local/siblings.h"
#include "mailbox/box_p.h"

#include <stdlib.h>

static bool add_removal(struct gw_box *box, const struct gw_box_removal *removal)
{
	struct gw_box_removal *r = gw_array_push((void **)&box->leaving, &box->leaving_count,
		&box->leaving_cap, sizeof *box->leaving);

	if (r != NULL)
		*r = *removal;
	return r != NULL;
}

static bool was_copied(const struct gw_box *box, uint32_t uid)
{
	const struct gw_gone *gone = gw_box_gone_of(box, uid);

	return gone != NULL && gone->has_copy;
}

/* Where to: in the trash there is no other place to go, and a message of which we made a copy is
 * not lost.  Where mailboxes are labels nothing but the trash, and spam, is left for good: when the
 * trash is out of sight a message is archived, and all mail keeps it. */
static enum gw_expunge_to goes_to(const struct gw_box *box, const struct gw_action *a)
{
	const unsigned for_good = GW_LIST_TRASH | GW_LIST_JUNK;
	bool draft = a->kind == GW_DO_REPLACED && (box->folder->attrs & GW_LIST_DRAFTS) != 0;

	if (box->env->merges && (box->folder->attrs & for_good) == 0)
		return box->env->trash != NULL                   ? GW_EXPUNGE_TO_TRASH
		       : (box->folder->attrs & GW_LIST_ALL) != 0 ? GW_EXPUNGE_NOWHERE
		       : box->env->all != NULL                   ? GW_EXPUNGE_TO_ALL
								 : GW_EXPUNGE_FOR_GOOD;
	if (box->env->trash == NULL || strcmp(box->folder->wire, box->env->trash) == 0 ||
		(box->folder->attrs & GW_LIST_TRASH) != 0)
		return GW_EXPUNGE_FOR_GOOD;
	if (box->env->merges)
		return GW_EXPUNGE_FOR_GOOD;
	return box->env->account->deletes == GW_DELETE_EXPUNGE || draft || was_copied(box, a->uid)
		       ? GW_EXPUNGE_FOR_GOOD
		       : GW_EXPUNGE_TO_TRASH;
}

static int by_uid(const void *a, const void *b)
{
	const struct gw_box_removal *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

bool gw_box_collect(struct gw_box *box)
{
	bool ok = true;

	for (size_t i = 0; i < box->plan.count && ok; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (a->kind != GW_DO_DELETE_REMOTE && a->kind != GW_DO_REPLACED)
			continue;
		if (a->kind == GW_DO_REPLACED && !gw_box_stored(box, a->local)) {
			box->incomplete = true; /* not before the new one is safe */
			continue;
		}
		ok = add_removal(
			box, &(struct gw_box_removal){ .uid = a->uid,
				     .local = a->kind == GW_DO_REPLACED ? GW_NO_LOCAL : a->local,
				     .carried = a->kind == GW_DO_REPLACED,
				     .to = goes_to(box, a) });
	}
	if (ok && box->leaving_count > 0)
		qsort(box->leaving, box->leaving_count, sizeof *box->leaving, by_uid);
	return ok;
}

/* --- outcomes -------------------------------------------------------------------------------- */

/* Is its file here to be that of the message in the trash? */
static bool follows(const struct gw_box *box, const struct gw_expunge_item *item,
	const struct gw_box_removal *r)
{
	return r->local != GW_NO_LOCAL && (item->to == GW_EXPUNGE_TO_TRASH || r->trashed) &&
	       box->env->takes_trash(box->env->ctx);
}

static void settle_done(
	struct gw_box *box, const struct gw_expunge_item *item, const struct gw_box_removal *r)
{
	struct gw_op op = { .kind = r->carried ? GW_OP_DROP_ROW : GW_OP_DELETED_THERE,
		.uid = r->uid };

	if (follows(box, item, r)) { /* as a look at both takes it for moved there */
		box->incomplete = box->left_for_trash = true;
		box->delta.deleted_there++;
		box->env->counts->deleted_there++;
		return;
	}
	if (r->local != GW_NO_LOCAL) { /* the file that wished it goes too */
		op.kind = GW_OP_DELETE;
		if (!gw_box_name_source(box, r->local, &op))
			return;
	}
	gw_box_add(box, &op);
	box->delta.deleted_there += !r->carried;
	box->env->counts->deleted_there += !r->carried;
}

static void settle(struct gw_box *box, const struct gw_expunge_item *item,
	const struct gw_box_removal *r, const struct gw_error *refused)
{
	struct gw_op op = { .kind = GW_OP_LEFT, .uid = r->uid };

	switch (item->outcome) {
	case GW_EXPUNGE_DONE:
		settle_done(box, item, r);
		break;
	case GW_EXPUNGE_LEFT:
		op.to = strdup(
			"deleted here; on the server it is marked \\Deleted and left standing, "
			"since EXPUNGE would take messages along that others marked");
		if (op.to != NULL)
			gw_box_add(box, &op);
		break;
	case GW_EXPUNGE_KEPT:
		op.to = strdup("deleted here; the server keeps it, since neither its trash nor all "
			       "mail is in sight, and it might be gone for good (Gmail: Settings, "
			       "Labels, Show in IMAP)");
		if (op.to != NULL)
			gw_box_add(box, &op);
		break;
	case GW_EXPUNGE_CHANGED: /* the next look decides */
		box->incomplete = true;
		break;
	case GW_EXPUNGE_REFUSED:
		gw_box_hold(box, r->uid, refused != NULL ? refused->text : "refused");
		box->plan.look_again = true; /* it is not here, and waits to go there */
		break;
	case GW_EXPUNGE_UNSENT:
	case GW_EXPUNGE_LOST:
		box->incomplete = true;
		box->left_for_trash |= follows(box, item, r);
		break;
	}
}

static void report(struct gw_box *box, const struct gw_error *refused)
{
	struct gw_error err = *refused;

	err.scope = GW_SCOPE_MESSAGE;
	gw_error_context(&err, "messages deleted here could not be deleted on the server");
	box->env->problem(box->env->ctx, box, &err);
}

static void on_removed(void *ctx, const struct gw_error *refused, const struct gw_error *lost)
{
	struct gw_box *box = ctx;
	struct gw_error err = { 0 };

	for (size_t i = 0; i < box->leaving_count; i++)
		settle(box, &box->removals[i], &box->leaving[i], refused);
	if (refused != NULL)
		report(box, refused);
	if (lost == NULL) {
		gw_box_step(box);
		return;
	}
	err = *lost;
	err.scope = GW_SCOPE_ACCOUNT;
	gw_box_fail(box, &err);
}

/* --- asking ---------------------------------------------------------------------------------- */

/* True if it is a label whose mailbox is in sight.  Stars and importance do not keep a message. */
static bool in_sight(void *ctx, struct gw_slice label)
{
	const struct gw_box *box = ctx;

	return box->env->in_sight(box->env->ctx, label);
}

/* True if nothing can be done on the server. */
static bool all_kept(struct gw_box *box)
{
	for (size_t i = 0; i < box->leaving_count; i++) {
		if (box->leaving[i].to != GW_EXPUNGE_NOWHERE)
			return false;
	}
	for (size_t i = 0; i < box->leaving_count; i++)
		box->removals[i].outcome = GW_EXPUNGE_KEPT;
	return true;
}

void gw_box_send_removals(struct gw_box *box)
{
	const unsigned no_labels = GW_LIST_TRASH | GW_LIST_JUNK;
	bool last =
		box->env->merges && box->env->all == NULL && (box->folder->attrs & no_labels) == 0;
	const struct gw_expunge_options options = { .session = box->session,
		.trash = box->env->trash,
		.all = box->env->all,
		.make_trash = box->env->make_trash,
		.highestmodseq = box->remote.highestmodseq,
		.in_sight = last ? in_sight : NULL,
		.items = box->removals,
		.count = box->leaving_count,
		.done = on_removed,
		.ctx = box };
	struct gw_expunge_options o = options;
	bool to_trash = false, to_all = false;
	enum gw_code code;

	if (box->remote.read_only) {
		for (size_t i = 0; i < box->leaving_count; i++)
			gw_box_hold(box, box->leaving[i].uid,
				"deleted here; on the server the mailbox is read-only");
		box->barred = box->leaving_count;
		box->plan.look_again = true;
		gw_box_step(box);
		return;
	}
	for (size_t i = 0; i < box->leaving_count; i++) {
		to_trash |= box->leaving[i].to == GW_EXPUNGE_TO_TRASH;
		to_all |= box->leaving[i].to == GW_EXPUNGE_TO_ALL;
	}
	if (all_kept(box)) {
		on_removed(box, NULL, NULL);
		return;
	}
	if (!to_trash && !last)
		o.trash = NULL;
	if (!to_all)
		o.all = NULL;
	code = gw_expunge_start(&o);
	if (code == GW_OK) {
		box->env->make_trash &= !to_trash;
		return;
	}
	gw_box_end_unsent(box, code);
}

static void on_flushed(void *ctx, const struct gw_error *err)
{
	struct gw_error lost;

	if (err == NULL) {
		gw_box_step(ctx);
		return;
	}
	lost = *err;
	lost.scope = GW_SCOPE_ACCOUNT;
	gw_box_fail(ctx, &lost);
}

void gw_box_flush_all(struct gw_box *box)
{
	struct gw_announcement what;

	if (gw_box_bars_changes(box))
		return;
	box->removals = calloc(box->leaving_count, sizeof *box->removals);
	for (size_t i = 0; i < box->leaving_count && box->removals != NULL; i++)
		box->removals[i] = (struct gw_expunge_item){ .uid = box->leaving[i].uid,
			.to = box->leaving[i].to,
			.unguarded = box->env->merges && box->leaving[i].carried };
	what = gw_box_list_trashing(box);
	if (box->removals == NULL || box->trashing == NULL ||
		gw_settle_start(box->env->disk, box->place, &what, on_flushed, box) != GW_OK)
		gw_box_fail_nomem(box);
}

/* A message that stays in another mailbox loses this one only. */
static void on_siblings(
	void *ctx, const struct gw_sibling *list, size_t count, const struct gw_error *err)
{
	struct gw_box *box = ctx;
	struct gw_error local = { 0 };
	enum gw_expunge_to to = box->env->all != NULL ? GW_EXPUNGE_TO_ALL : GW_EXPUNGE_FOR_GOOD;

	if (err != NULL) {
		local = *err;
		local.scope = GW_SCOPE_ACCOUNT;
		gw_box_fail(box, &local);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct gw_box_removal key = { .uid = box->leaving_uids[list[i].of] };
		struct gw_box_removal *r = bsearch(
			&key, box->leaving, box->leaving_count, sizeof *box->leaving, by_uid);

		if (r != NULL && r->to != GW_EXPUNGE_TO_ALL && list[i].has_file &&
			(box->folder->attrs & (GW_LIST_TRASH | GW_LIST_JUNK)) == 0 &&
			list[i].mailbox != box->place->mailbox &&
			box->env->stays(box->env->ctx, list[i].mailbox, list[i].uid))
			r->to = to;
	}
	gw_box_step(box);
}

bool gw_box_may_have_siblings(struct gw_box *box)
{
	return box->leaving_count > 0 && box->env->merges;
}

void gw_box_find_siblings(struct gw_box *box)
{
	struct gw_siblings_query query = { .place = box->place, .count = box->leaving_count };

	box->leaving_uids = calloc(box->leaving_count, sizeof *box->leaving_uids);
	for (size_t i = 0; i < box->leaving_count && box->leaving_uids != NULL; i++)
		box->leaving_uids[i] = box->leaving[i].uid;
	query.uids = box->leaving_uids;
	gw_batcher_seal(box->env->batcher); /* what came in this run counts */
	if (query.uids == NULL ||
		gw_siblings_start(box->env->disk, &query, on_siblings, box) != GW_OK)
		gw_box_fail_nomem(box);
}

bool gw_box_must_wait_to_remove(const struct gw_box *box)
{
	if (box->awaited > 0 || box->leaving_count > 0)
		return true;
	for (size_t i = 0; i < box->plan.count; i++) {
		enum gw_action_kind kind = box->plan.actions[i].kind;

		if (kind == GW_DO_DELETE_REMOTE || kind == GW_DO_REPLACED ||
			kind == GW_DO_DELETE_LOCAL ||
			(kind == GW_DO_EXPIRE && gw_box_is_archive(box)))
			return true;
	}
	return false;
}
