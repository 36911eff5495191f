/* maildir/tree.h - the directories under a root that hold mailboxes; blocking.
 *
 * A directory with a cur/ is a mailbox.  Links are not followed, so nothing outside the root is
 * found.
 */
#pragma once

#include "base/fs.h"
#include "godwit/account.h"

struct gw_tree_dir {
	char *dir; /* owned; relative to the root; "." is the root itself */
	uint64_t inode;
};

struct gw_tree {
	struct gw_tree_dir *list; /* owned; sorted by name */
	size_t count, cap;
};

void gw_tree_deinit(struct gw_tree *tree);

/* Finds all of them; no root: none.  What cannot be read is passed over.  GW_ERR_NOMEM. */
enum gw_code gw_tree_walk(
	const char *root, enum gw_layout layout, struct gw_tree *out, struct gw_error *err);

/* The inode of root/dir, if it is a mailbox's directory; 0: it is not. */
uint64_t gw_tree_inode(const char *root, const char *dir);

/* Renames a mailbox's directory, parents made, never over something; name is what a file
 * .godwit-name in it says, if it needs one.  Durable.  GW_ERR_DISK. */
enum gw_code gw_tree_rename(
	const char *root, const char *from, const char *to, const char *name, struct gw_error *err);

/* Moves the cur/, new/ and tmp/ of a mailbox to `attic`/dir (a Maildir, too); directories below it
 * stay, and so does it if there are any.  GW_ERR_DISK. */
enum gw_code gw_tree_remove(
	const char *root, const char *dir, const char *attic, struct gw_error *err);
