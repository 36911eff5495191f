/* SPDX-License-Identifier: ISC */
/* watch/control.h - the watcher's end of godwit/control.h: serves its clients. */
#pragma once

#include "godwit/control.h"
#include "godwit/log.h"
#include "watch/report.h"

#include <uv.h>

struct gw_control;

struct gw_control_host {
	void (*asked)(void *ctx);              /* gw_control_next() has a sync */
	void (*pause)(void *ctx, bool paused); /* the new standing is reported afterwards */
	/* The client that asked for the running sync disconnected. */
	void (*forsaken)(void *ctx);
	const struct gw_report *report;   /* borrowed */
	const struct gw_folders *folders; /* borrowed */
	void *ctx;
};

/* Starts listening; account is borrowed, host copied.  Requires that no other watcher of the
 * account runs: removes what an earlier one left.  GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code gw_control_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_control_host *host, struct gw_control **out, struct gw_error *err);

/* Takes the next sync that a client asked for; its options are borrowed until the sync's
 * GW_SYNC_DONE was passed on.  false: none. */
bool gw_control_next(struct gw_control *c, struct gw_sync_options *options);
bool gw_control_has_next(const struct gw_control *c);

/* Passes on an event of the running sync, whoever asked for it. */
void gw_control_sync_event(struct gw_control *c, const struct gw_sync_event *ev);

/* Sends the changed report to those who follow. */
void gw_control_report(struct gw_control *c);

/* Closes every connection and removes the socket.  NULL is accepted. */
void gw_control_stop(struct gw_control *c);
