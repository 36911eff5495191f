/* SPDX-License-Identifier: ISC */
/* remote/observe_p.h - one look at a mailbox under way: what observe.c (judges what was
 * answered), observe_ask.c (asks) and observe_take.c (takes in what comes) share.  Nobody else includes it.
 */
#pragma once

#include "remote/observe.h"
#include "remote/tally.h"

enum state { SELECT, COUNTS, RELIST, SEARCH, UIDS, EXTRA };
enum mode { MODE_FULL, MODE_QRESYNC, MODE_CONDSTORE, MODE_FLAGS };

struct observe {
	enum state state;
	enum mode mode;
	struct gw_observe_options o;
	struct gw_remote_view view;
	unsigned pending; /* I1 */
	char items[96];
	uint64_t selection; /* gw_session_selection() of its SELECT; 0: it is not sent yet */
	bool elsewhere;     /* another mailbox was selected behind, and more was to be asked */
	bool with_params, plain;
	bool select_failed, refused; /* refused: a command of this state */
	bool has_exists, asked_counts;
	bool confirms_empty; /* COUNTS is the second question */
	bool dates;          /* of known messages, too, in case they are others now */
	bool another;        /* a known message has become another */
	uint32_t expunged;   /* in this state, and nobody knows which */
	unsigned searches;
	struct gw_tally tally;   /* of the answer that is coming, if it is to name all */
	struct gw_seqset named;  /* by answers that did not add up */
	struct gw_seqset untold; /* EXTRA: what is asked for */
	uint64_t untold_before;
	size_t most; /* of one command */
	struct gw_error err;
};

/* --- observe_take.c -------------------------------------------------------------------------- */

/* Handlers of responses; ctx is the struct observe. */
void gw_observe_on_response(void *ctx, const struct gw_response *r);

/* Handles a response to SELECT: its codes are cursors; those that come later are not. */
void gw_observe_on_select_response(void *ctx, const struct gw_response *r);

/* Ends the look of this mailbox, unless code is GW_OK. */
void gw_observe_take_failure(struct observe *ob, enum gw_code code);

/* --- observe.c ------------------------------------------------------------------------------- */

/* Goes on once the commands of this state are all answered, or the look has failed. */
void gw_observe_evaluate(struct observe *ob);

/* --- observe_ask.c --------------------------------------------------------------------------- */

/* Chooses what is asked of messages that may be new. */
void gw_observe_choose_items(struct observe *ob);

/* Each enters its state: SELECT (with the first FETCHes behind it), COUNTS, SEARCH, RELIST, UIDS. */
enum gw_code gw_observe_begin(struct observe *ob);
void gw_observe_ask_counts(struct observe *ob);
void gw_observe_search(struct observe *ob);
void gw_observe_relist(struct observe *ob);
void gw_observe_ask_uids(struct observe *ob);

/* Asks for the messages of `untold`, ob->most of them a command. */
enum gw_code gw_observe_send_extra(struct observe *ob);

/* Any command that was not sent, also since another mailbox is selected by now, ends the look; those under way are waited for. */
void gw_observe_check_sent(struct observe *ob, enum gw_code code);
