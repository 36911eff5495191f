/* net/tunnel.h - runs a user's command whose standard input and output serve as a connection. */
#pragma once

#include "godwit/error.h"

#include <uv.h>

/* The owner closes and frees every member that is not NULL, even after a failure. */
struct gw_tunnel {
	uv_process_t *child;
	uv_stream_t *in, *out; /* its stdout; its stdin */
};

/* Runs `command` with `sh -c`; the handles' data is `owner`, and `exited` is called with the child. */
enum gw_code gw_tunnel_spawn(uv_loop_t *loop, const char *command, uv_exit_cb exited, void *owner,
	struct gw_tunnel *out, struct gw_error *err);
