/* SPDX-License-Identifier: ISC */
/* plan/body.c - see body.h. */
#include "plan/body.h"

/* Sizes that real servers told were up to twice and half of what they sent. */
enum { TIMES = 4, MARGIN = 1 << 20, SHORT_MARGIN = 1024, SHORT_PART = 8 };

uint64_t gw_body_most(uint64_t told, uint64_t max)
{
	uint64_t most = told > (UINT64_MAX - MARGIN) / TIMES ? UINT64_MAX : told * TIMES + MARGIN;

	if (told == 0)
		most = UINT64_MAX;
	return max != 0 && most > max ? max : most;
}

bool gw_body_is_short(uint64_t told, uint64_t came)
{
	uint64_t margin = told / 2 - told / SHORT_PART;

	if (margin > SHORT_MARGIN)
		margin = SHORT_MARGIN;
	return came < told && told - came > told / SHORT_PART + margin;
}

bool gw_body_is_empty(uint64_t told, uint64_t came)
{
	return came == 0 && told != 0;
}
