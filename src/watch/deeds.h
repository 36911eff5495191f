/* SPDX-License-Identifier: ISC */
/* watch/deeds.h - what happened to files of a tree, and which of it we did ourselves. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_deeds {
	uint64_t *seen; /* owned; what happened, as hashes */
	size_t seen_count, seen_cap;
	uint64_t *own; /* owned; what we did */
	size_t own_count, own_cap;
	bool lost; /* not all that happened is in it */
};

/* What stands for a file of the mailbox in dir (relative to the root). */
uint64_t gw_deeds_file(const char *dir, const char *name);

/* The file appeared in, or went from, new/ or cur/. */
void gw_deeds_saw(struct gw_deeds *d, uint64_t file, bool in_new, bool appeared);
void gw_deeds_own(struct gw_deeds *d, uint64_t file, bool in_new, bool appeared);

/* Was something seen that was not our own?  All is forgotten, `lost` too. */
bool gw_deeds_take(struct gw_deeds *d);

void gw_deeds_deinit(struct gw_deeds *d);
