/* SPDX-License-Identifier: ISC */
/* sync/conns.c - the connections of a sync: what crossed them, and what becomes of their mailboxes when
 * one is lost; part of the machine in sync_p.h.
 */
#include "sync/sync_p.h"

#include "net/delay.h"
#include "plan/isolate.h"

enum { LOSSES_MAX = 12, LOSSES_AT_ONCE = 6, LOSS_WAIT_MS = 8000 };

void gw_sync_close_conn(struct gw_conn *c)
{
	if (c->session == NULL)
		return;
	gw_sync_count_traffic(c);
	gw_session_close(&c->session);
}

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
	if (s->phase == SYNC_LISTING)
		gw_sync_unlist(s);
	if (s->phase != SYNC_OPENING || !connect_again(s))
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

	learned |= c->ready && gw_isolate_counts(why.code) &&
		   (gw_sync_list_broke(s) || gw_sync_compare_broke(s) || gw_sync_act_broke(s));
	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (e->box != NULL && e->conn == (int)(c - s->conns))
			gw_box_stop(e->box, false);
	}
	blamed = c->blamed;
	gw_sync_close_conn(c);
	s->compress_failed |= why.code == GW_ERR_PROTOCOL;
	if (s->phase >= SYNC_ENDING) {
		gw_sync_maybe_finish(s);
		return;
	}
	if (gw_sync_renew(s, &why) || (learned && list_again(s, &why)))
		return;
	s->losses -= moved && s->losses > 0; /* it is no storm that brings mail */
	if (s->phase == SYNC_WORKING && !busy && (moved || blamed || any_conn(s))) {
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

void gw_conn_on_session(struct gw_conn *c, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_sync *s = c->sync;

	if (event == GW_SESSION_LOST) {
		on_lost(c, err);
		return;
	}
	c->ready = true;
	c->progress_at_start = progress(s);
	gw_session_pause(c->session, s->paused);
	if (s->phase == SYNC_OPENING)
		gw_sync_list(s);
	else
		gw_sync_pump(s);
}
