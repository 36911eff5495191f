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
	bool file_stale;             /* the file does not show what is here */
};

void gw_keywords_deinit(struct gw_keywords *k);

/* Index of a keyword (compared without case), or -1. */
int gw_keywords_find(const struct gw_keywords *k, struct gw_slice name);

/* Index of a keyword, new if need be; -1 when there is no room or memory. */
int gw_keywords_add(struct gw_keywords *k, struct gw_slice name);

/* Puts a name at a given index if both are free; false otherwise. */
bool gw_keywords_put(struct gw_keywords *k, unsigned index, struct gw_slice name);

/* The letters that stand for a keyword; bit 0 is 'a'. */
uint32_t gw_keywords_letters(const struct gw_keywords *k);

/* The flags that can stand in a file name: all system flags and the keywords with letters. */
uint64_t gw_keywords_lettered(const struct gw_keywords *k);

/* Merges the names that dirfd's dovecot-keywords file holds; where it differs, what is here
 * stays, and file_stale is set.  Lines "index name"; others are passed over.  GW_ERR_DISK. */
enum gw_code gw_keywords_load(struct gw_keywords *k, int dirfd, struct gw_error *err);

/* Writes the file (beside, flushed, renamed). */
enum gw_code gw_keywords_save(struct gw_keywords *k, int dirfd, struct gw_error *err);
