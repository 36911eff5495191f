/* SPDX-License-Identifier: ISC */
/* base/sorted: the lower bound, against a walk. */
#include "base/sorted.h"
#include "test.h"

struct element {
	char before[3];
	uint32_t n;
	uint64_t behind;
};

static void as_by_a_walk(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct element list[9] = { 0 };
		size_t count = test_random(&seed, 10);
		uint32_t n = 0;

		for (size_t i = 0; i < count; i++) { /* equal ones among them */
			n += test_random(&seed, 3);
			list[i].n = i + 1 == count && test_random(&seed, 4) == 0 ? UINT32_MAX : n;
			list[i].behind = UINT64_MAX;
		}
		for (uint32_t wanted = 0; wanted < n + 2; wanted++) {
			size_t walked = 0;

			while (walked < count && list[walked].n < wanted)
				walked++;
			assert_int_equal(GW_LOWER_BOUND(list, count, n, wanted), walked);
		}
		assert_int_equal(GW_LOWER_BOUND(list, count, n, UINT32_MAX),
			count > 0 && list[count - 1].n == UINT32_MAX ? count - 1 : count);
	}
}

static void of_nothing(void **state)
{
	const struct element *none = NULL;

	(void)state;
	assert_int_equal(GW_LOWER_BOUND(none, 0, n, 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_by_a_walk),
		cmocka_unit_test(of_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
