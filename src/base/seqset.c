/* SPDX-License-Identifier: ISC */
/* base/seqset.c - see seqset.h. */
#include "base/seqset.h"

#include "base/num.h"
#include "base/sorted.h"

#include <stdlib.h>

void gw_seqset_deinit(struct gw_seqset *s)
{
	free(s->ranges);
	*s = (struct gw_seqset){ 0 };
}

/* Index of the first range whose last is at or above n. */
static size_t lower(const struct gw_seqset *s, uint32_t n)
{
	return GW_LOWER_BOUND(s->ranges, s->count, last, n);
}

enum gw_code gw_seqset_add(struct gw_seqset *s, uint32_t first, uint32_t last)
{
	size_t at, end;

	if (first > last) {
		uint32_t t = first;

		first = last;
		last = t;
	}
	at = lower(s, first > 0 ? first - 1 : 0); /* an adjacent range on the left merges too */
	end = at;
	while (end < s->count && (last == UINT32_MAX || s->ranges[end].first <= last + 1)) {
		if (s->ranges[end].first < first)
			first = s->ranges[end].first;
		if (s->ranges[end].last > last)
			last = s->ranges[end].last;
		end++;
	}
	if (end == at) { /* nothing to merge with: make room */
		if (gw_array_push((void **)&s->ranges, &s->count, &s->cap, sizeof *s->ranges) ==
			NULL)
			return GW_ERR_NOMEM;
		memmove(&s->ranges[at + 1], &s->ranges[at],
			(s->count - 1 - at) * sizeof *s->ranges);
	} else {
		memmove(&s->ranges[at + 1], &s->ranges[end], (s->count - end) * sizeof *s->ranges);
		s->count -= end - at - 1;
	}
	s->ranges[at] = (struct gw_range){ first, last };
	return GW_OK;
}

static bool parse_number(struct gw_slice s, uint32_t *out)
{
	if (gw_slice_eq(s, "*")) {
		*out = UINT32_MAX;
		return true;
	}
	return gw_read_u32(s, out) && *out > 0;
}

static bool parse_item(struct gw_slice item, struct gw_range *out)
{
	const char *colon = item.n == 0 ? NULL : memchr(item.p, ':', item.n);
	struct gw_slice left = item, right = item;

	if (colon != NULL) {
		left.n = (size_t)(colon - item.p);
		right = (struct gw_slice){ colon + 1, item.n - left.n - 1 };
	}
	return parse_number(left, &out->first) && parse_number(right, &out->last);
}

static int by_first(const void *a, const void *b)
{
	const struct gw_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Sorts them, each the right way round, and joins those that touch; returns how many are left. */
static size_t normalize(struct gw_range *ranges, size_t count)
{
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (ranges[i].first > ranges[i].last)
			ranges[i] = (struct gw_range){ ranges[i].last, ranges[i].first };
		sorted = sorted && (i == 0 || ranges[i - 1].first <= ranges[i].first);
	}
	if (!sorted)
		qsort(ranges, count, sizeof *ranges, by_first);
	for (size_t i = 0; i < count; i++) {
		struct gw_range *last = n == 0 ? NULL : &ranges[n - 1];

		if (last == NULL || (uint64_t)ranges[i].first > (uint64_t)last->last + 1)
			ranges[n++] = ranges[i];
		else if (ranges[i].last > last->last)
			last->last = ranges[i].last;
	}
	return n;
}

/* Makes room for count more. */
static bool reserve(struct gw_seqset *s, size_t count)
{
	struct gw_range *grown;
	size_t want = s->count + count;

	if (want <= s->cap)
		return true;
	if (want < s->cap + s->cap / 2)
		want = s->cap + s->cap / 2;
	grown = realloc(s->ranges, want * sizeof *grown);
	if (grown == NULL)
		return false;
	s->ranges = grown;
	s->cap = want;
	return true;
}

enum gw_code gw_seqset_add_all(struct gw_seqset *s, struct gw_range *ranges, size_t count)
{
	size_t mine = s->count, theirs = normalize(ranges, count), to;

	if (theirs == 0)
		return GW_OK;
	if (!reserve(s, theirs))
		return GW_ERR_NOMEM;
	s->count = to = mine + theirs;
	while (theirs > 0) { /* merges from the end, where there is room */
		if (mine > 0 && s->ranges[mine - 1].first > ranges[theirs - 1].first)
			s->ranges[--to] = s->ranges[--mine];
		else
			s->ranges[--to] = ranges[--theirs];
	}
	if (mine > 0) /* what lies below is as it was */
		mine--;
	s->count = mine + normalize(s->ranges + mine, s->count - mine);
	return GW_OK;
}

/* The ranges of a text, in its order, owned by the caller.  What was understood is there on failure,
 * too. */
static enum gw_code parse_ranges(struct gw_slice text, struct gw_range **ranges, size_t *count)
{
	size_t cap = 0;

	for (;;) {
		const char *comma = text.n == 0 ? NULL : memchr(text.p, ',', text.n);
		struct gw_slice item = text;
		struct gw_range range, *slot;

		if (comma != NULL)
			item.n = (size_t)(comma - text.p);
		if (!parse_item(item, &range))
			return GW_ERR_PROTOCOL;
		slot = gw_array_push((void **)ranges, count, &cap, sizeof *slot);
		if (slot == NULL)
			return GW_ERR_NOMEM;
		*slot = range;
		if (comma == NULL)
			return GW_OK;
		text = (struct gw_slice){ comma + 1, text.n - item.n - 1 };
	}
}

enum gw_code gw_seqset_parse(struct gw_seqset *s, struct gw_slice text)
{
	struct gw_range *ranges = NULL;
	size_t count = 0;
	enum gw_code code = parse_ranges(text, &ranges, &count);

	if (code != GW_ERR_NOMEM && gw_seqset_add_all(s, ranges, count) != GW_OK)
		code = GW_ERR_NOMEM;
	free(ranges);
	return code;
}

enum gw_code gw_seqset_format(const struct gw_seqset *s, struct gw_buf *out)
{
	for (size_t i = 0; i < s->count; i++) {
		struct gw_range r = s->ranges[i];
		enum gw_code code =
			r.first == r.last
				? gw_buf_printf(out, "%s%u", i ? "," : "", r.first)
				: gw_buf_printf(out, "%s%u:%u", i ? "," : "", r.first, r.last);

		if (code != GW_OK)
			return code;
	}
	return GW_OK;
}

bool gw_seqset_has(const struct gw_seqset *s, uint32_t n)
{
	size_t at = lower(s, n);

	return at < s->count && s->ranges[at].first <= n;
}

bool gw_seqset_meets(const struct gw_seqset *a, const struct gw_seqset *b)
{
	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		if (a->ranges[i].last < b->ranges[j].first)
			i++;
		else if (b->ranges[j].last < a->ranges[i].first)
			j++;
		else
			return true;
	}
	return false;
}

uint64_t gw_seqset_size(const struct gw_seqset *s)
{
	uint64_t size = 0;

	for (size_t i = 0; i < s->count; i++)
		size += (uint64_t)s->ranges[i].last - s->ranges[i].first + 1;
	return size;
}

enum gw_code gw_seqset_copy(struct gw_seqset *to, const struct gw_seqset *from)
{
	to->count = 0;
	if (!reserve(to, from->count))
		return GW_ERR_NOMEM;
	for (size_t i = 0; i < from->count; i++)
		to->ranges[i] = from->ranges[i];
	to->count = from->count;
	return GW_OK;
}

enum gw_code gw_seqset_add_set(struct gw_seqset *s, const struct gw_seqset *from)
{
	struct gw_seqset copy = { 0 };
	enum gw_code code = gw_seqset_copy(&copy, from);

	if (code == GW_OK)
		code = gw_seqset_add_all(s, copy.ranges, copy.count);
	gw_seqset_deinit(&copy);
	return code;
}

enum gw_code gw_seqset_subtract(struct gw_seqset *s, const struct gw_seqset *less)
{
	struct gw_seqset left = { 0 };
	size_t at = 0;

	/* Each range of less cuts at most one of s in two. */
	if (s->count == 0 || less->count == 0)
		return GW_OK;
	if (!reserve(&left, s->count + less->count) || left.ranges == NULL)
		return GW_ERR_NOMEM;
	for (size_t i = 0; i < s->count; i++) {
		uint64_t first = s->ranges[i].first, last = s->ranges[i].last;

		while (at < less->count && less->ranges[at].last < first)
			at++;
		for (size_t k = at; k < less->count && less->ranges[k].first <= last; k++) {
			if (less->ranges[k].first > first)
				left.ranges[left.count++] = (struct gw_range){ (uint32_t)first,
					less->ranges[k].first - 1 };
			first = (uint64_t)less->ranges[k].last + 1;
			at = k;
		}
		if (first <= last)
			left.ranges[left.count++] =
				(struct gw_range){ (uint32_t)first, (uint32_t)last };
	}
	gw_seqset_deinit(s);
	*s = left;
	return GW_OK;
}

enum gw_code gw_seqset_part(const struct gw_seqset *s, uint64_t *from, uint64_t numbers,
	size_t ranges, struct gw_seqset *part)
{
	size_t at = *from > UINT32_MAX ? s->count : lower(s, (uint32_t)*from);

	part->count = 0;
	for (; at < s->count && part->count < ranges && numbers > 0; at++) {
		struct gw_range r = s->ranges[at];

		if (r.first < *from)
			r.first = (uint32_t)*from;
		if ((uint64_t)r.last - r.first >= numbers)
			r.last = (uint32_t)(r.first + numbers - 1);
		if (gw_seqset_add(part, r.first, r.last) != GW_OK)
			return GW_ERR_NOMEM;
		numbers -= (uint64_t)r.last - r.first + 1;
		*from = (uint64_t)r.last + 1;
	}
	return GW_OK;
}
