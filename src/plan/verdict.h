/* SPDX-License-Identifier: ISC */
/* plan/verdict.h - the last word on one mailbox's plan, once moves and edits are joined (judge.h): what is only out of
 * sight stays, what `direction` leaves alone goes out of it, what looks like an accident is held back.  Pure.
 *
 * In this order: what is not gone, or is not to be done at all, is nothing to be afraid of.
 */
#pragma once

#include "plan/direction.h"
#include "plan/guard.h"
#include "plan/sight.h"

struct gw_verdict_input {
	const struct gw_plan_input *policy; /* what the plan was made of */
	uint32_t oldest_shown; /* what seems to be gone below this UID is hidden (sight.h) */
	bool push;             /* nothing here is changed */
	struct gw_guard guard;
	struct gw_append_guard uploads;
};

struct gw_verdict {
	size_t hidden;             /* out of sight */
	struct gw_left_there left; /* what stays on the server */
	struct gw_guarded guarded; /* deletions */
	uint64_t held_uploads;
	uint64_t unknown_uploads; /* uploads of files that base never knew, allowed */
};

/* Turns the plan's actions into what is done; those that are none any more are NOTHING, or leave it. */
struct gw_verdict gw_verdict_give(const struct gw_verdict_input *in, struct gw_plan *plan);
