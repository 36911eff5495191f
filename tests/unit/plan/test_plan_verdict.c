/* SPDX-License-Identifier: ISC */
/* plan/verdict: what the last word leaves of a plan; the parts are tested in test_guard.c and test_direction.c. */
#include "plan/verdict.h"
#include "test.h"

enum { MANY = 30 };

/* `count` messages of this kind, with UIDs from 1 on, of a mailbox of as many. */
static void fill(struct gw_plan *plan, struct gw_action *actions, enum gw_action_kind kind)
{
	*plan = (struct gw_plan){ .actions = actions, .count = MANY };
	for (uint32_t i = 0; i < MANY; i++)
		actions[i] = (struct gw_action){
			.kind = (uint8_t)kind, .uid = i + 1, .local = kind == GW_DO_UPLOAD ? i : 0
		};
}

static size_t count(const struct gw_plan *plan, enum gw_action_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->count; i++)
		n += plan->actions[i].kind == kind;
	return n;
}

static const struct gw_guard guard = {
	.mailbox_total = MANY, .mailbox_known = MANY, .account_total = MANY
};

static void an_accident_is_held(void **state)
{
	struct gw_action actions[MANY];
	const struct gw_plan_input policy = { 0 };
	struct gw_verdict_input in = { .policy = &policy, .guard = guard };
	struct gw_plan plan;
	struct gw_verdict v;

	(void)state;
	fill(&plan, actions, GW_DO_DELETE_LOCAL);
	v = gw_verdict_give(&in, &plan);
	assert_int_equal(v.guarded.held_there, MANY);
	assert_int_equal(count(&plan, GW_DO_HOLD_DELETE), MANY);
	assert_int_equal(v.hidden, 0);
}

/* What is only out of sight is no accident, and does not make one of the few that are gone. */
static void what_is_hidden_is_not_gone(void **state)
{
	struct gw_action actions[MANY];
	const struct gw_plan_input policy = { 0 };
	struct gw_verdict_input in = { .policy = &policy, .guard = guard, .oldest_shown = 26 };
	struct gw_plan plan;
	struct gw_verdict v;

	(void)state;
	fill(&plan, actions, GW_DO_DELETE_LOCAL);
	v = gw_verdict_give(&in, &plan);
	assert_int_equal(v.hidden, 25);
	assert_int_equal(count(&plan, GW_DO_HIDE), 25);
	assert_int_equal(count(&plan, GW_DO_DELETE_LOCAL), 5);
	assert_int_equal(v.guarded.deleted, 5);
	assert_int_equal(v.guarded.held_there, 0);

	fill(&plan, actions,
		GW_DO_DELETE_REMOTE); /* gone here: nothing of it can be out of sight */
	assert_int_equal(gw_verdict_give(&in, &plan).hidden, 0);
}

/* With "push" nothing is deleted here, so there is nothing to hold; what is deleted here is. */
static void what_is_left_alone_is_not_held(void **state)
{
	struct gw_action actions[MANY];
	struct gw_base_msg base[MANY] = { 0 };
	const struct gw_plan_input policy = { .base = base, .base_count = MANY };
	struct gw_verdict_input in = { .policy = &policy, .guard = guard, .push = true };
	struct gw_plan plan;
	struct gw_verdict v;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		base[i].uid = i + 1;
	fill(&plan, actions, GW_DO_DELETE_LOCAL);
	v = gw_verdict_give(&in, &plan);
	assert_int_equal(v.left.changes, MANY);
	assert_int_equal(v.guarded.held_there, 0);
	assert_int_equal(count(&plan, GW_DO_NOTHING), MANY);
	fill(&plan, actions, GW_DO_DELETE_REMOTE);
	v = gw_verdict_give(&in, &plan);
	assert_int_equal(v.left.changes, 0);
	assert_int_equal(v.guarded.held_here, MANY);
}

static void unknown_uploads_are_counted_or_held(void **state)
{
	struct gw_action actions[MANY];
	struct gw_local_msg files[MANY] = { 0 };
	const struct gw_plan_input policy = { 0 };
	struct gw_verdict_input in = { .policy = &policy,
		.guard = guard,
		.uploads = { .in_step = true, .account_total = MANY, .local = files } };
	struct gw_plan plan;
	struct gw_verdict v;

	(void)state;
	files[0].known = files[1].accepted = true;
	fill(&plan, actions, GW_DO_UPLOAD);
	v = gw_verdict_give(&in, &plan);
	assert_int_equal(v.held_uploads, 0);
	assert_int_equal(v.unknown_uploads, MANY - 2);
	in.uploads.account_so_far = 100;
	v = gw_verdict_give(&in, &plan);
	assert_int_equal(v.held_uploads, MANY - 2);
	assert_int_equal(v.unknown_uploads, 0);
	assert_int_equal(count(&plan, GW_DO_UPLOAD), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_accident_is_held),
		cmocka_unit_test(what_is_hidden_is_not_gone),
		cmocka_unit_test(what_is_left_alone_is_not_held),
		cmocka_unit_test(unknown_uploads_are_counted_or_held) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
