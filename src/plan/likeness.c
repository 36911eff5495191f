/* SPDX-License-Identifier: ISC */
/* plan/likeness.c - see likeness.h. */
#include "plan/likeness.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* A quarter is enough, and so are this many: a tree that has a place for every mailbox but one has
 * that one's messages under some name.  More than a quarter is missing where either side kept only
 * what is new. */
enum { SHARE = 4, ENOUGH = 10 };

struct gw_trace gw_trace_of(const uint8_t header[static 8], const uint8_t msgid[static 8])
{
	struct gw_trace t;

	memcpy(&t.header, header, sizeof t.header);
	memcpy(&t.msgid, msgid, sizeof t.msgid);
	return t;
}

void gw_traces_deinit(struct gw_traces *t)
{
	free(t->list);
	*t = (struct gw_traces){ 0 };
}

static bool add_one(struct gw_traces *t, uint64_t n)
{
	uint64_t *slot = gw_array_push((void **)&t->list, &t->count, &t->cap, sizeof *t->list);

	if (slot != NULL)
		*slot = n;
	return slot != NULL;
}

bool gw_traces_add(struct gw_traces *t, struct gw_trace one)
{
	t->messages++;
	return add_one(t, one.header) && (one.msgid == 0 || add_one(t, one.msgid));
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void gw_traces_settle(struct gw_traces *t)
{
	if (t->count > 0)
		qsort(t->list, t->count, sizeof *t->list, by_number);
}

static bool has(const struct gw_traces *t, uint64_t n)
{
	return t->count > 0 && bsearch(&n, t->list, t->count, sizeof n, by_number) != NULL;
}

unsigned gw_likeness(const struct gw_traces *dir, const struct gw_trace *sample, size_t count)
{
	size_t found = 0, of = count < dir->messages ? count : dir->messages;

	for (size_t i = 0; i < count; i++)
		found += has(dir, sample[i].header) ||
			 (sample[i].msgid != 0 && has(dir, sample[i].msgid));
	if (found == 0 || (found < ENOUGH && found * SHARE < of))
		return 0;
	return (unsigned)(1 + (found < of ? found : of) * 1000 / of);
}
