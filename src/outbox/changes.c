/* outbox/changes.c - see changes.h. */
#include "outbox/changes.h"

#include "net/wake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Itself, and the state's folder with all that is in it: they may be moved away. */
enum { CUR, NEW, ITSELF, ABOVE, PLACES, PATH = 4096 };

struct gw_changes {
	uv_fs_event_t places[PLACES];
	char folder[256]; /* the name of the state's */
	unsigned open;    /* handles that are not closed; then it is freed */
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
	if (handle == &c->places[ABOVE] && (name == NULL || strcmp(name, c->folder) != 0))
		return;
	c->cb(c->ctx, false);
}

static void on_wake(void *ctx)
{
	struct gw_changes *c = ctx;

	c->cb(c->ctx, true);
}

/* The folder that holds the state's, and the name of the state's. */
static void name_above(struct gw_changes *c, const char *outbox, char path[PATH])
{
	char *slash;

	snprintf(path, PATH, "%s", outbox);
	if ((slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
	if ((slash = strrchr(path, '/')) == NULL)
		return;
	snprintf(c->folder, sizeof c->folder, "%s", slash + 1);
	slash[slash == path] = '\0';
}

struct gw_changes *gw_changes_start(
	uv_loop_t *loop, const char *outbox, void (*cb)(void *ctx, bool awake), void *ctx)
{
	static const char *const names[PLACES] = { "cur", "new", ".", NULL };
	struct gw_changes *c = calloc(1, sizeof *c);
	char path[PATH];

	if (c == NULL)
		return NULL;
	c->cb = cb;
	c->ctx = ctx;
	for (size_t i = 0; i < PLACES; i++) {
		if (names[i] != NULL)
			snprintf(path, sizeof path, "%s/%s", outbox, names[i]);
		else
			name_above(c, outbox, path);
		uv_fs_event_init(loop, &c->places[i]);
		c->places[i].data = c;
		c->open++;
		uv_fs_event_start(&c->places[i], on_change, path, 0);
	}
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
	for (size_t i = 0; i < PLACES; i++)
		uv_close((uv_handle_t *)&c->places[i], on_closed);
}
