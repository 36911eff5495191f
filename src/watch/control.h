/* watch/control.h - the watcher's end of godwit/control.h: who asks, and what they are told. */
#pragma once

#include "godwit/control.h"
#include "godwit/log.h"
#include "watch/report.h"

#include <uv.h>

struct gw_control;

/* Where an account's watcher listens.  false: the path is too long for a socket. */
bool gw_control_path(const struct gw_account *account, char *out, size_t size);

/* Does the process at the other end belong to us? */
bool gw_control_is_ours(int fd);

struct gw_control_host {
	void (*asked)(void *ctx);              /* gw_control_next() has something */
	void (*pause)(void *ctx, bool paused); /* the standing is told afterwards */
	/* Who asked for the sync under way went away. */
	void (*forsaken)(void *ctx);
	const struct gw_report *report;   /* borrowed */
	const struct gw_folders *folders; /* borrowed */
	void *ctx;
};

/* account is borrowed; host is copied.  No other watcher of the account runs: what is left of an
 * earlier one is taken away.  GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code gw_control_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_control_host *host, struct gw_control **out, struct gw_error *err);

/* Takes the next sync that somebody asked for; its options are borrowed until the sync's
 * GW_SYNC_DONE was told.  false: there is none. */
bool gw_control_next(struct gw_control *c, struct gw_sync_options *options);
bool gw_control_has_next(const struct gw_control *c);

/* Of the sync under way, whoever asked for it. */
void gw_control_sync_event(struct gw_control *c, const struct gw_sync_event *ev);

/* The report changed. */
void gw_control_report(struct gw_control *c);

/* Closes every connection and takes the socket away.  NULL is accepted. */
void gw_control_stop(struct gw_control *c);
