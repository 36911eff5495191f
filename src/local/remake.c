/* SPDX-License-Identifier: ISC */
/* local/remake.c - see remake.h.
 *
 *   LOOKING (at each) --> KEEPING --> done
 */
#include "local/remake.h"

#include "local/look.h"

#include <stdlib.h>

struct remake {
	struct gw_disk_job job; /* first; KEEPING */
	struct gw_disk *disk;
	struct gw_remake *list; /* borrowed */
	size_t count, at;
	bool keep;
	gw_remake_cb *cb;
	void *ctx;
	struct gw_error err;
};

static void finish(struct remake *r)
{
	r->cb(r->ctx, r->err.code == GW_OK ? NULL : &r->err);
	free(r);
}

/* --- keeping --------------------------------------------------------------------------------- */

static enum gw_code keep_files(
	struct gw_store *store, const struct gw_remake *m, struct gw_error *err)
{
	enum gw_code code = gw_store_begin(store, err);

	if (code == GW_OK)
		code = gw_store_mailbox_keep_files(store, m->mailbox,
			"it was in this mailbox when that was deleted on the server; it is kept "
			"here, and `sync --restore-deletions` uploads it again",
			err);
	if (code == GW_OK)
		code = gw_store_commit(store, err);
	if (code != GW_OK)
		gw_store_rollback(store);
	return code;
}

static void work_keep(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct remake *r = (struct remake *)job;
	enum gw_code code = gw_disk_writable(world, &r->err);

	for (size_t i = 0; i < r->count && code == GW_OK; i++) {
		if (r->list[i].fresh && r->list[i].known)
			code = keep_files(world->store, &r->list[i], &r->err);
	}
}

static void on_kept(struct gw_disk_job *job)
{
	finish((struct remake *)job);
}

static void keep(struct remake *r)
{
	bool any = false;

	for (size_t i = 0; i < r->count; i++)
		any |= r->list[i].fresh && r->list[i].known;
	if (!any || !r->keep) {
		finish(r);
		return;
	}
	r->job = (struct gw_disk_job){ .work = work_keep, .done = on_kept };
	gw_disk_submit(r->disk, &r->job);
}

/* --- looking --------------------------------------------------------------------------------- */

static enum gw_code look(struct remake *r);

/* True if the directory has files that would be uploaded. */
static bool has_fresh(const struct gw_local_view *v)
{
	for (size_t i = 0; i < v->scan.count; i++) {
		const struct gw_local_msg *m = &v->messages[i];

		if (m->uid == 0 && !m->refused && m->twin != GW_TWIN_SAME &&
			!(m->flags & GW_FLAG_DELETED))
			return true;
	}
	return false;
}

static void on_looked(
	void *ctx, struct gw_place *place, struct gw_local_view *view, const struct gw_error *err)
{
	struct remake *r = ctx;

	if (view != NULL) {
		r->list[r->at].fresh = !view->missing && has_fresh(view);
		gw_local_view_deinit(view);
	}
	gw_place_unref(place);
	r->at++;
	if (err != NULL)
		r->err = *err;
	else if (r->at < r->count && look(r) != GW_OK)
		gw_fail(&r->err, GW_ERR_NOMEM, "out of memory");
	if (r->err.code != GW_OK)
		finish(r);
	else if (r->at == r->count)
		keep(r);
}

static enum gw_code look(struct remake *r)
{
	const struct gw_look_options options = { .dir = r->list[r->at].dir,
		.name = r->list[r->at].name,
		.mailbox = r->list[r->at].mailbox };

	return gw_look_start(r->disk, &options, on_looked, r);
}

enum gw_code gw_remake_start(struct gw_disk *disk, struct gw_remake *list, size_t count, bool keep,
	gw_remake_cb *cb, void *ctx)
{
	struct remake *r = calloc(1, sizeof *r);
	enum gw_code code;

	if (r == NULL)
		return GW_ERR_NOMEM;
	*r = (struct remake){
		.disk = disk, .list = list, .count = count, .keep = keep, .cb = cb, .ctx = ctx
	};
	code = look(r);
	if (code != GW_OK)
		free(r);
	return code;
}
