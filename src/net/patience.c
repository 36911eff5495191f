/* SPDX-License-Identifier: ISC */
/* net/patience.c - see patience.h. */
#include "net/patience.h"

enum { DRIP_BYTES = 4096 };

void gw_patience_init(
	struct gw_patience *p, uint64_t now_ms, unsigned timeout_ms, unsigned settle_ms)
{
	*p = (struct gw_patience){ .timeout_ms = timeout_ms,
		.settle_ms = settle_ms,
		.progress_ms = now_ms,
		.window_ms = now_ms,
		.settle_by_ms = settle_ms == 0 ? 0 : now_ms + settle_ms };
}

uint64_t gw_patience_first_look(const struct gw_patience *p)
{
	return p->settle_ms != 0 && p->settle_ms < p->timeout_ms ? p->settle_ms : p->timeout_ms;
}

void gw_patience_renew(struct gw_patience *p, uint64_t now_ms, uint64_t moved)
{
	p->window_ms = now_ms;
	p->window_moved = moved;
}

void gw_patience_excuse(struct gw_patience *p, uint64_t since_ms, uint64_t now_ms, uint64_t moved)
{
	p->progress_ms = now_ms;
	gw_patience_renew(p, now_ms, moved);
	if (p->settle_by_ms != 0)
		p->settle_by_ms += now_ms - since_ms;
}

static bool is_dripping(struct gw_patience *p, uint64_t now_ms, uint64_t moved)
{
	uint64_t lately = moved - p->window_moved;

	if (now_ms - p->window_ms < (uint64_t)GW_PATIENCE_DRIP_TIMEOUTS * p->timeout_ms)
		return false;
	gw_patience_renew(p, now_ms, moved);
	return lately < DRIP_BYTES;
}

enum gw_patience_end gw_patience_look(
	struct gw_patience *p, uint64_t now_ms, uint64_t moved, bool waiting, uint64_t *next_ms)
{
	uint64_t idle = now_ms - p->progress_ms;

	*next_ms = waiting && idle < p->timeout_ms ? p->timeout_ms - idle + 1 : p->timeout_ms;
	if (!waiting) {
		p->progress_ms = now_ms;
		gw_patience_renew(p, now_ms, moved);
	} else if (idle >= p->timeout_ms) {
		return GW_PATIENCE_SILENT;
	} else if (is_dripping(p, now_ms, moved)) {
		return GW_PATIENCE_DRIPPING;
	}
	if (p->settle_by_ms != 0 && now_ms >= p->settle_by_ms)
		return GW_PATIENCE_UNREADY;
	if (p->settle_by_ms != 0 && *next_ms > p->settle_by_ms - now_ms)
		*next_ms = p->settle_by_ms - now_ms;
	return GW_PATIENCE_HOLDS;
}
