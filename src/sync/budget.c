/* SPDX-License-Identifier: ISC */
/* sync/budget.c - what crosses the wire in a day, and pauses that the provider asked for;
 * part of sync_p.h.
 */
#include "sync/sync_p.h"

#include "base/text.h"

#include <stdio.h>
#include <time.h>

enum { DAY = 86400, MB = 1000000, LONG_PAUSE = 300 };

enum gw_code gw_sync_read_budget(struct gw_sync *s, struct gw_error *err)
{
	struct gw_budget *b = &s->budget;

	b->down_limit = (uint64_t)s->account->daily_download_mb * MB;
	b->up_limit = (uint64_t)s->account->daily_upload_mb * MB;
	if (s->disk.world.store == NULL || (b->down_limit == 0 && b->up_limit == 0))
		return GW_OK;
	return gw_store_day(s->disk.world.store, gw_store_today(), &b->down, &b->up, err);
}

static void take_more(uint64_t *counted, uint64_t now, uint64_t *out)
{
	*out = now > *counted ? now - *counted : 0;
	*counted += *out;
}

/* Bytes as they were before DEFLATE: a provider may count either. */
void gw_sync_take_traffic(void *ctx, uint64_t *down, uint64_t *up)
{
	struct gw_sync *s = ctx;
	uint64_t received, sent;

	*down = *up = 0;
	if (s->budget.down_limit == 0 && s->budget.up_limit == 0)
		return;
	gw_sync_wire(s, &received, &sent);
	if (received < s->counts.bytes_downloaded)
		received = s->counts.bytes_downloaded;
	if (sent < s->counts.bytes_uploaded)
		sent = s->counts.bytes_uploaded;
	take_more(&s->counted_down, received, down);
	take_more(&s->counted_up, sent, up);
}

void gw_sync_note_overhead(struct gw_sync *s)
{
	uint64_t received, sent;

	if (s->budget.down_limit == 0)
		return;
	gw_sync_wire(s, &received, &sent);
	s->budget.overhead =
		received > s->counts.bytes_downloaded ? received - s->counts.bytes_downloaded : 0;
}

void gw_sync_tell_postponed(struct gw_sync *s)
{
	struct gw_error err = { 0 };
	char when[GW_LOCAL_TIME];

	if (s->budget.postponed == 0 || s->options.dry_run)
		return;
	gw_local_time((gw_store_today() + 1) * DAY, when);
	gw_fail(&err, GW_ERR_BUSY,
		"what the provider lets through in a day is nearly used up (%llu of %llu MB down, "
		"%llu of %llu MB up; `daily-download`, `daily-upload`): %llu messages wait for the "
		"first sync after %s; INBOX and flags go on",
		(unsigned long long)((s->budget.down + s->budget.overhead) / MB),
		(unsigned long long)(s->budget.down_limit / MB),
		(unsigned long long)(s->budget.up / MB),
		(unsigned long long)(s->budget.up_limit / MB),
		(unsigned long long)s->budget.postponed, when);
	gw_sync_problem(s, NULL, &err);
}

static bool wants_pause(const struct gw_sync *s)
{
	return s->err.code == GW_ERR_BUSY && s->err.wait_s >= LONG_PAUSE;
}

bool gw_sync_pause_changed(const struct gw_sync *s)
{
	bool over = s->paused_until != 0 && s->err.code == GW_OK;

	return (wants_pause(s) || over) && !s->options.dry_run && s->disk.world.store != NULL;
}

enum gw_code gw_sync_check_pause(struct gw_sync *s, struct gw_error *err)
{
	int64_t now = (int64_t)time(NULL);
	char when[GW_LOCAL_TIME];
	int64_t at = 0;
	enum gw_code code = gw_store_fact_number(s->disk.world.store, GW_FACT_NOT_BEFORE, &at, err);

	s->paused_until = at;
	/* A clock that was set back must not make it wait for ever. */
	if (s->options.now || code != GW_OK || at <= now || at > now + DAY)
		return code;
	gw_local_time(at, when);
	gw_fail(err, GW_ERR_BUSY,
		"the provider refused more for now (bandwidth), so nothing is asked before %s; "
		"`godwit sync --now` asks all the same",
		when);
	err->wait_s = (unsigned)(at - now);
	return GW_ERR_BUSY;
}

enum gw_code gw_sync_store_pause(
	const struct gw_sync *s, struct gw_store *store, struct gw_error *err)
{
	char text[24];

	snprintf(text, sizeof text, "%lld",
		wants_pause(s) ? (long long)time(NULL) + s->err.wait_s : 0);
	return gw_store_set_fact(store, GW_FACT_NOT_BEFORE, text, err);
}
