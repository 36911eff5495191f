/* SPDX-License-Identifier: ISC */
/* maildir/tree.h - the directories under a root that hold mailboxes; blocking.
 *
 * A directory with a cur/ is a mailbox.  Links are not followed, so nothing outside the root is
 * found, unless it is asked for by name.
 */
#pragma once

#include "base/fs.h"
#include "godwit/account.h"

struct gw_tree_dir {
	char *dir; /* owned; relative to the root; "." is the root itself */
	uint64_t inode;
	bool partial; /* there is a new/, and no cur/ */
	bool mail;    /* partial: there is something in it */
};

struct gw_tree {
	struct gw_tree_dir *list; /* owned; sorted by name */
	size_t count, cap;
	/* Directories with mail that the layout has no place for: ".Sent" for GW_LAYOUT_FS, "Sent"
	 * for GW_LAYOUT_MAILDIRPP, "." for mail in the root itself. */
	struct gw_tree_dir *strays; /* owned */
	size_t stray_count, stray_cap;
	char *unread; /* owned; gw_tree_all(): what could not be looked into, or NULL */
};

void gw_tree_deinit(struct gw_tree *tree);

/* Finds all of them; no root: none.  What cannot be read is passed over.  GW_ERR_NOMEM. */
enum gw_code gw_tree_walk(
	const char *root, enum gw_layout layout, struct gw_tree *out, struct gw_error *err);

/* Adds the directory of a mailbox that is known, if there is one: by way of a link, since gw_tree_walk() did not find it.
 * GW_ERR_NOMEM. */
enum gw_code gw_tree_add_linked(
	struct gw_tree *tree, const char *root, const char *dir, struct gw_error *err);

/* Finds every directory that holds a mailbox of any layout, hidden ones as well; no root: none.  What it cannot look
 * into, or does not (a link to a directory), is in `unread`: then something may be there.
 * GW_ERR_NOMEM. */
enum gw_code gw_tree_all(const char *root, struct gw_tree *out, struct gw_error *err);

/* Returns the directory of this name, or NULL. */
const struct gw_tree_dir *gw_tree_find(const struct gw_tree *tree, const char *dir);

/* Returns the inode of root/dir if it is a mailbox's directory, with a cur/ or a new/; otherwise
 * 0. */
uint64_t gw_tree_inode(const char *root, const char *dir);

/* Renames a mailbox's directory, creating parents, never over another mailbox; name: the contents
 * of its file .godwit-name, if it needs one.  whole: takes everything below along if nothing exists
 * at the new name yet; otherwise moves cur/, new/ and tmp/, so that a name below its own, or above
 * it, is like any other.  Resumes an interrupted move.  Durable.  GW_ERR_DISK. */
enum gw_code gw_tree_rename(const char *root, const char *from, const char *to, const char *name,
	bool whole, struct gw_error *err);

/* Exchanges two directories, with everything below them; durable.  GW_ERR_DISK. */
enum gw_code gw_tree_exchange(const char *root, const char *a, const char *b, struct gw_error *err);

/* Where an exchange takes several steps, one that was cut is undone or ended.  GW_ERR_DISK. */
enum gw_code gw_tree_settle(const char *root, struct gw_error *err);

/* Moves the cur/, new/ and tmp/ of a mailbox to `attic`/dir (a Maildir, too); directories below it
 * stay, and so does it if there are any.  GW_ERR_DISK. */
enum gw_code gw_tree_remove(
	const char *root, const char *dir, const char *attic, struct gw_error *err);
