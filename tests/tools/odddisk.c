/* SPDX-License-Identifier: ISC */
/* tests/tools/odddisk.c - a disk that refuses; a library for LD_PRELOAD.
 *
 * ODD_DISK holds lines "CALL PATTERN ERRNO".  A call whose path, or one of whose paths, fits the pattern
 * (as for fnmatch, "*" crosses "/") fails with that errno before it does anything.  CALL is
 *   make     a file is created           mkdir    a directory is
 *   rename   renamed or linked           place    renamed without replacing
 *   link     linked                      unlink   a file or directory goes
 *   flush    fsync, fdatasync            access   it is asked whether it may be written to
 *   write    all of these, but flush
 *   alter    a file that is there is opened to be written
 *   long     a file's name is listed as one of 300 bytes, as NTFS has them
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The path that is meant, in out. */
static void resolve(int dir, const char *path, char out[PATH_MAX])
{
	char link[64], base[PATH_MAX];
	ssize_t n = -1;

	if (path[0] != '/' && dir != AT_FDCWD) {
		snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
		n = readlink(link, base, sizeof base - 1);
	}
	if (n < 0)
		snprintf(out, PATH_MAX, "%s", path);
	else
		snprintf(out, PATH_MAX, "%.*s/%s", (int)n, base, path);
}

static int covers(const char *rule, size_t n, const char *call)
{
	static const char *const writes[] = { "make", "mkdir", "rename", "place", "link", "unlink",
		"access" };

	if (strlen(call) == n && strncmp(rule, call, n) == 0)
		return 1;
	if (n == 6 && strncmp(rule, "rename", n) == 0)
		return strcmp(call, "place") == 0 || strcmp(call, "link") == 0;
	for (size_t i = 0; n == 5 && strncmp(rule, "write", n) == 0 && i < 7; i++) {
		if (strcmp(call, writes[i]) == 0)
			return 1;
	}
	return 0;
}

/* 0, or -1 with errno: it is refused. */
static int refuses(const char *call, int dir, const char *path)
{
	const char *rule = getenv("ODD_DISK");
	char whole[PATH_MAX], pattern[PATH_MAX];
	int saved = errno;

	if (rule == NULL || path == NULL)
		return 0;
	resolve(dir, path, whole);
	for (; *rule != '\0'; rule += strcspn(rule, "\n"), rule += *rule == '\n') {
		size_t verb = strcspn(rule, " "), line = strcspn(rule, "\n"), last = line;

		while (last > verb && rule[last - 1] != ' ')
			last--;
		if (last <= verb + 1 || !covers(rule, verb, call))
			continue;
		snprintf(pattern, sizeof pattern, "%.*s", (int)(last - verb - 2), rule + verb + 1);
		if (fnmatch(pattern, whole, 0) != 0)
			continue;
		errno = (int)strtol(rule + last, NULL, 10);
		return -1;
	}
	errno = saved;
	return 0;
}

static int open_file(int dir, const char *path, int flags, mode_t mode)
{
	if ((flags & O_CREAT) && refuses("make", dir, path) != 0)
		return -1;
	if (!(flags & O_CREAT) && (flags & O_ACCMODE) != O_RDONLY &&
		refuses("alter", dir, path) != 0)
		return -1;
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name, head, dir)                             \
	int name(head const char *path, int flags, ...)   \
	{                                                 \
		va_list ap;                               \
		mode_t mode;                              \
                                                          \
		va_start(ap, flags);                      \
		mode = mode_of(flags, ap);                \
		va_end(ap);                               \
		return open_file(dir, path, flags, mode); \
	}
#define COMMA ,
OPEN(open, , AT_FDCWD)
OPEN(open64, , AT_FDCWD)
OPEN(openat, int fd COMMA, fd)
OPEN(openat64, int fd COMMA, fd)

int mkdirat(int dir, const char *path, mode_t mode)
{
	return refuses("mkdir", dir, path) != 0 ? -1 : (int)syscall(SYS_mkdirat, dir, path, mode);
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	const char *call = flags & RENAME_NOREPLACE ? "place" : "rename";

	if (refuses(call, from, old) != 0 || refuses(call, to, new) != 0)
		return -1;
	return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

int renameat(int from, const char *old, int to, const char *new)
{
	return renameat2(from, old, to, new, 0);
}

int rename(const char *old, const char *new)
{
	return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	if (refuses("link", from, old) != 0 || refuses("link", to, new) != 0)
		return -1; /* from: a rename may be a link and an unlink */
	return (int)syscall(SYS_linkat, from, old, to, new, flags);
}

int unlinkat(int dir, const char *path, int flags)
{
	return refuses("unlink", dir, path) != 0 ? -1
						 : (int)syscall(SYS_unlinkat, dir, path, flags);
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int faccessat(int dir, const char *path, int mode, int flags)
{
	if ((mode & W_OK) && refuses("access", dir, path) != 0)
		return -1;
	return (int)syscall(SYS_faccessat2, dir, path, mode, flags);
}

int fsync(int fd)
{
	return refuses("flush", fd, ".") != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return refuses("flush", fd, ".") != 0 ? -1 : (int)syscall(SYS_fdatasync, fd);
}

/* What is behind the declared name is the name's, too. */
struct dirent *readdir(DIR *dir)
{
	static _Thread_local struct {
		struct dirent entry;
		char rest[300];
	} longer;
	struct dirent *(*next)(DIR *);
	struct dirent *e;
	char *name = (char *)&longer + offsetof(struct dirent, d_name);
	size_t n;

	*(void **)&next = dlsym(RTLD_NEXT, "readdir");
	e = next(dir);
	if (e == NULL || refuses("long", dirfd(dir), e->d_name) == 0)
		return e;
	n = strlen(e->d_name);
	memcpy(&longer.entry, e, offsetof(struct dirent, d_name));
	longer.entry.d_reclen = sizeof longer;
	memcpy(name, e->d_name, n);
	memset(name + n, 'x', 300 - n);
	name[300] = '\0';
	errno = 0;
	return &longer.entry;
}
