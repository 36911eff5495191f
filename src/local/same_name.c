/* SPDX-License-Identifier: ISC */
/* local/same_name.c - see same_name.h. */
#include "local/same_name.h"

#include <stdlib.h>

struct group {
	size_t first, end; /* in the listing */
	uint32_t uid;      /* of the row that has the name, or 0 */
	struct gw_fingerprint row;
	bool row_known;
};

static bool same_name(const struct gw_scan *s, size_t a, size_t b)
{
	return gw_base_compare(gw_scan_base(s, a), gw_scan_base(s, b)) == 0;
}

static enum gw_code take_row(void *ctx, const struct gw_message_row *row)
{
	struct group *g = ctx;

	if (row->header_hash == NULL || row->body_hash == NULL)
		return GW_OK;
	memcpy(g->row.header, row->header_hash, GW_HASH_BYTES);
	memcpy(g->row.body, row->body_hash, GW_HASH_BYTES);
	g->row_known = true;
	return GW_OK;
}

static bool read_print(
	const struct gw_place *place, const struct gw_scan *s, size_t i, struct gw_fingerprint *out)
{
	int dir = s->entries[i].in_new ? place->m.new : place->m.cur;
	struct gw_file_facts facts;
	struct gw_error err = { 0 };

	return gw_fingerprint_file(dir, gw_scan_name(s, i), out, &facts, &err) == GW_OK;
}

/* The row is that of the file which holds its message. */
static void give_row(struct gw_local_view *v, const struct group *g, size_t chosen)
{
	size_t b = gw_base_find(v->base, v->base_count, g->uid);

	for (size_t i = g->first; i < g->end; i++)
		v->messages[i].uid = i == chosen ? g->uid : 0;
	if (b < v->base_count)
		v->base[b].local = (uint32_t)chosen;
}

static void settle_group(
	const struct gw_place *place, struct gw_local_view *v, const struct group *g)
{
	size_t n = g->end - g->first, chosen = 0;
	struct gw_fingerprint *prints = calloc(n, sizeof *prints);
	bool *readable = calloc(n, sizeof *readable);

	for (size_t i = 0; i < n && prints != NULL && readable != NULL; i++)
		readable[i] =
			v->scan.trusted && read_print(place, &v->scan, g->first + i, &prints[i]);
	for (size_t i = n; i-- > 0 && g->row_known && readable != NULL && prints != NULL;) {
		if (readable[i] && gw_fingerprint_same(&prints[i], &g->row))
			chosen = i;
	}
	if (g->uid != 0)
		give_row(v, g, g->first + chosen);
	for (size_t i = 0; i < n; i++) { /* what cannot be compared is left as it is */
		bool other = readable != NULL && prints != NULL && readable[i] &&
			     readable[chosen] && !gw_fingerprint_same(&prints[i], &prints[chosen]);

		if (i != chosen)
			v->messages[g->first + i].twin = other ? GW_TWIN_OTHER : GW_TWIN_SAME;
	}
	free(prints);
	free(readable);
}

enum gw_code gw_same_name_find(const struct gw_place *place, struct gw_local_view *view,
	struct gw_store *store, struct gw_error *err)
{
	enum gw_code code = GW_OK;
	size_t end;

	for (size_t i = 0; i < view->scan.count && code == GW_OK; i = end) {
		struct group g = { .first = i };

		for (end = i + 1; end < view->scan.count && same_name(&view->scan, i, end);)
			end++;
		if (end == i + 1)
			continue;
		g.end = end;
		for (size_t j = i; j < end; j++)
			g.uid |= view->messages[j].uid;
		if (g.uid != 0 && store != NULL)
			code = gw_store_message(store, place->mailbox, g.uid, take_row, &g, err);
		if (code == GW_OK)
			settle_group(place, view, &g);
	}
	return code;
}
