/* remote/observe_p.h - one look at a mailbox under way: what observe.c (asks, and judges what was
 * answered) and observe_take.c (takes in what comes) share.  Nobody else includes it.
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
	bool with_params, plain;
	bool select_failed, refused; /* refused: a command of this state */
	bool has_exists, asked_counts;
	bool confirms_empty; /* COUNTS is the second question */
	bool dates;          /* of what is known, too: is it another message? */
	bool another;        /* it is */
	uint32_t expunged;   /* in this state, and nobody knows which */
	unsigned searches;
	struct gw_tally tally;   /* of the answer that is coming, if it is to name all */
	struct gw_seqset named;  /* by answers that did not add up */
	struct gw_seqset untold; /* EXTRA: what is asked for */
	uint64_t untold_before;
	size_t most; /* of one command */
	struct gw_error err;
};

/* Handlers of responses; ctx is the struct observe. */
void gw_observe_on_response(void *ctx, const struct gw_response *r);

/* The same for those of a SELECT: its codes are cursors, those that come later are not. */
void gw_observe_on_select_response(void *ctx, const struct gw_response *r);

/* Ends the look of this mailbox, unless code is GW_OK. */
void gw_observe_take_failure(struct observe *ob, enum gw_code code);
