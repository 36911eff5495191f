/* SPDX-License-Identifier: ISC */
/* godwit/control.h - talks to an account's watcher, if one runs (godwit/watch.h).
 *
 * A watcher listens on a socket that only its user may open, in $XDG_RUNTIME_DIR/godwit (without
 * that variable: in /run/user/UID if it exists, otherwise beside the account's state).  A client
 * sends one line of JSON and gets lines of JSON.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/sync.h"

struct uv_loop_s;
struct gw_control_client;

/* Finds where an account's watcher listens.  false: the path is too long for a socket. */
bool gw_control_path(const struct gw_account *account, char *out, size_t size);

/* The first line of a client that asks for a sync; freed by the caller.  NULL: out of memory.  The
 * answer is the sync's events (godwit/json.h, with totals), the last one being "done". */
char *gw_control_sync_request(const struct gw_sync_options *options);
/* The first line of a client that asks for what: "status" (one line, with each mailbox), "follow"
 * (a line for each change, without end), "pause" or "resume" (one line with the new status). */
char *gw_control_request(const char *what);

/* One line without its end.  NULL: the watcher closed the connection; no further call follows. */
typedef void gw_control_cb(void *ctx, const char *line, size_t n);

/* Sends request to the account's watcher.  *out is NULL, and cb is never called, if no watcher
 * listens.  Otherwise cb is called from the loop.  GW_ERR_NOMEM; GW_ERR_SECURITY: somebody else's
 * process listens there. */
enum gw_code gw_control_open(struct uv_loop_s *loop, const struct gw_account *account,
	const char *request, gw_control_cb *cb, void *ctx, struct gw_control_client **out,
	struct gw_error *err);

/* Closes the connection; cb is not called any more.  Sets *c to NULL; NULL is accepted. */
void gw_control_close(struct gw_control_client **c);
