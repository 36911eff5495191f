/* SPDX-License-Identifier: ISC */
/* outbox/queue.c - see queue.h. */
#include "outbox/queue.h"

#include "base/fs.h"
#include "base/num.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const places[GW_QUEUE_PLACES] = { "cur", "new", "sent" };

struct gw_queue {
	char *path;                    /* owned */
	int at[GW_QUEUE_PLACES], tmp;  /* owned */
	bool touched[GW_QUEUE_PLACES]; /* since they were flushed */
};

void gw_queue_close(struct gw_queue *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < GW_QUEUE_PLACES; i++) {
		if (q->at[i] >= 0)
			close(q->at[i]);
	}
	if (q->tmp >= 0)
		close(q->tmp);
	free(q->path);
	free(q);
}

bool gw_queue_stands(const struct gw_queue *q)
{
	char path[4096];
	struct stat there, ours;

	for (size_t i = 0; i < GW_QUEUE_PLACES; i++) {
		snprintf(path, sizeof path, "%s/%s", q->path, places[i]);
		if (stat(path, &there) != 0 || fstat(q->at[i], &ours) != 0 ||
			there.st_ino != ours.st_ino || there.st_dev != ours.st_dev)
			return false;
	}
	return true;
}

static enum gw_code open_sub(
	const struct gw_queue *q, const char *sub, int *fd, bool *made, struct gw_error *err)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", q->path, sub) >= sizeof path)
		return gw_fail(err, GW_ERR_DISK, "the path of the outbox is too long");
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT && made != NULL) {
		if (gw_mkdirs(path, err) != GW_OK)
			return err->code;
		*made = true;
		*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return *fd >= 0 ? GW_OK : gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open %s", path);
}

/* Flushes a directory that was made, and what holds it, since any of that may be new, too.  Beyond the
 * state's own folder a file system that cannot be flushed (read-only, say) was there before. */
static enum gw_code flush_made(const struct gw_queue *q, struct gw_error *err)
{
	char *path = strdup(q->path), *slash = path;
	enum gw_code code = path == NULL ? gw_fail(err, GW_ERR_NOMEM, "out of memory") : GW_OK;
	struct gw_error ignored = { 0 };

	for (int level = 0; code == GW_OK && slash != NULL; level++) {
		if (level < 2)
			code = gw_fsync_dir(path, err);
		else
			gw_fsync_dir(path, &ignored);
		slash = strrchr(path, '/');
		if (slash == path)
			slash = NULL;
		if (slash != NULL)
			*slash = '\0';
	}
	free(path);
	return code;
}

static enum gw_code open_queue(
	const char *path, bool make, struct gw_queue **out, struct gw_error *err)
{
	struct gw_queue *q = calloc(1, sizeof *q);
	bool made = false, *may_make = make ? &made : NULL;
	enum gw_code code = GW_OK;

	*out = NULL;
	if (q == NULL || (q->path = strdup(path)) == NULL) {
		free(q);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	q->tmp = -1;
	for (size_t i = 0; i < GW_QUEUE_PLACES; i++)
		q->at[i] = -1;
	for (size_t i = 0; i < GW_QUEUE_PLACES && code == GW_OK; i++)
		code = open_sub(q, places[i], &q->at[i], may_make, err);
	if (code == GW_OK)
		code = open_sub(q, "tmp", &q->tmp, may_make, err);
	if (code == GW_OK && made)
		code = flush_made(q, err);
	if (code != GW_OK) {
		gw_queue_close(q);
		return code;
	}
	*out = q;
	return GW_OK;
}

enum gw_code gw_queue_open(const char *path, struct gw_queue **out, struct gw_error *err)
{
	return open_queue(path, true, out, err);
}

enum gw_code gw_queue_open_existing(const char *path, struct gw_queue **out, struct gw_error *err)
{
	struct stat st;

	*out = NULL;
	if (stat(path, &st) != 0 && errno == ENOENT)
		return GW_OK;
	return open_queue(path, true, out, err); /* a directory of it may have been lost */
}

/* "SECONDS.ID.godwit:2,FLAGS"; others' names have other forms. */
static void read_name(struct gw_queue_file *f)
{
	const char *info = strrchr(f->name, ':');
	size_t digits = strspn(f->name, "0123456789");
	uint64_t at;

	f->held = info != NULL && strncmp(info, ":2,", 3) == 0 && strchr(info + 3, 'F') != NULL;
	if (f->name[digits] == '.' &&
		gw_read_u64((struct gw_slice){ f->name, digits }, INT64_MAX / 2, &at))
		f->queued_at = (int64_t)at;
}

static enum gw_code list_place(const struct gw_queue *q, enum gw_queue_place place,
	enum gw_code (*cb)(void *ctx, const struct gw_queue_file *f), void *ctx,
	struct gw_error *err)
{
	int fd = openat(q->at[place], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	enum gw_code code = GW_OK;
	struct dirent *e = NULL;

	if (d == NULL) {
		code = gw_fail_sys(
			err, GW_ERR_DISK, errno, "cannot read %s/%s", q->path, places[place]);
		if (fd >= 0)
			close(fd);
		return code;
	}
	while (code == GW_OK && (errno = 0, e = readdir(d)) != NULL) {
		struct gw_queue_file f = { .place = place };
		struct stat st;

		if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		f.name = e->d_name;
		f.regular = S_ISREG(st.st_mode);
		f.size = st.st_size;
		f.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		f.queued_at = st.st_mtim.tv_sec;
		read_name(&f);
		code = cb(ctx, &f);
	}
	if (code == GW_OK && errno != 0)
		code = gw_fail_sys(
			err, GW_ERR_DISK, errno, "cannot read %s/%s", q->path, places[place]);
	closedir(d);
	return code;
}

enum gw_code gw_queue_list(const struct gw_queue *q,
	enum gw_code (*cb)(void *ctx, const struct gw_queue_file *f), void *ctx,
	struct gw_error *err)
{
	enum gw_code code = GW_OK;

	for (int i = 0; i < GW_QUEUE_PLACES && code == GW_OK; i++)
		code = list_place(q, (enum gw_queue_place)i, cb, ctx, err);
	return code;
}

int gw_queue_read(const struct gw_queue *q, enum gw_queue_place place, const char *name)
{
	int fd = openat(q->at[place], name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

/* True if the same file has another name: a reader set a flag. */
static bool stands_renamed(const struct gw_queue *q, const char *name, const struct stat *st)
{
	size_t base = strcspn(name, ":");
	bool found = false;

	for (int i = GW_QUEUE_CUR; i <= GW_QUEUE_NEW && !found; i++) {
		int fd = openat(q->at[i], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		struct dirent *e;

		while (d != NULL && !found && (e = readdir(d)) != NULL) {
			const char *info = strrchr(e->d_name, ':');

			found = strncmp(e->d_name, name, base) == 0 && e->d_ino == st->st_ino &&
				(info == NULL || strchr(info, 'F') == NULL);
		}
		if (d != NULL)
			closedir(d);
	}
	return found;
}

bool gw_queue_wanted(const struct gw_queue *q, enum gw_queue_place place, const char *name, int fd)
{
	struct stat now, mine;

	if (fstat(fd, &mine) != 0 || mine.st_nlink == 0)
		return false;
	if (fstatat(q->at[place], name, &now, AT_SYMLINK_NOFOLLOW) == 0)
		return now.st_ino == mine.st_ino && now.st_dev == mine.st_dev;
	return stands_renamed(q, name, &mine);
}

enum gw_code gw_queue_begin(const struct gw_queue *q, const char *id, int *fd, struct gw_error *err)
{
	*fd = openat(q->tmp, id, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *fd >= 0 ? GW_OK
			: gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write to %s/tmp", q->path);
}

static void name_of(const char *id, int64_t at, enum gw_queue_place place, bool held, char out[256])
{
	snprintf(out, 256, "%lld.%s.godwit%s", (long long)at, id,
		place == GW_QUEUE_NEW ? ""
		: held                ? ":2,FS"
				      : ":2,S");
}

enum gw_code gw_queue_commit(const struct gw_queue *q, const char *id, int64_t queued_at, int fd,
	bool held, struct gw_error *err)
{
	char name[256];
	int sys;

	name_of(id, queued_at, GW_QUEUE_CUR, held, name);
	if (fsync(fd) != 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write to %s", q->path);
	if (renameat(q->tmp, id, q->at[GW_QUEUE_CUR], name) != 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write to %s/cur", q->path);
	sys = gw_flush_dir(q->at[GW_QUEUE_CUR]);
	if (sys == 0)
		return GW_OK;
	gw_fail_sys(err, GW_ERR_DISK, sys, "cannot write to %s/cur", q->path);
	unlinkat(q->at[GW_QUEUE_CUR], name, 0); /* it was not accepted, so it must not be sent */
	return err->code;
}

void gw_queue_drop_new(const struct gw_queue *q, const char *id)
{
	unlinkat(q->tmp, id, 0);
}

enum gw_code gw_queue_move(struct gw_queue *q, const struct gw_queue_file *f,
	enum gw_queue_place to, bool held, struct gw_error *err)
{
	char name[256], base[256];

	snprintf(base, sizeof base, "%.*s", (int)strcspn(f->name, ":"), f->name);
	snprintf(name, sizeof name, "%.240s%s", base,
		to == GW_QUEUE_NEW ? ""
		: held             ? ":2,FS"
				   : ":2,S");
	if (f->place == to && strcmp(name, f->name) == 0)
		return GW_OK;
	if (renameat(q->at[f->place], f->name, q->at[to], name) != 0)
		return errno == ENOENT
			       ? GW_OK
			       : gw_fail_sys(err, GW_ERR_DISK, errno, "cannot move %s/%s/%s",
					 q->path, places[f->place], f->name);
	q->touched[to] = q->touched[f->place] = true;
	return GW_OK;
}

enum gw_code gw_queue_remove(
	struct gw_queue *q, const struct gw_queue_file *f, struct gw_error *err)
{
	if (unlinkat(q->at[f->place], f->name, 0) != 0)
		return errno == ENOENT
			       ? GW_OK
			       : gw_fail_sys(err, GW_ERR_DISK, errno, "cannot remove %s/%s/%s",
					 q->path, places[f->place], f->name);
	q->touched[f->place] = true;
	return GW_OK;
}

/* Where something comes to before where it was: no moment has it in neither. */
enum gw_code gw_queue_flush(struct gw_queue *q, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	for (int i = GW_QUEUE_PLACES - 1; i >= 0; i--) {
		int sys = q->touched[i] ? gw_flush_dir(q->at[i]) : 0;

		q->touched[i] &= sys != 0;
		if (sys != 0)
			code = gw_fail_sys(
				err, GW_ERR_DISK, sys, "cannot write to %s/%s", q->path, places[i]);
	}
	return code;
}

enum gw_code gw_queue_new_id(char id[GW_OUTBOX_ID + 1], struct gw_error *err)
{
	unsigned char bytes[GW_OUTBOX_ID / 2];

	if (getentropy(bytes, sizeof bytes) != 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "no random bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return GW_OK;
}
