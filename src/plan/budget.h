/* SPDX-License-Identifier: ISC */
/* plan/budget.h - what a provider lets cross the wire in a day (Gmail: 2,500 MB down, 500 MB up).
 * Pure.
 *
 * When most of it is used, what is in bulk waits for the next day; the rest is left for INBOX, for
 * flags, and for the user's other programs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gw_budget {
	uint64_t down_limit, up_limit; /* bytes a day (UTC); 0: none */
	uint64_t down, up;             /* used today before, and bodies asked for since */
	uint64_t overhead;             /* bytes of this run other than bodies */
	uint64_t postponed;            /* messages that wait, for all that is known */
};

/* Takes a message's bytes from what is left.  false: too little is left, so it waits. */
bool gw_budget_fetch(struct gw_budget *b, uint64_t bytes, bool in_bulk);
bool gw_budget_send(struct gw_budget *b, uint64_t bytes);

/* True if nothing is left for bulk transfers. */
bool gw_budget_spent(const struct gw_budget *b);
