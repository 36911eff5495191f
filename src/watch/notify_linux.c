/* SPDX-License-Identifier: ISC */
/* watch/notify_linux.c - see notify.h: inotify(7). */
#include "watch/notify.h"

#include "base/buf.h"
#include "watch/deeds.h"
#include "watch/notify_walk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

/* A watched directory: that of mailboxes ("Archive"), or one of their cur/ and new/. */
struct watch {
	int wd;
	bool files, in_new;
	char *dir; /* owned; relative to the root; of the mailbox, for cur/ and new/ */
};

struct gw_notify {
	uv_poll_t poll; /* first; freed when it is closed */
	int fd;
	char *root;            /* owned */
	struct watch *watches; /* owned; sorted by wd */
	size_t count, cap;
	struct gw_deeds deeds;
	bool tree_changed;
	gw_notify_cb *cb;
	void *ctx;
};

static struct watch *find(struct gw_notify *n, int wd)
{
	for (size_t lo = 0, hi = n->count; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (n->watches[mid].wd == wd)
			return &n->watches[mid];
		if (n->watches[mid].wd < wd)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void forget(struct gw_notify *n, struct watch *w)
{
	size_t at = (size_t)(w - n->watches);

	free(w->dir);
	memmove(w, w + 1, (n->count - at - 1) * sizeof *w);
	n->count--;
}

/* wd's grow: a new one goes to the end, and a known one is the same directory. */
static enum gw_code add(
	void *ctx, const char *path, const char *dir, bool files, bool in_new, struct gw_error *err)
{
	struct gw_notify *n = ctx;
	const uint32_t names = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
	int wd = inotify_add_watch(n->fd, path, names | IN_ONLYDIR | IN_DONT_FOLLOW);
	struct watch *w;

	if (wd < 0 && errno == ENOSPC)
		return gw_fail(err, GW_ERR_LIMIT,
			"the system allows no more watches (fs.inotify.max_user_watches)");
	if (wd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? GW_OK
			       : gw_fail_sys(err, GW_ERR_DISK, errno, "cannot watch %s", path);
	w = find(n, wd);
	if (w == NULL) {
		w = gw_array_push((void **)&n->watches, &n->count, &n->cap, sizeof *w);
		if (w == NULL)
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
		w->wd = wd;
		for (; w > n->watches && w[-1].wd > w->wd; w--) { /* after an overflow of numbers */
			struct watch x = w[-1];

			w[-1] = w[0];
			w[0] = x;
		}
		w = find(n, wd);
		assert(w != NULL);
	}
	free(w->dir);
	w->dir = strdup(dir);
	w->files = files;
	w->in_new = in_new;
	return w->dir != NULL ? GW_OK : gw_fail(err, GW_ERR_NOMEM, "out of memory");
}

enum gw_code gw_notify_extend(struct gw_notify *n, struct gw_error *err)
{
	return gw_notify_walk(n->root, add, n, err);
}

static void take_event(struct gw_notify *n, const struct inotify_event *ev)
{
	struct watch *w = find(n, ev->wd);

	if (ev->mask & IN_Q_OVERFLOW) {
		n->deeds.lost = true;
	} else if (w == NULL) {
		return;
	} else if (ev->mask & IN_IGNORED) { /* the directory is gone */
		forget(n, w);
		n->tree_changed = true;
	} else if (w->files && ev->len > 0 && ev->name[0] != '.') {
		gw_deeds_saw(&n->deeds, gw_deeds_file(w->dir, ev->name), w->in_new,
			(ev->mask & (IN_CREATE | IN_MOVED_TO)) != 0);
	} else if (!w->files && (ev->mask & IN_ISDIR)) {
		n->tree_changed = true;
	}
}

static void drain(struct gw_notify *n)
{
	_Alignas(struct inotify_event) char events[65536];
	ssize_t got;

	while ((got = read(n->fd, events, sizeof events)) > 0) {
		for (char *p = events; p < events + got;) {
			const struct inotify_event *ev = (const struct inotify_event *)(void *)p;

			take_event(n, ev);
			p += sizeof *ev + ev->len;
		}
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct gw_notify *n = (struct gw_notify *)poll;

	(void)status;
	(void)events;
	drain(n);
	if (n->deeds.seen_count > 0 || n->tree_changed || n->deeds.lost)
		n->cb(n->ctx);
}

void gw_notify_own(
	struct gw_notify *n, const char *dir, const char *name, bool in_new, bool appeared)
{
	gw_deeds_own(&n->deeds, gw_deeds_file(dir, name), in_new, appeared);
}

enum gw_change gw_notify_take(struct gw_notify *n)
{
	bool tree, files;

	drain(n); /* reads the events of what we ourselves just did */
	tree = n->tree_changed || n->deeds.lost;
	files = gw_deeds_take(&n->deeds);
	n->tree_changed = false;
	return tree ? GW_CHANGE_TREE : files ? GW_CHANGE_FILES : GW_CHANGE_NONE;
}

enum gw_code gw_notify_start(uv_loop_t *loop, const char *root, gw_notify_cb *cb, void *ctx,
	struct gw_notify **out, struct gw_error *err)
{
	struct gw_notify *n = calloc(1, sizeof *n);
	enum gw_code code = GW_OK;
	int fd;

	*out = NULL;
	if (n == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	n->root = strdup(root);
	if (n->root == NULL)
		code = gw_fail(err, GW_ERR_NOMEM, "out of memory");
	else if (fd < 0)
		code = gw_fail_sys(err, errno == EMFILE ? GW_ERR_LIMIT : GW_ERR_DISK, errno,
			"the system allows no more watchers (fs.inotify.max_user_instances)");
	if (code == GW_OK && uv_poll_init(loop, &n->poll, fd) != 0)
		code = gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (code != GW_OK) {
		if (fd >= 0)
			close(fd);
		free(n->root);
		free(n);
		return code;
	}
	n->fd = fd;
	n->cb = cb;
	n->ctx = ctx;
	uv_poll_start(&n->poll, UV_READABLE, on_readable);
	*out = n;
	code = gw_notify_extend(n, err);
	if (code != GW_OK) {
		gw_notify_free(n);
		*out = NULL;
	}
	return code;
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_notify *n = (struct gw_notify *)handle;

	close(n->fd);
	for (size_t i = 0; i < n->count; i++)
		free(n->watches[i].dir);
	free(n->watches);
	gw_deeds_deinit(&n->deeds);
	free(n->root);
	free(n);
}

void gw_notify_free(struct gw_notify *n)
{
	if (n != NULL)
		uv_close((uv_handle_t *)&n->poll, on_closed);
}
