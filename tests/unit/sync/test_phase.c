/* SPDX-License-Identifier: ISC */
/* sync/phase: the order of an account's sync. */
#include "sync/phase.h"
#include "test.h"

/* Each phase leads on, by way of the table alone, to DONE. */
static void every_phase_leads_to_the_end(void **state)
{
	bool reaches[SYNC_PHASES] = { [SYNC_DONE] = true };
	bool more = true;

	(void)state;
	while (more) {
		more = false;
		for (enum gw_sync_phase from = 0; from < SYNC_PHASES; from++) {
			for (enum gw_sync_phase to = 0; to < SYNC_PHASES && !reaches[from]; to++) {
				if (gw_sync_may_follow(from, to) && reaches[to])
					more = reaches[from] = true;
			}
		}
	}
	for (enum gw_sync_phase from = 0; from < SYNC_PHASES; from++)
		assert_true(reaches[from]);
}

/* A sync that has begun to end does not begin again. */
static void there_is_no_way_back_from_the_end(void **state)
{
	(void)state;
	for (enum gw_sync_phase from = SYNC_ENDING; from < SYNC_PHASES; from++) {
		for (enum gw_sync_phase to = 0; to < SYNC_PHASES; to++)
			assert_int_equal(gw_sync_may_follow(from, to), to == from + 1);
	}
}

/* What is stored is opened for writing only when it is known what there is; work begins behind that. */
static void work_comes_after_the_list(void **state)
{
	(void)state;
	assert_false(gw_sync_may_follow(SYNC_OPENING, SYNC_WORKING));
	assert_false(gw_sync_may_follow(SYNC_OPENING, SYNC_PREPARING));
	assert_false(gw_sync_may_follow(SYNC_WORKING, SYNC_LISTING));
	assert_false(gw_sync_may_follow(SYNC_PREPARING, SYNC_SETTLING));
	for (enum gw_sync_phase from = 0; from < SYNC_ENDING; from++)
		assert_true(gw_sync_may_follow(from, SYNC_ENDING));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_phase_leads_to_the_end),
		cmocka_unit_test(there_is_no_way_back_from_the_end),
		cmocka_unit_test(work_comes_after_the_list),
	};

	return cmocka_run_group_tests_name("phase", tests, NULL, NULL);
}
