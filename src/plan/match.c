/* SPDX-License-Identifier: ISC */
/* plan/match.c - see match.h.  Few messages are ever gone and new at once; where they are many,
 * hashing by the header's first bytes keeps it linear. */
#include "plan/match.h"

#include <stdlib.h>

enum criterion { GLOBAL_ID, CONTENT_AND_NAME, FULL_CONTENT, HEADER_AND_SIZE, MESSAGE_ID };

struct matcher {
	const struct gw_half *gone, *fresh;
	size_t gone_count, fresh_count;
	bool *gone_used, *fresh_used; /* owned */
	size_t *heads, *next;         /* owned; chains of fresh halves by key; SIZE_MAX ends one */
	size_t bucket_count;
	struct gw_match *out;
	size_t count;
	bool merges; /* an edited message stays the one that it was */
};

static const uint8_t *key(const struct gw_half *h, enum criterion by)
{
	return by == MESSAGE_ID ? h->msgid : h->header;
}

static size_t bucket(const struct matcher *m, const struct gw_half *h, enum criterion by)
{
	size_t n;

	if (by == GLOBAL_ID)
		return (size_t)(h->id % m->bucket_count);
	memcpy(&n, key(h, by), sizeof n);
	return n % m->bucket_count;
}

static void chain(struct matcher *m, enum criterion by)
{
	for (size_t i = 0; i < m->bucket_count; i++)
		m->heads[i] = SIZE_MAX;
	for (size_t i = m->fresh_count; i-- > 0;) { /* so that each chain is in order */
		size_t b = bucket(m, &m->fresh[i], by);

		m->next[i] = m->heads[b];
		m->heads[b] = i;
	}
}

static bool equal(const struct gw_half *a, const struct gw_half *b, enum criterion by)
{
	static const uint8_t none[GW_MATCH_HASH];

	if (by == GLOBAL_ID)
		return a->id != 0 && a->id == b->id;
	if (a->id != 0 && b->id != 0 && a->id != b->id)
		return false;
	if (memcmp(key(a, by), key(b, by), GW_MATCH_HASH) != 0)
		return false;
	switch (by) {
	case GLOBAL_ID:
		break;
	case CONTENT_AND_NAME:
		return a->name == b->name && memcmp(a->body, b->body, GW_MATCH_HASH) == 0;
	case FULL_CONTENT:
		return memcmp(a->body, b->body, GW_MATCH_HASH) == 0;
	case HEADER_AND_SIZE:
		return a->size == b->size &&
		       ((a->trashed && b->trash) || (!a->drafts && !b->drafts && !b->alone));
	case MESSAGE_ID:
		return memcmp(a->msgid, none, GW_MATCH_HASH) != 0;
	}
	return false;
}

static enum gw_match_kind kind_of(const struct matcher *m, const struct gw_half *gone,
	const struct gw_half *fresh, enum criterion by)
{
	bool same = gone->box == fresh->box;

	if (fresh->refused)
		return GW_MATCH_BLOCKED;
	if (by == MESSAGE_ID && !(m->merges && same && gone->untold))
		return GW_MATCH_EDIT;
	return !same ? GW_MATCH_MOVE : gone->untold ? GW_MATCH_WAITS : GW_MATCH_SAME;
}

static void join(struct matcher *m, size_t gone, size_t fresh, enum criterion by)
{
	m->gone_used[gone] = m->fresh_used[fresh] = true;
	m->out[m->count++] = (struct gw_match){ .gone = gone,
		.fresh = fresh,
		.kind = kind_of(m, &m->gone[gone], &m->fresh[fresh], by) };
}

/* Makes one pass: same_box says whether both halves must lie in one mailbox. */
static void pass(struct matcher *m, enum criterion by, bool same_box, bool untold)
{
	chain(m, by);
	for (size_t g = 0; g < m->gone_count; g++) {
		bool skip = m->gone_used[g] || m->gone[g].untold != untold;
		size_t f = skip ? SIZE_MAX : m->heads[bucket(m, &m->gone[g], by)];

		while (f != SIZE_MAX &&
			(m->fresh_used[f] || (m->fresh[f].box == m->gone[g].box) != same_box ||
				!equal(&m->gone[g], &m->fresh[f], by)))
			f = m->next[f];
		if (f != SIZE_MAX)
			join(m, g, f, by);
	}
}

/* Where a match may lie; SAME_BOX is tried first: it is the nearer one. */
enum where { SAME_BOX = 1, OTHER_BOX = 2, ANYWHERE = SAME_BOX | OTHER_BOX };

static bool has_untold(const struct gw_half *gone, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (gone[i].untold)
			return true;
	}
	return false;
}

static void passes(
	struct matcher *m, const enum criterion *by, size_t by_count, enum where where, bool untold)
{
	for (size_t i = 0; i < by_count; i++) {
		if (where & SAME_BOX)
			pass(m, by[i], true, untold);
		if (where & OTHER_BOX)
			pass(m, by[i], false, untold);
	}
}

/* Each criterion sees what the ones before have left; what is surely there comes first.  Out of memory nothing is joined: bodies are
 * sent, nothing is lost. */
static size_t match(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out, const enum criterion *by, size_t by_count,
	enum where where)
{
	struct matcher m = { .gone = gone,
		.gone_count = gone_count,
		.fresh = fresh,
		.fresh_count = fresh_count,
		.out = out };

	m.merges = where == ANYWHERE && by[0] == MESSAGE_ID;
	m.bucket_count = 2 * m.fresh_count + 1;
	m.gone_used = calloc(m.gone_count + 1, sizeof *m.gone_used);
	m.fresh_used = calloc(m.fresh_count + 1, sizeof *m.fresh_used);
	m.heads = calloc(m.bucket_count, sizeof *m.heads);
	m.next = calloc(m.fresh_count + 1, sizeof *m.next);
	if (m.gone_used != NULL && m.fresh_used != NULL && m.heads != NULL && m.next != NULL) {
		passes(&m, by, by_count, where, false);
		if (has_untold(gone, gone_count))
			passes(&m, by, by_count, where, true);
	}
	free(m.gone_used);
	free(m.fresh_used);
	free(m.heads);
	free(m.next);
	return m.count;
}

size_t gw_match_named(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out)
{
	return match(gone, gone_count, fresh, fresh_count, out,
		(const enum criterion[]){ CONTENT_AND_NAME }, 1, ANYWHERE);
}

size_t gw_match_here(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out)
{
	return match(gone, gone_count, fresh, fresh_count, out,
		(const enum criterion[]){ FULL_CONTENT }, 1, ANYWHERE);
}

size_t gw_match_edits(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, bool anywhere, struct gw_match *out)
{
	return match(gone, gone_count, fresh, fresh_count, out,
		(const enum criterion[]){ MESSAGE_ID }, 1, anywhere ? ANYWHERE : SAME_BOX);
}

size_t gw_match_crossed(const struct gw_half *gone_here, size_t gone_here_count,
	const struct gw_half *gone_there, size_t gone_there_count, struct gw_match *out)
{
	return match(gone_here, gone_here_count, gone_there, gone_there_count, out,
		(const enum criterion[]){ CONTENT_AND_NAME }, 1, OTHER_BOX);
}

size_t gw_match_there(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out)
{
	return match(gone, gone_count, fresh, fresh_count, out,
		(const enum criterion[]){ GLOBAL_ID, HEADER_AND_SIZE }, 2, ANYWHERE);
}

size_t gw_match_both(const struct gw_half *gone, size_t gone_count, const struct gw_half *here,
	size_t here_count, const struct gw_half *there, size_t there_count, struct gw_match *out)
{
	struct gw_match *other = calloc(gone_count + 1, sizeof *other);
	size_t n = 0, there_n = 0, both = 0;

	if (other != NULL) {
		n = match(gone, gone_count, here, here_count, out,
			(const enum criterion[]){ CONTENT_AND_NAME, FULL_CONTENT }, 2, ANYWHERE);
		there_n = gw_match_there(gone, gone_count, there, there_count, other);
	}
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < there_n && other[k].gone != out[i].gone)
			k++;
		if (k == there_n)
			continue;
		out[both] = out[i];
		out[both++].there = other[k].fresh;
	}
	free(other);
	return both;
}
