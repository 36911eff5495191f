/* SPDX-License-Identifier: ISC */
/* outbox/moved_portable.c - see moved.h: is what stands there still the same? */
#include "outbox/moved.h"

#include "base/fs.h"

#include <stdlib.h>

enum { LOOK_MS = 5000 };

struct gw_moved {
	uv_timer_t timer; /* first; freed when it is closed */
	char *folder;     /* owned */
	uint64_t inode;   /* 0: there is none */
	void (*cb)(void *ctx);
	void *ctx;
};

static uint64_t inode_of(const char *folder)
{
	struct gw_stamp stamp;

	gw_stamp_read_dir(folder, &stamp);
	return stamp.inode;
}

static void on_look(uv_timer_t *timer)
{
	struct gw_moved *m = (struct gw_moved *)timer;
	uint64_t inode = inode_of(m->folder);

	if (inode == m->inode)
		return;
	m->inode = inode;
	m->cb(m->ctx);
}

struct gw_moved *gw_moved_start(
	uv_loop_t *loop, const char *folder, void (*cb)(void *ctx), void *ctx)
{
	struct gw_moved *m = calloc(1, sizeof *m);

	if (m == NULL || (m->folder = gw_copy_str(folder)) == NULL) {
		free(m);
		return NULL;
	}
	m->inode = inode_of(folder);
	m->cb = cb;
	m->ctx = ctx;
	uv_timer_init(loop, &m->timer);
	uv_timer_start(&m->timer, on_look, LOOK_MS, LOOK_MS);
	return m;
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_moved *m = (struct gw_moved *)handle;

	free(m->folder);
	free(m);
}

void gw_moved_stop(struct gw_moved *m)
{
	if (m != NULL)
		uv_close((uv_handle_t *)&m->timer, on_closed);
}
