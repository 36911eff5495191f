/* SPDX-License-Identifier: ISC */
/* plan/join.h - joins what stands apart in the plans of several mailboxes: moves, edits, copies that an
 * earlier run left half done.  Pure: the whole account at once, after all evidence is in (judge.h).
 *
 * Each mailbox brings candidates: what is gone from it, files that base does not know, and what came
 * there and can be recognised.  The plans say which of them are halves: an UPLOAD is new here, a
 * DELETE_LOCAL is gone there.  Matching is match.h's; here is the order of the evidence (E4), what a
 * match means for the two plans, and what waits where a server's listings do not add up.
 *
 * The plans are changed: what a join takes care of becomes NOTHING (or RELINK, REPLACED, TAKE), so that
 * each message has one verdict.  What is to be done instead is the list of joins, in their order.
 */
#pragma once

#include "plan/evidence.h"
#include "plan/match.h"

struct gw_halves {
	struct gw_half *list; /* owned */
	size_t count, cap;
};

/* One mailbox. */
struct gw_join_box {
	struct gw_plan *plan; /* borrowed; NULL: it takes no part now */
	const struct gw_base_msg *base;
	size_t base_count;
	uint64_t storable;     /* flags that its server stores */
	bool trash;            /* deleted mail goes here */
	bool unproved;         /* its listings do not add up */
	struct gw_doubt doubt; /* owned; if so: what may stand in it */

	/* Candidates; `box` of each is the mailbox's index, `action` is that of the plan, of a file its
	 * index in the local view (by which they are sorted). */
	struct gw_halves gone, files, came;

	bool put_off; /* out: something waits for the next look, so cursors must stay */
};

enum gw_join_kind {
	GW_JOIN_RENAMED,    /* RELINK: another name for the same file, or an edit that merges */
	GW_JOIN_MOVED,      /* moved here: the message follows to `fresh` */
	GW_JOIN_EDITED,     /* REPLACED: `fresh` is stored first */
	GW_JOIN_BLOCKED,    /* moved or edited here, and the server does not take the file */
	GW_JOIN_MOVED_BACK, /* gone here and, elsewhere, gone there: as MOVED; the old row is void */
	GW_JOIN_FOLLOWS,    /* moved there: the file follows */
	GW_JOIN_TORN,       /* moved on both sides: the message at `there` goes to `fresh` */
	GW_JOIN_REUNITED,   /* moved on both sides: the file `fresh` goes to `there` */
	GW_JOIN_ORPHAN,     /* moved here, deleted there: new, with the old mailbox's letters */
	GW_JOIN_PAIRED,     /* moved to one mailbox on both sides: likewise its letters */
	GW_JOIN_COPIED,     /* its copy stands at `fresh` already: only the old one goes */
};

struct gw_join_end {
	uint32_t box,
		action; /* action GW_NO_LOCAL: a file that was refused, so nothing is planned */
};

struct gw_join {
	enum gw_join_kind kind;
	struct gw_join_end gone, fresh, there; /* there: of TORN and REUNITED */
	uint64_t flags; /* the server's, of what is gone here; of TORN: of what came there */
	uint64_t base;  /* those that both sides agreed on last, by the gone one's mailbox */
};

struct gw_joiner {
	struct gw_join_box *boxes; /* owned, with the candidates */
	size_t count;
	bool merges;   /* the server merges messages with one Message-ID (Gmail) */
	bool push;     /* nothing here is changed: no file follows */
	bool dry_run;  /* orphans are reported as new */
	bool restless; /* mail is still being moved about: nothing counts as gone */

	struct gw_join *joins; /* owned; out */
	size_t join_count, join_cap;
};

/* false: out of memory. */
bool gw_joiner_init(struct gw_joiner *j, size_t count);
void gw_joiner_deinit(struct gw_joiner *j);

/* Adds a candidate, zero but for its box and action; NULL: out of memory. */
struct gw_half *gw_halves_add(struct gw_halves *list, uint32_t box, size_t action);

/* Finds the sizes of which a message that came is worth a look at its header: `there` in any mailbox,
 * `trash` in the trash.  false: out of memory. */
bool gw_join_sizes(struct gw_joiner *j, struct gw_seqset *there, struct gw_seqset *trash);

/* Judges all of it. */
void gw_join_account(struct gw_joiner *j);

/* Lists what is gone here and was joined with nothing; out is the caller's.  false: out of memory. */
bool gw_join_left_here(struct gw_joiner *j, struct gw_halves *out);
