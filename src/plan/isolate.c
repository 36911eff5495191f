/* SPDX-License-Identifier: ISC */
/* plan/isolate.c - see isolate.h. */
#include "plan/isolate.h"

enum { ACCUSED = 1, TRIALS = 2, LARGE = 1 << 20, WEEK_S = 7 * 86400 };

bool gw_isolate_counts(enum gw_code code)
{
	return code == GW_ERR_NET || code == GW_ERR_TIMEOUT || code == GW_ERR_BYE ||
	       code == GW_ERR_PROTOCOL || code == GW_ERR_LIMIT;
}

unsigned gw_isolate_heat(const struct gw_break *breaks, size_t count, uint32_t uid, unsigned *alone)
{
	unsigned heat = 0;

	*alone = 0;
	for (size_t i = 0; i < count; i++) {
		if (uid < breaks[i].lo || uid > breaks[i].hi)
			continue;
		heat += breaks[i].times;
		*alone += breaks[i].lo == breaks[i].hi ? breaks[i].alone : 0;
	}
	return heat;
}

bool gw_isolate_is_culprit(const struct gw_charge *c)
{
	unsigned trials = TRIALS + (c->size > LARGE ? 1u : 0u) + (c->innocent > 0 ? 1u : 0u);

	/* The second of this run broke on a connection that had been made after the first. */
	return c->now >= (c->peers > 0 ? 1 : 2) && c->alone >= trials &&
	       c->breaks >= ACCUSED + trials;
}

bool gw_isolate_is_due(int64_t at, int64_t now)
{
	return at + WEEK_S <= now;
}

size_t gw_isolate_part(size_t left, bool first)
{
	return first ? (left > 0) : (left + 1) / 2;
}

size_t gw_isolate_window(size_t asked, size_t most)
{
	size_t less = asked <= 8 ? 1 : asked / 8;

	return most != 0 && most < less ? most : less;
}
