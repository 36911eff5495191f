/* SPDX-License-Identifier: ISC */
/* maildir/keywords.h - a mailbox's keywords and their letters (the dovecot-keywords file).
 *
 * Keyword i < 26 has the letter 'a' + i in file names; further ones have none and live in the
 * state alone.
 */
#pragma once

#include "base/buf.h"
#include "base/flagset.h"

enum { GW_KEYWORD_LETTERS = 26 };

struct gw_keywords {
	char *names[GW_KEYWORD_MAX]; /* owned; NULL: free */
	uint64_t reserved; /* bits of indices without a name that are not given away: letters that
			    * stand in file names, or lines of the file that name nothing */
	bool file_stale;   /* the file does not show what is here */
};

/* True if name is possible for a keyword: well-formed UTF-8 without control characters, and not too
 * long.  (imap/flags.h tells whether it can be sent.) */
bool gw_keyword_is_name(struct gw_slice name);

void gw_keywords_deinit(struct gw_keywords *k);

/* Index of a keyword (compared without case), or -1. */
int gw_keywords_find(const struct gw_keywords *k, struct gw_slice name);

/* Index of a keyword, new if need be, at the first index that is neither named nor reserved; -1 when
 * there is no room or memory, or it cannot be a name. */
int gw_keywords_add(struct gw_keywords *k, struct gw_slice name);

/* Puts a name at a given index if both are free and it can be a name; false otherwise. */
bool gw_keywords_put(struct gw_keywords *k, unsigned index, struct gw_slice name);

/* Returns the letters in use for keywords; bit 0 is 'a'. */
uint32_t gw_keywords_letters(const struct gw_keywords *k);

/* The flags that can stand in a file name: all system flags and the keywords with letters. */
uint64_t gw_keywords_lettered(const struct gw_keywords *k);

/* Merges the lines "index name" of such a file, which anybody may have written: where they differ,
 * what is here stays, and file_stale is set; a line whose name cannot be one reserves its index. */
void gw_keywords_read(struct gw_keywords *k, struct gw_slice text);

/* Merges dirfd's dovecot-keywords file in the same way; none is no error.  GW_ERR_DISK. */
enum gw_code gw_keywords_load(struct gw_keywords *k, int dirfd, struct gw_error *err);

/* Writes the file (beside, flushed, renamed).  Lines of the old one at indices that have no name here
 * are kept.  GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code gw_keywords_save(struct gw_keywords *k, int dirfd, struct gw_error *err);
