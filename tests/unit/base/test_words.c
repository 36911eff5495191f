/* SPDX-License-Identifier: ISC */
/* tests/unit/base/test_words.c - header text as people read it. */
#include "base/text.h"
#include "base/words.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static void expect(const char *text, const char *want)
{
	struct gw_buf out;

	gw_buf_init(&out, 1 << 20);
	gw_words_decode(gw_slice_str(text), &out);
	if (strcmp(gw_buf_cstr(&out), want) != 0)
		fail_msg("%s: %s instead of %s", text, gw_buf_cstr(&out), want);
	gw_buf_deinit(&out);
}

static void words_become_text(void **state)
{
	(void)state;
	expect("", "");
	expect("plain text", "plain text");
	expect("folded\r\n text\n\there", "folded text here");
	expect("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße");
	expect("=?UTF-8?B?R3LDvMOfZQ==?= von =?iso-8859-1?q?M=fcller?= <m@x>",
		"Grüße von Müller <m@x>");
	expect("=?ISO-8859-15?Q?10_=A4?=", "10 €");
	expect("=?windows-1252?Q?=80=93?=", "€“");
	expect("=?koi8-r?B?8NLJ18XU?=", "Привет");
	expect("=?utf-8*de?Q?a?= b", "a b");
	expect("=?us-ascii?Q?a=3Fb?=", "a?b");
}

/* RFC 2047 6.2 and, against its section 5, characters that are cut in two. */
static void words_side_by_side(void **state)
{
	(void)state;
	expect("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab");
	expect("=?utf-8?Q?a?=\r\n\t=?iso-8859-1?Q?b?= c", "ab c");
	expect("=?utf-8?Q?a_?= =?utf-8?Q?b?=", "a b");
	expect("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü");
	expect("=?utf-8?B?w7w=?= =?utf-8?Q?=C3=BC?=", "üü");
}

static void what_is_none_stays(void **state)
{
	static const char *const as_they_are[] = { "=?", "=?utf-8", "=?utf-8?", "=?utf-8?Q",
		"=?utf-8?Q?", "=?utf-8?Q?a", "=?utf-8?Q?a?",
		"=?utf-8?X?a?=", "=??Q?a?=", "a =? b ?= c", "=?no-such-charset?Q?a=20b?=",
		"=?a-name-of-a-charset-that-is-longer-than-any?Q?a?=" };

	(void)state;
	for (size_t i = 0; i < sizeof as_they_are / sizeof *as_they_are; i++)
		expect(as_they_are[i], as_they_are[i]);
	expect("=?utf-8?Q?a=ZZ=?=", "a=ZZ=");
	expect("=?utf-8?B?!!!?=", "");
}

static void nothing_steers_a_terminal(void **state)
{
	(void)state;
	expect("a\x1b[31m\x7f", "a [31m ");
	expect("=?utf-8?Q?=1B[31m=C2=9B=00?=", " [31m  ");
	expect("=?utf-8?Q?=FF=C3?=", "\xef\xbf\xbd\xef\xbf\xbd");
	expect("M\xfcller", "Müller");
	expect("=?utf-16?B?/w==?=", "\xef\xbf\xbd");
}

/* Whatever comes in, UTF-8 comes out, and never much more of it. */
static void anything(void **state)
{
	static const char *const pieces[] = { "=?", "utf-8", "iso-2022-jp", "?", "Q", "B", "=",
		"\x1b$B", "=C3", "\xff", " ", "\r\n ", "w7w=", "?=", "a", "gb18030", "*" };

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		char text[200] = "";
		struct gw_buf out;

		for (unsigned n = (unsigned)rand() % 25, at = 0; n > 0; n--)
			at += (unsigned)snprintf(text + at, sizeof text - at, "%s",
				pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)]);
		gw_buf_init(&out, 1 << 20);
		gw_words_decode(gw_slice_str(text), &out);
		assert_true(gw_utf8_valid((struct gw_slice){ gw_buf_cstr(&out), out.n }));
		assert_true(out.n <= 4 * strlen(text));
		gw_buf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_text),
		cmocka_unit_test(words_side_by_side),
		cmocka_unit_test(what_is_none_stays),
		cmocka_unit_test(nothing_steers_a_terminal),
		cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
