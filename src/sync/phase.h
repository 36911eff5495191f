/* SPDX-License-Identifier: ISC */
/* sync/phase.h - the order of an account's sync: a table, and nothing else.
 *
 * ("State" is the word for what is stored of an account.)  A phase says what is awaited; DONE is behind
 * FINISHING, and ENDING follows any phase before it that fails or is stopped.
 */
#pragma once

#include <stdbool.h>

/* clang-format off */
#define GW_SYNC_PHASES(PHASE)                                                                          \
	PHASE(OPENING,   "opening")    /* password or token, and the first connection */               \
	PHASE(LISTING,   "listing")    /* the server's mailboxes */                                    \
	PHASE(SETTLING,  "settling")   /* mailboxes that came, went or were renamed; notmuch's tags */ \
	PHASE(PREPARING, "preparing")  /* the state, opened for writing; the mark, raised */           \
	PHASE(WORKING,   "working")    /* the mailboxes, each by mailbox/state.h */                    \
	PHASE(ENDING,    "ending")     /* mailboxes and batches run out */                             \
	PHASE(FINISHING, "finishing")  /* the state, closed */                                         \
	PHASE(DONE,      "done")

#define GW_SYNC_ARROWS(ARROW)                                                                          \
	ARROW(OPENING,   LISTING)                                                                      \
	ARROW(LISTING,   OPENING)    /* the connection broke over the list */                          \
	ARROW(LISTING,   SETTLING)                                                                     \
	ARROW(LISTING,   PREPARING)  /* something is to be written */                                  \
	ARROW(LISTING,   WORKING)    /* there is nothing to do, or it is a dry run */                  \
	ARROW(SETTLING,  SETTLING)   /* mailboxes, then tags */                                        \
	ARROW(SETTLING,  LISTING)    /* to see what was made or renamed */                      \
	ARROW(SETTLING,  PREPARING)                                                                    \
	ARROW(SETTLING,  WORKING)                                                                      \
	ARROW(PREPARING, WORKING)                                                                      \
	ARROW(WORKING,   ENDING)                                                                       \
	ARROW(ENDING,    FINISHING)                                                                    \
	ARROW(FINISHING, DONE)
/* clang-format on */

enum gw_sync_phase {
#define GW_SYNC_PHASE(phase, name) SYNC_##phase,
	GW_SYNC_PHASES(GW_SYNC_PHASE)
#undef GW_SYNC_PHASE
		SYNC_PHASES, /* how many */
};

/* True if the table leads from one to the other. */
bool gw_sync_may_follow(enum gw_sync_phase from, enum gw_sync_phase to);

/* Returns a phase's name, for the trace. */
const char *gw_sync_phase_name(enum gw_sync_phase phase);
