/* SPDX-License-Identifier: ISC */
/* maildir/attic.h - where mail deleted here rests before it is really gone.
 *
 * STATE/ACCOUNT.attic/DIR/cur/FILE, a Maildir tree like the real one, so that any reader opens it.
 */
#pragma once

#include "maildir/folder.h"

/* Moves m's file from (its cur or new) to the attic, copied and flushed if that is another file
 * system.  Returns 0 or errno; ENOENT when the file is not there (any more). */
int gw_attic_put(const char *attic, const char *dir, int from, const char *name);

/* Renames from/name to to/as, never over an existing name; copied and flushed if that is another
 * file system.  Returns 0 or errno. */
int gw_attic_move_file(int from, const char *name, int to, const char *as);

/* Flushes the directory that gw_attic_put() moved into. */
enum gw_code gw_attic_flush(const char *attic, const char *dir, struct gw_error *err);

/* Removes what has been there for more than `days`. */
void gw_attic_purge(const char *attic, unsigned days);
