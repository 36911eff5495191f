/* SPDX-License-Identifier: ISC */
/* maildir/scan.h - what is in cur/ and new/.
 *
 * A listing taken while a reader renames files misses names; one whose stamps were equal before
 * and after never does.  Only such a trusted listing can show that something is gone.
 */
#pragma once

#include "base/fs.h"
#include "maildir/folder.h"
#include "maildir/name.h"

struct gw_scan_entry {
	uint32_t offset; /* of the file name in the arena */
	bool in_new;
};

struct gw_scan {
	struct gw_scan_entry *entries; /* owned; sorted by base name, then as found */
	size_t count, cap;
	struct gw_scan_entry *others; /* owned; links, pipes, directories; sorted likewise */
	size_t other_count, other_cap;
	struct gw_buf
		arena;   /* NUL-terminated file names, each behind one byte: its base's length */
	size_t too_long; /* names over 255 bytes (NTFS and FAT have such), which are passed over */
	bool trusted;
	struct gw_stamp cur, new; /* as the listing began; zero unless trusted and old enough that
				   * a later change is sure to show in them */
	struct gw_stamp seen_cur, seen_new; /* likewise, old enough by a finer measure: a file
					     * system that counts in fractions of a second */
};

void gw_scan_deinit(struct gw_scan *s);

/* Lists both directories, again (at most three times) when they changed meanwhile.  Dot files are
 * passed over; what is no regular file is listed apart.  GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code gw_scan_run(const struct gw_maildir *m, struct gw_scan *out, struct gw_error *err);

const char *gw_scan_name(const struct gw_scan *s, size_t i);
struct gw_slice gw_scan_base(const struct gw_scan *s, size_t i);

/* Index of the first entry with this base name, or SIZE_MAX. */
size_t gw_scan_find(const struct gw_scan *s, struct gw_slice base);

/* True if something that is not a regular file has this base name, which is then not known to be
 * gone. */
bool gw_scan_has_other(const struct gw_scan *s, struct gw_slice base);

/* Compares base names by byte, as the entries are sorted. */
int gw_base_compare(struct gw_slice a, struct gw_slice b);

/* Removes from tmp/ what an earlier run of godwit left there, except big messages to be resumed
 * (partial.h).  The caller holds the account's lock, so no living godwit writes there. */
void gw_scan_sweep_tmp(const struct gw_maildir *m);
