/* SPDX-License-Identifier: ISC */
/* maildir/flush_linux.c - see flush.h.
 *
 * syncfs is the cheapest way by far when the disk is otherwise quiet and has no bound when it is
 * not; per file it is "start write-back of all, wait for all, then fdatasync each", which one
 * journal commit mostly covers.
 */
#include "maildir/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { FEW_FILES = 4, AVOID_MS = 60000, SLOW_MS = 250 };
static const uint64_t foreign_limit = 32 << 20;
static const uint64_t expected_bytes_per_ms = 50 << 10; /* of a slow disk */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Before Linux 5.8 syncfs does not report write-back errors; on network file systems and FUSE it
 * may do nothing at all. */
static bool syncfs_is_sound(int fd)
{
	static const long good[] = { 0xEF53 /* ext4 */, 0x58465342 /* xfs */,
		0x9123683E /* btrfs */, 0xF2F52010 /* f2fs */ };
	struct utsname u;
	struct statfs fs;
	char *end;
	long major, minor = 0;

	if (uname(&u) != 0 || fstatfs(fd, &fs) != 0)
		return false;
	major = strtol(u.release, &end, 10);
	if (*end == '.')
		minor = strtol(end + 1, NULL, 10);
	if (major < 5 || (major == 5 && minor < 8))
		return false;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		if ((long)fs.f_type == good[i])
			return true;
	}
	return false;
}

/* Bytes waiting for write-back on all file systems. */
static uint64_t dirty_bytes(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	uint64_t kib = 0;

	if (f == NULL)
		return UINT64_MAX;
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "Dirty:", 6) == 0)
			kib += strtoull(line + 6, NULL, 10);
		else if (strncmp(line, "Writeback:", 10) == 0)
			kib += strtoull(line + 10, NULL, 10);
	}
	fclose(f);
	return kib * 1024;
}

static int flush_each(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sync_file_range(fds[i], 0, 0, SYNC_FILE_RANGE_WRITE);
	for (size_t i = 0; i < count; i++)
		sync_file_range(fds[i], 0, 0,
			SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				SYNC_FILE_RANGE_WAIT_AFTER);
	return gw_flush_each(fds, count, fdatasync);
}

int gw_flush(struct gw_flusher *f, const int *fds, size_t count, uint64_t own_bytes,
	uint64_t total_bytes)
{
	uint64_t began = now_ms(), took, dirty;

	if (count == 0)
		return 0;
	if (!f->known) {
		f->can_syncfs = syncfs_is_sound(fds[0]);
		f->known = true;
	}
	if (count <= FEW_FILES || !f->can_syncfs || began < f->avoid_until_ms)
		return flush_each(fds, count);
	dirty = dirty_bytes();
	if (dirty > total_bytes && dirty - total_bytes > foreign_limit)
		return flush_each(fds, count);
	if (syncfs(fds[0]) != 0)
		return errno;
	took = now_ms() - began;
	if (took > SLOW_MS && took > 4 * (own_bytes / expected_bytes_per_ms + count / 10))
		f->avoid_until_ms = now_ms() + AVOID_MS;
	return 0;
}

void gw_flush_ahead(int fd, uint64_t from, uint64_t n)
{
	sync_file_range(fd, (off_t)from, (off_t)n, SYNC_FILE_RANGE_WRITE);
}

int gw_flush_foreign(const char *root, const struct gw_maildir *m, const char **bases, size_t count)
{
	(void)root, (void)bases, (void)count;
	return syncfs(m->dir) == 0 ? 0 : errno; /* one file system holds the whole tree */
}

int gw_flush_foreign_file(int dir, const char *name, bool *all)
{
	(void)name;
	*all = true;
	return syncfs(dir) == 0 ? 0 : errno;
}
