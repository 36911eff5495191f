/* SPDX-License-Identifier: ISC */
/* base/show: nothing that steers a terminal comes through. */
#include "base/show.h"
#include "test.h"

static void shown(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "", "" },
		{ "INBOX", "INBOX" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e",
			"Gr\xc3\xbc\xc3\x9f"
			"e" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "\033[2J\033]0;owned\007", "\\x1b[2J\\x1b]0;owned\\x07" },
		{ "a\nb\rc\td", "a\\nb\\rc\\td" },
		{ "\x7f", "\\x7f" },
		{ "\x9b"
		  "31m",
			"\\x9b31m" }, /* CSI as one byte */
		{ "\xc2\x9b"
		  "31m",
			"\\u009b31m" }, /* CSI as UTF-8 */
		{ "\xe2\x80\xae"
		  "exe.txt",
			"\\u202eexe.txt" }, /* right-to-left override */
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069" },
		{ "\xe2\x80\xa8", "\\u2028" },
		{ "\xf3\xa0\x80\x81", "\\U000e0001" },
		{ "\xc3", "\\xc3" },                   /* cut short */
		{ "\xc0\x9b", "\\xc0\\x9b" },          /* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
			"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb" }, /* joined emoji */
		{ "C:\\new", "C:\\new" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gw_slice text = gw_slice_str(cases[i].text);
		struct gw_buf out;

		gw_buf_init(&out, 1000);
		assert_int_equal(gw_show(text, &out), GW_OK);
		assert_string_equal(gw_buf_cstr(&out), cases[i].shown);
		assert_int_equal(gw_is_plain(text), strcmp(cases[i].text, cases[i].shown) == 0);
		gw_buf_deinit(&out);
	}
}

/* Whatever comes in, what goes out is plain: showing it again changes nothing. */
static void random_bytes(void **state)
{
	uint64_t seed = test_seed();
	uint64_t s = seed | 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		static const char *const parts[] = { "\xc2", "\xe2\x80", "\xae", "\033", "[", "a",
			"\xf3\xa0", "\x80", "\xff", "\xc3\xbc" };
		char text[64];
		size_t n = 0;
		struct gw_buf out;

		while (n < 40 && test_random(&s, 9) != 0) {
			const char *part = parts[test_random(&s, 10)];

			for (; *part != '\0'; part++)
				text[n++] = *part;
			if (test_random(&s, 4) == 0)
				text[n++] = (char)test_random(&s, 256);
		}
		gw_buf_init(&out, 1000);
		assert_int_equal(gw_show((struct gw_slice){ text, n }, &out), GW_OK);
		assert_true(gw_is_plain((struct gw_slice){ out.p, out.n }));
		gw_buf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
