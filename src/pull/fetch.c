/* SPDX-License-Identifier: ISC */
/* pull/fetch.c - headers, messages, deletions and QUIT of one session; part of pull_p.h.
 *
 * I1  a message counts when the answer after it has begun: a server that forgets to stuff dots
 *     ends a message too soon, and its rest is no answer.
 * I2  plan/pull.h judges what is asked of a session before QUIT; nothing is deleted that was not
 *     seen to be the row's message in this session, and recorded in a committed transaction.
 */
#include "pull/pull_p.h"

#include "base/sorted.h"
#include "pop3/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Limits after which a session ends, so that deletions and a server's own marks take hold, and
 * newer mail is listed. */
enum { SESSION_MESSAGES = 1000, SESSION_BYTES = 64 << 20, SESSION_MS = 5 * 60 * 1000 };

/* A UIDL of more octets is not compared with what the server says of one message (RFC 1939: 70). */
enum { PROBE_MAX = 70 };

static bool is_gone(const struct gw_pop3_answer *a)
{
	return a->end == GW_POP3_BROKEN || a->end == GW_POP3_UNSENT;
}

size_t pull_item_of(const struct gw_pull *p, uint32_t number)
{
	return GW_LOWER_BOUND(p->items, p->view.item_count, number, number);
}

static bool is_among(const struct pull_numbers *numbers, uint32_t number)
{
	for (size_t i = 0; i < numbers->count; i++) {
		if (numbers->list[i] == number)
			return true;
	}
	return false;
}

/* Without memory it is asked again, which is bounded as well. */
static void add_number(struct pull_numbers *numbers, uint32_t number)
{
	uint32_t *slot = gw_array_push(
		(void **)&numbers->list, &numbers->count, &numbers->cap, sizeof *slot);

	if (slot != NULL)
		*slot = number;
}

/* --- headers --------------------------------------------------------------------------------- */

static void look_more(struct gw_pull *p);

void pull_print_wire(struct gw_pull *p, struct gw_slice bytes)
{
	char text[4097];

	while (bytes.n > 0) {
		size_t n = bytes.n < sizeof text - 1 ? bytes.n : sizeof text - 1;
		size_t got = gw_crlf_convert(&p->crlf, (struct gw_slice){ bytes.p, n }, text);

		gw_printer_update(&p->printer, text, got);
		bytes.p += n;
		bytes.n -= n;
	}
}

static void on_head_begin(void *ctx, uint32_t number, bool ok)
{
	struct gw_pull *p = ctx;

	(void)number;
	(void)ok;
	gw_printer_init(&p->printer);
	p->crlf = (struct gw_crlf){ 0 };
}

static void on_head_data(void *ctx, uint32_t number, struct gw_slice bytes)
{
	(void)number;
	pull_print_wire(ctx, bytes);
}

/* Takes its UIDL from a row whose UIDL is another message's; the row itself stays. */
static void unname(struct gw_pull *p, size_t row)
{
	if (row != GW_PULL_NONE && pull_set_uidl(p, row, (struct gw_slice){ "", 0 }) != GW_OK)
		pull_fail_nomem(p);
}

/* The item is the row's message: it has the item's name and size from now on. */
static enum gw_code take_name(struct gw_pull *p, size_t i)
{
	const struct gw_pull_item *item = &p->items[i];
	struct gw_pull_row *row = &p->view.rows[item->row];
	bool named =
		item->uidl.n == row->uidl.n && memcmp(item->uidl.p, row->uidl.p, row->uidl.n) == 0;

	if (item->size != 0 && row->size != item->size) {
		row->size = item->size;
		p->more[item->row].dirty = true;
	}
	return named ? GW_OK : pull_set_uidl(p, item->row, item->uidl);
}

/* A file that no row knew becomes one. */
static enum gw_code adopt(struct gw_pull *p, size_t i)
{
	struct gw_pull_row *row = &p->view.rows[p->items[i].row];
	struct pull_more *more = &p->more[p->items[i].row];
	enum gw_code code = take_name(p, i);

	if (!row->is_file || code != GW_OK)
		return code;
	row->is_file = false;
	row->delivered_at = more->first_seen = more->listed_at = p->view.policy.now;
	row->delivered_age = p->view.policy.age;
	return pull_batch_add(p, PULL_JOIN, p->items[i].row, NULL);
}

static void on_head_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	static const uint8_t none[GW_PULL_HASH];
	struct gw_pull *p = ctx;
	size_t i = pull_item_of(p, number), not_its = GW_PULL_NONE;
	struct gw_fingerprint f;

	p->pending--;
	if (a->end == GW_POP3_BROKEN)
		add_number(&p->no_head, number);
	if (is_gone(a) || p->state != PULL_LOOKING)
		return;
	gw_printer_final(&p->printer, &f);
	if (a->end == GW_POP3_REFUSED) {
		pull_forget_offer(p);
		p->items[i].todo = GW_PULL_GET;
	} else {
		gw_pull_looked(&p->view, i, f.header,
			f.has_received || memcmp(f.msgid, none, sizeof none) != 0, &not_its);
		unname(p, not_its);
		if (p->items[i].row != GW_PULL_NONE && p->items[i].identified &&
			adopt(p, i) != GW_OK) {
			pull_fail_nomem(p);
			return;
		}
	}
	if (p->state == PULL_LOOKING)
		look_more(p);
}

void pull_ask_headers(struct gw_pull *p, const struct gw_pop3_handlers *h)
{
	for (; p->next < p->view.item_count && p->pending < gw_pop3_depth(p->session); p->next++) {
		if (p->items[p->next].todo != GW_PULL_LOOK)
			continue;
		p->pending++;
		if (gw_pop3_ask(p->session, GW_POP3_DO_TOP, p->items[p->next].number,
			    PULL_HEADER_OCTETS, h) != GW_OK) {
			pull_fail_nomem(p);
			return;
		}
	}
	if (p->pending == 0)
		pull_looked(p);
}

static void look_more(struct gw_pull *p)
{
	const struct gw_pop3_handlers h = {
		.begin = on_head_begin, .data = on_head_data, .done = on_head_done, .ctx = p
	};

	pull_ask_headers(p, &h);
}

void pull_spare_headers(struct gw_pull *p)
{
	for (size_t i = 0; i < p->view.item_count && p->no_head.count > 0; i++) {
		if (is_among(&p->no_head, p->items[i].number))
			gw_pull_not_looked(&p->view, i);
	}
}

void pull_look(struct gw_pull *p)
{
	pull_enter(p, PULL_LOOKING);
	if (p->ahead) {
		pull_looked(p);
		return;
	}
	p->next = p->pending = 0;
	look_more(p);
}

/* --- messages -------------------------------------------------------------------------------- */

static void get_more(struct gw_pull *p);

/* Counts a failure.  After three runs the message is set aside, reported in each, and tried again
 * weekly.  A lost connection counts against it only if others come through afterwards
 * (in_doubt). */
static void blame(struct gw_pull *p, size_t i, const char *why, bool in_doubt)
{
	struct gw_pull_item *item = &p->items[i];
	char name[300];
	struct gw_error err = { 0 };
	size_t row = item->row;
	bool known = row != GW_PULL_NONE && p->view.rows[row].state != GW_PULL_ASIDE &&
		     p->view.rows[row].state != GW_PULL_LARGE;

	pull_describe(p, i, name, sizeof name);
	item->todo = GW_PULL_LEAVE_ASIDE;
	gw_fail(&err, GW_ERR_REFUSED, "%s could not be fetched: %s; %s", name, why,
		known ? "it is here already" : "it stays on the server, and is tried again");
	pull_problem(p, &err);
	if (item->uidl.n == 0) {
		add_number(&p->skip, item->number);
		return;
	}
	if (known) {
		p->more[row].blamed = true;
		return;
	}
	if (row == GW_PULL_NONE && (row = pull_add_row(p, item->uidl)) != GW_PULL_NONE) {
		p->view.rows[row].state = GW_PULL_ASIDE;
		p->view.rows[row].claimed = true;
		p->view.rows[row].size = item->size;
		p->more[row].first_seen = p->more[row].listed_at = p->view.policy.now;
		item->row = row;
	}
	if (row == GW_PULL_NONE || p->more[row].blamed)
		return;
	p->view.rows[row].state = GW_PULL_ASIDE;
	p->view.rows[row].tries += !in_doubt;
	p->view.rows[row].tried_at = p->view.policy.now;
	p->more[row].blamed = true;
	p->more[row].doubt = in_doubt;
	p->more[row].doubt_at = p->run_got;
	pull_set_reason(p, row, err.text);
	if (pull_batch_add(p, PULL_PUT, row, NULL) != GW_OK)
		pull_fail_nomem(p);
}

/* Drops what arrived: it is here already. */
static void take_known(struct gw_pull *p, size_t i, struct gw_delivered *file)
{
	size_t row = p->items[i].row;

	gw_delivered_drop(file, &p->maildir);
	p->more[row].got = true;
	if (adopt(p, i) != GW_OK)
		pull_fail_nomem(p);
}

static void take_new(struct gw_pull *p, size_t i, struct gw_delivered *file)
{
	struct gw_pull_item *item = &p->items[i];
	size_t row = item->row != GW_PULL_NONE ? item->row : pull_add_row(p, item->uidl);
	struct gw_pull_row *r;
	struct pull_more *m;

	if (row == GW_PULL_NONE) {
		gw_delivered_drop(file, &p->maildir);
		pull_fail_nomem(p);
		return;
	}
	r = &p->view.rows[row];
	m = &p->more[row];
	item->row = row;
	item->identified = r->claimed = r->has_body = true;
	r->state = GW_PULL_HERE;
	r->size = item->size;
	memcpy(r->header, file->print.header, GW_PULL_HASH);
	memcpy(r->body, file->print.body, GW_PULL_HASH);
	memcpy(r->msgid, file->print.msgid, GW_PULL_HASH);
	m->dir_inode = p->maildir_inode;
	r->delivered_at = m->listed_at = p->view.policy.now;
	r->delivered_age = p->view.policy.age;
	if (m->first_seen == 0)
		m->first_seen = p->view.policy.now;
	r->recorded = r->sealed = false;
	r->tries = 0;
	r->is_short = item->size != 0 && file->wire_size < item->size;
	p->shorter += r->is_short;
	p->exact += item->size != 0 && !r->is_short;
	m->got = true;
	pull_set_reason(p, row, "");
	p->session_stored++;
	if (pull_batch_add(p, PULL_STORE, row, file) != GW_OK)
		pull_fail_nomem(p);
}

void pull_drop_held(struct gw_pull *p)
{
	if (p->held.is)
		gw_delivered_drop(&p->held.file, &p->maildir);
	p->held.is = false;
}

/* I1: the next answer has begun. */
static void confirm(struct gw_pull *p)
{
	struct gw_delivered file = p->held.file;
	struct gw_pull_print print = { .about = file.print.about };
	size_t i = p->held.item, not_its = GW_PULL_NONE, row;

	if (!p->held.is)
		return;
	p->held.is = false;
	memcpy(print.header, file.print.header, GW_PULL_HASH);
	memcpy(print.body, file.print.body, GW_PULL_HASH);
	memcpy(print.msgid, file.print.msgid, GW_PULL_HASH);
	p->counts.bytes_downloaded += file.wire_size;
	p->session_bytes += file.wire_size;
	p->session_messages++;
	p->run_got++;
	row = gw_pull_got(&p->view, i, &print, &not_its);
	unname(p, not_its);
	if (row != GW_PULL_NONE)
		take_known(p, i, &file);
	else
		take_new(p, i, &file);
	pull_emit(p, (struct gw_sync_event){ .type = GW_SYNC_PROGRESS });
}

static void on_message_begin(void *ctx, uint32_t number, bool ok)
{
	struct gw_pull *p = ctx;
	struct gw_error err = { 0 };

	(void)number;
	confirm(p);
	p->coming = 0;
	if (p->state == PULL_GETTING && ok &&
		gw_deliver_begin(p->writer, &p->maildir, &err) != GW_OK)
		pull_fail(p, &err);
}

static void on_message_data(void *ctx, uint32_t number, struct gw_slice bytes)
{
	struct gw_pull *p = ctx;
	uint64_t most = p->account->pop3.max_size;

	(void)number;
	if (p->state != PULL_GETTING)
		return;
	p->coming += bytes.n;
	gw_deliver_data(p->writer, bytes);
	if (most != 0 && p->coming > most && p->coming - most > most / 8) {
		struct gw_error err = { 0 };

		gw_fail(&err, GW_ERR_LIMIT,
			"more comes than was listed, and than `max-size` allows");
		gw_deliver_drop(p->writer);
		blame(p, pull_item_of(p, number), err.text, false);
		pull_lose(p, &err);
	}
}

/* Takes a message that arrived whole, by the server's word. */
static void take_message(struct gw_pull *p, size_t i)
{
	struct gw_error err = { 0 };

	if (gw_deliver_end(p->writer, &err) != GW_OK) {
		pull_fail(p, &err);
		return;
	}
	if (p->coming == 0 && p->items[i].size > 0) {
		gw_deliver_drop(p->writer);
		blame(p, i, "nothing came of it", false);
		return;
	}
	gw_deliver_take(p->writer, &p->held.file);
	p->held.item = i;
	p->held.is = true;
}

static void on_message_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;
	size_t i = pull_item_of(p, number);
	char why[300];

	p->pending--;
	if (p->state != PULL_GETTING)
		return;
	if (a->end == GW_POP3_DONE) {
		take_message(p, i);
	} else if (a->end == GW_POP3_REFUSED) {
		snprintf(why, sizeof why, "%s: %.*s", p->account->host,
			(int)(a->text.n < 200 ? a->text.n : 200), a->text.p);
		blame(p, i, why, false);
	} else if (a->end == GW_POP3_BROKEN) {
		/* Whole or not, it was the last to be heard of; the one before it counts no more
		 * than this one. */
		gw_deliver_drop(p->writer);
		if (p->held.is && a->err->code == GW_ERR_PROTOCOL) {
			i = p->held.item;
			pull_drop_held(p);
		}
		blame(p, i, a->err->text, a->err->code != GW_ERR_PROTOCOL);
	}
	if (p->state == PULL_GETTING && !is_gone(a))
		get_more(p);
}

/* --- are the numbers still those of the listing? ---------------------------------------------- */

/* A maildrop that is not locked may lose a message to another client, and be numbered anew.  Then DELE
 * hits another message, and what came has another's name.  The last number changes with any other. */
static void delete_or_not(struct gw_pull *p);

static bool is_plain(struct gw_slice uidl)
{
	for (size_t i = 0; i < uidl.n; i++) {
		if (uidl.p[i] <= ' ' || uidl.p[i] > '~')
			return false;
	}
	return uidl.n > 0 && uidl.n <= PROBE_MAX;
}

/* The last message whose UIDL can be compared; GW_PULL_NONE: no message has one. */
static size_t last_named(const struct gw_pull *p)
{
	for (size_t i = p->view.item_count; i-- > 0;) {
		if (is_plain(p->items[i].uidl))
			return i;
	}
	return GW_PULL_NONE;
}

static bool names_another(const struct gw_pull_item *item, struct gw_slice line)
{
	struct gw_slice uidl = { "", 0 };
	uint32_t number;

	return gw_pop3_read_uidl(line, &number, &uidl) &&
	       (number != item->number || uidl.n != item->uidl.n ||
		       memcmp(uidl.p, item->uidl.p, uidl.n) != 0);
}

static void on_last_begin(void *ctx, uint32_t number, bool ok)
{
	(void)number;
	(void)ok;
	confirm(ctx);
}

/* The connection was lost: what is held came whole or not. */
static void drop_last(struct gw_pull *p, const struct gw_pop3_answer *a)
{
	size_t i = p->held.item;

	if (p->state != PULL_GETTING || !p->held.is)
		return;
	pull_drop_held(p);
	if (a->err->code == GW_ERR_PROTOCOL)
		blame(p, i, a->err->text, false);
}

static void go_on(struct gw_pull *p)
{
	if (p->state == PULL_GETTING)
		pull_got(p);
	else if (p->state == PULL_DELETING)
		delete_or_not(p);
}

static void on_exists(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;

	(void)number;
	p->pending--;
	if (is_gone(a))
		return;
	p->moved |= a->end == GW_POP3_REFUSED;
	go_on(p);
}

static void on_last_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	const struct gw_pop3_handlers exists = { .done = on_exists, .ctx = ctx };
	struct gw_pull *p = ctx;

	p->pending--;
	if (is_gone(a)) {
		drop_last(p, a);
	} else if (number != 0 && a->end == GW_POP3_REFUSED) {
		p->pending++; /* is it gone, or does the server not know UIDL of one? */
		if (gw_pop3_ask(p->session, GW_POP3_DO_LIST, number, 0, &exists) != GW_OK)
			pull_fail_nomem(p);
	} else {
		p->moved |=
			number != 0 && names_another(&p->items[pull_item_of(p, number)], a->text);
		go_on(p);
	}
}

static void ask_last(struct gw_pull *p)
{
	const struct gw_pop3_handlers h = {
		.begin = on_last_begin, .done = on_last_done, .ctx = p
	};
	size_t i = last_named(p);

	p->pending++;
	if (gw_pop3_ask(p->session, i != GW_PULL_NONE ? GW_POP3_DO_UIDL : GW_POP3_DO_NOOP,
		    i != GW_PULL_NONE ? p->items[i].number : 0, 0, &h) != GW_OK)
		pull_fail_nomem(p);
}

/* What was fetched or looked at has no name until the next session knows it by its content. */
static void disown(struct gw_pull *p)
{
	struct gw_error err = { 0 };

	for (size_t i = 0; i < p->view.item_count; i++) {
		if (p->items[i].identified)
			unname(p, p->items[i].row);
	}
	gw_fail(&err, GW_ERR_REFUSED,
		"%s numbered its messages anew within a session, so nothing was deleted there",
		p->account->host);
	pull_problem(p, &err);
}

/* --- one after the other ---------------------------------------------------------------------- */

/* True if QUIT makes anything take hold. */
static bool quit_counts(const struct gw_pull *p)
{
	const struct gw_pull_policy *policy = &p->view.policy;

	return policy->marks || policy->deletes || policy->keep != GW_PULL_KEEP_FOREVER;
}

static bool is_used_up(const struct gw_pull *p)
{
	/* Where sessions have to keep a distance, one does it all. */
	if (gw_pop3_capabilities(p->session)->login_delay > 0)
		return false;
	return uv_now(p->loop) - p->began_ms >= SESSION_MS ||
	       (quit_counts(p) && (p->session_messages >= SESSION_MESSAGES ||
					  p->session_bytes >= SESSION_BYTES));
}

static bool is_skipped(const struct gw_pull *p, const struct gw_pull_item *item)
{
	if (item->row != GW_PULL_NONE && p->more[item->row].blamed)
		return true;
	return item->uidl.n == 0 && is_among(&p->skip, item->number);
}

static void get_more(struct gw_pull *p)
{
	const struct gw_pop3_handlers h = { .begin = on_message_begin,
		.data = on_message_data,
		.done = on_message_done,
		.ctx = p };
	bool used_up = is_used_up(p);

	while (p->order[p->next] != GW_PULL_NONE && p->pending < gw_pop3_depth(p->session) &&
		!used_up) {
		const struct gw_pull_item *item = &p->items[p->order[p->next++]];

		p->pending++;
		p->session_got++;
		if (gw_pop3_ask(p->session, GW_POP3_DO_RETR, item->number, item->size, &h) !=
			GW_OK) {
			pull_fail_nomem(p);
			return;
		}
	}
	p->more_left |= used_up && p->order[p->next] != GW_PULL_NONE;
	if (p->pending > 0)
		return;
	if (p->session_got == 0) {
		pull_got(p);
		return;
	}
	ask_last(p);
}

/* The newest first; what broke something before comes last. */
static void order_items(struct gw_pull *p)
{
	size_t n = 0;

	for (int tried = 0; tried < 2; tried++) {
		for (size_t i = p->view.item_count; i-- > 0;) {
			const struct gw_pull_item *item = &p->items[i];
			bool before = item->row != GW_PULL_NONE &&
				      p->view.rows[item->row].state == GW_PULL_ASIDE;

			if (item->todo != GW_PULL_GET || is_skipped(p, item) || before != tried)
				continue;
			p->order[n++] = i;
			p->counts.to_download++;
			p->counts.bytes_to_download += item->size;
		}
	}
	p->order[n] = GW_PULL_NONE;
}

/* Returns false when there is no memory. */
static bool begin_getting(struct gw_pull *p)
{
	free(p->order);
	p->order = calloc(p->view.item_count + 1, sizeof *p->order);
	if (p->writer == NULL)
		p->writer = gw_deliver_new();
	if (p->order == NULL || p->writer == NULL)
		return false;
	p->counts.to_download = p->counts.downloaded;
	order_items(p);
	p->next = p->pending = 0;
	return true;
}

void pull_get_ahead(struct gw_pull *p)
{
	for (size_t i = 0; i < p->view.item_count; i++) {
		if (p->items[i].todo == GW_PULL_LOOK)
			return;
	}
	if (!begin_getting(p) || p->order[0] == GW_PULL_NONE) /* pull_get() will say so */
		return;
	pull_pace(p);
	p->ahead = true;
	get_more(p);
}

void pull_get(struct gw_pull *p)
{
	bool ahead = p->ahead;

	p->ahead = false;
	pull_enter(p, PULL_GETTING);
	if (!ahead && !begin_getting(p)) {
		pull_fail_nomem(p);
		return;
	}
	if (p->order[0] != GW_PULL_NONE)
		pull_stage(p, "fetching");
	pull_pace(p);
	if (!ahead)
		get_more(p);
}

/* --- deletions ------------------------------------------------------------------------------- */

static void delete_more(struct gw_pull *p);

static void on_delete_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;
	size_t row = p->items[pull_item_of(p, number)].row;

	p->pending--;
	if (p->state != PULL_DELETING || is_gone(a))
		return;
	if (a->end == GW_POP3_DONE)
		p->more[row].dele_ok = true;
	else
		gw_log(p->log, GW_LOG_WARN, "%s does not delete message %" PRIu32 ": %.*s",
			p->account->host, number, (int)(a->text.n < 200 ? a->text.n : 200),
			a->text.p);
	delete_more(p);
}

static void delete_more(struct gw_pull *p)
{
	const struct gw_pop3_handlers h = { .done = on_delete_done, .ctx = p };

	for (; p->next < p->view.item_count && p->pending < gw_pop3_depth(p->session); p->next++) {
		char name[300], text[400];

		if (!gw_pull_may_delete(&p->view, p->next))
			continue;
		pull_describe(p, p->next, name, sizeof name);
		snprintf(text, sizeof text, "%s %s", name,
			p->view.rows[p->items[p->next].row].has_file ||
					p->account->pop3.keep == GW_KEEP_NO
				? "is here, and `keep` lets it go"
				: "was deleted here");
		pull_journal(p, "delete-there", p->more[p->items[p->next].row].base_name, text);
		p->pending++;
		if (gw_pop3_ask(p->session, GW_POP3_DO_DELE, p->items[p->next].number, 0, &h) !=
			GW_OK) {
			pull_fail_nomem(p);
			return;
		}
	}
	if (p->pending == 0)
		pull_deleted(p);
}

static void delete_or_not(struct gw_pull *p)
{
	if (!p->moved) {
		delete_more(p);
		return;
	}
	disown(p);
	pull_deleted(p);
}

static bool deletes_something(const struct gw_pull *p)
{
	for (size_t i = 0; i < p->view.item_count; i++) {
		if (gw_pull_may_delete(&p->view, i))
			return true;
	}
	return false;
}

void pull_delete(struct gw_pull *p)
{
	pull_enter(p, PULL_DELETING);
	p->next = p->pending = 0;
	if (p->session_got == 0 && deletes_something(p)) /* else it was asked just now */
		ask_last(p);
	else
		delete_or_not(p);
}

/* --- QUIT ------------------------------------------------------------------------------------ */

static void on_quit_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;

	(void)number;
	if (p->state == PULL_QUITTING && !is_gone(a))
		pull_quitted(p, a->end == GW_POP3_DONE);
}

void pull_quit(struct gw_pull *p)
{
	const struct gw_pop3_handlers h = { .done = on_quit_done, .ctx = p };

	pull_enter(p, PULL_QUITTING);
	/* What verify fetched must not count as fetched. */
	if (p->options.verify && p->options.verify_bodies && p->view.policy.marks) {
		pull_quitted(p, true);
		return;
	}
	if (gw_pop3_ask(p->session, GW_POP3_DO_QUIT, 0, 0, &h) != GW_OK)
		pull_fail_nomem(p);
}
