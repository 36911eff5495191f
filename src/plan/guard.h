/* SPDX-License-Identifier: ISC */
/* plan/guard.h - deletions that look like an accident are held back: a pure function.
 *
 * Too many at once, or a mailbox that is suddenly empty, is rarely what somebody wants, on either
 * side.  What is held stays in base; a person decides.  What only left a mailbox there and is kept
 * elsewhere does not count.
 */
#pragma once

#include "plan/plan.h"

enum {
	GW_GUARD_SECONDS = 600, /* deletions within this time count together */
	GW_GUARD_DAY = 86400,   /* and within this one, against half a mailbox */
};

struct gw_guard {
	bool off;               /* a mirror, a test, the trash */
	bool accept;            /* carry out what an earlier run listed */
	bool restore;           /* take it back from the other side */
	bool there_is_nothing;  /* the server lists no message at all */
	bool here_is_nothing;   /* nor does the Maildir */
	bool lacks_files;       /* a directory was missing: absence here proves nothing */
	uint64_t mailbox_known; /* messages that have a file, by base */
	unsigned percent;       /* of a mailbox; half of it of an account; 0: 20 */
	uint64_t mailbox_recent, mailbox_total; /* deleted lately; messages */
	uint64_t account_recent, account_total;
	uint64_t mailbox_day, account_day; /* deleted within a day */
	const struct gw_seqset *held_gone; /* UIDs whose deletion an earlier run held back: gone */
	const struct gw_seqset *held_here; /* there, or here */
};

struct gw_guarded {
	uint64_t deleted;                 /* deletions allowed, on either side */
	uint64_t held_there, held_here;   /* held back now: gone on the server, or here */
	uint64_t still_there, still_here; /* held back before, and still so */
	uint64_t restored;                /* deletions held back and now reverted */
};

/* Turns DELETE_LOCAL actions of the plan into HOLD_DELETE, or KEEP when they are taken back, and
 * DELETE_REMOTE into HOLD_REMOTE, or RETURN; those that are held already leave the plan.  Where files are
 * lacking, what has none is fetched again, whatever else is said of deletions. */
struct gw_guarded gw_guard_plan(const struct gw_guard *guard, struct gw_plan *plan);

/* Uploads: mail that nobody knows, and a lot of it, may be another account's, or another tree's. */
struct gw_append_guard {
	bool off;
	bool strange; /* a new UIDVALIDITY, or the state was lost: what is recognised tells */
	bool in_step; /* the account was in step with this tree before */
	uint64_t recognised;              /* messages of the mailbox that both sides have */
	uint64_t account_so_far;          /* uploads of other mailboxes in this run */
	uint64_t account_total;           /* messages that base knows */
	const struct gw_local_msg *local; /* the mailbox's files */
};

/* Turns the plan's UPLOADs of files that base never knew into HOLD_UPLOADs if they are too many;
 * how many were. */
uint64_t gw_guard_uploads(const struct gw_append_guard *guard, struct gw_plan *plan);

/* Counts the plan's UPLOADs of files that base never knew and nobody accepted. */
uint64_t gw_guard_unknown(const struct gw_append_guard *guard, const struct gw_plan *plan);
