/* SPDX-License-Identifier: ISC */
/* cli/deadline.c - see deadline.h. */
#include "cli/deadline.h"

#include "cli/progress_line.h"

#include <stdio.h>

enum { GRACE_MIN_MS = 3000, GRACE_MAX_MS = 60000 };

static uint64_t grace_ms(uint64_t ms)
{
	uint64_t tenth = ms / 10;

	return tenth < GRACE_MIN_MS ? GRACE_MIN_MS : tenth > GRACE_MAX_MS ? GRACE_MAX_MS : tenth;
}

static void on_timer(uv_timer_t *timer)
{
	struct deadline *d = timer->data;

	if (d->state == DEADLINE_AHEAD) {
		d->state = DEADLINE_PASSED;
		uv_timer_start(timer, on_timer, grace_ms(d->ms), 0);
		d->passed(d->ctx);
	} else {
		d->state = DEADLINE_OVERRUN;
		d->overrun(d->ctx);
	}
}

void deadline_start(struct deadline *d, uv_loop_t *loop, uint64_t seconds)
{
	d->ms = seconds * 1000;
	d->state = DEADLINE_AHEAD;
	uv_timer_init(loop, &d->timer);
	d->timer.data = d;
	uv_timer_start(&d->timer, on_timer, d->ms, 0);
	uv_unref((uv_handle_t *)&d->timer);
}

void deadline_end(struct deadline *d)
{
	uv_close((uv_handle_t *)&d->timer, NULL);
}

static const char *messages(uint64_t n)
{
	return n == 1 ? "message" : "messages";
}

void deadline_words(const struct gw_sync_counts *c, char *out, size_t size)
{
	uint64_t come = c->to_download - c->downloaded + c->expected;
	uint64_t go = c->to_upload - c->uploaded;
	char bytes[24];
	int n;

	progress_bytes((double)c->bytes_downloaded, bytes, sizeof bytes);
	n = snprintf(out, size, "the time is over: %llu %s (%s) came",
		(unsigned long long)c->downloaded, messages(c->downloaded), bytes);
	if (come > 0 && n > 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, ", %s%llu %s still to come",
			c->expected > 0 ? "about " : "", (unsigned long long)come,
			come == 1 ? "is" : "are");
	if (go > 0 && n > 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, ", %llu %s still to be uploaded",
			(unsigned long long)go, go == 1 ? "is" : "are");
	if (come + go == 0 && n > 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, ", not all mailboxes were looked at");
	if (n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, "; the next sync goes on from there");
}
