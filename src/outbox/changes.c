/* SPDX-License-Identifier: ISC */
/* outbox/changes.c - see changes.h. */
#include "outbox/changes.h"

#include "net/wake.h"
#include "outbox/moved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUR, NEW, ITSELF, PLACES, PATH = 4096 }; /* itself: it may be moved away */

struct gw_changes {
	uv_fs_event_t places[PLACES];
	struct gw_moved *moved; /* owned; of the state's folder, which holds the outbox */
	unsigned open;          /* handles that are not closed; then it is freed */
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

static void on_moved(void *ctx)
{
	struct gw_changes *c = ctx;

	c->cb(c->ctx, false);
}

static void on_wake(void *ctx)
{
	struct gw_changes *c = ctx;

	c->cb(c->ctx, true);
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
	snprintf(path, sizeof path, "%s/..",
		outbox); /* what goes on in it would wake us for nothing */
	c->moved = gw_moved_start(loop, path, on_moved, c);
	if (gw_wake_start(loop, on_wake, c, &c->wake) != GW_OK)
		c->wake = NULL;
	return c;
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_changes *c = handle->data;

	if (--c->open == 0)
		free(c);
}

void gw_changes_stop(struct gw_changes *c)
{
	if (c == NULL)
		return;
	gw_wake_stop(c->wake);
	gw_moved_stop(c->moved);
	for (size_t i = 0; i < PLACES; i++)
		uv_close((uv_handle_t *)&c->places[i], on_closed);
}
