/* SPDX-License-Identifier: ISC */
/* net/runner.h - what a confined process and its runner say to each other; see godwit/runner.h.
 *
 * On the runner's socket (SOCK_SEQPACKET) goes one struct gw_runner_request a packet, with the three descriptors of a
 * command: its end of a channel, standard input and output.  On the channel (SOCK_STREAM) go the variables, each
 * with its NUL, and then bytes that are signals to be sent; back comes one struct gw_runner_end.  A channel that is
 * closed lets the command go.
 */
#pragma once

#include "godwit/runner.h"

#include <stdint.h>

enum {
	GW_RUNNER_FDS = 3,
	GW_RUNNER_VARIABLES = 1 << 20 /* bytes at most */
};

enum gw_runner_verb { GW_RUNNER_RUN, GW_RUNNER_SAY };

struct gw_runner_request {
	uint32_t verb;
	uint32_t index;       /* in the table */
	uint32_t own_session; /* 0 or 1 */
	uint32_t bytes;       /* of variables; SAY: of text, which follows in the packet */
};

struct gw_runner_end {
	int32_t status, signal;
};

struct gw_runner {
	int fd;                               /* owned */
	const struct gw_command_table *table; /* borrowed */
};

/* The environment with these variables; the list is the caller's, the strings are not.  NULL: out of memory. */
char **gw_child_environment(char *const *variables);
