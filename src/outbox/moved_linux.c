/* SPDX-License-Identifier: ISC */
/* outbox/moved_linux.c - see moved.h: inotify(7), of the folder itself. */
#include "outbox/moved.h"

#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

struct gw_moved {
	uv_poll_t poll; /* first; freed when it is closed */
	int fd;         /* owned */
	void (*cb)(void *ctx);
	void *ctx;
};

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct gw_moved *m = (struct gw_moved *)poll;
	char ignored[4096];

	(void)status, (void)events;
	while (read(m->fd, ignored, sizeof ignored) > 0)
		;
	m->cb(m->ctx);
}

struct gw_moved *gw_moved_start(
	uv_loop_t *loop, const char *folder, void (*cb)(void *ctx), void *ctx)
{
	struct gw_moved *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->cb = cb;
	m->ctx = ctx;
	m->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (m->fd < 0 ||
		inotify_add_watch(m->fd, folder, IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR) < 0 ||
		uv_poll_init(loop, &m->poll, m->fd) != 0) {
		if (m->fd >= 0)
			close(m->fd);
		free(m);
		return NULL;
	}
	uv_poll_start(&m->poll, UV_READABLE, on_readable);
	return m;
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_moved *m = (struct gw_moved *)handle;

	close(m->fd);
	free(m);
}

void gw_moved_stop(struct gw_moved *m)
{
	if (m != NULL)
		uv_close((uv_handle_t *)&m->poll, on_closed);
}
