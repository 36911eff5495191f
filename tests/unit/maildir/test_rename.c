/* SPDX-License-Identifier: ISC */
/* maildir/rename: both ways, and what a cut exchange leaves. */
#include "maildir/rename.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
	char root[64];
	int fd;
};

static int set_up(void **state)
{
	struct tree *t = calloc(1, sizeof *t);

	snprintf(t->root, sizeof t->root, "/tmp/godwit-rename-XXXXXX");
	if (mkdtemp(t->root) == NULL)
		return -1;
	t->fd = open(t->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = t;
	return t->fd < 0;
}

static int tear_down(void **state)
{
	struct tree *t = *state;
	char command[100];

	close(t->fd);
	snprintf(command, sizeof command, "rm -rf %s", t->root);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

static void put(const struct tree *t, const char *name, const char *text)
{
	int fd = openat(t->fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void has(const struct tree *t, const char *name, const char *text)
{
	char found[100] = "";
	int fd = openat(t->fd, name, O_RDONLY | O_CLOEXEC);

	assert_int_equal(fd >= 0, text != NULL);
	if (fd < 0)
		return;
	assert_true(read(fd, found, sizeof found - 1) >= 0);
	assert_string_equal(found, text);
	close(fd);
}

typedef int rename_way(int from, const char *old, int to, const char *name);
static rename_way *const ways[] = { gw_rename_noreplace, gw_rename_by_link };

static void nothing_is_replaced(void **state)
{
	struct tree *t = *state;

	put(t, "a", "one");
	put(t, "b", "two");
	put(t, "m:2,", "mail");
	put(t, "m:2,S", "another");
	mkdirat(t->fd, "d", 0700);
	put(t, "d/x", "below");
	mkdirat(t->fd, "e", 0700);
	mkdirat(t->fd, "f", 0700);
	put(t, "f/y", "there");
	assert_int_equal(symlinkat("nowhere", t->fd, "dangling"), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ways[i](t->fd, "a", t->fd, "b"), EEXIST);
		assert_int_equal(ways[i](t->fd, "a", t->fd, "dangling"), EEXIST);
		assert_int_equal(ways[i](t->fd, "a", t->fd, "d"), EEXIST);
		assert_int_equal(ways[i](t->fd, "none", t->fd, "c"), ENOENT);
		assert_int_equal(ways[i](t->fd, "d", t->fd, "e"), EEXIST); /* empty, too */
		assert_int_equal(ways[i](t->fd, "d", t->fd, "f"), EEXIST);
		assert_int_equal(ways[i](t->fd, "m:2,", t->fd, "m:2,S"), EEXIST);
		has(t, "a", "one");
		has(t, "b", "two");
		has(t, "m:2,", "mail");
		has(t, "m:2,S", "another");
		assert_int_equal(ways[i](t->fd, "m:2,", t->fd, "m:2,FS"), 0);
		has(t, "m:2,FS", "mail");
		assert_int_equal(ways[i](t->fd, "m:2,FS", t->fd, "m:2,"), 0);
		assert_int_equal(ways[i](t->fd, "a", t->fd, "c"), 0);
		has(t, "a", NULL);
		has(t, "c", "one");
		assert_int_equal(ways[i](t->fd, "c", t->fd, "a"), 0);
		assert_int_equal(ways[i](t->fd, "d", t->fd, "g"), 0);
		has(t, "g/x", "below");
		assert_int_equal(ways[i](t->fd, "g", t->fd, "d"), 0);
	}
}

static void two(const struct tree *t)
{
	mkdirat(t->fd, "up", 0700);
	mkdirat(t->fd, "up/A", 0700);
	mkdirat(t->fd, "B", 0700);
	put(t, "up/A/x", "of A");
	put(t, "B/x", "of B");
}

static void directories_trade_places(void **state)
{
	struct tree *t = *state;
	struct stat st;

	two(t);
	assert_int_equal(gw_rename_exchange(t->root, "up/A", "B"), 0);
	has(t, "up/A/x", "of B");
	has(t, "B/x", "of A");
	assert_int_equal(gw_rename_in_turn(t->root, "up/A", "B"), 0);
	has(t, "up/A/x", "of A");
	has(t, "B/x", "of B");
	assert_int_equal(gw_rename_in_turn(t->root, "up/A", "none"), ENOENT);
	has(t, "up/A/x", "of A"); /* it went back */
	assert_int_equal(fstatat(t->fd, ".godwit-exchange", &st, 0), -1);
}

/* What is there after `steps` of the three renames. */
static void cut(const struct tree *t, unsigned steps)
{
	int fd;

	mkdirat(t->fd, ".godwit-exchange", 0700);
	fd = openat(t->fd, ".godwit-exchange/names", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "up/A\0B", 7), 7);
	close(fd);
	if (steps > 0)
		renameat(t->fd, "up/A", t->fd, ".godwit-exchange/directory");
	if (steps > 1)
		renameat(t->fd, "B", t->fd, "up/A");
	if (steps > 2)
		renameat(t->fd, ".godwit-exchange/directory", t->fd, "B");
}

static void a_cut_exchange_is_settled(void **state)
{
	struct tree *t = *state;
	struct stat st;

	two(t);
	assert_int_equal(gw_rename_settle(t->root), 0);
	assert_int_equal(gw_rename_settle("/nonexistent"), 0);
	for (unsigned steps = 0; steps <= 3; steps++) {
		bool back = steps < 2;

		cut(t, steps);
		assert_int_equal(gw_rename_settle(t->root), 0);
		has(t, "up/A/x", back ? "of A" : "of B");
		has(t, "B/x", back ? "of B" : "of A");
		assert_int_equal(fstatat(t->fd, ".godwit-exchange", &st, 0), -1);
		if (!back)
			assert_int_equal(gw_rename_exchange(t->root, "up/A", "B"), 0);
	}
	/* Somebody made both anew meanwhile: the third stays where it is. */
	cut(t, 1);
	mkdirat(t->fd, "up/A", 0700);
	assert_int_equal(gw_rename_settle(t->root), EEXIST);
	has(t, ".godwit-exchange/directory/x", "of A");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
						    nothing_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(directories_trade_places, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cut_exchange_is_settled, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
