/* SPDX-License-Identifier: ISC */
/* plan/folders_desk.c - see folders_p.h. */
#include "plan/folders_p.h"

#include <stdlib.h>
#include <string.h>

int gw_desk_by_word(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	int order = strcmp(x->s, y->s);

	return order != 0 ? order : (x->i > y->i) - (x->i < y->i);
}

static int by_number(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	return x->n != y->n ? (x->n > y->n) - (x->n < y->n) : (x->i > y->i) - (x->i < y->i);
}

size_t gw_desk_find_word(const struct words *w, const char *s)
{
	size_t low = 0, high = w->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(w->list[middle].s, s) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->count && strcmp(w->list[low].s, s) == 0 ? w->list[low].i : NONE;
}

size_t gw_desk_first_number(const struct numbers *w, uint64_t n)
{
	size_t low = 0, high = w->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->list[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t gw_desk_find_number(const struct numbers *w, uint64_t n)
{
	size_t at = gw_desk_first_number(w, n);

	if (n == 0 || at == w->count || w->list[at].n != n)
		return NONE;
	return at + 1 < w->count && w->list[at + 1].n == n ? NONE : w->list[at].i;
}

static bool make_words(struct words *w, size_t room)
{
	w->list = calloc(room + 1, sizeof *w->list);
	return w->list != NULL;
}

static bool make_numbers(struct numbers *w, size_t room)
{
	w->list = calloc(room + 1, sizeof *w->list);
	return w->list != NULL;
}

static void add_word(struct words *w, const char *s, size_t i)
{
	w->list[w->count++] = (struct word){ s, i };
}

static void add_number(struct numbers *w, uint64_t n, size_t i)
{
	w->list[w->count++] = (struct number){ n, i };
}

size_t *gw_desk_make_indices(size_t count)
{
	size_t *list = malloc((count + 1) * sizeof *list);

	for (size_t i = 0; i < count && list != NULL; i++)
		list[i] = NONE;
	return list;
}

bool gw_desk_make_room(struct desk *d)
{
	size_t rows = d->in->row_count, listed = d->in->listed_count, dirs = d->in->dir_count;

	d->claimed = gw_desk_make_indices(listed);
	d->owner = gw_desk_make_indices(dirs);
	d->moving = gw_desk_make_indices(rows);
	d->leaving = calloc(rows + 1, sizeof *d->leaving);
	d->out->there = gw_desk_make_indices(rows);
	d->out->here = gw_desk_make_indices(rows);
	d->out->blocked = calloc(listed + 1, sizeof *d->out->blocked);
	d->out->known = calloc(dirs + 1, sizeof *d->out->known);
	return d->claimed != NULL && d->owner != NULL && d->moving != NULL && d->leaving != NULL &&
	       d->out->there != NULL && d->out->here != NULL && d->out->blocked != NULL &&
	       d->out->known != NULL && make_words(&d->row_wires, rows) &&
	       make_words(&d->row_dirs, rows) && make_words(&d->listed_wires, listed) &&
	       make_words(&d->listed_dirs, listed) && make_words(&d->dirs, dirs) &&
	       make_numbers(&d->row_ids, rows) && make_numbers(&d->row_validities, rows) &&
	       make_numbers(&d->listed_ids, listed) &&
	       make_numbers(&d->listed_validities, listed) && make_numbers(&d->inodes, dirs);
}

void gw_desk_fill(struct desk *d)
{
	enum { TABLES = 5 };
	struct words *const words[TABLES] = { &d->row_wires, &d->row_dirs, &d->listed_wires,
		&d->listed_dirs, &d->dirs };
	struct numbers *const numbers[TABLES] = { &d->row_ids, &d->row_validities, &d->listed_ids,
		&d->listed_validities, &d->inodes };

	for (size_t i = 0; i < d->in->row_count; i++) {
		add_word(&d->row_wires, row_at(d, i)->wire, i);
		add_word(&d->row_dirs, row_at(d, i)->dir, i);
		add_number(&d->row_ids, is_never(row_at(d, i)) ? 0 : row_at(d, i)->object_id, i);
		add_number(&d->row_validities, row_at(d, i)->uidvalidity, i);
	}
	for (size_t i = 0; i < d->in->listed_count; i++) {
		const struct gw_folder_listed *l = listed_at(d, i);

		if (l->counted)
			add_number(&d->listed_validities, l->uidvalidity, i);
		if (!l->selectable)
			continue;
		add_word(&d->listed_wires, l->wire, i);
		add_word(&d->listed_dirs, l->dir, i);
		add_number(&d->listed_ids, l->object_id, i);
	}
	for (size_t i = 0; i < d->in->dir_count; i++) {
		add_word(&d->dirs, dir_at(d, i)->dir, i);
		add_number(&d->inodes, dir_at(d, i)->inode, i);
	}
	for (size_t i = 0; i < TABLES; i++) {
		qsort(words[i]->list, words[i]->count, sizeof *words[i]->list, gw_desk_by_word);
		qsort(numbers[i]->list, numbers[i]->count, sizeof *numbers[i]->list, by_number);
	}
}

void gw_desk_clear(struct desk *d)
{
	free(d->row_wires.list);
	free(d->row_dirs.list);
	free(d->listed_wires.list);
	free(d->listed_dirs.list);
	free(d->dirs.list);
	free(d->row_ids.list);
	free(d->row_validities.list);
	free(d->listed_ids.list);
	free(d->listed_validities.list);
	free(d->inodes.list);
	free(d->claimed);
	free(d->owner);
	free(d->moving);
	free(d->leaving);
}
