/* SPDX-License-Identifier: ISC */
/* pull/restore.c - `godwit restore`: lists what was fetched and has no file here any more, or could
 * not be fetched; and fetches some of it again.  Part of pull_p.h.
 *
 * Such a run fetches, deletes and joins nothing else.  What the server no longer lists cannot be
 * brought back, and is reported as such.
 */
#include "pull/pull_p.h"

#include "base/header.h"

#include <inttypes.h>
#include <stdio.h>

bool pull_restores(const struct gw_pull *p)
{
	return p->options.restore != NULL;
}

bool pull_lists_only(const struct gw_pull *p)
{
	const struct gw_sync_restore *r = p->options.restore;

	return r != NULL && !r->all && r->id_count == 0;
}

void pull_restore_files(struct gw_pull *p, const struct pull_seen *list, size_t n, bool certain)
{
	for (size_t i = 0; i < n; i++)
		p->more[list[i].row].missing = !list[i].seen;
	if (!certain)
		gw_log(p->log, GW_LOG_WARN,
			"%s: not all of %s could be looked into: what is listed may be there",
			p->account->name, p->account->maildir);
}

/* --- which ----------------------------------------------------------------------------------- */

static void format_id(const struct gw_pull *p, size_t row, char out[24])
{
	snprintf(out, 24, "%" PRId64, p->more[row].id);
}

static bool is_chosen(const struct gw_pull *p, size_t row)
{
	const struct gw_sync_restore *r = p->options.restore;
	char id[24];

	format_id(p, row, id);
	for (size_t i = 0; i < r->id_count; i++) {
		if (strcmp(r->ids[i], id) == 0)
			return true;
	}
	return r->all || pull_lists_only(p);
}

static bool is_aside(const struct gw_pull *p, size_t row)
{
	return p->view.rows[row].state == GW_PULL_ASIDE;
}

/* True if it is not here, and was not left out for its size. */
static bool is_absent(const struct gw_pull *p, size_t row)
{
	const struct gw_pull_row *r = &p->view.rows[row];

	return !r->is_file && r->state != GW_PULL_LARGE &&
	       (is_aside(p, row) || !r->has_file || p->more[row].missing);
}

/* --- reports --------------------------------------------------------------------------------- */

/* header: NUL-terminated, or "": it was not asked for. */
static void tell(struct gw_pull *p, size_t row, const char *what, const char *header)
{
	const struct gw_pull_row *r = &p->view.rows[row];
	char id[24], sender[128], subject[256], text[400];
	const char *reason = p->more[row].reason;
	struct gw_sync_step step = { .what = what,
		.id = id,
		.text = text,
		.sender = sender,
		.subject = subject,
		.size = r->size,
		.at = r->delivered_at != 0 ? r->delivered_at : p->more[row].first_seen };

	format_id(p, row, id);
	gw_header_field(header, "From", sender, sizeof sender);
	gw_header_field(header, "Subject", subject, sizeof subject);
	snprintf(text, sizeof text, "%s",
		is_aside(p, row) ? (reason != NULL ? reason : "it is to be fetched again")
		: r->claimed     ? "deleted here, and still on the server"
				 : "deleted here, and not listed by the server any more");
	pull_emit(p, (struct gw_sync_event){
			     .type = GW_SYNC_STEP, .mailbox = pull_folder(p), .step = &step });
}

static void tell_gone(struct gw_pull *p)
{
	for (size_t row = 0; row < p->view.row_count && p->sessions == 1; row++) {
		if (is_absent(p, row) && !p->view.rows[row].claimed && is_chosen(p, row))
			tell(p, row, "gone", "");
	}
}

/* --- the headers of what is listed ----------------------------------------------------------- */

static void show_more(struct gw_pull *p);

static void on_begin(void *ctx, uint32_t number, bool ok)
{
	struct gw_pull *p = ctx;

	(void)number;
	(void)ok;
	p->crlf = (struct gw_crlf){ 0 };
	gw_buf_deinit(&p->header);
	gw_buf_init(&p->header, PULL_SHOWN_MAX);
}

/* Ignores what does not fit. */
static void on_data(void *ctx, uint32_t number, struct gw_slice bytes)
{
	struct gw_pull *p = ctx;
	char text[4097];

	(void)number;
	while (bytes.n > 0) {
		size_t n = bytes.n < sizeof text - 1 ? bytes.n : sizeof text - 1;
		size_t got = gw_crlf_convert(&p->crlf, (struct gw_slice){ bytes.p, n }, text);

		if (gw_buf_append(&p->header, text, got) != GW_OK)
			return;
		bytes.p += n;
		bytes.n -= n;
	}
}

static void on_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_pull *p = ctx;
	size_t row = p->items[pull_item_of(p, number)].row;

	p->pending--;
	if (p->state != PULL_LOOKING || a->end == GW_POP3_BROKEN || a->end == GW_POP3_UNSENT)
		return;
	tell(p, row, is_aside(p, row) ? "aside" : "restorable",
		a->end == GW_POP3_DONE ? gw_buf_cstr(&p->header) : "");
	show_more(p);
}

static void show_more(struct gw_pull *p)
{
	const struct gw_pop3_handlers h = {
		.begin = on_begin, .data = on_data, .done = on_done, .ctx = p
	};

	pull_ask_headers(p, &h);
}

/* --- the run --------------------------------------------------------------------------------- */

/* Returns false when there is no memory. */
static bool choose(struct gw_pull *p, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < p->view.item_count; i++) {
		struct gw_pull_item *item = &p->items[i];
		size_t row = item->row;

		item->todo = GW_PULL_NOTHING;
		if (row == GW_PULL_NONE || !is_absent(p, row) || !is_chosen(p, row))
			continue;
		if (!pull_lists_only(p)) {
			item->todo = GW_PULL_GET;
			if (p->sessions == 1)
				tell(p, row, "restore", "");
			if (!pull_bring_back(p, row))
				return false;
		} else if (p->view.policy.has_top) {
			item->todo = GW_PULL_LOOK;
		} else {
			tell(p, row, is_aside(p, row) ? "aside" : "restorable", "");
		}
		*count += item->todo != GW_PULL_NOTHING;
	}
	return true;
}

void pull_restore(struct gw_pull *p)
{
	size_t count;

	if (!choose(p, &count) || (count > 0 && !gw_pull_index(&p->view))) {
		pull_fail_nomem(p);
		return;
	}
	tell_gone(p);
	if (count == 0) {
		pull_quit(p);
	} else if (pull_lists_only(p)) {
		pull_enter(p, PULL_LOOKING);
		p->next = p->pending = 0;
		show_more(p);
	} else {
		pull_prepare(p);
	}
}
