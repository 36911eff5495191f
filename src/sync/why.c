/* SPDX-License-Identifier: ISC */
/* sync/why.c - see godwit/why.h.
 *
 * The log is read twice: once for the Message-ID of what was asked for by UID or file, which a move
 * changes, and once for all lines of that message.
 */
#include "godwit/why.h"

#include "maildir/fingerprint.h"
#include "maildir/folder.h"
#include "maildir/name.h"
#include "store/journal.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 8192 };

struct search {
	const struct gw_why_query *query;
	const struct gw_why_sink *sink;
	enum gw_layout layout;
	char *base;             /* owned; of the file asked for; NULL: not asked so */
	char id[GW_JOURNAL_ID]; /* empty: not known */
	/* of the mailbox whose rows are read */
	const char *shown;
	struct gw_error *err;
};

struct mailbox {
	int64_t id;
	char *shown; /* owned; as `sync` takes it */
};

struct mailboxes {
	struct mailbox *list; /* owned */
	size_t count, cap;
	enum gw_layout layout;
};

static char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;

	return gw_slice_dup(gw_name_split(name).base);
}

static void set_id(struct search *s, const uint8_t *digest)
{
	static const uint8_t none[GW_HASH_BYTES];

	if (digest != NULL && s->id[0] == '\0' && memcmp(digest, none, sizeof none) != 0)
		gw_journal_id(digest, s->id);
}

/* A header with this field alone has the digest that a message with it has. */
static void digest_message_id(struct search *s, const char *message_id)
{
	bool bare = *message_id != '<';
	struct gw_printer printer;
	struct gw_fingerprint print;
	char *field = NULL;
	int n = asprintf(
		&field, "Message-ID: %s%s%s\n\n", bare ? "<" : "", message_id, bare ? ">" : "");

	if (n < 0)
		return;
	gw_printer_init(&printer);
	gw_printer_update(&printer, field, (size_t)n);
	gw_printer_final(&printer, &print);
	set_id(s, print.msgid);
	free(field);
}

static void digest_file(struct search *s, const char *path)
{
	struct gw_fingerprint print;
	struct gw_file_facts facts;
	struct gw_error ignored = { 0 };

	if (gw_fingerprint_file(AT_FDCWD, path, &print, &facts, &ignored) == GW_OK)
		set_id(s, print.msgid);
}

/* --- the state ------------------------------------------------------------------------------- */

static bool is_row(const struct search *s, const struct gw_message_row *row)
{
	char id[GW_JOURNAL_ID] = "";

	if (s->query->uid != 0 && row->uid == s->query->uid &&
		strcmp(s->shown, s->query->mailbox) == 0)
		return true;
	if (s->base != NULL && row->base_name != NULL && strcmp(row->base_name, s->base) == 0)
		return true;
	if (row->msgid_hash != NULL)
		gw_journal_id(row->msgid_hash, id);
	return s->id[0] != '\0' && strcmp(id, s->id) == 0;
}

static const char *meaning(enum gw_row_state state)
{
	switch (state) {
	case GW_ROW_PAIRED:
		return "here and on the server";
	case GW_ROW_UNFETCHABLE:
		return "on the server, which would not give it";
	case GW_ROW_LEFT:
		return "deleted here, and left on the server";
	case GW_ROW_OUTSIDE:
		return "on the server; too old or too big to be here";
	case GW_ROW_HIDDEN:
		return "here; the server does not show it any more";
	}
	return "";
}

static enum gw_code learn_row(void *ctx, const struct gw_message_row *row)
{
	struct search *s = ctx;

	if (is_row(s, row))
		set_id(s, row->msgid_hash);
	return GW_OK;
}

static enum gw_code tell_row(void *ctx, const struct gw_message_row *row)
{
	struct search *s = ctx;
	const struct gw_why_place place = { .mailbox = s->shown,
		.uid = row->uid,
		.file = row->base_name,
		.text = meaning(row->state) };

	if (is_row(s, row))
		s->sink->place(s->sink->ctx, &place);
	return GW_OK;
}

/* On the heap; NULL: out of memory. */
static char *shown_name(const char *dir, enum gw_layout layout)
{
	struct gw_buf name;

	gw_buf_init(&name, SHOWN_MAX);
	if (gw_folder_name(dir, '/', layout, &name) == GW_OK &&
		gw_buf_append(&name, "", 1) == GW_OK)
		return name.p;
	gw_buf_deinit(&name);
	return strdup(dir); /* a name that was cut: by its directory */
}

static enum gw_code take_mailbox(void *ctx, const struct gw_mailbox_row *row)
{
	struct mailboxes *m = ctx;
	struct mailbox *slot =
		gw_array_push((void **)&m->list, &m->count, &m->cap, sizeof *m->list);

	if (slot == NULL)
		return GW_ERR_NOMEM;
	*slot = (struct mailbox){ .id = row->id, .shown = shown_name(row->local_dir, m->layout) };
	return slot->shown == NULL ? GW_ERR_NOMEM : GW_OK;
}

static enum gw_code each_row(struct search *s, struct gw_store *store, gw_message_cb *cb)
{
	struct mailboxes m = { .layout = s->layout };
	enum gw_code code = gw_store_mailboxes(store, 0, take_mailbox, &m, s->err);

	for (size_t i = 0; i < m.count; i++) {
		s->shown = m.list[i].shown;
		if (code == GW_OK)
			code = gw_store_messages(store, m.list[i].id, GW_BY_UID, cb, s, s->err);
		free(m.list[i].shown);
	}
	free(m.list);
	return code;
}

/* --- the log --------------------------------------------------------------------------------- */

static bool is_line(const struct search *s, const struct gw_journal_entry *e)
{
	if (s->id[0] != '\0' && e->id != NULL && strcmp(e->id, s->id) == 0)
		return true;
	if (s->base != NULL && e->file != NULL && strcmp(e->file, s->base) == 0)
		return true;
	return s->query->uid != 0 && e->uid == s->query->uid &&
	       strcmp(e->mailbox, s->query->mailbox) == 0;
}

static bool learn_line(void *ctx, const struct gw_journal_entry *e)
{
	struct search *s = ctx;

	if (is_line(s, e) && e->id != NULL)
		snprintf(s->id, sizeof s->id, "%s", e->id);
	return s->id[0] == '\0';
}

static bool tell_line(void *ctx, const struct gw_journal_entry *e)
{
	struct search *s = ctx;
	const struct gw_why_line line = { .at = e->at,
		.mailbox = e->mailbox,
		.what = e->what,
		.uid = e->uid,
		.file = e->file,
		.text = e->text };

	if (is_line(s, e))
		s->sink->line(s->sink->ctx, &line);
	return true;
}

static enum gw_code search_all(struct search *s, struct gw_store *store, const char *log)
{
	enum gw_code code = GW_OK;

	if (s->query->message_id != NULL)
		digest_message_id(s, s->query->message_id);
	if (s->query->file != NULL)
		digest_file(s, s->query->file);
	if (s->id[0] == '\0' && store != NULL)
		code = each_row(s, store, learn_row);
	if (s->id[0] == '\0' && code == GW_OK)
		code = gw_journal_read(log, learn_line, s, s->err);
	if (code == GW_OK)
		code = gw_journal_read(log, tell_line, s, s->err);
	if (code == GW_OK && store != NULL)
		code = each_row(s, store, tell_row);
	return code;
}

enum gw_code gw_why(const struct gw_account *account, const struct gw_why_query *query,
	const struct gw_why_sink *sink, struct gw_error *err)
{
	struct search s = { .query = query, .sink = sink, .layout = account->layout, .err = err };
	struct gw_store *store = NULL;
	char *db = NULL, *log = NULL;
	enum gw_code code;

	if (asprintf(&db, "%s/%s.db", account->state_dir, account->name) < 0 ||
		asprintf(&log, "%s/%s.log", account->state_dir, account->name) < 0 ||
		(query->file != NULL && (s.base = base_of(query->file)) == NULL))
		code = gw_fail(err, GW_ERR_NOMEM, "out of memory");
	else
		code = gw_store_open(db, GW_STORE_READ, &store, err);
	if (code == GW_OK)
		code = search_all(&s, store, log);
	gw_store_close(store);
	free(s.base);
	free(db);
	free(log);
	return code;
}
