/* SPDX-License-Identifier: ISC */
/* remote/came.h - finds out whether messages arrived in a mailbox since it had given cursors.
 *
 * By header and size, each counted as often as it arrived.  Afterwards the session has that mailbox
 * selected, and nothing else.
 */
#pragma once

#include "imap/session.h"
#include "maildir/fingerprint.h"

struct gw_came_item {
	uint8_t header[GW_HASH_BYTES];
	uint64_t size;        /* RFC822.SIZE */
	uint32_t uidvalidity; /* of the mailbox before it came; 0: not known */
	uint32_t uidnext;
	uint32_t number; /* the caller's */
	bool came;       /* out */
};

struct gw_came_options {
	struct gw_session *session;
	const char *mailbox; /* as on the wire */
	struct gw_came_item *items;
	size_t count; /* not 0 */
	/* lost: NULL, or why the session ended.  Of a mailbox that cannot be asked nothing came. */
	void (*done)(void *ctx, const struct gw_error *lost);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_came_start(const struct gw_came_options *options);
