/* SPDX-License-Identifier: ISC */
/* maildir/rename.h - names change without replacing what has them.
 *
 * Implemented twice: rename_linux.c by one system call, rename_portable.c by what POSIX has.
 */
#pragma once

#include "godwit/error.h"

/* Renames from/old to to/name, a file or a directory, never over an existing name.  A kill may leave a
 * file that gets another base name (name.h) with both names, never with none.  Returns 0 or errno (EEXIST,
 * ENOENT among them). */
int gw_rename_noreplace(int from, const char *old, int to, const char *name);

/* The directories root/a and root/b trade places.  A kill may leave it half done, with one of them away:
 * gw_rename_settle() comes first then.  Returns 0 or errno. */
int gw_rename_exchange(const char *root, const char *a, const char *b);

/* Undoes or ends an exchange below root that was cut.  Returns 0 or errno. */
int gw_rename_settle(const char *root);

/* The portable ways, for file systems that lack the other. */
int gw_rename_by_link(int from, const char *old, int to, const char *name);
int gw_rename_in_turn(const char *root, const char *a, const char *b);
