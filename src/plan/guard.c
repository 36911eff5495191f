/* SPDX-License-Identifier: ISC */
/* plan/guard.c - see guard.h. */
#include "plan/guard.h"

enum {
	MAILBOX_MIN = 20,
	MAILBOX_PERCENT = 20,
	ACCOUNT_MIN = 100,
	EMPTY_FROM = 3,
	STRANGE_FROM = 3,
	DAY_MIN = 40,
	DAY_PERCENT = 50,
	ACCOUNT_DAY_MIN = 400
};

static uint64_t limit(uint64_t min, uint64_t total, unsigned percent)
{
	uint64_t share = total / 100 * percent + total % 100 * percent / 100;

	return share > min ? share : min;
}

static bool is_deletion(const struct gw_action *a)
{
	return (a->kind == GW_DO_DELETE_LOCAL && !a->lives && !a->wished) ||
	       a->kind == GW_DO_DELETE_REMOTE;
}

static bool was_held(const struct gw_guard *g, const struct gw_action *a)
{
	const struct gw_seqset *held = a->kind == GW_DO_DELETE_LOCAL ? g->held_gone : g->held_here;

	return held != NULL && gw_seqset_has(held, a->uid);
}

/* True if n more deletions, of `all` messages gone now, look like an accident.  Losing everything
 * does, even where something new came. */
static bool too_many(const struct gw_guard *g, uint64_t n, uint64_t all)
{
	unsigned percent = g->percent == 0 ? MAILBOX_PERCENT : g->percent;

	if (g->off || n == 0)
		return false;
	if (all >= EMPTY_FROM && (g->there_is_nothing || g->here_is_nothing ||
					 (g->mailbox_known > 0 && all >= g->mailbox_known)))
		return true;
	if (g->mailbox_day + n > limit(DAY_MIN, g->mailbox_total + g->mailbox_day, DAY_PERCENT) ||
		g->account_day + n >
			limit(ACCOUNT_DAY_MIN, g->account_total + g->account_day, DAY_PERCENT / 2))
		return true;
	return g->mailbox_recent + n > limit(MAILBOX_MIN, g->mailbox_total, percent) ||
	       g->account_recent + n > limit(ACCOUNT_MIN, g->account_total, percent / 2);
}

/* Decides one deletion that an earlier run held back; false: it stays so. */
static bool decide_held(const struct gw_guard *g, struct gw_action *a, struct gw_guarded *done)
{
	bool local = a->kind == GW_DO_DELETE_LOCAL;

	if (!g->accept && !g->restore)
		return false;
	if (g->restore)
		a->kind = local ? GW_DO_KEEP : GW_DO_RETURN;
	done->restored += g->restore;
	done->deleted += !g->restore;
	return true;
}

/* Moves and edits are joined by now: what they took along is not lacking. */
static void fetch_lacking(const struct gw_guard *g, struct gw_plan *plan)
{
	for (size_t i = 0; i < plan->count && g->lacks_files; i++) {
		struct gw_action *a = &plan->actions[i];

		if (a->local == GW_NO_LOCAL && !was_held(g, a) &&
			(a->kind == GW_DO_DELETE_REMOTE || a->kind == GW_DO_LEAVE ||
				a->kind == GW_DO_HOLD))
			a->kind = GW_DO_RETURN;
	}
}

struct gw_guarded gw_guard_plan(const struct gw_guard *g, struct gw_plan *plan)
{
	struct gw_guarded done = { 0 };
	uint64_t fresh = 0, all = 0;
	size_t kept = 0;
	bool hold;

	fetch_lacking(g, plan);
	for (size_t i = 0; i < plan->count; i++) {
		all += is_deletion(&plan->actions[i]);
		fresh += is_deletion(&plan->actions[i]) && !was_held(g, &plan->actions[i]);
	}
	hold = too_many(g, fresh, all);
	for (size_t i = 0; i < plan->count; i++) {
		struct gw_action a = plan->actions[i];

		if (is_deletion(&a) && was_held(g, &a)) {
			if (!decide_held(g, &a, &done)) { /* it is remembered already */
				done.still_there += a.kind == GW_DO_DELETE_LOCAL;
				done.still_here += a.kind == GW_DO_DELETE_REMOTE;
				continue;
			}
		} else if (is_deletion(&a)) {
			done.held_there += hold && a.kind == GW_DO_DELETE_LOCAL;
			done.held_here += hold && a.kind == GW_DO_DELETE_REMOTE;
			done.deleted += !hold;
			if (hold)
				a.kind = a.kind == GW_DO_DELETE_LOCAL ? GW_DO_HOLD_DELETE
								      : GW_DO_HOLD_REMOTE;
		}
		plan->actions[kept++] = a;
	}
	plan->count = kept;
	return done;
}

static bool is_unknown(const struct gw_append_guard *g, const struct gw_action *a)
{
	return a->kind == GW_DO_UPLOAD && !g->local[a->local].known && !g->local[a->local].accepted;
}

uint64_t gw_guard_unknown(const struct gw_append_guard *g, const struct gw_plan *plan)
{
	uint64_t n = 0;

	for (size_t i = 0; i < plan->count; i++)
		n += is_unknown(g, &plan->actions[i]);
	return n;
}

uint64_t gw_guard_uploads(const struct gw_append_guard *g, struct gw_plan *plan)
{
	uint64_t n, edits = 0;
	bool hold;

	for (size_t i = 0; i < plan->count; i++)
		edits += plan->actions[i].kind == GW_DO_REPLACED;
	n = gw_guard_unknown(g, plan);
	n -= edits < n ? edits : n;
	hold = (g->strange && n >= STRANGE_FROM && n > g->recognised) ||
	       (g->in_step && g->account_so_far + n > limit(ACCOUNT_MIN, g->account_total, 10));
	if (g->off || n == 0 || !hold)
		return 0;
	n = 0;
	for (size_t i = 0; i < plan->count; i++) {
		struct gw_action *a = &plan->actions[i];

		if (!is_unknown(g, a))
			continue;
		a->kind = GW_DO_HOLD_UPLOAD;
		n++;
	}
	return n;
}
