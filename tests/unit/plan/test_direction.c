/* plan/direction: with "pull" nothing is left in a plan that would change the server. */
#include "plan/direction.h"
#include "test.h"

static void what_changes_the_server_waits(void **state)
{
	static const enum gw_action_kind kinds[] = { GW_DO_DOWNLOAD, GW_DO_REMOTE_FLAGS,
		GW_DO_LOCAL_FLAGS, GW_DO_DELETE_REMOTE, GW_DO_LEAVE, GW_DO_DELETE_LOCAL,
		GW_DO_UPLOAD, GW_DO_PAIR, GW_DO_REFUSE, GW_DO_KEEP, GW_DO_FORGET, GW_DO_HOLD };
	static const enum gw_action_kind left[] = { GW_DO_DOWNLOAD, GW_DO_LOCAL_FLAGS,
		GW_DO_DELETE_LOCAL, GW_DO_PAIR, GW_DO_KEEP, GW_DO_FORGET };
	enum { COUNT = sizeof kinds / sizeof *kinds, LEFT = sizeof left / sizeof *left };
	struct gw_action actions[COUNT] = { 0 };
	struct gw_plan plan = { .actions = actions, .count = COUNT };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		actions[i].kind = (uint8_t)kinds[i];
		actions[i].uid = (uint32_t)i + 1;
	}
	assert_int_equal(gw_plan_pull(&plan), COUNT - LEFT);
	assert_int_equal(plan.count, LEFT);
	assert_true(plan.look_again);  /* so that the stamps stay, and it is found again */
	assert_false(plan.incomplete); /* the server's side is in step */
	for (size_t i = 0; i < LEFT; i++)
		assert_int_equal(plan.actions[i].kind, left[i]);
	assert_int_equal(plan.actions[0].uid, 1);
}

static void a_plan_without_changes_there_stays(void **state)
{
	struct gw_action action = { .kind = GW_DO_DOWNLOAD };
	struct gw_plan plan = { .actions = &action, .count = 1 };

	(void)state;
	assert_int_equal(gw_plan_pull(&plan), 0);
	assert_int_equal(plan.count, 1);
	assert_false(plan.look_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changes_the_server_waits),
		cmocka_unit_test(a_plan_without_changes_there_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
