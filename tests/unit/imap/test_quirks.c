/* SPDX-License-Identifier: ISC */
/* tests/unit/imap/test_quirks.c - what a server announces and does not do. */
#include "imap/caps.h"
#include "imap/quirks.h"
#include "test.h"

static void words_there_and_back(void **state)
{
	struct gw_buf out;

	(void)state;
	for (unsigned quirks = 0; quirks < 1u << (GW_QUIRK_BIT_TOOK_KEYWORDS + 1); quirks++) {
		gw_buf_init(&out, 4096);
		assert_int_equal(gw_quirks_format(quirks, &out), GW_OK);
		assert_int_equal(gw_quirks_parse(gw_buf_cstr(&out)), quirks);
		gw_buf_deinit(&out);
	}
	assert_int_equal(gw_quirks_parse(NULL), 0);
	assert_int_equal(gw_quirks_parse("  later-ones no-move no-mov "), GW_QUIRK_NO_MOVE);
}

static void what_does_not_work_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(gw_quirks_hide(GW_QUIRK_NO_MOVE, GW_CAP_MOVE | GW_CAP_IDLE), GW_CAP_IDLE);
	assert_int_equal(gw_quirks_hide(0, GW_CAP_MOVE), GW_CAP_MOVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(words_there_and_back),
		cmocka_unit_test(what_does_not_work_is_not_there) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
