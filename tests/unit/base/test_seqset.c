/* SPDX-License-Identifier: ISC */
/* base/seqset: sets stay sorted and disjoint, and agree with a plain array of bits. */
#include "base/seqset.h"
#include "test.h"

static void expect_text(const struct gw_seqset *s, const char *text)
{
	struct gw_buf out;

	gw_buf_init(&out, 65536);
	assert_int_equal(gw_seqset_format(s, &out), GW_OK);
	assert_string_equal(gw_buf_cstr(&out), text);
	gw_buf_deinit(&out);
}

static void adds_and_merges(void **state)
{
	struct gw_seqset s = { 0 };

	(void)state;
	gw_seqset_add(&s, 5, 5);
	gw_seqset_add(&s, 7, 9);
	expect_text(&s, "5,7:9");
	gw_seqset_add(&s, 6, 6);
	expect_text(&s, "5:9");
	gw_seqset_add(&s, 1, 2);
	gw_seqset_add(&s, 20, 15); /* either order */
	expect_text(&s, "1:2,5:9,15:20");
	gw_seqset_add(&s, 2, 16);
	expect_text(&s, "1:20");
	gw_seqset_add(&s, UINT32_MAX, UINT32_MAX);
	gw_seqset_add(&s, UINT32_MAX - 1, UINT32_MAX - 1);
	expect_text(&s, "1:20,4294967294:4294967295");
	assert_int_equal(gw_seqset_size(&s), 22);
	gw_seqset_deinit(&s);
}

static void parses_what_servers_send(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} cases[] = {
		{ "1", "1" },
		{ "3:1", "1:3" },
		{ "1,3:5,2", "1:5" },
		{ "1:*", "1:4294967295" },
		{ "", NULL },
		{ "0", NULL },
		{ "1,,2", NULL },
		{ "a", NULL },
		{ "1:", NULL },
		{ "4294967296", NULL },
		{ "1 2", NULL },
		{ "-1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gw_seqset s = { 0 };
		enum gw_code code = gw_seqset_parse(&s, gw_slice_str(cases[i].in));

		assert_int_equal(code, cases[i].out == NULL ? GW_ERR_PROTOCOL : GW_OK);
		if (cases[i].out != NULL)
			expect_text(&s, cases[i].out);
		gw_seqset_deinit(&s);
	}
}

static void agrees_with_bits(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct gw_seqset s = { 0 };
		bool bits[200] = { false };
		size_t count = 0;

		for (int i = 0; i < 60; i++) {
			uint32_t a = 1 + test_random(&seed, 190), b = a + test_random(&seed, 8);

			gw_seqset_add(&s, a, b);
			for (uint32_t n = a; n <= b; n++)
				bits[n] = true;
		}
		for (uint32_t n = 1; n < 200; n++) {
			assert_int_equal(gw_seqset_has(&s, n), bits[n]);
			count += bits[n];
		}
		assert_int_equal(gw_seqset_size(&s), count);
		for (size_t i = 1; i < s.count; i++)
			assert_true(s.ranges[i].first > s.ranges[i - 1].last + 1);
		gw_seqset_deinit(&s);
	}
}

static void bulk_and_difference_agree_with_bits(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct gw_seqset sets[2] = { { 0 }, { 0 } }, copy = { 0 };
		bool bits[2][100] = { { false }, { false } };
		bool common = false;

		for (int k = 0; k < 4; k++) { /* in several bulks */
			struct gw_range ranges[12];
			size_t n = test_random(&seed, 12);

			for (size_t i = 0; i < n; i++) {
				uint32_t a = 1 + test_random(&seed, 90);
				uint32_t b = a + test_random(&seed, 5);

				ranges[i] = test_random(&seed, 2) ? (struct gw_range){ a, b }
								  : (struct gw_range){ b, a };
				for (uint32_t at = a; at <= b; at++)
					bits[k % 2][at] = true;
			}
			assert_int_equal(gw_seqset_add_all(&sets[k % 2], ranges, n), GW_OK);
		}
		for (uint32_t at = 1; at < 100; at++)
			common |= bits[0][at] && bits[1][at];
		assert_int_equal(gw_seqset_meets(&sets[0], &sets[1]), common);
		assert_int_equal(gw_seqset_copy(&copy, &sets[0]), GW_OK);
		assert_int_equal(gw_seqset_subtract(&sets[0], &sets[1]), GW_OK);
		for (uint32_t at = 1; at < 100; at++) {
			assert_int_equal(gw_seqset_has(&copy, at), bits[0][at]);
			assert_int_equal(gw_seqset_has(&sets[1], at), bits[1][at]);
			assert_int_equal(gw_seqset_has(&sets[0], at), bits[0][at] && !bits[1][at]);
		}
		assert_false(gw_seqset_meets(&sets[0], &sets[1]));
		for (size_t i = 1; i < sets[1].count; i++)
			assert_true(sets[1].ranges[i].first > sets[1].ranges[i - 1].last + 1);
		for (int k = 0; k < 2; k++)
			gw_seqset_deinit(&sets[k]);
		gw_seqset_deinit(&copy);
	}
}

static void all_numbers_there_are(void **state)
{
	struct gw_seqset s = { 0 }, half = { 0 };

	(void)state;
	assert_int_equal(gw_seqset_parse(&s, gw_slice_str("4294967295,1:*,7")), GW_OK);
	expect_text(&s, "1:4294967295");
	assert_int_equal(gw_seqset_parse(&half, gw_slice_str("1,5:4294967295")), GW_OK);
	assert_int_equal(gw_seqset_subtract(&s, &half), GW_OK);
	expect_text(&s, "2:4");
	gw_seqset_deinit(&s);
	gw_seqset_deinit(&half);
}

/* A server that lists downwards, or every other UID: quadratic, this takes minutes. */
static void many_in_any_order(void **state)
{
	enum { MANY = 800000 };
	struct gw_buf text;
	struct gw_seqset s = { 0 };

	(void)state;
	gw_buf_init(&text, 16 << 20);
	for (uint32_t i = MANY; i > 0; i--)
		gw_buf_printf(&text, "%u%s", i * 2, i > 1 ? "," : "");
	assert_int_equal(gw_seqset_parse(&s, (struct gw_slice){ text.p, text.n }), GW_OK);
	assert_int_equal(s.count, MANY);
	assert_true(gw_seqset_has(&s, 2) && gw_seqset_has(&s, 2 * MANY));
	assert_false(gw_seqset_has(&s, 3));
	gw_seqset_deinit(&s);
	gw_buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(adds_and_merges),
		cmocka_unit_test(parses_what_servers_send), cmocka_unit_test(agrees_with_bits),
		cmocka_unit_test(bulk_and_difference_agree_with_bits),
		cmocka_unit_test(all_numbers_there_are), cmocka_unit_test(many_in_any_order) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
