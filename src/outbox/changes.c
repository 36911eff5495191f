/* outbox/changes.c - see changes.h. */
#include "outbox/changes.h"

#include "net/wake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { CUR, NEW, ITSELF, PLACES, PATH = 4096 }; /* itself: it may be moved away */

struct gw_changes {
	uv_fs_event_t places[PLACES];
	int fd; /* owned; tells if the state's folder, which holds it, is moved or removed; -1: none */
	uv_poll_t poll; /* of it */
	unsigned open;  /* handles that are not closed; then it is freed */
	struct gw_wake *wake;
	void (*cb)(void *ctx, bool awake);
	void *ctx;
};

static void on_change(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct gw_changes *c = handle->data;

	(void)events, (void)status;
	if (handle == &c->places[ITSELF] && name != NULL && strncmp(name, "server", 6) == 0)
		return; /* our own memory */
	c->cb(c->ctx, false);
}

static void on_moved(uv_poll_t *poll, int status, int events)
{
	struct gw_changes *c = poll->data;
	char ignored[4096];

	(void)status, (void)events;
	while (read(c->fd, ignored, sizeof ignored) > 0)
		;
	c->cb(c->ctx, false);
}

static void on_wake(void *ctx)
{
	struct gw_changes *c = ctx;

	c->cb(c->ctx, true);
}

/* The folder itself only: what goes on in it, and beside it, would wake us for nothing. */
static void watch_folder(uv_loop_t *loop, struct gw_changes *c, const char *outbox)
{
	char path[PATH];

	snprintf(path, sizeof path, "%s/..", outbox);
	c->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (c->fd < 0)
		return;
	uv_poll_init(loop, &c->poll, c->fd);
	c->poll.data = c;
	c->open++;
	if (inotify_add_watch(c->fd, path, IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR) >= 0)
		uv_poll_start(&c->poll, UV_READABLE, on_moved);
}

struct gw_changes *gw_changes_start(
	uv_loop_t *loop, const char *outbox, void (*cb)(void *ctx, bool awake), void *ctx)
{
	static const char *const names[PLACES] = { "cur", "new", "." };
	struct gw_changes *c = calloc(1, sizeof *c);
	char path[PATH];

	if (c == NULL)
		return NULL;
	c->cb = cb;
	c->ctx = ctx;
	for (size_t i = 0; i < PLACES; i++) {
		snprintf(path, sizeof path, "%s/%s", outbox, names[i]);
		uv_fs_event_init(loop, &c->places[i]);
		c->places[i].data = c;
		c->open++;
		uv_fs_event_start(&c->places[i], on_change, path, 0);
	}
	watch_folder(loop, c, outbox);
	if (gw_wake_start(loop, on_wake, c, &c->wake) != GW_OK)
		c->wake = NULL;
	return c;
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_changes *c = handle->data;

	if (--c->open > 0)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

void gw_changes_stop(struct gw_changes *c)
{
	if (c == NULL)
		return;
	gw_wake_stop(c->wake);
	for (size_t i = 0; i < PLACES; i++)
		uv_close((uv_handle_t *)&c->places[i], on_closed);
	if (c->fd >= 0)
		uv_close((uv_handle_t *)&c->poll, on_closed);
}
