/* SPDX-License-Identifier: ISC */
/* local/settle.c - see settle.h. */
#include "local/settle.h"

#include <errno.h>
#include <stdlib.h>

struct settle_job {
	struct gw_disk_job job; /* first */
	const struct gw_place *place;
	struct gw_announcement what;
	gw_settle_cb *cb;
	void *ctx;
	struct gw_error err;
};

static enum gw_code put_rows(
	const struct settle_job *s, struct gw_store *store, struct gw_error *err)
{
	const struct gw_announcement *what = &s->what;
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < what->pending_count && code == GW_OK; i++)
		code = gw_store_pending_put(store, s->place->mailbox, &what->pending[i], err);
	for (size_t i = 0; i < what->trashing_count && code == GW_OK; i++)
		code = gw_store_trashing_put(store, s->place->mailbox, &what->trashing[i], err);
	return code;
}

static enum gw_code announce(
	const struct settle_job *s, struct gw_store *store, struct gw_error *err)
{
	enum gw_code code;

	if (s->what.pending_count + s->what.trashing_count == 0)
		return GW_OK;
	code = gw_store_begin(store, err);
	if (code == GW_OK)
		code = put_rows(s, store, err);
	if (code == GW_OK)
		code = gw_store_commit(store, err);
	if (code != GW_OK)
		gw_store_rollback(store);
	return code;
}

static enum gw_code flush_seen(
	const struct settle_job *s, const struct gw_disk_world *world, struct gw_error *err)
{
	const char **bases = calloc(s->what.pending_count + 1, sizeof *bases);
	size_t n = 0;
	int sys = bases == NULL ? ENOMEM : 0;

	for (size_t i = 0; i < s->what.pending_count && sys == 0; i++) {
		if (s->what.pending[i].message.base_name != NULL)
			bases[n++] = s->what.pending[i].message.base_name;
	}
	if (sys == 0)
		sys = gw_flush_foreign(world->root, &s->place->m, bases, n);
	free(bases);
	return sys == 0 ? GW_OK
			: gw_fail_sys(
				  err, GW_ERR_DISK, sys, "the Maildir cannot be flushed to disk");
}

static void work_settle(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct settle_job *s = (struct settle_job *)job;

	if (world->broken.code != GW_OK)
		s->err = world->broken;
	else if (gw_disk_writable(world, &s->err) == GW_OK)
		flush_seen(s, world, &s->err);
	if (s->err.code == GW_OK)
		announce(s, world->store, &s->err);
}

static void on_settled(struct gw_disk_job *job)
{
	struct settle_job *s = (struct settle_job *)job;

	s->cb(s->ctx, s->err.code == GW_OK ? NULL : &s->err);
	free(s);
}

enum gw_code gw_settle_start(struct gw_disk *disk, const struct gw_place *place,
	const struct gw_announcement *what, gw_settle_cb *cb, void *ctx)
{
	struct settle_job *s = calloc(1, sizeof *s);

	if (s == NULL)
		return GW_ERR_NOMEM;
	*s = (struct settle_job){ .job = { .work = work_settle, .done = on_settled },
		.place = place,
		.cb = cb,
		.ctx = ctx };
	if (what != NULL)
		s->what = *what;
	gw_disk_submit(disk, &s->job);
	return GW_OK;
}
