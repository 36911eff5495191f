/* SPDX-License-Identifier: ISC */
/* godwit/runner.h - runs the commands of the configuration for a process that is confined and cannot.
 *
 * The runner is a process that has everything that its user has, and talks to nobody but the confined one.  It
 * holds the table of commands, and takes only a place in that table, two descriptors and variables called
 * GODWIT_...: who has taken the confined process over can run what the user wrote down, and nothing else.
 */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gw_runner;

/* Strings are borrowed and outlive runner and server. */
struct gw_command_table {
	const char **list; /* owned by whoever made the table */
	size_t count, cap;
};

/* Both ends, before the process becomes two: *out is the confined one's, *server the other's.  Each process
 * closes what is not its own. */
enum gw_code gw_runner_open(const struct gw_command_table *table, struct gw_runner **out,
	int *server, struct gw_error *err);
/* NULL is accepted. */
void gw_runner_close(struct gw_runner *runner);

/* Asks the other process for something that is no command; at most GW_RUNNER_TEXT bytes. */
enum { GW_RUNNER_TEXT = 1000 };
void gw_runner_say(const struct gw_runner *runner, const char *text);

/* What the process does besides. */
struct gw_runner_host {
	pid_t confined;     /* a child that is waited for; 0: the confined one is no child */
	const int *forward; /* signals that are passed on to it, the last one 0 */
	void (*said)(void *ctx, const char *text); /* NULL: nothing is listened to */
	void *ctx;
};

/* Serves until the confined process has ended.  Returns its status as of waitpid(), or 0. */
int gw_runner_serve(
	int server, const struct gw_command_table *table, const struct gw_runner_host *host);
