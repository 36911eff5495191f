/* SPDX-License-Identifier: ISC */
/* tests/unit/imap/test_refusal.c - what a server means that says no. */
#include "imap/cursor.h"
#include "imap/refusal.h"
#include "test.h"

static struct gw_refusal meant(const char *line, bool gmail)
{
	static char text[400];
	struct gw_response r = { 0 };
	struct gw_cursor c;

	snprintf(text, sizeof text, "%s", line);
	c = (struct gw_cursor){ .p = text, .end = text + strlen(text), .start = text };
	assert_true(gw_response_parse(&c, &r, NULL, NULL));
	r.line = gw_slice_str(text);
	return gw_refusal_of(&r, gmail);
}

static void words_are_not_codes(void **state)
{
	static const char *const quoting[] = {
		"g3 NO cannot open bandwidth limit",
		"g3 NO [NONEXISTENT] bandwidth limit",
		"g3 NO Suggested Backoff Time: 86400000 does not exist",
		"g3 NO simultaneous connections: no such mailbox",
		"g3 BAD throttled? what is that",
		"g3 NO Request is throttled. Suggested Backoff Time: 9: no such mailbox",
	};

	(void)state;
	for (size_t i = 0; i < sizeof quoting / sizeof *quoting; i++)
		assert_false(meant(quoting[i], false).busy);
	assert_false(meant("g3 NO [NONEXISTENT] bandwidth limit", true).busy);
	assert_false(meant("g3 NO [NOPERM] throttled", true).busy);
}

static void gmail_is_believed(void **state)
{
	struct gw_refusal r = meant(
		"g3 NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", true);

	(void)state;
	assert_true(r.busy);
	assert_int_equal(r.wait_s, 3600);
	assert_non_null(r.advice);
}

static void pauses_are_honoured(void **state)
{
	(void)state;
	assert_true(meant("g3 NO [THROTTLED] slower", false).busy);
	assert_int_equal(
		meant("g3 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
			false)
			.wait_s,
		300);
}

static void some_things_pass(void **state)
{
	(void)state;
	assert_true(gw_refusal_passes(GW_CODE_UNAVAILABLE));
	assert_true(gw_refusal_passes(GW_CODE_SERVERBUG));
	assert_true(gw_refusal_passes(GW_CODE_INUSE));
	assert_true(gw_refusal_passes(GW_CODE_LIMIT));
	assert_false(gw_refusal_passes(GW_CODE_NONE));
	assert_false(gw_refusal_passes(GW_CODE_NOPERM));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(words_are_not_codes),
		cmocka_unit_test(gmail_is_believed), cmocka_unit_test(pauses_are_honoured),
		cmocka_unit_test(some_things_pass) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
