/* SPDX-License-Identifier: ISC */
/* mailbox/state.h - the order of one mailbox's run: a table, and nothing else.
 *
 * A state says what is awaited.  When that has come, gw_box_after() says what is next: of the arrows
 * that leave the state the first whose target has something to do, or else the last one.
 *
 * Two states stand outside the table.  What awaits the server is entered by way of SELECTING where the
 * mailbox is not selected any more, and by way of READY_AGAIN and SELECTING where its connection was
 * given up; without SELECTING if it selects something itself.  DONE follows any state that fails.
 */
#pragma once

#include <stdbool.h>

enum gw_box_awaits {
	GW_AWAITS_DISK,
	GW_AWAITS_SERVER,
	GW_AWAITS_ACCOUNT, /* which calls a function of box.h */
	GW_AWAITS_TIMER,
	GW_AWAITS_NOTHING,
};

/* clang-format off */
#define GW_BOX_STATES(STATE)                                                                           \
	/* look: what does each side say? */                                                           \
	STATE(LOOKING,           DISK,    "looking")           /* the directory, and the rows */       \
	STATE(READY,             ACCOUNT, "ready")             /* a connection */                      \
	STATE(OBSERVING,         SERVER,  "observing")         /* SELECT, and what changed */          \
	STATE(HEADS_OF_ALL,      SERVER,  "heads of all")      /* UIDs were given anew */              \
	STATE(LOOKING_AT_PRINTS, DISK,    "looking at prints") /* those of the rows */                 \
	STATE(REKEYING,          DISK,    "rekeying")          /* rows get their new UIDs */           \
	STATE(LOOKING_AGAIN,     DISK,    "looking again")                                             \
	STATE(PAIRING,           SERVER,  "pairing")           /* new on both sides: is it the same? */\
	STATE(WAITING,           TIMER,   "waiting")           /* an upload may still arrive */        \
	STATE(VERIFYING,         DISK,    "verifying")                                                 \
	STATE(VERIFYING_BODIES,  SERVER,  "verifying bodies")                                          \
	/* judge: the account does, for all mailboxes at once */                                       \
	STATE(PLANNED,           ACCOUNT, "planned")                                                   \
	STATE(CONFIRMING,        DISK,    "confirming")        /* is it really gone here? */           \
	STATE(HEADS_FOR_MOVES,   SERVER,  "heads for moves")   /* did it come from elsewhere? */       \
	STATE(ASKING_ALL,        SERVER,  "asking all")        /* is it only hidden there? */          \
	STATE(SIFTING,           DISK,    "sifting")           /* is it archived? */                   \
	/* act: what is created, then flags */                                                         \
	STATE(COPYING,           DISK,    "copying")           /* what another mailbox has */          \
	STATE(DOWNLOADING,       SERVER,  "downloading")                                               \
	STATE(AWAITING,          ACCOUNT, "awaiting")          /* what other mailboxes fetch */        \
	STATE(FINDING_COPIES,    DISK,    "finding copies")    /* rows of what is to be uploaded */    \
	STATE(READING_MSGIDS,    DISK,    "reading Message-IDs")                                       \
	STATE(SEEKING,           SERVER,  "seeking")           /* does all mail have it? */            \
	STATE(ANNOUNCING,        DISK,    "announcing")        /* what is about to be sent */          \
	STATE(CARRYING,          SERVER,  "carrying")          /* MOVE and COPY */                     \
	STATE(UPLOADING,         SERVER,  "uploading")         /* and flags, ahead of that */          \
	STATE(FLUSHING,          DISK,    "flushing")          /* before the server is told */         \
	STATE(PUSHING,           SERVER,  "pushing")           /* flags */                             \
	STATE(RELABELLING,       SERVER,  "changing labels")   /* of what left this mailbox there */   \
	STATE(CREATED,           ACCOUNT, "created")           /* until all mailboxes are */           \
	/* act: what goes */                                                                           \
	STATE(FINDING_SIBLINGS,  DISK,    "finding siblings")  /* in which mailboxes does it stay? */  \
	STATE(ASKING_TRASH,      SERVER,  "asking the trash")  /* how far is it, before? */            \
	STATE(FLUSHING_ALL,      DISK,    "flushing all")      /* before anything is removed */        \
	STATE(LOOKING_INTO_TRASH, SERVER, "looking into the trash") /* did it come there before? */    \
	STATE(REMOVING,          SERVER,  "removing")                                                  \
	/* commit */                                                                                   \
	STATE(COMMITTING,        DISK,    "committing")        /* the cursor, last */                  \
	STATE(READY_AGAIN,       ACCOUNT, "ready again")                                               \
	STATE(SELECTING,         SERVER,  "selecting")                                                 \
	STATE(DONE,              NOTHING, "done")

#define GW_BOX_ARROWS(ARROW)                                                                           \
	ARROW(LOOKING, COMMITTING)       /* nothing changed on either side: the stamps only */         \
	ARROW(LOOKING, OBSERVING)        /* a dry run, of a mailbox that is yet to be made */          \
	ARROW(LOOKING, READY)                                                                          \
	ARROW(READY, OBSERVING)                                                                        \
	ARROW(OBSERVING, VERIFYING)                                                                    \
	ARROW(OBSERVING, HEADS_OF_ALL)                                                                 \
	ARROW(OBSERVING, PAIRING)                                                                      \
	ARROW(OBSERVING, PLANNED)                                                                      \
	ARROW(HEADS_OF_ALL, LOOKING_AT_PRINTS)                                                         \
	ARROW(LOOKING_AT_PRINTS, REKEYING)                                                             \
	ARROW(REKEYING, LOOKING_AGAIN)   /* but in a dry run, whose state stays as it is */            \
	ARROW(REKEYING, PAIRING)                                                                       \
	ARROW(REKEYING, PLANNED)                                                                       \
	ARROW(LOOKING_AGAIN, PAIRING)                                                                  \
	ARROW(LOOKING_AGAIN, PLANNED)                                                                  \
	ARROW(PAIRING, WAITING)                                                                        \
	ARROW(PAIRING, PLANNED)                                                                        \
	ARROW(WAITING, DONE)             /* and once more from the start */                            \
	ARROW(VERIFYING, VERIFYING_BODIES)                                                             \
	ARROW(VERIFYING, COMMITTING)                                                                   \
	ARROW(VERIFYING_BODIES, COMMITTING)                                                            \
	ARROW(PLANNED, CONFIRMING)       /* as the account asks */                                     \
	ARROW(PLANNED, HEADS_FOR_MOVES)                                                                \
	ARROW(PLANNED, ASKING_ALL)                                                                     \
	ARROW(PLANNED, SIFTING)                                                                        \
	ARROW(PLANNED, COPYING)                                                                        \
	ARROW(CONFIRMING, PLANNED)                                                                     \
	ARROW(HEADS_FOR_MOVES, PLANNED)                                                                \
	ARROW(ASKING_ALL, PLANNED)                                                                     \
	ARROW(SIFTING, PLANNED)                                                                        \
	ARROW(COPYING, DOWNLOADING)                                                                    \
	ARROW(COPYING, AWAITING)                                                                       \
	ARROW(COPYING, FINDING_COPIES)                                                                 \
	ARROW(COPYING, READING_MSGIDS)                                                                 \
	ARROW(COPYING, ANNOUNCING)                                                                     \
	ARROW(COPYING, FLUSHING)                                                                       \
	ARROW(COPYING, CREATED)                                                                        \
	ARROW(DOWNLOADING, AWAITING)                                                                   \
	ARROW(DOWNLOADING, FINDING_COPIES)                                                             \
	ARROW(DOWNLOADING, READING_MSGIDS)                                                             \
	ARROW(DOWNLOADING, ANNOUNCING)                                                                 \
	ARROW(DOWNLOADING, FLUSHING)                                                                   \
	ARROW(DOWNLOADING, CREATED)                                                                    \
	ARROW(AWAITING, COPYING)                                                                       \
	ARROW(FINDING_COPIES, READING_MSGIDS)                                                          \
	ARROW(FINDING_COPIES, ANNOUNCING)                                                              \
	ARROW(FINDING_COPIES, FLUSHING)                                                                \
	ARROW(FINDING_COPIES, CREATED)                                                                 \
	ARROW(READING_MSGIDS, SEEKING)                                                                 \
	ARROW(READING_MSGIDS, ANNOUNCING)                                                              \
	ARROW(READING_MSGIDS, FLUSHING)                                                                \
	ARROW(READING_MSGIDS, CREATED)                                                                 \
	ARROW(SEEKING, ANNOUNCING)                                                                     \
	ARROW(SEEKING, FLUSHING)                                                                       \
	ARROW(SEEKING, CREATED)                                                                        \
	ARROW(ANNOUNCING, CARRYING)                                                                    \
	ARROW(ANNOUNCING, UPLOADING)                                                                   \
	ARROW(CARRYING, UPLOADING)                                                                     \
	ARROW(CARRYING, FLUSHING)                                                                      \
	ARROW(CARRYING, CREATED)                                                                       \
	ARROW(UPLOADING, FLUSHING)                                                                     \
	ARROW(UPLOADING, CREATED)                                                                      \
	ARROW(FLUSHING, PUSHING)                                                                       \
	ARROW(FLUSHING, RELABELLING)                                                                   \
	ARROW(PUSHING, RELABELLING)                                                                    \
	ARROW(PUSHING, CREATED)                                                                        \
	ARROW(RELABELLING, CREATED)                                                                    \
	ARROW(CREATED, FINDING_SIBLINGS)                                                               \
	ARROW(CREATED, ASKING_TRASH)                                                                   \
	ARROW(CREATED, FLUSHING_ALL)                                                                   \
	ARROW(CREATED, COMMITTING)                                                                     \
	ARROW(FINDING_SIBLINGS, ASKING_TRASH)                                                          \
	ARROW(FINDING_SIBLINGS, FLUSHING_ALL)                                                          \
	ARROW(ASKING_TRASH, FLUSHING_ALL)                                                              \
	ARROW(FLUSHING_ALL, LOOKING_INTO_TRASH)                                                        \
	ARROW(FLUSHING_ALL, REMOVING)                                                                  \
	ARROW(LOOKING_INTO_TRASH, REMOVING)                                                            \
	ARROW(REMOVING, COMMITTING)                                                                    \
	ARROW(COMMITTING, DONE)
/* clang-format on */

enum gw_box_state {
#define GW_BOX_STATE(state, awaits, name) BOX_##state,
	GW_BOX_STATES(GW_BOX_STATE)
#undef GW_BOX_STATE
		BOX_STATES, /* how many */
};

/* True if `to` has something to do, coming from `from`.  Asked in the order of the arrows, until
 * one has. */
typedef bool gw_box_needs(void *ctx, enum gw_box_state from, enum gw_box_state to);

/* Returns the next state once what `state` awaits has come; DONE follows itself. */
enum gw_box_state gw_box_after(enum gw_box_state state, gw_box_needs *needs, void *ctx);

/* True if the table, or what stands outside of it, leads from one to the other. */
bool gw_box_may_follow(enum gw_box_state from, enum gw_box_state to);

enum gw_box_awaits gw_box_awaits(enum gw_box_state state);

/* True if the state is entered by way of a connection on which the mailbox is selected. */
bool gw_box_wants_session(enum gw_box_state state);

/* True if any connection will do: the state begins with a SELECT of its own. */
bool gw_box_selects_itself(enum gw_box_state state);

/* Returns a state's name, for the trace. */
const char *gw_box_state_name(enum gw_box_state state);
