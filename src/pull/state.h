/* SPDX-License-Identifier: ISC */
/* pull/state.h - the order of a POP3 account's run: a table, and nothing else.
 *
 * A state says what is awaited.  DRAINING follows any state of a session that was lost, and ENDING any
 * before it that fails or is stopped.
 */
#pragma once

#include <stdbool.h>

/* clang-format off */
#define PULL_STATES(STATE)                                                                            \
	STATE(OPENING,    "opening")    /* password or token */                                      \
	STATE(CONNECTING, "connecting") /* a session, signed in */                                   \
	STATE(LISTING,    "listing")    /* UIDL and LIST */                                          \
	STATE(SCANNING,   "scanning")   /* the tree: what no row knows, and what is missing */       \
	STATE(PREPARING,  "preparing")  /* the state, open for writing; the folder */                \
	STATE(LOOKING,    "looking")    /* headers */                                                \
	STATE(GETTING,    "getting")    /* messages */                                               \
	STATE(STORING,    "storing")    /* all that came is made durable, and recorded */            \
	STATE(DELETING,   "deleting")   /* there, of what is recorded */                             \
	STATE(QUITTING,   "quitting")                                                                \
	STATE(SEALING,    "sealing")    /* what QUIT did is recorded */                              \
	STATE(DRAINING,   "draining")   /* the session was lost: what came is recorded */            \
	STATE(ENDING,     "ending")     /* likewise, and no session follows */                       \
	STATE(FINISHING,  "finishing")  /* the state, closed */                                      \
	STATE(DONE,       "done")

#define PULL_ARROWS(ARROW)                                                                           \
	ARROW(OPENING,    CONNECTING)                                                                \
	ARROW(CONNECTING, OPENING)     /* the token was refused: another one */                      \
	ARROW(CONNECTING, CONNECTING)  /* what was remembered of the server is not so any more */    \
	ARROW(CONNECTING, LISTING)                                                                   \
	ARROW(LISTING,    SCANNING)                                                                  \
	ARROW(LISTING,    PREPARING)                                                                 \
	ARROW(LISTING,    LOOKING)     /* verify, which changes nothing */                           \
	ARROW(LISTING,    QUITTING)    /* there is nothing to do */                                  \
	ARROW(SCANNING,   PREPARING)                                                                 \
	ARROW(SCANNING,   LOOKING)                                                                   \
	ARROW(SCANNING,   QUITTING)                                                                  \
	ARROW(PREPARING,  LOOKING)                                                                   \
	ARROW(LOOKING,    GETTING)                                                                   \
	ARROW(LOOKING,    QUITTING)                                                                  \
	ARROW(GETTING,    STORING)                                                                   \
	ARROW(STORING,    DELETING)                                                                  \
	ARROW(DELETING,   QUITTING)                                                                  \
	ARROW(QUITTING,   SEALING)                                                                   \
	ARROW(SEALING,    CONNECTING)  /* there is more */                                           \
	ARROW(SEALING,    ENDING)                                                                    \
	ARROW(DRAINING,   CONNECTING)                                                                \
	ARROW(DRAINING,   ENDING)                                                                    \
	ARROW(ENDING,     FINISHING)                                                                 \
	ARROW(FINISHING,  DONE)
/* clang-format on */

enum pull_state {
#define PULL_STATE(state, name) PULL_##state,
	PULL_STATES(PULL_STATE)
#undef PULL_STATE
};

/* True if the table leads from one to the other. */
bool gw_pull_may_follow(enum pull_state from, enum pull_state to);

const char *gw_pull_state_name(enum pull_state state);
