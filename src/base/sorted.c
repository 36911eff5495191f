/* SPDX-License-Identifier: ISC */
/* base/sorted.c - see sorted.h. */
#include "base/sorted.h"

#include <string.h>

size_t gw_lower_bound(const uint32_t *first, size_t count, size_t size, uint32_t n)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint32_t at;

		memcpy(&at, (const char *)first + mid * size, sizeof at);
		if (at < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
