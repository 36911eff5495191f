/* SPDX-License-Identifier: ISC */
/* maildir/tree.c - see tree.h. */
#include "maildir/tree.h"

#include "base/fs.h"
#include "maildir/attic.h"
#include "maildir/folder.h"
#include "maildir/name.h"
#include "maildir/rename.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 32, PATH_LIMIT = 3500 };

static void free_list(struct gw_tree_dir *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].dir);
	free(list);
}

void gw_tree_deinit(struct gw_tree *tree)
{
	free_list(tree->list, tree->count);
	free_list(tree->strays, tree->stray_count);
	free(tree->unread);
	*tree = (struct gw_tree){ 0 };
}

static bool is_own(const char *name)
{
	return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0;
}

static bool has_dir(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* True if the directory has a file, other than hidden ones and those of editors. */
static bool has_files(int fd, const char *name)
{
	int copy = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	bool found = false;
	struct dirent *e;

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return false;
	}
	while (!found && (e = readdir(dir)) != NULL)
		found = e->d_name[0] != '.' && e->d_type != DT_DIR &&
			!gw_name_is_editors(e->d_name);
	closedir(dir);
	return found;
}

static enum gw_code add(struct gw_tree *tree, int fd, const char *dir)
{
	bool partial = !has_dir(fd, "cur");
	struct gw_tree_dir *slot;
	struct stat st;

	if ((partial && !has_dir(fd, "new")) || fstat(fd, &st) != 0)
		return GW_OK;
	slot = gw_array_push((void **)&tree->list, &tree->count, &tree->cap, sizeof *slot);
	if (slot == NULL || (slot->dir = strdup(dir)) == NULL)
		return GW_ERR_NOMEM;
	slot->inode = (uint64_t)st.st_ino;
	slot->partial = partial;
	slot->mail = partial && has_files(fd, "new");
	return GW_OK;
}

static enum gw_code add_stray(struct gw_tree *tree, int fd, const char *dir)
{
	struct gw_tree_dir *slot;

	if (!has_dir(fd, "cur") || (!has_files(fd, "cur") && !has_files(fd, "new")))
		return GW_OK;
	slot = gw_array_push(
		(void **)&tree->strays, &tree->stray_count, &tree->stray_cap, sizeof *slot);
	if (slot == NULL || (slot->dir = strdup(dir)) == NULL)
		return GW_ERR_NOMEM;
	slot->mail = true;
	return GW_OK;
}

static enum gw_code walk(
	int fd, const char *path, enum gw_layout layout, unsigned depth, struct gw_tree *tree);

static enum gw_code walk_entry(int fd, const char *path, const char *name, enum gw_layout layout,
	unsigned depth, struct gw_tree *tree)
{
	char below[PATH_LIMIT + 300];
	bool hidden = name[0] == '.', plus = layout == GW_LAYOUT_MAILDIRPP;
	int next;
	enum gw_code code = GW_OK;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_own(name))
		return GW_OK;
	next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0) /* a file, a link, or not ours to read */
		return GW_OK;
	snprintf(below, sizeof below, "%s%s%s", path, *path != '\0' ? "/" : "", name);
	if (hidden != plus)
		code = add_stray(tree, next, below);
	else
		code = add(tree, next, below);
	if (code == GW_OK && !plus && !hidden)
		code = walk(next, below, layout, depth + 1, tree);
	close(next);
	return code;
}

/* Opens a directory for reading, with a descriptor of its own; NULL: unreadable, or too deep. */
static DIR *open_dir(int fd, const char *path, unsigned depth)
{
	int copy = depth > DEPTH_MAX || strlen(path) > PATH_LIMIT
			   ? -1
			   : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (dir == NULL && copy >= 0)
		close(copy);
	return dir;
}

static enum gw_code walk(
	int fd, const char *path, enum gw_layout layout, unsigned depth, struct gw_tree *tree)
{
	DIR *dir = open_dir(fd, path, depth);
	struct dirent *e;
	enum gw_code code = GW_OK;

	if (dir == NULL)
		return GW_OK;
	while (code == GW_OK && (e = readdir(dir)) != NULL) {
		if (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN)
			code = walk_entry(fd, path, e->d_name, layout, depth, tree);
	}
	closedir(dir);
	return code;
}

/* --- whatever the layout ------------------------------------------------------------------------- */

static enum gw_code walk_all(int fd, const char *path, unsigned depth, struct gw_tree *tree);

/* The first one is enough to know that something may be there. */
static enum gw_code note_unread(struct gw_tree *tree, const char *path)
{
	if (tree->unread == NULL)
		tree->unread = strdup(*path != '\0' ? path : ".");
	return tree->unread != NULL ? GW_OK : GW_ERR_NOMEM;
}

static bool leads_to_dir(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, 0) == 0 ? S_ISDIR(st.st_mode)
					      : errno != ENOENT && errno != ELOOP;
}

static enum gw_code walk_any_entry(
	int fd, const char *path, const char *name, unsigned depth, struct gw_tree *tree)
{
	char below[PATH_LIMIT + 300];
	enum gw_code code;
	int next;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_own(name) ||
		strcmp(name, "lost+found") == 0)
		return GW_OK;
	snprintf(below, sizeof below, "%s%s%s", path, *path != '\0' ? "/" : "", name);
	next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return errno == ENOENT || !leads_to_dir(fd, name) ? GW_OK
								  : note_unread(tree, below);
	code = add(tree, next, below);
	if (code == GW_OK)
		code = walk_all(next, below, depth + 1, tree);
	close(next);
	return code;
}

static enum gw_code walk_all(int fd, const char *path, unsigned depth, struct gw_tree *tree)
{
	DIR *dir = open_dir(fd, path, depth);
	struct dirent *e;
	enum gw_code code = GW_OK;

	if (dir == NULL)
		return note_unread(tree, path);
	while (code == GW_OK && (errno = 0, e = readdir(dir)) != NULL) {
		if (e->d_type == DT_DIR || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN)
			code = walk_any_entry(fd, path, e->d_name, depth, tree);
	}
	if (code == GW_OK && errno != 0)
		code = note_unread(tree, path);
	closedir(dir);
	return code;
}

enum gw_code gw_tree_all(const char *root, struct gw_tree *out, struct gw_error *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum gw_code code;

	*out = (struct gw_tree){ 0 };
	if (fd < 0)
		code = errno == ENOENT ? GW_OK : note_unread(out, root);
	else
		code = add(out, fd, ".");
	if (fd >= 0) {
		if (code == GW_OK)
			code = walk_all(fd, "", 0, out);
		close(fd);
	}
	if (code == GW_OK)
		return GW_OK;
	gw_tree_deinit(out);
	return gw_fail(err, code, "out of memory");
}

/* --- of one layout ------------------------------------------------------------------------------- */

static int by_dir(const void *a, const void *b)
{
	const struct gw_tree_dir *x = a, *y = b;

	return strcmp(x->dir, y->dir);
}

enum gw_code gw_tree_walk(
	const char *root, enum gw_layout layout, struct gw_tree *out, struct gw_error *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum gw_code code;

	*out = (struct gw_tree){ 0 };
	if (fd < 0)
		return GW_OK;
	code = layout == GW_LAYOUT_MAILDIRPP ? add(out, fd, ".") : add_stray(out, fd, ".");
	if (code == GW_OK)
		code = walk(fd, "", layout, 0, out);
	close(fd);
	if (out->count > 0)
		qsort(out->list, out->count, sizeof *out->list, by_dir);
	if (code != GW_OK) {
		gw_tree_deinit(out);
		return gw_fail(err, code, "out of memory");
	}
	return GW_OK;
}

static char *join(const char *root, const char *dir)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", root, dir) < 0 ? NULL : path;
}

enum gw_code gw_tree_add_linked(
	struct gw_tree *tree, const char *root, const char *dir, struct gw_error *err)
{
	char *path = join(root, dir);
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum gw_code code = path == NULL ? GW_ERR_NOMEM : GW_OK;
	size_t count = tree->count;

	free(path);
	if (fd >= 0) {
		code = add(tree, fd, dir);
		close(fd);
	}
	if (code != GW_OK)
		return gw_fail(err, code, "out of memory");
	if (tree->count > count)
		qsort(tree->list, tree->count, sizeof *tree->list, by_dir);
	return GW_OK;
}

const struct gw_tree_dir *gw_tree_find(const struct gw_tree *tree, const char *dir)
{
	const struct gw_tree_dir key = { .dir = (char *)(uintptr_t)dir };

	return tree->count == 0
		       ? NULL
		       : bsearch(&key, tree->list, tree->count, sizeof *tree->list, by_dir);
}

uint64_t gw_tree_inode(const char *root, const char *dir)
{
	char *path = join(root, dir);
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	uint64_t inode = 0;

	if (fd >= 0 && (has_dir(fd, "cur") || has_dir(fd, "new")) && fstat(fd, &st) == 0)
		inode = (uint64_t)st.st_ino;
	if (fd >= 0)
		close(fd);
	free(path);
	return inode;
}

/* Flushes the directory that holds path. */
static enum gw_code flush_parent(const char *path, struct gw_error *err)
{
	char *copy = strdup(path), *slash = copy == NULL ? NULL : strrchr(copy, '/');
	enum gw_code code = GW_ERR_NOMEM;

	if (copy != NULL && slash != NULL) {
		*slash = '\0';
		code = gw_fsync_dir(copy, err);
	}
	free(copy);
	return code;
}

static enum gw_code make_parent(const char *path, struct gw_error *err)
{
	char *copy = strdup(path), *slash = copy == NULL ? NULL : strrchr(copy, '/');
	enum gw_code code = GW_ERR_NOMEM;

	if (copy != NULL && slash != NULL) {
		*slash = '\0';
		code = gw_mkdirs(copy, err);
	}
	free(copy);
	return code;
}

/* Moves one of a mailbox's own directories or files, which may have been moved before. */
static int move_part(int from, int to, const char *part)
{
	int sys = gw_rename_noreplace(from, part, to, part);

	if (sys == 0 || sys == ENOENT)
		return 0;
	if (sys != EEXIST)
		return sys;
	if (unlinkat(to, part, AT_REMOVEDIR) != 0)
		return errno == ENOTEMPTY ? EEXIST : errno;
	return gw_rename_noreplace(from, part, to, part);
}

/* cur/ last: until then the mailbox is still where it was. */
static enum gw_code move_parts(const char *old, const char *new, struct gw_error *err)
{
	static const char *const parts[] = { "dovecot-keywords", "tmp", "new", "cur" };
	enum gw_code code = gw_mkdirs(new, err);
	int from = open(old, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int to = open(new, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys = 0;

	if (code == GW_OK && (from < 0 || to < 0))
		sys = errno;
	for (size_t i = 0; i < sizeof parts / sizeof *parts && code == GW_OK && sys == 0; i++)
		sys = move_part(from, to, parts[i]);
	if (code == GW_OK && sys == 0 && (sys = gw_flush_dir(to)) == 0)
		sys = gw_flush_dir(from);
	if (code == GW_OK && sys == 0) {
		unlinkat(from, ".godwit-name", 0);
		rmdir(old); /* unless there is something below it */
	}
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return sys == 0 ? code
			: gw_fail_sys(err, GW_ERR_DISK, sys, "cannot rename %s to %s", old, new);
}

static enum gw_code move_dir(const char *old, const char *new, bool whole, struct gw_error *err)
{
	enum gw_code code = make_parent(new, err);
	int sys;

	if (code != GW_OK || !whole)
		return code == GW_OK ? move_parts(old, new, err) : code;
	sys = gw_rename_noreplace(AT_FDCWD, old, AT_FDCWD, new);
	if (sys == EEXIST || sys == ENOTEMPTY || sys == EINVAL)
		return move_parts(old, new, err);
	return sys == 0 ? GW_OK
			: gw_fail_sys(err, GW_ERR_DISK, sys, "cannot rename %s to %s", old, new);
}

/* Brings its file .godwit-name in line. */
static enum gw_code rename_inside(
	const char *root, const char *dir, const char *name, struct gw_error *err)
{
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	struct gw_maildir m;
	enum gw_code code = gw_maildir_open(root, dir, false, name, &m, &opened, err);

	if (code != GW_OK || opened != GW_MAILDIR_OPENED)
		return code;
	code = gw_maildir_rename(&m, dir, name, err);
	gw_maildir_close(&m);
	return code;
}

enum gw_code gw_tree_rename(const char *root, const char *from, const char *to, const char *name,
	bool whole, struct gw_error *err)
{
	char *old = join(root, from), *new = join(root, to);
	enum gw_code code;

	if (old == NULL || new == NULL) {
		free(old);
		free(new);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	code = move_dir(old, new, whole, err);
	if (code == GW_OK)
		code = flush_parent(new, err);
	if (code == GW_OK)
		code = flush_parent(old, err);
	if (code == GW_OK)
		code = rename_inside(root, to, name, err);
	free(old);
	free(new);
	return code;
}

enum gw_code gw_tree_exchange(const char *root, const char *a, const char *b, struct gw_error *err)
{
	char *one = join(root, a), *two = join(root, b);
	enum gw_code code = GW_OK;
	int sys;

	if (one == NULL || two == NULL) {
		free(one);
		free(two);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	sys = gw_rename_exchange(root, a, b);
	if (sys != 0)
		code = gw_fail_sys(err, GW_ERR_DISK, sys, "cannot exchange %s and %s", one, two);
	if (code == GW_OK)
		code = flush_parent(one, err);
	if (code == GW_OK)
		code = flush_parent(two, err);
	if (code == GW_OK)
		code = rename_inside(root, a, a, err);
	if (code == GW_OK)
		code = rename_inside(root, b, b, err);
	free(one);
	free(two);
	return code;
}

enum gw_code gw_tree_settle(const char *root, struct gw_error *err)
{
	int sys = gw_rename_settle(root);

	return sys == 0 ? GW_OK
			: gw_fail_sys(err, GW_ERR_DISK, sys,
				  "two mailboxes were trading places, and what is in "
				  "%s/.godwit-exchange cannot be put back",
				  root);
}

static enum gw_code empty_into(int from, const char *dir, const char *attic, struct gw_error *err)
{
	int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	int sys = 0;

	if (d == NULL) {
		if (copy >= 0)
			close(copy);
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot list %s", dir);
	}
	while (sys == 0 && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		sys = gw_attic_put(attic, dir, from, e->d_name);
	}
	closedir(d);
	return sys == 0 ? GW_OK
			: gw_fail_sys(err, GW_ERR_DISK, sys, "cannot move %s to the attic", dir);
}

enum gw_code gw_tree_remove(
	const char *root, const char *dir, const char *attic, struct gw_error *err)
{
	static const char *const own[] = { ".godwit-name", "dovecot-keywords" };
	struct gw_maildir m;
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	enum gw_code code = gw_maildir_open(root, dir, false, dir, &m, &opened, err);

	if (code != GW_OK || opened == GW_MAILDIR_MISSING)
		return code;
	code = empty_into(m.cur, dir, attic, err);
	if (code == GW_OK)
		code = empty_into(m.new, dir, attic, err);
	if (code == GW_OK)
		code = gw_attic_flush(attic, dir, err);
	if (code == GW_OK) { /* tmp last: what is in it is nobody's mail yet, and keeps it */
		unlinkat(m.dir, "cur", AT_REMOVEDIR);
		unlinkat(m.dir, "new", AT_REMOVEDIR);
		unlinkat(m.dir, "tmp", AT_REMOVEDIR);
		for (size_t i = 0; i < sizeof own / sizeof *own; i++)
			unlinkat(m.dir, own[i], 0);
		rmdir(m.path);
		code = flush_parent(m.path, err);
	}
	gw_maildir_close(&m);
	return code;
}
