/* SPDX-License-Identifier: ISC */
/* plan/archive.c - see archive.h. */
#include "plan/archive.h"

#include "base/sorted.h"

#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
	const struct gw_archived *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_uid(const void *a, const void *b)
{
	const struct gw_archived *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

struct gw_archived *gw_archived_find(struct gw_archived *list, size_t count, uint64_t id)
{
	const struct gw_archived key = { .id = id };

	return id == 0 || count == 0 ? NULL : bsearch(&key, list, count, sizeof key, by_id);
}

static uint64_t id_of(const struct gw_archive *x, uint32_t uid)
{
	size_t at = GW_LOWER_BOUND(x->ids, x->id_count, uid, uid);

	return at < x->id_count && x->ids[at].uid == uid ? x->ids[at].id : 0;
}

/* Returns what the look showed under this UID; NULL: nothing that is asked about. */
static const struct gw_archived *shown_as(const struct gw_archive *x, uint32_t uid)
{
	return gw_archived_find(x->list, x->count, id_of(x, uid));
}

static const struct gw_base_msg *base_of(const struct gw_archive *x, uint32_t uid)
{
	size_t b = gw_base_find(x->base, x->base_count, uid);

	return b == x->base_count ? NULL : &x->base[b];
}

/* New here, or outside so far: it stays without a file if another mailbox has it. */
static void sift_downloads(const struct gw_archive *x, struct gw_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct gw_action *a = &plan->actions[i];
		const struct gw_archived *m =
			a->kind != GW_DO_DOWNLOAD ? NULL : shown_as(x, a->uid);

		if (m == NULL || !m->elsewhere)
			continue;
		if (base_of(x, a->uid) == NULL) {
			a->kind = GW_DO_SKIP;
			a->base_flags = 0;
		} else {
			a->kind = GW_DO_BASE_FLAGS;
			a->base_flags = a->flags;
		}
	}
}

/* Removes what was to leave when an earlier run was killed, if another mailbox still has it: the
 * plan of one mailbox sees only that it is inside the window. */
static void sift_stays(const struct gw_archive *x, struct gw_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct gw_action *a = &plan->actions[i];
		const struct gw_base_msg *b = a->kind != GW_DO_STAY ? NULL : base_of(x, a->uid);
		const struct gw_archived *m =
			b == NULL || b->kind != GW_BASE_OUTSIDE ? NULL : shown_as(x, a->uid);

		if (m != NULL && m->elsewhere && !m->copied)
			a->kind = GW_DO_EXPIRE;
	}
}

/* True if nothing else is planned for it. */
static bool is_idle(const struct gw_plan *plan, uint32_t uid, size_t *at)
{
	while (*at < plan->count && plan->actions[*at].uid != 0 && plan->actions[*at].uid < uid)
		(*at)++;
	return *at == plan->count || plan->actions[*at].uid != uid;
}

/* Decides what to do about a message that base knows; false: nothing. */
static bool decide(const struct gw_archive *x, const struct gw_archived *m, struct gw_action *out)
{
	const struct gw_base_msg *b = base_of(x, m->uid);

	if (b == NULL || b->kind == GW_BASE_UNFETCHABLE || b->kind == GW_BASE_LEFT)
		return false;
	*out = (struct gw_action){ .uid = m->uid, .local = GW_NO_LOCAL, .flags = b->flags };
	if (!m->elsewhere && b->kind == GW_BASE_OUTSIDE && !b->old && !b->big) {
		out->kind = GW_DO_DOWNLOAD;
		out->size = m->size < UINT32_MAX ? (uint32_t)m->size : UINT32_MAX;
		return true;
	}
	/* A copy that was put here on purpose stays: its other may be deleted next (mutt saves so).
	 */
	if (!m->elsewhere || b->kind != GW_BASE_FILE || b->local == GW_NO_LOCAL || m->copied)
		return false;
	out->kind = GW_DO_EXPIRE;
	out->local = b->local;
	return true;
}

size_t gw_archive_sift(
	struct gw_archive *x, struct gw_plan *plan, struct gw_action *more, bool *again)
{
	size_t count = 0, at = 0;

	sift_downloads(x, plan);
	sift_stays(x, plan);
	if (x->count > 0)
		qsort(x->list, x->count, sizeof *x->list, by_uid);
	for (size_t i = 0; i < x->count; i++) {
		struct gw_archived *m = &x->list[i];

		if (m->uid == 0 || !decide(x, m, &more[count]))
			continue;
		if (!is_idle(plan, m->uid, &at)) { /* its flags first; then it is looked at again */
			*again |= more[count].kind == GW_DO_EXPIRE;
			continue;
		}
		m->told = id_of(x, m->uid) != 0;
		count++;
	}
	return count;
}
