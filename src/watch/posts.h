/* SPDX-License-Identifier: ISC */
/* watch/posts.h - connections that IDLE on one mailbox each: those of the account's `watch` that
 * its main connection does not cover, as far as `connections` permits.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/log.h"
#include "sync/lend.h"

struct gw_posts;

/* Creates it; everything is borrowed.  changed: a mailbox changed; gw_posts_settle() marks it.
 * NULL: out of memory. */
struct gw_posts *gw_posts_new(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_log *log, struct gw_warm *warm, void (*changed)(void *ctx), void *ctx);
void gw_posts_free(struct gw_posts *p);

/* Returns the mailbox on which the main connection should idle (as on the wire, borrowed from the
 * list; NULL: none).  Call between syncs, when the list of mailboxes is available. */
const char *gw_posts_main(const struct gw_posts *p);

/* Connects where a connection is missing, and closes those no longer wanted.  Call between
 * syncs. */
void gw_posts_arrange(struct gw_posts *p);

/* Connections that are open or being opened. */
unsigned gw_posts_count(const struct gw_posts *p);

/* Counts the mailboxes of `watch` apart from the main one: those waited on, and all. */
void gw_posts_tell(const struct gw_posts *p, size_t *waited, size_t *all);

/* Marks changed mailboxes in the list. */
void gw_posts_settle(struct gw_posts *p);

/* Closes all connections: the network changed. */
void gw_posts_drop(struct gw_posts *p);
