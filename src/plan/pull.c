/* SPDX-License-Identifier: ISC */
/* plan/pull.c - see pull.h. */
#include "plan/pull.h"

#include <stdlib.h>

enum {
	DAY = 86400,
	WEEK = 7 * DAY,
	FORGET_DAYS = 30,
	GAP_MAX = 2 * DAY,
	BULK = 8, /* unknown and missing messages that suggest a renumbering */
	GUARD_FEW = 20,
	GUARD_PERCENT = 20,
	GUARD_ALL = 3,
};

/* --- who is who, by UIDL ---------------------------------------------------------------------- */

/* A UIDL that is listed. */
struct named {
	struct gw_slice uidl;
	size_t index;     /* of the item; with `shared`, of one of them */
	bool shared;      /* by several items */
	size_t rows, row; /* how many have it, and the last of them */
};

static int compare(struct gw_slice a, struct gw_slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : a.n < b.n ? -1 : a.n > b.n;
}

static int by_uidl(const void *a, const void *b)
{
	return compare(((const struct named *)a)->uidl, ((const struct named *)b)->uidl);
}

/* Sorts, unless the list came in order, as most servers' do. */
static void sort(struct named *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (by_uidl(&list[i - 1], &list[i]) > 0) {
			qsort(list, n, sizeof *list, by_uidl);
			return;
		}
	}
}

/* The place of the UIDL, or n; `last` was that of the row before, next to which it mostly is. */
static size_t place_of(const struct named *list, size_t n, size_t last, struct gw_slice uidl)
{
	size_t lo = 0, hi = n;

	if (last > 0 && last <= n && compare(list[last - 1].uidl, uidl) == 0)
		return last - 1;
	if (last + 1 < n && compare(list[last + 1].uidl, uidl) == 0)
		return last + 1;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare(list[mid].uidl, uidl) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && compare(list[lo].uidl, uidl) == 0 ? lo : n;
}

static bool has_content(const struct gw_pull_row *r)
{
	return r->state == GW_PULL_HERE || r->state == GW_PULL_DELETED ||
	       r->state == GW_PULL_UNWANTED;
}

/* True if its message is expected to be listed again. */
static bool is_live(const struct gw_pull_row *r)
{
	return r->state == GW_PULL_HERE || r->state == GW_PULL_UNWANTED;
}

bool gw_pull_is_due(const struct gw_pull_view *v, const struct gw_pull_row *r)
{
	const struct gw_pull_policy *p = &v->policy;

	if (p->hold || (r->is_short && !p->sizes_lie) || !has_content(r))
		return false;
	if (p->deletes &&
		(r->state == GW_PULL_UNWANTED || (r->state == GW_PULL_DELETED && !r->has_file)))
		return true;
	return p->keep == GW_PULL_KEEP_NO ||
	       (p->keep == GW_PULL_KEEP_FOR && p->now - r->delivered_at >= p->keep_s &&
		       p->age - r->delivered_age >= p->keep_s);
}

static bool is_too_large(const struct gw_pull_view *v, const struct gw_pull_item *item)
{
	return v->policy.max_size != 0 && item->size > v->policy.max_size;
}

static enum gw_pull_todo get(const struct gw_pull_view *v, const struct gw_pull_item *item)
{
	return is_too_large(v, item) ? GW_PULL_LEAVE_LARGE : GW_PULL_GET;
}

static enum gw_pull_todo look(const struct gw_pull_view *v, const struct gw_pull_item *item)
{
	return v->policy.has_top ? GW_PULL_LOOK : get(v, item);
}

static bool differs_in_size(const struct gw_pull_item *item, const struct gw_pull_row *r)
{
	return item->size != 0 && r->size != 0 && item->size != r->size;
}

static enum gw_pull_todo what_of_known(
	const struct gw_pull_view *v, const struct gw_pull_item *item, const struct gw_pull_row *r)
{
	bool again = v->policy.full || v->policy.now - r->tried_at >= WEEK ||
		     v->policy.now < r->tried_at;

	switch (r->state) {
	case GW_PULL_ASIDE:
		return r->tries < GW_PULL_TRIES || again ? get(v, item) : GW_PULL_LEAVE_ASIDE;
	case GW_PULL_LARGE:
		return get(v, item);
	case GW_PULL_HERE:
	case GW_PULL_DELETED:
	case GW_PULL_UNWANTED:
		break;
	}
	if (v->policy.full || differs_in_size(item, r) || gw_pull_is_due(v, r))
		return v->policy.has_top ? GW_PULL_LOOK : GW_PULL_GET;
	return v->policy.marks && !r->sealed ? GW_PULL_GET : GW_PULL_NOTHING;
}

static int by_header(const void *a, const void *b, void *ctx)
{
	const struct gw_pull_row *rows = ctx;

	return memcmp(
		rows[*(const size_t *)a].header, rows[*(const size_t *)b].header, GW_PULL_HASH);
}

static int by_body(const void *a, const void *b, void *ctx)
{
	const struct gw_pull_row *rows = ctx;

	return memcmp(rows[*(const size_t *)a].body, rows[*(const size_t *)b].body, GW_PULL_HASH);
}

bool gw_pull_index(struct gw_pull_view *v)
{
	gw_pull_deinit(v);
	v->by_header = calloc(v->row_count + 1, sizeof *v->by_header);
	v->by_body = calloc(v->row_count + 1, sizeof *v->by_body);
	if (v->by_header == NULL || v->by_body == NULL)
		return false;
	for (size_t i = 0; i < v->row_count; i++) {
		if (has_content(&v->rows[i]))
			v->by_header[v->indexed++] = i;
		if (v->rows[i].is_file && v->rows[i].has_body)
			v->by_body[v->body_indexed++] = i;
	}
	if (v->indexed > 0)
		qsort_r(v->by_header, v->indexed, sizeof *v->by_header, by_header, v->rows);
	if (v->body_indexed > 0)
		qsort_r(v->by_body, v->body_indexed, sizeof *v->by_body, by_body, v->rows);
	return true;
}

/* Lists the UIDLs of the items, each once and in order; items without one of their own are to be looked at.
 * Returns how many there are. */
static size_t name_items(struct gw_pull_view *v, struct named *list)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < v->item_count; i++) {
		if (v->items[i].uidl.n > 0)
			list[n++] = (struct named){ .uidl = v->items[i].uidl, .index = i };
		else
			v->items[i].todo = GW_PULL_LOOK;
	}
	sort(list, n);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || compare(list[kept - 1].uidl, list[i].uidl) != 0) {
			list[kept++] = list[i];
			continue;
		}
		list[kept - 1].shared = true;
		v->items[list[kept - 1].index].todo = v->items[list[i].index].todo = GW_PULL_LOOK;
	}
	return kept;
}

static void name_rows(const struct gw_pull_view *v, struct named *list, size_t n)
{
	for (size_t i = 0, at = 0; i < v->row_count; i++) {
		if (v->rows[i].uidl.n == 0)
			continue;
		at = place_of(list, n, at, v->rows[i].uidl);
		if (at == n)
			continue;
		list[at].rows++;
		list[at].row = i;
	}
}

/* Joins what is named alone on both sides; what is named more than once is in doubt. */
static bool join_items(struct gw_pull_view *v)
{
	struct named *list = calloc(v->item_count + 1, sizeof *list);
	size_t n;

	if (list == NULL)
		return false;
	n = name_items(v, list);
	name_rows(v, list, n);
	for (size_t i = 0; i < n; i++) {
		struct gw_pull_item *item = &v->items[list[i].index];

		if (list[i].rows == 1 && !list[i].shared) {
			item->row = list[i].row;
			v->rows[list[i].row].claimed = true;
		} else if (list[i].rows > 1) {
			item->todo = GW_PULL_LOOK;
		}
	}
	free(list);
	return true;
}

static size_t count_missing(const struct gw_pull_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->row_count; i++)
		n += is_live(&v->rows[i]) && !v->rows[i].claimed;
	return n;
}

static void check_marks(struct gw_pull_view *v)
{
	for (size_t i = 0; i < v->item_count && v->policy.marks; i++) {
		size_t r = v->items[i].row;

		if (r == GW_PULL_NONE || !is_live(&v->rows[r]) || !v->rows[r].sealed)
			continue;
		v->marks_disproved = true;
		v->policy.marks = false;
	}
}

bool gw_pull_sort(struct gw_pull_view *v)
{
	size_t strange = 0;
	bool may_be_here, asks = false;

	for (size_t i = 0; i < v->row_count; i++)
		v->rows[i].claimed = false;
	for (size_t i = 0; i < v->item_count; i++) {
		v->items[i].row = GW_PULL_NONE;
		v->items[i].identified = false;
		v->items[i].todo = GW_PULL_NOTHING;
	}
	gw_pull_deinit(v);
	if (!join_items(v))
		return false;
	check_marks(v);
	for (size_t i = 0; i < v->item_count; i++)
		strange += v->items[i].row == GW_PULL_NONE;
	may_be_here = v->policy.has_files || (strange >= BULK && count_missing(v) >= BULK);
	for (size_t i = 0; i < v->item_count; i++) {
		struct gw_pull_item *item = &v->items[i];

		if (item->row != GW_PULL_NONE)
			item->todo = what_of_known(v, item, &v->rows[item->row]);
		else if (item->todo == GW_PULL_LOOK || may_be_here)
			item->todo = look(v, item);
		else
			item->todo = get(v, item);
		asks |= item->todo == GW_PULL_LOOK || item->todo == GW_PULL_GET;
	}
	return !asks || gw_pull_index(v);
}

void gw_pull_deinit(struct gw_pull_view *v)
{
	free(v->by_header);
	free(v->by_body);
	v->by_header = v->by_body = NULL;
	v->indexed = v->body_indexed = 0;
}

/* --- who is who, by content ------------------------------------------------------------------- */

static bool same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, GW_PULL_HASH) == 0;
}

/* How well the row fits, among those with the same header; 0: not at all.  What is not here any more,
 * or was deleted there, is no reason to drop what may be another one. */
static unsigned fit(const struct gw_pull_view *v, const struct gw_pull_item *item, size_t row,
	bool telling, const uint8_t *body)
{
	const struct gw_pull_row *r = &v->rows[row];

	if (r->claimed || !has_content(r) || (r->state != GW_PULL_HERE && !telling) ||
		(r->state == GW_PULL_DELETED && !r->is_alone) ||
		(body != NULL && r->has_body && !same(r->body, body)))
		return 0;
	return 1u + (r->size == item->size) + 2u * is_live(r) +
	       4u * (item->uidl.n > 0 && compare(r->uidl, item->uidl) == 0) +
	       8u * (body != NULL && r->has_body);
}

/* The row that fits best; body NULL: the header is all there is. */
static size_t find(const struct gw_pull_view *v, const struct gw_pull_item *item, bool telling,
	const uint8_t *header, const uint8_t *body)
{
	size_t lo = 0, hi = v->indexed, best = GW_PULL_NONE;
	unsigned best_fit = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(v->rows[v->by_header[mid]].header, header, GW_PULL_HASH) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < v->indexed && same(v->rows[v->by_header[lo]].header, header); lo++) {
		unsigned f = fit(v, item, v->by_header[lo], telling, body);

		if (f > best_fit) {
			best = v->by_header[lo];
			best_fit = f;
		}
	}
	return best;
}

/* A file of this message, to whose header another program has added. */
static size_t find_file(const struct gw_pull_view *v, const struct gw_pull_print *p)
{
	size_t lo = 0, hi = v->body_indexed;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(v->rows[v->by_body[mid]].body, p->body, GW_PULL_HASH) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < v->body_indexed && same(v->rows[v->by_body[lo]].body, p->body); lo++) {
		const struct gw_pull_row *r = &v->rows[v->by_body[lo]];

		if (!r->claimed && p->about != 0 && r->about == p->about &&
			same(r->msgid, p->msgid))
			return v->by_body[lo];
	}
	return GW_PULL_NONE;
}

static void claim(struct gw_pull_view *v, struct gw_pull_item *item, size_t row)
{
	item->row = row;
	item->identified = true;
	v->rows[row].claimed = true;
}

/* Releases a row whose UIDL now names another message. */
static size_t release(struct gw_pull_view *v, struct gw_pull_item *item)
{
	size_t row = item->row;

	item->row = GW_PULL_NONE;
	if (row == GW_PULL_NONE)
		return row;
	v->rows[row].uidl = (struct gw_slice){ "", 0 };
	v->rows[row].claimed = false;
	return row;
}

void gw_pull_looked(struct gw_pull_view *v, size_t i, const uint8_t header[static GW_PULL_HASH],
	bool telling, size_t *not_its)
{
	struct gw_pull_item *item = &v->items[i];
	size_t row = item->row;

	*not_its = GW_PULL_NONE;
	if (row != GW_PULL_NONE && has_content(&v->rows[row]) &&
		same(v->rows[row].header, header)) {
		/* A header that others may have proves nothing; a wish to delete waits for more. */
		item->identified = telling;
		item->todo = (v->policy.marks && !v->rows[row].sealed) ||
					     (!telling && gw_pull_is_due(v, &v->rows[row]))
				     ? GW_PULL_GET
				     : GW_PULL_NOTHING;
		return;
	}
	*not_its = release(v, item);
	row = telling ? find(v, item, true, header, NULL) : GW_PULL_NONE;
	if (row == GW_PULL_NONE) {
		item->todo = get(v, item);
		return;
	}
	claim(v, item, row);
	item->todo = v->policy.marks && !v->rows[row].sealed ? GW_PULL_GET : GW_PULL_NOTHING;
}

void gw_pull_not_looked(struct gw_pull_view *v, size_t i)
{
	if (v->items[i].todo == GW_PULL_LOOK)
		v->items[i].todo = get(v, &v->items[i]);
}

size_t gw_pull_got(
	struct gw_pull_view *v, size_t i, const struct gw_pull_print *print, size_t *not_its)
{
	static const uint8_t none[GW_PULL_HASH];
	struct gw_pull_item *item = &v->items[i];
	size_t row = item->row;

	*not_its = GW_PULL_NONE;
	item->todo = GW_PULL_NOTHING;
	if (row != GW_PULL_NONE && has_content(&v->rows[row])) {
		const struct gw_pull_row *r = &v->rows[row];

		if (same(r->header, print->header) &&
			(!r->has_body || same(r->body, print->body))) {
			item->identified = true;
			return row;
		}
		*not_its = release(v, item);
	} else if (row != GW_PULL_NONE) {
		return GW_PULL_NONE; /* set aside so far: the row becomes that of what came */
	}
	row = find(v, item, !same(print->msgid, none), print->header, print->body);
	if (row == GW_PULL_NONE)
		row = find_file(v, print);
	if (row != GW_PULL_NONE)
		claim(v, item, row);
	return row;
}

bool gw_pull_all_known(const struct gw_pull_view *v)
{
	for (size_t i = 0; i < v->item_count; i++) {
		if (v->items[i].row == GW_PULL_NONE)
			return false;
	}
	return !v->policy.marks; /* such a server lists some and not the others */
}

bool gw_pull_may_delete(const struct gw_pull_view *v, size_t i)
{
	const struct gw_pull_item *item = &v->items[i];

	return item->row != GW_PULL_NONE && item->identified && item->todo == GW_PULL_NOTHING &&
	       v->rows[item->row].recorded && gw_pull_is_due(v, &v->rows[item->row]);
}

/* --- clocks and counts ------------------------------------------------------------------------ */

static int64_t between(int64_t low, int64_t x, int64_t high)
{
	return x < low ? low : x > high ? high : x;
}

struct gw_pull_age gw_pull_age_at(
	const struct gw_pull_age *last, int64_t wall, int64_t boot, const char *boot_id)
{
	struct gw_pull_age now = { .age = last->age, .wall = wall, .boot = boot };
	size_t n = strlen(boot_id);
	bool same_run = strcmp(last->boot_id, boot_id) == 0;

	if (last->boot_id[0] != '\0')
		now.age += between(0, wall - last->wall,
			same_run ? between(0, boot - last->boot, INT64_MAX / 2) : GAP_MAX);
	memcpy(now.boot_id, boot_id, n < sizeof now.boot_id ? n : sizeof now.boot_id - 1);
	return now;
}

bool gw_pull_looks_like_accident(uint64_t known, uint64_t missing, unsigned percent)
{
	uint64_t most = known * (percent == 0 ? GUARD_PERCENT : percent) / 100;

	if (known >= GUARD_ALL && missing == known)
		return true;
	return missing > (most > GUARD_FEW ? most : GUARD_FEW);
}

enum gw_pull_fate gw_pull_judge_file(const struct gw_pull_sight *s)
{
	if (s->seen || !s->certain)
		return GW_PULL_STAYS;
	if (s->accident && !s->accepted)
		return GW_PULL_HELD;
	/* A deletion that the user accepted is carried over even if older than `delete`. */
	return s->deletes && !s->is_short ? GW_PULL_FOLLOW : GW_PULL_LET_GO;
}

bool gw_pull_may_forget(int64_t listed_at, int64_t now)
{
	return now - listed_at >= (int64_t)FORGET_DAYS * DAY;
}
