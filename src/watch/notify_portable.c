/* SPDX-License-Identifier: ISC */
/* watch/notify_portable.c - see notify.h.
 *
 * What tells of a changed directory (inotify, kqueue, FSEvents, by way of uv_fs_event_t) need not say which
 * name it was.  So the names are kept as hashes, sorted, and what a new list has more or less is what
 * happened.  A stamp tells whether a directory has to be listed at all.  It is not believed while it is
 * young, as what happens within its granularity does not show.  And as there are file systems of which
 * nothing is told, and systems that tell of so many directories only, stamps are compared now and then.
 */
#include "watch/notify.h"

#include "base/buf.h"
#include "base/fs.h"
#include "net/delay.h"
#include "watch/deeds.h"
#include "watch/notify_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BURST_MS = 50, LOOK_MS = 10000, TOLD_MAX = 1000 };
static const int64_t young_ns = 2000000000; /* FAT has the coarsest stamps */

struct names {
	uint64_t *list; /* owned; sorted */
	size_t count, cap;
};

/* A watched directory: that of mailboxes ("Archive"), of which the names of directories count, or one of
 * their cur/ and new/, of which those of files do. */
struct place {
	uv_fs_event_t event; /* first; the place is freed when it is closed */
	struct gw_notify *owner;
	char *path, *dir; /* owned; dir: relative to the root; of the mailbox, for cur/ and new/ */
	bool files, in_new;
	bool told;  /* the system tells of it */
	bool dirty; /* it has to be listed */
	struct gw_stamp stamp;
	struct names names;
};

struct gw_notify {
	uv_loop_t *loop;
	uv_timer_t look;
	struct gw_delay *burst; /* owned */
	unsigned open;          /* handles that are not closed; then it is freed */
	char *root;             /* owned */
	struct place **places;  /* owned; sorted by path */
	size_t count, cap, told;
	size_t recent; /* where our own last file was */
	struct gw_deeds deeds;
	bool tree_changed;
	gw_notify_cb *cb;
	void *ctx;
};

/* --- one directory --------------------------------------------------------------------------- */

static bool add_name(struct names *names, uint64_t hash)
{
	uint64_t *slot =
		gw_array_push((void **)&names->list, &names->count, &names->cap, sizeof *slot);

	if (slot != NULL)
		*slot = hash;
	return slot != NULL;
}

/* Takes the entry if it counts.  A directory that was replaced by another of its name is another one. */
static bool add_entry(const struct place *p, int dir, const struct dirent *e, struct names *names)
{
	uint64_t hash = gw_deeds_file(p->dir, e->d_name);
	struct stat st;

	if (p->files)
		return e->d_name[0] == '.' || add_name(names, hash);
	if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
		return true;
	if (e->d_type != DT_UNKNOWN && e->d_type != DT_DIR)
		return true;
	if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
		return true;
	return add_name(names, hash + (uint64_t)st.st_ino * 0x9e3779b97f4a7c15u);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Returns 0 or errno. */
static int list(const struct place *p, struct gw_stamp *stamp, struct names *out)
{
	int fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), sys = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	*out = (struct names){ 0 };
	if (d == NULL) {
		sys = errno;
		if (fd >= 0)
			close(fd);
		return sys;
	}
	gw_stamp_read(fd, stamp); /* before, so that what happens meanwhile is seen later */
	while (sys == 0 && (errno = 0, e = readdir(d)) != NULL)
		sys = add_entry(p, fd, e, out) ? 0 : ENOMEM;
	if (sys == 0)
		sys = errno;
	closedir(d);
	if (sys == 0 && out->count > 0)
		qsort(out->list, out->count, sizeof *out->list, compare);
	if (sys != 0)
		free(out->list);
	return sys;
}

static void tell_difference(struct gw_notify *n, const struct place *p, const struct names *now)
{
	const struct names *before = &p->names;

	for (size_t i = 0, k = 0; i < before->count || k < now->count;) {
		bool gone =
			k == now->count || (i < before->count && before->list[i] < now->list[k]);
		bool came =
			i == before->count || (k < now->count && now->list[k] < before->list[i]);

		if ((gone || came) && p->files)
			gw_deeds_saw(
				&n->deeds, gone ? before->list[i] : now->list[k], p->in_new, came);
		else if (gone || came)
			n->tree_changed = true;
		i += !came;
		k += !gone;
	}
}

static bool is_young(const struct gw_stamp *stamp)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return stamp->mtime > (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - young_ns;
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status);

static void begin_telling(struct gw_notify *n, struct place *p)
{
	n->told -= p->told;
	p->told = n->told < TOLD_MAX && uv_fs_event_start(&p->event, on_event, p->path, 0) == 0;
	n->told += p->told;
}

/* false: it is there no more. */
static bool look(struct gw_notify *n, struct place *p)
{
	uint64_t inode = p->stamp.inode;
	struct names now;
	int sys = list(p, &p->stamp, &now);

	if (sys == ENOENT || sys == ENOTDIR || sys == ELOOP)
		return false;
	p->dirty = sys != 0 || is_young(&p->stamp);
	if (sys != 0) {
		n->deeds.lost |= sys == ENOMEM;
		return true;
	}
	if (inode != p->stamp.inode) { /* another one in its place, of which nothing is told yet */
		n->tree_changed = true;
		uv_fs_event_stop(&p->event);
		begin_telling(n, p);
	}
	tell_difference(n, p, &now);
	free(p->names.list);
	p->names = now;
	return true;
}

static bool seems_changed(const struct place *p)
{
	struct gw_stamp now;

	return p->dirty || !gw_stamp_read_dir(p->path, &now) || !gw_stamp_same(&now, &p->stamp);
}

/* --- all of them ----------------------------------------------------------------------------- */

static void maybe_free(struct gw_notify *n)
{
	if (--n->open > 0)
		return;
	gw_deeds_deinit(&n->deeds);
	free(n->places);
	free(n->root);
	free(n);
}

static void on_place_closed(uv_handle_t *handle)
{
	struct place *p = (struct place *)handle;
	struct gw_notify *n = p->owner;

	free(p->names.list);
	free(p->path);
	free(p->dir);
	free(p);
	maybe_free(n);
}

static void close_place(struct gw_notify *n, struct place *p)
{
	n->told -= p->told;
	uv_close((uv_handle_t *)&p->event, on_place_closed);
}

static void look_at_all(struct gw_notify *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->count; i++) {
		struct place *p = n->places[i];

		if (!seems_changed(p) || look(n, p)) {
			n->places[kept++] = p;
		} else {
			n->tree_changed = true;
			close_place(n, p);
		}
	}
	n->count = kept;
}

static void on_burst_over(void *ctx)
{
	struct gw_notify *n = ctx;

	n->burst = NULL;
	n->cb(n->ctx);
}

static void tell_soon(struct gw_notify *n)
{
	if (n->burst == NULL)
		gw_delay_start(n->loop, BURST_MS, on_burst_over, n, &n->burst);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct place *p = (struct place *)event;

	(void)name, (void)events, (void)status;
	p->dirty = true;
	tell_soon(p->owner);
}

static void on_look(uv_timer_t *timer)
{
	struct gw_notify *n = timer->data;

	for (size_t i = 0; i < n->count && n->burst == NULL; i++) {
		if (seems_changed(n->places[i]))
			tell_soon(n);
	}
}

/* --- which there are ------------------------------------------------------------------------- */

/* The place with this path, or the one before which it belongs. */
static size_t find(const struct gw_notify *n, const char *path, bool *found)
{
	size_t lo = 0, hi = n->count;

	*found = false;
	while (lo < hi && !*found) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(n->places[mid]->path, path);

		*found = order == 0;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return *found ? hi : lo;
}

static enum gw_code make_place(struct gw_notify *n, size_t at, const char *path, const char *dir,
	bool files, bool in_new, struct gw_error *err)
{
	struct place *p = calloc(1, sizeof *p), **slot = NULL;
	int sys = ENOMEM;

	if (p != NULL) {
		p->files = files;
		p->in_new = in_new;
		p->path = strdup(path);
		p->dir = strdup(dir);
	}
	if (p != NULL && p->path != NULL && p->dir != NULL)
		sys = list(p, &p->stamp, &p->names);
	if (sys == 0)
		slot = gw_array_push(
			(void **)&n->places, &n->count, &n->cap, sizeof(struct place *));
	if (slot == NULL) {
		if (p != NULL) {
			free(p->path);
			free(p->dir);
			if (sys == 0)
				free(p->names.list);
		}
		free(p);
		return sys == ENOENT || sys == ENOTDIR || sys == ELOOP
			       ? GW_OK
			       : gw_fail_sys(err,
					 sys == ENOMEM || sys == 0 ? GW_ERR_NOMEM : GW_ERR_DISK,
					 sys == 0 ? ENOMEM : sys, "cannot watch %s", path);
	}
	memmove(&n->places[at + 1], &n->places[at], (n->count - 1 - at) * sizeof(struct place *));
	n->places[at] = p;
	p->owner = n;
	p->dirty = is_young(&p->stamp);
	uv_fs_event_init(n->loop, &p->event);
	n->open++;
	begin_telling(n, p);
	return GW_OK;
}

static enum gw_code add(
	void *ctx, const char *path, const char *dir, bool files, bool in_new, struct gw_error *err)
{
	struct gw_notify *n = ctx;
	bool found;
	size_t at = find(n, path, &found);

	return found ? GW_OK : make_place(n, at, path, dir, files, in_new, err);
}

enum gw_code gw_notify_extend(struct gw_notify *n, struct gw_error *err)
{
	return gw_notify_walk(n->root, add, n, err);
}

/* --------------------------------------------------------------------------------------------- */

static bool is_of(const struct place *p, const char *dir, bool in_new)
{
	return p->files && p->in_new == in_new && strcmp(p->dir, dir) == 0;
}

void gw_notify_own(
	struct gw_notify *n, const char *dir, const char *name, bool in_new, bool appeared)
{
	size_t i = n->recent < n->count ? n->recent : 0;

	gw_deeds_own(&n->deeds, gw_deeds_file(dir, name), in_new, appeared);
	for (size_t left = n->count; left > 0; left--, i = i + 1 == n->count ? 0 : i + 1) {
		if (is_of(n->places[i], dir, in_new)) {
			n->places[i]->dirty =
				true; /* what is our own is only known until it is asked */
			n->recent = i;
			return;
		}
	}
}

enum gw_change gw_notify_take(struct gw_notify *n)
{
	bool tree, files;

	look_at_all(n);
	tree = n->tree_changed || n->deeds.lost;
	files = gw_deeds_take(&n->deeds);
	n->tree_changed = false;
	return tree ? GW_CHANGE_TREE : files ? GW_CHANGE_FILES : GW_CHANGE_NONE;
}

enum gw_code gw_notify_start(uv_loop_t *loop, const char *root, gw_notify_cb *cb, void *ctx,
	struct gw_notify **out, struct gw_error *err)
{
	struct gw_notify *n = calloc(1, sizeof *n);
	enum gw_code code;

	*out = NULL;
	if (n == NULL || (n->root = strdup(root)) == NULL) {
		free(n);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	n->loop = loop;
	n->cb = cb;
	n->ctx = ctx;
	uv_timer_init(loop, &n->look);
	n->look.data = n;
	n->open = 1;
	uv_timer_start(&n->look, on_look, LOOK_MS, LOOK_MS);
	code = gw_notify_extend(n, err);
	if (code == GW_OK)
		*out = n;
	else
		gw_notify_free(n);
	return code;
}

static void on_timer_closed(uv_handle_t *handle)
{
	maybe_free(handle->data);
}

void gw_notify_free(struct gw_notify *n)
{
	if (n == NULL)
		return;
	gw_delay_cancel(&n->burst);
	for (size_t i = 0; i < n->count; i++)
		close_place(n, n->places[i]);
	n->count = 0;
	uv_close((uv_handle_t *)&n->look, on_timer_closed);
}
