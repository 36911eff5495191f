/* SPDX-License-Identifier: ISC */
/* remote/changed_labels.h - which labels the messages have that changed, by the mailbox of all mail
 * (Gmail).  Afterwards the session has that selected, and nothing else.
 */
#pragma once

#include "imap/session.h"

struct gw_changed_labels_options {
	struct gw_session *session;
	const char *all; /* as on the wire */
	uint64_t since;  /* the highest MODSEQ that was seen (RFC 7162) */
	/* A label of a message that changed, as of X-GM-LABELS; borrowed. */
	void (*label)(void *ctx, struct gw_slice label);
	void (*message)(void *ctx, uint64_t id); /* its X-GM-MSGID; 0: not told */
	/* whole false: nothing is known, or not all.  lost: NULL, or why the session ended. */
	void (*done)(void *ctx, bool whole, const struct gw_error *lost);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_changed_labels_start(const struct gw_changed_labels_options *options);
