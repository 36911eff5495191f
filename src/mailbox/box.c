/* SPDX-License-Identifier: ISC */
/* mailbox/box.c - see box.h; states and invariants: box_p.h. */
#include "mailbox/box_p.h"

#include <stdlib.h>

const struct gw_folder *gw_box_folder(const struct gw_box *box)
{
	return box->folder;
}

struct gw_box *gw_box_new(struct gw_box_env *env, const struct gw_folder *folder,
	struct gw_mailbox_row *row, struct gw_trial *trial, bool remote_same, bool again,
	enum gw_box_share share)
{
	struct gw_box *box = calloc(1, sizeof *box);

	if (box == NULL)
		return NULL;
	box->env = env;
	box->folder = folder;
	box->row = row;
	box->trial = trial;
	box->copies_differ = env->copies_differ;
	box->remote_same = remote_same;
	box->again = again;
	box->share = share;
	box->oldest = folder->window.since;
	if (folder->window.max_age > 0 &&
		box->oldest < env->now - (int64_t)folder->window.max_age * 86400)
		box->oldest = env->now - (int64_t)folder->window.max_age * 86400;
	return box;
}

void gw_box_free(struct gw_box *box)
{
	if (box == NULL)
		return;
	gw_delay_cancel(&box->delay);
	gw_box_drop_views(box);
	gw_remote_view_deinit(&box->remote);
	gw_plan_deinit(&box->plan);
	free(box->heads);
	free(box->unread);
	free(box->prints);
	free(box->pairs);
	free(box->items);
	free(box->waiting);
	free(box->copies);
	free(box->relabels);
	free(box->push_items);
	free(box->uploads);
	gw_box_drop_known(box);
	gw_box_forget_moves(box);
	free(box->gone);
	free(box->gone_actions);
	free(box->renumbered);
	free(box->takes);
	free(box->carries);
	free(box->carry_items);
	gw_box_forget_orphans(box);
	free(box->orphans);
	free(box->removals);
	free(box->leaving_uids);
	free(box->leaving);
	free(box->trashing);
	free(box->trashed);
	free(box->suspects);
	free(box->archived);
	free(box->archive_ids);
	free(box->labelled);
	free(box);
}

/* --- the machine ------------------------------------------------------------------------------ */

static void wait_for_connection(struct gw_box *box)
{
	box->env->ready(box->env->ctx, box);
}

/* Makes base what the server said; the server is told afterwards. */
static void announce(struct gw_box *box)
{
	gw_box_apply_rest(box);
	gw_box_announce(box);
}

static void flush(struct gw_box *box)
{
	gw_box_apply_rest(box);
	gw_box_flush(box);
}

static void commit(struct gw_box *box)
{
	if (box->has_plan)
		gw_box_delete_local(box);
	gw_box_commit(box);
}

static void wait_for_removal(struct gw_box *box)
{
	gw_box_apply_rest(box);
	box->env->created(box->env->ctx, box);
}

static bool is_yet_to_be_made(struct gw_box *box)
{
	return box->folder->to_be_made;
}

static bool is_verified(struct gw_box *box)
{
	return box->env->verify;
}

static bool is_same(struct gw_box *box)
{
	return box->same;
}

static bool has_bodies(struct gw_box *box)
{
	return box->item_count > 0;
}

static bool is_real(struct gw_box *box)
{
	return !box->env->dry_run;
}

static bool has_carries(struct gw_box *box)
{
	return box->carry_count > 0;
}

static bool has_uploads(struct gw_box *box)
{
	return box->upload_count > 0;
}

static bool has_flags(struct gw_box *box)
{
	return box->push_count > 0 && !box->pushed;
}

static bool has_labels(struct gw_box *box)
{
	return box->relabel_count > 0;
}

static bool has_changes(struct gw_box *box)
{
	return has_flags(box) || has_labels(box);
}

static bool has_removals(struct gw_box *box)
{
	return box->leaving_count > 0;
}

/* Each state's action on entry, and whether it has something to do (NULL: always).  A step ends in
 * gw_box_step(), or in one of the ways to end. */
static const struct {
	void (*begin)(struct gw_box *box);
	bool (*needs)(struct gw_box *box);
} steps[BOX_STATES] = {
	[BOX_LOOKING] = { gw_box_look, NULL },
	[BOX_READY] = { wait_for_connection, NULL },
	[BOX_OBSERVING] = { gw_box_observe, is_yet_to_be_made },
	[BOX_HEADS_OF_ALL] = { gw_box_fetch_all_heads, gw_box_is_renumbered },
	[BOX_LOOKING_AT_PRINTS] = { gw_box_look, NULL },
	[BOX_REKEYING] = { gw_box_rekey, NULL },
	[BOX_LOOKING_AGAIN] = { gw_box_look, is_real },
	[BOX_PAIRING] = { gw_box_pair, gw_box_has_unknown },
	[BOX_WAITING] = { gw_box_wait, gw_box_must_wait },
	[BOX_VERIFYING] = { gw_box_verify, is_verified },
	[BOX_VERIFYING_BODIES] = { gw_box_download, has_bodies },
	[BOX_PLANNED] = { gw_box_plan, NULL },
	[BOX_CONFIRMING] = { gw_box_look_at_gone, NULL },
	[BOX_HEADS_FOR_MOVES] = { gw_box_fetch_wanted_heads, NULL },
	[BOX_ASKING_ALL] = { gw_box_ask_labels, NULL },
	[BOX_SIFTING] = { gw_box_ask_siblings, NULL },
	[BOX_COPYING] = { gw_box_copy, NULL },
	[BOX_DOWNLOADING] = { gw_box_download, gw_box_has_items },
	[BOX_AWAITING] = { gw_box_begin_await, gw_box_has_waiting },
	[BOX_FINDING_COPIES] = { gw_box_find_copies, gw_box_may_copy },
	[BOX_READING_MSGIDS] = { gw_box_read_msgids, gw_box_may_know },
	[BOX_SEEKING] = { gw_box_seek, gw_box_has_msgids },
	[BOX_ANNOUNCING] = { announce, gw_box_has_to_send },
	[BOX_CARRYING] = { gw_box_send_moves, has_carries },
	[BOX_UPLOADING] = { gw_box_upload, has_uploads },
	[BOX_FLUSHING] = { flush, has_changes },
	[BOX_PUSHING] = { gw_box_push, has_flags },
	[BOX_RELABELLING] = { gw_box_relabel, has_labels },
	[BOX_CREATED] = { wait_for_removal, NULL },
	[BOX_FINDING_SIBLINGS] = { gw_box_find_siblings, gw_box_may_have_siblings },
	[BOX_ASKING_TRASH] = { gw_box_ask_trash, gw_box_must_ask_trash },
	[BOX_FLUSHING_ALL] = { gw_box_flush_all, has_removals },
	[BOX_LOOKING_INTO_TRASH] = { gw_box_look_into_trash, gw_box_may_be_trashed },
	[BOX_REMOVING] = { gw_box_send_removals, NULL },
	[BOX_COMMITTING] = { commit, is_same },
};

static bool needs(void *ctx, enum gw_box_state from, enum gw_box_state to)
{
	(void)from; /* it is box->state */
	return steps[to].needs == NULL || steps[to].needs(ctx);
}

static void begin(struct gw_box *box, enum gw_box_state state)
{
	gw_box_enter(box, state);
	steps[state].begin(box);
}

/* Is there the connection that this state works on? */
static bool can_begin(const struct gw_box *box, enum gw_box_state state)
{
	if (gw_box_selects_itself(state) && !box->folder->to_be_made)
		return box->session != NULL && !box->superseded;
	if (!gw_box_wants_session(state) || (state == BOX_PAIRING && !gw_box_asks_heads(box)))
		return true;
	return gw_box_has_session(box);
}

static void go(struct gw_box *box, enum gw_box_state next)
{
	if (can_begin(box, next)) {
		begin(box, next);
		return;
	}
	box->then = next;
	gw_box_ask_session(box);
}

/* Goes on, unless stopped.  Removals are committed even if the session ends meanwhile. */
static void step(struct gw_box *box)
{
	enum gw_box_state next;

	if (box->stopped && box->state != BOX_REMOVING) {
		gw_box_end_lost(box, NULL);
		return;
	}
	next = gw_box_after(box->state, needs, box);
	if (box->err.code != GW_OK)
		gw_box_fail(box, &box->err);
	else
		go(box, next);
}

static void arrive(struct gw_box *box)
{
	if (box->stopped)
		gw_box_end_lost(box, NULL);
	else
		begin(box, box->then);
}

static const struct gw_box_machine machine = {
	.step = step, .go = go, .arrive = arrive, .blame = gw_box_blame
};

void gw_box_start(struct gw_box *box)
{
	box->machine = &machine;
	steps[box->state].begin(box);
}

void gw_box_attach(struct gw_box *box, struct gw_session *session)
{
	box->session = session;
	if (box->state == BOX_READY_AGAIN)
		gw_box_select(box);
	else if (!gw_box_bars_look(box))
		step(box);
}

void gw_box_proceed(struct gw_box *box)
{
	enum gw_code code = GW_OK;

	box->planned = box->plan.count > box->left_there;
	if (!box->env->dry_run) {
		code = gw_box_store_validity(box);
		gw_box_give_names_on(box);
	}
	if (code != GW_OK || !gw_box_sort_out(box) || !gw_box_find_relabels(box)) {
		gw_box_fail_nomem(box);
	} else if (box->env->dry_run) {
		gw_box_count_rest(box);
		gw_box_tell_aside(box);
		gw_box_finish(box, GW_BOX_IN_STEP);
	} else {
		gw_box_take_files(box);
		go(box, BOX_COPYING);
	}
}

void gw_box_remove(struct gw_box *box)
{
	if (gw_box_collect(box))
		step(box);
	else
		gw_box_fail_nomem(box);
}

void gw_box_supersede(struct gw_box *box)
{
	box->superseded = true;
	if (box->download != NULL)
		gw_fetch_bodies_supersede(box->download);
}

void gw_box_stop(struct gw_box *box, bool batches_lost)
{
	box->stopped = true;
	if (box->download != NULL)
		gw_fetch_bodies_stop(box->download);
	if (box->upload != NULL)
		gw_append_stop(box->upload);
	gw_delay_cancel(&box->delay);
	if (gw_box_awaits(box->state) == GW_AWAITS_ACCOUNT ||
		gw_box_awaits(box->state) == GW_AWAITS_TIMER ||
		(box->state == BOX_COMMITTING && batches_lost))
		gw_box_end_lost(box, NULL);
}

void gw_box_committed(struct gw_box *box, bool conflict, bool refused)
{
	bool again;

	if (box->state != BOX_COMMITTING)
		return;
	gw_box_tell_refused(box);
	if (!conflict && !refused)
		*box->row = box->next_row;
	else if (conflict)
		gw_log(box->env->log, GW_LOG_DEBUG,
			"%s: a file was not as it had been seen; once more", box->folder->shown);
	again = conflict || box->has_rest || (box->incomplete && box->delta.postponed == 0);
	gw_box_finish(box, again ? GW_BOX_AGAIN : box->session_used ? GW_BOX_IN_STEP : GW_BOX_SAME);
}
