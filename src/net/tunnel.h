/* net/tunnel.h - a command of the user's whose standard input and output are a connection. */
#pragma once

#include "godwit/error.h"

#include <uv.h>

/* What is not NULL is to be closed and freed by the owner, after a failure as well. */
struct gw_tunnel {
	uv_process_t *child;
	uv_stream_t *in, *out; /* what it says; what it is told */
};

/* Runs `command` with `sh -c`; the handles' data is `owner`, and `exited` is called with the child. */
enum gw_code gw_tunnel_spawn(uv_loop_t *loop, const char *command, uv_exit_cb exited, void *owner,
	struct gw_tunnel *out, struct gw_error *err);
