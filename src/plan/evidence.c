/* SPDX-License-Identifier: ISC */
/* plan/evidence.c - see evidence.h. */
#include "plan/evidence.h"

#include <stdlib.h>

bool gw_answer_is_complete(const struct gw_answer *answer)
{
	return !answer->refused && answer->expunged == 0 && answer->told == answer->exists;
}

uint64_t gw_evidence_expected(const struct gw_base_msg *base, size_t base_count,
	const struct gw_remote_msg *remote, size_t remote_count, const struct gw_seqset *vanished)
{
	uint64_t n = 0;
	size_t b = 0;

	for (size_t i = 0; i < base_count; i++)
		n += base[i].kind != GW_BASE_HIDDEN && !gw_seqset_has(vanished, base[i].uid);
	for (size_t i = 0; i < remote_count; i++) {
		bool shown;

		while (b < base_count && base[b].uid < remote[i].uid)
			b++;
		shown = b < base_count && base[b].uid == remote[i].uid &&
			base[b].kind != GW_BASE_HIDDEN;
		n += !shown && !gw_seqset_has(vanished, remote[i].uid);
	}
	return n;
}

uint64_t gw_evidence_strangers(const struct gw_base_msg *base, size_t base_count,
	const struct gw_remote_msg *remote, size_t remote_count,
	const struct gw_evidence_span *span)
{
	uint64_t early = 0, beyond = 0;
	size_t b = 0;

	for (size_t i = 0; i < remote_count; i++) {
		while (b < base_count && base[b].uid < remote[i].uid)
			b++;
		if (remote[i].uid < span->before)
			early += b == base_count || base[b].uid != remote[i].uid;
		beyond += span->next != 0 && remote[i].uid >= span->next;
	}
	return early + (beyond > span->late ? beyond - span->late : 0);
}

bool gw_evidence_lacks(const struct gw_base_msg *base, size_t base_count,
	const struct gw_remote_msg *remote, size_t remote_count)
{
	size_t r = 0;

	for (size_t b = 0; b < base_count; b++) {
		while (r < remote_count && remote[r].uid < base[b].uid)
			r++;
		if (base[b].kind != GW_BASE_HIDDEN &&
			(r == remote_count || remote[r].uid != base[b].uid))
			return true;
	}
	return false;
}

bool gw_evidence_is_another(const struct gw_base_msg *base, uint32_t size, int64_t date)
{
	if (base->date > GW_DATE_TOLD_OLD && date != 0)
		return date != (int64_t)base->date;
	return base->size != 0 && size != 0 && base->size != size;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void gw_doubt_sort(struct gw_doubt *d)
{
	if (d->file_count > 0)
		qsort(d->files, d->file_count, sizeof *d->files, by_number);
	if (d->announced_count > 0)
		qsort(d->announced, d->announced_count, sizeof *d->announced, by_number);
}

void gw_doubt_deinit(struct gw_doubt *d)
{
	free(d->files);
	free(d->announced);
	*d = (struct gw_doubt){ 0 };
}

static bool holds(const uint64_t *names, size_t count, uint64_t name)
{
	return count > 0 && bsearch(&name, names, count, sizeof *names, by_number) != NULL;
}

bool gw_doubt_covers(const struct gw_doubt *d, uint64_t name, bool gone_here)
{
	return d->any || holds(d->announced, d->announced_count, name) ||
	       (gone_here && holds(d->files, d->file_count, name));
}
