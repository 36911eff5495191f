/* plan/direction.c - see direction.h. */
#include "plan/direction.h"

static bool changes_server(const struct gw_action *a)
{
	switch ((enum gw_action_kind)a->kind) {
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_DELETE_REMOTE:
	case GW_DO_HOLD_REMOTE: /* nor is it held: it is no accident that it stays */
	case GW_DO_LEAVE:
	case GW_DO_HOLD:
	case GW_DO_UPLOAD:
	case GW_DO_HOLD_UPLOAD:
	case GW_DO_REFUSE:
	case GW_DO_REPLACED:
	case GW_DO_HOLD_FLAGS:
	case GW_DO_TAKE: /* made by a move that was carried out there */
		return true;
	case GW_DO_DOWNLOAD:
	case GW_DO_PAIR:
	case GW_DO_LOCAL_FLAGS:
	case GW_DO_SETTLE_FLAGS:
	case GW_DO_BASE_FLAGS:
	case GW_DO_DELETE_LOCAL:
	case GW_DO_HOLD_DELETE:
	case GW_DO_UNHOLD:
	case GW_DO_RETURN:
	case GW_DO_FORGET:
	case GW_DO_KEEP:
	case GW_DO_UNKEPT:
	case GW_DO_STRAY:
	case GW_DO_SKIP:
	case GW_DO_EXPIRE:
	case GW_DO_STAY:
	case GW_DO_NOTHING:
	case GW_DO_HIDE:
	case GW_DO_RELINK:
		break;
	}
	return false;
}

uint64_t gw_plan_pull(struct gw_plan *plan)
{
	size_t kept = 0, all = plan->count, waiting = 0;

	for (size_t i = 0; i < all; i++) {
		const struct gw_action *a = &plan->actions[i];

		if (!changes_server(a))
			plan->actions[kept++] = *a;
		else /* what it would not take anyway does not wait for another direction */
			waiting += a->kind != GW_DO_HOLD_FLAGS;
	}
	plan->count = kept;
	plan->look_again |= waiting > 0;
	return waiting;
}
