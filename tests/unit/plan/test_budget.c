/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/test_budget.c - what a day allows. */
#include "plan/budget.h"
#include "test.h"

static void bulk_waits_first(void **state)
{
	struct gw_budget b = { .down_limit = 1000, .up_limit = 100 };

	(void)state;
	assert_true(gw_budget_fetch(&b, 900, true));
	assert_false(gw_budget_spent(&b));
	b.overhead = 50;
	assert_false(gw_budget_fetch(&b, 1, true));
	b.overhead = 0;
	assert_false(gw_budget_fetch(&b, 51, true));
	assert_true(gw_budget_fetch(&b, 50, true)); /* 95 in 100 */
	assert_true(gw_budget_spent(&b));
	assert_false(gw_budget_fetch(&b, 1, true));
	assert_true(gw_budget_fetch(&b, 50, false)); /* INBOX */
	assert_false(gw_budget_fetch(&b, 1, false));
	assert_int_equal(b.postponed, 4);
	assert_true(gw_budget_send(&b, 95));
	assert_false(gw_budget_send(&b, UINT64_MAX));
	assert_int_equal(b.postponed, 5);
}

static void without_limits(void **state)
{
	struct gw_budget b = { 0 };

	(void)state;
	assert_true(gw_budget_fetch(&b, UINT64_MAX / 2, true));
	assert_true(gw_budget_send(&b, UINT64_MAX / 2));
	assert_false(gw_budget_spent(&b));
	assert_int_equal(b.postponed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bulk_waits_first),
		cmocka_unit_test(without_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
