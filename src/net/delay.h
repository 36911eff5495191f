/* net/delay.h - one call after a while, from the loop. */
#pragma once

#include "godwit/error.h"

#include <stdint.h>
#include <uv.h>

struct gw_delay;

/* cb is called once after ms, unless it is cancelled before; then *out is gone.  GW_ERR_NOMEM. */
enum gw_code gw_delay_start(
	uv_loop_t *loop, uint64_t ms, void (*cb)(void *ctx), void *ctx, struct gw_delay **out);

/* cb is not called any more.  Sets *d to NULL; NULL is accepted. */
void gw_delay_cancel(struct gw_delay **d);
