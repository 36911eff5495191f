/* maildir/tree.c - see tree.h. */
#include "maildir/tree.h"

#include "maildir/attic.h"
#include "maildir/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 32, PATH_LIMIT = 3500 };

void gw_tree_deinit(struct gw_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		free(tree->list[i].dir);
	free(tree->list);
	*tree = (struct gw_tree){ 0 };
}

static bool is_own(const char *name)
{
	return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0;
}

static bool has_cur(int fd)
{
	struct stat st;

	return fstatat(fd, "cur", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static enum gw_code add(struct gw_tree *tree, int fd, const char *dir)
{
	struct gw_tree_dir *slot;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return GW_OK;
	slot = gw_array_push((void **)&tree->list, &tree->count, &tree->cap, sizeof *slot);
	if (slot == NULL || (slot->dir = strdup(dir)) == NULL)
		return GW_ERR_NOMEM;
	slot->inode = (uint64_t)st.st_ino;
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

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_own(name) || hidden != plus)
		return GW_OK;
	next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0) /* a file, a link, or not ours to read */
		return GW_OK;
	snprintf(below, sizeof below, "%s%s%s", path, *path != '\0' ? "/" : "", name);
	if (has_cur(next))
		code = add(tree, next, below);
	if (code == GW_OK && !plus)
		code = walk(next, below, layout, depth + 1, tree);
	close(next);
	return code;
}

static enum gw_code walk(
	int fd, const char *path, enum gw_layout layout, unsigned depth, struct gw_tree *tree)
{
	int copy = depth > DEPTH_MAX || strlen(path) > PATH_LIMIT
			   ? -1
			   : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	enum gw_code code = GW_OK;

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return GW_OK;
	}
	while (code == GW_OK && (e = readdir(dir)) != NULL) {
		if (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN)
			code = walk_entry(fd, path, e->d_name, layout, depth, tree);
	}
	closedir(dir);
	return code;
}

static int by_dir(const void *a, const void *b)
{
	const struct gw_tree_dir *x = a, *y = b;

	return strcmp(x->dir, y->dir);
}

enum gw_code gw_tree_walk(
	const char *root, enum gw_layout layout, struct gw_tree *out, struct gw_error *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum gw_code code = GW_OK;

	*out = (struct gw_tree){ 0 };
	if (fd < 0)
		return GW_OK;
	if (layout == GW_LAYOUT_MAILDIRPP && has_cur(fd))
		code = add(out, fd, ".");
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

uint64_t gw_tree_inode(const char *root, const char *dir)
{
	char *path = join(root, dir);
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	uint64_t inode = 0;

	if (fd >= 0 && has_cur(fd) && fstat(fd, &st) == 0)
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

enum gw_code gw_tree_rename(
	const char *root, const char *from, const char *to, const char *name, struct gw_error *err)
{
	char *old = join(root, from), *new = join(root, to);
	struct gw_maildir m;
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	enum gw_code code;

	if (old == NULL || new == NULL) {
		free(old);
		free(new);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	code = make_parent(new, err);
	if (code == GW_OK && renameat2(AT_FDCWD, old, AT_FDCWD, new, RENAME_NOREPLACE) != 0)
		code = gw_fail_sys(err, GW_ERR_DISK, errno, "cannot rename %s to %s", old, new);
	if (code == GW_OK)
		code = flush_parent(new, err);
	if (code == GW_OK)
		code = flush_parent(old, err);
	if (code == GW_OK)
		code = gw_maildir_open(root, to, false, name, &m, &opened, err);
	if (code == GW_OK && opened == GW_MAILDIR_OPENED) {
		code = gw_maildir_rename(&m, to, name, err);
		gw_maildir_close(&m);
	}
	free(old);
	free(new);
	return code;
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
