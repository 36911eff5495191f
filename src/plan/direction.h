/* SPDX-License-Identifier: ISC */
/* plan/direction.h - a plan for who wants one side left alone (`direction`): pure. */
#pragma once

#include "plan/plan.h"

/* Takes everything out of the plan that would change something on the server, and returns how much
 * that was.  It waits: base stays as it is, and what is here is looked at again by every run, so that
 * it is carried over as soon as it may be. */
uint64_t gw_plan_pull(struct gw_plan *plan);

/* What stays on the server. */
struct gw_left_there {
	uint64_t messages; /* that are new there, and get a row without a file */
	uint64_t
		changes; /* flags and deletions: base stays as it is, for the next look to find them */
	size_t dropped; /* actions that are none any more */
};

/* Takes everything out of the plan that would change something here (`direction = "push"`).  Actions keep
 * their places.  in: what the plan was made of; its policy, base and local view are read. */
struct gw_left_there gw_plan_push(const struct gw_plan_input *in, struct gw_plan *plan);

/* The flags that both sides agree on, of a message that has `there` on the server: of what `waits` they
 * are those of before. */
uint64_t gw_store_flags_agreed(uint64_t there, uint64_t before, uint64_t waits);
