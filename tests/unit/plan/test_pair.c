/* SPDX-License-Identifier: ISC */
/* sync/pair: equal messages are joined as a multiset, each at most once. */
#include "plan/pair.h"
#include "test.h"

static struct gw_pair *pairs;
static size_t count, cap;

static void join(struct gw_pair_remote *r, size_t rn, struct gw_pair_local *l, size_t ln, bool size)
{
	count = 0;
	assert_int_equal(gw_pair_messages(r, rn, l, ln, size, &pairs, &count, &cap), GW_OK);
}

static void by_name_first(void **state)
{
	struct gw_pair_remote r[] = { { .uid = 1, .size = 10, .header = "a" },
		{ .uid = 2, .size = 10, .header = "a" } };
	struct gw_pair_local l[] = { { .index = 0, .size = 10, .header = "a", .name_uid = 2 },
		{ .index = 1, .size = 10, .header = "a" } };

	(void)state;
	join(r, 2, l, 2, false);
	assert_int_equal(count, 2);
	assert_int_equal(pairs[0].local, 1);
	assert_true(pairs[0].check_body); /* a small set: the body decides */
	assert_int_equal(pairs[1].local, 0);
	assert_false(pairs[1].check_body); /* the name speaks for it */
}

static void a_name_alone_is_not_enough(void **state)
{
	struct gw_pair_remote r[] = { { .uid = 2, .size = 10, .header = "a" } };
	struct gw_pair_local l[] = { { .index = 0, .size = 10, .header = "b", .name_uid = 2 } };

	(void)state;
	join(r, 1, l, 1, false);
	assert_int_equal(count, 0);
}

static void other_size_means_the_body_decides(void **state)
{
	struct gw_pair_remote r[] = { { .uid = 1, .size = 10, .header = "a" } };
	struct gw_pair_local l[] = { { .index = 0, .size = 11, .header = "a" } };

	(void)state;
	join(r, 1, l, 1, false);
	assert_int_equal(count, 1);
	assert_true(pairs[0].check_body);
	r[0].taken = l[0].taken = false;
	join(r, 1, l, 1, true); /* base's own rows: sizes are the server's on both sides */
	assert_int_equal(count, 0);
}

static void a_server_that_merges_goes_by_message_id(void **state)
{
	struct gw_pair_remote r[] = { { .uid = 1, .size = 10, .header = "a", .msgid = 7 },
		{ .uid = 2, .size = 12, .header = "b", .msgid = 8 },
		{ .uid = 3, .size = 12, .header = "c" } };
	struct gw_pair_local l[] = { { .index = 0, .size = 11, .header = "x", .msgid = 8 },
		{ .index = 1, .size = 10, .header = "a", .msgid = 7 },
		{ .index = 2, .size = 11, .header = "y", .msgid = 8 },
		{ .index = 3, .size = 9, .header = "z" } };

	(void)state;
	join(r, 3, l, 4, false);
	assert_int_equal(count, 2); /* one file each; the other is its alias */
	assert_int_equal(pairs[0].local, 1);
	assert_false(pairs[0].check_body); /* it is that one anyway */
	assert_int_equal(pairs[1].uid, 2);
	assert_true(pairs[1].local == 0 || pairs[1].local == 2);
	assert_false(pairs[1].check_body);
}

static void twins_prefer_equal_flags(void **state)
{
	struct gw_pair_remote r[] = { { .uid = 1, .flags = 1, .header = "a" },
		{ .uid = 2, .flags = 2, .header = "a" } };
	struct gw_pair_local l[] = { { .index = 7, .flags = 2, .header = "a" },
		{ .index = 8, .flags = 1, .header = "a" },
		{ .index = 9, .flags = 4, .header = "a" } };

	(void)state;
	join(r, 2, l, 3, true);
	assert_int_equal(count, 2);
	assert_int_equal(pairs[0].local, 8);
	assert_int_equal(pairs[1].local, 7);
}

/* As many pairs as the multisets have in common, none twice. */
static void random_multisets(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct gw_pair_remote r[40];
		struct gw_pair_local l[40];
		size_t rn = 1 + test_random(&seed, 40), ln = 1 + test_random(&seed, 40), want = 0;
		unsigned rc[8] = { 0 }, lc[8] = { 0 };
		bool used[40] = { false };

		memset(r, 0, sizeof r);
		memset(l, 0, sizeof l);
		for (size_t i = 0; i < rn; i++) {
			unsigned kind = test_random(&seed, 8);

			r[i] = (struct gw_pair_remote){ .uid = (uint32_t)i + 1,
				.size = 5,
				.flags = test_random(&seed, 3),
				.header = { (uint8_t)kind } };
			rc[kind]++;
		}
		for (size_t i = 0; i < ln; i++) {
			unsigned kind = test_random(&seed, 8);

			l[i] = (struct gw_pair_local){ .index = (uint32_t)i,
				.size = 5,
				.flags = test_random(&seed, 3),
				.header = { (uint8_t)kind } };
			lc[kind]++;
		}
		for (unsigned k = 0; k < 8; k++)
			want += rc[k] < lc[k] ? rc[k] : lc[k];
		join(r, rn, l, ln, true);
		assert_int_equal(count, want);
		for (size_t i = 0; i < count; i++) {
			assert_true(i == 0 || pairs[i - 1].uid < pairs[i].uid);
			assert_false(used[pairs[i].local]);
			used[pairs[i].local] = true;
		}
	}
	free(pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(by_name_first),
		cmocka_unit_test(a_name_alone_is_not_enough),
		cmocka_unit_test(other_size_means_the_body_decides),
		cmocka_unit_test(a_server_that_merges_goes_by_message_id),
		cmocka_unit_test(twins_prefer_equal_flags), cmocka_unit_test(random_multisets) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
