/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/test_claims.c - who fetches a message of several mailboxes. */
#include "plan/claims.h"
#include "test.h"

static void first_come(void **state)
{
	struct gw_claims c = { 0 };
	int a, b;

	(void)state;
	assert_false(gw_claims_held(&c, 7));
	assert_false(gw_claims_known(&c, 7));
	assert_true(gw_claims_take(&c, 7, &a));
	assert_true(gw_claims_take(&c, 7, &a));
	assert_false(gw_claims_take(&c, 7, &b));
	assert_true(gw_claims_held(&c, 7));
	assert_true(gw_claims_take(&c, 0, &a)); /* without an id everybody fetches it */
	assert_true(gw_claims_take(&c, 0, &b));
	gw_claims_release(&c, &b);
	assert_int_equal(c.releases, 0);
	assert_true(gw_claims_held(&c, 7));
	gw_claims_release(&c, &a);
	assert_int_equal(c.releases, 1);
	assert_false(gw_claims_held(&c, 7));
	assert_true(gw_claims_known(&c, 7));
	assert_false(gw_claims_known(&c, 8));
	assert_true(gw_claims_take(&c, 7, &b));
	assert_false(gw_claims_take(&c, 7, &a));
	gw_claims_deinit(&c);
}

/* Ids that fall on one slot, and more of them than there were slots. */
static void many(void **state)
{
	struct gw_claims c = { 0 };
	int a, b;

	(void)state;
	for (uint64_t i = 1; i <= 10000; i++)
		assert_true(gw_claims_take(&c, i << 32, i % 3 == 0 ? &a : &b));
	gw_claims_release(&c, &a);
	for (uint64_t i = 1; i <= 10000; i++) {
		assert_int_equal(gw_claims_held(&c, i << 32), i % 3 != 0);
		assert_int_equal(gw_claims_take(&c, i << 32, &a), i % 3 == 0);
	}
	assert_false(gw_claims_held(&c, 5));
	gw_claims_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_come),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
