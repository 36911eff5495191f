/* SPDX-License-Identifier: ISC */
/* cli/config_text and cli/amount: what is wrong with a configuration's text is named where it is wrong. */
#include "cli/amount.h"
#include "cli/config_text.h"
#include "test.h"

#include <stdlib.h>

#define GOOD                                              \
	"state-dir = \"~/x\" # a comment with \" and }\n" \
	"account \"a\" {\n"                               \
	"  // another; one\n"                             \
	"  /* and { one\n over lines */\n"                \
	"  host = \"h\" port = 993\n"                     \
	"  password-command = \"echo \\\"}; {\\\"\"\n"    \
	"  folders = {\"*\", \"!a}\",\n    \"b\"}\n"      \
	"  folder \"x\" {\n    max-age = 3\n  }\n"        \
	"}\n"

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *want; /* want NULL: nothing is wrong */
	} cases[] = {
		{ GOOD, NULL },
		{ "", NULL },
		{ "account \"a\" {\n  host = \"h\n  user = \"u\"\n}\n",
			"line 2: a quote (\") is opened" },
		{ "account \"a\" {\n  host = \"h\\\"\n}\n", "line 2: a quote" },
		{ "account \"a\" {\n  host = 'h\n}\n", "line 2: a quote (')" },
		{ "account \"a\" {\n  host = \"h\"\n",
			"line 1: the section that begins here is not closed" },
		{ "account \"a\" {\n  host = \"h\"\n\naccount \"b\" {\n}\n",
			"line 4: an account begins inside the section that began on line 1" },
		{ "account \"a\" {\n  folder \"x\" {\n  max-age = 1\n}\naccount \"b\" {\n}\n",
			"line 5: an account begins inside the section that began on line 1" },
		{ "account \"a\" {\n}\n}\n", "line 3: there is a } too many" },
		{ "account \"a\" {\n  port = 993;\n}\n", "line 2: lines do not end with \";\"" },
		{ "account \"a\" {\n  host = \"h\";\n}\n", "line 2: lines do not end" },
		{ "account \"a\" {\n  folders = {\"*\", \"b\"\n", "a list that begins with {" },
		{ "account \"a\" {\n  host =\n  user = \"u\"\n}\n", "line 2: host = has no value" },
		{ "account \"a\" {\n  host = \"h\"\n  user =\n}\n", "line 3: user = has no value" },
		{ "account \"a\" {\n  user = a=b\n}\n", "line 2: user: a value with \"=\" in it" },
		{ "account \"a\" {\n  folders += {\"b\"}\n  folders = {\"b\"}\n}\n", NULL },
		{ "account \"a\" {\n  folders = [\"b\"]\n}\n", "line 2: a list stands in braces" },
		{ "account \"a\" = {\n}\n", "line 1: no \"=\" stands before" },
		{ "account \"a\" {\n  folder \"x\" = { max-age = 1 }\n}\n",
			"line 2: no \"=\" stands" },
		{ "account \"a\" {\n  folders = {\"x\"\n  attic = 3\n}\n",
			"line 2: folders: the list is not closed" },
		{ "[account a]\nhost = \"h\"\n", "line 1: an account begins like this" },
		{ "/* never closed\n", "is not closed with */" },
		{ "= 3\n", NULL },
		{ "account \"a\" {\n  folders = INBOX, Sent\n}\n",
			"line 2: several values stand in braces" },
		{ "account \"a\" {\n  folders = {\"INBOX\" \"Sent\"}\n}\n",
			"line 2: a comma is missing" },
		{ "account \"a\" {\n  folders = {\"a\",\n  \"b\",}\n}\n", NULL },
		{ "account \"a\" {\n  folders = *\n}\n",
			"line 2: a value with * in it stands in quotes" },
		/* The last one counts, so that a line can be added to try something. */
		{ "account \"a\" {\n  host = \"h\"\n  user = \"u\"\n  host = \"i\"\n}\n", NULL },
		{ "account \"a\" {\n  max-size = 1\n  folder \"x\" { max-size = 1 }\n  folder \"y\" { "
		  "max-size = 2 }\n}\naccount \"b\" {\n  max-size = 3\n}\n",
			NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gw_error err = { 0 };
		enum gw_code code = config_text_blame(cases[i].text, "rc", false, &err);

		assert_int_equal(code == GW_OK, cases[i].want == NULL);
		if (cases[i].want != NULL && strstr(err.text, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

static void the_parser_in_our_words(void **state)
{
	static const char *const cases[][2] = {
		{ "invalid boolean value for option 'guard'", "guard is yes or no" },
		{ "invalid integer value for option 'port'", "port is a number" },
		{ "missing equal sign after option 'poll'", "\"=\" is missing behind poll" },
		{ "missing title for section 'account'",
			"a name in quotes is missing behind account" },
		{ "missing opening brace for section 'account'",
			"\"{\" is missing behind the name of account" },
		{ "found duplicate title 'a'", "there are two accounts \"a\"" },
		{ "unexpected token '='", "\"=\" is out of place here" },
	};
	char out[100] = "as it was";

	(void)state;
	assert_false(config_text_in_words("something else", out, sizeof out));
	assert_string_equal(out, "as it was");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(config_text_in_words(cases[i][0], out, sizeof out));
		assert_string_equal(out, cases[i][1]);
	}
}

static void a_section_stays_open_for_the_parser(void **state)
{
	struct gw_error err = { 0 };

	(void)state;
	assert_int_equal(config_text_blame("account \"a\" {\n  x = \"over\ntwo lines; {\"\n}\n",
				 "rc", true, &err),
		GW_OK);
	assert_int_equal(config_text_blame("account \"a\" {\n", "rc", true, &err), GW_ERR_CONFIG);
}

static void variables_have_to_be_set(void **state)
{
	struct gw_error err = { 0 };

	(void)state;
	unsetenv("GODWIT_NONE");
	setenv("GODWIT_SOME", "", 1);
	assert_int_equal(
		config_text_variables("# \"${GODWIT_NONE}\n"
				      "x = \"${GODWIT_SOME} \\${GODWIT_NONE} ${GODWIT_NONE:-y}\"\n"
				      "z = '${GODWIT_NONE}'\n",
			"rc", &err),
		GW_OK);
	assert_int_equal(
		config_text_variables("\nx = \"a${GODWIT_NONE}\"\n", "rc", &err), GW_ERR_CONFIG);
	assert_non_null(strstr(err.text, "rc line 2: ${GODWIT_NONE} is not set"));
}

static void numbers_have_units(void **state)
{
	static const struct {
		const char *text;
		enum amount_unit unit;
		long long want; /* -1: it is none */
	} cases[] = {
		{ "300", AMOUNT_SECONDS, 300 },
		{ "5m", AMOUNT_SECONDS, 300 },
		{ "5 min", AMOUNT_SECONDS, 300 },
		{ "2H", AMOUNT_SECONDS, 7200 },
		{ "90d", AMOUNT_DAYS, 90 },
		{ "2 weeks", AMOUNT_DAYS, 14 },
		{ "1y", AMOUNT_DAYS, 365 },
		{ "5m", AMOUNT_DAYS, -1 },
		{ "20 %", AMOUNT_PERCENT, 20 },
		{ "20%", AMOUNT_PERCENT, 20 },
		{ "25M", AMOUNT_BYTES, 25 << 20 },
		{ "25 MiB", AMOUNT_BYTES, 25 << 20 },
		{ "1k", AMOUNT_BYTES, 1024 },
		{ "2G", AMOUNT_MEGABYTES, 2000 },
		{ "500", AMOUNT_MEGABYTES, 500 },
		{ "", AMOUNT_DAYS, -1 },
		{ "m", AMOUNT_SECONDS, -1 },
		{ "-1", AMOUNT_SECONDS, -1 },
		{ "5mm", AMOUNT_SECONDS, -1 },
		{ "99999999999999999999", AMOUNT_DAYS, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned long long value = 0;
		bool ok = amount_read(cases[i].text, cases[i].unit, &value);

		if (ok != (cases[i].want >= 0) ||
			(ok && value != (unsigned long long)cases[i].want))
			fail_msg("%s: %d, %llu", cases[i].text, ok, value);
	}
}

static void dates_are_days(void **state)
{
	static const char *const none[] = { "", "2024", "2024-1-1", "2024-13-01", "2024-00-10",
		"2024-01-00", "2023-02-29", "2024-04-31", "1969-12-31", "2024-01-01 ",
		"2024-01-01T00:00", "01.02.2024", " 2024-01-01", "2024/01/01", "20240-1-01" };
	int64_t day;

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		if (amount_read_date(none[i], &day))
			fail_msg("\"%s\" is taken for a date", none[i]);
	}
	assert_true(amount_read_date("2024-02-29", &day));
	assert_int_equal(day, 1709164800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(the_parser_in_our_words),
		cmocka_unit_test(a_section_stays_open_for_the_parser),
		cmocka_unit_test(variables_have_to_be_set),
		cmocka_unit_test(numbers_have_units),
		cmocka_unit_test(dates_are_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
