/* SPDX-License-Identifier: ISC */
/* maildir/name.h - Maildir file names: base name, and flags behind ":2," (maildir(5)), or behind ";2," or
 * "!2,", which programs write where a file system takes no ":".  All three are read everywhere; a name
 * keeps the one that it has. */
#pragma once

#include "maildir/keywords.h"

enum { GW_NAME_MAX = 255 };

struct gw_name {
	struct gw_slice base; /* up to the last ":2,", or the whole name */
	struct gw_slice info; /* the letters behind it; .p NULL when there is no ":2," */
	char separator;       /* the first byte of it; '\0': none */
};

/* Slices point into name. */
struct gw_name gw_name_split(const char *name);

/* "#name#" and "name~": what editors leave beside a file is never mail.  (Their ".#name" is hidden, as
 * all dot files are.) */
bool gw_name_is_editors(const char *name);

/* Returns the flags of the letters; ignores letters that mean nothing here. */
uint64_t gw_name_flags(struct gw_slice info, const struct gw_keywords *k);

/* The letters a to z of an info; bit 0 is 'a'. */
uint32_t gw_name_letters(struct gw_slice info);

/* The info without these letters, in out; .p stays NULL. */
struct gw_slice gw_name_without(struct gw_slice info, uint32_t unwanted, char out[GW_NAME_MAX + 1]);

/* Returns the account's choice, or ':' if it made none ('\0'). */
char gw_name_separator(char chosen);

/* Writes "base:2,LETTERS" for flags, with the separator of the old name, or gw_name_separator() of this
 * one; letters of the old info that mean nothing to us are kept byte for byte.  `changes` says which
 * flags are ours to write: the others stay as in the old info.  A name that would be too long gets the
 * letters that it has room for, those that it had first (or not even the ":2,"); then the answer is
 * false.  So it is for a base name that alone is too long (NTFS and FAT have such): then out is "". */
bool gw_name_format(const struct gw_name *old, uint64_t flags, uint64_t changes,
	const struct gw_keywords *k, char separator, char out[GW_NAME_MAX + 1]);

/* True if the file's name has room for the letters of these flags, too. */
bool gw_name_has_room(const char *name, uint64_t flags);

/* The base name of the message that a UID of a mailbox was downloaded to: a function of its
 * arguments, so that a file that was written and not recorded is found again.  key is from
 * gw_name_key(). */
void gw_name_of_uid(const char *key, uint32_t uid, char out[64]);

/* Makes another name for a file whose base name is taken: "base-k" with the same letters.  false:
 * it would be too long. */
bool gw_name_numbered(const char *file, unsigned k, char out[GW_NAME_MAX + 1]);

/* The UID in a base name made with this key, or 0. */
uint32_t gw_name_uid(struct gw_slice base, const char *key);

/* Writes 16 hex digits that identify one mailbox of one account in one UIDVALIDITY. */
void gw_name_key(const char *account_id, const char *mailbox, uint32_t uidvalidity, char out[17]);
