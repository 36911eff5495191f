/* SPDX-License-Identifier: ISC */
/* remote/move.h - brings messages of other mailboxes into one, on the server: UID MOVE and UID COPY
 * (RFC 6851, RFC 4315).  No body crosses the network.
 *
 * Mailbox after mailbox is selected, so afterwards the session has another one selected than
 * before.
 */
#pragma once

#include "imap/session.h"

struct gw_move;

enum gw_move_outcome {
	GW_MOVE_UNSENT,  /* nothing was asked, or the server was in no state to do it */
	GW_MOVE_LOST,    /* the session ended before an answer */
	GW_MOVE_DONE,    /* uid is its UID, of uidvalidity */
	GW_MOVE_UNNAMED, /* done; the server did not say where */
	GW_MOVE_REFUSED,
	GW_MOVE_IGNORED, /* answered OK, and it is where it was; a copy may have come all the same */
	GW_MOVE_GONE,    /* no longer in its mailbox, or that is another one now */
};

struct gw_move_item {
	const char *from; /* the message's mailbox, as on the wire */
	uint32_t from_uidvalidity, from_uid;
	bool move;                    /* else it is copied */
	uint32_t number;              /* the caller's */
	enum gw_move_outcome outcome; /* out */
	uint32_t uid, uidvalidity;    /* out */
	bool stays;                   /* out: it was to be moved, and could only be copied */
};

struct gw_move_events {
	/* Every outcome is decided.  refused: the first refusal, or NULL.  lost: the session
	 * ended, or NULL. */
	void (*done)(void *ctx, const struct gw_error *refused, const struct gw_error *lost);
	void *ctx;
};

/* items: sorted by mailbox and UID, borrowed until done, as is the name.  done comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_move_start(struct gw_session *session, const char *mailbox,
	struct gw_move_item *items, size_t count, const struct gw_move_events *events);
