/* SPDX-License-Identifier: ISC */
/* maildir/attic.c - see attic.h. */
#include "maildir/attic.h"

#include "base/fs.h"
#include "maildir/rename.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BESIDE_MAX = 1000 }; /* of one name, in one second */

static char *cur_path(const char *attic, const char *dir)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s/cur", attic, dir) < 0 ? NULL : path;
}

static int copy_durably(int from, const char *name, int to, const char *as)
{
	int in = gw_open_regular(from, name), out, sys = 0;
	uint64_t copied = 0;

	if (in < 0)
		return errno;
	out = openat(to, as, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0) {
		sys = errno;
		close(in);
		return sys;
	}
	sys = gw_copy_all(in, out, &copied);
	if (sys == 0 && fsync(out) != 0)
		sys = errno;
	close(out);
	close(in);
	if (sys == 0)
		sys = gw_flush_dir(to);
	if (sys == 0 && unlinkat(from, name, 0) != 0)
		sys = errno;
	return sys;
}

int gw_attic_move_file(int from, const char *name, int to, const char *as)
{
	int sys = gw_rename_noreplace(from, name, to, as);

	return sys == EXDEV ? copy_durably(from, name, to, as) : sys;
}

/* Puts a file beside one of the same name that was deleted before, perhaps more than one in this
 * second.  Keeps the end of a long name, which has the flags. */
static int put_beside(int from, const char *name, int to)
{
	size_t length = strlen(name);
	char fresh[NAME_MAX + 1];
	int sys = EEXIST;

	for (unsigned n = 0; sys == EEXIST && n < BESIDE_MAX; n++) {
		size_t used =
			(size_t)snprintf(fresh, sizeof fresh, "%lld.%u.", (long long)time(NULL), n);
		size_t room = NAME_MAX - used;

		snprintf(fresh + used, room + 1, "%s", name + (length > room ? length - room : 0));
		sys = gw_attic_move_file(from, name, to, fresh);
	}
	return sys;
}

int gw_attic_put(const char *attic, const char *dir, int from, const char *name)
{
	char *path = cur_path(attic, dir);
	struct gw_error err = { 0 };
	int to = -1, sys = ENOMEM;

	if (path == NULL)
		return sys;
	sys = gw_mkdirs(path, &err) == GW_OK ? 0 : err.sys;
	if (sys == 0 && (to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		sys = errno;
	if (sys == 0)
		sys = gw_attic_move_file(from, name, to, name);
	if (sys == EEXIST)
		sys = put_beside(from, name, to);
	if (to >= 0)
		close(to);
	free(path);
	return sys;
}

enum gw_code gw_attic_flush(const char *attic, const char *dir, struct gw_error *err)
{
	char *path = cur_path(attic, dir);
	enum gw_code code = GW_OK;

	if (path == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (access(path, F_OK) == 0) /* else nothing was put there */
		code = gw_fsync_dir(path, err);
	free(path);
	return code;
}

static void purge_dir(const char *path, time_t before);

static void purge_entry(int fd, const char *path, const char *name, time_t before)
{
	struct stat st;
	char *below = NULL;

	if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
		return;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (S_ISREG(st.st_mode) && st.st_ctime < before) /* the rename set ctime */
		unlinkat(fd, name, 0);
	if (S_ISDIR(st.st_mode) && asprintf(&below, "%s/%s", path, name) >= 0)
		purge_dir(below, before);
	free(below);
}

static void purge_dir(const char *path, time_t before)
{
	struct dirent **names = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int count = fd < 0 ? -1 : scandir(path, &names, NULL, NULL);

	for (int i = 0; i < count; i++) {
		purge_entry(fd, path, names[i]->d_name, before);
		free(names[i]);
	}
	free(names);
	if (fd >= 0)
		close(fd);
}

void gw_attic_purge(const char *attic, unsigned days)
{
	purge_dir(attic, time(NULL) - (time_t)days * 86400);
}
