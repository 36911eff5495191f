/* maildir/partial.c - see partial.h. */
#include "maildir/partial.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gw_code failed(const struct gw_maildir *m, struct gw_error *err)
{
	return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write to %s/tmp", m->path);
}

enum gw_code gw_partial_open(struct gw_partial *p, const struct gw_maildir *m, const char *key,
	uint32_t uid, struct gw_error *err)
{
	struct stat st;

	*p = (struct gw_partial){ .fd = -1 };
	snprintf(p->name, sizeof p->name, GW_TMP_PREFIX "%ld.part.%u", (long)getpid(), uid);
	snprintf(p->kept_name, sizeof p->kept_name, GW_PARTIAL_PREFIX "%.16s.%u", key, uid);
	/* While it grows it is litter again: what was not flushed proves nothing. */
	renameat(m->tmp, p->kept_name, m->tmp, p->name);
	p->fd = openat(m->tmp, p->name,
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (p->fd < 0)
		return failed(m, err);
	if (fstat(p->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		gw_partial_drop(p, m);
		return gw_fail(err, GW_ERR_DISK, "%s/tmp/%s is no file", m->path, p->name);
	}
	p->size = (uint64_t)st.st_size;
	return GW_OK;
}

enum gw_code gw_partial_append(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_slice wire, struct gw_error *err)
{
	int sys;

	if (gw_room_take(&p->room, m, wire.n, err) != GW_OK)
		return err->code;
	sys = gw_write_all(p->fd, wire.p, wire.n);
	if (sys != 0)
		return gw_fail_sys(err, GW_ERR_DISK, sys, "cannot write to %s/tmp", m->path);
	p->size += wire.n;
	return GW_OK;
}

enum gw_code gw_partial_cut(
	struct gw_partial *p, const struct gw_maildir *m, uint64_t size, struct gw_error *err)
{
	if (ftruncate(p->fd, (off_t)size) != 0)
		return failed(m, err);
	p->size = size;
	return GW_OK;
}

enum gw_code gw_partial_finish(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_deliver *writer, struct gw_error *err)
{
	char chunk[65536];
	uint64_t at = 0;
	enum gw_code code = gw_deliver_begin(writer, m, err);

	while (code == GW_OK && at < p->size) {
		ssize_t n = pread(p->fd, chunk, sizeof chunk, (off_t)at);

		if (n <= 0) {
			gw_deliver_drop(writer);
			code = gw_fail_sys(err, GW_ERR_DISK, n < 0 ? errno : EIO,
				"cannot read %s/tmp/%s", m->path, p->name);
			break;
		}
		gw_deliver_data(writer, (struct gw_slice){ chunk, (size_t)n });
		at += (uint64_t)n;
	}
	if (code == GW_OK)
		code = gw_deliver_end(writer, err);
	gw_partial_drop(p, m);
	return code;
}

void gw_partial_keep(struct gw_partial *p, const struct gw_maildir *m)
{
	if (p->fd < 0)
		return;
	if (p->size == 0 || fdatasync(p->fd) != 0 ||
		renameat(m->tmp, p->name, m->tmp, p->kept_name) != 0) {
		gw_partial_drop(p, m);
		return;
	}
	close(p->fd);
	p->fd = -1;
}

void gw_partial_drop(struct gw_partial *p, const struct gw_maildir *m)
{
	if (p->fd < 0)
		return;
	close(p->fd);
	p->fd = -1;
	unlinkat(m->tmp, p->name, 0);
}
