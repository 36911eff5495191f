/* base/sorted.h - finding a place in a sorted array. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Returns the index of the first of `count` elements, sorted by `member` (a uint32_t, such as a UID), in which that is
 * n or more; `count` if there is none. */
#define GW_LOWER_BOUND(list, count, member, n)                     \
	gw_lower_bound((list), (count), sizeof *(list),            \
		_Generic((list)->member, uint32_t                  \
			 : offsetof(__typeof__(*(list)), member)), \
		(n))

size_t gw_lower_bound(const void *list, size_t count, size_t size, size_t offset, uint32_t n);
