/* SPDX-License-Identifier: ISC */
/* net/tunnel.c - see tunnel.h. */
#include "net/tunnel.h"

#include <stdlib.h>
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

/* Real pipes and not a socket pair: some IMAP servers run as a filter mistake the latter. */
enum gw_code gw_tunnel_spawn(uv_loop_t *loop, const struct gw_runner *runner, const char *command,
	gw_child_cb *ended, void *owner, struct gw_tunnel *out, struct gw_error *err)
{
	int to_child[2] = { -1, -1 }, from_child[2] = { -1, -1 }, rc;
	struct gw_child_options o = { .runner = runner, .command = command };
	struct gw_error why = { 0 };

	*out = (struct gw_tunnel){ 0 };
	rc = uv_pipe(to_child, 0, UV_NONBLOCK_PIPE);
	if (rc == 0)
		rc = uv_pipe(from_child, UV_NONBLOCK_PIPE, 0);
	if (rc != 0) {
		gw_fail_sys(&why, GW_ERR_BUSY, -rc, "no pipe");
	} else {
		o.in = to_child[0];
		o.out = from_child[1];
		gw_child_start(loop, &o, ended, owner, &out->child, &why);
		out->out = new_pipe(loop, to_child[1], owner);
		out->in = new_pipe(loop, from_child[0], owner);
		close(from_child[1]);
	}
	if (to_child[0] >= 0)
		close(to_child[0]);
	if (out->child == NULL || out->in == NULL || out->out == NULL)
		return gw_fail(err, GW_ERR_NET, "tunnel-command cannot be started: %s",
			why.code != GW_OK ? why.text : "out of memory");
	return GW_OK;
}
