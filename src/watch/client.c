/* SPDX-License-Identifier: ISC */
/* watch/client.c - the other end of control.h: see godwit/control.h. */
#include "base/buf.h"
#include "net/socket.h"
#include "watch/control.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 * 1024 * 1024 };

struct gw_control_client {
	uv_pipe_t pipe;   /* first; freed when it is closed */
	uv_write_t write; /* of the request */
	char *request;    /* owned */
	struct gw_buf input;
	char chunk[16384];
	gw_control_cb *cb; /* NULL: closed */
	void *ctx;
};

char *gw_control_request(const char *what)
{
	char *line = NULL;

	return asprintf(&line, "{\"do\":\"%s\"}", what) < 0 ? NULL : line;
}

char *gw_control_sync_request(const struct gw_sync_options *o)
{
	json_t *folders = json_array();
	json_t *request;
	char *line;

	for (size_t i = 0; i < o->folder_count; i++)
		json_array_append_new(folders, json_string(o->folders[i]));
	request = json_pack("{s:s, s:o, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "do",
		"sync", "folders", folders, "dry_run", o->dry_run, "full", o->full,
		"accept_deletions", o->accept_deletions, "restore_deletions", o->restore_deletions,
		"accept_uploads", o->accept_uploads, "same_account", o->same_account, "verify",
		o->verify, "bodies", o->verify_bodies, "repair", o->repair, "now", o->now);
	line = request == NULL ? NULL : json_dumps(request, JSON_COMPACT);
	json_decref(request);
	return line;
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_control_client *c = (struct gw_control_client *)handle;

	gw_buf_deinit(&c->input);
	free(c->request);
	free(c);
}

void gw_control_close(struct gw_control_client **out)
{
	struct gw_control_client *c = *out;

	*out = NULL;
	if (c == NULL)
		return;
	c->cb = NULL;
	if (!uv_is_closing((uv_handle_t *)&c->pipe))
		uv_close((uv_handle_t *)&c->pipe, on_closed);
}

static void end(struct gw_control_client *c)
{
	gw_control_cb *cb = c->cb;
	void *ctx = c->ctx;

	gw_control_close(&c);
	if (cb != NULL)
		cb(ctx, NULL, 0);
}

static void take_lines(struct gw_control_client *c)
{
	const char *end_of_line;
	size_t from = 0;

	while (c->cb != NULL && (end_of_line = memchr(gw_buf_cstr(&c->input) + from, '\n',
					 c->input.n - from)) != NULL) {
		size_t n = (size_t)(end_of_line - c->input.p) - from;

		c->cb(c->ctx, c->input.p + from, n);
		from += n + 1;
	}
	if (from > 0 && c->cb != NULL) {
		memmove(c->input.p, c->input.p + from, c->input.n - from);
		c->input.n -= from;
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct gw_control_client *c = (struct gw_control_client *)handle;

	(void)suggested;
	*buf = uv_buf_init(c->chunk, sizeof c->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct gw_control_client *c = (struct gw_control_client *)stream;

	if (n < 0 || (n > 0 && gw_buf_append(&c->input, buf->base, (size_t)n) != GW_OK))
		end(c);
	else
		take_lines(c);
}

/* A socket that nobody listens on is what a killed watcher left. */
static int connect_to(const struct gw_account *account, struct gw_error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (!gw_control_path(account, addr.sun_path, sizeof addr.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (!gw_socket_peer_is_us(fd)) {
		close(fd);
		gw_fail(err, GW_ERR_SECURITY, "another user's process listens on %s",
			addr.sun_path);
		return -1;
	}
	return fd;
}

enum gw_code gw_control_open(uv_loop_t *loop, const struct gw_account *account, const char *request,
	gw_control_cb *cb, void *ctx, struct gw_control_client **out, struct gw_error *err)
{
	struct gw_control_client *c;
	uv_buf_t buf;
	int fd = connect_to(account, err);

	*out = NULL;
	if (fd < 0)
		return err->code;
	c = calloc(1, sizeof *c);
	if (c == NULL || asprintf(&c->request, "%s\n", request) < 0) {
		free(c);
		close(fd);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	gw_buf_init(&c->input, LINE_MAX_BYTES);
	c->cb = cb;
	c->ctx = ctx;
	uv_pipe_init(loop, &c->pipe, 0);
	uv_pipe_open(&c->pipe, fd);
	buf = uv_buf_init(c->request, (unsigned)strlen(c->request));
	uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, NULL);
	uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	*out = c;
	return GW_OK;
}
