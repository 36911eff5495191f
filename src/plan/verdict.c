/* SPDX-License-Identifier: ISC */
/* plan/verdict.c - see verdict.h. */
#include "plan/verdict.h"

static size_t hide(uint32_t oldest, struct gw_plan *plan)
{
	size_t hidden = 0;

	for (size_t i = 0; i < plan->count; i++) {
		struct gw_action *a = &plan->actions[i];

		if (!gw_action_is_gone_there(a) || a->uid >= oldest)
			continue;
		a->kind = GW_DO_HIDE;
		hidden++;
	}
	return hidden;
}

struct gw_verdict gw_verdict_give(const struct gw_verdict_input *in, struct gw_plan *plan)
{
	struct gw_verdict v = { .hidden = hide(in->oldest_shown, plan) };

	if (in->push)
		v.left = gw_plan_push(in->policy, plan);
	v.guarded = gw_guard_plan(&in->guard, plan);
	v.held_uploads = gw_guard_uploads(&in->uploads, plan);
	v.unknown_uploads = gw_guard_unknown(&in->uploads, plan);
	return v;
}
