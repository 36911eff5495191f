/* godwit/control.h - talks to the watcher of an account, if one runs (godwit/watch.h).
 *
 * A watcher listens on a socket in $XDG_RUNTIME_DIR/godwit (without that variable: in /run/user/UID
 * if that is there, else beside the account's state) that only its user may open.  A client sends
 * one line of JSON and gets lines of JSON.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/sync.h"

struct uv_loop_s;
struct gw_control_client;

/* What the client asks for, as the first line; to be freed by the caller.  NULL: out of memory.
 * A sync is answered with its events (godwit/json.h, with totals), the last one being "done". */
char *gw_control_sync_request(const struct gw_sync_options *options);
/* One of "status" (one line; with each mailbox), "follow" (a line for each change, for ever),
 * "pause" and "resume" (one line: how it stands now). */
char *gw_control_request(const char *what);

/* A line without its end; NULL: the watcher closed the connection, and this was the last call. */
typedef void gw_control_cb(void *ctx, const char *line, size_t n);

/* *out is NULL, and cb is never called, when no watcher listens.  Otherwise cb is called from the
 * loop.  GW_ERR_NOMEM; GW_ERR_SECURITY: somebody else's process listens there. */
enum gw_code gw_control_open(struct uv_loop_s *loop, const struct gw_account *account,
	const char *request, gw_control_cb *cb, void *ctx, struct gw_control_client **out,
	struct gw_error *err);

/* Ends it; cb is not called any more.  Sets *c to NULL; NULL is accepted. */
void gw_control_close(struct gw_control_client **c);
