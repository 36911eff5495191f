/* SPDX-License-Identifier: ISC */
/* remote/fetch_pieces.h - fetches one big message in pieces, several in flight, and goes on where
 * an earlier run was cut off (RFC 9051 6.4.5, BODY.PEEK[]<offset.size>).
 */
#pragma once

#include "imap/session.h"
#include "maildir/deliver.h"

struct gw_fetch_pieces;

enum gw_fetch_pieces_outcome {
	GW_FETCH_PIECES_WHOLE,   /* the writer has it */
	GW_FETCH_PIECES_NOTHING, /* the server said OK, and sent nothing */
	GW_FETCH_PIECES_REFUSED, /* in pieces; perhaps it is given as a whole.  err: why */
	GW_FETCH_PIECES_ENDLESS, /* more came than is taken for it; err says so */
	GW_FETCH_PIECES_CUT, /* stopped, or the session (err) or the disk is lost; what came is kept */
};

struct gw_fetch_pieces_events {
	void (*bytes)(void *ctx, size_t n); /* as they come; those of an earlier run at once */
	void (*asked)(void *ctx);           /* gw_fetch_pieces_is_asked() from now on */
	/* date: INTERNALDATE; 0: not told.  err: REFUSED and CUT. */
	void (*done)(void *ctx, enum gw_fetch_pieces_outcome outcome, time_t date,
		const struct gw_error *err);
	void *ctx;
};

/* size: as announced; not to be relied on.  most: bytes that are taken.  place, key (see gw_name_of_uid()) and writer are
 * borrowed until done, which comes exactly once, later.  GW_ERR_NOMEM, GW_ERR_NET, GW_ERR_DISK:
 * never. */
enum gw_code gw_fetch_pieces_start(struct gw_session *session, const struct gw_maildir *place,
	const char *key, uint32_t uid, uint64_t size, uint64_t most, struct gw_deliver *writer,
	const struct gw_fetch_pieces_events *events, struct gw_fetch_pieces **out,
	struct gw_error *err);

/* Has all of the size announced been asked for, so that another message may be behind it?  (What comes
 * short is asked for again.) */
bool gw_fetch_pieces_is_asked(const struct gw_fetch_pieces *p);

/* Asks for nothing more; done follows with CUT when what is in flight was answered. */
void gw_fetch_pieces_stop(struct gw_fetch_pieces *p);
