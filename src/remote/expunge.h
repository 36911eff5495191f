/* SPDX-License-Identifier: ISC */
/* remote/expunge.h - takes messages out of the selected mailbox on the server, for good or to the
 * trash.
 *
 * Or into all mail: where a mailbox is a label (Gmail), that takes only the label off.  Where all
 * mail is out of sight, \Deleted and EXPUNGE do that, too; but the last label that is in sight may
 * take the message along, for ever if its owner has set that.  So the server is asked which others
 * it has, right before, and each time: one may have gone since anybody looked.
 *
 * Only what was named here goes: UID EXPUNGE where there is UIDPLUS (RFC 4315); without it EXPUNGE,
 * and that only when no other client's \Deleted would go along.
 */
#pragma once

#include "imap/session.h"

struct gw_expunge;

enum gw_expunge_outcome {
	GW_EXPUNGE_UNSENT,
	GW_EXPUNGE_LOST, /* the session ended before an answer */
	GW_EXPUNGE_DONE,
	GW_EXPUNGE_CHANGED, /* changed there meanwhile, or gone: the next look decides */
	GW_EXPUNGE_LEFT,    /* marked \Deleted, and standing: others' marks would have gone too */
	GW_EXPUNGE_REFUSED,
	GW_EXPUNGE_KEPT, /* nothing was done: it would have gone for good, and need not */
};

enum gw_expunge_to {
	GW_EXPUNGE_FOR_GOOD,
	GW_EXPUNGE_TO_TRASH,
	GW_EXPUNGE_TO_ALL,
	GW_EXPUNGE_NOWHERE, /* there is no place to put it: GW_EXPUNGE_KEPT */
};

struct gw_expunge_item {
	uint32_t uid;
	enum gw_expunge_to to;
	/* Our own command changed it meanwhile, on a server that counts labels as changes. */
	bool unguarded;
	enum gw_expunge_outcome outcome; /* out */
};

struct gw_expunge_options {
	struct gw_session *session;
	const char *trash; /* as on the wire; NULL: none */
	bool make_trash;   /* the trash must be created first */
	const char *all;   /* as on the wire; NULL: nothing is for All Mail */
	/* Messages changed after this stay (RFC 7162 UNCHANGEDSINCE); 0: unknown. */
	uint64_t highestmodseq;
	/* True if this label, as in X-GM-LABELS, is a mailbox in sight.  Member NULL: the mailbox
	 * is no label. */
	bool (*in_sight)(void *ctx, struct gw_slice label);
	struct gw_expunge_item *items; /* sorted by uid */
	size_t count;
	/* Every outcome is decided.  refused, lost: NULL, or why. */
	void (*done)(void *ctx, const struct gw_error *refused, const struct gw_error *lost);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_expunge_start(const struct gw_expunge_options *options);
