/* SPDX-License-Identifier: ISC */
/* remote/append.h - sends messages to the selected mailbox: APPEND, one each, in one flight.
 *
 * The first of each shape that the server ever saw waits for its "+"; once one was accepted the others
 * go out without waiting (LITERAL+).  The caller has recorded what it is about to send.
 */
#pragma once

#include "imap/session.h"
#include "maildir/folder.h"
#include "maildir/keywords.h"

struct gw_append;

enum gw_append_outcome {
	GW_APPEND_UNSENT,  /* not a byte of it */
	GW_APPEND_LOST,    /* the session was lost before an answer */
	GW_APPEND_STORED,  /* uid is its UID, of uidvalidity */
	GW_APPEND_UNNAMED, /* stored; the server did not say where */
	GW_APPEND_REFUSED,
	GW_APPEND_GONE, /* the file is not what was seen any more */
};

struct gw_append_item {
	uint32_t local; /* the caller's */
	const char *name;
	bool in_new;
	uint64_t flags; /* that it gets */
	uint64_t size;  /* with CR LF line ends */
	time_t date;
	bool bared;   /* out: it was refused with its keywords, and went without (flags says so) */
	bool carried; /* the caller's: it goes by another way */
	uint8_t heat; /* a connection broke while it was sent: it goes alone */
	enum gw_append_outcome outcome; /* out */
	bool broke;                     /* out: the connection did, at this one */
	bool doubted;                   /* refused with a code that speaks of the server's state */
	bool counted;                   /* out: stored, and EXISTS says so */
	uint32_t uid, uidvalidity;      /* out */
};

struct gw_append_events {
	/* item->outcome was decided.  why: REFUSED, and what the server says; UNSENT, and it takes
	 * nothing at present. */
	void (*item)(void *ctx, const struct gw_append_item *item, const struct gw_error *why);
	/* Nothing more is under way.  lost: the session ended, or NULL. */
	void (*done)(void *ctx, const struct gw_error *lost);
	void *ctx;
};

/* exists: of the mailbox, if it is the one that is selected; else UINT32_MAX.  Those with heat come last.  Names, items, place and keywords are borrowed until done, which comes exactly once, later.  *out
 * NULL: nothing was sent (GW_OK: each item was decided at once), and done never comes. */
enum gw_code gw_append_start(struct gw_session *session, const char *mailbox,
	const struct gw_maildir *place, const struct gw_keywords *keywords,
	struct gw_append_item *items, size_t count, uint32_t exists,
	const struct gw_append_events *events, struct gw_append **out);

/* Notes what the server reports while it answers other commands to the same mailbox. */
void gw_append_note(struct gw_append *u, const struct gw_response *r);

/* Sends nothing more; done follows when what is under way was answered. */
void gw_append_stop(struct gw_append *u);
