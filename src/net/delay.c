/* SPDX-License-Identifier: ISC */
/* net/delay.c - see delay.h. */
#include "net/delay.h"

#include <stdlib.h>

struct gw_delay {
	uv_timer_t timer;
	void (*cb)(void *ctx);
	void *ctx;
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_timer(uv_timer_t *timer)
{
	struct gw_delay *d = timer->data;

	uv_close((uv_handle_t *)timer, on_closed);
	d->cb(d->ctx);
}

enum gw_code gw_delay_start(
	uv_loop_t *loop, uint64_t ms, void (*cb)(void *ctx), void *ctx, struct gw_delay **out)
{
	struct gw_delay *d = calloc(1, sizeof *d);

	*out = d;
	if (d == NULL)
		return GW_ERR_NOMEM;
	d->cb = cb;
	d->ctx = ctx;
	uv_timer_init(loop, &d->timer);
	d->timer.data = d;
	uv_timer_start(&d->timer, on_timer, ms, 0);
	return GW_OK;
}

void gw_delay_cancel(struct gw_delay **d)
{
	if (*d != NULL)
		uv_close((uv_handle_t *)&(*d)->timer, on_closed);
	*d = NULL;
}
