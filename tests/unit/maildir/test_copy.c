/* SPDX-License-Identifier: ISC */
/* tests/unit/maildir/test_copy.c - a second file of a message, by each of the three ways. */
#include "maildir/copy.h"
#include "maildir/rename.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "Message-ID: <a@x>\nSubject: one\n\nbody\n";

struct fixture {
	char root[64];
	struct gw_maildir from, to;
};

static struct gw_maildir made(const char *root, const char *dir)
{
	struct gw_maildir m = { -1, -1, -1, -1, NULL, 0, 0 };
	struct gw_error err = { 0 };
	enum gw_open_result opened;

	assert_int_equal(gw_maildir_open(root, dir, true, dir, &m, &opened, &err), GW_OK);
	return m;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	int fd;

	snprintf(f->root, sizeof f->root, "/tmp/godwit-copy.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	f->from = made(f->root, "a");
	f->to = made(f->root, "b");
	fd = openat(f->from.cur, "one:2,S", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	gw_maildir_close(&f->from);
	gw_maildir_close(&f->to);
	snprintf(command, sizeof command, "rm -r %s", f->root);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void check(struct fixture *f, struct gw_copier copier, bool linked)
{
	struct gw_delivered d;
	struct gw_error err = { 0 };
	struct gw_fingerprint print;
	struct gw_file_facts facts;
	struct stat a, b;

	assert_int_equal(
		gw_copy_message(&copier, f->from.cur, "one:2,S", &f->to, 9, &d, &err), GW_OK);
	assert_int_equal(d.wire_size, sizeof text - 1 + 4); /* four line ends */
	assert_int_equal(gw_fingerprint_file(f->from.cur, "one:2,S", &print, &facts, &err), GW_OK);
	assert_true(gw_fingerprint_same(&print, &d.print));
	assert_int_equal(fstatat(f->from.cur, "one:2,S", &a, 0), 0);
	assert_int_equal(fstat(d.fd, &b), 0);
	assert_int_equal(b.st_size, sizeof text - 1);
	if (linked)
		assert_true(a.st_ino == b.st_ino || d.file_size == 0); /* or a reflink */
	else
		assert_int_equal(d.file_size, sizeof text - 1);
	assert_int_equal(gw_rename_noreplace(f->to.tmp, d.tmp_name, f->to.cur, "copy:2,"), 0);
	close(d.fd);
	assert_int_equal(faccessat(f->from.cur, "one:2,S", R_OK, 0), 0);
}

static void cheapest(void **state)
{
	check(*state, (struct gw_copier){ 0 }, true);
}

static void linked(void **state)
{
	check(*state, (struct gw_copier){ .no_reflink = true }, true);
}

static void copied(void **state)
{
	check(*state, (struct gw_copier){ .no_reflink = true, .no_link = true }, false);
}

/* What cannot be read, or made, leaves nothing behind; what is there is not touched. */
static void refused(void **state)
{
	struct fixture *f = *state;
	struct gw_copier copier = { 0 };
	struct gw_delivered d;
	struct gw_error err = { 0 };
	char name[64];
	int fd;

	assert_int_equal(
		gw_copy_message(&copier, f->from.cur, "none", &f->to, 1, &d, &err), GW_ERR_DISK);
	assert_int_equal(symlinkat("one:2,S", f->from.cur, "link"), 0);
	assert_int_equal(
		gw_copy_message(&copier, f->from.cur, "link", &f->to, 1, &d, &err), GW_ERR_DISK);
	assert_int_equal(mkdirat(f->from.cur, "dir", 0700), 0);
	assert_int_equal(
		gw_copy_message(&copier, f->from.cur, "dir", &f->to, 1, &d, &err), GW_ERR_DISK);
	snprintf(name, sizeof name, GW_TMP_PREFIX "%ld.copy.1", (long)getpid());
	assert_int_equal(faccessat(f->to.tmp, name, F_OK, 0), -1);
	fd = openat(f->to.tmp, name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(
		gw_copy_message(&copier, f->from.cur, "one:2,S", &f->to, 1, &d, &err), GW_ERR_DISK);
	assert_int_equal(faccessat(f->to.tmp, name, F_OK, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cheapest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(linked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
