/* SPDX-License-Identifier: ISC */
/* watch/notify_walk.h - finds the directories of a Maildir tree that are to be watched.
 */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>

/* One directory.  path: whole; dir: its mailbox, relative to the root.  files: a cur/ or a new/ (in_new), else one
 * that may get a mailbox.  All are borrowed.  Anything but GW_OK ends the walk. */
typedef enum gw_code gw_notify_add(void *ctx, const char *path, const char *dir, bool files,
	bool in_new, struct gw_error *err);

/* Calls add for root and what is below, tmp/ and links left out, each directory before those in it.  Returns what add
 * did. */
enum gw_code gw_notify_walk(const char *root, gw_notify_add *add, void *ctx, struct gw_error *err);
