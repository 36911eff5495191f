/* SPDX-License-Identifier: ISC */
/* pull/verify.c - the maildrop and the tree against the state, message by message; part of pull_p.h.
 *
 * Nothing is fetched, deleted or joined.  Repair takes a name that is another message's from its row:
 * the next sync finds the message by its content.
 */
#include "pull/pull_p.h"

#include <stdarg.h>
#include <stdio.h>

static void tell(struct gw_pull *p, bool due, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* due: the next sync carries it over. */
static void tell(struct gw_pull *p, bool due, const char *fmt, ...)
{
	char text[700];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (due)
		p->counts.due++;
	else
		p->counts.findings++;
	pull_emit(p, (struct gw_sync_event){
			     .type = GW_SYNC_FINDING, .mailbox = pull_folder(p), .text = text });
}

/* --- here ------------------------------------------------------------------------------------ */

void pull_verify_files(struct gw_pull *p, const struct pull_seen *list, size_t n, bool certain)
{
	for (size_t i = 0; i < n; i++) {
		size_t row = list[i].row;

		if (list[i].seen || !certain || p->view.rows[row].state != GW_PULL_HERE)
			continue;
		tell(p, true, "%s: the file is not here any more; %s", p->more[row].base_name,
			p->view.policy.deletes ? "the next sync deletes the message on the server"
					       : "the message stays on the server");
	}
	if (!certain)
		gw_log(p->log, GW_LOG_WARN, "%s: not all of %s could be looked into",
			p->account->name, p->account->maildir);
}

/* --- there ----------------------------------------------------------------------------------- */

static void verify_more(struct gw_pull *p);

static bool is_known(const struct gw_pull *p, size_t i)
{
	size_t row = p->items[i].row;

	return row != GW_PULL_NONE && p->view.rows[row].state != GW_PULL_ASIDE &&
	       p->view.rows[row].state != GW_PULL_LARGE;
}

static void tell_unknown(struct gw_pull *p, size_t i)
{
	const struct gw_pull_item *item = &p->items[i];
	char name[300];

	pull_describe(p, i, name, sizeof name);
	if (item->row == GW_PULL_NONE)
		tell(p, true,
			"%s: not in the state; the next sync fetches it, or finds that it is "
			"here",
			name);
	else if (p->view.rows[item->row].state == GW_PULL_ASIDE)
		tell(p, false, "%s: it could not be fetched so far", name);
}

/* Several have its name, or it has none: a row is its own if the header is. */
static void find_row(struct gw_pull *p, size_t i, const struct gw_fingerprint *f)
{
	static const uint8_t none[GW_PULL_HASH];
	size_t not_its;

	gw_pull_looked(&p->view, i, f->header,
		f->has_received || memcmp(f->msgid, none, sizeof none) != 0, &not_its);
	if (p->items[i].row == GW_PULL_NONE)
		tell_unknown(p, i);
}

static void compare(struct gw_pull *p, size_t i, const struct gw_fingerprint *f)
{
	struct gw_pull_row *row = &p->view.rows[p->items[i].row];
	char name[300];

	if (memcmp(f->header, row->header, GW_PULL_HASH) == 0 &&
		(!p->options.verify_bodies || !row->has_body ||
			memcmp(f->body, row->body, GW_PULL_HASH) == 0))
		return;
	pull_describe(p, i, name, sizeof name);
	tell(p, false, "%s: another message than the one that was fetched under this name", name);
	if (p->options.repair &&
		pull_set_uidl(p, p->items[i].row, (struct gw_slice){ "", 0 }) != GW_OK)
		pull_fail_nomem(p);
}

static void on_begin(void *ctx, uint32_t number, bool ok)
{
	struct gw_pull *p = ctx;

	(void)number;
	(void)ok;
	gw_printer_init(&p->printer);
	p->crlf = (struct gw_crlf){ 0 };
}

static void on_data(void *ctx, uint32_t number, struct gw_slice bytes)
{
	(void)number;
	pull_print_wire(ctx, bytes);
}

static void on_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;
	size_t i = pull_item_of(p, number);
	struct gw_fingerprint f;
	char name[300];

	p->pending--;
	if (p->state != PULL_LOOKING || a->end == GW_POP3_BROKEN || a->end == GW_POP3_UNSENT)
		return;
	if (a->end == GW_POP3_DONE) {
		gw_printer_final(&p->printer, &f);
		if (p->items[i].row == GW_PULL_NONE)
			find_row(p, i, &f);
		else
			compare(p, i, &f);
	} else {
		pull_describe(p, i, name, sizeof name);
		tell(p, false, "%s: %s does not show it: %.*s", name, p->account->host,
			(int)(a->text.n < 200 ? a->text.n : 200), a->text.p);
	}
	if (p->state == PULL_LOOKING)
		verify_more(p);
}

static void verify_more(struct gw_pull *p)
{
	const struct gw_pop3_handlers h = {
		.begin = on_begin, .data = on_data, .done = on_done, .ctx = p
	};
	enum gw_pop3_verb verb = p->options.verify_bodies ? GW_POP3_DO_RETR : GW_POP3_DO_TOP;

	for (; p->next < p->view.item_count && p->pending < gw_pop3_depth(p->session); p->next++) {
		const struct gw_pull_item *item = &p->items[p->next];

		if (!is_known(p, p->next) && item->todo != GW_PULL_LOOK) {
			tell_unknown(p, p->next);
			continue;
		}
		if (verb == GW_POP3_DO_TOP && !p->view.policy.has_top)
			continue;
		p->pending++;
		if (gw_pop3_ask(p->session, verb, item->number,
			    verb == GW_POP3_DO_TOP ? PULL_HEADER_OCTETS : item->size,
			    &h) != GW_OK) {
			pull_fail_nomem(p);
			return;
		}
	}
	if (p->pending == 0)
		pull_looked(p);
}

void pull_verify(struct gw_pull *p)
{
	struct gw_error err = { 0 };

	pull_enter(p, PULL_LOOKING);
	if (!p->view.policy.has_top && !p->options.verify_bodies) {
		gw_fail(&err, GW_ERR_REFUSED,
			"%s has no TOP, so headers were not compared; `--bodies` fetches all of each "
			"message",
			p->account->host);
		pull_problem(p, &err);
	}
	p->next = p->pending = 0;
	verify_more(p);
}
