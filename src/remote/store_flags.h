/* SPDX-License-Identifier: ISC */
/* remote/store_flags.h - tells the selected mailbox of changed flags: UID STORE, grouped, in few
 * commands.
 *
 * Only deltas (+FLAGS.SILENT, -FLAGS.SILENT; X-GM-LABELS for labels) are sent, all in one flight, and
 * behind them the question for the flags as they are then: OK is no proof, a server may store nothing, or
 * a part (RFC 9051 7.1, PERMANENTFLAGS).
 */
#pragma once

#include "imap/session.h"
#include "maildir/keywords.h"

struct gw_store_flags;

struct gw_store_flags_item {
	uint32_t uid;
	uint64_t has;     /* the server's flags; out: with what it took */
	uint64_t gets;    /* their new values */
	uint64_t taken;   /* out: the bits that it took */
	bool refused;     /* out: not all of it was taken */
	uint64_t denied;  /* out: the bits that it refused, ... */
	bool passes;      /* ... for the state that it is in */
	uint64_t unkept;  /* out: keywords that were refused for good, or taken and not kept */
	uint64_t ignored; /* out: other bits that were answered OK, and are not so */
	uint64_t unseen;  /* out: answered OK, but not reported for the message */

	uint64_t there; /* internal: the flags last reported, ... */
	bool shown;     /* ... if they were */
};

struct gw_store_flags_events {
	/* The flags that a FETCH brought, as bits. */
	uint64_t (*flags)(void *ctx, const struct gw_fetch *fetch);
	/* Receives what the server reports meanwhile; may be NULL. */
	void (*response)(void *ctx, const struct gw_response *r);
	/* Every command was answered.  refused: the first NO or BAD, or NULL; keyword: likewise, to a
	 * single keyword.  lost: the session
	 * ended before; what had been answered is still told in the items. */
	void (*done)(void *ctx, const struct gw_error *refused, const struct gw_error *keyword,
		const struct gw_error *lost);
	void *ctx;
};

/* labels: the bits that are labels (remote/labels.h).  items: sorted by uid; items and keywords are
 * borrowed until done, which comes exactly once, later.  It frees itself.  GW_ERR_NOMEM, or
 * GW_ERR_NET when nothing could be sent: done never comes. */
enum gw_code gw_store_flags_start(struct gw_session *session, struct gw_store_flags_item *items,
	size_t count, const struct gw_keywords *keywords, uint64_t labels,
	const struct gw_store_flags_events *events);
