/* net/tunnel.c - see tunnel.h. */
#include "net/tunnel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uv_stream_t *new_pipe(uv_loop_t *loop, int fd, void *owner)
{
	uv_pipe_t *pipe = malloc(sizeof *pipe);

	if (pipe == NULL)
		return NULL;
	uv_pipe_init(loop, pipe, 0);
	pipe->data = owner;
	uv_pipe_open(pipe, fd);
	return (uv_stream_t *)pipe;
}

/* Real pipes and not uv's socket pair: some IMAP servers run as a filter mistake the latter. */
enum gw_code gw_tunnel_spawn(uv_loop_t *loop, const char *command, uv_exit_cb exited, void *owner,
	struct gw_tunnel *out, struct gw_error *err)
{
	char shell[] = "/bin/sh", dash_c[] = "-c";
	char *copy = strdup(command);
	char *args[] = { shell, dash_c, copy, NULL };
	int to_child[2] = { -1, -1 }, from_child[2] = { -1, -1 };
	uv_stdio_container_t stdio[3] = { { .flags = UV_INHERIT_FD }, { .flags = UV_INHERIT_FD },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 } };
	uv_process_options_t options = {
		.file = shell, .args = args, .exit_cb = exited, .stdio_count = 3, .stdio = stdio
	};
	int rc = UV_ENOMEM;

	*out = (struct gw_tunnel){ .child = malloc(sizeof *out->child) };
	if (copy != NULL && out->child != NULL &&
		(rc = uv_pipe(to_child, 0, UV_NONBLOCK_PIPE)) == 0 &&
		(rc = uv_pipe(from_child, UV_NONBLOCK_PIPE, 0)) == 0) {
		stdio[0].data.fd = to_child[0];
		stdio[1].data.fd = from_child[1];
		rc = uv_spawn(loop, out->child, &options);
		out->child->data = owner;
		out->out = new_pipe(loop, to_child[1], owner);
		out->in = new_pipe(loop, from_child[0], owner);
		close(to_child[0]);
		close(from_child[1]);
	} else {
		free(out->child);
		out->child = NULL;
	}
	free(copy);
	if (rc != 0 || out->in == NULL || out->out == NULL)
		return gw_fail(
			err, GW_ERR_NET, "tunnel-command cannot be started: %s", uv_strerror(rc));
	return GW_OK;
}
