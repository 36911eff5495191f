/* SPDX-License-Identifier: ISC */
/* sync/labels: which keywords are labels, and their names on the wire. */
#include "remote/labels.h"
#include "test.h"

static void assert_reads(const char *wire, const char *keyword)
{
	struct gw_buf out;
	enum gw_code code;

	gw_buf_init(&out, 4096);
	code = gw_label_read(gw_slice_str(wire), &out);
	assert_int_equal(code == GW_OK, keyword != NULL);
	if (keyword != NULL)
		assert_string_equal(gw_buf_cstr(&out), keyword);
	gw_buf_deinit(&out);
}

static void labels_come_from_the_wire(void **state)
{
	(void)state;
	assert_reads("Work", "Work");
	assert_reads("Caf&AOk-/To do", "Caf\xc3\xa9/To do");
	assert_reads("[Mailbox]", "[Mailbox]");
	assert_reads("a&b", "a&b"); /* not modified UTF-7, and sent all the same */
	assert_reads("\\Inbox", NULL);
	assert_reads("", NULL);
	assert_reads("two\nlines", NULL);
	assert_reads("\x1b[31mred", NULL);
	assert_reads("&AIU-next", NULL); /* a control character in modified UTF-7 */
	assert_reads("\xff\xfe", NULL);
	assert_reads("$Forwarded", NULL);
}

static void what_programs_make_is_no_label(void **state)
{
	(void)state;
	assert_true(gw_label_is(gw_slice_str("Work")));
	assert_false(gw_label_is(gw_slice_str("$MDNSent")));
	assert_false(gw_label_is(gw_slice_str("nonjunk")));
	assert_false(gw_label_is(gw_slice_str("")));
}

static void labels_go_to_the_wire(void **state)
{
	struct gw_keywords k = { 0 };
	struct gw_command line;

	(void)state;
	gw_keywords_put(&k, 0, gw_slice_str("Caf\xc3\xa9"));
	gw_keywords_put(&k, 1, gw_slice_str("$Forwarded"));
	gw_keywords_put(&k, 3, gw_slice_str("To do"));
	assert_int_equal(gw_labels_among(&k), GW_FLAG_KEYWORD(0) | GW_FLAG_KEYWORD(3));
	gw_command_init(&line);
	gw_labels_put(&line, GW_FLAG_KEYWORD(0) | GW_FLAG_KEYWORD(3), &k, 0);
	assert_string_equal(gw_buf_cstr(&line.text), "(\"Caf&AOk-\" \"To do\")");
	gw_command_deinit(&line);
	gw_keywords_deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(labels_come_from_the_wire),
		cmocka_unit_test(what_programs_make_is_no_label),
		cmocka_unit_test(labels_go_to_the_wire) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
