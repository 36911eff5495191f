/* SPDX-License-Identifier: ISC */
/* base/name_index.c - see name_index.h.  Open addressing, at most half full. */
#include "base/name_index.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 16 };

static bool is_inbox(struct gw_slice name)
{
	return gw_slice_case_eq(name, "INBOX");
}

static bool is_same(struct gw_slice name, const char *other)
{
	return gw_slice_eq(name, other) || (is_inbox(name) && is_inbox(gw_slice_str(other)));
}

static size_t slot_of(const struct gw_name_index *index, struct gw_slice name)
{
	uint64_t hash = gw_hash_bytes(is_inbox(name) ? gw_slice_str("INBOX") : name);

	return (size_t)(hash ^ hash >> 32) & (index->cap - 1);
}

static void put(struct gw_name_index *index, const char *name, size_t place)
{
	size_t slot = slot_of(index, gw_slice_str(name));

	while (index->slots[slot] != 0)
		slot = (slot + 1) & (index->cap - 1);
	index->slots[slot] = (uint32_t)place + 1;
	index->used++;
}

static bool make_room(struct gw_name_index *index, size_t count)
{
	size_t cap = LEAST;

	if (count >= UINT32_MAX / 4)
		return false;
	while (cap < 4 * count)
		cap *= 2;
	gw_name_index_deinit(index);
	index->slots = calloc(cap, sizeof *index->slots);
	index->cap = index->slots == NULL ? 0 : cap;
	return index->slots != NULL;
}

bool gw_name_index_build(
	struct gw_name_index *index, gw_name_at *at, const void *array, size_t count)
{
	if (index->cap == 0 || 2 * count > index->cap) {
		if (!make_room(index, count))
			return false;
	} else {
		memset(index->slots, 0, index->cap * sizeof *index->slots);
		index->used = 0;
	}
	for (size_t i = 0; i < count; i++) {
		if (at(array, i) != NULL)
			put(index, at(array, i), i);
	}
	return true;
}

bool gw_name_index_add(struct gw_name_index *index, gw_name_at *at, const void *array, size_t place)
{
	if (2 * (index->used + 1) > index->cap)
		return gw_name_index_build(index, at, array, place + 1);
	if (at(array, place) != NULL)
		put(index, at(array, place), place);
	return true;
}

size_t gw_name_index_find(
	const struct gw_name_index *index, gw_name_at *at, const void *array, struct gw_slice name)
{
	size_t slot = index->cap == 0 ? 0 : slot_of(index, name);

	while (index->cap > 0 && index->slots[slot] != 0) {
		size_t place = index->slots[slot] - 1;
		const char *other = at(array, place);

		if (other != NULL && is_same(name, other))
			return place;
		slot = (slot + 1) & (index->cap - 1);
	}
	return SIZE_MAX;
}

void gw_name_index_deinit(struct gw_name_index *index)
{
	free(index->slots);
	*index = (struct gw_name_index){ 0 };
}
