/* plan/guard.h - deletions that look like an accident are held back: a pure function.
 *
 * Too many at once, or a mailbox that is suddenly empty, is rarely what somebody wants, on either
 * side.  What is held stays in base; a person decides.  What only left a mailbox there and is kept
 * elsewhere does not count.
 */
#pragma once

#include "plan/plan.h"

enum {
	GW_GUARD_SECONDS = 600, /* what was deleted within this time counts together */
};

struct gw_guard {
	bool off;                               /* a mirror, a test, the trash */
	bool accept;                            /* carry out what an earlier run listed */
	bool restore;                           /* take it back from the other side */
	bool there_is_nothing;                  /* the server lists no message at all */
	bool here_is_nothing;                   /* nor does the Maildir */
	uint64_t mailbox_known;                 /* messages that have a file, by base */
	unsigned percent;                       /* of a mailbox; half of it of an account; 0: 20 */
	uint64_t mailbox_recent, mailbox_total; /* deleted lately; messages */
	uint64_t account_recent, account_total;
	const struct gw_seqset *held_gone; /* UIDs whose deletion an earlier run held back: gone */
	const struct gw_seqset *held_here; /* there, or here */
};

struct gw_guarded {
	uint64_t deleted;                 /* that may go, on either side */
	uint64_t held_there, held_here;   /* held back now: gone on the server, or here */
	uint64_t still_there, still_here; /* held back before, and still so */
	uint64_t restored;                /* that were held back and are taken back now */
};

/* Turns DELETE_LOCAL actions of the plan into HOLD_DELETE, or KEEP when they are taken back, and
 * DELETE_REMOTE into HOLD_REMOTE, or RETURN; those that are held already leave the plan. */
struct gw_guarded gw_guard_plan(const struct gw_guard *guard, struct gw_plan *plan);
