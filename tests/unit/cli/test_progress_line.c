/* SPDX-License-Identifier: ISC */
/* tests/unit/cli/test_progress_line.c - how far a sync is, at all widths. */
#include "cli/progress_line.h"
#include "test.h"

#include <stdlib.h>

static void expect(const struct progress_facts *f, size_t columns, const char *want)
{
	char line[400];

	progress_line(f, columns, line, sizeof line);
	if (strcmp(line, want) != 0)
		fail_msg("%zu: \"%s\" instead of \"%s\"", columns, line, want);
}

static void what_gives_way(void **state)
{
	const struct gw_sync_counts c = { .to_download = 3776,
		.downloaded = 1234,
		.bytes_to_download = 412300000,
		.bytes_downloaded = 140000000 };
	const struct progress_facts f = { .name = "work", .counts = &c, .rate = 250000 };

	(void)state;
	expect(&f, 199,
		"work  [########----------------]  33 %  1234/3776 messages  140 MB of 412 MB  250 KB/s  18:10 left");
	expect(&f, 79, "work  33 %  1234/3776 messages  140 MB of 412 MB  250 KB/s  18:10 left");
	expect(&f, 65, "work  33 %  1234/3776 messages  140 MB of 412 MB  18:10 left");
	expect(&f, 45, "work  33 %  1234/3776 messages  18:10 left");
	expect(&f, 39, "work  33 %  1234/3776  18:10 left");
	expect(&f, 30, "33 %  1234/3776  18:10 left");
	expect(&f, 20, "33 %  1234/3776");
	expect(&f, 10, "1234/3776");
	expect(&f, 4, "1234");
}

/* What the server counts is there from the beginning, and is only ever replaced by what is known. */
static void totals_of_the_first_second(void **state)
{
	struct gw_sync_counts c = { .expected = 4000, .mailboxes_changed = 12 };
	struct progress_facts f = { .name = "work", .stage = "looking", .counts = &c };

	(void)state;
	expect(&f, 79, "work  looking  0 of 12 mailboxes  ~4000 messages to fetch");
	c = (struct gw_sync_counts){ .expected = 3000,
		.to_download = 1000,
		.downloaded = 500,
		.bytes_to_download = 2000000,
		.bytes_downloaded = 1000000 };
	f.rate = 100000;
	expect(&f, 79, "work  12 %  500/~4000 messages  1.0 MB of ~8.0 MB  100 KB/s  1:11 left");
	c.bytes_expected =
		3000000; /* the server tells: they are half as large as those before them */
	expect(&f, 79, "work  20 %  500/~4000 messages  1.0 MB of ~5.0 MB  100 KB/s  0:41 left");
	c.bytes_expected = 0;
	c.downloaded = 1000; /* of what was looked at, all: it is not done */
	c.bytes_downloaded = 2000000;
	expect(&f, 79, "work  25 %  1000/~4000 messages  2.0 MB of ~8.0 MB  100 KB/s  1:01 left");
}

static void uploads(void **state)
{
	const struct gw_sync_counts c = { .to_upload = 10,
		.uploaded = 4,
		.bytes_uploaded = 8000000,
		.to_download = 3,
		.downloaded = 3 };
	const struct progress_facts f = { .name = "work", .counts = &c, .rate = 500000 };

	(void)state;
	expect(&f, 199, "work  uploading  40 %  4/10 messages  8.0 MB  500 KB/s  0:25 left");
	expect(&f, 39, "work  40 %  4/10 messages  0:25 left");
	expect(&f, 30, "work  40 %  4/10  0:25 left");
}

/* All is never said to be done before it is, and what is not known is not guessed at. */
static void at_the_edges(void **state)
{
	struct gw_sync_counts c = { .to_download = 1, .bytes_to_download = 10 };
	struct progress_facts f = { .name = "work", .stage = "connecting", .counts = &c };

	(void)state;
	expect(&f, 79, "work  [------------------------]  0 %  0/1 messages  0 B of 10 B");
	c.bytes_downloaded = 12; /* more than was announced */
	f.rate = 100;
	expect(&f, 60, "work  99 %  0/1 messages  12 B of 10 B  100 B/s");
	c.downloaded = 1;
	expect(&f, 60, "work  100 %  1/1 messages  12 B of 10 B  100 B/s");
	c = (struct gw_sync_counts){ 0 };
	expect(&f, 79, "work  connecting");
	expect(&f, 12, "connecting");
	f.stage = "synchronizing";
	c.mailboxes_changed = 1;
	expect(&f, 79, "work  synchronizing  0 of 1 mailbox");
	c.mailboxes_changed = 3;
	expect(&f, 79, "work  synchronizing  0 of 3 mailboxes");
	expect(&f, 30, "work  synchronizing");
}

/* Whatever the numbers, a line never has more columns than there are. */
static void never_too_long(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 999, 123456789, UINT32_MAX, UINT64_MAX };
	const char *name = "a-name-that-is-quite-long@and.has.a.domain.behind.it.example.org";
	char line[400];

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		struct gw_sync_counts c = { 0 };
		struct progress_facts f = { .name = name, .stage = name, .counts = &c };
		size_t columns = 1 + (size_t)rand() % 250;

		c.to_download = numbers[rand() % 6];
		c.downloaded = numbers[rand() % 6];
		c.bytes_to_download = numbers[rand() % 6];
		c.bytes_downloaded = numbers[rand() % 6];
		c.to_upload = numbers[rand() % 6];
		c.uploaded = numbers[rand() % 6];
		c.bytes_uploaded = numbers[rand() % 6];
		c.mailboxes_changed = numbers[rand() % 6];
		f.rate = (double)numbers[rand() % 4];
		progress_line(&f, columns, line, sizeof line);
		assert_true(strlen(line) <= columns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gives_way),
		cmocka_unit_test(totals_of_the_first_second),
		cmocka_unit_test(uploads),
		cmocka_unit_test(at_the_edges),
		cmocka_unit_test(never_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
