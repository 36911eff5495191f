/* watch/watch.c - see godwit/watch.h: when to sync.
 *
 *   RESTING --start, time is up, a wake-up--> SYNCING --OK, nothing new meanwhile--> LISTENING
 *   SYNCING --OK, but something changed meanwhile--> RESTING (for a moment)
 *   SYNCING --failed--> RESTING (longer each time)
 *   LISTENING --a change on either side, the poll, a wake-up, connection lost--> RESTING (a moment)
 *   any --gw_watch_stop()--> LEAVING (a sync ends) --> gone
 *
 * I1  the session is the sync's in SYNCING, and ours (warm.session) otherwise.
 * I2  GW_WATCH_DONE is sent once, from leave(), which comes from the loop.
 */
#include "godwit/watch.h"

#include "net/delay.h"
#include "net/wake.h"
#include "sync/warm.h"
#include "watch/listen.h"
#include "watch/notify.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SETTLE_MS = 100,          /* so that a burst of changes here is one sync */
	AT_ONCE_MS = 1,           /* a sync is begun from the loop, never from another's callback */
	RENEW_MS = 9 * 60 * 1000, /* before servers and address translators lose patience */
	LOCKED_MS = 1000,         /* another godwit is at work */
	RETRY_MAX_S = 300,
	REFUSED_S = 300, /* after a refused login: more tries would lock the account */
	REFUSED_MAX_S = 3600,
};

enum state { RESTING, SYNCING, LISTENING, LEAVING };

struct gw_watch {
	enum state state;
	uv_loop_t *loop;
	const struct gw_account *account;
	const struct gw_log *log;
	gw_watch_cb *cb;
	void *ctx;

	struct gw_warm warm;
	struct gw_sync *sync; /* frees itself */
	struct gw_listen listen;
	struct gw_seen_list seen;
	struct gw_notify *notify;      /* owned; NULL: nothing tells what changes here */
	struct gw_wake *wake;          /* owned */
	struct gw_delay *next;         /* owned; until the next sync */
	struct gw_delay *poll, *renew; /* owned */
	unsigned failures;
	unsigned restless; /* syncs in a row after which something was still to be done */
	bool stands;       /* nothing had changed between the last sync and now */
	bool again;        /* something changed while a sync was under way */
	bool told_limit;
};

static void rest(struct gw_watch *w, uint64_t ms);

static void emit(struct gw_watch *w, struct gw_watch_event ev)
{
	w->cb(w->ctx, &ev);
}

/* I2 */
static void leave(void *ctx)
{
	struct gw_watch *w = ctx;

	w->next = NULL;
	gw_warm_deinit(&w->warm);
	gw_seen_deinit(&w->seen);
	gw_notify_free(w->notify);
	gw_wake_stop(w->wake);
	emit(w, (struct gw_watch_event){ .type = GW_WATCH_DONE });
	free(w);
}

static void stop_listening(struct gw_watch *w)
{
	gw_delay_cancel(&w->poll);
	gw_delay_cancel(&w->renew);
	gw_listen_stop(&w->listen);
}

/* Something changed, or may have. */
static void touch(struct gw_watch *w, uint64_t ms)
{
	if (w->state == SYNCING) {
		w->again = true;
	} else if (w->state == LISTENING) {
		w->state = RESTING;
		rest(w, ms);
	}
}

/* --- what is told ---------------------------------------------------------------------------- */

/* What a sync cannot bring in step must not make one sync chase the other. */
static uint64_t chase_ms(const struct gw_watch *w)
{
	unsigned n = w->restless < 3 ? 0 : w->restless - 2;

	return n == 0 ? AT_ONCE_MS : n > 8 ? (uint64_t)RETRY_MAX_S * 1000 : 1000ull << n;
}

static void on_changed_there(void *ctx)
{
	struct gw_watch *w = ctx;

	if (w->state != LISTENING)
		return;
	w->restless += !w->stands; /* else it came just now */
	touch(w, chase_ms(w));
}

static void on_changed_here(void *ctx)
{
	struct gw_watch *w = ctx;

	/* During a sync its own changes are among them; they are told apart when it is over. */
	if (w->state == LISTENING && gw_notify_take(w->notify))
		touch(w, SETTLE_MS);
}

static void on_poll(void *ctx)
{
	struct gw_watch *w = ctx;

	w->poll = NULL;
	touch(w, AT_ONCE_MS);
}

/* It slept, or its network is another: the connection may be dead without knowing. */
static void on_wake(void *ctx)
{
	struct gw_watch *w = ctx;

	gw_log(w->log, GW_LOG_INFO, "%s: the clock or the network changed; connecting again",
		w->account->name);
	w->failures = 0;
	if (w->state == LISTENING) {
		stop_listening(w);
		gw_session_close(&w->warm.session);
		touch(w, AT_ONCE_MS);
	} else if (w->state == RESTING) {
		rest(w, AT_ONCE_MS);
	} else {
		touch(w, AT_ONCE_MS);
	}
}

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_watch *w = ctx;

	if (event != GW_SESSION_LOST)
		return;
	gw_log(w->log, GW_LOG_INFO, "%s: %s; connecting again", w->account->name, err->text);
	w->listen.session = NULL;
	gw_session_close(&w->warm.session);
	touch(w, AT_ONCE_MS);
}

static void on_renew(void *ctx)
{
	struct gw_watch *w = ctx;

	w->renew = NULL;
	gw_listen_renew(&w->listen);
	gw_delay_start(w->loop, RENEW_MS, on_renew, w, &w->renew);
}

static void on_stands(void *ctx)
{
	struct gw_watch *w = ctx;
	const char *const there[] = { [GW_LISTEN_NOT] = "does not tell what changes",
		[GW_LISTEN_IDLE] = "tells what changes in INBOX (IDLE)",
		[GW_LISTEN_NOTIFY] = "tells what changes in all mailboxes (NOTIFY)" };
	char text[160];

	if (w->state != LISTENING)
		return; /* something had changed meanwhile */
	w->stands = true;
	w->restless = 0;
	snprintf(text, sizeof text, "the server %s%s", there[w->listen.how],
		w->notify == NULL ? "; changes here are found every minute" : "");
	emit(w, (struct gw_watch_event){ .type = GW_WATCH_STANDS, .text = text });
}

/* --- listening ------------------------------------------------------------------------------- */

static void watch_tree(struct gw_watch *w)
{
	struct gw_error err = { 0 };
	enum gw_code code = w->notify == NULL ? gw_notify_start(w->loop, w->account->maildir,
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

static void begin_listening(struct gw_watch *w)
{
	uint64_t poll_ms = (uint64_t)w->account->poll_s * 1000;
	enum gw_listening how = GW_LISTEN_NOT;

	w->state = LISTENING;
	w->stands = false;
	if (w->notify == NULL && poll_ms > 60000)
		poll_ms = 60000;
	gw_delay_start(w->loop, poll_ms, on_poll, w, &w->poll);
	if (w->warm.session != NULL)
		how = gw_listen_start(&w->listen, w->warm.session);
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
	unsigned s = refused ? REFUSED_S : 1, max = refused ? REFUSED_MAX_S : RETRY_MAX_S;

	for (unsigned i = 0; i < w->failures && s < max; i++)
		s *= 2;
	if (s > max)
		s = max;
	w->failures++;
	return s + (unsigned)(uv_hrtime() / 1000 % (s / 4 + 1)); /* not all at once */
}

static void on_failed(struct gw_watch *w, const struct gw_error *err)
{
	unsigned seconds;

	if (err->code == GW_ERR_LOCKED) {
		rest(w, LOCKED_MS);
		return;
	}
	seconds = retry_after(w, err);
	emit(w, (struct gw_watch_event){
			.type = GW_WATCH_TROUBLE, .err = err, .seconds = seconds });
	rest(w, (uint64_t)seconds * 1000);
}

static void on_sync(void *ctx, const struct gw_sync_event *ev)
{
	struct gw_watch *w = ctx;
	bool foreign;

	emit(w, (struct gw_watch_event){ .type = GW_WATCH_SYNC, .sync = ev });
	if (ev->type != GW_SYNC_DONE)
		return;
	w->sync = NULL;
	if (w->state == LEAVING) {
		gw_delay_start(w->loop, AT_ONCE_MS, leave, w, &w->next);
		return;
	}
	w->state = RESTING;
	if (ev->err != NULL) {
		on_failed(w, ev->err);
		return;
	}
	w->failures = 0;
	foreign = w->notify != NULL && gw_notify_take(w->notify);
	watch_tree(w);
	if (w->again || foreign) {
		rest(w, SETTLE_MS);
	} else if (ev->counts->unsettled > 0) {
		w->restless++;
		rest(w, SETTLE_MS + chase_ms(w));
	} else {
		begin_listening(w);
	}
}

static void begin_sync(void *ctx)
{
	struct gw_watch *w = ctx;
	const struct gw_sync_options options = { .warm = &w->warm };
	struct gw_error err = { 0 };

	w->next = NULL;
	stop_listening(w);
	w->again = false;
	w->state = SYNCING;
	if (gw_sync_start(w->loop, w->account, &options, w->log, on_sync, w, &w->sync, &err) ==
		GW_OK)
		return;
	w->state = RESTING;
	on_failed(w, &err);
}

static void rest(struct gw_watch *w, uint64_t ms)
{
	gw_delay_cancel(&w->next);
	gw_delay_start(w->loop, ms, begin_sync, w, &w->next);
}

/* --- what a sync tells ----------------------------------------------------------------------- */

static void on_wrote(void *ctx, const char *dir, const char *name, bool in_new, bool appeared)
{
	struct gw_watch *w = ctx;

	if (w->notify != NULL)
		gw_notify_own(w->notify, dir, name, in_new, appeared);
}

static void on_settled(
	void *ctx, const char *wire, uint32_t messages, uint32_t uidnext, uint64_t highestmodseq)
{
	struct gw_watch *w = ctx;

	/* Out of memory it looks changed, and costs a sync. */
	gw_seen_put(&w->seen, wire, messages, uidnext, highestmodseq);
}

/* --------------------------------------------------------------------------------------------- */

enum gw_code gw_watch_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_log *log, gw_watch_cb *cb, void *ctx, struct gw_watch **out,
	struct gw_error *err)
{
	struct gw_watch *w = calloc(1, sizeof *w);

	*out = w;
	if (w == NULL || gw_wake_start(loop, on_wake, w, &w->wake) != GW_OK) {
		free(w);
		*out = NULL;
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	w->loop = loop;
	w->account = account;
	w->log = log;
	w->cb = cb;
	w->ctx = ctx;
	w->warm = (struct gw_warm){
		.lost = on_session, .wrote = on_wrote, .settled = on_settled, .ctx = w
	};
	w->listen = (struct gw_listen){
		.seen = &w->seen, .stands = on_stands, .changed = on_changed_there, .ctx = w
	};
	rest(w, AT_ONCE_MS);
	return GW_OK;
}

void gw_watch_stop(struct gw_watch *w)
{
	enum state was = w->state;

	if (was == LEAVING)
		return;
	w->state = LEAVING;
	stop_listening(w);
	gw_delay_cancel(&w->next);
	if (was == SYNCING)
		gw_sync_stop(w->sync);
	else
		gw_delay_start(w->loop, AT_ONCE_MS, leave, w, &w->next);
}

void gw_watch_poke(struct gw_watch *w)
{
	w->failures = 0;
	if (w->state == RESTING)
		rest(w, AT_ONCE_MS);
	else
		touch(w, AT_ONCE_MS);
}
