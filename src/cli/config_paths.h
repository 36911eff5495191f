/* SPDX-License-Identifier: ISC */
/* cli/config_paths.h - paths of the configuration: as they are written, and what they must not be. */
#pragma once

#include "cli/config.h"

/* "~/x", "~user/x" and "x" (below dir) to an absolute path; heap.  NULL: no memory, or no such user. */
char *config_expand(const char *dir, const char *path);
/* Returns what is wrong with a path as written; NULL: nothing. */
const char *config_wrong_path(const char *path);
/* Describes a directory that cannot be a maildir, since its whole tree would be searched for mail
 * and get mailboxes' directories; NULL: it may be one.  dir: the configuration's; NULL: none. */
const char *config_wrong_maildir(const char *maildir, const char *dir);
/* Checks that no account's maildir is another's, or inside it.  path: of the configuration. */
enum gw_code config_check_roots(const struct config *c, const char *path, struct gw_error *err);
