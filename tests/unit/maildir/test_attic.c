/* SPDX-License-Identifier: ISC */
/* tests/unit/maildir/test_attic.c - what goes to the attic keeps out of the way of what is there. */
#include "maildir/attic.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIMES = 20 };

struct fixture {
	char root[64], attic[80];
	int from;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	snprintf(f->root, sizeof f->root, "/tmp/godwit-attic.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	snprintf(f->attic, sizeof f->attic, "%s/attic", f->root);
	f->from = open(f->root, O_RDONLY | O_DIRECTORY);
	assert_true(f->from >= 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	close(f->from);
	snprintf(command, sizeof command, "rm -r %s", f->root);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void put(const struct fixture *f, const char *name, char text)
{
	int fd = openat(f->from, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_equal(write(fd, &text, 1), 1);
	close(fd);
	assert_int_equal(gw_attic_put(f->attic, "INBOX", f->from, name), 0);
	assert_int_equal(faccessat(f->from, name, F_OK, 0), -1);
}

/* Counts them, and how often each text is there; all names end so. */
static size_t count(const struct fixture *f, const char *end, unsigned seen[static 256])
{
	char path[128];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/INBOX/cur", f->attic);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		unsigned char text;
		int fd;

		if (e->d_name[0] == '.')
			continue;
		assert_string_equal(e->d_name + strlen(e->d_name) - strlen(end), end);
		fd = openat(dirfd(d), e->d_name, O_RDONLY);
		assert_int_equal(read(fd, &text, 1), 1);
		close(fd);
		seen[text]++;
		n++;
	}
	closedir(d);
	return n;
}

static void test_of_one_name(void **state)
{
	unsigned seen[256] = { 0 };

	for (int i = 0; i < TIMES; i++) /* within one second, mostly */
		put(*state, "1.2.host:2,S", (char)('a' + i));
	assert_int_equal(count(*state, "1.2.host:2,S", seen), TIMES);
	for (int i = 0; i < TIMES; i++)
		assert_int_equal(seen['a' + i], 1);
}

static void test_of_one_long_name(void **state)
{
	unsigned seen[256] = { 0 };
	char name[256];

	memset(name, 'x', 255);
	memcpy(name + 250, ":2,FS", 6);
	for (int i = 0; i < TIMES; i++)
		put(*state, name, (char)('a' + i));
	assert_int_equal(count(*state, "xxx:2,FS", seen), TIMES);
	for (int i = 0; i < TIMES; i++)
		assert_int_equal(seen['a' + i], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_one_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_of_one_long_name, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
