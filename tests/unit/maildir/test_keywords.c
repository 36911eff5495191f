/* SPDX-License-Identifier: ISC */
/* maildir/keywords: the file is anybody's, a letter keeps the meaning that it has, or has none. */
#include "maildir/keywords.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/godwit-keywords-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static void write_text(const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "%s/dovecot-keywords", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_text(const char *expected)
{
	char path[64], text[1000] = "";
	FILE *f;

	snprintf(path, sizeof path, "%s/dovecot-keywords", dir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof text - 1, f) < sizeof text - 1);
	fclose(f);
	assert_string_equal(text, expected);
}

static void names_are_text_on_a_line(void **state)
{
	(void)state;
	assert_true(gw_keyword_is_name(gw_slice_str("Work")));
	assert_true(gw_keyword_is_name(gw_slice_str("Caf\xc3\xa9/To do")));
	assert_false(gw_keyword_is_name(gw_slice_str("")));
	assert_false(gw_keyword_is_name(gw_slice_str("a\nb")));
	assert_false(gw_keyword_is_name(gw_slice_str("a\rb")));
	assert_false(gw_keyword_is_name(gw_slice_str("\x1b[31m")));
	assert_false(gw_keyword_is_name(gw_slice_str("\x7f")));
	assert_false(gw_keyword_is_name(gw_slice_str("\xc2\x9b"))); /* C1 */
	assert_false(gw_keyword_is_name(gw_slice_str("\xff")));
}

static void letters_without_a_name_are_not_given_away(void **state)
{
	struct gw_keywords k = { 0 };

	(void)state;
	gw_keywords_read(&k, gw_slice_str("0 \x1b[2J\n1 Work\n2 work\n3\nnonsense\n99 far\n4 \n"));
	assert_int_equal(gw_keywords_find(&k, gw_slice_str("Work")), 1);
	assert_int_equal(k.reserved, 1 << 0 | 1 << 2 | 1 << 4);
	k.reserved |= 1 << 3; /* a file has the letter d */
	assert_int_equal(gw_keywords_add(&k, gw_slice_str("$Junk")), 5);
	/* Whoever knows what the letter means may say so. */
	assert_true(gw_keywords_put(&k, 3, gw_slice_str("Later")));
	gw_keywords_deinit(&k);
}

static void saving_keeps_what_it_does_not_understand(void **state)
{
	struct gw_keywords k = { 0 };
	struct gw_error err = { 0 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	(void)state;
	write_text("0 Work\n1 odd\x01name\n2 Other\n99 far\n");
	gw_keywords_put(&k, 2, gw_slice_str("Mine"));
	assert_int_equal(gw_keywords_load(&k, fd, &err), GW_OK);
	assert_true(k.file_stale);
	assert_int_equal(gw_keywords_save(&k, fd, &err), GW_OK);
	assert_text("0 Work\n2 Mine\n1 odd\x01name\n99 far\n");
	gw_keywords_deinit(&k);
	close(fd);
}

static void a_pipe_keeps_nobody_waiting(void **state)
{
	struct gw_keywords k = { 0 };
	struct gw_error err = { 0 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	(void)state;
	unlinkat(fd, "dovecot-keywords", 0);
	assert_int_equal(mkfifoat(fd, "dovecot-keywords", 0600), 0);
	assert_int_equal(gw_keywords_load(&k, fd, &err), GW_ERR_DISK);
	unlinkat(fd, "dovecot-keywords", 0);
	gw_keywords_deinit(&k);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_text_on_a_line),
		cmocka_unit_test(letters_without_a_name_are_not_given_away),
		cmocka_unit_test(saving_keeps_what_it_does_not_understand),
		cmocka_unit_test(a_pipe_keeps_nobody_waiting),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
