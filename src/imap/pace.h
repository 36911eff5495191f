/* SPDX-License-Identifier: ISC */
/* imap/pace.h - how long to wait between commands when a server says that they come too fast.
 *
 * Gmail writes [THROTTLED] somewhere into its answers (SERVERS.md 1.12).  Each such answer doubles
 * the pause; every other answer shortens it by a quarter.  Pure.
 */
#pragma once

#include <stdbool.h>

enum { GW_PACE_FIRST_MS = 50, GW_PACE_MOST_MS = 16000 };

struct gw_pace {
	unsigned ms; /* between an answer and the next command; 0: pipeline commands */
};

/* Records an answer to a command.  True if it was the first to ask for slowing down. */
bool gw_pace_answered(struct gw_pace *p, bool throttled);
