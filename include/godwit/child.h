/* SPDX-License-Identifier: ISC */
/* godwit/child.h - a command of the user's, run with `sh -c`: by this process, or, where that is confined, by
 * its runner (godwit/runner.h).
 */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>

struct gw_child;
struct gw_runner;
struct uv_loop_s;

struct gw_child_options {
	const struct gw_runner *runner; /* NULL: this process runs it */
	const char *command;
	/* "GODWIT_NAME=VALUE", the last one NULL: added to the environment, from which others of that prefix
	 * are taken away.  NULL: the environment as it is. */
	char *const *variables;
	int in, out;      /* its standard input and output, borrowed; it has our stderr */
	bool own_session; /* what it starts can be ended with it, and does not share our terminal */
};

/* It has ended, by this signal if that is not 0. */
typedef void gw_child_cb(void *ctx, int status, int signal);

/* GW_OK: cb is called once, later, unless the child is closed before.  GW_ERR_NOMEM; GW_ERR_CONFIG: the runner
 * does not know this command; GW_ERR_BUSY, with sys: the system starts none. */
enum gw_code gw_child_start(struct uv_loop_s *loop, const struct gw_child_options *options,
	gw_child_cb *cb, void *ctx, struct gw_child **out, struct gw_error *err);

/* SIGTERM or SIGKILL, with own_session for all that it started, also after its end. */
void gw_child_signal(struct gw_child *child, int signal);

/* Lets go of it, ended or not; then closed(ctx) is called, later.  closed NULL: nobody wants to know. */
void gw_child_close(struct gw_child *child, void (*closed)(void *ctx), void *ctx);
