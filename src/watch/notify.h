/* SPDX-License-Identifier: ISC */
/* watch/notify.h - tells that a Maildir tree was changed by somebody else: of every cur/, new/ and
 * every directory that may get a mailbox.
 *
 * Implemented twice: notify_linux.c is told each name by inotify(7), notify_portable.c that a directory
 * changed, by what libuv has here, and looks which of its names did.
 */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <uv.h>

struct gw_notify;

/* Something happened in the tree; gw_notify_take() tells whether it matters. */
typedef void gw_notify_cb(void *ctx);

/* root is copied.  GW_ERR_DISK, GW_ERR_NOMEM; GW_ERR_LIMIT: the system gives no more watches
 * (fs.inotify.max_user_watches, max_user_instances). */
enum gw_code gw_notify_start(uv_loop_t *loop, const char *root, gw_notify_cb *cb, void *ctx,
	struct gw_notify **out, struct gw_error *err);

/* Adds directories made since.  Errors as for gw_notify_start(). */
enum gw_code gw_notify_extend(struct gw_notify *n, struct gw_error *err);

/* Announces our own change: a file of a mailbox (dir: relative to the root) appeared or went. */
void gw_notify_own(
	struct gw_notify *n, const char *dir, const char *name, bool in_new, bool appeared);

enum gw_change {
	GW_CHANGE_NONE,
	GW_CHANGE_FILES, /* of mailboxes that were there */
	GW_CHANGE_TREE,  /* directories, or unknown */
};

/* Returns what others changed since the last call, and forgets our own changes.  Call it between
 * syncs only: during one, not all its own changes are announced yet. */
enum gw_change gw_notify_take(struct gw_notify *n);

/* NULL is accepted. */
void gw_notify_free(struct gw_notify *n);
