/* SPDX-License-Identifier: ISC */
/* net/delay.h - one call from the loop after a delay. */
#pragma once

#include "godwit/error.h"

#include <stdint.h>
#include <uv.h>

struct gw_delay;

/* Calls cb once after ms unless cancelled before; then *out is freed.  GW_ERR_NOMEM. */
enum gw_code gw_delay_start(
	uv_loop_t *loop, uint64_t ms, void (*cb)(void *ctx), void *ctx, struct gw_delay **out);

/* Cancels the call.  Sets *d to NULL; NULL is accepted. */
void gw_delay_cancel(struct gw_delay **d);
