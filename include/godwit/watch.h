/* SPDX-License-Identifier: ISC */
/* godwit/watch.h - keeps one account in step for as long as it runs.
 *
 * Syncs first.  Afterwards the server reports remote changes (NOTIFY, RFC 5465, or IDLE on INBOX,
 * RFC 2177) and inotify(7) local ones; each starts a sync on the open connection.  A sync every few
 * minutes finds what neither reports.  A lost connection is made again, at once and then ever more
 * slowly.
 */
#pragma once

#include "godwit/sync.h"

struct gw_watch;

enum gw_watch_event_type {
	GW_WATCH_SYNC,    /* sync: an event of the running sync */
	GW_WATCH_STANDS,  /* all is in step and changes are awaited; text says how */
	GW_WATCH_TROUBLE, /* err: no sync is possible now; the next attempt is in `seconds` */
	GW_WATCH_PAUSED,  /* a client asked for it (godwit/control.h); connections are closed */
	GW_WATCH_DONE,    /* the last event, after gw_watch_stop() */
};

struct gw_watch_event {
	enum gw_watch_event_type type;
	const struct gw_sync_event *sync;
	const char *text;
	const struct gw_error *err;
	unsigned seconds;
};

typedef void gw_watch_cb(void *ctx, const struct gw_watch_event *ev);

/* Starts a watch.  account and log are borrowed and outlive it.  GW_OK: GW_WATCH_DONE comes exactly
 * once, after gw_watch_stop(), and then the watch is freed.  GW_ERR_NOMEM, GW_ERR_DISK,
 * GW_ERR_LOCKED (another watcher has the account): cb is never called. */
enum gw_code gw_watch_start(struct uv_loop_s *loop, const struct gw_account *account,
	const struct gw_log *log, gw_watch_cb *cb, void *ctx, struct gw_watch **out,
	struct gw_error *err);

/* Finishes the batch at hand, then ends the watch. */
void gw_watch_stop(struct gw_watch *watch);

/* Requests a sync now, for any reason. */
void gw_watch_poke(struct gw_watch *watch);
