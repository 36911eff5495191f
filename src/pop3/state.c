/* SPDX-License-Identifier: ISC */
/* pop3/state.c - see state.h. */
#include "pop3/state.h"

#include <stddef.h>

bool gw_pop3_may_follow(enum gw_pop3_state from, enum gw_pop3_state to)
{
	static const struct {
		enum gw_pop3_state from, to;
	} arrows[] = {
#define GW_POP3_ARROW(from, to) { POP3_##from, POP3_##to },
		GW_POP3_ARROWS(GW_POP3_ARROW)
#undef GW_POP3_ARROW
	};

	if (to == POP3_CLOSED)
		return from != POP3_CLOSED;
	if (to == POP3_REFUSED || to == POP3_LOST)
		return from < POP3_OVER;
	for (size_t i = 0; i < sizeof arrows / sizeof *arrows; i++) {
		if (arrows[i].from == from && arrows[i].to == to)
			return true;
	}
	return false;
}

const char *gw_pop3_state_name(enum gw_pop3_state state)
{
	static const char *const names[] = {
#define GW_POP3_STATE(state, name) name,
		GW_POP3_STATES(GW_POP3_STATE)
#undef GW_POP3_STATE
	};

	return names[state];
}
