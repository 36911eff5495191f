/* SPDX-License-Identifier: ISC */
/* tests/unit/watch/test_tempo.c - a server does not decide how busy we are. */
#include "test.h"
#include "watch/tempo.h"

/* Begins and ends within `each` ms, for an hour; returns how often. */
static unsigned in_an_hour(struct gw_tempo *t, uint64_t each)
{
	uint64_t now = 1000;
	unsigned n = 0;

	for (; now < UINT64_C(3600000); n++) {
		gw_tempo_stands(t, now);
		now += each;
		now += gw_tempo_ended(t, now);
	}
	return n;
}

static void what_ends_at_once_is_not_a_storm(void **state)
{
	struct gw_tempo t = { 0 };

	(void)state;
	assert_in_range(in_an_hour(&t, 3), 10, 30);
	assert_in_range(in_an_hour(&t, UINT64_C(59000)), 5, 15);
}

static void what_stood_begins_again_at_once(void **state)
{
	struct gw_tempo t = { 0 };

	(void)state;
	in_an_hour(&t, 3);
	gw_tempo_stands(&t, 0);
	assert_int_equal(gw_tempo_ended(&t, GW_TEMPO_STOOD_MS), 0);
	assert_int_equal(gw_tempo_ended(&t, GW_TEMPO_STOOD_MS), 0);
	assert_int_equal(gw_tempo_ended(&t, GW_TEMPO_STOOD_MS), 0);
	assert_int_equal(gw_tempo_ended(&t, GW_TEMPO_STOOD_MS), 1000);
	assert_int_equal(gw_tempo_ended(&t, GW_TEMPO_STOOD_MS), 2000);
	gw_tempo_reset(&t);
	assert_int_equal(gw_tempo_ended(&t, GW_TEMPO_STOOD_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_ends_at_once_is_not_a_storm),
		cmocka_unit_test(what_stood_begins_again_at_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
