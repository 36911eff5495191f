/* SPDX-License-Identifier: ISC */
/* maildir/attic_restore.c - see godwit/attic.h. */
#include "godwit/attic.h"

#include "base/fs.h"
#include "base/header.h"
#include "base/text.h"
#include "maildir/attic.h"
#include "maildir/deliver.h"
#include "maildir/name.h"
#include "maildir/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_MAX = 16384, ID_BYTES = 6 };

static char *attic_root(const struct gw_account *account)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s.attic", account->state_dir, account->name) < 0 ? NULL : path;
}

static void read_header(int dir, const char *name, struct gw_attic_message *m)
{
	char *text = calloc(1, HEADER_MAX + 1);
	int fd = text == NULL ? -1 : openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && read(fd, text, HEADER_MAX) > 0) {
		gw_header_field(text, "From", m->from, sizeof m->from);
		gw_header_field(text, "Subject", m->subject, sizeof m->subject);
		gw_header_field(text, "Date", m->date, sizeof m->date);
	}
	if (fd >= 0)
		close(fd);
	free(text);
}

static void make_id(struct gw_attic_message *m)
{
	char *path = NULL;

	m->id[0] = '\0';
	if (asprintf(&path, "%s/%s", m->folder, m->name) >= 0)
		gw_sha256_hex(gw_slice_str(path), ID_BYTES, m->id);
	free(path);
}

static bool list_dir(const char *path, const char *folder, gw_attic_cb *cb, void *ctx)
{
	struct dirent **names = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int count = fd < 0 ? -1 : scandir(path, &names, NULL, alphasort);
	bool more = true;

	for (int i = 0; i < count; i++) {
		struct gw_attic_message m = { .folder = folder, .name = names[i]->d_name };
		struct stat st;

		if (more && m.name[0] != '.' &&
			fstatat(fd, m.name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
			m.deleted = st.st_ctime;
			m.size = (uint64_t)st.st_size;
			read_header(fd, m.name, &m);
			make_id(&m);
			more = cb(ctx, &m);
		}
		free(names[i]);
	}
	free(names);
	if (fd >= 0)
		close(fd);
	return more;
}

enum gw_code gw_attic_list(
	const struct gw_account *account, gw_attic_cb *cb, void *ctx, struct gw_error *err)
{
	static const enum gw_layout both[] = { GW_LAYOUT_FS, GW_LAYOUT_MAILDIRPP };
	char *root = attic_root(account), *path = NULL;
	enum gw_code code = root == NULL ? gw_fail(err, GW_ERR_NOMEM, "out of memory") : GW_OK;
	bool more = true;

	/* Try both layouts: the attic has the one of the time of deletion. */
	for (size_t l = 0; l < 2 && code == GW_OK && more; l++) {
		struct gw_tree tree;

		code = gw_tree_walk(root, both[l], &tree, err);
		for (size_t i = 0; code == GW_OK && i < tree.count && more; i++) {
			if (asprintf(&path, "%s/%s/cur", root, tree.list[i].dir) < 0)
				code = gw_fail(err, GW_ERR_NOMEM, "out of memory");
			else
				more = list_dir(path, tree.list[i].dir, cb, ctx);
			free(path);
			path = NULL;
		}
		if (code == GW_OK)
			gw_tree_deinit(&tree);
	}
	free(root);
	return code;
}

/* The name it had, without a wish to delete it. */
static bool name_back(const char *name, char out[GW_NAME_MAX + 1])
{
	const struct gw_keywords none = { 0 };
	struct gw_name old = gw_name_split(name);

	if (old.info.p == NULL)
		return snprintf(out, GW_NAME_MAX + 1, "%s", name) <= GW_NAME_MAX;
	return gw_name_format(&old, 0, GW_FLAG_DELETED, &none, old.separator, out);
}

enum gw_code gw_attic_restore(const struct gw_account *account,
	const struct gw_attic_message *message, struct gw_error *err)
{
	char *root = attic_root(account), *from = NULL;
	char name[GW_NAME_MAX + 1], fresh[GW_NAME_MAX + 1];
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	struct gw_maildir m;
	int dir = -1, sys;
	enum gw_code code;

	if (root == NULL || asprintf(&from, "%s/%s/cur", root, message->folder) < 0)
		return free(root), gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = gw_maildir_open(
		account->maildir, message->folder, false, message->folder, &m, &opened, err);
	if (code == GW_OK && opened == GW_MAILDIR_MISSING)
		code = gw_fail(err, GW_ERR_HELD,
			"there is no folder %s any more; make it (with cur, new and tmp in it) and "
			"try again",
			message->folder);
	if (code == GW_OK) {
		dir = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		sys = dir < 0 ? errno : name_back(message->name, name) ? 0 : ENAMETOOLONG;
		if (sys == 0)
			sys = gw_attic_move_file(dir, message->name, m.cur, name);
		if (sys == EEXIST && snprintf(fresh, sizeof fresh, "r%lld.%.200s",
					     (long long)time(NULL), name) < (int)sizeof fresh)
			sys = gw_attic_move_file(dir, message->name, m.cur, fresh);
		if (sys == 0)
			sys = gw_flush_dir(m.cur);
		if (sys != 0)
			code = gw_fail_sys(err, GW_ERR_DISK, sys, "cannot put %s back into %s",
				message->name, message->folder);
	}
	if (dir >= 0)
		close(dir);
	if (opened == GW_MAILDIR_OPENED)
		gw_maildir_close(&m);
	free(from);
	free(root);
	return code;
}
