/* SPDX-License-Identifier: ISC */
/* imap/command and imap/flags: whatever an argument holds, it stays one argument. */
#include "command_grammar.h"
#include "imap/caps.h"
#include "imap/command.h"
#include "imap/flags.h"
#include "test.h"

static void strings_stay_one_argument(void **state)
{
	static const char *const given[] = { "", "INBOX", "a b", "x\") (\\Deleted",
		"a\r\nA1 DELETE b", "{5}", "caf\xc3\xa9", "\\", "\"", "a)", "\x7f", "\x1b[31m" };
	struct grammar_command c;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof given / sizeof *given; i++) {
		const char *text = given[i / 2];
		struct gw_command line;

		gw_command_init(&line);
		gw_command_printf(&line, "SELECT ");
		gw_command_string(&line, gw_slice_str(text), i % 2 == 0 ? 0 : GW_CAP_LITERAL_PLUS);
		gw_command_printf(&line, " (CONDSTORE)");
		assert_int_equal(line.code, GW_OK);
		assert_true(grammar_read(&c, line.text.p, line.text.n));
		assert_int_equal(c.count, 5);
		assert_string_equal(c.tokens[1].text, text);
		grammar_free(&c);
		gw_command_deinit(&line);
	}
}

static void what_cannot_be_sent_fails(void **state)
{
	struct gw_command line;

	(void)state;
	gw_command_init(&line);
	gw_command_string(&line, (struct gw_slice){ "a\0b", 3 }, 0);
	assert_int_equal(line.code, GW_ERR_LIMIT);
	gw_command_deinit(&line);
	gw_command_init(&line);
	gw_command_printf(&line, "NOOP%s", "\r\nA1 LOGOUT");
	assert_int_equal(line.code, GW_ERR_BUG);
	gw_command_deinit(&line);
}

static void only_atoms_are_keywords(void **state)
{
	char long_name[GW_KEYWORD_NAME_MAX + 2];
	static const char *const names[] = { "Work", "with blank", "x) (\\Deleted", "a\r\nb", "{5}",
		"caf\xc3\xa9", "]", "", "$Label1", NULL, "50%", "a\"b" };
	char *list[sizeof names / sizeof *names + 1];
	struct gw_command line;

	(void)state;
	memset(long_name, 'k', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	memcpy(list, names, sizeof names);
	list[sizeof names / sizeof *names] = long_name;
	gw_command_init(&line);
	gw_command_flags(&line, GW_FLAGS_ALL, list, sizeof list / sizeof *list);
	assert_string_equal(gw_buf_cstr(&line.text),
		"\\Seen \\Answered \\Flagged \\Draft \\Deleted $Forwarded Work $Label1");
	assert_int_equal(line.code, GW_OK);
	gw_command_deinit(&line);
}

/* The reader used here and by the fuzzer has to be able to say no. */
static void the_grammar_refuses(void **state)
{
	static const char *const wrong[] = { "A  B", "A ( B)", "A (B", "A B)", "A \"x", "A \"\r\"",
		"A {3}\r\nab", "A \\", "A\r\n", "A ", "A\x7f", "A ()B" };
	struct grammar_command c;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_false(grammar_read(&c, wrong[i], strlen(wrong[i])));
		grammar_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_stay_one_argument),
		cmocka_unit_test(what_cannot_be_sent_fails),
		cmocka_unit_test(only_atoms_are_keywords),
		cmocka_unit_test(the_grammar_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
