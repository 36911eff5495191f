/* SPDX-License-Identifier: ISC */
/* base/text, base/num, base/buf: checked reading, patterns, UTF-8, bounded growth. */
#include "base/num.h"
#include "base/text.h"
#include "test.h"

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool match;
	} cases[] = {
		{ "*", "a/b", true },
		{ "%", "a/b", false },
		{ "%", "ab", true },
		{ "a/*", "a/b/c", true },
		{ "a/%", "a/b/c", false },
		{ "*/c", "a/b/c", true },
		{ "%/c", "a/b/c", false },
		{ "*/%", "a/b/c", true },
		{ "a*b*c", "aXbXbXc", true },
		{ "a*b*c", "aXbXbX", false },
		{ "", "", true },
		{ "", "a", false },
		{ "*%", "a/b", true },
		{ "%a", "ba", true },
		{ "INBOX", "inbox", false },
		{ "*x%y", "a/x/xzy", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(gw_glob_match(cases[i].pattern, cases[i].name), cases[i].match);
}

static void patterns_end_soon(void **state)
{
	char name[2001], pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab";

	(void)state;
	memset(name, 'a', 2000);
	name[2000] = '\0';
	assert_false(gw_glob_match(pattern, name)); /* exponential matchers never return */
}

static void numbers(void **state)
{
	uint64_t v64;
	uint32_t v32;
	size_t sum;

	(void)state;
	assert_true(gw_read_u64(gw_slice_str("18446744073709551615"), UINT64_MAX, &v64));
	assert_true(v64 == UINT64_MAX);
	assert_false(gw_read_u64(gw_slice_str("18446744073709551616"), UINT64_MAX, &v64));
	assert_false(gw_read_u64(gw_slice_str("11"), 10, &v64));
	assert_false(gw_read_u32(gw_slice_str("4294967296"), &v32));
	assert_false(gw_read_u32(gw_slice_str(""), &v32));
	assert_false(gw_read_u32(gw_slice_str("+1"), &v32));
	assert_false(gw_read_u32(gw_slice_str("1 "), &v32));
	assert_true(gw_add_size(1, 2, &sum) && sum == 3);
	assert_false(gw_add_size(SIZE_MAX, 1, &sum));
}

static void utf8(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "abc", true },
		{ "\xc3\xa4", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\xc3", false },
		{ "\xc0\x80", false },
		{ "\xed\xa0\x80", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xe0\x80\x80", false },
		{ "\xff", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(gw_utf8_valid(gw_slice_str(cases[i].text)), cases[i].valid);
}

static void utf8_round_trip(void **state)
{
	(void)state;
	for (uint32_t cp = 1; cp < 0x110000; cp += cp < 0x3000 ? 1 : 97) {
		struct gw_buf b;
		const char *p;

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		gw_buf_init(&b, 16);
		assert_int_equal(gw_utf8_put(&b, cp), GW_OK);
		p = b.p;
		assert_int_equal(gw_utf8_next(&p, b.p + b.n), cp);
		assert_ptr_equal(p, b.p + b.n);
		gw_buf_deinit(&b);
	}
}

static void buffers_have_a_bound(void **state)
{
	struct gw_buf b;

	(void)state;
	gw_buf_init(&b, 100);
	for (int i = 0; i < 10; i++)
		assert_int_equal(gw_buf_puts(&b, "0123456789"), GW_OK);
	assert_int_equal(gw_buf_puts(&b, "x"), GW_ERR_LIMIT);
	assert_int_equal(b.n, 100);
	gw_buf_consume(&b, 95);
	assert_string_equal(gw_buf_cstr(&b), "56789");
	gw_buf_deinit(&b);
}

static void distances(void **state)
{
	(void)state;
	assert_int_equal(gw_edit_distance("maildir", "mailbox"), 3);
	assert_int_equal(gw_edit_distance("", "abc"), 3);
	assert_int_equal(gw_edit_distance("same", "same"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(patterns),
		cmocka_unit_test(patterns_end_soon), cmocka_unit_test(numbers),
		cmocka_unit_test(utf8), cmocka_unit_test(utf8_round_trip),
		cmocka_unit_test(buffers_have_a_bound), cmocka_unit_test(distances) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
