/* SPDX-License-Identifier: ISC */
/* tests/unit/cli/test_sums.c - the sums of a run, and of a dry run, in words. */
#include "cli/sums.h"
#include "test.h"

static void expect(const struct gw_sync_counts *c, bool planned, const char *want)
{
	char text[600];

	sums_text(c, planned, text, sizeof text);
	assert_string_equal(text, want);
}

static void nothing(void **state)
{
	const struct gw_sync_counts c = { .mailboxes = 3 };

	(void)state;
	expect(&c, false, "");
	expect(&c, true, "");
}

static void what_was_done(void **state)
{
	const struct gw_sync_counts c = { .mailboxes_made = 1,
		.downloaded = 2,
		.bytes_downloaded = 4100,
		.to_download = 9,
		.uploaded = 1,
		.deleted = 3,
		.waiting = 2 };

	(void)state;
	expect(&c, false,
		"1 mailbox made, 2 messages fetched (4.1 KB), 1 message uploaded, 3 messages deleted here, 2 changes waiting here");
}

static void what_would_be_done(void **state)
{
	const struct gw_sync_counts c = { .mailboxes_renamed = 2,
		.to_download = 1,
		.bytes_to_download = 4100,
		.uploaded = 9,
		.to_upload = 2,
		.flags_changed = 1,
		.flags_sent = 2,
		.moved = 1,
		.deleted_there = 1,
		.held = 4 };

	(void)state;
	expect(&c, true,
		"would rename 2 mailboxes, fetch 1 message (4.1 KB), upload 2 messages, make 1 change of flags here, "
		"send 2 changes of flags, move 1 message, delete 1 message on the server, hold back 4 deletions");
}

static void never_too_long(void **state)
{
	struct gw_sync_counts c;
	char text[40];

	(void)state;
	memset(&c, 0x77, sizeof c);
	sums_text(&c, true, text, sizeof text);
	assert_true(strlen(text) < sizeof text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(what_was_done),
		cmocka_unit_test(what_would_be_done),
		cmocka_unit_test(never_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
