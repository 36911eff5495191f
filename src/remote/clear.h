/* SPDX-License-Identifier: ISC */
/* remote/clear.h - takes what base knows out of a mailbox on the server that is about to be deleted.
 *
 * Mail that was never here keeps the mailbox, and so does mail that was changed there, beyond having
 * been read: the mailbox is deleted only if it holds nothing but what base knows, unchanged.
 *
 *   SELECT --> UID FETCH all flags --> remove what is there (expunge.h) --> SELECT once more --> UNSELECT (or
 *   EXAMINE INBOX)
 *
 * What goes to the trash is announced first; what an earlier run announced is looked for there (came.h),
 * and what came is only removed here.
 */
#pragma once

#include "maildir/fingerprint.h"
#include "remote/cursors.h"
#include "remote/expunge.h"

enum gw_clear_outcome {
	GW_CLEAR_EMPTY, /* nothing is in it any more, or only what may go with it */
	GW_CLEAR_FRESH, /* it holds mail that is new or changed, or that could not be removed */
	GW_CLEAR_FAILED,
};

/* What base knows of a message. */
struct gw_clear_known {
	uint64_t flags; /* there */
	uint64_t size;  /* RFC822.SIZE */
	bool hashed;
	uint8_t header[GW_HASH_BYTES];
	bool announced;                 /* an earlier run was about to move it to the trash: */
	struct gw_cursors announced_at; /* the trash as it was then */
};

struct gw_clear;

struct gw_clear_options {
	struct gw_session *session; /* nothing else goes on on it */
	const char *mailbox;        /* as on the wire */
	uint32_t uidvalidity, uidnext;
	const char *trash; /* NULL: what is known goes for good, with the mailbox */
	bool make_trash;
	/* What is known, sorted by uid.  Out: an item that was gone already is DONE, too; one that was
	 * changed, and stays, is CHANGED. */
	struct gw_expunge_item *items;
	const struct gw_clear_known *known; /* of each item */
	size_t count;
	/* These are about to go to a trash that has these cursors: store it, then call gw_clear_announced(). */
	void (*announce)(void *ctx, struct gw_clear *clear, const struct gw_expunge_item *goes,
		size_t count, struct gw_cursors trash);
	/* err: why it failed, or NULL.  A lost session is reported by the session itself. */
	void (*done)(void *ctx, enum gw_clear_outcome outcome, const struct gw_error *err);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_clear_start(const struct gw_clear_options *options);

/* err: it could not be stored; nothing is sent any more. */
void gw_clear_announced(struct gw_clear *clear, const struct gw_error *err);
