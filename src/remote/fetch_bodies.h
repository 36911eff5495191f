/* SPDX-License-Identifier: ISC */
/* remote/fetch_bodies.h - fetches the bodies of one mailbox, newest first, several windows in flight; big
 * ones at the end, in pieces, so that an interrupted one can be resumed (fetch_pieces.h).
 *
 * A UID that the server does not deliver never stops the rest: a refused window is halved until
 * that one is found; a UID that an OK left out is asked for again, alone, and so is one of which
 * nothing came, or much less than announced.  What was not asked for is ignored.  What broke a
 * connection before (heat; plan/isolate.h) comes last, with nothing behind it, or on trial: first,
 * alone.
 */
#pragma once

#include "imap/session.h"
#include "maildir/deliver.h"

#define GW_FETCH_BODIES_BROKE "the connection broke each time it was asked for"

struct gw_fetch_bodies;

struct gw_fetch_bodies_item {
	uint32_t uid;
	uint32_t size;  /* as listed; 0: not told */
	uint64_t flags; /* as listed */
	uint32_t local; /* a file that may be the same message (plan/plan.h), or GW_NO_LOCAL */
	bool done;
	bool asked, asked_again; /* internal: in a window; after less arrived than announced */
	const char *reason;      /* internal: why nothing of what came was accepted */
	bool big;                /* internal: fetched in pieces */
	uint8_t heat;            /* how often a connection broke while it was asked for */
	bool on_trial;           /* one did that had nothing else on it: it comes first, alone */
	bool doubted; /* refused with a code that speaks of the server's state (imap/refusal.h) */
	bool recent;  /* the caller's: another mailbox gets it in this run, too */
	bool copied;  /* the caller's: a copy that we made on the server */
};

struct gw_fetch_bodies_events {
	/* A whole message; file is the callee's. */
	void (*message)(void *ctx, const struct gw_fetch_bodies_item *item,
		const struct gw_fetch *fetch, struct gw_delivered *file);
	void (*bytes)(void *ctx, size_t n); /* of bodies, as they come */
	/* The server will not give it. */
	void (*unfetchable)(void *ctx, const struct gw_fetch_bodies_item *item, const char *reason);
	/* The server delivers no bodies at all at present: the rest waits for another run. */
	void (*unavailable)(void *ctx, const struct gw_error *why);
	/* The connection broke while [lo, hi] were asked for, the first of which did not come; done()
	 * follows.  asked: as one command.  alone: none had come before. */
	void (*broke)(void *ctx, uint32_t lo, uint32_t hi, size_t asked, bool alone);
	/* True if, by what has arrived meanwhile, a connection certainly breaks at this item. */
	bool (*is_culprit)(void *ctx, const struct gw_fetch_bodies_item *item);
	/* Everything that will ever be asked for has been asked for: the connection may take the
	 * next SELECT behind it.  Later trouble then ends in done() with complete false.  Not where
	 * gw_fetch_bodies_is_drained() has said so. */
	void (*drained)(void *ctx);
	/* complete: the server reported every item, or no longer has it.  err: the session or the
	 * local disk is lost. */
	void (*done)(void *ctx, bool complete, const struct gw_error *err);
	void *ctx;
};

/* Starts a download.  max_message: the largest message in bytes, 0: no limit.  per_command:
 * messages per command; 0: the server has no known limit.  items: sorted by uid, borrowed until
 * done, as are place and key (see gw_name_of_uid()).  done is called exactly once, later.
 * GW_ERR_NOMEM: never. */
enum gw_code gw_fetch_bodies_start(struct gw_session *session, const struct gw_maildir *place,
	const char *key, struct gw_fetch_bodies_item *items, size_t count, uint64_t max_message,
	size_t per_command, const struct gw_fetch_bodies_events *events,
	struct gw_fetch_bodies **out);

/* Tells the download that another mailbox was selected behind it: nothing more may be asked. */
void gw_fetch_bodies_supersede(struct gw_fetch_bodies *d);

/* Was all of it asked for at once?  (See drained.) */
bool gw_fetch_bodies_is_drained(struct gw_fetch_bodies *d);

/* The SELECT before it, whose answer was not waited for, failed or showed another mailbox: what comes
 * means nothing.  done follows, incomplete. */
void gw_fetch_bodies_reject(struct gw_fetch_bodies *d);

/* Asks for nothing more; done follows when what is in flight was answered. */
void gw_fetch_bodies_stop(struct gw_fetch_bodies *d);
