/* SPDX-License-Identifier: ISC */
/* sync/status.c - see godwit/status.h. */
#include "godwit/status.h"

#include "base/num.h"
#include "imap/utf7.h"
#include "maildir/folder.h"
#include "remote/folders.h"
#include "store/store.h"
#include "sync/here.h"
#include "sync/listed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct reader {
	struct gw_store *store;
	const struct gw_account *account;
	const struct gw_status_sink *sink;
	struct gw_status_mailbox *list; /* owned; its strings owned, but for the pattern */
	struct known {
		int64_t id;
		char *wire; /* owned */
	} * known;          /* owned; of the same mailboxes */
	size_t count, cap, known_count, known_cap;
	struct gw_error *err;
};

static void tell_held(const struct reader *r, const struct gw_status_held *held)
{
	if (r->sink->held != NULL)
		r->sink->held(r->sink->ctx, held);
}

static void tell_account(const struct gw_status_sink *sink, bool known, int64_t changed_at)
{
	if (sink->account != NULL)
		sink->account(sink->ctx, known, changed_at);
}

/* Finds its name from its directory, one to one, unless the configuration gives it another. */
static bool name_it(
	const struct reader *r, const struct gw_mailbox_row *row, struct gw_status_mailbox *m)
{
	struct gw_folder f = { .wire = row->remote_name, .attrs = row->special_use };
	struct gw_buf name, shown;
	bool ok;

	gw_buf_init(&name, 65536);
	gw_buf_init(&shown, 65536);
	ok = gw_folder_name(row->local_dir, '/', r->account->layout, &name) == GW_OK ||
	     gw_utf7_decode(gw_slice_str(row->remote_name), &name) == GW_OK ||
	     gw_buf_puts(&name, row->remote_name) == GW_OK;
	ok = ok && gw_folder_shown(gw_slice_str(gw_buf_cstr(&name)), '/', &shown) == GW_OK;
	f.shown = shown.p;
	if (ok) {
		m->shown = strdup(gw_buf_cstr(&shown));
		m->pattern = gw_folder_decided_by(&f, r->account);
		m->trash = (row->special_use & GW_LIST_TRASH) != 0;
	}
	gw_buf_deinit(&name);
	gw_buf_deinit(&shown);
	return m->shown != NULL;
}

static enum gw_code look_at(
	struct reader *r, const struct gw_mailbox_row *row, struct gw_status_mailbox *m)
{
	struct gw_here here;
	enum gw_code code = gw_here_look(r->store, r->account, row, &here, r->err);

	m->looked = code == GW_OK;
	m->files = here.files;
	m->unread = here.unread;
	m->local_changed = here.changed;
	if (r->account->protocol == GW_PROTOCOL_POP3)
		return code; /* nothing waits to go there */
	m->fresh = here.fresh;
	m->gone = here.gone;
	m->flags = here.flags;
	return code;
}

static enum gw_code take_mailbox(void *ctx, const struct gw_mailbox_row *row)
{
	struct reader *r = ctx;
	struct gw_status_mailbox *m =
		gw_array_push((void **)&r->list, &r->count, &r->cap, sizeof *r->list);
	struct known *known =
		gw_array_push((void **)&r->known, &r->known_count, &r->known_cap, sizeof *r->known);

	if (m == NULL || known == NULL)
		return GW_ERR_NOMEM;
	*m = (struct gw_status_mailbox){ .name = strdup(row->local_dir),
		.uidvalidity = row->uidvalidity,
		.highestmodseq = row->highestmodseq };
	*known = (struct known){ row->id, strdup(row->remote_name) };
	if (known->wire == NULL || m->name == NULL || !name_it(r, row, m))
		return GW_ERR_NOMEM;
	return r->sink->look ? look_at(r, row, m) : GW_OK;
}

/* Returns its name as `sync` takes it. */
static const char *shown_name(const struct reader *r, const char *wire)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->known[i].wire, wire) == 0)
			return r->list[i].shown;
	}
	return wire;
}

static enum gw_code take_held(
	void *ctx, const char *name, uint32_t uid, const char *base_name, const char *reason)
{
	struct reader *r = ctx;
	const struct gw_status_held held = {
		.mailbox = shown_name(r, name), .uid = uid, .base_name = base_name, .reason = reason
	};

	tell_held(r, &held);
	return GW_OK;
}

static enum gw_code tell_mailboxes(struct reader *r, struct gw_error *err)
{
	enum gw_code code = gw_store_mailboxes(r->store, 0, take_mailbox, r, err);

	for (size_t i = 0; i < r->count && code == GW_OK; i++) {
		code = r->account->protocol == GW_PROTOCOL_POP3
			       ? gw_store_pulled_count(r->store, &r->list[i].messages, err)
			       : gw_store_count(
					 r->store, r->known[i].id, &r->list[i].messages, err);
		if (code == GW_OK && r->account->direction == GW_DIRECTION_PUSH)
			code = gw_store_count_outside(
				r->store, r->known[i].id, &r->list[i].there_only, err);
		if (code == GW_OK)
			r->sink->mailbox(r->sink->ctx, &r->list[i]);
	}
	return code;
}

static void free_mailboxes(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free((char *)(uintptr_t)r->list[i].name);
		free((char *)(uintptr_t)r->list[i].shown);
	}
	for (size_t i = 0; i < r->known_count; i++)
		free(r->known[i].wire);
	free(r->list);
	free(r->known);
}

static enum gw_code tell_last(struct reader *r, struct gw_error *err)
{
	struct gw_last last;
	enum gw_code code = gw_last_read(r->account, &last, err);

	if (code == GW_OK)
		r->sink->last(r->sink->ctx, &last);
	return code;
}

static enum gw_code tell_day(struct reader *r, struct gw_error *err)
{
	uint64_t down = 0, up = 0;
	int64_t at = 0;
	enum gw_code code = gw_store_fact_number(r->store, GW_FACT_NOT_BEFORE, &at, err);

	if (code == GW_OK)
		code = gw_store_day(r->store, gw_store_today(), &down, &up, err);
	if (code == GW_OK)
		r->sink->day(r->sink->ctx, down, up, at > (int64_t)time(NULL) ? at : 0);
	return code;
}

enum gw_code gw_status_read(
	const struct gw_account *account, const struct gw_status_sink *sink, struct gw_error *err)
{
	struct reader r = { .sink = sink, .account = account, .err = err };
	char *path = NULL;
	int64_t at = 0;
	enum gw_code code;

	if (asprintf(&path, "%s/%s.db", account->state_dir, account->name) < 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = gw_store_open(path, GW_STORE_READ, &r.store, err);
	free(path);
	if (code == GW_OK && sink->last != NULL)
		code = tell_last(&r, err);
	if (code != GW_OK) {
		gw_store_close(r.store);
		return code;
	}
	if (r.store == NULL) {
		tell_account(sink, false, 0);
		return GW_OK;
	}
	code = gw_store_fact_number(r.store, GW_FACT_CHANGED, &at, err);
	if (code == GW_OK)
		tell_account(sink, true, at);
	if (code == GW_OK && sink->day != NULL)
		code = tell_day(&r, err);
	if (code == GW_OK)
		code = tell_mailboxes(&r, err);
	if (code == GW_OK)
		code = gw_listed_read(r.store, account, take_held, &r, err);
	free_mailboxes(&r);
	gw_store_close(r.store);
	return code;
}
