/* sync/warm.h - what a watcher lends to its syncs, one after another: a connection that is signed
 * in, and what that took; and what it is told of them.
 */
#pragma once

#include "base/sasl.h"
#include "imap/session.h"
#include "net/tls.h"

/* The watcher's own.  Between syncs its members belong to it, during one to the sync. */
struct gw_warm {
	struct gw_tls_ctx *tls;     /* owned; NULL: the next sync makes it */
	struct gw_sasl *sasl;       /* owned; likewise */
	struct gw_session *session; /* owned; NULL: the next sync connects, and leaves one here if
				     * all went well.  No command is under way on it then. */
	gw_session_cb *lost;        /* gets the session's events while nobody borrows it */

	/* A file of a mailbox (dir: relative to the root) was put in place, or taken away, by us.
	 */
	void (*wrote)(void *ctx, const char *dir, const char *name, bool in_new, bool appeared);
	/* As a sync ends, of each mailbox: what its cursors say of the server's. */
	void (*settled)(void *ctx, const char *wire, uint32_t messages, uint32_t uidnext,
		uint64_t highestmodseq);
	void *ctx;
};

/* Gives up what it holds. */
void gw_warm_deinit(struct gw_warm *w);
