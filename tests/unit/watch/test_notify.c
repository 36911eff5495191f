/* SPDX-License-Identifier: ISC */
/* What is told of a tree, and which of it is our own. */
#include "test.h"

#include "watch/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
	char root[64];
	uv_loop_t loop;
	struct gw_notify *notify;
	unsigned called;
};

static void on_event(void *ctx)
{
	((struct tree *)ctx)->called++;
}

static void put(const struct tree *t, const char *file)
{
	char path[200];
	int fd;

	snprintf(path, sizeof path, "%s/%s", t->root, file);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void move(const struct tree *t, const char *from, const char *to)
{
	char a[200], b[200];

	snprintf(a, sizeof a, "%s/%s", t->root, from);
	snprintf(b, sizeof b, "%s/%s", t->root, to);
	assert_int_equal(rename(a, b), 0);
}

static void make(const struct tree *t, const char *dir)
{
	char path[200];

	snprintf(path, sizeof path, "%s/%s", t->root, dir);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
	struct tree *t = calloc(1, sizeof *t);
	struct gw_error err = { 0 };

	snprintf(t->root, sizeof t->root, "/tmp/godwit-notify-XXXXXX");
	if (mkdtemp(t->root) == NULL)
		return -1;
	make(t, "A");
	make(t, "A/cur");
	make(t, "A/new");
	make(t, "A/tmp");
	uv_loop_init(&t->loop);
	*state = t;
	return gw_notify_start(&t->loop, t->root, on_event, t, &t->notify, &err) == GW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	struct tree *t = *state;
	char command[100];

	gw_notify_free(t->notify);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	uv_loop_close(&t->loop);
	snprintf(command, sizeof command, "rm -rf %s", t->root);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

static void a_foreign_file_is_told_once(void **state)
{
	struct tree *t = *state;

	assert_false(gw_notify_take(t->notify));
	put(t, "A/cur/x:2,");
	while (t->called == 0)
		uv_run(&t->loop, UV_RUN_ONCE);
	assert_true(gw_notify_take(t->notify));
	assert_false(gw_notify_take(t->notify));
}

static void own_files_are_not(void **state)
{
	struct tree *t = *state;

	put(t, "A/tmp/y");
	move(t, "A/tmp/y", "A/new/y");
	gw_notify_own(t->notify, "A", "y", true, true);
	assert_false(gw_notify_take(t->notify));
	move(t, "A/new/y", "A/cur/y:2,S"); /* a reader's */
	assert_true(gw_notify_take(t->notify));
	move(t, "A/cur/y:2,S", "A/cur/y:2,FS"); /* ours */
	gw_notify_own(t->notify, "A", "y:2,S", false, false);
	gw_notify_own(t->notify, "A", "y:2,FS", false, true);
	assert_false(gw_notify_take(t->notify));
	put(t, "A/cur/z:2,"); /* what was ours once is not for ever */
	gw_notify_own(t->notify, "A", "z:2,", false, true);
	assert_false(gw_notify_take(t->notify));
	move(t, "A/cur/z:2,", "A/new/z");
	assert_true(gw_notify_take(t->notify));
	move(t, "A/new/z", "A/cur/z:2,");
	assert_true(gw_notify_take(t->notify));
}

static void a_new_mailbox_is_watched(void **state)
{
	struct tree *t = *state;
	struct gw_error err = { 0 };

	put(t, "A/dovecot-keywords"); /* no mail */
	assert_false(gw_notify_take(t->notify));
	make(t, "B");
	make(t, "B/cur");
	assert_true(gw_notify_take(t->notify));
	assert_int_equal(gw_notify_extend(t->notify, &err), GW_OK);
	assert_false(gw_notify_take(t->notify));
	put(t, "B/cur/m:2,");
	assert_true(gw_notify_take(t->notify));
	put(t, "B/cur/.hidden");
	assert_false(gw_notify_take(t->notify));
	move(t, "B", "C"); /* its watches go with it, and get its new name */
	assert_true(gw_notify_take(t->notify));
	assert_int_equal(gw_notify_extend(t->notify, &err), GW_OK);
	put(t, "C/cur/n:2,");
	gw_notify_own(t->notify, "C", "n:2,", false, true);
	assert_false(gw_notify_take(t->notify));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
						    a_foreign_file_is_told_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_files_are_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_new_mailbox_is_watched, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
