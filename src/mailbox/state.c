/* SPDX-License-Identifier: ISC */
/* mailbox/state.c - see state.h. */
#include "mailbox/state.h"

#include <stddef.h>

struct arrow {
	enum gw_box_state from, to;
};

static const struct arrow arrows[] = {
#define GW_BOX_ARROW(from, to) { BOX_##from, BOX_##to },
	GW_BOX_ARROWS(GW_BOX_ARROW)
#undef GW_BOX_ARROW
};

enum { ARROWS = sizeof arrows / sizeof *arrows };

static const enum gw_box_awaits awaits[] = {
#define GW_BOX_STATE(state, awaits, name) GW_AWAITS_##awaits,
	GW_BOX_STATES(GW_BOX_STATE)
#undef GW_BOX_STATE
};

static const char *const names[] = {
#define GW_BOX_STATE(state, awaits, name) name,
	GW_BOX_STATES(GW_BOX_STATE)
#undef GW_BOX_STATE
};

enum gw_box_state gw_box_after(enum gw_box_state state, gw_box_needs *needs, void *ctx)
{
	enum gw_box_state next = BOX_DONE;

	for (size_t i = 0; i < ARROWS; i++) {
		bool last = i + 1 == ARROWS || arrows[i + 1].from != state;

		if (arrows[i].from != state)
			continue;
		next = arrows[i].to;
		if (last || needs(ctx, state, next))
			break;
	}
	return next;
}

static bool is_in_table(enum gw_box_state from, enum gw_box_state to)
{
	for (size_t i = 0; i < ARROWS; i++) {
		if (arrows[i].from == from && arrows[i].to == to)
			return true;
	}
	return false;
}

bool gw_box_may_follow(enum gw_box_state from, enum gw_box_state to)
{
	if (from == BOX_DONE)
		return false;
	if (to == BOX_DONE || is_in_table(from, to))
		return true;
	if (to == BOX_READY_AGAIN)
		return from != BOX_SELECTING;
	if (gw_box_selects_itself(to))
		return from == BOX_READY_AGAIN;
	return to == BOX_SELECTING || (from == BOX_SELECTING && gw_box_wants_session(to));
}

enum gw_box_awaits gw_box_awaits(enum gw_box_state state)
{
	return awaits[state];
}

bool gw_box_wants_session(enum gw_box_state state)
{
	return awaits[state] == GW_AWAITS_SERVER && !gw_box_selects_itself(state) &&
	       state != BOX_SELECTING;
}

bool gw_box_selects_itself(enum gw_box_state state)
{
	return state == BOX_OBSERVING || state == BOX_CARRYING;
}

const char *gw_box_state_name(enum gw_box_state state)
{
	return names[state];
}
