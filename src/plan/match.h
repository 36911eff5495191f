/* SPDX-License-Identifier: ISC */
/* plan/match.h - finds what belongs together in several mailboxes' plans: moves and edits (join.h judges
 * what that means).  Pure.
 *
 * A message that is gone in one place and new in another was moved, and is moved on the other side
 * too, without its body crossing the network.  One that is gone and came back with other content
 * under the same Message-ID was edited: the new one is stored before the old one goes.
 */
#pragma once

#include "plan/plan.h"

enum { GW_MATCH_HASH = 16 };

/* One half: a message gone from a mailbox, or new in it. */
struct gw_half {
	uint32_t box;    /* the caller's number of the mailbox */
	uint32_t action; /* index in that mailbox's plan; of a refused one in its local view */
	uint64_t size;   /* RFC822.SIZE; used where the server's messages are compared */
	uint8_t header[GW_MATCH_HASH], body[GW_MATCH_HASH];
	uint8_t msgid[GW_MATCH_HASH]; /* zero: none */
	uint64_t name;                /* hash of its file's base name */
	uint64_t id;  /* identifies the message in all mailboxes of the server; 0: unknown */
	bool refused; /* new here, and refused by the server: what it replaces must stay */
	bool untold;  /* gone here, and perhaps there, too: nothing can be joined to that UID */
	bool trashed; /* gone there: we were about to move it to the trash */
	bool trash;   /* new there: in the trash */
	bool alone;   /* likewise: its header has no Received, and proves nothing alone */
	bool drafts;  /* in a mailbox of drafts, whose headers alone prove nothing */

	/* Not looked at by match.c, but by join.c: */
	bool unknown;  /* gone: base has no row of it; a file: it cannot be read */
	bool lettered; /* a file: its name has keyword letters */
	bool copied;   /* a file: it was moved here, and its message was to be copied there */
};

enum gw_match_kind {
	GW_MATCH_SAME,    /* in one mailbox: only the name is another */
	GW_MATCH_WAITS,   /* in one mailbox, but nobody knows whether the message is still there */
	GW_MATCH_MOVE,    /* from the gone one's mailbox to the new one's */
	GW_MATCH_EDIT,    /* the new one replaces the gone one */
	GW_MATCH_BLOCKED, /* one of the above, if the server accepted it */
};

struct gw_match {
	size_t gone, fresh; /* indices in the inputs */
	size_t there;       /* what is new there; set by gw_match_both() alone */
	enum gw_match_kind kind;
};

/* Matches what was moved here: equal full contents under the same name; all kinds but EDIT.  Uses
 * each half once.  Returns the number of matches written to out, which has room for gone_count. */
size_t gw_match_named(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out);

/* Matches what was moved here under any name. */
size_t gw_match_here(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out);

/* Matches what is gone here in one mailbox and gone there in another, under one file name: it was
 * moved and moved back, and neither side deleted it.  `fresh` of a match is an index in
 * gone_there. */
size_t gw_match_crossed(const struct gw_half *gone_here, size_t gone_here_count,
	const struct gw_half *gone_there, size_t gone_there_count, struct gw_match *out);

/* Matches what is gone on both sides, and new here and there: it was moved on both sides at once.
 * `fresh` of a match is an index in here; its kind is meaningless. */
size_t gw_match_both(const struct gw_half *gone, size_t gone_count, const struct gw_half *here,
	size_t here_count, const struct gw_half *there, size_t there_count, struct gw_match *out);

/* Matches what was edited here; EDIT and BLOCKED, or WAITS.  A Message-ID is the weakest evidence,
 * so this follows all other matching.  anywhere: includes what was edited and moved at once, while
 * the message stays unchanged (a server that merges). */
size_t gw_match_edits(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, bool anywhere, struct gw_match *out);

/* Matches what was moved there: one id, otherwise equal full header and size; only SAME and
 * MOVE. */
size_t gw_match_there(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out);
