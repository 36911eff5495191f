/* SPDX-License-Identifier: ISC */
/* auth/turn.h - runs commands that may ask the user one at a time: two prompts on one terminal, or
 * two windows of one keyring, cannot be told apart. */
#pragma once

#include "godwit/error.h"

#include <uv.h>

struct gw_turn;

/* Queues for a turn.  what: who waits for what, for people; copied.  cb is called once, from the
 * loop, when the turn comes.  *out is valid until gw_turn_end(). */
enum gw_code gw_turn_take(uv_loop_t *loop, const char *what, void (*cb)(void *ctx), void *ctx,
	struct gw_turn **out, struct gw_error *err);
/* Ends a turn, taken or still awaited (then cb is not called); the next begins.  well: the command
 * succeeded.  Sets *turn to NULL. */
void gw_turn_end(struct gw_turn **turn, bool well);
