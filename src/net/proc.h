/* SPDX-License-Identifier: ISC */
/* net/proc.h - run a helper program and take its output (password-command). */
#pragma once

#include "base/buf.h"

#include <uv.h>

struct gw_proc;
struct gw_runner;

/* output: the program's stdout, borrowed; wiped and freed after the call.  err NULL: exit status
 * 0. */
typedef void gw_proc_cb(void *ctx, struct gw_slice output, const struct gw_error *err);

/* Runs `sh -c command`, by runner if that is not NULL (godwit/child.h), with our stderr, and with input (copied) on its stdin, or with ours if that
 * is NULL (so that a pin entry can ask); at most timeout_ms and 64 KiB of output.  GW_OK: cb is
 * called exactly once, later. */
enum gw_code gw_proc_start(uv_loop_t *loop, const struct gw_runner *runner, const char *command,
	const char *input, unsigned timeout_ms, gw_proc_cb *cb, void *ctx, struct gw_proc **out,
	struct gw_error *err);

/* Ends the program and, unless it shares our terminal, what it started: SIGTERM first, SIGKILL a
 * moment later.  Calls cb later, with GW_ERR_CANCELLED. */
void gw_proc_cancel(struct gw_proc *proc);
