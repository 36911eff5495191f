/* SPDX-License-Identifier: ISC */
/* plan/sight.h - judges whether a mailbox shows everything in it, or only the newest.  Pure.
 *
 * Some servers show a bounded number of messages and do not say so: as new mail arrives, as many of
 * the oldest disappear.  Those are out of sight, not gone.  A user who deletes the oldest leaves
 * the same picture once, so messages count as hidden for as long as the server never shows more
 * than it did then: when it does, it shows everything, and they were deleted.
 */
#pragma once

#include "plan/plan.h"

struct gw_sight {
	uint32_t exists; /* messages there are, proved */
	uint32_t before; /* there were when it was last seen through; 0: not known */
	uint32_t most;   /* the limit on messages shown, as assumed so far; 0: none */
};

struct gw_sighted {
	uint32_t oldest; /* gone messages below it are hidden; 0: none are */
	bool whole;      /* the mailbox shows everything after all: hidden rows are gone */
	bool more;       /* the mailbox shows older messages than before */
};

/* Judges a view that adds up. */
struct gw_sighted gw_sight_judge(const struct gw_sight *sight, const struct gw_plan_input *in);

/* A message that a mailbox does not show any more, as All Mail has it. */
struct gw_missed {
	uint32_t uid;  /* in the mailbox */
	bool labelled; /* it still has the mailbox's label, so it is only hidden */
	bool kept;     /* it is there without that label: archived, and no accident */
};

struct gw_missed_counts {
	size_t hidden, archived;
};

/* Judges what is gone there by the plan; list is sorted by UID.  cut: All Mail is cut off as the mailbox is, so it
 * says nothing of what is older than all that is shown: that is hidden. */
struct gw_missed_counts gw_sight_missed(const struct gw_base_msg *base, size_t base_count,
	const struct gw_missed *list, size_t count, bool cut, struct gw_plan *plan);
