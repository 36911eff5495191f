/* SPDX-License-Identifier: ISC */
/* sync/phase.c - see phase.h. */
#include "sync/phase.h"

#include <stddef.h>

bool gw_sync_may_follow(enum gw_sync_phase from, enum gw_sync_phase to)
{
	static const struct {
		enum gw_sync_phase from, to;
	} arrows[] = {
#define GW_SYNC_ARROW(from, to) { SYNC_##from, SYNC_##to },
		GW_SYNC_ARROWS(GW_SYNC_ARROW)
#undef GW_SYNC_ARROW
	};

	if (to == SYNC_ENDING && from < SYNC_ENDING)
		return true;
	for (size_t i = 0; i < sizeof arrows / sizeof *arrows; i++) {
		if (arrows[i].from == from && arrows[i].to == to)
			return true;
	}
	return false;
}

const char *gw_sync_phase_name(enum gw_sync_phase phase)
{
	static const char *const names[] = {
#define GW_SYNC_PHASE(phase, name) name,
		GW_SYNC_PHASES(GW_SYNC_PHASE)
#undef GW_SYNC_PHASE
	};

	return names[phase];
}
