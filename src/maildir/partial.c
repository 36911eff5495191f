/* SPDX-License-Identifier: ISC */
/* maildir/partial.c - see partial.h. */
#include "maildir/partial.h"

#include "base/fs.h"
#include "maildir/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KICK_BYTES = 8 << 20 };

/* The end of a kept one. */
struct trailer {
	char magic[8];
	uint64_t
		size; /* over the wire; of this machine's byte order, as another one's tmp/ is not read */
};
static const char magic[8] = "\ngw part";

static enum gw_code failed(const struct gw_maildir *m, struct gw_error *err)
{
	return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write to %s/tmp", m->path);
}

static void begin_anew(struct gw_partial *p)
{
	p->at = (struct gw_partial_point){ 0 };
	gw_printer_init(&p->at.printer);
}

/* Reads what an earlier run kept, up to its trailer, for the fingerprint. */
static bool read_kept(struct gw_partial *p, uint64_t file_size)
{
	struct trailer t;

	if (pread(p->fd, &t, sizeof t, (off_t)file_size) != (ssize_t)sizeof t ||
		memcmp(t.magic, magic, sizeof magic) != 0 || t.size < file_size ||
		t.size - file_size > file_size)
		return false;
	while (p->at.file_size < file_size) {
		uint64_t left = file_size - p->at.file_size;
		ssize_t n = pread(p->fd, p->buffer,
			left < sizeof p->buffer ? (size_t)left : sizeof p->buffer,
			(off_t)p->at.file_size);

		if (n <= 0)
			return false;
		gw_printer_update(&p->at.printer, p->buffer, (size_t)n);
		p->at.file_size += (uint64_t)n;
	}
	p->at.size = t.size;
	return true;
}

static enum gw_code go_on(struct gw_partial *p, const struct gw_maildir *m, struct gw_error *err)
{
	struct stat st;

	begin_anew(p);
	if (fstat(p->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		gw_partial_drop(p, m);
		return gw_fail(err, GW_ERR_DISK, "%s/tmp/%s is no file", m->path, p->name);
	}
	if (st.st_size < (off_t)sizeof(struct trailer) ||
		!read_kept(p, (uint64_t)st.st_size - sizeof(struct trailer)))
		begin_anew(p);
	if (ftruncate(p->fd, (off_t)p->at.file_size) == 0)
		return GW_OK;
	failed(m, err);
	gw_partial_drop(p, m);
	return err->code;
}

enum gw_code gw_partial_open(struct gw_partial *p, const struct gw_maildir *m, const char *key,
	uint32_t uid, struct gw_error *err)
{
	p->room = (struct gw_room){ 0 };
	p->kicked = 0;
	p->used = 0;
	snprintf(p->name, sizeof p->name, GW_TMP_PREFIX "%ld.part.%u", (long)getpid(), uid);
	snprintf(p->kept_name, sizeof p->kept_name, GW_PARTIAL_PREFIX "%.16s.%u", key, uid);
	/* While it grows it is litter again: what was not flushed proves nothing. */
	renameat(m->tmp, p->kept_name, m->tmp, p->name);
	p->fd = openat(m->tmp, p->name,
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	return p->fd < 0 ? failed(m, err) : go_on(p, m, err);
}

static enum gw_code write_out(
	struct gw_partial *p, const struct gw_maildir *m, struct gw_error *err)
{
	int sys;

	if (p->used == 0)
		return GW_OK;
	if (gw_room_take(&p->room, m, p->used, err) != GW_OK)
		return err->code;
	sys = gw_write_all(p->fd, p->buffer, p->used);
	if (sys != 0)
		return gw_fail_sys(err, GW_ERR_DISK, sys, "cannot write to %s/tmp", m->path);
	gw_printer_update(&p->at.printer, p->buffer, p->used);
	p->at.file_size += p->used;
	p->used = 0;
	if (p->at.file_size >= p->kicked + KICK_BYTES) { /* so that the flush finds little left */
		gw_flush_ahead(p->fd, p->kicked, p->at.file_size - p->kicked);
		p->kicked = p->at.file_size;
	}
	return GW_OK;
}

enum gw_code gw_partial_append(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_slice wire, struct gw_error *err)
{
	while (wire.n > 0) {
		size_t room =
			sizeof p->buffer - 1 - p->used; /* a CR of the last piece may come on top */
		size_t take = wire.n < room ? wire.n : room;

		p->used += gw_crlf_convert(
			&p->at.crlf, (struct gw_slice){ wire.p, take }, p->buffer + p->used);
		p->at.size += take;
		wire.p += take;
		wire.n -= take;
		if (p->used >= sizeof p->buffer - 1 && write_out(p, m, err) != GW_OK)
			return err->code;
	}
	return GW_OK;
}

uint64_t gw_partial_size(const struct gw_partial *p)
{
	return p->at.size;
}

enum gw_code gw_partial_mark(struct gw_partial *p, const struct gw_maildir *m, struct gw_error *err)
{
	enum gw_code code = write_out(p, m, err);

	p->mark = p->at;
	return code;
}

enum gw_code gw_partial_cut(struct gw_partial *p, const struct gw_maildir *m, struct gw_error *err)
{
	p->used = 0;
	p->at = p->mark;
	if (p->kicked > p->at.file_size)
		p->kicked = p->at.file_size;
	return ftruncate(p->fd, (off_t)p->at.file_size) == 0 ? GW_OK : failed(m, err);
}

enum gw_code gw_partial_finish(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_deliver *writer, struct gw_error *err)
{
	struct gw_delivered d = { .fd = p->fd, .wire_size = p->at.size };
	enum gw_code code;

	p->used += gw_crlf_end(&p->at.crlf, p->buffer + p->used);
	code = write_out(p, m, err);
	if (code != GW_OK) {
		gw_partial_drop(p, m);
		return code;
	}
	p->fd = -1;
	memcpy(d.tmp_name, p->name, sizeof d.tmp_name);
	d.file_size = p->at.file_size;
	gw_printer_final(&p->at.printer, &d.print);
	return gw_deliver_adopt(writer, m, &d, err);
}

/* A CR whose LF has not come is fetched again. */
static bool end_kept(struct gw_partial *p, const struct gw_maildir *m)
{
	struct trailer t = { .size = p->at.size - p->at.crlf.pending };
	struct gw_error ignored = { 0 }; /* what cannot be kept is fetched again */

	memcpy(t.magic, magic, sizeof magic);
	return t.size > 0 && write_out(p, m, &ignored) == GW_OK &&
	       gw_write_all(p->fd, (const char *)&t, sizeof t) == 0 && fdatasync(p->fd) == 0;
}

void gw_partial_keep(struct gw_partial *p, const struct gw_maildir *m)
{
	if (p->fd < 0)
		return;
	if (!end_kept(p, m) || renameat(m->tmp, p->name, m->tmp, p->kept_name) != 0) {
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
