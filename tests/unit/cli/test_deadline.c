/* SPDX-License-Identifier: ISC */
/* tests/unit/cli/test_deadline.c - what a run that had no more time says. */
#include "cli/deadline.h"
#include "test.h"

static const char *said(struct gw_sync_counts counts)
{
	static char text[300];

	deadline_words(&counts, text, sizeof text);
	return text;
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(
		said((struct gw_sync_counts){
			.to_download = 3896, .downloaded = 120, .bytes_downloaded = 3100000 }),
		"the time is over: 120 messages (3.1 MB) came, 3776 are still to come; "
		"the next sync goes on from there");
	assert_string_equal(said((struct gw_sync_counts){ .to_download = 2,
				    .downloaded = 1,
				    .expected = 40,
				    .bytes_downloaded = 10,
				    .to_upload = 3,
				    .uploaded = 2 }),
		"the time is over: 1 message (10 B) came, about 41 are still to come, "
		"1 is still to be uploaded; the next sync goes on from there");
	assert_string_equal(said((struct gw_sync_counts){ 0 }),
		"the time is over: 0 messages (0 B) came, not all mailboxes were looked at; "
		"the next sync goes on from there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
