/* base/name_index.h - finds one of many names at once; they stay where they are, in their owner's
 * array.
 *
 * INBOX is one name in whatever case (RFC 9051 5.1); all others are compared byte by byte.
 */
#pragma once

#include "base/buf.h"

/* The name at a place of the owner's array; NULL: there is none any more. */
typedef const char *gw_name_at(const void *array, size_t place);

struct gw_name_index {
	uint32_t *slots; /* owned; places + 1, by hash; 0: free */
	size_t cap;      /* a power of two, or 0 */
	size_t used;
};

/* Adds the name at `place`, which comes behind all that are there.  false: out of memory, or
 * there are too many. */
bool gw_name_index_add(
	struct gw_name_index *index, gw_name_at *at, const void *array, size_t place);

/* Takes the first `count` names anew, as they stand elsewhere now.  It does not fail if no more names
 * are taken than there were before. */
bool gw_name_index_build(
	struct gw_name_index *index, gw_name_at *at, const void *array, size_t count);

/* The first place of this name, or SIZE_MAX. */
size_t gw_name_index_find(
	const struct gw_name_index *index, gw_name_at *at, const void *array, struct gw_slice name);

void gw_name_index_deinit(struct gw_name_index *index);
