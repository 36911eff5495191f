/* SPDX-License-Identifier: ISC */
/* remote/relabel.h - labels of messages that their mailbox does not hold any more: they are changed
 * among all mail (Gmail).
 *
 * Afterwards the session has all mail selected, and nothing else.
 */
#pragma once

#include "imap/session.h"
#include "maildir/keywords.h"

struct gw_relabel_item {
	uint64_t id;         /* X-GM-MSGID */
	uint64_t set, clear; /* labels, as bits of keywords */
	uint32_t number;     /* the caller's */
	uint32_t uid;        /* out: among all mail; 0: it is not there */
	bool taken;          /* out: it is there, and has these labels now */
};

struct gw_relabel_options {
	struct gw_session *session;
	const char *all; /* as on the wire */
	const struct gw_keywords *keywords;
	struct gw_relabel_item *items;
	size_t count; /* not 0 */
	/* lost: NULL, or why the session ended; what had been answered is still told. */
	void (*done)(void *ctx, const struct gw_error *lost);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_relabel_start(const struct gw_relabel_options *options);
