/* SPDX-License-Identifier: ISC */
/* cli/deadline.h - the end that `godwit sync --deadline` sets to a run.
 *
 * A run is asked to leave when its time is over: it finishes the batch at hand.  A line that is slow or
 * dead may take long over that; after a tenth of the time again it is left as it is, which loses nothing.
 */
#pragma once

#include "godwit/sync.h"

#include <stddef.h>
#include <uv.h>

struct deadline {
	uv_timer_t timer;
	uint64_t ms;
	enum { DEADLINE_AHEAD, DEADLINE_PASSED, DEADLINE_OVERRUN } state;
	void (*passed)(void *ctx);  /* asks all that runs to leave */
	void (*overrun)(void *ctx); /* leaves */
	void *ctx;
};

/* Starts the timer; set passed, overrun and ctx before.  Keeps no loop alive. */
void deadline_start(struct deadline *d, uv_loop_t *loop, uint64_t seconds);
void deadline_end(struct deadline *d);

/* Says what a run that ran out of time has done, and what it has not. */
void deadline_words(const struct gw_sync_counts *c, char *out, size_t size);
