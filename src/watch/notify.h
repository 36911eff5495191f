/* watch/notify.h - tells that a Maildir tree was changed by somebody else: inotify(7) on every
 * cur/, new/ and every directory that may get a mailbox.
 */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <uv.h>

struct gw_notify;

/* Something happened in the tree; gw_notify_take() says whether it matters. */
typedef void gw_notify_cb(void *ctx);

/* root is copied.  GW_ERR_DISK, GW_ERR_NOMEM; GW_ERR_LIMIT: the system gives no more watches
 * (fs.inotify.max_user_watches, max_user_instances). */
enum gw_code gw_notify_start(uv_loop_t *loop, const char *root, gw_notify_cb *cb, void *ctx,
	struct gw_notify **out, struct gw_error *err);

/* Watches directories that came since.  As gw_notify_start(). */
enum gw_code gw_notify_extend(struct gw_notify *n, struct gw_error *err);

/* We did this ourselves: a file of a mailbox (dir: relative to the root) appeared or went. */
void gw_notify_own(
	struct gw_notify *n, const char *dir, const char *name, bool in_new, bool appeared);

enum gw_change {
	GW_CHANGE_NONE,
	GW_CHANGE_FILES, /* of mailboxes that were there */
	GW_CHANGE_TREE,  /* directories, or it is not known what */
};

/* What was changed since the last call that was not our own?  What was our own is forgotten.
 * Between syncs only: during one its own changes are not all told yet. */
enum gw_change gw_notify_take(struct gw_notify *n);

/* NULL is accepted. */
void gw_notify_free(struct gw_notify *n);
