/* SPDX-License-Identifier: ISC */
/* base/header: fields as people read them, whatever a stranger wrote. */
#include "base/header.h"
#include "test.h"

static void expect(const char *header, const char *name, const char *want)
{
	char out[40];

	gw_header_field(header, name, out, sizeof out);
	if (strcmp(out, want) != 0)
		fail_msg("\"%s\" instead of \"%s\"", out, want);
}

static void fields(void **state)
{
	static const char header[] = "Received: by x\r\n\tfor y\r\n"
				     "SUBJECT: =?utf-8?b?R3LDvMOfZQ==?=\r\n and more\r\n"
				     "From:=?utf-8?q?J=C3=BCrgen?= <j@x>\r\n"
				     "X-From: other\r\nSubject: second\r\nEmpty:\r\n\r\n"
				     "To: in the body\r\n";

	(void)state;
	expect(header, "Subject", "Gr\303\274\303\237e and more");
	expect(header, "From", "J\303\274rgen <j@x>");
	expect(header, "Empty", "");
	expect(header, "To", ""); /* no field of the header */
	expect("", "From", "");
	expect("From", "From", "");
	expect("Subject: no end", "Subject", "no end");
	expect("\nSubject: x\n", "Subject", "");
}

static void what_does_not_fit_is_cut_between_characters(void **state)
{
	char out[8];

	(void)state;
	gw_header_field("Subject: a\303\274\303\274\303\274\303\274\n", "Subject", out, sizeof out);
	assert_string_equal(out, "a\303\274\303\274\303\274");
	gw_header_field("Subject: \303\274\303\274\303\274\303\274\n", "Subject", out, sizeof out);
	assert_string_equal(out, "\303\274\303\274\303\274");
}

static void no_control_characters(void **state)
{
	char out[200];

	(void)state;
	gw_header_field("Subject: a\033[2Jb =?utf-8?q?=0A=1B?= c\n", "Subject", out, sizeof out);
	for (const char *p = out; *p != '\0'; p++)
		assert_true((unsigned char)*p >= ' ');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
		cmocka_unit_test(no_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
