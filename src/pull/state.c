/* SPDX-License-Identifier: ISC */
/* pull/state.c - see state.h. */
#include "pull/state.h"

#include <stddef.h>

bool gw_pull_may_follow(enum pull_state from, enum pull_state to)
{
	static const struct {
		enum pull_state from, to;
	} arrows[] = {
#define PULL_ARROW(from, to) { PULL_##from, PULL_##to },
		PULL_ARROWS(PULL_ARROW)
#undef PULL_ARROW
	};

	if (to == PULL_DRAINING)
		return from >= PULL_LISTING && from < PULL_DRAINING;
	if (to == PULL_ENDING)
		return from < PULL_ENDING;
	for (size_t i = 0; i < sizeof arrows / sizeof *arrows; i++) {
		if (arrows[i].from == from && arrows[i].to == to)
			return true;
	}
	return false;
}

const char *gw_pull_state_name(enum pull_state state)
{
	static const char *const names[] = {
#define PULL_STATE(state, name) name,
		PULL_STATES(PULL_STATE)
#undef PULL_STATE
	};

	return names[state];
}
