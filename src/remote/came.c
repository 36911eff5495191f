/* SPDX-License-Identifier: ISC */
/* remote/came.c - see came.h.
 *
 *   EXAMINE --> UID FETCH of the sizes of what came --> headers of those that have one's size --> done
 *
 * I1  done() comes once, from finish(), when no command is under way.
 * I2  each message of the mailbox is looked up among the items by its size and header, not compared with
 *     all of them: there may be 100,000 of both.
 */
#include "remote/came.h"

#include "base/seqset.h"
#include "remote/fetch_heads.h"

#include <stdlib.h>

enum { HEADS_PER_COMMAND = 100 };

struct came {
	struct gw_came_options o;
	uint32_t uidvalidity, exists;
	struct sorted_item {
		struct gw_came_item *item;
		size_t next; /* of the first of equal ones: the first that did not come */
	} * sorted;          /* owned; of this UIDVALIDITY, by size, header and uidnext */
	size_t sorted_count;
	struct known_size {
		uint64_t size;
		uint32_t since; /* the lowest uidnext of these items */
	} * sizes;              /* owned; by size */
	size_t size_count;
	uint32_t *uids;          /* owned, ascending; their headers are asked for */
	struct gw_seqset likely; /* owned; UIDs of the size of some item */
	struct gw_error lost;
};

/* I1 */
static void finish(struct came *c)
{
	struct gw_came_options o = c->o;
	struct gw_error lost = c->lost;

	gw_seqset_deinit(&c->likely);
	free(c->sorted);
	free(c->sizes);
	free(c->uids);
	free(c);
	o.done(o.ctx, lost.code == GW_OK ? NULL : &lost);
}

/* --- items --------------------------------------------------------------------------------- */

static int compare_size(const struct gw_came_item *x, uint64_t size)
{
	return (x->size > size) - (x->size < size);
}

static int compare_mail(const struct gw_came_item *x, uint64_t size, const uint8_t *header)
{
	int order = compare_size(x, size);

	return order != 0 ? order : memcmp(x->header, header, GW_HASH_BYTES);
}

static int compare_items(const void *a, const void *b)
{
	const struct gw_came_item *x = ((const struct sorted_item *)a)->item;
	const struct gw_came_item *y = ((const struct sorted_item *)b)->item;
	int order = compare_mail(x, y->size, y->header);

	return order != 0 ? order : (x->uidnext > y->uidnext) - (x->uidnext < y->uidnext);
}

static void list_sizes(struct came *c)
{
	for (size_t i = 0; i < c->sorted_count; i++) {
		struct known_size *last = c->size_count > 0 ? &c->sizes[c->size_count - 1] : NULL;
		const struct gw_came_item *item = c->sorted[i].item;

		if (last != NULL && last->size == item->size)
			last->since = item->uidnext < last->since ? item->uidnext : last->since;
		else
			c->sizes[c->size_count++] =
				(struct known_size){ item->size, item->uidnext };
	}
}

/* The mailbox is open: its UIDVALIDITY is known.  false: there is no memory. */
static bool sort_items(struct came *c)
{
	c->sorted = calloc(c->o.count + 1, sizeof *c->sorted);
	c->sizes = calloc(c->o.count + 1, sizeof *c->sizes);
	if (c->sorted == NULL || c->sizes == NULL)
		return false;
	for (size_t i = 0; i < c->o.count; i++) {
		uint32_t of = c->o.items[i].uidvalidity;

		if (of == 0 || of == c->uidvalidity)
			c->sorted[c->sorted_count++].item = &c->o.items[i];
	}
	qsort(c->sorted, c->sorted_count, sizeof *c->sorted, compare_items);
	for (size_t i = 0; i < c->sorted_count; i++)
		c->sorted[i].next = i;
	list_sizes(c);
	return true;
}

static int compare_known(const void *size, const void *known)
{
	const uint64_t *x = size;
	const struct known_size *y = known;

	return (*x > y->size) - (*x < y->size);
}

static bool is_likely(const struct came *c, uint32_t uid, uint64_t size)
{
	const struct known_size *known =
		bsearch(&size, c->sizes, c->size_count, sizeof *c->sizes, compare_known);

	return known != NULL && uid >= known->since;
}

/* The first item of this size and header, or where it would be. */
static size_t find_item(const struct came *c, uint64_t size, const uint8_t *header)
{
	size_t lo = 0, hi = c->sorted_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_mail(c->sorted[mid].item, size, header) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Of equal ones the oldest announced comes first: what came since later ones came since that one, too. */
static void take(struct came *c, uint32_t uid, uint64_t size, const uint8_t *header)
{
	size_t first = find_item(c, size, header);
	size_t at = first < c->sorted_count ? c->sorted[first].next : first;

	if (at >= c->sorted_count || compare_mail(c->sorted[at].item, size, header) != 0 ||
		uid < c->sorted[at].item->uidnext)
		return;
	c->sorted[at].item->came = true;
	c->sorted[first].next++;
}

/* --- headers --------------------------------------------------------------------------------- */

static unsigned on_heat(void *ctx, uint32_t uid, bool *on_trial)
{
	(void)ctx, (void)uid;
	*on_trial = false;
	return 0;
}

static bool on_judge(void *ctx, uint32_t uid)
{
	(void)ctx, (void)uid;
	return false;
}

static void on_head(void *ctx, const struct gw_fetch *fetch, const struct gw_fingerprint *print)
{
	take(ctx, fetch->uid, fetch->size, print->header);
}

static void on_missing(void *ctx, uint32_t uid, const char *why)
{
	(void)ctx, (void)uid, (void)why;
}

static void on_broke(void *ctx, uint32_t lo, uint32_t hi, size_t asked, bool alone)
{
	(void)ctx, (void)lo, (void)hi, (void)asked, (void)alone;
}

static void on_heads(void *ctx, const struct gw_error *err)
{
	struct came *c = ctx;

	if (err != NULL && err->scope == GW_SCOPE_ACCOUNT)
		c->lost = *err;
	finish(c);
}

/* *pending: on_heads() follows. */
static enum gw_code ask_heads(struct came *c, bool *pending)
{
	const struct gw_fetch_heads_events events = { .heat = on_heat,
		.is_culprit = on_judge,
		.head = on_head,
		.missing = on_missing,
		.broke = on_broke,
		.done = on_heads,
		.ctx = c };
	size_t n = 0;

	c->uids = calloc(gw_seqset_size(&c->likely), sizeof *c->uids);
	if (c->uids == NULL)
		return GW_ERR_NOMEM;
	for (size_t i = 0; i < c->likely.count; i++) {
		for (uint64_t uid = c->likely.ranges[i].first; uid <= c->likely.ranges[i].last;
			uid++)
			c->uids[n++] = (uint32_t)uid;
	}
	return gw_fetch_heads_start(c->o.session, c->uids, n, HEADS_PER_COMMAND, &events, pending);
}

/* --- sizes ----------------------------------------------------------------------------------- */

static void on_size(void *ctx, const struct gw_response *r)
{
	struct came *c = ctx;
	const struct gw_fetch *f = &r->fetch;

	if (r->type != GW_RESP_FETCH || f->uid == 0 || !f->has_size)
		return;
	if (is_likely(c, f->uid, f->size) && gw_seqset_add(&c->likely, f->uid, f->uid) != GW_OK)
		gw_fail(&c->lost, GW_ERR_NOMEM, "out of memory");
}

static void on_sizes(void *ctx, const struct gw_result *result)
{
	struct came *c = ctx;
	bool pending = false;
	enum gw_code code = GW_OK;

	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	if (c->lost.code == GW_OK && c->likely.count > 0)
		code = ask_heads(c, &pending);
	if (code != GW_OK)
		gw_fail(&c->lost, code,
			code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	if (!pending)
		finish(c);
}

static enum gw_code ask_sizes(struct came *c)
{
	uint32_t since = UINT32_MAX;
	struct gw_command line;
	enum gw_code code;

	for (size_t i = 0; i < c->o.count; i++) {
		if (c->o.items[i].uidnext < since)
			since = c->o.items[i].uidnext;
	}
	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH %u:* (UID RFC822.SIZE)", since);
	code = gw_session_send(c->o.session, &line,
		&(struct gw_handlers){ .response = on_size, .done = on_sizes, .ctx = c });
	gw_command_deinit(&line);
	return code;
}

/* --- EXAMINE --------------------------------------------------------------------------------- */

static void on_examine_response(void *ctx, const struct gw_response *r)
{
	struct came *c = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY)
		c->uidvalidity = (uint32_t)r->number;
	else if (r->type == GW_RESP_EXISTS)
		c->exists = (uint32_t)r->number;
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct came *c = ctx;
	enum gw_code code = GW_OK;

	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	if (result->kind != GW_RESULT_OK || c->exists == 0) {
		finish(c);
		return;
	}
	code = sort_items(c) ? ask_sizes(c) : GW_ERR_NOMEM;
	if (code == GW_OK)
		return;
	gw_fail(&c->lost, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	finish(c);
}

enum gw_code gw_came_start(const struct gw_came_options *options)
{
	struct came *c;
	struct gw_command line;
	enum gw_code code;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return GW_ERR_NOMEM;
	c->o = *options;
	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(options->mailbox), gw_session_caps(options->session));
	code = gw_session_send(options->session, &line,
		&(struct gw_handlers){
			.response = on_examine_response, .done = on_examined, .ctx = c });
	gw_command_deinit(&line);
	if (code != GW_OK)
		free(c);
	return code;
}
