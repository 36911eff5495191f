/* SPDX-License-Identifier: ISC */
/* tests/tools/powerlog.c - writes down what a program does to files, so that a power cut can be
 * played afterwards; a library for LD_PRELOAD.
 *
 * POWER_LOG   the file that gets one line an operation; POWER_LOG.data gets the bytes written over
 * POWER_ROOTS directories, with ':' between; what happens elsewhere is not written down
 * POWER_GRAVE a directory on the same file system: every file that loses a name gets one here
 * POWER_AT    the program kills itself before its n-th operation (writes to sockets count)
 * POWER_ERROR instead, that operation and all further ones fail with this errno: a full disk
 * POWER_WHILE likewise, but as long as this file exists
 * POWER_CLOCK a file with the seconds by which the clock is to be wrong
 * POWER_KINDS only operations of these kinds count for it: the letters below, F for all flushes,
 *             s for writes to sockets
 * POWER_DATA  "no": the bytes that are written count as flushed, the names do not
 *
 * Lines (directories and files by inode, names in hex):
 *   C dir name ino            made              M dir name ino       a directory made
 *   U dir name ino            unlinked          R dir name ino       a directory removed
 *   L dir name ino            a further name    N dir name dir name ino replaced   renamed
 *   W ino size offset n at    written: the size before, and where the n old bytes lie
 *   F ino, D ino, S           flushed: a file, a directory, all
 * A directory of 0 lies outside the roots.  powercut.pl reads them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *roots, *grave, *kinds, *fail_while, *wrong_clock;
static int log_fd = -1, data_fd = -1;
static long kill_at, done;
static int no_data, fail_with;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("POWER_LOG"), *at = getenv("POWER_AT"), *d = getenv("POWER_DATA");
	const char *error = getenv("POWER_ERROR");
	char data[PATH_MAX];

	if (at != NULL && strcmp(program_invocation_short_name, "godwit") == 0)
		kill_at = strtol(at, NULL, 10);
	if (strcmp(program_invocation_short_name, "godwit") == 0) {
		fail_while = getenv("POWER_WHILE");
		wrong_clock = getenv("POWER_CLOCK");
	}
	fail_with = error == NULL ? 0 : (int)strtol(error, NULL, 10);
	kinds = getenv("POWER_KINDS");
	roots = getenv("POWER_ROOTS");
	grave = getenv("POWER_GRAVE");
	if (path == NULL || roots == NULL || grave == NULL)
		return;
	no_data = d != NULL && strcmp(d, "no") == 0;
	snprintf(data, sizeof data, "%s.data", path);
	data_fd = (int)syscall(SYS_openat, AT_FDCWD, data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	log_fd = (int)syscall(
		SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Before every operation.  0: it may be done, and the mutex is held until end(). */
static int start(char kind)
{
	pthread_mutex_lock(&mutex);
	if (fail_while != NULL && (kinds == NULL || strchr(kinds, kind) != NULL) &&
		syscall(SYS_faccessat, AT_FDCWD, fail_while, F_OK) == 0) {
		pthread_mutex_unlock(&mutex);
		errno = fail_with;
		return -1;
	}
	if (kill_at == 0 || (kinds != NULL && strchr(kinds, kind) == NULL) || ++done < kill_at)
		return 0;
	if (fail_with != 0) {
		pthread_mutex_unlock(&mutex);
		errno = fail_with;
		return -1;
	}
	if (done > kill_at)
		return 0;
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static time_t clock_error(void)
{
	char text[32] = "";
	int saved = errno;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, wrong_clock, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && syscall(SYS_read, fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	if (fd >= 0)
		syscall(SYS_close, fd);
	errno = saved;
	return (time_t)strtol(text, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);

	if (rc == 0 && wrong_clock != NULL && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		t->tv_sec += clock_error();
	return rc;
}

time_t time(time_t *out)
{
	struct timespec t;
	time_t now = clock_gettime(CLOCK_REALTIME, &t) == 0 ? t.tv_sec : (time_t)-1;

	if (out != NULL)
		*out = now;
	return now;
}

static void end(void)
{
	pthread_mutex_unlock(&mutex);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[2 * PATH_MAX];
	va_list ap;
	int n, saved = errno;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (log_fd >= 0 && syscall(SYS_write, log_fd, line, n) != n)
		abort();
	errno = saved;
}

static int is_inside(const char *path)
{
	for (const char *r = roots; r != NULL && *r != '\0';) {
		size_t n = strcspn(r, ":");

		if (strncmp(path, r, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return 1;
		r += n + (r[n] == ':');
	}
	return 0;
}

static int path_of_fd(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return 1;
}

/* A name in a directory, and what stands there. */
struct entry {
	unsigned long long dir; /* 0: outside */
	unsigned long long ino; /* 0: nothing */
	int is_dir;
	char hex[2 * NAME_MAX + 2];
	char path[PATH_MAX];
};

static void find(int dirfd, const char *path, struct entry *e)
{
	int saved = errno;
	char dir[PATH_MAX], real[PATH_MAX];
	const char *name = strrchr(path, '/');
	struct stat st;
	size_t n;

	memset(e, 0, sizeof *e);
	if (path[0] == '/') {
		snprintf(dir, sizeof dir, "%.*s", (int)(name - path), path);
	} else {
		char base[PATH_MAX];

		if (dirfd == AT_FDCWD ? getcwd(base, sizeof base) == NULL
				      : !path_of_fd(dirfd, base))
			base[0] = '\0';
		snprintf(dir, sizeof dir, "%.2000s/%.*s", base,
			name == NULL ? 0 : (int)(name - path), path);
	}
	name = name == NULL ? path : name + 1;
	if (realpath(dir[0] == '\0' ? "/" : dir, real) != NULL && is_inside(real) &&
		stat(real, &st) == 0)
		e->dir = st.st_ino;
	snprintf(e->path, sizeof e->path, "%.3000s/%.255s", real, name);
	for (n = 0; name[n] != '\0' && n < NAME_MAX; n++)
		sprintf(e->hex + 2 * n, "%02x", (unsigned char)name[n]);
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		e->ino = st.st_ino;
		e->is_dir = S_ISDIR(st.st_mode);
	}
	errno = saved;
}

/* What is about to lose a name is kept under another. */
static void keep(const struct entry *e)
{
	char to[PATH_MAX];
	int saved = errno;

	if (e->dir != 0 && e->ino != 0 && !e->is_dir) {
		snprintf(to, sizeof to, "%s/%llu", grave, e->ino);
		syscall(SYS_linkat, AT_FDCWD, e->path, AT_FDCWD, to, 0);
	}
	errno = saved;
}

/* --- names ----------------------------------------------------------------------------------- */

static void made(int dirfd, const char *path, char kind)
{
	struct entry e;

	find(dirfd, path, &e);
	if (e.dir != 0)
		say("%c %llu %s %llu\n", kind, e.dir, e.hex, e.ino);
}

static int exists(int dirfd, const char *path)
{
	struct stat st;
	int saved = errno, yes = fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;

	errno = saved;
	return yes;
}

static int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
	struct entry e = { 0 };
	struct stat st;
	int fd;

	if ((flags & (O_CREAT | O_TRUNC)) == 0 || (flags & O_TMPFILE) == O_TMPFILE ||
		(!(flags & O_TRUNC) && exists(dirfd, path)))
		return (int)syscall(SYS_openat, dirfd, path, flags, mode);
	if (start('C') != 0)
		return -1;
	find(dirfd, path, &e);
	/* Bytes that are cut off are not needed by any test: a file is made anew, or written over.
	 */
	fd = (int)syscall(SYS_openat, dirfd, path, flags, mode);
	if (fd >= 0 && e.dir != 0 && e.ino == 0 && fstat(fd, &st) == 0)
		say("C %llu %s %llu\n", e.dir, e.hex, (unsigned long long)st.st_ino);
	end();
	return fd;
}

#define MODE_OF(flags, mode)                              \
	do {                                              \
		va_list ap;                               \
		va_start(ap, flags);                      \
		if ((flags)&O_CREAT)                      \
			(mode) = (mode_t)va_arg(ap, int); \
		va_end(ap);                               \
	} while (0)

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return open_any(dirfd, path, flags, mode);
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return open_any(dirfd, path, flags, mode);
}

static int rename_any(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	struct entry a, b;
	int r;

	if (start('N') != 0)
		return -1;
	find(from_fd, from, &a);
	find(to_fd, to, &b);
	if (!(flags & RENAME_NOREPLACE))
		keep(&b);
	r = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
	if (r == 0 && (a.dir != 0 || b.dir != 0))
		say("N %llu %s %llu %s %llu %llu\n", a.dir, a.hex, b.dir, b.hex, a.ino,
			b.ino == a.ino ? 0 : b.ino);
	end();
	return r;
}

int rename(const char *from, const char *to)
{
	return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return rename_any(from_fd, from, to_fd, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return rename_any(from_fd, from, to_fd, to, flags);
}

int unlinkat(int dirfd, const char *path, int flags)
{
	struct entry e;
	int r;

	if (start('U') != 0)
		return -1;
	find(dirfd, path, &e);
	keep(&e);
	r = (int)syscall(SYS_unlinkat, dirfd, path, flags);
	if (r == 0 && e.dir != 0)
		say("%c %llu %s %llu\n", flags & AT_REMOVEDIR ? 'R' : 'U', e.dir, e.hex, e.ino);
	end();
	return r;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	int r;

	if (start('L') != 0)
		return -1;
	r = (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
	if (r == 0)
		made(to_fd, to, 'L');
	end();
	return r;
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
	int r;

	if (exists(dirfd, path))
		return (int)syscall(SYS_mkdirat, dirfd, path, mode);
	if (start('M') != 0)
		return -1;
	r = (int)syscall(SYS_mkdirat, dirfd, path, mode);
	if (r == 0)
		made(dirfd, path, 'M');
	end();
	return r;
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

/* --- bytes ----------------------------------------------------------------------------------- */

/* 's': a socket, 'W': a file, 0: something between threads or processes. */
static char kind_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return 0;
	return S_ISSOCK(st.st_mode) ? 's' : S_ISREG(st.st_mode) ? 'W' : 0;
}

/* Keeps what will be written over; n SIZE_MAX: up to the end. */
static void keep_bytes(int fd, off_t offset, size_t n)
{
	int saved = errno;
	char path[PATH_MAX], *old;
	struct stat st;
	off_t at;
	ssize_t got = 0;

	if (!no_data && log_fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		path_of_fd(fd, path) && is_inside(path)) {
		if (offset < st.st_size && n > (size_t)(st.st_size - offset))
			n = (size_t)(st.st_size - offset);
		old = n > 0 && offset < st.st_size ? malloc(n) : NULL;
		if (old != NULL) {
			int in = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

			got = in < 0 ? 0 : pread(in, old, n, offset);
			if (in >= 0)
				close(in);
		}
		at = lseek(data_fd, 0, SEEK_END);
		if (got > 0 && syscall(SYS_write, data_fd, old, got) != got)
			abort();
		free(old);
		say("W %llu %lld %lld %zd %lld\n", (unsigned long long)st.st_ino,
			(long long)st.st_size, (long long)offset, got < 0 ? 0 : got, (long long)at);
	}
	errno = saved;
}

/* Where a write() will land. */
static off_t position(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && flags & O_APPEND && fstat(fd, &st) == 0)
		return st.st_size;
	return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	char kind = kind_of(fd);
	ssize_t r;

	if (fd == log_fd || fd <= 2 || kind == 0)
		return syscall(SYS_write, fd, bytes, n);
	if (start(kind) != 0)
		return -1;
	if (kind == 'W')
		keep_bytes(fd, position(fd), n);
	else
		end(); /* another thread need not wait for the network */
	r = syscall(SYS_write, fd, bytes, n);
	if (kind == 'W')
		end();
	return r;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	char kind = kind_of(fd);
	size_t n = 0;
	ssize_t r;

	for (int i = 0; i < count; i++)
		n += parts[i].iov_len;
	if (kind == 0)
		return syscall(SYS_writev, fd, parts, count);
	if (start(kind) != 0)
		return -1;
	if (kind == 'W')
		keep_bytes(fd, position(fd), n);
	r = syscall(SYS_writev, fd, parts, count);
	end();
	return r;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset)
{
	ssize_t r;

	if (start('W') != 0)
		return -1;
	keep_bytes(fd, offset, n);
	r = syscall(SYS_pwrite64, fd, bytes, n, offset);
	end();
	return r;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
	return pwrite64(fd, bytes, n, offset);
}

int ftruncate64(int fd, off64_t size)
{
	int r;

	if (start('W') != 0)
		return -1;
	keep_bytes(fd, size, SIZE_MAX);
	r = (int)syscall(SYS_ftruncate, fd, size);
	end();
	return r;
}

int ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	if (start('s') != 0)
		return -1;
	end();
	return syscall(SYS_sendmsg, fd, m, flags);
}

/* So that a copy comes through write(). */
ssize_t copy_file_range(
	int in, off64_t *in_offset, int out, off64_t *out_offset, size_t n, unsigned flags)
{
	(void)in, (void)in_offset, (void)out, (void)out_offset, (void)n, (void)flags;
	errno = EOPNOTSUPP;
	return -1;
}

/* --- flushes --------------------------------------------------------------------------------- */

static int flush(int fd, long call)
{
	struct stat st;
	char path[PATH_MAX];
	int r;

	if (start('F') != 0)
		return -1;
	r = (int)syscall(call, fd);
	if (r == 0 && call == SYS_syncfs)
		say("S\n");
	else if (r == 0 && fstat(fd, &st) == 0 && path_of_fd(fd, path) && is_inside(path))
		say("%c %llu\n", S_ISDIR(st.st_mode) ? 'D' : 'F', (unsigned long long)st.st_ino);
	end();
	return r;
}

int fsync(int fd)
{
	return flush(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return flush(fd, SYS_fdatasync);
}

int syncfs(int fd)
{
	return flush(fd, SYS_syncfs);
}
