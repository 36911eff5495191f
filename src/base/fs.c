/* SPDX-License-Identifier: ISC */
/* base/fs.c - see fs.h. */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gw_code make_one(const char *path, struct gw_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return GW_OK;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return GW_OK; /* such as a mount point below a directory we may not write to */
	return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot make directory %s", path);
}

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct gw_stamp stamp_of(const struct stat *st)
{
	return (struct gw_stamp){ .inode = (uint64_t)st->st_ino,
		.mtime = nanoseconds(st->st_mtim),
		.ctime = nanoseconds(st->st_ctim) };
}

bool gw_stamp_read(int fd, struct gw_stamp *out)
{
	struct stat st;
	bool ok = fstat(fd, &st) == 0;

	*out = ok ? stamp_of(&st) : (struct gw_stamp){ 0 };
	return ok;
}

bool gw_stamp_read_dir(const char *path, struct gw_stamp *out)
{
	struct stat st;
	bool ok = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	*out = ok ? stamp_of(&st) : (struct gw_stamp){ 0 };
	return ok;
}

bool gw_stamp_same(const struct gw_stamp *a, const struct gw_stamp *b)
{
	return a->inode != 0 && a->inode == b->inode && a->mtime == b->mtime &&
	       a->ctime == b->ctime;
}

enum gw_code gw_mkdirs(const char *path, struct gw_error *err)
{
	char *copy = strdup(path);
	enum gw_code code = GW_OK;

	if (copy == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	for (char *p = copy + 1; code == GW_OK && (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		code = make_one(copy, err);
		*p = '/';
	}
	if (code == GW_OK)
		code = make_one(copy, err);
	free(copy);
	return code;
}

int gw_flush_dir(int fd)
{
	if (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP)
		return 0;
	return errno;
}

enum gw_code gw_fsync_dir(const char *path, struct gw_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int saved;

	if (fd < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open %s", path);
	saved = gw_flush_dir(fd);
	close(fd);
	if (saved != 0)
		return gw_fail_sys(err, GW_ERR_DISK, saved, "cannot flush %s", path);
	return GW_OK;
}

int gw_open_regular(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), sys = 0;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0)
		sys = errno;
	else if (!S_ISREG(st.st_mode))
		sys = EINVAL;
	if (sys == 0)
		return fd;
	close(fd);
	errno = sys;
	return -1;
}

bool gw_has_name(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool gw_hits_whole_disk(int errno_value)
{
	switch (errno_value) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EIO:
	case ENOMEM: /* and what is the whole process's */
	case EMFILE:
	case ENFILE:
		return true;
	default:
		return false;
	}
}

int gw_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

int gw_copy_all(int in, int out, uint64_t *copied)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(in, chunk, sizeof chunk)) != 0) {
		int sys = n < 0 ? errno : gw_write_all(out, chunk, (size_t)n);

		if (sys == EINTR && n < 0)
			continue;
		if (sys != 0)
			return sys;
		*copied += (uint64_t)n;
	}
	return 0;
}

enum gw_code gw_write_file(const char *path, struct gw_slice bytes, struct gw_error *err)
{
	enum gw_code code = GW_OK;
	char *temp = NULL, *slash;
	int fd, saved;

	if (asprintf(&temp, "%s.godwit-new", path) < 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		code = gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write %s", path);
		goto out;
	}
	saved = gw_write_all(fd, bytes.p, bytes.n);
	if (saved == 0 && fsync(fd) != 0)
		saved = errno;
	close(fd);
	if (saved == 0 && rename(temp, path) != 0)
		saved = errno;
	if (saved != 0) {
		unlink(temp);
		code = gw_fail_sys(err, GW_ERR_DISK, saved, "cannot write %s", path);
		goto out;
	}
	slash = strrchr(temp, '/');
	if (slash != NULL) {
		*slash = '\0';
		code = gw_fsync_dir(slash == temp ? "/" : temp, err);
	}
out:
	free(temp);
	return code;
}

/* The link's target, beside the link if it is relative; heap.  NULL with errno 0: it is no link. */
static char *read_link(const char *path)
{
	char target[PATH_MAX], *out = NULL;
	ssize_t n = readlink(path, target, sizeof target - 1);
	const char *slash = strrchr(path, '/');

	if (n < 0) {
		errno = errno == EINVAL || errno == ENOENT ? 0 : errno;
		return NULL;
	}
	target[n] = '\0';
	if (asprintf(&out, "%.*s%s",
		    target[0] == '/' || slash == NULL ? 0 : (int)(slash + 1 - path), path,
		    target) < 0)
		errno = ENOMEM;
	return out;
}

char *gw_follow_links(const char *path, struct gw_error *err)
{
	char *at = strdup(path);
	unsigned left = 40; /* as many as the kernel follows */

	while (at != NULL) {
		char *next = read_link(at);

		if (next == NULL && errno == 0)
			return at;
		if (next == NULL || left-- == 0) {
			gw_fail_sys(err, GW_ERR_DISK, next == NULL ? errno : ELOOP,
				"cannot follow the symbolic link %s", path);
			free(next);
			free(at);
			return NULL;
		}
		free(at);
		at = next;
	}
	gw_fail(err, GW_ERR_NOMEM, "out of memory");
	return NULL;
}

enum gw_code gw_read_file(int dirfd, const char *path, size_t max, struct gw_buf *out, bool *found,
	struct gw_error *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	enum gw_code code = GW_OK;
	char chunk[4096];
	size_t total = 0;
	ssize_t n;

	*found = fd >= 0;
	if (fd < 0 && errno == ENOENT)
		return GW_OK;
	if (fd < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open %s", path);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			code = gw_fail_sys(err, GW_ERR_DISK, errno, "cannot read %s", path);
			break;
		}
		total += (size_t)n;
		code = total > max ? GW_ERR_LIMIT : gw_buf_append(out, chunk, (size_t)n);
		if (code != GW_OK) {
			gw_fail(err, code, "%s is larger than %zu bytes", path, max);
			break;
		}
	}
	close(fd);
	return code;
}
