/* SPDX-License-Identifier: ISC */
/* plan/folders_p.h - the judge's desk: what folders.c looks up while it judges, by name and by number.
 * Nobody else includes it.
 */
#pragma once

#include "plan/folders.h"

#define NONE GW_FOLDER_NONE

struct word {
	const char *s;
	size_t i;
};

struct number {
	uint64_t n;
	size_t i;
};

struct words {
	struct word *list;
	size_t count;
};

struct numbers {
	struct number *list;
	size_t count;
};

struct desk {
	const struct gw_folder_input *in;
	struct gw_folder_plan *out;
	struct words row_wires, row_dirs, listed_wires, listed_dirs, dirs;
	struct numbers row_ids, row_validities, listed_ids, listed_validities, inodes;
	size_t *claimed; /* for each listed mailbox: the row that it is, or none */
	size_t *owner;   /* for each directory: the row that has it, or none */
	size_t *moving; /* for each row: the RENAME_HERE action that moves its directory, or none */
	bool *leaving;  /* for each row: it is forgotten, and its directory is gone then */
};

static inline const struct gw_folder_row *row_at(const struct desk *d, size_t r)
{
	return &d->in->rows[r];
}

static inline const struct gw_folder_listed *listed_at(const struct desk *d, size_t l)
{
	return &d->in->listed[l];
}

static inline const struct gw_folder_dir *dir_at(const struct desk *d, size_t i)
{
	return &d->in->dirs[i];
}

static inline bool is_never(const struct gw_folder_row *row)
{
	return row->uidvalidity == 0;
}

/* Order of struct word, for qsort. */
int gw_desk_by_word(const void *a, const void *b);

/* The first index that has this word, or NONE. */
size_t gw_desk_find_word(const struct words *w, const char *s);

/* Where the first of this number is, or would be, in the list. */
size_t gw_desk_first_number(const struct numbers *w, uint64_t n);

/* The only index that has this number, or NONE. */
size_t gw_desk_find_number(const struct numbers *w, uint64_t n);

/* Allocates count NONEs for the caller.  NULL: out of memory. */
size_t *gw_desk_make_indices(size_t count);

/* Makes room for the input, and for the plan.  false: no memory; gw_desk_clear() frees what there is. */
bool gw_desk_make_room(struct desk *d);

/* Lays out the input, sorted. */
void gw_desk_fill(struct desk *d);

/* Frees the desk, not the plan. */
void gw_desk_clear(struct desk *d);
