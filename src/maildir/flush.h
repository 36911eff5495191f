/* SPDX-License-Identifier: ISC */
/* maildir/flush.h - makes what was written durable, in the cheapest safe way.
 *
 * Implemented twice: flush_linux.c, where one call may do it for a whole file system, and
 * flush_portable.c, file by file.
 */
#pragma once

#include "maildir/folder.h"

#include <stdbool.h>
#include <stdint.h>

/* Learned from earlier flushes; kept by the caller, initialized to zeros. */
struct gw_flusher {
	bool known;              /* the next field was found out */
	bool can_syncfs;         /* a local file system whose syncfs reports errors */
	uint64_t avoid_until_ms; /* syncfs took too long because of somebody else's data */
};

/* Flushes the files behind fds (on one file system), own_bytes in all; total_bytes is what godwit
 * has written and not flushed yet, this batch included.  Blocking.  Returns 0 or errno; after an
 * error nothing in the batch may be believed. */
int gw_flush(struct gw_flusher *f, const int *fds, size_t count, uint64_t own_bytes,
	uint64_t total_bytes);

/* n bytes from `from` on were written and are flushed soon: the system may begin with them. */
void gw_flush_ahead(int fd, uint64_t from, uint64_t n);

/* Makes durable what other programs did below the root of the tree in which m is: all names, and the
 * content of those files of m whose base names are given (sorted by this).  Blocking.  Returns 0 or errno. */
int gw_flush_foreign(
	const char *root, const struct gw_maildir *m, const char **bases, size_t count);

/* Likewise the content of one file, which may be gone by now; its name is the caller's to flush.  *all:
 * everything on its file system was. */
int gw_flush_foreign_file(int dir, const char *name, bool *all);

/* For the two implementations.  Calls flush (which returns 0 or -1 with errno) for each, from several
 * threads if there are many.  Returns 0 or errno. */
int gw_flush_each(const int *fds, size_t count, int (*flush)(int fd));
