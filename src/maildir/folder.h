/* SPDX-License-Identifier: ISC */
/* maildir/folder.h - mailbox names to directories, one to one and independent of order.
 *
 * Remote names are hostile input: no name leads outside the root, onto another mailbox's cur, new
 * or tmp, or onto a hidden file.  What may not stand in a component is written %XX.
 */
#pragma once

#include "base/buf.h"
#include "godwit/account.h"

enum { GW_COMPONENT_MAX = 240 };

/* Appends the directory, relative to the root, of the mailbox with this name (UTF-8 or whatever
 * the server gave; components divided by delimiter, '\0': none).  For maildir++ INBOX is ".".
 * GW_ERR_NOMEM; GW_ERR_LIMIT when it is unreasonably long. */
enum gw_code gw_folder_dir(
	struct gw_slice name, char delimiter, enum gw_layout layout, struct gw_buf *out);

/* The reverse: appends the name of the mailbox whose directory this is.  GW_ERR_PROTOCOL when no
 * mailbox of a server with this delimiter would have it. */
enum gw_code gw_folder_name(
	const char *dir, char delimiter, enum gw_layout layout, struct gw_buf *out);

/* Appends the name as shown to people and matched by patterns: components divided by "/". */
enum gw_code gw_folder_shown(struct gw_slice name, char delimiter, struct gw_buf *out);

/* One mailbox's directories, held open. */
struct gw_maildir {
	int dir, cur, new, tmp; /* -1: closed */
	char *path;             /* owned; for messages */
	char separator;         /* of new names (name.h) */
	uint64_t reserve;       /* bytes of its file system that stay free; 0: none (room.h) */
};

/* None of it is open. */
#define GW_MAILDIR_CLOSED ((struct gw_maildir){ .dir = -1, .cur = -1, .new = -1, .tmp = -1 })

enum gw_open_result { GW_MAILDIR_OPENED, GW_MAILDIR_MISSING };

/* Opens root/dir.  With create, makes what is missing (0700) and flushes it; a mailbox whose
 * name could not stand as it is gets a file .godwit-name with it (name, UTF-8).  Without, a mailbox
 * that lacks its directory, or both its cur and its new, is GW_MAILDIR_MISSING; otherwise what is
 * missing is made. */
enum gw_code gw_maildir_open(const char *root, const char *dir, bool create, const char *name,
	struct gw_maildir *out, enum gw_open_result *result, struct gw_error *err);
void gw_maildir_close(struct gw_maildir *m);

/* Updates the file .godwit-name after the directory was renamed to `dir`. */
enum gw_code gw_maildir_rename(
	const struct gw_maildir *m, const char *dir, const char *name, struct gw_error *err);
