/* SPDX-License-Identifier: ISC */
/* base/name_index.h - finds one of many names quickly; the names stay in their owner's array.
 *
 * INBOX is one name in any case (RFC 9051 5.1); all others are compared byte by byte.
 */
#pragma once

#include "base/buf.h"

/* Returns the name at a place of the owner's array; NULL: it was removed. */
typedef const char *gw_name_at(const void *array, size_t place);

struct gw_name_index {
	uint32_t *slots; /* owned; place + 1, by hash; 0: free */
	size_t cap;      /* a power of two, or 0 */
	size_t used;
};

/* Adds the name at `place`, which must follow all those added before.  false: out of memory, or too
 * many. */
bool gw_name_index_add(
	struct gw_name_index *index, gw_name_at *at, const void *array, size_t place);

/* Rebuilds the index from the first `count` names, after they moved.  Cannot fail if there are no
 * more names than before. */
bool gw_name_index_build(
	struct gw_name_index *index, gw_name_at *at, const void *array, size_t count);

/* Returns the first place of this name, or SIZE_MAX. */
size_t gw_name_index_find(
	const struct gw_name_index *index, gw_name_at *at, const void *array, struct gw_slice name);

void gw_name_index_deinit(struct gw_name_index *index);
