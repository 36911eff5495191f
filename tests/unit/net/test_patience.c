/* SPDX-License-Identifier: ISC */
/* tests/unit/net/test_patience.c - what a peer is forgiven, and what it is not. */
#include "net/patience.h"
#include "test.h"

enum { T = 60000, START = 1000000 };

static uint64_t next;

static void silence(void **state)
{
	struct gw_patience p;

	(void)state;
	gw_patience_init(&p, START, T, 0);
	assert_int_equal(gw_patience_first_look(&p), T);
	p.progress_ms = START + 40000;
	assert_int_equal(gw_patience_look(&p, START + T, 100, true, &next), GW_PATIENCE_HOLDS);
	assert_int_equal(next, 40001);
	assert_int_equal(
		gw_patience_look(&p, START + 40000 + T, 100, true, &next), GW_PATIENCE_SILENT);
	/* nothing is due: that is no silence, and the next one begins now */
	gw_patience_init(&p, START, T, 0);
	assert_int_equal(gw_patience_look(&p, START + 5 * T, 100, false, &next), GW_PATIENCE_HOLDS);
	assert_int_equal(
		gw_patience_look(&p, START + 6 * T - 1, 100, true, &next), GW_PATIENCE_HOLDS);
	assert_int_equal(gw_patience_look(&p, START + 6 * T, 100, true, &next), GW_PATIENCE_SILENT);
}

/* One byte in each 59 seconds, or enough of them. */
static enum gw_patience_end drip(unsigned bytes, bool answers)
{
	struct gw_patience p;
	enum gw_patience_end end = GW_PATIENCE_HOLDS;
	uint64_t moved = 0;

	gw_patience_init(&p, START, T, 0);
	for (uint64_t now = START; end == GW_PATIENCE_HOLDS && now < START + 30 * T; now += 59000) {
		moved += bytes;
		p.progress_ms = now;
		if (answers)
			gw_patience_renew(&p, now, moved);
		end = gw_patience_look(&p, now, moved, true, &next);
	}
	return end;
}

static void drips(void **state)
{
	(void)state;
	assert_int_equal(drip(1, false), GW_PATIENCE_DRIPPING);
	assert_int_equal(drip(1, true), GW_PATIENCE_HOLDS);
	assert_int_equal(drip(1000, false), GW_PATIENCE_HOLDS);
}

static void settling(void **state)
{
	struct gw_patience p;

	(void)state;
	gw_patience_init(&p, START, T, 5000);
	assert_int_equal(gw_patience_first_look(&p), 5000);
	assert_int_equal(gw_patience_look(&p, START + 4000, 9, true, &next), GW_PATIENCE_HOLDS);
	assert_int_equal(next, 1000);
	assert_int_equal(
		gw_patience_look(&p, START + 5000, 9000, true, &next), GW_PATIENCE_UNREADY);
}

/* While our own bandwidth is used up, nothing of that counts. */
static void our_own_turn(void **state)
{
	struct gw_patience p;

	(void)state;
	gw_patience_init(&p, START, T, 5000);
	gw_patience_excuse(&p, START + 1000, START + 11 * T, 50);
	assert_int_equal(gw_patience_look(&p, START + 11 * T, 50, true, &next), GW_PATIENCE_HOLDS);
	assert_int_equal(next, 4000);
	assert_int_equal(
		gw_patience_look(&p, START + 11 * T + 4000, 50, true, &next), GW_PATIENCE_UNREADY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence),
		cmocka_unit_test(drips),
		cmocka_unit_test(settling),
		cmocka_unit_test(our_own_turn),
	};

	return cmocka_run_group_tests_name("patience", tests, NULL, NULL);
}
