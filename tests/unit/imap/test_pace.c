/* SPDX-License-Identifier: ISC */
/* tests/unit/imap/test_pace.c - pauses between commands. */
#include "imap/pace.h"
#include "test.h"

static void grows_and_shrinks(void **state)
{
	struct gw_pace p = { 0 };

	(void)state;
	assert_false(gw_pace_answered(&p, false));
	assert_int_equal(p.ms, 0);
	assert_true(gw_pace_answered(&p, true));
	assert_int_equal(p.ms, GW_PACE_FIRST_MS);
	assert_false(gw_pace_answered(&p, true));
	assert_int_equal(p.ms, 2 * GW_PACE_FIRST_MS);
	for (int i = 0; i < 20; i++)
		gw_pace_answered(&p, true);
	assert_int_equal(p.ms, GW_PACE_MOST_MS);
	gw_pace_answered(&p, false);
	assert_int_equal(p.ms, GW_PACE_MOST_MS * 3 / 4);
	for (int i = 0; i < 40; i++)
		gw_pace_answered(&p, false);
	assert_int_equal(p.ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(grows_and_shrinks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
