/* SPDX-License-Identifier: ISC */
/* maildir/copy.c - see copy.h. */
#include "maildir/copy.h"

#include "base/fs.h"
#include "maildir/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int create(const struct gw_maildir *to, const char *tmp)
{
	return openat(to->tmp, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Each way returns a descriptor of the new file, or -1 with nothing left behind. */
static int reflink(struct gw_copier *c, int source, const struct gw_maildir *to, const char *tmp)
{
	int fd = c->no_reflink ? -1 : create(to, tmp);

	if (fd < 0 || gw_clone(source, fd) == 0)
		return fd;
	c->no_reflink = true;
	close(fd);
	unlinkat(to->tmp, tmp, 0);
	return -1;
}

static bool is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int hard_link(struct gw_copier *c, int source, int from, const char *name,
	const struct gw_maildir *to, const char *tmp)
{
	int fd;

	if (c->no_link)
		return -1;
	if (linkat(from, name, to->tmp, tmp, 0) != 0) {
		c->no_link = errno == EXDEV || errno == EPERM || errno == EOPNOTSUPP;
		return -1;
	}
	fd = openat(to->tmp, tmp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && is_same(fd, source)) /* else another file took the name meanwhile */
		return fd;
	if (fd >= 0)
		close(fd);
	unlinkat(to->tmp, tmp, 0);
	return -1;
}

static int copy(int source, const struct gw_maildir *to, const char *tmp, uint64_t *written)
{
	int fd = create(to, tmp), sys;

	if (fd < 0)
		return -1;
	sys = gw_copy_all(source, fd, written);
	if (sys == 0)
		return fd;
	close(fd);
	unlinkat(to->tmp, tmp, 0);
	errno = sys;
	return -1;
}

enum gw_code gw_copy_message(struct gw_copier *c, int from, const char *name,
	const struct gw_maildir *to, uint32_t serial, struct gw_delivered *out,
	struct gw_error *err)
{
	int source = gw_open_regular(from, name);
	struct gw_file_facts facts;
	struct stat st;

	*out = (struct gw_delivered){ .fd = -1 };
	if (source < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot read %s", name);
	snprintf(out->tmp_name, sizeof out->tmp_name, GW_TMP_PREFIX "%ld.copy.%u", (long)getpid(),
		serial);
	if (fstat(source, &st) == 0 && S_ISREG(st.st_mode)) {
		out->fd = reflink(c, source, to, out->tmp_name);
		if (out->fd < 0)
			out->fd = hard_link(c, source, from, name, to, out->tmp_name);
		if (out->fd < 0)
			out->fd = copy(source, to, out->tmp_name, &out->file_size);
	}
	close(source);
	if (out->fd < 0)
		return gw_fail_sys(
			err, GW_ERR_DISK, errno, "cannot copy %s to %s/tmp", name, to->path);
	if (gw_fingerprint_file(to->tmp, out->tmp_name, &out->print, &facts, err) != GW_OK) {
		gw_delivered_drop(out, to);
		return GW_ERR_DISK;
	}
	out->wire_size = facts.crlf_size;
	return GW_OK;
}
