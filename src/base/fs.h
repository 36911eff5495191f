/* SPDX-License-Identifier: ISC */
/* base/fs.h - files and directories: small, blocking, durable. */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

/* Identifies a directory and its state: equal stamps mean that nothing in it was made, renamed or
 * removed. */
struct gw_stamp {
	uint64_t inode;       /* 0: unknown */
	int64_t mtime, ctime; /* ns since the epoch */
};

/* Returns false if fd cannot be read; then *out is zero. */
bool gw_stamp_read(int fd, struct gw_stamp *out);
bool gw_stamp_read_dir(
	const char *path, struct gw_stamp *out); /* likewise; false for anything but a directory */
bool gw_stamp_same(const struct gw_stamp *a, const struct gw_stamp *b); /* never, if unknown */

/* Creates path and missing parents with mode 0700.  GW_ERR_DISK. */
enum gw_code gw_mkdirs(const char *path, struct gw_error *err);

/* Flushes a directory's entries to disk; a file system that cannot is taken at its word.  Returns 0
 * or errno. */
int gw_flush_dir(int fd);
/* Flushes a directory by its path. */
enum gw_code gw_fsync_dir(const char *path, struct gw_error *err);

/* Replaces the file at path by the given bytes: written beside, flushed, renamed, directory
 * flushed.  Mode 0600. */
enum gw_code gw_write_file(const char *path, struct gw_slice bytes, struct gw_error *err);

/* Returns where to write for path: path itself, or the target of its symbolic links, which need not
 * exist.  Heap.  NULL: GW_ERR_DISK, the links form a circle; GW_ERR_NOMEM. */
char *gw_follow_links(const char *path, struct gw_error *err);

/* Reads a file of at most max bytes into out (appended).  GW_OK with *found = false when there
 * is none; GW_ERR_LIMIT when it is larger. */
enum gw_code gw_read_file(int dirfd, const char *path, size_t max, struct gw_buf *out, bool *found,
	struct gw_error *err);

/* Opens a regular file for reading.  Follows no link, and never blocks on a pipe or device: a name
 * in a directory that others write to may be anything.  -1 with errno (EINVAL: not a regular
 * file). */
int gw_open_regular(int dirfd, const char *name);

/* True if the directory has this name, whatever it is (a dangling link, too). */
bool gw_has_name(int dirfd, const char *name);

/* True if an errno concerns the whole disk, not one file or directory. */
bool gw_hits_whole_disk(int errno_value);

/* write(2) until done.  Returns 0 or errno. */
int gw_write_all(int fd, const void *p, size_t n);

/* Copies what is left to read of `in`, and counts it.  Returns 0 or errno. */
int gw_copy_all(int in, int out, uint64_t *copied);
