/* SPDX-License-Identifier: ISC */
/* watch/watch.c - see godwit/watch.h: when to sync.
 *
 *   RESTING --start, time is up, a wake-up, somebody asks--> SYNCING
 *   SYNCING --OK, nothing new meanwhile--> LISTENING
 *   SYNCING --OK, but something changed meanwhile--> RESTING (for a moment)
 *   SYNCING --failed--> RESTING (longer each time)
 *   LISTENING --a change on either side, the poll, a wake-up, connection lost--> RESTING (a moment)
 *   LISTENING, RESTING, SYNCING --pause--> PAUSED --resume--> RESTING
 *   PAUSED --somebody asks for a sync--> SYNCING --> PAUSED
 *   any --gw_watch_stop()--> LEAVING (a sync ends) --> gone
 *
 * I1  the session and the list of mailboxes are the sync's in SYNCING, and ours (warm) otherwise.
 * I2  GW_WATCH_DONE is sent once, from leave(), which comes from the loop.
 * I3  a sync does without asking for the list only if everything that is known to have changed
 *     since the last one is marked in it, and the poll is not due.
 */
#include "godwit/watch.h"

#include "base/fs.h"
#include "base/lock.h"
#include "net/delay.h"
#include "net/wake.h"
#include "sync/lend.h"
#include "watch/control.h"
#include "watch/listen.h"
#include "watch/notify.h"
#include "watch/posts.h"
#include "watch/tempo.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	SETTLE_MS = 100,          /* so that a burst of changes here is one sync */
	AT_ONCE_MS = 1,           /* a sync is begun from the loop, never from another's callback */
	RENEW_MS = 9 * 60 * 1000, /* before servers and address translators lose patience */
	LOCKED_MS = 1000,         /* another godwit is at work */
	BLIND_POLL_MS = 60000,    /* when nothing tells what changes here */
	RETRY_MAX_S = 300,
	LOCKED_S = 30, /* a keyring or an agent is unlocked by a person, who then wants the mail */
	REFUSED_S = 300, /* after a refused login: more tries would lock the account */
	REFUSED_MAX_S = 3600,
};

enum state { RESTING, SYNCING, LISTENING, PAUSED, LEAVING, STATES };

struct gw_watch {
	enum state state;
	uv_loop_t *loop;
	const struct gw_account *account;
	const struct gw_log *log;
	gw_watch_cb *cb;
	void *ctx;
	int lock_fd; /* one watcher an account */

	struct gw_warm warm;
	struct gw_sync *sync;           /* frees itself */
	struct gw_sync_options options; /* of the sync under way */
	struct gw_listen listen;
	struct gw_posts *posts;        /* owned */
	struct gw_notify *notify;      /* owned; NULL: nothing tells what changes here */
	struct gw_wake *wake;          /* owned */
	struct gw_control *control;    /* owned; NULL: nobody can ask */
	struct gw_delay *next;         /* owned; until the next sync */
	struct gw_delay *poll, *renew; /* owned */
	struct gw_delay *forsaking;    /* owned */
	struct gw_report report;
	uint64_t listed_ms; /* uv_now() when a sync that asked for the list began */
	unsigned failures;
	unsigned restless;           /* syncs in a row after which something was still to be done */
	struct gw_tempo link, calls; /* connections that end; changes that the server reports */
	uint64_t call_ms;            /* how long its next word has to wait */
	bool called;                 /* it was the server that brought this sync about */
	bool held_back;              /* resting for one of these; what changes here does not wait */
	bool stands;                 /* nothing had changed between the last sync and now */
	bool again;                  /* something changed while a sync was under way */
	bool began;                  /* it has synchronized, or tried to */
	bool relist;                 /* the next sync has to ask for the list (I3) */
	bool pausing;                /* no sync of its own before somebody says so */
	bool told_limit;
};

/* The only writer of w->state. */
static void enter(struct gw_watch *w, enum state next)
{
	static const char *const names[] = { [RESTING] = "resting",
		[SYNCING] = "syncing",
		[LISTENING] = "listening",
		[PAUSED] = "paused",
		[LEAVING] = "leaving" };
	_Static_assert(sizeof names / sizeof *names == STATES, "each state has a name");

	if (w->state != next)
		gw_log(w->log, GW_LOG_DEBUG, "%s: %s -> %s", w->account->name, names[w->state],
			names[next]);
	w->state = next;
}

static void rest(struct gw_watch *w, uint64_t ms);

static void emit(struct gw_watch *w, struct gw_watch_event ev)
{
	w->cb(w->ctx, &ev);
}

static void tell_report(struct gw_watch *w)
{
	if (w->control != NULL)
		gw_control_report(w->control);
}

static void standing(struct gw_watch *w, enum gw_standing standing)
{
	gw_report_stands(&w->report, standing);
	tell_report(w);
}

static void free_watch(struct gw_watch *w)
{
	gw_control_stop(w->control);
	gw_posts_free(w->posts);
	gw_warm_deinit(&w->warm);
	gw_notify_free(w->notify);
	gw_wake_stop(w->wake);
	gw_report_deinit(&w->report);
	free(w->listen.mailbox);
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	free(w);
}

/* I2.  Reports the end after lock and socket are free: another watcher may begin at once. */
static void leave(void *ctx)
{
	struct gw_watch *w = ctx;
	gw_watch_cb *cb = w->cb;
	void *to = w->ctx;

	w->next = NULL;
	free_watch(w);
	cb(to, &(struct gw_watch_event){ .type = GW_WATCH_DONE });
}

static void stop_listening(struct gw_watch *w)
{
	gw_delay_cancel(&w->poll);
	gw_delay_cancel(&w->renew);
	gw_listen_stop(&w->listen);
}

/* Something changed, or may have.  list: it may be which mailboxes there are, or is not known. */
static void touch(struct gw_watch *w, uint64_t ms, bool list)
{
	w->relist |= list;
	if (w->state == SYNCING) {
		w->again = true;
	} else if (w->state == LISTENING) {
		enter(w, RESTING);
		rest(w, ms);
	}
}

/* --- reports --------------------------------------------------------------------------------- */

/* Delays the next sync: what a sync cannot bring in step must not make one sync chase the other. */
static uint64_t chase_ms(const struct gw_watch *w)
{
	unsigned n = w->restless < 3 ? 0 : w->restless - 2;

	return n == 0 ? AT_ONCE_MS : n > 8 ? (uint64_t)RETRY_MAX_S * 1000 : 1000ull << n;
}

/* The server says so, and it does not decide how busy we are. */
static void touch_later(struct gw_watch *w, uint64_t ms, bool list)
{
	bool listening = w->state == LISTENING;

	w->called |= listening;
	w->held_back |= listening;
	touch(w, ms > w->call_ms ? ms : w->call_ms, list);
}

static void on_changed_there(void *ctx, bool list)
{
	struct gw_watch *w = ctx;

	if (w->state != LISTENING)
		return;
	w->restless += !w->stands; /* else it came just now */
	touch_later(w, chase_ms(w), list);
}

/* A post's mailbox; it marks that itself. */
static void on_changed_elsewhere(void *ctx)
{
	struct gw_watch *w = ctx;

	touch_later(w, chase_ms(w), false);
}

static void on_changed_here(void *ctx)
{
	struct gw_watch *w = ctx;
	enum gw_change change;

	if (w->state != LISTENING && !(w->state == RESTING && w->held_back))
		return; /* a sync's own changes are among these; they are told apart later */
	change = gw_notify_take(w->notify);
	if (change == GW_CHANGE_NONE)
		return;
	if (w->state == RESTING) {
		w->relist |= change == GW_CHANGE_TREE;
		rest(w, SETTLE_MS);
	} else {
		touch(w, SETTLE_MS, change == GW_CHANGE_TREE);
	}
}

static void on_poll(void *ctx)
{
	struct gw_watch *w = ctx;

	w->poll = NULL;
	touch(w, AT_ONCE_MS, true);
}

/* Drops the connections: the machine slept or its network changed, so they may be dead
 * unnoticed. */
static void on_wake(void *ctx)
{
	struct gw_watch *w = ctx;

	if (w->state == PAUSED || w->state == LEAVING)
		return;
	gw_log(w->log, GW_LOG_INFO, "%s: the clock or the network changed; connecting again",
		w->account->name);
	w->failures = 0;
	gw_posts_drop(w->posts);
	if (w->state == LISTENING) {
		stop_listening(w);
		gw_session_close(&w->warm.session);
	}
	if (w->state == RESTING)
		rest(w, AT_ONCE_MS);
	else
		touch(w, AT_ONCE_MS, true);
}

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_watch *w = ctx;

	if (event != GW_SESSION_LOST)
		return;
	gw_log(w->log, GW_LOG_INFO, "%s: %s; connecting again", w->account->name, err->text);
	w->listen.session = NULL;
	gw_session_close(&w->warm.session);
	w->held_back |= w->state == LISTENING;
	touch(w, gw_tempo_ended(&w->link, uv_now(w->loop)) + AT_ONCE_MS, true);
}

static void on_renew(void *ctx)
{
	struct gw_watch *w = ctx;

	w->renew = NULL;
	gw_listen_renew(&w->listen);
	gw_delay_start(w->loop, RENEW_MS, on_renew, w, &w->renew);
}

/* True if nothing that changes here goes to the server (POP3). */
static bool is_one_way(const struct gw_watch *w)
{
	return w->account->protocol == GW_PROTOCOL_POP3;
}

static void describe_how(struct gw_watch *w)
{
	static const char *const there[] = { [GW_LISTEN_NOT] = "does not tell what changes",
		[GW_LISTEN_IDLE] = "tells what changes in ",
		[GW_LISTEN_NOTIFY] = "tells what changes in all mailboxes (NOTIFY)" };
	enum gw_listening how = w->listen.session == NULL ? GW_LISTEN_NOT : w->listen.how;
	const struct gw_folder *f =
		how != GW_LISTEN_IDLE || w->listen.mailbox == NULL
			? NULL
			: gw_folders_find(&w->warm.folders, gw_slice_str(w->listen.mailbox));
	size_t waited = 0, all = 0;
	char more[60] = "";

	if (is_one_way(w)) {
		snprintf(w->report.how, sizeof w->report.how,
			"the server does not tell what is new (POP3), and is asked now and then");
		return;
	}
	gw_posts_tell(w->posts, &waited, &all);
	if (f != NULL && all > 0)
		snprintf(more, sizeof more, " and %zu of %zu others", waited, all);
	snprintf(w->report.how, sizeof w->report.how, "the server %s%.40s%s%s%s", there[how],
		f == NULL ? "" : f->shown, more, how == GW_LISTEN_IDLE ? " (IDLE)" : "",
		w->notify == NULL ? "; changes here are found every minute" : "");
}

static void on_stands(void *ctx)
{
	struct gw_watch *w = ctx;

	if (w->state != LISTENING)
		return; /* something had changed meanwhile */
	w->stands = true;
	w->restless = 0;
	gw_tempo_stands(&w->link, uv_now(w->loop));
	gw_tempo_stands(&w->calls, uv_now(w->loop));
	describe_how(w);
	emit(w, (struct gw_watch_event){ .type = GW_WATCH_STANDS, .text = w->report.how });
}

/* --- listening ------------------------------------------------------------------------------- */

static void watch_tree(struct gw_watch *w)
{
	struct gw_error err = { 0 };
	enum gw_code code = is_one_way(w)       ? GW_OK
			    : w->notify == NULL ? gw_notify_start(w->loop, w->account->maildir,
							  on_changed_here, w, &w->notify, &err)
						: gw_notify_extend(w->notify, &err);

	if (code == GW_OK)
		return;
	gw_notify_free(w->notify); /* half a tree watched is worse than none */
	w->notify = NULL;
	if (!w->told_limit)
		gw_log(w->log, GW_LOG_WARN, "%s: %s; changes here are found every minute instead",
			w->account->name, err.text);
	w->told_limit = true;
}

/* Counts from the last listing: what nobody reports must be found, however often something else
 * starts a sync. */
static void start_poll(struct gw_watch *w)
{
	uint64_t after = (uint64_t)w->account->poll_s * 1000;
	uint64_t past = uv_now(w->loop) - w->listed_ms;

	if (w->notify == NULL && !is_one_way(w) && after > BLIND_POLL_MS)
		after = BLIND_POLL_MS;
	after = after > past + AT_ONCE_MS ? after - past : AT_ONCE_MS;
	if (after < (uint64_t)w->warm.login_delay * 1000) /* sooner it would be refused */
		after = (uint64_t)w->warm.login_delay * 1000;
	gw_delay_start(w->loop, after, on_poll, w, &w->poll);
	w->report.next_at = (int64_t)time(NULL) + (int64_t)(after / 1000);
}

/* Chooses the mailbox on which the main connection idles. */
static void choose_mailbox(struct gw_watch *w)
{
	const char *wire = gw_posts_main(w->posts);

	free(w->listen.mailbox);
	w->listen.mailbox = gw_copy_str(wire);
}

static void begin_listening(struct gw_watch *w)
{
	enum gw_listening how = GW_LISTEN_NOT;

	enter(w, LISTENING);
	w->stands = false;
	start_poll(w);
	standing(w, GW_STANDING_IN_STEP);
	choose_mailbox(w);
	if (w->warm.session != NULL)
		how = gw_listen_start(&w->listen, w->warm.session);
	if (how == GW_LISTEN_IDLE)
		gw_posts_arrange(w->posts);
	if (how == GW_LISTEN_NOT)
		on_stands(w);
	else
		gw_delay_start(w->loop, RENEW_MS, on_renew, w, &w->renew);
}

/* --- syncing --------------------------------------------------------------------------------- */

static unsigned retry_after(struct gw_watch *w, const struct gw_error *err)
{
	bool refused = err->code == GW_ERR_AUTH || err->code == GW_ERR_CONFIG ||
		       err->code == GW_ERR_SECURITY;
	unsigned s = refused ? REFUSED_S : err->code == GW_ERR_SECRET ? LOCKED_S : 1;
	unsigned max = refused ? REFUSED_MAX_S : RETRY_MAX_S;

	for (unsigned i = 0; i < w->failures && s < max; i++)
		s *= 2;
	if (s > max)
		s = max;
	w->failures++;
	if (s < err->wait_s)
		s = err->wait_s;
	return s + (unsigned)(uv_hrtime() / 1000 % (s / 4 + 1)); /* not all at once */
}

static void on_failed(struct gw_watch *w, const struct gw_error *err)
{
	unsigned seconds;

	w->relist = true;
	if (err->code == GW_ERR_LOCKED) {
		rest(w, LOCKED_MS);
		return;
	}
	seconds = retry_after(w, err);
	snprintf(w->report.error, sizeof w->report.error, "%s", err->text);
	w->report.next_at = (int64_t)time(NULL) + seconds;
	standing(w, GW_STANDING_TROUBLE);
	emit(w, (struct gw_watch_event){
			.type = GW_WATCH_TROUBLE, .err = err, .seconds = seconds });
	rest(w, (uint64_t)seconds * 1000);
}

static void begin_pause(struct gw_watch *w)
{
	stop_listening(w);
	gw_delay_cancel(&w->next);
	gw_posts_drop(w->posts);
	gw_session_close(&w->warm.session);
	enter(w, PAUSED);
	w->relist = true;
	w->report.next_at = 0;
	standing(w, GW_STANDING_PAUSED);
	emit(w, (struct gw_watch_event){ .type = GW_WATCH_PAUSED });
}

/* True for a complete sync: every mailbox, and no dry run. */
static bool was_whole(const struct gw_sync_options *o)
{
	return o->folder_count == 0 && !o->dry_run && !o->verify;
}

/* Decides what follows a successful sync. */
static void go_on(struct gw_watch *w, const struct gw_sync_counts *counts)
{
	enum gw_change foreign = w->notify != NULL ? gw_notify_take(w->notify) : GW_CHANGE_NONE;

	w->relist |= foreign == GW_CHANGE_TREE || !was_whole(&w->options);
	if (gw_sync_changed(counts)) {
		w->restless = 0; /* that it has to look again is its own doing */
		gw_tempo_reset(&w->calls);
		w->call_ms = 0;
	} else if (w->called) {
		w->call_ms = gw_tempo_ended(&w->calls, uv_now(w->loop));
	}
	w->called = false;
	watch_tree(w);
	if (w->again || foreign != GW_CHANGE_NONE || !was_whole(&w->options)) {
		rest(w, SETTLE_MS);
	} else if (counts->unsettled > 0) {
		w->restless++;
		rest(w, SETTLE_MS + chase_ms(w));
	} else {
		begin_listening(w);
	}
}

static void on_sync(void *ctx, const struct gw_sync_event *ev)
{
	struct gw_watch *w = ctx;
	bool asked, forsaken;

	gw_report_sync_event(&w->report, ev);
	emit(w, (struct gw_watch_event){ .type = GW_WATCH_SYNC, .sync = ev });
	if (w->control != NULL)
		gw_control_sync_event(w->control, ev);
	if (ev->type != GW_SYNC_DONE)
		return;
	w->sync = NULL;
	gw_delay_cancel(&w->forsaking);
	if (w->state == LEAVING) {
		gw_delay_start(w->loop, AT_ONCE_MS, leave, w, &w->next);
		return;
	}
	enter(w, RESTING);
	w->relist |= ev->err != NULL;
	if (ev->err == NULL) {
		w->failures = 0;
		w->report.synced_at = (int64_t)time(NULL);
	}
	asked = w->control != NULL && gw_control_has_next(w->control);
	forsaken = ev->err != NULL && ev->err->code == GW_ERR_CANCELLED;
	if (w->pausing && !asked)
		begin_pause(w);
	else if (asked || forsaken)
		rest(w, AT_ONCE_MS);
	else if (ev->err != NULL)
		on_failed(w, ev->err);
	else
		go_on(w, ev->counts);
}

/* I3 */
static bool may_use_list(const struct gw_watch *w)
{
	uint64_t past = uv_now(w->loop) - w->listed_ms;

	return !w->relist && !w->options.full && past < (uint64_t)w->account->poll_s * 1000;
}

static void begin_sync(void *ctx)
{
	struct gw_watch *w = ctx;
	struct gw_error err = { 0 };

	w->next = NULL;
	stop_listening(w);
	w->options = (struct gw_sync_options){ 0 };
	if (w->control != NULL)
		gw_control_next(w->control, &w->options);
	/* Only the first sync respects a pause recorded by an earlier process; from then on the
	 * watcher tracks back-off itself. */
	w->options.now |= w->began;
	w->began = true;
	w->options.warm = &w->warm;
	gw_posts_settle(w->posts);
	w->warm.others = gw_posts_count(w->posts);
	w->warm.list_holds = may_use_list(w);
	if (!w->warm.list_holds)
		w->listed_ms = uv_now(w->loop);
	w->relist = !was_whole(&w->options);
	w->again = w->held_back = false;
	enter(w, SYNCING);
	standing(w, GW_STANDING_SYNCING);
	if (gw_sync_start(w->loop, w->account, &w->options, w->log, on_sync, w, &w->sync, &err) ==
		GW_OK)
		return;
	if (w->control != NULL) /* the client that asked gets the same report */
		gw_control_sync_event(w->control, &(struct gw_sync_event){ .type = GW_SYNC_DONE,
							  .counts = &(struct gw_sync_counts){ 0 },
							  .err = &err });
	enter(w, RESTING);
	if (w->pausing)
		begin_pause(w);
	else
		on_failed(w, &err);
}

static void rest(struct gw_watch *w, uint64_t ms)
{
	gw_delay_cancel(&w->next);
	gw_delay_start(w->loop, ms, begin_sync, w, &w->next);
}

/* --- what others ask for --------------------------------------------------------------------- */

static void on_asked(void *ctx)
{
	struct gw_watch *w = ctx;

	w->failures = 0;
	if (w->state == PAUSED)
		enter(w, RESTING);
	if (w->state == RESTING)
		rest(w, AT_ONCE_MS);
	else if (w->state == LISTENING)
		touch(w, AT_ONCE_MS, true);
	else
		w->relist = true; /* its turn comes when the present one ends */
}

static void on_pause(void *ctx, bool paused)
{
	struct gw_watch *w = ctx;

	w->pausing = paused;
	if (paused && (w->state == RESTING || w->state == LISTENING)) {
		begin_pause(w);
	} else if (!paused && w->state == PAUSED) {
		enter(w, RESTING);
		standing(w, GW_STANDING_BEGINS);
		rest(w, AT_ONCE_MS);
	}
}

static void forsake(void *ctx)
{
	struct gw_watch *w = ctx;

	w->forsaking = NULL;
	gw_sync_stop(w->sync);
}

/* Stops a sync that nobody reads any more; one that changes things runs to its end. */
static void on_forsaken(void *ctx)
{
	struct gw_watch *w = ctx;

	if (w->state == SYNCING && w->sync != NULL && (w->options.dry_run || w->options.verify))
		gw_delay_start(w->loop, AT_ONCE_MS, forsake, w, &w->forsaking);
}

/* --- what a sync tells ----------------------------------------------------------------------- */

static void on_wrote(void *ctx, const char *dir, const char *name, bool in_new, bool appeared)
{
	struct gw_watch *w = ctx;

	if (w->notify != NULL)
		gw_notify_own(w->notify, dir, name, in_new, appeared);
}

/* --------------------------------------------------------------------------------------------- */

static enum gw_code take_lock(struct gw_watch *w, struct gw_error *err)
{
	char *path = NULL;
	enum gw_code code = gw_mkdirs(w->account->state_dir, err);

	if (code == GW_OK &&
		asprintf(&path, "%s/%s.watch", w->account->state_dir, w->account->name) < 0)
		code = gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (code == GW_OK)
		code = gw_lock_take(path, "is watching this account", &w->lock_fd, err);
	free(path);
	return code;
}

/* Without it the watcher works as well; only nobody can ask it anything. */
static void open_control(struct gw_watch *w)
{
	const struct gw_control_host host = { .asked = on_asked,
		.pause = on_pause,
		.forsaken = on_forsaken,
		.report = &w->report,
		.folders = &w->warm.folders,
		.ctx = w };
	struct gw_error err = { 0 };

	if (gw_control_start(w->loop, w->account, &host, &w->control, &err) != GW_OK)
		gw_log(w->log, GW_LOG_WARN, "%s: %s; `godwit status` will not see this watcher",
			w->account->name, err.text);
}

enum gw_code gw_watch_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_log *log, gw_watch_cb *cb, void *ctx, struct gw_watch **out,
	struct gw_error *err)
{
	struct gw_watch *w = calloc(1, sizeof *w);
	enum gw_code code;

	*out = NULL;
	if (w == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	w->loop = loop;
	w->account = account;
	w->log = log;
	w->cb = cb;
	w->ctx = ctx;
	w->lock_fd = -1;
	w->relist = true;
	w->warm = (struct gw_warm){ .lost = on_session, .wrote = on_wrote, .ctx = w };
	w->listen = (struct gw_listen){ .folders = &w->warm.folders,
		.stands = on_stands,
		.changed = on_changed_there,
		.ctx = w };
	w->posts = gw_posts_new(loop, account, log, &w->warm, on_changed_elsewhere, w);
	code = w->posts == NULL ? gw_fail(err, GW_ERR_NOMEM, "out of memory") : take_lock(w, err);
	if (code == GW_OK)
		code = gw_wake_start(loop, on_wake, w, &w->wake);
	if (code != GW_OK) {
		free_watch(w);
		return gw_fail(err, code, "out of memory");
	}
	open_control(w);
	gw_report_stands(&w->report, GW_STANDING_BEGINS);
	rest(w, AT_ONCE_MS);
	*out = w;
	return GW_OK;
}

void gw_watch_stop(struct gw_watch *w)
{
	enum state was = w->state;

	if (was == LEAVING)
		return;
	enter(w, LEAVING);
	stop_listening(w);
	gw_delay_cancel(&w->next);
	gw_delay_cancel(&w->forsaking);
	if (was == SYNCING)
		gw_sync_stop(w->sync);
	else
		gw_delay_start(w->loop, AT_ONCE_MS, leave, w, &w->next);
}

void gw_watch_poke(struct gw_watch *w)
{
	w->failures = 0;
	w->relist = true; /* also for a sync that is about to begin */
	if (w->state == RESTING)
		rest(w, AT_ONCE_MS);
	else
		touch(w, AT_ONCE_MS, true);
}
