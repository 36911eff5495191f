/* SPDX-License-Identifier: ISC */
/* plan/body: how much is taken for a message, and when too little came. */
#include "plan/body.h"
#include "test.h"

static void bounded_by_what_was_told(void **state)
{
	(void)state;
	assert_int_equal(gw_body_most(10, 0), 40 + (1 << 20));
	assert_int_equal(gw_body_most(10, 1000), 1000);
	assert_int_equal(gw_body_most(0, 1 << 30), 1 << 30); /* not told */
	assert_true(gw_body_most(0, 0) == UINT64_MAX);
	assert_true(gw_body_most(UINT64_MAX - 1, 0) == UINT64_MAX);
	assert_int_equal(gw_body_most(UINT64_MAX, 5), 5);
}

static void short_ones_are_told_from_wrong_counts(void **state)
{
	(void)state;
	assert_false(gw_body_is_short(0, 100));
	assert_false(gw_body_is_short(100, 100));
	assert_false(gw_body_is_short(307, 154)); /* told twice as much as there is */
	assert_true(gw_body_is_short(307, 1));
	assert_true(gw_body_is_short(100, 1));
	assert_false(gw_body_is_short(10000, 9000)); /* line ends counted as two */
	assert_false(gw_body_is_short(100, 500));
	assert_true(gw_body_is_short(6300000, 3100000));
	assert_true(gw_body_is_short(6300000, 5300000));
	assert_true(gw_body_is_short(UINT64_MAX, 100));
	assert_true(gw_body_is_short(231 + 2000, 0));
}

static void nothing_is_no_body(void **state)
{
	(void)state;
	assert_true(gw_body_is_empty(231, 0));
	assert_true(gw_body_is_empty(1, 0));
	assert_false(gw_body_is_empty(0, 0));
	assert_false(gw_body_is_empty(231, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded_by_what_was_told),
		cmocka_unit_test(short_ones_are_told_from_wrong_counts),
		cmocka_unit_test(nothing_is_no_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
