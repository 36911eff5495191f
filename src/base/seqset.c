/* base/seqset.c - see seqset.h. */
#include "base/seqset.h"

#include "base/num.h"

#include <stdlib.h>

void gw_seqset_deinit(struct gw_seqset *s)
{
	free(s->ranges);
	*s = (struct gw_seqset){ 0 };
}

/* Index of the first range whose last is at or above n. */
static size_t lower(const struct gw_seqset *s, uint32_t n)
{
	size_t lo = 0, hi = s->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->ranges[mid].last < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
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

static enum gw_code parse_item(struct gw_seqset *s, struct gw_slice item)
{
	const char *colon = item.n == 0 ? NULL : memchr(item.p, ':', item.n);
	struct gw_slice left = item, right = item;
	uint32_t first, last;

	if (colon != NULL) {
		left.n = (size_t)(colon - item.p);
		right = (struct gw_slice){ colon + 1, item.n - left.n - 1 };
	}
	if (!parse_number(left, &first) || !parse_number(right, &last))
		return GW_ERR_PROTOCOL;
	return gw_seqset_add(s, first, last);
}

enum gw_code gw_seqset_parse(struct gw_seqset *s, struct gw_slice text)
{
	for (;;) {
		const char *comma = text.n == 0 ? NULL : memchr(text.p, ',', text.n);
		struct gw_slice item = text;
		enum gw_code code;

		if (comma != NULL)
			item.n = (size_t)(comma - text.p);
		code = parse_item(s, item);
		if (code != GW_OK || comma == NULL)
			return code;
		text = (struct gw_slice){ comma + 1, text.n - item.n - 1 };
	}
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

uint64_t gw_seqset_size(const struct gw_seqset *s)
{
	uint64_t size = 0;

	for (size_t i = 0; i < s->count; i++)
		size += (uint64_t)s->ranges[i].last - s->ranges[i].first + 1;
	return size;
}
