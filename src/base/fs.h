/* base/fs.h - files and directories: small, blocking, durable. */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

/* What tells that a directory is the same and that nothing was made, renamed or removed in it. */
struct gw_stamp {
	uint64_t inode;       /* 0: not known */
	int64_t mtime, ctime; /* ns since the epoch */
};

/* false: it cannot be read, and *out is zero. */
bool gw_stamp_read(int fd, struct gw_stamp *out);
bool gw_stamp_same(const struct gw_stamp *a, const struct gw_stamp *b); /* never for unknown ones */

/* Creates path and missing parents with mode 0700.  GW_ERR_DISK. */
enum gw_code gw_mkdirs(const char *path, struct gw_error *err);

/* Flushes a directory's entries to disk; a file system that cannot do that says so, and is taken at its
 * word.  0 or errno. */
int gw_flush_dir(int fd);
/* The same, by its path. */
enum gw_code gw_fsync_dir(const char *path, struct gw_error *err);

/* Replaces the file at path by the given bytes: written beside, flushed, renamed, directory
 * flushed.  Mode 0600. */
enum gw_code gw_write_file(const char *path, struct gw_slice bytes, struct gw_error *err);

/* Where writing to path has to go: path, or what its symbolic links lead to, which need not exist.
 * Heap.  NULL: GW_ERR_DISK, links that lead in a circle; GW_ERR_NOMEM. */
char *gw_follow_links(const char *path, struct gw_error *err);

/* Reads a file of at most max bytes into out (appended).  GW_OK with *found = false when there
 * is none; GW_ERR_LIMIT when it is larger. */
enum gw_code gw_read_file(int dirfd, const char *path, size_t max, struct gw_buf *out, bool *found,
	struct gw_error *err);

/* Opens a regular file to read.  No link is followed, and a pipe or a device keeps nobody waiting: a
 * name in a directory that others write to may be anything.  -1 with errno (EINVAL: something else).
 */
int gw_open_regular(int dirfd, const char *name);

/* Does an errno speak of the whole disk, and not of one file or directory? */
bool gw_hits_whole_disk(int errno_value);

/* write(2) until done.  Returns 0 or errno. */
int gw_write_all(int fd, const void *p, size_t n);
