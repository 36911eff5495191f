/* SPDX-License-Identifier: ISC */
/* watch/notify_walk.c - see notify_walk.h. */
#include "watch/notify_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 40, PATH_ROOM = 4096 };

struct walk {
	gw_notify_add *add;
	void *ctx;
	struct gw_error *err;
};

static bool is_dir(int parent, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(parent, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static enum gw_code walk(const struct walk *w, const char *path, const char *dir, unsigned depth)
{
	enum gw_code code = w->add(w->ctx, path, dir, false, false, w->err);
	DIR *d = code == GW_OK ? opendir(path) : NULL;
	struct dirent *e;

	while (d != NULL && code == GW_OK && (e = readdir(d)) != NULL) {
		char sub[PATH_ROOM], rel[PATH_ROOM];
		bool in_new = strcmp(e->d_name, "new") == 0;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			strcmp(e->d_name, "tmp") == 0 || !is_dir(dirfd(d), e))
			continue;
		if ((size_t)snprintf(sub, sizeof sub, "%s/%s", path, e->d_name) >= sizeof sub)
			continue;
		snprintf(rel, sizeof rel, "%s%s%s", dir, *dir == '\0' ? "" : "/", e->d_name);
		if (in_new || strcmp(e->d_name, "cur") == 0)
			code = w->add(w->ctx, sub, dir, true, in_new, w->err);
		else if (depth < DEPTH_MAX)
			code = walk(w, sub, rel, depth + 1);
	}
	if (d != NULL)
		closedir(d);
	return code;
}

enum gw_code gw_notify_walk(const char *root, gw_notify_add *add, void *ctx, struct gw_error *err)
{
	return walk(&(struct walk){ add, ctx, err }, root, "", 0);
}
