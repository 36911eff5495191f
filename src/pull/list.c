/* SPDX-License-Identifier: ISC */
/* pull/list.c - the maildrop's listing: UIDL and LIST, asked for together; part of pull_p.h.
 *
 * A line that cannot be read says nothing, and a message of which only one of the two tells is there
 * all the same: without an identity it is known by what is in it.
 */
#include "pull/pull_p.h"

#include "pop3/listing.h"

#include <stdlib.h>

/* Limits on the messages, and on the octets of identities, that are believed. */
enum { MESSAGES_MAX = 4000000, ARENA_MAX = 512 << 20 };

static enum gw_code add(struct pull_listing *to, struct pull_listed one)
{
	struct pull_listed *slot;

	if (to->count >= MESSAGES_MAX)
		return GW_ERR_LIMIT;
	slot = gw_array_push((void **)&to->list, &to->count, &to->cap, sizeof *slot);
	if (slot == NULL)
		return GW_ERR_NOMEM;
	*slot = one;
	return GW_OK;
}

static enum gw_code on_uidl_line(void *ctx, struct gw_slice line, bool whole)
{
	struct gw_pull *p = ctx;
	struct pull_listed one = { 0 };
	struct gw_slice uidl = { "", 0 };
	enum gw_code code;

	if (!gw_pop3_read_uidl(line, &one.number, &uidl))
		return GW_OK;
	one.uidl_at = p->arena.n;
	one.uidl_n = whole ? uidl.n : 0; /* too long, or none: it is known by its content */
	code = gw_buf_append(&p->arena, uidl.p, one.uidl_n);
	return code == GW_OK ? add(&p->uidls, one) : code;
}

static enum gw_code on_size_line(void *ctx, struct gw_slice line, bool whole)
{
	struct gw_pull *p = ctx;
	struct pull_listed one = { 0 };

	(void)whole;
	return gw_pop3_read_size(line, &one.number, &one.size) ? add(&p->sizes, one) : GW_OK;
}

static void take(struct gw_pull *p, struct gw_slice bytes, gw_pop3_line_cb *cb)
{
	enum gw_code code = gw_pop3_lines_feed(p->lines, bytes, cb, p);
	struct gw_error err = { 0 };

	if (code == GW_OK)
		return;
	gw_fail(&err, code,
		code == GW_ERR_LIMIT ? "the listing of %s does not end"
				     : "out of memory for the listing of %s",
		p->account->host);
	pull_fail(p, &err);
}

static void on_uidl_data(void *ctx, uint32_t number, struct gw_slice bytes)
{
	(void)number;
	take(ctx, bytes, on_uidl_line);
}

static void on_size_data(void *ctx, uint32_t number, struct gw_slice bytes)
{
	(void)number;
	take(ctx, bytes, on_size_line);
}

static bool lines_anew(struct gw_pull *p)
{
	if (p->lines == NULL)
		p->lines = malloc(sizeof *p->lines);
	else
		gw_pop3_lines_deinit(p->lines);
	if (p->lines != NULL)
		gw_pop3_lines_init(p->lines);
	return p->lines != NULL;
}

static void refused(struct gw_pull *p, const char *what, const struct gw_pop3_answer *a)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_REFUSED, "%s refused %s: %s%s%s%.*s", p->account->host, what,
		*a->code != '\0' ? "[" : "", a->code, *a->code != '\0' ? "] " : "",
		(int)(a->text.n < 300 ? a->text.n : 300), a->text.p);
	pull_forget_offer(p);
	pull_lose(p, &err);
}

/* True if the server says that it has UIDL, or had it before: then this failure passes. */
static bool named_before(const struct gw_pull *p)
{
	const struct gw_pop3_caps *caps = gw_pop3_capabilities(p->session);

	if (caps->known)
		return (caps->bits & GW_POP3_UIDL) != 0;
	for (size_t i = 0; i < p->view.row_count; i++) {
		if (p->view.rows[i].uidl.n > 0)
			return true;
	}
	return false;
}

static void on_uidl_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;

	(void)number;
	p->has_uidl = a->end == GW_POP3_DONE;
	if (a->end == GW_POP3_REFUSED && named_before(p))
		refused(p, "UIDL", a);
	else if (a->end == GW_POP3_DONE || a->end == GW_POP3_REFUSED)
		lines_anew(p);
}

static int by_number(const void *a, const void *b)
{
	const struct pull_listed *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->uidl_at < y->uidl_at ? -1 : x->uidl_at > y->uidl_at;
}

static bool is_in_order(const struct pull_listing *l)
{
	for (size_t i = 1; i < l->count; i++) {
		if (l->list[i - 1].number >= l->list[i].number)
			return false;
	}
	return true;
}

/* A number that is listed twice keeps nothing that the two do not agree on. */
static void unite(struct gw_pull *p, struct pull_listing *l)
{
	size_t n = 0;

	if (is_in_order(l))
		return;
	qsort(l->list, l->count, sizeof *l->list, by_number);
	for (size_t i = 0; i < l->count; i++) {
		struct pull_listed *last = n > 0 ? &l->list[n - 1] : NULL;

		if (last == NULL || last->number != l->list[i].number) {
			l->list[n++] = l->list[i];
			continue;
		}
		if (last->size != l->list[i].size)
			last->size = 0;
		if (last->uidl_n != l->list[i].uidl_n ||
			(last->uidl_n > 0 &&
				memcmp(p->arena.p + last->uidl_at, p->arena.p + l->list[i].uidl_at,
					last->uidl_n) != 0))
			last->uidl_n = 0;
	}
	l->count = n;
}

static bool merge(struct gw_pull *p)
{
	const struct pull_listed *u = p->uidls.list, *s = p->sizes.list;
	const struct pull_listed *u_end, *s_end;
	size_t n = 0;

	p->items = calloc(p->uidls.count + p->sizes.count + 1, sizeof *p->items);
	if (p->items == NULL)
		return false;
	u_end = p->uidls.count > 0 ? u + p->uidls.count : u;
	s_end = p->sizes.count > 0 ? s + p->sizes.count : s;
	while (u != u_end || s != s_end) {
		bool by_u = s == s_end || (u != u_end && u->number <= s->number);
		uint32_t number = by_u ? u->number : s->number;
		struct gw_pull_item *item = &p->items[n++];

		*item = (struct gw_pull_item){ .number = number, .uidl = { "", 0 } };
		if (u != u_end && u->number == number) {
			if (u->uidl_n > 0)
				item->uidl =
					(struct gw_slice){ p->arena.p + u->uidl_at, u->uidl_n };
			u++;
		}
		if (s != s_end && s->number == number)
			item->size = s++->size;
	}
	p->view.items = p->items;
	p->view.item_count = n;
	return true;
}

static void free_lists(struct gw_pull *p)
{
	free(p->uidls.list);
	free(p->sizes.list);
	p->uidls = p->sizes = (struct pull_listing){ 0 };
}

static void on_size_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;

	(void)number;
	if (p->state != PULL_LISTING || a->end == GW_POP3_BROKEN || a->end == GW_POP3_UNSENT)
		return;
	if (a->end == GW_POP3_REFUSED && !p->has_uidl) {
		refused(p, "LIST", a);
		return;
	}
	unite(p, &p->uidls);
	unite(p, &p->sizes);
	if (!merge(p)) {
		pull_fail_nomem(p);
		return;
	}
	free_lists(p); /* the items have it all */
	pull_listed(p);
}

void pull_free_listing(struct gw_pull *p)
{
	free_lists(p);
	if (p->lines != NULL)
		gw_pop3_lines_deinit(p->lines);
	free(p->lines);
	p->lines = NULL;
	gw_buf_deinit(&p->arena);
	gw_buf_init(&p->arena, ARENA_MAX);
	free(p->items);
	p->items = p->view.items = NULL;
	p->view.item_count = 0;
}

void pull_list(struct gw_pull *p)
{
	const struct gw_pop3_handlers uidl = {
		.data = on_uidl_data, .done = on_uidl_done, .ctx = p
	};
	const struct gw_pop3_handlers list = {
		.data = on_size_data, .done = on_size_done, .ctx = p
	};

	pull_enter(p, PULL_LISTING);
	pull_free_listing(p);
	if (!lines_anew(p) || gw_pop3_ask(p->session, GW_POP3_DO_UIDL, 0, 0, &uidl) != GW_OK ||
		gw_pop3_ask(p->session, GW_POP3_DO_LIST, 0, 0, &list) != GW_OK)
		pull_fail_nomem(p);
}
