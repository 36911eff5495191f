/* SPDX-License-Identifier: ISC */
/* maildir/deliver.c - see deliver.h. */
#include "maildir/deliver.h"

#include "base/fs.h"
#include "maildir/flush.h"
#include "maildir/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 65536, KICK_BYTES = 8 << 20 };

enum state { IDLE, WRITING, WHOLE };

struct gw_deliver {
	enum state state;
	const struct gw_maildir *m; /* borrowed */
	struct gw_delivered d;
	struct gw_crlf crlf;
	struct gw_printer printer;
	struct gw_room room;
	struct gw_error err; /* the first failure */
	long pid;
	unsigned long serial;
	uint64_t kicked; /* bytes whose write-back was started */
	size_t used;
	char buffer[BUFFER];
};

struct gw_deliver *gw_deliver_new(void)
{
	struct gw_deliver *w = calloc(1, sizeof *w);

	if (w != NULL) {
		w->d.fd = -1;
		w->pid = (long)getpid();
	}
	return w;
}

void gw_deliver_free(struct gw_deliver *w)
{
	if (w == NULL)
		return;
	gw_deliver_drop(w);
	free(w);
}

void gw_delivered_drop(struct gw_delivered *d, const struct gw_maildir *m)
{
	if (d->fd < 0)
		return;
	close(d->fd);
	d->fd = -1;
	unlinkat(m->tmp, d->tmp_name, 0);
}

void gw_deliver_drop(struct gw_deliver *w)
{
	if (w->state != IDLE)
		gw_delivered_drop(&w->d, w->m);
	w->state = IDLE;
}

/* The address tells apart the writers of one process. */
static void name_next(struct gw_deliver *w, char out[static GW_TMP_NAME])
{
	snprintf(out, GW_TMP_NAME, GW_TMP_PREFIX "%ld.%lx.%lu", w->pid,
		(unsigned long)(uintptr_t)w >> 4 & 0xffffff, ++w->serial);
}

enum gw_code gw_deliver_begin(
	struct gw_deliver *w, const struct gw_maildir *m, struct gw_error *err)
{
	gw_deliver_drop(w);
	w->m = m;
	w->err = (struct gw_error){ 0 };
	w->used = 0;
	w->kicked = 0;
	w->crlf = (struct gw_crlf){ 0 };
	w->d = (struct gw_delivered){ .fd = -1 };
	gw_printer_init(&w->printer);
	name_next(w, w->d.tmp_name);
	w->d.fd = openat(
		m->tmp, w->d.tmp_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->d.fd < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write to %s/tmp", m->path);
	w->state = WRITING;
	return GW_OK;
}

static void write_out(struct gw_deliver *w)
{
	if (w->used == 0)
		return;
	gw_printer_update(&w->printer, w->buffer, w->used);
	if (w->err.code == GW_OK && gw_room_take(&w->room, w->m, w->used, &w->err) == GW_OK) {
		int sys = gw_write_all(w->d.fd, w->buffer, w->used);

		if (sys != 0)
			gw_fail_sys(
				&w->err, GW_ERR_DISK, sys, "cannot write to %s/tmp", w->m->path);
	}
	w->d.file_size += w->used;
	w->used = 0;
	if (w->d.file_size - w->kicked >= KICK_BYTES) { /* so that the flush finds little left */
		gw_flush_ahead(w->d.fd, w->kicked, w->d.file_size - w->kicked);
		w->kicked = w->d.file_size;
	}
}

void gw_deliver_data(struct gw_deliver *w, struct gw_slice wire)
{
	if (w->state != WRITING)
		return;
	w->d.wire_size += wire.n;
	while (wire.n > 0) {
		size_t room = BUFFER - 1 - w->used; /* a CR of the last piece may come on top */
		size_t take = wire.n < room ? wire.n : room;

		w->used += gw_crlf_convert(
			&w->crlf, (struct gw_slice){ wire.p, take }, w->buffer + w->used);
		wire.p += take;
		wire.n -= take;
		if (w->used >= BUFFER - 1)
			write_out(w);
	}
}

enum gw_code gw_deliver_end(struct gw_deliver *w, struct gw_error *err)
{
	if (w->state != WRITING)
		return gw_fail(err, GW_ERR_BUG, "a message ended that had not begun");
	w->used += gw_crlf_end(&w->crlf, w->buffer + w->used);
	write_out(w);
	if (w->err.code != GW_OK) {
		*err = w->err;
		gw_deliver_drop(w);
		return err->code;
	}
	gw_printer_final(&w->printer, &w->d.print);
	w->state = WHOLE;
	return GW_OK;
}

enum gw_code gw_deliver_adopt(struct gw_deliver *w, const struct gw_maildir *m,
	struct gw_delivered *d, struct gw_error *err)
{
	char name[GW_TMP_NAME];

	gw_deliver_drop(w);
	name_next(w, name);
	if (renameat(m->tmp, d->tmp_name, m->tmp, name) != 0) {
		gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write to %s/tmp", m->path);
		gw_delivered_drop(d, m);
		return err->code;
	}
	w->m = m;
	w->d = *d;
	memcpy(w->d.tmp_name, name, sizeof name);
	w->state = WHOLE;
	d->fd = -1;
	return GW_OK;
}

bool gw_deliver_has(const struct gw_deliver *w)
{
	return w->state == WHOLE;
}

void gw_deliver_take(struct gw_deliver *w, struct gw_delivered *out)
{
	*out = w->d;
	w->d.fd = -1;
	w->state = IDLE;
}

void gw_delivered_date(const struct gw_delivered *d, time_t date)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = date } };

	if (date != 0)
		futimens(d->fd, times); /* only a convenience: sorting by date */
}
