/* SPDX-License-Identifier: ISC */
/* net/wake_portable.c - see wake_p.h.
 *
 * A look now and then.  The wall clock and the monotonic one drift apart when the machine sleeps or its
 * clock is set; where the monotonic one goes on in the sleep, it was long until this look.  The network
 * is looked at each time.
 */
#include "net/wake_p.h"

#include <stdlib.h>
#include <time.h>

enum { LOOK_MS = 10000, DRIFT_MS = 2000, LATE_MS = 60000 };

struct gw_wake_source {
	uv_timer_t timer;
	int64_t wall, monotonic; /* ms, at the last look */
	gw_wake_told *told;
	void *ctx;
};

static int64_t read_clock(clockid_t which)
{
	struct timespec t = { 0 };

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_look(uv_timer_t *timer)
{
	struct gw_wake_source *s = timer->data;
	int64_t wall = read_clock(CLOCK_REALTIME), monotonic = read_clock(CLOCK_MONOTONIC);
	int64_t passed = monotonic - s->monotonic, drift = wall - s->wall - passed;

	s->wall = wall;
	s->monotonic = monotonic;
	s->told(s->ctx, drift > DRIFT_MS || drift < -DRIFT_MS || passed > LOOK_MS + LATE_MS);
}

struct gw_wake_source *gw_wake_source_start(uv_loop_t *loop, gw_wake_told *told, void *ctx)
{
	struct gw_wake_source *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->told = told;
	s->ctx = ctx;
	s->wall = read_clock(CLOCK_REALTIME);
	s->monotonic = read_clock(CLOCK_MONOTONIC);
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	uv_timer_start(&s->timer, on_look, LOOK_MS, LOOK_MS);
	return s;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void gw_wake_source_stop(struct gw_wake_source *s)
{
	if (s != NULL)
		uv_close((uv_handle_t *)&s->timer, on_closed);
}
