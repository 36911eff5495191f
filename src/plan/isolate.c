/* plan/isolate.c - see isolate.h. */
#include "plan/isolate.h"

enum { TWICE = 2, LARGE = 1 << 20, LARGE_TIMES = 3 };

bool gw_isolate_counts(enum gw_code code)
{
	return code == GW_ERR_NET || code == GW_ERR_TIMEOUT || code == GW_ERR_BYE ||
	       code == GW_ERR_PROTOCOL || code == GW_ERR_LIMIT;
}

unsigned gw_isolate_heat(const struct gw_break *breaks, size_t count, uint32_t uid, bool *alone)
{
	unsigned heat = 0;

	*alone = false;
	for (size_t i = 0; i < count; i++) {
		if (uid < breaks[i].lo || uid > breaks[i].hi)
			continue;
		heat += breaks[i].times;
		*alone |= breaks[i].lo == breaks[i].hi && !breaks[i].late;
	}
	return heat;
}

bool gw_isolate_is_culprit(unsigned heat, bool alone, uint64_t size)
{
	return alone && heat >= (size > LARGE ? LARGE_TIMES : TWICE);
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
