/* SPDX-License-Identifier: ISC */
/* watch/deeds.c - see deeds.h. */
#include "watch/deeds.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdlib.h>

static uint64_t hash_of(uint64_t file, bool in_new, bool appeared)
{
	return file * 4 + (in_new ? 2 : 0) + (appeared ? 1 : 0);
}

uint64_t gw_deeds_file(const char *dir, const char *name)
{
	return gw_hash_bytes(gw_slice_str(dir)) * 31 + gw_hash_bytes(gw_slice_str(name));
}

static bool note(uint64_t **list, size_t *count, size_t *cap, uint64_t hash)
{
	uint64_t *slot = gw_array_push((void **)list, count, cap, sizeof *slot);

	if (slot != NULL)
		*slot = hash;
	return slot != NULL;
}

void gw_deeds_saw(struct gw_deeds *d, uint64_t file, bool in_new, bool appeared)
{
	if (!note(&d->seen, &d->seen_count, &d->seen_cap, hash_of(file, in_new, appeared)))
		d->lost = true;
}

void gw_deeds_own(struct gw_deeds *d, uint64_t file, bool in_new, bool appeared)
{
	/* One that is lost looks foreign, and costs one sync. */
	(void)note(&d->own, &d->own_count, &d->own_cap, hash_of(file, in_new, appeared));
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool gw_deeds_take(struct gw_deeds *d)
{
	bool foreign = d->lost;

	if (d->own_count > 0)
		qsort(d->own, d->own_count, sizeof *d->own, compare);
	for (size_t i = 0; i < d->seen_count && !foreign; i++)
		foreign = d->own_count == 0 || bsearch(&d->seen[i], d->own, d->own_count,
						       sizeof *d->own, compare) == NULL;
	d->seen_count = d->own_count = 0;
	d->lost = false;
	return foreign;
}

void gw_deeds_deinit(struct gw_deeds *d)
{
	free(d->seen);
	free(d->own);
	*d = (struct gw_deeds){ 0 };
}
