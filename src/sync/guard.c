/* sync/guard.c - see guard.h. */
#include "sync/guard.h"

enum { MAILBOX_MIN = 20, MAILBOX_SHARE = 5, ACCOUNT_MIN = 100, ACCOUNT_SHARE = 10, EMPTY_FROM = 5 };

static uint64_t limit(uint64_t min, uint64_t total, uint64_t share)
{
	return total / share > min ? total / share : min;
}

static bool was_held(const struct gw_guard *g, const struct gw_action *a)
{
	return g->held != NULL && gw_seqset_has(g->held, a->uid);
}

/* Do so many more look like an accident? */
static bool too_many(const struct gw_guard *g, uint64_t n)
{
	if (g->off || n == 0)
		return false;
	if (g->there_is_nothing && g->mailbox_total >= EMPTY_FROM)
		return true;
	return g->mailbox_recent + n > limit(MAILBOX_MIN, g->mailbox_total, MAILBOX_SHARE) ||
	       g->account_recent + n > limit(ACCOUNT_MIN, g->account_total, ACCOUNT_SHARE);
}

struct gw_guarded gw_guard_plan(const struct gw_guard *g, struct gw_plan *plan)
{
	struct gw_guarded done = { 0 };
	uint64_t fresh = 0;
	size_t kept = 0;
	bool hold;

	for (size_t i = 0; i < plan->count; i++) {
		const struct gw_action *a = &plan->actions[i];

		fresh += a->kind == GW_DO_DELETE_LOCAL && !was_held(g, a);
	}
	hold = too_many(g, fresh);
	for (size_t i = 0; i < plan->count; i++) {
		struct gw_action a = plan->actions[i];

		if (a.kind == GW_DO_DELETE_LOCAL && was_held(g, &a)) {
			if (!g->accept && !g->restore)
				continue; /* it is remembered already */
			a.kind = g->restore ? GW_DO_KEEP : GW_DO_DELETE_LOCAL;
			done.restored += g->restore;
			done.deleted += !g->restore;
		} else if (a.kind == GW_DO_DELETE_LOCAL) {
			a.kind = hold ? GW_DO_HOLD_DELETE : GW_DO_DELETE_LOCAL;
			done.held += hold;
			done.deleted += !hold;
		}
		plan->actions[kept++] = a;
	}
	plan->count = kept;
	return done;
}
