/* SPDX-License-Identifier: ISC */
/* maildir/flush_portable.c - see flush.h.
 *
 * Nothing says "all of this file system, and tell me when": sync(2) need not wait, and reports no errors.
 * So each file and each directory that matters is flushed by itself.
 */
#include "maildir/flush.h"

#include "base/fs.h"
#include "maildir/name.h"
#include "maildir/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int flush_file(int fd)
{
#ifdef F_FULLFSYNC /* macOS: fsync() leaves it in the drive's cache */
	if (fcntl(fd, F_FULLFSYNC) == 0)
		return 0;
#endif
	return fsync(fd);
}

int gw_flush(struct gw_flusher *f, const int *fds, size_t count, uint64_t own_bytes,
	uint64_t total_bytes)
{
	(void)f, (void)own_bytes, (void)total_bytes;
	return gw_flush_each(fds, count, flush_file);
}

void gw_flush_ahead(int fd, uint64_t from, uint64_t n)
{
	(void)fd, (void)from, (void)n;
}

int gw_flush_foreign_file(int dir, const char *name, bool *all)
{
	int fd = gw_open_regular(dir, name), sys = 0;

	*all = false;
	if (fd < 0)
		return errno == ENOENT || errno == EINVAL || errno == ELOOP ? 0 : errno;
	if (flush_file(fd) != 0)
		sys = errno;
	close(fd);
	return sys;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of cur/ or new/. */
static int flush_named(int dir, const char **bases, size_t count)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	char base[GW_NAME_MAX + 1];
	const char *wanted = base;
	struct dirent *e;
	bool all;

	if (d == NULL && copy >= 0)
		close(copy);
	if (d == NULL)
		return errno;
	while (sys == 0 && (errno = 0, e = readdir(d)) != NULL) {
		struct gw_slice of = gw_name_split(e->d_name).base;

		if (of.n >= sizeof base)
			continue;
		memcpy(base, of.p, of.n);
		base[of.n] = '\0';
		if (bsearch(&wanted, bases, count, sizeof *bases, compare) != NULL)
			sys = gw_flush_foreign_file(dir, e->d_name, &all);
	}
	if (sys == 0)
		sys = errno;
	closedir(d);
	return sys;
}

static int flush_subdir(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	sys = gw_flush_dir(fd);
	close(fd);
	return sys;
}

static int flush_mailbox(int root, const char *dir)
{
	int fd = openat(root, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys;

	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	sys = gw_flush_dir(fd);
	if (sys == 0)
		sys = flush_subdir(fd, "cur");
	if (sys == 0)
		sys = flush_subdir(fd, "new");
	close(fd);
	return sys;
}

/* A message that was moved is gone from one mailbox and new in another: both have to be durable. */
static int flush_names(const char *path)
{
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys = 0;
	struct gw_error err = { 0 };
	struct gw_tree tree;

	if (root < 0)
		return errno;
	if (gw_tree_all(path, &tree, &err) != GW_OK)
		sys = ENOMEM;
	for (size_t i = 0; i < tree.count && sys == 0; i++)
		sys = flush_mailbox(root, tree.list[i].dir);
	gw_tree_deinit(&tree);
	close(root);
	return sys;
}

int gw_flush_foreign(const char *root, const struct gw_maildir *m, const char **bases, size_t count)
{
	int sys = 0;

	if (count > 0) {
		qsort(bases, count, sizeof *bases, compare);
		sys = flush_named(m->cur, bases, count);
	}
	if (count > 0 && sys == 0)
		sys = flush_named(m->new, bases, count);
	return sys == 0 ? flush_names(root) : sys;
}
