/* watch/posts.h - connections that wait in IDLE on one mailbox each: those of the account's `watch`
 * that its main connection does not cover, as many as `connections` leaves room for.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/log.h"
#include "sync/lend.h"

struct gw_posts;

/* Everything is borrowed.  changed: a mailbox changed, which gw_posts_settle() marks.  NULL: out of
 * memory. */
struct gw_posts *gw_posts_new(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_log *log, struct gw_warm *warm, void (*changed)(void *ctx), void *ctx);
void gw_posts_free(struct gw_posts *p);

/* Between syncs, when the list of mailboxes is there: which of them the main connection should
 * idle on (as on the wire, borrowed from the list; NULL: none). */
const char *gw_posts_main(const struct gw_posts *p);

/* Likewise: connects to those that are missing, lets go of those that are not wanted any more. */
void gw_posts_arrange(struct gw_posts *p);

/* Connections that stand or are on their way. */
unsigned gw_posts_count(const struct gw_posts *p);

/* Of the mailboxes of `watch` beside the main one, how many are waited for, and how many there
 * are. */
void gw_posts_tell(const struct gw_posts *p, size_t *waited, size_t *all);

/* Marks what changed in the list of mailboxes. */
void gw_posts_settle(struct gw_posts *p);

/* Lets go of all of them: the network is another. */
void gw_posts_drop(struct gw_posts *p);
