/* remote/store_flags.h - tells the selected mailbox of changed flags: UID STORE, grouped, in few
 * commands.
 *
 * Only deltas (+FLAGS.SILENT, -FLAGS.SILENT; X-GM-LABELS for labels) are sent, all in one flight.
 * A server may answer OK and store nothing, or drop a keyword (RFC 9051 7.1, PERMANENTFLAGS).  So
 * the flags of a few messages are read back in the same flight.  Of many, the server tells itself
 * which it changed (RFC 7162: FETCH with MODSEQ), and only the others are read back, afterwards.  What
 * is not there is sent once more.
 */
#pragma once

#include "imap/session.h"
#include "maildir/keywords.h"

struct gw_push;

struct gw_push_item {
	uint32_t uid;
	uint64_t has;    /* the server's flags; out: with what it took */
	uint64_t gets;   /* what they are to become */
	uint64_t taken;  /* out: the bits that it took */
	bool refused;    /* out: not all of it was taken */
	uint64_t unkept; /* out: keywords that were refused for good, or taken and not kept */
	bool ignored;    /* out: some other flag was answered OK, twice, and is as it was */

	/* Its own. */
	bool told, shown; /* it was changed, by the server's word; it was read back */
	uint64_t there;   /* shown: its flags */
};

struct gw_push_events {
	/* The flags that a FETCH brought, as bits. */
	uint64_t (*flags)(void *ctx, const struct gw_fetch *fetch);
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
enum gw_code gw_push_start(struct gw_session *session, struct gw_push_item *items, size_t count,
	const struct gw_keywords *keywords, uint64_t labels, const struct gw_push_events *events);
