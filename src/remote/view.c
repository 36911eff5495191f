/* SPDX-License-Identifier: ISC */
/* remote/view.c - see view.h. */
#include "remote/view.h"

#include "base/sorted.h"

#include <stdlib.h>

enum {
	MESSAGES_MAX = 4000000, /* of a mailbox */
	MARGIN = 4096,          /* lines about what came meanwhile, and lines that come twice */
};

void gw_remote_view_drop_messages(struct gw_remote_view *view)
{
	free(view->messages);
	view->messages = NULL;
	view->count = view->cap = 0;
}

void gw_remote_view_deinit(struct gw_remote_view *view)
{
	gw_remote_view_drop_messages(view);
	free(view->ids);
	gw_seqset_deinit(&view->vanished);
	gw_seqset_deinit(&view->listing);
	*view = (struct gw_remote_view){ 0 };
}

uint64_t gw_remote_view_id(const struct gw_remote_view *view, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(view->ids, view->id_count, uid, uid);

	return lo < view->id_count && view->ids[lo].uid == uid ? view->ids[lo].id : 0;
}

static int by_uid(const void *a, const void *b)
{
	const struct gw_remote_msg *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static int id_by_uid(const void *a, const void *b)
{
	const struct gw_remote_id *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

void gw_remote_view_settle_ids(struct gw_remote_view *view)
{
	size_t n = 0;

	if (view->id_count > 0)
		qsort(view->ids, view->id_count, sizeof *view->ids, id_by_uid);
	for (size_t i = 0; i < view->id_count; i++) {
		if (n == 0 || view->ids[n - 1].uid != view->ids[i].uid)
			view->ids[n++] = view->ids[i];
	}
	view->id_count = n;
}

/* Where the flags of two facts differ either will do: the change came after the SELECT, so its cursor
 * makes the next look find it again. */
static void join(struct gw_remote_msg *into, const struct gw_remote_msg *m)
{
	if (m->size > into->size)
		into->size = m->size;
	if (!m->dim)
		into->flags = m->flags;
	into->dim &= m->dim;
	into->old |= m->old;
	into->whole |= m->whole;
}

void gw_remote_view_settle(struct gw_remote_view *view)
{
	bool sorted = true;
	size_t n = 0;

	gw_remote_view_settle_ids(view);
	for (size_t i = 1; i < view->count && sorted; i++)
		sorted = view->messages[i - 1].uid < view->messages[i].uid;
	if (sorted)
		return;
	qsort(view->messages, view->count, sizeof *view->messages, by_uid);
	for (size_t i = 0; i < view->count; i++) {
		if (n > 0 && view->messages[n - 1].uid == view->messages[i].uid)
			join(&view->messages[n - 1], &view->messages[i]);
		else
			view->messages[n++] = view->messages[i];
	}
	view->count = n;
}

/* True if there is room: for as many as may exist, and a quarter more about the same ones, before
 * they are joined. */
static bool has_room(struct gw_remote_view *view)
{
	uint64_t most = view->most < MESSAGES_MAX ? view->most : MESSAGES_MAX;

	if (view->count < view->cap || view->count < most + most / 4 + (uint64_t)2 * MARGIN)
		return true;
	gw_remote_view_settle(view);
	return view->count <= most + MARGIN;
}

enum gw_code gw_remote_view_add(
	struct gw_remote_view *view, const struct gw_remote_msg *m, uint64_t id)
{
	struct gw_remote_msg *slot;
	struct gw_remote_id *named;

	if (!has_room(view))
		return GW_ERR_LIMIT;
	if (id != 0) {
		named = gw_array_push(
			(void **)&view->ids, &view->id_count, &view->id_cap, sizeof *view->ids);
		if (named == NULL)
			return GW_ERR_NOMEM;
		*named = (struct gw_remote_id){ .uid = m->uid, .id = id };
	}
	slot = gw_array_push(
		(void **)&view->messages, &view->count, &view->cap, sizeof *view->messages);
	if (slot == NULL)
		return GW_ERR_NOMEM;
	*slot = *m;
	return GW_OK;
}

void gw_remote_view_keep(
	struct gw_remote_view *view, const struct gw_seqset *in, const struct gw_seqset *out)
{
	size_t n = 0;

	for (size_t i = 0; i < view->count; i++) {
		uint32_t uid = view->messages[i].uid;

		if ((in == NULL || gw_seqset_has(in, uid)) && !gw_seqset_has(out, uid))
			view->messages[n++] = view->messages[i];
	}
	view->count = n;
}

/* Base knows it, and the server has shown it lately. */
static bool is_shown(const struct gw_base_msg *base, size_t count, uint32_t uid)
{
	size_t b = gw_base_find(base, count, uid);

	return b < count && base[b].kind != GW_BASE_HIDDEN;
}

enum gw_code gw_remote_view_take_out(const struct gw_remote_view *view,
	const struct gw_base_msg *base, size_t base_count, bool enough, struct gw_seqset *set)
{
	struct gw_seqset told = { 0 };
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < view->count && code == GW_OK; i++) {
		const struct gw_remote_msg *m = &view->messages[i];

		if (!enough || (!m->dim && (m->whole || is_shown(base, base_count, m->uid))))
			code = gw_seqset_add(&told, m->uid, m->uid);
	}
	if (code == GW_OK)
		code = gw_seqset_subtract(set, &told);
	gw_seqset_deinit(&told);
	return code;
}
