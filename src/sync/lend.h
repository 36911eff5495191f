/* SPDX-License-Identifier: ISC */
/* sync/lend.h - what a watcher lends to its syncs, one after another: a signed-in connection and
 * its credentials; and what the syncs report to it.
 */
#pragma once

#include "base/sasl.h"
#include "imap/session.h"
#include "net/tls.h"
#include "remote/folders.h"

/* The watcher's own.  Between syncs its members belong to it, during one to the sync. */
struct gw_warm {
	struct gw_tls_ctx *tls;     /* owned; NULL: the next sync makes it */
	struct gw_sasl *sasl;       /* referenced; likewise */
	struct gw_session *session; /* owned; NULL: the next sync connects, and leaves one here if
				     * all went well.  No command is under way on it then. */
	gw_session_cb *lost;        /* gets the session's events while nobody borrows it */
	struct gw_folders folders;  /* owned; as the last sync left them: of each mailbox that it
				     * brought in step, the counts that are known here */
	unsigned others;            /* connections to this account that the watcher keeps besides */
	unsigned login_delay; /* seconds that the server wants between two sessions (POP3); 0 */
	bool list_holds; /* the watcher heard all that changed in `folders` since, and marked it: a
			  * sync on this session need not ask for them */

	/* A file of a mailbox (dir: relative to the root) was put in place, or taken away, by us.
	 */
	void (*wrote)(void *ctx, const char *dir, const char *name, bool in_new, bool appeared);
	void *ctx;
};

struct gw_account;

/* How a connection for the account is opened; everything is borrowed. */
struct gw_session_options gw_session_options_of(const struct gw_account *account,
	struct gw_tls_ctx *tls, struct gw_sasl *sasl, const char *remembered_caps);

/* Gives up what it holds. */
void gw_warm_deinit(struct gw_warm *w);
