/* SPDX-License-Identifier: ISC */
/* base/sorted.h - finding a place in a sorted array. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Returns the index of the first of `count` elements, sorted by `member` (a uint32_t, such as a UID), in which that is
 * n or more; `count` if there is none.  `count` is evaluated twice. */
#define GW_LOWER_BOUND(list, count, member, n) \
	gw_lower_bound((count) == 0 ? NULL : &(list)->member, (count), sizeof *(list), (n))

/* The same of `first`, the member of the first element; elements have `size` bytes. */
size_t gw_lower_bound(const uint32_t *first, size_t count, size_t size, uint32_t n);
