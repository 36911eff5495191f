/* SPDX-License-Identifier: ISC */
/* sync/sync.c - one account from lock to report; states: sync_p.h.
 *
 * I1  GW_SYNC_DONE is sent once, from gw_sync_finished().
 * I2  of the mailboxes on a connection the last is selected there; the others have asked for all that
 *     they will ask for on it.
 * I3  FINISHING begins when no mailbox is being worked on and no batch is under way.
 */
#include "sync/sync_p.h"

#include "auth/trust.h"
#include "net/delay.h"
#include "pull/pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BOXES_PER_CONNECTION = 3, LINES_AHEAD = 1000, FEW_LINES = 20, LIGHT = 1, HEAVY = 8 };

/* --- ending ---------------------------------------------------------------------------------- */

static void free_rows(struct gw_sync *s)
{
	for (size_t i = 0; i < s->row_count; i++) {
		free(s->rows[i].remote_name);
		free(s->rows[i].local_dir);
	}
	free(s->rows);
	gw_name_index_deinit(&s->row_index);
	for (size_t i = 0; i < s->entry_count; i++) {
		free(s->entries[i].row.remote_name);
		free(s->entries[i].row.local_dir);
		gw_box_free(s->entries[i].box);
		gw_seqset_deinit(&s->entries[i].trial.told);
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
	gw_sync_free_held(s);
	gw_elsewhere_deinit(&s->elsewhere);
	gw_judge_deinit(&s->judge);
	free(s->late.list);
	gw_folders_deinit(&s->folders);
	gw_notmuch_list_deinit(&s->tags);
	return_secrets(s);
	gw_tls_ctx_free(s->tls);
	gw_sasl_unref(&s->sasl);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	gw_claims_deinit(&s->claims);
	gw_claims_deinit(&s->unmoved);
	free(s->caps);
	free(s->caps_before);
	free(s->db_path);
	free(s->attic_path);
	free(s->journal_path);
	gw_buf_deinit(&s->journal);
	gw_sync_free_muted(s);
	for (size_t i = 0; i < s->told_count; i++)
		free(s->told[i]);
	free(s->told);
	free(s->trash);
	free(s);
}

static void finished(struct gw_sync *s)
{
	gw_sync_enter(s, SYNC_DONE);
	if (s->err.code == GW_ERR_AUTH) /* the next asks for the password again */
		gw_sasl_unref(&s->sasl);
	return_secrets(s);
	if (s->err.code == GW_OK)
		gw_sync_keep_list(s);
	gw_sync_note_last(s, true);
	gw_sync_emit(s, (struct gw_sync_event){ .type = GW_SYNC_DONE,
				.err = s->err.code == GW_OK ? NULL : &s->err });
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
	if (s->phase != SYNC_ENDING || s->pumping || boxes_left(s) || gw_sync_is_signing_in(s))
		return;
	gw_batcher_seal(s->batcher);
	if (!gw_batcher_idle(s->batcher) || !gw_disk_idle(&s->disk))
		return;
	gw_sync_close_state(s);
}

/* Closes every connection; mailboxes under way end with it. */
static void end(struct gw_sync *s)
{
	if (s->phase >= SYNC_ENDING) {
		gw_sync_maybe_finish(s); /* what it waited for may be what failed */
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
			gw_sync_close_conn(&s->conns[i]);
	}
	gw_sync_maybe_finish(s);
}

static void fail(struct gw_sync *s, const struct gw_error *err)
{
	if (s->err.code == GW_OK)
		s->err = *err;
	end(s);
}

void gw_sync_stop(struct gw_sync *s)
{
	struct gw_error err = { 0 };

	if (s->pull != NULL) {
		gw_pull_stop(s->pull);
		return;
	}
	s->stopped = true;
	gw_fail(&err, GW_ERR_CANCELLED,
		"stopped; what has arrived is kept, the next sync goes on from here");
	gw_sync_fail(s, &err);
}

/* --- handing out work ------------------------------------------------------------------------ */

/* True if no other mailbox used the connection.  (Some servers end a session after so much.) */
static bool is_fresh(const struct gw_conn *c, const struct gw_entry *e)
{
	return !c->used || c->only == e;
}

/* True if the directory of any mailbox is being looked at, so that it may be ready soon. */
static bool any_looking(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].box != NULL && gw_box_is_looking(s->entries[i].box))
			return true;
	}
	return false;
}

/* Returns the next one.  A mailbox that lost files comes last, so that it is still selected when they are
 * moved; what broke a connection comes after all others, and gets one for itself. */
static struct gw_entry *next_ready(struct gw_sync *s, const struct gw_conn *c)
{
	bool alone = c->box_count == 0;
	struct gw_entry *found = NULL, *gives = NULL;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (!e->ready || e->conn >= 0)
			continue;
		if (!e->suspect && e->stage == ENTRY_LOOKING && (e->news & GW_NEWS_GONE)) {
			gives = gives == NULL ? e : gives;
			continue;
		}
		if (!e->suspect)
			return e;
		if (alone && found == NULL && (e->trial.breaks == 0 || is_fresh(c, e)))
			found = e;
	}
	if (gives != NULL)
		return any_looking(s) ? NULL : gives;
	return found;
}

/* How many messages will the look at it tell of, by the counts? */
static uint64_t expected_lines(const struct gw_entry *e)
{
	const struct gw_folder *f = e->folder;
	bool by_modseq = e->row.highestmodseq != 0 && f->highestmodseq != 0 &&
			 e->row.uidvalidity == f->uidvalidity;

	if (!by_modseq)
		return (f->items & GW_ITEM_MESSAGES) ? f->messages : e->row.messages;
	return f->uidnext > e->row.uidnext ? f->uidnext - e->row.uidnext : 0;
}

/* Looks go out behind each other as far as their answers do not keep bodies waiting for long. */
static bool looks_fill(const struct gw_sync *s, const struct gw_conn *c)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->conn == (int)(c - s->conns) && e->stage == ENTRY_LOOKING)
			lines += expected_lines(e);
	}
	return lines > LINES_AHEAD;
}

/* Will its plan wait for those of others (plan/judge.c)? */
static bool waits_for_others(const struct gw_sync *s, const struct gw_entry *e)
{
	bool waits = (e->news & GW_NEWS_GONE) != 0;

	for (size_t i = 0; i < s->entry_count && !waits && (e->news & GW_NEWS_NEW); i++) {
		const struct gw_entry *x = &s->entries[i];

		waits = x != e && !x->settled && x->stage <= ENTRY_PLANNED && x->may_lose;
	}
	return waits;
}

/* May another mailbox be selected behind it?  A second look, and one at what broke a connection, is made
 * without anything behind it; what tells the server of changes as soon as it was looked at would have to
 * be selected again. */
static bool lets_pass(const struct gw_sync *s, const struct gw_box *box)
{
	const struct gw_entry *e = gw_sync_entry_of(s, box);
	bool tells = e->stage == ENTRY_LOOKING && e->news != 0 && !waits_for_others(s, e);

	return gw_box_is_superseded(box) ||
	       (gw_box_is_drained(box) && e->passes == 0 && !e->suspect && !tells);
}

static bool has_room(const struct gw_sync *s, const struct gw_conn *c)
{
	return c->session != NULL && c->ready && gw_session_usable(c->session) &&
	       (c->box_count == 0 || (c->box_count < GW_CONN_BOXES && !looks_fill(s, c) &&
					     lets_pass(s, c->boxes[c->box_count - 1])));
}

static void feed_conn(struct gw_sync *s, struct gw_conn *c)
{
	struct gw_entry *e;

	while (s->phase == SYNC_WORKING && has_room(s, c) && (e = next_ready(s, c)) != NULL) {
		if (c->box_count > 0)
			gw_box_supersede(c->boxes[c->box_count - 1]);
		c->boxes[c->box_count++] = e->box;
		c->only = c->used && c->only != e ? NULL : e;
		c->used = true;
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

/* A mailbox's share waits for the earlier ones of the others: not for those that wait themselves
 * until all were looked at. */
static bool comes_later(const struct gw_sync *s, const struct gw_entry *e)
{
	for (size_t i = 0; i < s->entry_count && e->share != GW_SHARE_NEWEST; i++) {
		const struct gw_entry *x = &s->entries[i];

		if (x->share < e->share && !x->settled && !x->suspect &&
			x->stage != ENTRY_PLANNED && x->stage != ENTRY_CREATED)
			return true;
	}
	return false;
}

static void look_at(struct gw_sync *s, bool suspects, size_t *ahead)
{
	for (size_t i = 0; i < s->entry_count && *ahead < s->conn_limit + 1; i++) {
		struct gw_entry *e = &s->entries[i];

		if (e->settled || e->queued || e->box != NULL || e->suspect != suspects ||
			comes_later(s, e))
			continue;
		e->box = gw_box_new(&s->env, e->folder, &e->row, &e->trial,
			e->remote_same && e->passes == 0, e->passes > 0, e->share);
		if (e->box == NULL) {

			gw_sync_fail_nomem(s);
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

/* How much does a mailbox ask of a connection?  LIGHT ones travel in one flight: what little is new in them
 * comes behind the look. */
static size_t weight_of(const struct gw_entry *e)
{
	/* Where the server changed nothing, most looks end without asking it. */
	if (e->settled || (e->remote_same && !e->ready && e->conn < 0))
		return 0;
	return e->passes == 0 && !e->suspect && e->news == 0 && expected_lines(e) <= FEW_LINES
		       ? LIGHT
		       : HEAVY;
}

/* Opens more connections.  One with enough in flight fills a link; more help where many mailboxes
 * cost a round trip each, or hold much. */
static void open_more(struct gw_sync *s)
{
	size_t left = 0, open = 0;
	struct gw_error err = { 0 };

	if (gw_sync_is_signing_in(s) || s->again != NULL || is_slowed(s))
		return;
	for (size_t i = 0; i < s->entry_count; i++)
		left += weight_of(&s->entries[i]);
	for (size_t i = 0; i < GW_CONN_MAX; i++)
		open += s->conns[i].session != NULL;
	for (size_t i = 0; i < s->conn_limit && open < s->conn_limit; i++) {
		if (s->conns[i].session != NULL || open * BOXES_PER_CONNECTION * HEAVY >= left)
			continue;
		if (gw_sync_open_conn(s, &s->conns[i], &err) != GW_OK)
			return;
		open++;
	}
}

/* True if something that broke a connection waits for a fresh one, and none is on its way. */
static bool lacks_fresh(const struct gw_sync *s)
{
	const struct gw_entry *waits = NULL;

	for (size_t i = 0; i < s->entry_count && waits == NULL; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->ready && e->conn < 0 && e->suspect && e->trial.breaks > 0)
			waits = e;
	}
	for (size_t i = 0; i < GW_CONN_MAX && waits != NULL; i++) {
		const struct gw_conn *c = &s->conns[i];

		if (c->session != NULL && (!c->ready || is_fresh(c, waits)))
			return false;
	}
	return waits != NULL && s->again == NULL && !gw_sync_is_signing_in(s);
}

/* Opens a fresh connection; an idle one gives up its place if there is no other. */
static void open_fresh(struct gw_sync *s)
{
	struct gw_error err = { 0 };
	struct gw_conn *idle = NULL, *empty = NULL;
	size_t open = 0;

	if (!lacks_fresh(s))
		return;
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		struct gw_conn *c = &s->conns[i];

		open += c->session != NULL;
		if (c->session == NULL && empty == NULL)
			empty = c;
		if (c->session != NULL && c->ready && c->box_count == 0 && s->count_pending == 0)
			idle = c;
	}
	if (open >= s->conn_limit) {
		if (idle == NULL)
			return;
		gw_sync_close_conn(idle);
		empty = idle;
	}
	if (gw_sync_open_conn(s, empty, &err) != GW_OK)
		gw_sync_fail(s, &err);
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

static bool all_created(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (!s->entries[i].settled && s->entries[i].stage < ENTRY_CREATED)
			return false;
	}
	return true;
}

/* Deletions wait for everything else. */
static void remove_all(struct gw_sync *s)
{
	bool all = all_created(s);

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (e->stage != ENTRY_CREATED || (!all && gw_box_must_wait_to_remove(e->box)))
			continue;
		e->stage = ENTRY_REMOVING;
		gw_box_remove(e->box);
	}
}

/* Boxes that wait for others give their connections to them. */
static void yield_conns(struct gw_sync *s)
{
	bool wanted = false;

	for (size_t i = 0; i < s->entry_count; i++)
		wanted |= s->entries[i].ready && s->entries[i].conn < 0;
	for (size_t i = 0; i < s->entry_count && wanted; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->conn >= 0 && (e->stage == ENTRY_PLANNED || e->stage == ENTRY_CREATED))
			gw_box_yield(e->box);
	}
}

static void pump_once(struct gw_sync *s)
{
	gw_sync_note_overhead(s);
	if (s->phase == SYNC_WORKING && all_settled(s))
		end(s);
	if (s->phase == SYNC_WORKING)
		look_ahead(s);
	if (s->phase == SYNC_WORKING)
		await_claims(s);
	if (s->phase == SYNC_WORKING)
		gw_sync_match(s);
	if (s->phase == SYNC_WORKING)
		remove_all(s);
	if (s->phase == SYNC_WORKING)
		open_more(s);
	if (s->phase == SYNC_WORKING)
		open_fresh(s);
	for (size_t i = 0; i < GW_CONN_MAX && s->phase == SYNC_WORKING; i++)
		feed_conn(s, &s->conns[i]);
	if (s->phase == SYNC_WORKING)
		yield_conns(s);
}

/* Starts what can be started.  A call made before it returns is done here afterwards. */
static void pump(struct gw_sync *s)
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
	gw_sync_maybe_finish(s);
}

static void work(struct gw_sync *s)
{
	if (s->phase == SYNC_ENDING) { /* stopped while the state was being opened */
		gw_sync_maybe_finish(s);
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

static const struct gw_sync_machine machine = { .pump = pump,
	.fail = fail,
	.maybe_finish = maybe_finish,
	.work = work,
	.finished = finished,
	.list = gw_list_begin,
	.listed = gw_list_settled,
	.list_again = gw_list_again,
	.entries_known = gw_list_ready,
	.counts_came = gw_ask_counted,
	.on_session = gw_conn_on_session };

static void on_pull(void *ctx, const struct gw_sync_event *ev)
{
	struct gw_sync *s = ctx;
	bool over = ev->type == GW_SYNC_DONE;

	if (ev->type == GW_SYNC_PROBLEM && s->first_problem[0] == '\0')
		snprintf(s->first_problem, sizeof s->first_problem, "%s", ev->err->text);
	if (over) {
		s->counts = *ev->counts;
		if (ev->err != NULL)
			s->err = *ev->err;
		gw_sync_note_last(s, true);
	}
	if (over && s->options.warm != NULL)
		s->options.warm->login_delay = gw_pull_login_delay(s->pull);
	s->cb(s->ctx, ev);
	if (over)
		free(s);
}

/* Takes s. */
static enum gw_code start_pull(struct gw_sync *s, struct gw_sync **out, struct gw_error *err)
{
	enum gw_code code =
		gw_pull_start(s->loop, s->account, &s->options, s->log, on_pull, s, &s->pull, err);

	if (code == GW_OK)
		*out = s;
	else
		free(s);
	return code;
}

enum gw_code gw_sync_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_sync_options *options, const struct gw_log *log, gw_sync_cb *cb, void *ctx,
	struct gw_sync **out, struct gw_error *err)
{
	struct gw_sync *s = calloc(1, sizeof *s);
	enum gw_code code;

	*out = NULL;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	s->machine = &machine;
	s->loop = loop;
	s->account = account;
	s->options = *options;
	if (options->verify && !options->repair)
		s->options.dry_run = true; /* it changes nothing */
	s->log = log;
	s->cb = cb;
	s->ctx = ctx;
	if (account->protocol == GW_PROTOCOL_POP3)
		return start_pull(s, out, err);
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
		code = gw_trust_imap(account, &s->tls, err);
	if (code == GW_OK)
		code = gw_sync_make_batcher(s, err);
	if (code == GW_OK)
		code = gw_sync_sign_in(s, err);
	if (code != GW_OK) {
		s->err = *err;
		if (s->lock_fd >= 0) /* else another one is at work, and says how it ends */
			gw_sync_note_last(s, true);
		free_sync(s);
		return code;
	}
	*out = s;
	gw_sync_stage(s, "connecting");
	return GW_OK;
}
