/* SPDX-License-Identifier: ISC */
/* base/seqset.h - sorted sets of 32-bit numbers as ranges (RFC 9051 sequence-set). */
#pragma once

#include "base/buf.h"

struct gw_range {
	uint32_t first, last; /* inclusive */
};

/* Ranges are kept sorted, disjoint and not adjacent. */
struct gw_seqset {
	struct gw_range *ranges; /* owned */
	size_t count, cap;
};

void gw_seqset_deinit(struct gw_seqset *s);

/* Adds first..last (swapped when first > last).  GW_ERR_NOMEM.
 * Cheap only when numbers come in ascending order; many in any order: gw_seqset_add_all(). */
enum gw_code gw_seqset_add(struct gw_seqset *s, uint32_t first, uint32_t last);

/* Adds ranges in any order, overlapping or the wrong way round, in n log n; sorts them in place.
 * GW_ERR_NOMEM: s is as it was. */
enum gw_code gw_seqset_add_all(struct gw_seqset *s, struct gw_range *ranges, size_t count);

/* Parses "1,3:5" (with "*" only as UINT32_MAX).  GW_ERR_PROTOCOL when it is not a set;
 * GW_ERR_NOMEM.  Adds to what s holds. */
enum gw_code gw_seqset_parse(struct gw_seqset *s, struct gw_slice text);

/* Appends "1,3:5" to out. */
enum gw_code gw_seqset_format(const struct gw_seqset *s, struct gw_buf *out);

bool gw_seqset_has(const struct gw_seqset *s, uint32_t n);

/* True if a and b share a number. */
bool gw_seqset_meets(const struct gw_seqset *a, const struct gw_seqset *b);

/* Returns how many numbers the set holds. */
uint64_t gw_seqset_size(const struct gw_seqset *s);

/* Adds all numbers of from.  GW_ERR_NOMEM: s is unchanged. */
enum gw_code gw_seqset_add_set(struct gw_seqset *s, const struct gw_seqset *from);

/* Replaces to, which may hold something, by a copy of from.  GW_ERR_NOMEM. */
enum gw_code gw_seqset_copy(struct gw_seqset *to, const struct gw_seqset *from);

/* Removes the numbers of less from s.  GW_ERR_NOMEM: s is unchanged. */
enum gw_code gw_seqset_subtract(struct gw_seqset *s, const struct gw_seqset *less);

/* Copies a part of s, beginning with the number *from, to part: at most `numbers` numbers in at
 * most `ranges` ranges.  Moves *from past them; part is empty when nothing is left.
 * GW_ERR_NOMEM. */
enum gw_code gw_seqset_part(const struct gw_seqset *s, uint64_t *from, uint64_t numbers,
	size_t ranges, struct gw_seqset *part);
