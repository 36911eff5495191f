/* SPDX-License-Identifier: ISC */
/* net/tunnel.h - runs a user's command whose standard input and output serve as a connection. */
#pragma once

#include "godwit/child.h"

#include <uv.h>

/* What is not NULL is to be closed (and handles freed) by the owner, after a failure as well. */
struct gw_tunnel {
	struct gw_child *child;
	uv_stream_t *in, *out; /* what it says; what it is told */
};

/* Runs `command` with `sh -c`, by runner if that is not NULL; the handles' data is `owner`, which `ended` is
 * called with. */
enum gw_code gw_tunnel_spawn(uv_loop_t *loop, const struct gw_runner *runner, const char *command,
	gw_child_cb *ended, void *owner, struct gw_tunnel *out, struct gw_error *err);
