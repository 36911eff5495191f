/* SPDX-License-Identifier: ISC */
/* maildir/rename.c - see rename.h: what POSIX has.
 *
 * Two directories that trade places need a third place: ROOT/.godwit-exchange, which is there meanwhile only.
 * Which two they are is written there before the first is moved, so that the next run can put it back:
 *
 *   names written --a to the third place--> A_AWAY --b to a--> B_MOVED --the third place to b--> done
 *
 * Cut in A_AWAY, a goes back; in B_MOVED, it goes on to b.
 */
#include "maildir/rename.h"

#include "base/fs.h"
#include "maildir/name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = 8192 };

static const char third[] = ".godwit-exchange", away[] = ".godwit-exchange/directory",
		  names[] = ".godwit-exchange/names";

static bool keeps_base(const char *old, const char *name)
{
	struct gw_slice a = gw_name_split(old).base, b = gw_name_split(name).base;

	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* Where nobody takes the name meanwhile. */
static int look_and_rename(int from, const char *old, int to, const char *name)
{
	if (gw_has_name(to, name))
		return EEXIST;
	if (errno != ENOENT)
		return errno;
	return renameat(from, old, to, name) == 0 ? 0 : errno;
}

int gw_rename_by_link(int from, const char *old, int to, const char *name)
{
	/* A base name stands for one message, so nobody else makes a file of it: and a kill between two calls would
	 * leave two of them. */
	if (keeps_base(old, name))
		return look_and_rename(from, old, to, name);
	if (linkat(from, old, to, name, 0) == 0)
		return unlinkat(from, old, 0) == 0 ? 0 : errno;
	/* A directory, of which rename() replaces an empty one at most, or a file system without hard links: names
	 * are made once. */
	if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS)
		return look_and_rename(from, old, to, name);
	return errno;
}

static int move(int root, const char *old, const char *name)
{
	return renameat(root, old, root, name) == 0 ? 0 : errno;
}

static int flush_third(int root)
{
	int fd = openat(root, third, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys;

	if (fd < 0)
		return errno;
	sys = gw_flush_dir(fd);
	close(fd);
	return sys == 0 ? gw_flush_dir(root) : sys;
}

static int flush_parent(int root, const char *path)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	int fd, sys;

	if (slash == NULL)
		return gw_flush_dir(root);
	if ((size_t)(slash - path) >= sizeof parent)
		return ENAMETOOLONG;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	fd = openat(root, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	sys = gw_flush_dir(fd);
	close(fd);
	return sys;
}

static int write_names(int root, const char *a, const char *b)
{
	int fd, sys;

	if (mkdirat(root, third, 0700) != 0 && errno != EEXIST)
		return errno;
	fd = openat(root, names, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	sys = gw_write_all(fd, a, strlen(a) + 1);
	if (sys == 0)
		sys = gw_write_all(fd, b, strlen(b) + 1);
	if (sys == 0 && fsync(fd) != 0)
		sys = errno;
	close(fd);
	return sys == 0 ? flush_third(root) : sys;
}

static int clear(int root)
{
	if (unlinkat(root, names, 0) != 0 && errno != ENOENT)
		return errno;
	return unlinkat(root, third, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

static int settle(int root)
{
	struct gw_buf text;
	struct gw_error err = { 0 };
	const char *a, *b;
	bool found = false;
	size_t n;
	int sys = 0;

	if (!gw_has_name(root, third))
		return 0;
	gw_buf_init(&text, NAMES_MAX);
	if (gw_read_file(root, names, NAMES_MAX, &text, &found, &err) != GW_OK)
		sys = EIO;
	a = gw_buf_cstr(&text);
	n = strlen(a);
	b = n + 1 < text.n ? a + n + 1 : "";
	/* Names that are not whole were cut before the first move. */
	if (sys == 0 && gw_has_name(root, away))
		sys = *b == '\0'              ? EIO
		      : !gw_has_name(root, a) ? move(root, away, a)
		      : !gw_has_name(root, b) ? move(root, away, b)
					      : EEXIST;
	if (sys == 0)
		sys = flush_third(root);
	gw_buf_deinit(&text);
	return sys == 0 ? clear(root) : sys;
}

int gw_rename_settle(const char *root)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	sys = settle(fd);
	close(fd);
	return sys;
}

static int exchange(int root, const char *a, const char *b)
{
	int sys = settle(root);

	if (sys == 0)
		sys = write_names(root, a, b);
	if (sys == 0)
		sys = move(root, a, away);
	if (sys == 0)
		sys = flush_third(root);
	if (sys == 0)
		sys = move(root, b, a);
	if (sys == 0)
		sys = move(root, away, b);
	if (sys == 0)
		sys = flush_parent(root, a);
	if (sys == 0)
		sys = flush_parent(root, b);
	if (sys != 0)
		(void)settle(root); /* what was moved goes back */
	return sys == 0 ? clear(root) : sys;
}

int gw_rename_in_turn(const char *root, const char *a, const char *b)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys;

	if (fd < 0)
		return errno;
	sys = exchange(fd, a, b);
	close(fd);
	return sys;
}
