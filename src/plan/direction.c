/* SPDX-License-Identifier: ISC */
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

uint64_t gw_store_flags_agreed(uint64_t there, uint64_t before, uint64_t waits)
{
	return (there & ~waits) | (before & waits);
}

static const struct gw_base_msg *base_of(const struct gw_plan_input *in, uint32_t uid)
{
	size_t b = gw_base_find(in->base, in->base_count, uid);

	return b == in->base_count ? NULL : &in->base[b];
}

/* It stays there, and its row has no file, so that no deletion is seen in that. */
static void leave_message(
	const struct gw_plan_input *in, struct gw_action *a, struct gw_left_there *left)
{
	const struct gw_base_msg *b = base_of(in, a->uid);

	if (b != NULL && (b->kind == GW_BASE_OUTSIDE || b->kind == GW_BASE_UNFETCHABLE)) {
		a->kind = GW_DO_NOTHING; /* it has such a row */
		left->dropped++;
		return;
	}
	a->kind = GW_DO_SKIP;
	a->base_flags = 0; /* it is not too old */
	left->messages++;
}

/* What is changed there of its flags waits; of the rest base says what both have. */
static void leave_flags(
	const struct gw_plan_input *in, struct gw_action *a, struct gw_left_there *left)
{
	const struct gw_base_msg *b = base_of(in, a->uid);
	uint64_t mine = in->local[a->local].flags, waits = a->flags ^ mine, agreed;

	left->changes++;
	if (b == NULL)
		return;
	/* With one side an old copy base proves nothing: what is not here was never agreed. */
	agreed = in->copies_differ ? mine & ~GW_FLAG_DELETED : b->flags;
	agreed = gw_store_flags_agreed(a->base_flags, agreed, waits);
	if (agreed == b->flags) {
		a->kind = GW_DO_NOTHING;
		left->dropped++;
		return;
	}
	a->kind = GW_DO_BASE_FLAGS;
	a->base_flags = agreed;
}

/* The file's flags stay.  One that is joined only if the bodies agree is judged when they are known. */
static void leave_pair(
	const struct gw_plan_input *in, struct gw_action *a, struct gw_left_there *left)
{
	uint64_t mine = in->local[a->local].flags;

	if (a->check_body)
		return;
	left->changes += (a->flags & ~mine) != 0;
	a->base_flags = gw_store_flags_agreed(a->base_flags, 0, a->flags & ~mine);
	a->flags = mine;
}

/* The message has another file, whose flags stay as they are, too. */
static void leave_relinked(const struct gw_plan_input *in, struct gw_action *a)
{
	const struct gw_base_msg *b = base_of(in, a->uid);
	uint64_t here = in->mirror_deleted ? in->lettered : in->lettered & ~GW_FLAG_DELETED;

	if (b != NULL)
		a->base_flags = gw_store_flags_agreed(a->base_flags, b->flags, here);
}

/* No window takes anything away; what was about to leave is in step again. */
static void leave_expired(
	const struct gw_plan_input *in, struct gw_action *a, struct gw_left_there *left)
{
	const struct gw_base_msg *b = base_of(in, a->uid);
	bool leaving = b != NULL && b->kind == GW_BASE_OUTSIDE;

	a->kind = leaving ? GW_DO_STAY : GW_DO_NOTHING;
	left->dropped += !leaving;
}

static void leave(const struct gw_plan_input *in, struct gw_action *a, struct gw_plan *plan,
	struct gw_left_there *left)
{
	switch ((enum gw_action_kind)a->kind) {
	case GW_DO_DOWNLOAD:
	case GW_DO_RETURN:
		leave_message(in, a, left);
		break;
	case GW_DO_LOCAL_FLAGS:
		leave_flags(in, a, left);
		break;
	case GW_DO_PAIR:
		leave_pair(in, a, left);
		break;
	case GW_DO_RELINK:
		leave_relinked(in, a);
		break;
	case GW_DO_EXPIRE:
		leave_expired(in, a, left);
		break;
	case GW_DO_DELETE_LOCAL:
	case GW_DO_HOLD_DELETE: /* nor is it held: it is no accident that it stays */
	case GW_DO_KEEP:        /* gone there, and changed here: nobody made a new message of it */
		a->kind = GW_DO_NOTHING;
		left->changes++;
		left->dropped++;
		break;
	case GW_DO_STRAY:
		a->kind = GW_DO_NOTHING;
		plan->look_again = true;
		left->dropped++;
		break;
	case GW_DO_TAKE: /* no file follows (join.c) */
	case GW_DO_BASE_FLAGS:
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_HOLD_FLAGS:
	case GW_DO_SETTLE_FLAGS:
	case GW_DO_DELETE_REMOTE:
	case GW_DO_HOLD_REMOTE:
	case GW_DO_UNHOLD:
	case GW_DO_LEAVE:
	case GW_DO_FORGET:
	case GW_DO_UNKEPT:
	case GW_DO_UPLOAD:
	case GW_DO_HOLD_UPLOAD:
	case GW_DO_REFUSE:
	case GW_DO_SKIP:
	case GW_DO_STAY:
	case GW_DO_HOLD:
	case GW_DO_NOTHING:
	case GW_DO_HIDE:
	case GW_DO_REPLACED:
		break;
	}
}

struct gw_left_there gw_plan_push(const struct gw_plan_input *in, struct gw_plan *plan)
{
	struct gw_left_there left = { 0 };

	for (size_t i = 0; i < plan->count; i++)
		leave(in, &plan->actions[i], plan, &left);
	plan->waits_there |= left.changes > 0;
	return left;
}
