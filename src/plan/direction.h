/* plan/direction.h - a plan for who wants the server left alone (`direction = "pull"`): pure. */
#pragma once

#include "plan/plan.h"

/* Takes everything out of the plan that would change something on the server, and returns how much
 * that was.  It waits: base stays as it is, and what is here is looked at again by every run, so that
 * it is carried over as soon as it may be. */
uint64_t gw_plan_pull(struct gw_plan *plan);
