/* sync/guard: what looks like an accident waits for a person. */
#include "sync/guard.h"
#include "test.h"

/* n deletions of UIDs from 1 on, guarded. */
static struct gw_guarded guard(const struct gw_guard *g, uint32_t n, struct gw_plan *plan)
{
	*plan = (struct gw_plan){ 0 };
	for (uint32_t uid = 1; uid <= n; uid++) {
		struct gw_action *a = gw_array_push(
			(void **)&plan->actions, &plan->count, &plan->cap, sizeof *plan->actions);

		assert_non_null(a);
		a->kind = GW_DO_DELETE_LOCAL;
		a->uid = uid;
	}
	return gw_guard_plan(g, plan);
}

static void expect(const char *what, struct gw_guard g, uint32_t n, uint64_t deleted, uint64_t held)
{
	struct gw_plan plan;
	struct gw_guarded done = guard(&g, n, &plan);

	if (done.deleted != deleted || done.held != held)
		fail_msg("%s: %d deleted, %d held", what, (int)done.deleted, (int)done.held);
	for (size_t i = 0; i < plan.count; i++)
		assert_int_equal(
			plan.actions[i].kind, held > 0 ? GW_DO_HOLD_DELETE : GW_DO_DELETE_LOCAL);
	gw_plan_deinit(&plan);
}

static void limits(void **state)
{
	const struct gw_guard large = { .mailbox_total = 1000, .account_total = 10000 };
	const struct gw_guard small = { .mailbox_total = 30, .account_total = 30 };
	struct gw_guard g;

	(void)state;
	expect("a fifth", large, 200, 200, 0);
	expect("more than a fifth", large, 201, 0, 201);
	expect("twenty of a few", small, 20, 20, 0);
	expect("more than twenty of a few", small, 21, 0, 21);
	g = large;
	g.mailbox_recent = 150;
	expect("a slow rm under many runs", g, 51, 0, 51);
	g = large;
	g.account_recent = 990;
	expect("a tenth of the account", g, 10, 10, 0);
	expect("more than a tenth of the account", g, 11, 0, 11);
	g = (struct gw_guard){
		.mailbox_total = 5, .account_total = 5000, .there_is_nothing = true
	};
	expect("five, and the mailbox is empty", g, 5, 0, 5);
	g.mailbox_total = 4;
	expect("four", g, 4, 4, 0);
	g = large;
	g.off = true;
	expect("no guard", g, 1000, 1000, 0);
}

static void a_person_decides(void **state)
{
	struct gw_seqset held = { 0 };
	struct gw_guard g = { .mailbox_total = 1000, .account_total = 1000, .held = &held };
	struct gw_guarded done;
	struct gw_plan plan;

	(void)state;
	gw_seqset_add(&held, 1, 300);
	done = guard(&g, 310, &plan); /* ten more than were listed */
	assert_int_equal(done.deleted, 10);
	assert_int_equal(done.held, 0); /* none anew */
	assert_int_equal(plan.count, 10);
	assert_int_equal(plan.actions[0].uid, 301);
	assert_int_equal(plan.actions[0].kind, GW_DO_DELETE_LOCAL);
	gw_plan_deinit(&plan);
	g.accept = true;
	done = guard(&g, 700, &plan); /* only those that were listed */
	assert_int_equal(done.deleted, 300);
	assert_int_equal(done.held, 400);
	gw_plan_deinit(&plan);
	g.accept = false;
	g.restore = true;
	done = guard(&g, 300, &plan);
	assert_int_equal(done.restored, 300);
	assert_int_equal(plan.actions[7].kind, GW_DO_KEEP);
	gw_plan_deinit(&plan);
	gw_seqset_deinit(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limits),
		cmocka_unit_test(a_person_decides) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
