/* SPDX-License-Identifier: ISC */
/* cli/links.c - see links.h. */
#include "cli/links.h"

#include "base/buf.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, PLACES_MAX = 20000, TARGETS_MAX = 1000 };

static void note_place(struct links *l, const char *path, const struct stat *st)
{
	struct link_place *p =
		gw_array_push((void **)&l->places, &l->place_count, &l->place_cap, sizeof *p);

	if (p != NULL && (p->path = strdup(path)) == NULL)
		l->place_count--;
	l->failed |= p == NULL || p->path == NULL;
	if (p != NULL)
		p->changed = st->st_mtim;
}

bool links_know(const struct links *l, const struct link_target *target)
{
	for (size_t i = 0; i < l->target_count; i++) {
		if (l->targets[i].device == target->device && l->targets[i].inode == target->inode)
			return true;
	}
	return false;
}

/* A link to the home directory would let all of it in. */
static bool is_above(const char *path, const char *root)
{
	char *outer = realpath(path, NULL), *inner = realpath(root, NULL);
	size_t n = outer == NULL ? 0 : strlen(outer);
	bool above = n > 0 && inner != NULL && strncmp(outer, inner, n) == 0 &&
		     (n == 1 || inner[n] == '/' || inner[n] == '\0');

	free(outer);
	free(inner);
	return above;
}

/* false: it is known, or is none. */
static bool note_target(struct links *l, const char *path, const struct stat *st, const char *root)
{
	struct link_target *t, target = { .device = st->st_dev, .inode = st->st_ino };

	if (l->target_count == TARGETS_MAX || links_know(l, &target) || is_above(path, root))
		return false;
	t = gw_array_push((void **)&l->targets, &l->target_count, &l->target_cap, sizeof *t);
	target.path = strdup(path);
	l->failed |= t == NULL || target.path == NULL;
	if (t == NULL || target.path == NULL) {
		l->target_count -= t != NULL;
		free(target.path);
		return false;
	}
	*t = target;
	return true;
}

static bool is_passed_over(const char *name)
{
	static const char *const names[] = { ".", "..", "cur", "new", "tmp" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void walk(struct links *l, const char *path, const char *root, unsigned depth);

static void walk_entry(
	struct links *l, const char *dir, const struct dirent *e, const char *root, unsigned depth)
{
	char path[PATH_MAX];
	struct stat st;

	if (is_passed_over(e->d_name) ||
		(size_t)snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= sizeof path ||
		lstat(path, &st) != 0)
		return;
	if (S_ISLNK(st.st_mode) &&
		(stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || !note_target(l, path, &st, root)))
		return;
	if (S_ISDIR(st.st_mode))
		walk(l, path, root, depth + 1);
}

static void walk(struct links *l, const char *path, const char *root, unsigned depth)
{
	DIR *d = depth > DEPTH_MAX || l->place_count == PLACES_MAX ? NULL : opendir(path);
	struct dirent *e;
	struct stat st;

	if (d == NULL)
		return;
	if (fstat(dirfd(d), &st) == 0) /* before it is read */
		note_place(l, path, &st);
	while (!l->failed && (e = readdir(d)) != NULL) {
		if (e->d_type == DT_DIR || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN)
			walk_entry(l, path, e, root, depth);
	}
	closedir(d);
}

void links_find(struct links *l, const char *root)
{
	const char **slot =
		gw_array_push((void **)&l->roots, &l->root_count, &l->root_cap, sizeof *slot);

	l->failed |= slot == NULL;
	if (slot != NULL) {
		*slot = root;
		walk(l, root, root, 0);
	}
}

bool links_may_differ(const struct links *l)
{
	for (size_t i = 0; i < l->place_count; i++) {
		const struct link_place *p = &l->places[i];
		struct stat st;

		if (stat(p->path, &st) == 0 && (st.st_mtim.tv_sec != p->changed.tv_sec ||
						       st.st_mtim.tv_nsec != p->changed.tv_nsec))
			return true;
	}
	return false;
}

void links_free(struct links *l)
{
	for (size_t i = 0; i < l->target_count; i++)
		free(l->targets[i].path);
	for (size_t i = 0; i < l->place_count; i++)
		free(l->places[i].path);
	free(l->targets);
	free(l->places);
	free(l->roots);
	*l = (struct links){ 0 };
}
