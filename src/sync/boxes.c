/* SPDX-License-Identifier: ISC */
/* sync/boxes.c - what the mailboxes of a sync, and the batches that they share, tell it; part of the
 * machine in sync_p.h.
 */
#include "sync/sync_p.h"

#include <assert.h>
#include <time.h>

enum { BREAKS_MAX = 30, VAIN_BREAKS_MAX = 15 };

static struct gw_entry *find_entry(const struct gw_sync *s, const struct gw_box *box)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].box == box)
			return &s->entries[i];
	}
	return NULL;
}

/* Returns the entry of a box, which is always one of the account's. */
struct gw_entry *gw_sync_entry_of(const struct gw_sync *s, const struct gw_box *box)
{
	struct gw_entry *e = find_entry(s, box);

	assert(e != NULL);
	return e;
}

static void detach(struct gw_sync *s, struct gw_entry *e)
{
	struct gw_conn *c = e->conn < 0 ? NULL : &s->conns[e->conn];

	e->conn = -1;
	for (size_t i = 0; c != NULL && i < c->box_count; i++) {
		if (c->boxes[i] != e->box)
			continue;
		for (size_t j = i + 1; j < c->box_count; j++)
			c->boxes[j - 1] = c->boxes[j];
		c->box_count--;
	}
}

static void on_box_ready(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	struct gw_entry *e = gw_sync_entry_of(s, box);

	e->ready = true;
	if (e->stage == ENTRY_LOOKING)
		e->news = gw_box_news_here(box);
	gw_sync_pump(s);
}

/* Counts connections that broke one after the other while nothing went through in the account. */
static void note_vain_break(struct gw_sync *s)
{
	const struct gw_sync_counts *c = &s->counts;
	uint64_t through = c->mailboxes_done + c->downloaded + c->paired + c->uploaded +
			   c->flags_sent + c->deleted_there + c->moved + c->copied;

	s->vain_breaks = through == s->through ? s->vain_breaks + 1 : 1;
	s->through = through;
}

/* Finds whether the box is to blame: commands are answered in order, and boxes learn of the loss in
 * the order of their commands. */
static bool on_box_blames(void *ctx, struct gw_box *box, bool *alone)
{
	struct gw_sync *s = ctx;
	struct gw_entry *e = find_entry(s, box);
	struct gw_conn *c = e == NULL || e->conn < 0 ? NULL : &s->conns[e->conn];

	if (c == NULL || c->blamed)
		return false;
	c->blamed = e->suspect = true;
	*alone = c->only == e;
	e->breaks++;
	note_vain_break(s);
	return true;
}

static void on_box_planned(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	gw_sync_entry_of(s, box)->stage = ENTRY_PLANNED;
	gw_sync_pump(s);
}

static void on_box_created(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	gw_sync_entry_of(s, box)->stage = ENTRY_CREATED;
	gw_sync_pump(s);
}

static void on_box_drained(void *ctx, struct gw_box *box)
{
	(void)box; /* it says so to whoever asks */
	gw_sync_pump(ctx);
}

static void on_box_released(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	detach(s, gw_sync_entry_of(s, box));
	gw_sync_pump(s);
}

static void on_box_problem(void *ctx, struct gw_box *box, const struct gw_error *err)
{
	struct gw_entry *e = gw_sync_entry_of(ctx, box);

	if (e != NULL)
		e->told = true;
	if (err->scope == GW_SCOPE_MAILBOX && err->code != GW_ERR_HELD)
		gw_sync_note_held(ctx, gw_box_folder(box)->shown, err);
	gw_sync_problem(ctx, gw_box_folder(box)->shown, err);
}

static void on_box_finding(void *ctx, struct gw_box *box, bool due, const char *text)
{
	struct gw_sync *s = ctx;

	if (due)
		s->counts.due++;
	else
		s->counts.findings++;
	gw_sync_emit(s, (struct gw_sync_event){ .type = GW_SYNC_FINDING,
				.mailbox = gw_box_folder(box)->shown,
				.text = text });
}

static void on_box_step(void *ctx, struct gw_box *box, const struct gw_sync_step *step)
{
	struct gw_sync *s = ctx;

	if (s->options.dry_run)
		gw_sync_emit(s, (struct gw_sync_event){ .type = GW_SYNC_STEP,
					.mailbox = gw_box_folder(box)->shown,
					.text = step->text,
					.step = step });
	else
		gw_sync_log_step(s, gw_box_folder(box)->shown, step);
}

static void on_box_progress(void *ctx)
{
	gw_sync_emit(ctx, (struct gw_sync_event){ .type = GW_SYNC_PROGRESS });
}

/* A watcher looks again by itself, and soon. */
static void tell_unsettled(struct gw_sync *s, const struct gw_entry *e)
{
	struct gw_error err = { 0 };

	gw_log(s->log, GW_LOG_INFO, "%s kept changing; the next sync looks again",
		e->folder->shown);
	/* Between copies of two ages a run leaves open what it may not decide, and has said so. */
	if (e->told || s->copies_differ || s->options.warm != NULL || s->options.dry_run ||
		s->options.verify)
		return;
	gw_fail(&err, GW_ERR_HELD,
		"it did not come to rest, so something may still be out of step; the next sync "
		"looks again");
	err.scope = GW_SCOPE_MAILBOX;
	gw_sync_problem(s, e->folder->shown, &err);
}

static void settle(struct gw_sync *s, struct gw_entry *e, enum gw_box_outcome outcome,
	const struct gw_sync_counts *delta, const struct gw_error *err)
{
	switch (outcome) {
	case GW_BOX_AGAIN:
		/* Breaks earn more passes. */
		if (++e->passes < GW_PASSES + e->share + 2 * e->breaks) {
			e->queued = false;
			break;
		}
		tell_unsettled(s, e);
		e->unsettled = true;
		s->counts.unsettled++;
		/* fall through */
	case GW_BOX_IN_STEP:
		e->settled = true;
		e->unsettled |= delta->postponed > 0;
		s->counts.mailboxes_done += !e->done_once;
		e->done_once = true;
		if (!s->options.verify)
			gw_sync_emit(s,
				(struct gw_sync_event){
					.type = s->options.dry_run ? GW_SYNC_PLAN : GW_SYNC_MAILBOX,
					.mailbox = e->folder->shown,
					.delta = delta });
		break;
	case GW_BOX_SAME:
		e->settled = true;
		break;
	case GW_BOX_FAILED:
		e->settled = e->failed = true;
		if (err->code != GW_ERR_HELD) /* those are listed for what they hold */
			gw_sync_note_held(s, e->folder->shown, err);
		gw_sync_problem(s, e->folder->shown, err);
		break;
	case GW_BOX_LOST:
		if (e->breaks >= (s->disk.world.dry_run ? 2 : BREAKS_MAX)) {
			e->settled = e->failed = true;
			gw_sync_problem(s, e->folder->shown, err);
			break;
		}
		e->queued = false; /* once more on another connection */
		e->passes += e->passes == 0;
		break;
	}
}

static void on_box_done(void *ctx, struct gw_box *box, enum gw_box_outcome outcome,
	const struct gw_sync_counts *delta, const struct gw_error *err)
{
	struct gw_sync *s = ctx;
	struct gw_entry *e = gw_sync_entry_of(s, box);
	struct gw_error fatal = { 0 };

	if (outcome == GW_BOX_LOST && err != NULL &&
		(err->code == GW_ERR_DISK || err->code == GW_ERR_STATE ||
			err->code == GW_ERR_CORRUPT))
		fatal = *err; /* not the connection but this machine */
	if (outcome == GW_BOX_LOST && err != NULL && fatal.code == GW_OK &&
		s->vain_breaks >= VAIN_BREAKS_MAX) {
		fatal = *err; /* what broke is in the state, and goes last in the next sync */
		gw_error_context(&fatal,
			"%u connections broke one after the other, and nothing went through",
			s->vain_breaks);
	}
	if (outcome == GW_BOX_LOST ||
		outcome == GW_BOX_AGAIN) { /* what is fetched again is not more */
		s->counts.to_download -= delta->to_download - delta->downloaded;
		s->counts.to_upload -= delta->to_upload - delta->uploaded;
		s->counts.bytes_to_download = s->counts.bytes_to_download > delta->bytes_to_download
						      ? s->counts.bytes_to_download -
								delta->bytes_to_download +
								delta->bytes_downloaded
						      : s->counts.bytes_downloaded;
		s->counts.waiting_there -= delta->waiting_there;
		s->counts.changes_there -= delta->changes_there;
	}
	e->got += delta->downloaded + delta->paired;
	gw_box_seen_stamps(box, &e->seen_cur, &e->seen_new);
	e->seen_uidnext = gw_box_seen_uidnext(box);
	e->fresh_from = gw_box_fresh_from(box);
	e->share = gw_box_next_share(box);
	settle(s, e, outcome, delta, err);
	if (gw_box_left_for_trash(box))
		gw_sync_renew_looks(s);
	detach(s, e);
	e->box = NULL;
	e->stage = ENTRY_WAITING;
	gw_sync_forget_case(s, e);
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].box != NULL)
			gw_box_cut_moves(s->entries[i].box, box);
	}
	e->ready = false;
	if (outcome == GW_BOX_LOST || outcome == GW_BOX_FAILED)
		gw_batcher_seal(s->batcher); /* others find what it fetched, and do not fetch it */
	gw_claims_release(&s->claims, box);
	gw_box_free(box);
	gw_sync_requeue_archive(s);
	if (fatal.code != GW_OK)
		gw_sync_fail(s, &fatal);
	gw_sync_pump(s);
}

static void on_mailbox_done(void *ctx, void *owner, bool conflict, bool refused)
{
	if (owner != NULL && find_entry(ctx, owner) != NULL) /* else it was given up meanwhile */
		gw_box_committed(owner, conflict, refused);
}

/* Passes on a refusal; a box that was given up has given its reason. */
static void on_refused(void *ctx, const struct gw_op *op)
{
	struct gw_sync *s = ctx;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_box *box = s->entries[i].box;

		if (box != NULL && gw_box_is_at(box, op->place))
			gw_box_refused(box, op);
	}
}

static void on_batch_done(void *ctx, const struct gw_batch_result *result)
{
	struct gw_sync *s = ctx;

	gw_log(s->log, GW_LOG_DEBUG, "batch: %llu delivered, %llu joined, %llu flags, %llu deleted",
		(unsigned long long)result->delivered, (unsigned long long)result->joined,
		(unsigned long long)result->flags_changed, (unsigned long long)result->deleted);
	if (result->edited > 0)
		gw_log(s->log, GW_LOG_WARN,
			"%llu files that were to go were written anew here, so they stay and are "
			"uploaded",
			(unsigned long long)result->edited);
	gw_sync_pump(s); /* the end may have waited for it */
}

static void on_batch_failed(void *ctx, const struct gw_error *err)
{
	struct gw_sync *s = ctx;

	s->batches_lost = true;
	if (s->phase >= SYNC_ENDING) { /* those that waited for it wait in vain */
		for (size_t i = 0; i < s->entry_count; i++) {
			if (s->entries[i].box != NULL)
				gw_box_stop(s->entries[i].box, true);
		}
	}
	gw_sync_fail(s, err);
	gw_sync_pump(s);
}

static void on_pressure(void *ctx, bool high)
{
	struct gw_sync *s = ctx;

	s->paused = high;
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		if (s->conns[i].session != NULL && s->conns[i].ready)
			gw_session_pause(s->conns[i].session, high);
	}
}

/* --- what they work with -------------------------------------------------------------------- */

static void fill_env(struct gw_sync *s)
{
	s->env = (struct gw_box_env){ .loop = s->loop,
		.log = s->log,
		.account = s->account,
		.now = (int64_t)time(NULL),
		.disk = &s->disk,
		.batcher = s->batcher,
		.budget = &s->budget,
		.claims = &s->claims,
		.unmoved = &s->unmoved,
		.counts = &s->counts,
		.messages = &s->messages,
		.deleted_recently = &s->deleted_recently,
		.deleted_in_day = &s->deleted_in_day,
		.moments = &s->moments,
		.uploads = &s->uploads,
		.accept_deletions = s->options.accept_deletions,
		.restore_deletions = s->options.restore_deletions,
		.accept_uploads = s->options.accept_uploads,
		.accept_hidden = s->options.accept_deletions && s->options.folder_count > 0,
		.dry_run = s->options.dry_run,
		.full = s->options.full,
		.retry_unfetchable = s->options.full,
		.newest_first = s->options.newest_first,
		.verify = s->options.verify,
		.verify_bodies = s->options.verify_bodies,
		.repair = s->options.repair,
		.finding = on_box_finding,
		.step = on_box_step,
		.ready = on_box_ready,
		.blames = on_box_blames,
		.planned = on_box_planned,
		.created = on_box_created,
		.leaving = gw_sync_is_leaving,
		.stands_there = gw_sync_stands_there,
		.stays = gw_sync_stays,
		.in_sight = gw_sync_in_sight,
		.takes_trash = gw_sync_takes_trash,
		.trash_cursors = gw_sync_trash_cursors,
		.mailbox = gw_sync_mailbox_of,
		.drained = on_box_drained,
		.released = on_box_released,
		.done = on_box_done,
		.problem = on_box_problem,
		.progress = on_box_progress,
		.ctx = s };
}

enum gw_code gw_sync_make_batcher(struct gw_sync *s, struct gw_error *err)
{
	struct gw_batcher_events events = { .mailbox_done = on_mailbox_done,
		.refused = on_refused,
		.batch_done = on_batch_done,
		.traffic = gw_sync_take_traffic,
		.wrote = gw_sync_on_wrote,
		.failed = on_batch_failed,
		.pressure = on_pressure,
		.ctx = s };

	s->batcher = gw_batcher_new(&s->disk, gw_disk_batch_files(), &events);
	if (s->batcher == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	fill_env(s);
	return GW_OK;
}
