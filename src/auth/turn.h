/* auth/turn.h - commands that may ask a person run one after another: two prompts on one terminal,
 * or two windows of one keyring, cannot be told apart. */
#pragma once

#include "godwit/error.h"

#include <uv.h>

struct gw_turn;

/* what: who waits for what, for people; copied.  cb is called once, from the loop, when it is its turn.  *out
 * is the caller's until gw_turn_end(). */
enum gw_code gw_turn_take(uv_loop_t *loop, const char *what, void (*cb)(void *ctx), void *ctx,
	struct gw_turn **out, struct gw_error *err);
/* It is over, well or not, or not wanted any more (then cb is not called); the next begins.  Sets *turn to
 * NULL. */
void gw_turn_end(struct gw_turn **turn, bool well);
