/* SPDX-License-Identifier: ISC */
/* mailbox/plan.c - plans one mailbox, and reports the last word on it (plan/verdict.h); part of the machine in
 * box_p.h.
 */
#include "mailbox/box_p.h"

#include "plan/direction.h"
#include "plan/evidence.h"
#include "plan/verdict.h"

#include <stdlib.h>

void gw_box_held_error(uint64_t count, bool gone_here, bool dry_run, struct gw_error *err)
{
	gw_fail(err, GW_ERR_HELD,
		gone_here ? "%llu messages are gone here, which looks like an accident, so they "
			    "%s kept on the server: `godwit sync --accept-deletions` deletes them "
			    "there too, `godwit sync --restore-deletions` fetches them again"
			  : "%llu messages are gone on the server, which looks like an accident, "
			    "so they %s kept here: `godwit sync --accept-deletions` deletes them "
			    "here too, `godwit sync --restore-deletions` uploads them again",
		(unsigned long long)count, dry_run ? "would be" : "are");
	err->scope = GW_SCOPE_MAILBOX;
}

static void tell_held(struct gw_box *box, uint64_t count, bool gone_here)
{
	struct gw_error err = { 0 };

	if (count == 0)
		return;
	gw_box_held_error(count, gone_here, box->env->dry_run, &err);
	box->env->problem(box->env->ctx, box, &err);
}

static uint64_t count_known(const struct gw_box *box)
{
	uint64_t n = 0;

	for (size_t i = 0; i < box->local.base_count; i++)
		n += box->local.base[i].kind == GW_BASE_FILE;
	return n;
}

/* What the guard of deletions is told. */
static struct gw_guard guard_of(const struct gw_box *box)
{
	const unsigned exempt = GW_LIST_TRASH | GW_LIST_JUNK;

	return (struct gw_guard){ .off = !box->env->account->guard ||
					 (box->folder->attrs & exempt) != 0,
		.accept = box->env->accept_deletions,
		.restore = box->env->restore_deletions,
		.percent = box->env->account->guard_percent,
		.there_is_nothing = box->remote.listed == 0,
		.here_is_nothing = box->local.scan.count == 0,
		.lacks_files = box->lacks_files,
		.mailbox_recent = box->row->deleted_recently,
		.mailbox_total = box->local.base_count,
		.mailbox_known = count_known(box),
		.account_recent = *box->env->deleted_recently,
		.account_total = *box->env->messages,
		.mailbox_day = box->row->deleted_kept,
		.account_day = *box->env->deleted_in_day,
		.held_gone = &box->local.held_gone,
		.held_here = &box->local.held_here };
}

/* What the guard of uploads is told.  Those that an interrupted run announced passed it already. */
static struct gw_append_guard append_guard_of(struct gw_box *box)
{
	for (size_t i = 0; i < box->local.pending_count; i++) {
		if (box->local.pending[i].has_file)
			box->local.messages[box->local.pending[i].file].accepted = true;
	}
	return (struct gw_append_guard){ .off = !box->env->account->guard,
		.strange =
			box->rekeyed || (box->row->uidnext == 0 && box->env->in_step &&
						(box->env->state_lost || box->remote.exists > 0)),
		.in_step = box->env->in_step,
		.recognised = box->local.base_count + box->pair_count,
		.account_so_far = *box->env->uploads,
		.account_total = *box->env->messages,
		.local = box->local.messages };
}

/* Counts the deletions, and reports those that are held back. */
static void note_guarded(struct gw_box *box, bool guarded, const struct gw_guarded *done)
{
	box->delta.held = done->held_there + done->held_here;
	box->env->counts->held += box->delta.held;
	if (guarded) {
		box->row->deleted_recently += (uint32_t)done->deleted;
		*box->env->deleted_recently += done->deleted;
		box->row->deleted_kept += (uint32_t)done->deleted;
		*box->env->deleted_in_day += done->deleted;
	}
	/* What was held back before and is still gone there, too; the account reports the rest. */
	tell_held(box, done->held_there + done->still_there, false);
	tell_held(box, done->held_here, true);
}

/* Reports that the server's answers do not add up; not the first time, when something may have
 * moved meanwhile. */
static void tell_unproved(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (!box->again) {
		box->incomplete = true;
		return;
	}
	gw_fail(&err, GW_ERR_PROTOCOL,
		"the server says that there are %u messages, and lists others than that, however it "
		"is asked: nothing is taken for deleted, and all is asked again in the next run",
		box->remote.exists);
	err.scope = GW_SCOPE_MAILBOX;
	box->env->problem(box->env->ctx, box, &err);
}

static void tell_dim(struct gw_box *box)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_PROTOCOL,
		"what the server says of the flags of %u messages cannot be read (one is UID %u): "
		"they stay as they are here",
		box->remote.dim, box->remote.dim_uid);
	err.scope = GW_SCOPE_MAILBOX;
	box->env->problem(box->env->ctx, box, &err);
}

void gw_box_held_uploads_error(uint64_t count, bool dry_run, struct gw_error *err)
{
	gw_fail(err, GW_ERR_HELD,
		"%llu messages that are here are not known, which looks like another account's "
		"mail, so they %s sent: `godwit status` lists them, `godwit sync "
		"--accept-uploads` sends them; or move them away",
		(unsigned long long)count, dry_run ? "would not be" : "are not");
	err->scope = GW_SCOPE_MAILBOX;
}

/* Counts the uploads of unknown files, and reports those that are held back. */
static void note_uploads(struct gw_box *box, uint64_t unknown, uint64_t held)
{
	struct gw_error err = { 0 };

	*box->env->uploads += unknown;
	if (held == 0)
		return;
	box->delta.held += held;
	box->env->counts->held += held;
	gw_box_held_uploads_error(held, box->env->dry_run, &err);
	box->env->problem(box->env->ctx, box, &err);
}

/* A mailbox that is made, or made again, gets what nobody knows; nothing else is done about it. */
static void keep_uploads(struct gw_box *box)
{
	size_t kept = 0;

	for (size_t i = 0; i < box->plan.count; i++) {
		if (box->plan.actions[i].kind == GW_DO_UPLOAD)
			box->plan.actions[kept++] = box->plan.actions[i];
	}
	box->plan.count = kept;
}

/* Reports names that are too long, in each run: the stamps stay as they were. */
static void tell_too_long(struct gw_box *box)
{
	size_t n = box->local.scan.too_long;
	struct gw_error err = { 0 };

	box->plan.look_again = true;
	gw_fail(&err, GW_ERR_DISK,
		"%zu file%s in %s %s a name of more than 255 bytes and %s left out; give %s a shorter one",
		n, n == 1 ? "" : "s", box->place->m.path, n == 1 ? "has" : "have",
		n == 1 ? "is" : "are", n == 1 ? "it" : "each");
	err.scope = GW_SCOPE_MAILBOX;
	box->env->problem(box->env->ctx, box, &err);
}

/* false: it has failed. */
static bool make_plan(struct gw_box *box)
{
	const struct gw_remote_view *v = &box->remote;
	struct gw_plan_input in = gw_box_policy(box);
	bool look_again;
	enum gw_code code;

	in.remote = v->messages;
	in.remote_count = v->count;
	in.pairs = box->pairs;
	in.pair_count = box->pair_count;
	in.unproved = v->unproved;
	in.hides = v->unproved && v->exists > gw_evidence_expected(in.base, in.base_count,
						      v->messages, v->count, &v->vanished);
	in.remote_full = v->full;
	in.vanished = &v->vanished;
	in.listing = v->has_listing ? &v->listing : NULL;
	in.storable = gw_box_storable(box);
	in.read_only = v->read_only;
	in.max_size = box->folder->window.max_size;
	in.max_messages = box->folder->window.max_messages;
	gw_box_judge_sight(box, &in);
	gw_box_mark_candidates(box);
	look_again = box->plan.look_again;
	gw_box_note_seen(box);
	code = gw_plan_mailbox(&in, &box->plan);
	if (code == GW_OK && box->env->account->direction == GW_DIRECTION_PULL)
		box->delta.waiting = gw_plan_pull(&box->plan);
	if (box->folder->to_be_made)
		keep_uploads(box);
	gw_box_put_off_new(box);
	box->plan.look_again |= look_again;
	gw_box_count_aside(box);
	gw_remote_view_drop_messages(&box->remote);
	if (code != GW_OK) {
		gw_box_fail_nomem(box);
		return false;
	}
	if (box->local.scan.too_long > 0)
		tell_too_long(box);
	if (v->unproved)
		tell_unproved(box);
	if (v->dim > 0)
		tell_dim(box);
	return true;
}

void gw_box_plan(struct gw_box *box)
{
	if (!box->has_plan && !make_plan(box))
		return;
	box->has_plan = true;
	box->env->planned(box->env->ctx, box);
}

/* Counts what stays on the server. */
static void note_left_there(struct gw_box *box, const struct gw_left_there *left)
{
	box->left_there = left->dropped;
	box->delta.waiting_there = left->messages + left->changes;
	box->delta.changes_there = left->changes;
	box->env->counts->waiting_there += box->delta.waiting_there;
	box->env->counts->changes_there += box->delta.changes_there;
}

void gw_box_judge(struct gw_box *box)
{
	const struct gw_plan_input policy = gw_box_policy(box);
	const struct gw_verdict_input in = { .policy = &policy,
		.oldest_shown = box->sighted.oldest,
		.push = box->env->account->direction == GW_DIRECTION_PUSH,
		.guard = guard_of(box),
		.uploads = append_guard_of(box) };
	const struct gw_verdict v = gw_verdict_give(&in, &box->plan);

	box->env->counts->waiting += box->delta.waiting;
	gw_box_note_hidden(box, v.hidden);
	if (in.push)
		note_left_there(box, &v.left);
	note_guarded(box, !in.guard.off, &v.guarded);
	gw_box_count_barred(box);
	note_uploads(box, v.unknown_uploads, v.held_uploads);
	gw_box_tell(box);
}
