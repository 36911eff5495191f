/* sync/sync.c - one account from lock to report; states: sync_p.h.
 *
 * I1  GW_SYNC_DONE is sent once, from gw_sync_finished().
 * I2  a connection holds at most two mailboxes: one whose last bodies are coming, and the one whose
 *     SELECT went out behind them.
 * I3  FINISHING begins when no mailbox is being worked on and no batch is under way.
 */
#include "sync/sync_p.h"

#include "net/delay.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *const state_names[] = {
	[SYNC_OPENING] = "opening",
	[SYNC_LISTING] = "listing",
	[SYNC_SETTLING] = "settling",
	[SYNC_PREPARING] = "preparing",
	[SYNC_WORKING] = "working",
	[SYNC_ENDING] = "ending",
	[SYNC_FINISHING] = "finishing",
	[SYNC_DONE] = "done",
};
_Static_assert(sizeof state_names / sizeof *state_names == SYNC_STATES, "each state has a name");

void gw_sync_enter(struct gw_sync *s, enum gw_sync_state next)
{
	if (s->state != next)
		gw_log(s->log, GW_LOG_DEBUG, "%s: %s -> %s", s->account->name,
			state_names[s->state], state_names[next]);
	s->state = next;
}

enum { BATCH_FILES = 1024, RESERVED_FDS = 256, BOXES_PER_CONNECTION = 3 };
enum { BREAKS_MAX = 30, LOSSES_MAX = 12, LOSSES_AT_ONCE = 6, LOSS_WAIT_MS = 8000 };

void gw_sync_wire(const struct gw_sync *s, uint64_t *received, uint64_t *sent)
{
	*received = s->received;
	*sent = s->sent;
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		uint64_t in, out;

		if (s->conns[i].session == NULL)
			continue;
		gw_session_traffic(s->conns[i].session, &in, &out);
		*received += in - s->conns[i].received_before;
		*sent += out - s->conns[i].sent_before;
	}
}

static void emit(struct gw_sync *s, struct gw_sync_event ev)
{
	struct gw_sync_counts counts = s->counts;

	gw_sync_wire(s, &counts.wire_received, &counts.wire_sent);
	counts.postponed = s->budget.postponed;
	ev.counts = &counts;
	s->cb(s->ctx, &ev);
}

void gw_sync_stage(struct gw_sync *s, const char *text)
{
	emit(s, (struct gw_sync_event){ .type = GW_SYNC_STAGE, .text = text });
}

void gw_sync_tell_plan(struct gw_sync *s, const char *mailbox, const char *text)
{
	emit(s, (struct gw_sync_event){ .type = GW_SYNC_PLAN, .mailbox = mailbox, .text = text });
}

bool gw_sync_changed(const struct gw_sync_counts *c)
{
	return c->downloaded + c->uploaded + c->flags_changed + c->flags_sent + c->deleted +
		       c->deleted_there + c->moved + c->copied + c->paired + c->expired >
	       0;
}

void gw_sync_tell_new(struct gw_sync *s, const char *mailbox, const char *path)
{
	emit(s, (struct gw_sync_event){ .type = GW_SYNC_NEW, .mailbox = mailbox, .text = path });
}

void gw_sync_problem(struct gw_sync *s, const char *mailbox, const struct gw_error *err)
{
	s->counts.problems++;
	emit(s, (struct gw_sync_event){ .type = GW_SYNC_PROBLEM, .mailbox = mailbox, .err = err });
}

/* --- ending ---------------------------------------------------------------------------------- */

static void free_rows(struct gw_sync *s)
{
	for (size_t i = 0; i < s->row_count; i++) {
		free(s->rows[i].remote_name);
		free(s->rows[i].local_dir);
	}
	free(s->rows);
	for (size_t i = 0; i < s->entry_count; i++) {
		free(s->entries[i].row.remote_name);
		free(s->entries[i].row.local_dir);
		gw_box_free(s->entries[i].box);
	}
	free(s->entries);
}

/* Good for the watcher's next sync, whatever became of this one. */
static void return_secrets(struct gw_sync *s)
{
	struct gw_warm *w = s->options.warm;

	if (w == NULL || w->tls != NULL || w->sasl != NULL)
		return;
	w->tls = s->tls;
	w->sasl = s->sasl;
	s->tls = NULL;
	s->sasl = NULL;
}

static void free_sync(struct gw_sync *s)
{
	gw_batcher_free(s->batcher);
	gw_store_close(s->disk.world.store);
	free_rows(s);
	gw_sync_free_folders(s);
	gw_folders_deinit(&s->folders);
	gw_tag_list_deinit(&s->tags);
	return_secrets(s);
	gw_tls_ctx_free(s->tls);
	gw_sasl_unref(&s->sasl);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	gw_claims_deinit(&s->claims);
	free(s->caps);
	free(s->db_path);
	free(s->attic_path);
	free(s->journal_path);
	gw_buf_deinit(&s->journal);
	free(s->trash);
	free(s);
}

bool gw_sync_learn(struct gw_sync *s, const struct gw_session *session)
{
	unsigned learned = gw_session_quirks(session) & ~s->quirks;

	s->quirks |= learned;
	s->quirks_learned |= learned;
	return learned != 0;
}

void gw_sync_count_traffic(struct gw_conn *c)
{
	struct gw_sync *s = c->sync;
	uint64_t received, sent;

	gw_sync_learn(s, c->session);
	gw_session_traffic(c->session, &received, &sent);
	s->received += received - c->received_before;
	s->sent += sent - c->sent_before;
	c->received_before = c->sent_before = 0;
	c->ready = false;
}

static void close_conn(struct gw_conn *c)
{
	if (c->session == NULL)
		return;
	gw_sync_count_traffic(c);
	gw_session_close(&c->session);
}

void gw_sync_finished(struct gw_sync *s)
{
	gw_sync_enter(s, SYNC_DONE);
	if (s->err.code == GW_ERR_AUTH) /* the next asks for the password again */
		gw_sasl_unref(&s->sasl);
	return_secrets(s);
	if (s->err.code == GW_OK)
		gw_sync_keep_list(s);
	emit(s, (struct gw_sync_event){
			.type = GW_SYNC_DONE, .err = s->err.code == GW_OK ? NULL : &s->err });
	free_sync(s);
}

static bool boxes_left(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].box != NULL)
			return true;
	}
	return false;
}

/* I3 */
static void maybe_finish(struct gw_sync *s)
{
	if (s->state != SYNC_ENDING || s->pumping || boxes_left(s) || gw_sync_is_signing_in(s))
		return;
	gw_batcher_seal(s->batcher);
	if (!gw_batcher_idle(s->batcher) || !gw_disk_idle(&s->disk))
		return;
	gw_sync_close_state(s);
}

/* Closes every connection; mailboxes under way end with it. */
static void end(struct gw_sync *s)
{
	if (s->state >= SYNC_ENDING) {
		maybe_finish(s); /* what it waited for may be what failed */
		return;
	}
	gw_sync_enter(s, SYNC_ENDING);
	gw_sync_tell_postponed(s);
	gw_sync_cancel_sign_in(s);
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].box != NULL)
			gw_box_stop(s->entries[i].box, s->batches_lost);
	}
	gw_delay_cancel(&s->adopting);
	gw_delay_cancel(&s->again);
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		if (!gw_sync_give_back(&s->conns[i]))
			close_conn(&s->conns[i]);
	}
	maybe_finish(s);
}

void gw_sync_fail(struct gw_sync *s, const struct gw_error *err)
{
	if (s->err.code == GW_OK)
		s->err = *err;
	end(s);
}

void gw_sync_stop(struct gw_sync *s)
{
	struct gw_error err = { 0 };

	s->stopped = true;
	gw_fail(&err, GW_ERR_CANCELLED,
		"stopped; what has arrived is kept, the next sync goes on from here");
	gw_sync_fail(s, &err);
}

/* --- connections ----------------------------------------------------------------------------- */

static uint64_t progress(const struct gw_sync *s)
{
	return s->counts.downloaded + s->counts.uploaded + s->counts.mailboxes_done;
}

static bool any_conn(const struct gw_sync *s)
{
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		if (s->conns[i].session != NULL)
			return true;
	}
	return false;
}

static void on_again(void *ctx)
{
	struct gw_sync *s = ctx;
	struct gw_error err = { 0 };

	s->again = NULL;
	if (gw_sync_open_conn(s, &s->conns[0], &err) != GW_OK)
		gw_sync_fail(s, &err);
}

/* At once for the first few times, then ever more slowly, and not for ever.  false: not again. */
static bool connect_again(struct gw_sync *s)
{
	unsigned n = s->losses++;
	uint64_t ms = n < LOSSES_AT_ONCE ? 0 : 1000ull << (n - LOSSES_AT_ONCE);

	if (n >= LOSSES_MAX)
		return false;
	return s->again != NULL || gw_delay_start(s->loop, ms < LOSS_WAIT_MS ? ms : LOSS_WAIT_MS,
					   on_again, s, &s->again) == GW_OK;
}

/* The connection was lost before there was a list of mailboxes, and the next one will do something
 * in another way. */
static bool list_again(struct gw_sync *s, const struct gw_error *why)
{
	if (s->state == SYNC_LISTING)
		gw_sync_unlist(s);
	if (s->state != SYNC_OPENING || !connect_again(s))
		return false;
	gw_log(s->log, GW_LOG_INFO, "%s; connecting again", why->text);
	return true;
}

/* A connection is gone; its mailboxes start again on another. */
static void on_lost(struct gw_conn *c, const struct gw_error *err)
{
	struct gw_sync *s = c->sync;
	bool moved = c->ready && progress(s) > c->progress_at_start, blamed;
	/* One connection too many is refused at its login; everything else is about the account. */
	bool busy = err->code == GW_ERR_BUSY && gw_session_signed_in(c->session);
	bool learned = gw_sync_learn(s, c->session);
	struct gw_error why = *err;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (e->box != NULL && e->conn == (int)(c - s->conns))
			gw_box_stop(e->box, false);
	}
	blamed = c->blamed;
	close_conn(c);
	s->compress_failed |= why.code == GW_ERR_PROTOCOL;
	if (s->state >= SYNC_ENDING) {
		maybe_finish(s);
		return;
	}
	if (gw_sync_renew(s, &why) || (learned && list_again(s, &why)))
		return;
	s->losses -= moved && s->losses > 0; /* it is no storm that brings mail */
	if (s->state == SYNC_WORKING && !busy && (moved || blamed || any_conn(s))) {
		gw_log(s->log, GW_LOG_WARN, "%s%s", why.text,
			any_conn(s) ? "" : "; connecting again");
		if (any_conn(s) || connect_again(s)) {
			if (s->conn_limit > 1)
				s->conn_limit--; /* perhaps there were too many */
			gw_sync_pump(s);
			return;
		}
	}
	gw_sync_fail(s, &why);
}

void gw_sync_on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_conn *c = ctx;
	struct gw_sync *s = c->sync;

	if (event == GW_SESSION_LOST) {
		on_lost(c, err);
		return;
	}
	c->ready = true;
	c->progress_at_start = progress(s);
	gw_session_pause(c->session, s->paused);
	if (s->state == SYNC_OPENING)
		gw_sync_list(s);
	else
		gw_sync_pump(s);
}

/* --- mailboxes ------------------------------------------------------------------------------- */

static struct gw_entry *entry_of(struct gw_sync *s, const struct gw_box *box)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].box == box)
			return &s->entries[i];
	}
	return NULL;
}

static void detach(struct gw_sync *s, struct gw_entry *e)
{
	struct gw_conn *c = e->conn < 0 ? NULL : &s->conns[e->conn];

	e->conn = -1;
	if (c != NULL)
		c->brought |= gw_box_brought(e->box);
	for (size_t i = 0; c != NULL && i < c->box_count; i++) {
		if (c->boxes[i] != e->box)
			continue;
		for (size_t j = i + 1; j < c->box_count; j++)
			c->boxes[j - 1] = c->boxes[j];
		c->box_count--;
		if (i == c->box_count) /* it was the last: nothing is behind it */
			c->drained = c->box_count > 0 && c->drained;
	}
}

static void on_box_ready(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	entry_of(s, box)->ready = true;
	gw_sync_pump(s);
}

/* Commands are answered in their order, and boxes are told of the loss in that of their commands. */
static bool on_box_blames(void *ctx, struct gw_box *box, bool *late)
{
	struct gw_sync *s = ctx;
	struct gw_entry *e = entry_of(s, box);
	struct gw_conn *c = e == NULL || e->conn < 0 ? NULL : &s->conns[e->conn];

	if (c == NULL || c->blamed)
		return false;
	c->blamed = e->suspect = true;
	*late = c->brought;
	e->breaks++;
	return true;
}

static void on_box_planned(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	entry_of(s, box)->stage = ENTRY_PLANNED;
	gw_sync_pump(s);
}

static void on_box_created(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	entry_of(s, box)->stage = ENTRY_CREATED;
	gw_sync_pump(s);
}

static void on_box_drained(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;
	struct gw_entry *e = entry_of(s, box);

	if (e->conn < 0 || e->passes > 0 ||
		e->suspect) /* a second look is made without anything behind it */
		return;
	s->conns[e->conn].drained = true;
	gw_sync_pump(s);
}

static void on_box_released(void *ctx, struct gw_box *box)
{
	struct gw_sync *s = ctx;

	detach(s, entry_of(s, box));
	gw_sync_pump(s);
}

static void on_box_problem(void *ctx, struct gw_box *box, const struct gw_error *err)
{
	gw_sync_problem(ctx, gw_box_folder(box)->shown, err);
}

static void on_box_finding(void *ctx, struct gw_box *box, const char *text)
{
	struct gw_sync *s = ctx;

	s->counts.findings++;
	emit(s, (struct gw_sync_event){ .type = GW_SYNC_FINDING,
			.mailbox = gw_box_folder(box)->shown,
			.text = text });
}

static void on_box_step(void *ctx, struct gw_box *box, const struct gw_sync_step *step)
{
	struct gw_sync *s = ctx;

	if (s->options.dry_run)
		emit(s, (struct gw_sync_event){ .type = GW_SYNC_STEP,
				.mailbox = gw_box_folder(box)->shown,
				.text = step->text,
				.step = step });
	else
		gw_sync_log_step(s, gw_box_folder(box)->shown, step);
}

static void on_box_progress(void *ctx)
{
	emit(ctx, (struct gw_sync_event){ .type = GW_SYNC_PROGRESS });
}

static void settle(struct gw_sync *s, struct gw_entry *e, enum gw_box_outcome outcome,
	const struct gw_sync_counts *delta, const struct gw_error *err)
{
	switch (outcome) {
	case GW_BOX_AGAIN:
		/* What broke takes some more. */
		if (++e->passes < GW_PASSES + 2 * e->breaks) {
			e->queued = false;
			break;
		}
		gw_log(s->log, GW_LOG_INFO, "%s kept changing; the next sync looks again",
			e->folder->shown);
		e->unsettled = true;
		s->counts.unsettled++;
		/* fall through */
	case GW_BOX_IN_STEP:
		e->settled = true;
		e->unsettled |= delta->postponed > 0;
		s->counts.mailboxes_done += !e->done_once;
		e->done_once = true;
		if (!s->options.verify)
			emit(s, (struct gw_sync_event){
					.type = s->options.dry_run ? GW_SYNC_PLAN : GW_SYNC_MAILBOX,
					.mailbox = e->folder->shown,
					.delta = delta });
		break;
	case GW_BOX_SAME:
		e->settled = true;
		break;
	case GW_BOX_FAILED:
		e->settled = e->failed = true;
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
	struct gw_entry *e = entry_of(s, box);
	struct gw_error fatal = { 0 };

	if (outcome == GW_BOX_LOST && err != NULL &&
		(err->code == GW_ERR_DISK || err->code == GW_ERR_STATE ||
			err->code == GW_ERR_CORRUPT))
		fatal = *err; /* not the connection but this machine */
	if (outcome == GW_BOX_LOST ||
		outcome == GW_BOX_AGAIN) { /* what is fetched again is not more */
		s->counts.to_download -= delta->to_download - delta->downloaded;
		s->counts.to_upload -= delta->to_upload - delta->uploaded;
		s->counts.bytes_to_download = s->counts.bytes_to_download > delta->bytes_to_download
						      ? s->counts.bytes_to_download -
								delta->bytes_to_download +
								delta->bytes_downloaded
						      : s->counts.bytes_downloaded;
	}
	gw_box_seen_stamps(box, &e->seen_cur, &e->seen_new);
	e->fresh_from = gw_box_fresh_from(box);
	settle(s, e, outcome, delta, err);
	detach(s, e);
	e->box = NULL;
	e->stage = ENTRY_WAITING;
	e->headed = e->sifted = false;
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].box != NULL)
			gw_box_cut_moves(s->entries[i].box, box);
	}
	e->ready = false;
	if (outcome == GW_BOX_LOST || outcome == GW_BOX_FAILED)
		gw_batcher_seal(s->batcher); /* others find what it fetched, and do not fetch it */
	gw_claims_release(&s->claims, box);
	gw_box_free(box);
	if (fatal.code != GW_OK)
		gw_sync_fail(s, &fatal);
	gw_sync_pump(s);
}

static void on_mailbox_done(void *ctx, void *owner, bool conflict)
{
	if (owner != NULL && entry_of(ctx, owner) != NULL) /* else it was given up meanwhile */
		gw_box_committed(owner, conflict);
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
	if (s->state >= SYNC_ENDING) { /* those that waited for it wait in vain */
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

/* --- handing out work ------------------------------------------------------------------------ */

/* What broke a connection comes last, and gets one for itself. */
static struct gw_entry *next_ready(struct gw_sync *s, bool alone)
{
	struct gw_entry *found = NULL;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (!e->ready || e->conn >= 0)
			continue;
		if (!e->suspect)
			return e;
		if (alone && found == NULL)
			found = e;
	}
	return found;
}

static bool has_room(const struct gw_conn *c)
{
	return c->session != NULL && c->ready && gw_session_usable(c->session) &&
	       (c->box_count == 0 || (c->box_count < GW_CONN_BOXES && c->drained));
}

static void feed_conn(struct gw_sync *s, struct gw_conn *c)
{
	struct gw_entry *e;

	while (s->state == SYNC_WORKING && has_room(c) &&
		(e = next_ready(s, c->box_count == 0)) != NULL) {
		if (c->box_count > 0)
			gw_box_supersede(c->boxes[c->box_count - 1]);
		c->boxes[c->box_count++] = e->box;
		c->drained = false;
		e->conn = (int)(c - s->conns);
		e->ready = false;
		gw_box_attach(e->box, c->session);
	}
}

static void look_at(struct gw_sync *s, bool suspects, size_t *ahead);

/* Looks at Maildirs ahead of the connections, but not far: each look is held in memory. */
static void look_ahead(struct gw_sync *s)
{
	size_t ahead = 0;

	for (size_t i = 0; i < s->entry_count; i++)
		ahead += s->entries[i].box != NULL && s->entries[i].conn < 0 &&
			 s->entries[i].stage <= ENTRY_LOOKING;
	look_at(s, false, &ahead);
	look_at(s, true, &ahead);
}

static void look_at(struct gw_sync *s, bool suspects, size_t *ahead)
{
	for (size_t i = 0; i < s->entry_count && *ahead < s->conn_limit + 1; i++) {
		struct gw_entry *e = &s->entries[i];

		if (e->settled || e->queued || e->box != NULL || e->suspect != suspects)
			continue;
		e->box = gw_box_new(&s->env, e->folder, &e->row, e->remote_same && e->passes == 0,
			e->passes > 0);
		if (e->box == NULL) {
			struct gw_error err = { 0 };

			gw_fail(&err, GW_ERR_NOMEM, "out of memory");
			gw_sync_fail(s, &err);
			return;
		}
		e->queued = true;
		e->stage = ENTRY_LOOKING;
		(*ahead)++;
		if (e->passes >
			0) /* what the last pass brought must be on disk before it is looked for */
			gw_batcher_seal(s->batcher);
		gw_box_start(e->box);
	}
}

/* The server asks for fewer commands: more connections would make it worse. */
static bool is_slowed(struct gw_sync *s)
{
	bool slowed = false;

	for (size_t i = 0; i < GW_CONN_MAX; i++)
		slowed |= s->conns[i].session != NULL && gw_session_slowed(s->conns[i].session);
	if (slowed && !s->told_slow)
		gw_log(s->log, GW_LOG_WARN,
			"%s says that it is asked too much at once; going on more slowly",
			s->account->host);
	s->told_slow |= slowed;
	return slowed;
}

/* One connection with enough in flight fills a link; more of them help where many mailboxes cost a
 * round trip each. */
static void open_more(struct gw_sync *s)
{
	size_t left = 0, open = 0;
	struct gw_error err = { 0 };

	if (gw_sync_is_signing_in(s) || s->again != NULL || is_slowed(s))
		return;
	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];

		/* Where the server changed nothing, most looks end without asking it. */
		left += !e->settled && (!e->remote_same || e->ready || e->conn >= 0);
	}
	for (size_t i = 0; i < GW_CONN_MAX; i++)
		open += s->conns[i].session != NULL;
	for (size_t i = 0; i < s->conn_limit && open < s->conn_limit; i++) {
		if (s->conns[i].session != NULL || open * BOXES_PER_CONNECTION >= left)
			continue;
		if (gw_sync_open_conn(s, &s->conns[i], &err) != GW_OK)
			return;
		open++;
	}
}

static bool all_settled(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (!s->entries[i].settled)
			return false;
	}
	return true;
}

static void await_claims(struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_WORKING)
			gw_box_await(s->entries[i].box);
	}
}

static void pump_once(struct gw_sync *s)
{
	gw_sync_note_overhead(s);
	if (s->state == SYNC_WORKING && all_settled(s))
		end(s);
	if (s->state == SYNC_WORKING)
		look_ahead(s);
	if (s->state == SYNC_WORKING)
		await_claims(s);
	if (s->state == SYNC_WORKING)
		gw_sync_match(s);
	if (s->state == SYNC_WORKING)
		gw_sync_remove(s);
	if (s->state == SYNC_WORKING)
		open_more(s);
	for (size_t i = 0; i < GW_CONN_MAX && s->state == SYNC_WORKING; i++)
		feed_conn(s, &s->conns[i]);
	if (s->state == SYNC_WORKING)
		gw_sync_yield(s);
}

/* What it sets going may call it again before it returns: that is then done here. */
void gw_sync_pump(struct gw_sync *s)
{
	if (s->pumping) {
		s->pump_again = true;
		return;
	}
	s->pumping = true;
	do {
		s->pump_again = false;
		pump_once(s);
	} while (s->pump_again);
	s->pumping = false;
	maybe_finish(s);
}

void gw_sync_work(struct gw_sync *s)
{
	if (s->state == SYNC_ENDING) { /* stopped while the state was being opened */
		maybe_finish(s);
		return;
	}
	gw_sync_enter(s, SYNC_WORKING);
	s->env.account_id = s->account_id;
	s->env.copies_differ = s->copies_differ;
	s->env.in_step = s->in_step;
	s->env.state_lost = s->state_lost;
	if (s->counts.mailboxes_changed > 0)
		gw_sync_stage(s, s->options.dry_run ? "comparing" : "synchronizing");
	gw_sync_pump(s);
}

/* --- starting -------------------------------------------------------------------------------- */

static size_t batch_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * (rlim_t)RESERVED_FDS)
		return 16;
	limit.rlim_cur -= RESERVED_FDS;
	return limit.rlim_cur / 4 < BATCH_FILES ? (size_t)limit.rlim_cur / 4 : BATCH_FILES;
}

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
		.counts = &s->counts,
		.messages = &s->messages,
		.deleted_recently = &s->deleted_recently,
		.deleted_in_day = &s->deleted_in_day,
		.moments = &s->moments,
		.uploads = &s->uploads,
		.accept_deletions = s->options.accept_deletions,
		.restore_deletions = s->options.restore_deletions,
		.accept_uploads = s->options.accept_uploads,
		.dry_run = s->options.dry_run,
		.full = s->options.full,
		.retry_unfetchable = s->options.full,
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
		.mailbox = gw_sync_mailbox_of,
		.drained = on_box_drained,
		.released = on_box_released,
		.done = on_box_done,
		.problem = on_box_problem,
		.progress = on_box_progress,
		.ctx = s };
}

enum gw_code gw_sync_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_sync_options *options, const struct gw_log *log, gw_sync_cb *cb, void *ctx,
	struct gw_sync **out, struct gw_error *err)
{
	struct gw_sync *s = calloc(1, sizeof *s);
	struct gw_batcher_events events = { .mailbox_done = on_mailbox_done,
		.batch_done = on_batch_done,
		.traffic = gw_sync_take_traffic,
		.wrote = gw_sync_on_wrote,
		.failed = on_batch_failed,
		.pressure = on_pressure,
		.ctx = s };
	enum gw_code code;

	*out = NULL;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	s->loop = loop;
	s->account = account;
	s->options = *options;
	if (options->verify && !options->repair)
		s->options.dry_run = true; /* it changes nothing */
	s->log = log;
	s->cb = cb;
	s->ctx = ctx;
	s->lock_fd = -1;
	s->conn_limit = account->connections < GW_CONN_MAX ? account->connections : GW_CONN_MAX;
	for (size_t i = 0; i < GW_CONN_MAX; i++)
		s->conns[i].sync = s;
	gw_disk_init(&s->disk, loop);
	gw_buf_init(&s->journal, GW_JOURNAL_MAX);
	if (options->warm != NULL) {
		s->conn_limit = s->conn_limit > options->warm->others + 1
					? s->conn_limit - options->warm->others
					: 1;
		s->tls = options->warm->tls;
		s->sasl = options->warm->sasl;
		options->warm->tls = NULL;
		options->warm->sasl = NULL;
	}
	code = gw_sync_open_state(s, err);
	if (code == GW_OK && account->tls != GW_TLS_NONE && s->tls == NULL)
		code = gw_tls_ctx_new(account->tls_ca_file, &s->tls, err);
	if (code == GW_OK &&
		(s->batcher = gw_batcher_new(&s->disk, batch_files(), &events)) == NULL)
		code = gw_fail(err, GW_ERR_NOMEM, "out of memory");
	fill_env(s);
	if (code == GW_OK)
		code = gw_sync_sign_in(s, err);
	if (code != GW_OK) {
		free_sync(s);
		return code;
	}
	*out = s;
	gw_sync_stage(s, "connecting");
	return GW_OK;
}
