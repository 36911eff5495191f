/* SPDX-License-Identifier: ISC */
/* store/journal: what was written is read back, whatever the names hold; the file stays bounded. */
#include "store/journal.h"
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/godwit-journal.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(path) == NULL || chdir(path) != 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink("a.log");
	unlink("a.log.1");
	return chdir("/") != 0 || rmdir(path) != 0;
}

struct seen {
	size_t count;
	uint32_t first_uid, last_uid;
	char text[200], mailbox[200], id[GW_JOURNAL_ID];
	bool has_file, has_id;
};

static bool see(void *ctx, const struct gw_journal_entry *e)
{
	struct seen *s = ctx;

	if (s->count++ == 0)
		s->first_uid = e->uid;
	s->last_uid = e->uid;
	s->has_file = e->file != NULL;
	s->has_id = e->id != NULL;
	snprintf(s->id, sizeof s->id, "%s", e->id == NULL ? "" : e->id);
	snprintf(s->text, sizeof s->text, "%s", e->text);
	snprintf(s->mailbox, sizeof s->mailbox, "%s", e->mailbox);
	return true;
}

static void write_entry(const struct gw_journal_entry *e)
{
	struct gw_buf lines;
	struct gw_error err = { 0 };

	gw_buf_init(&lines, 4096);
	assert_int_equal(gw_journal_format(e, &lines), GW_OK);
	assert_int_equal(
		gw_journal_append("a.log", (struct gw_slice){ lines.p, lines.n }, &err), GW_OK);
	gw_buf_deinit(&lines);
}

static void there_and_back(void **state)
{
	const uint8_t digest[16] = { 0x0f, 0x3a, 0xff };
	char id[GW_JOURNAL_ID];
	struct seen s = { 0 };
	struct gw_error err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(gw_journal_read("a.log", see, &s, &err), GW_OK); /* none yet */
	assert_int_equal(s.count, 0);
	gw_journal_id(digest, id);
	write_entry(&(struct gw_journal_entry){ .at = 1764423901,
		.mailbox = "a\tb\n2026-11-29T13:45:01Z\tforged",
		.what = "delete-here",
		.uid = 12,
		.file = "x.y",
		.id = id,
		.text = "UID 12 is gone\033[2J" });
	assert_int_equal(gw_journal_read("a.log", see, &s, &err), GW_OK);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.last_uid, 12);
	assert_string_equal(s.id, "0f3aff00000000000000000000000000");
	assert_string_equal(s.mailbox, "a\\tb\\n2026-11-29T13:45:01Z\\tforged");
	assert_string_equal(s.text, "UID 12 is gone\\x1b[2J");
	write_entry(&(struct gw_journal_entry){
		.at = 1, .mailbox = "INBOX", .what = "upload", .text = "" });
	assert_int_equal(gw_journal_read("a.log", see, &s, &err), GW_OK);
	assert_false(s.has_file || s.has_id);
	assert_int_equal(stat("a.log", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void what_is_no_line(void **state)
{
	struct seen s = { 0 };
	struct gw_error err = { 0 };
	FILE *f = fopen("a.log", "w");

	(void)state;
	fputs("\n\t\t\t\t\t\t\nnonsense\n2026-11-29T13:45:01Z\tINBOX\n", f);
	fputs("2026-13-29T13:45:01Z\tINBOX\tx\t1\t-\t-\ttime is none\n", f);
	fputs("2026-11-29T13:45:01Z\tINBOX\tx\t7\t-\t-\tcut short", f);
	fclose(f);
	assert_int_equal(gw_journal_read("a.log", see, &s, &err), GW_OK);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.last_uid, 7);
	unlink("a.log");
}

static void it_is_turned_over(void **state)
{
	struct seen s = { 0 };
	struct gw_error err = { 0 };
	struct stat now, old;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (uint32_t i = 1; i <= 12000; i++)
		write_entry(&(struct gw_journal_entry){ .at = 1764423901,
			.mailbox = "INBOX",
			.what = "upload",
			.uid = i,
			.text = text });
	assert_int_equal(stat("a.log", &now), 0);
	assert_int_equal(stat("a.log.1", &old), 0);
	assert_true(now.st_size <= GW_JOURNAL_MAX + 2000 && old.st_size <= GW_JOURNAL_MAX + 2000);
	assert_int_equal(gw_journal_read("a.log", see, &s, &err), GW_OK);
	assert_int_equal(s.last_uid, 12000); /* in order, without a gap */
	assert_int_equal(s.last_uid - s.first_uid + 1, s.count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_no_line),
		cmocka_unit_test(it_is_turned_over),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
