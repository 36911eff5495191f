/* SPDX-License-Identifier: ISC */
/* store/upload.c - what is about to be uploaded, and what the server refused.  See store.h. */
#include "store/store_p.h"

static void bind_name(sqlite3_stmt *st, int at, const char *name)
{
	sqlite3_bind_blob(st, at, name, (int)strlen(name), SQLITE_STATIC);
}

enum gw_code gw_store_pending_put(struct gw_store *store, int64_t mailbox,
	const struct gw_pending_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_PENDING_PUT, err);
	const struct gw_message_row *m = &row->message;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	bind_name(st, 2, m->base_name);
	sqlite3_bind_int64(st, 3, row->uidvalidity);
	sqlite3_bind_int64(st, 4, row->uidnext);
	sqlite3_bind_int64(st, 5, (sqlite3_int64)m->flags);
	sqlite3_bind_int64(st, 6, (sqlite3_int64)m->size);
	sqlite3_bind_int64(st, 7, m->date);
	store_bind_hash(st, 8, m->header_hash);
	store_bind_hash(st, 9, m->body_hash);
	store_bind_hash(st, 10, m->msgid_hash);
	sqlite3_bind_int64(st, 11, row->letters);
	sqlite3_bind_int64(st, 12, (sqlite3_int64)row->meant);
	sqlite3_bind_int64(st, 13, row->answered);
	sqlite3_bind_int64(st, 14, row->message.copied);
	return store_run(store, st, err);
}

static enum gw_code run_for_name(struct gw_store *store, enum statement which, int64_t mailbox,
	const char *base_name, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, which, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	bind_name(st, 2, base_name);
	return store_run(store, st, err);
}

enum gw_code gw_store_pending_drop(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err)
{
	return run_for_name(store, ST_PENDING_DROP, mailbox, base_name, err);
}

enum gw_code gw_store_pending(
	struct gw_store *store, int64_t mailbox, gw_pending_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_PENDING, err);
	enum gw_code code = GW_OK;
	char name[256];
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct gw_pending_row row = { .uidvalidity =
							    (uint32_t)sqlite3_column_int64(st, 1),
			.uidnext = (uint32_t)sqlite3_column_int64(st, 2),
			.letters = (uint32_t)sqlite3_column_int64(st, 9),
			.meant = (uint64_t)sqlite3_column_int64(st, 10),
			.answered = (unsigned)sqlite3_column_int64(st, 11),
			.message = { .copied = sqlite3_column_int64(st, 12) != 0,
				.base_name = store_column_name(st, 0, name),
				.flags = (uint64_t)sqlite3_column_int64(st, 3),
				.size = (uint64_t)sqlite3_column_int64(st, 4),
				.date = sqlite3_column_int64(st, 5),
				.header_hash = store_column_hash(st, 6),
				.body_hash = store_column_hash(st, 7),
				.msgid_hash = store_column_hash(st, 8) } };

		if (row.message.base_name != NULL && row.message.header_hash != NULL &&
			row.message.body_hash != NULL)
			code = cb(ctx, &row);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_pending_answered(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err)
{
	return run_for_name(store, ST_PENDING_ANSWERED, mailbox, base_name, err);
}

enum gw_code gw_store_sent_put(
	struct gw_store *store, int64_t mailbox, uint32_t uid, unsigned times, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_SENT_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, uid);
	sqlite3_bind_int64(st, 3, times);
	return store_run(store, st, err);
}

enum gw_code gw_store_sent_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return store_run_for(store, ST_SENT_DROP, mailbox, uid, err);
}

enum gw_code gw_store_sent_back(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint32_t uidvalidity, uint32_t uidnext, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_SENT_BACK, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, uid);
	sqlite3_bind_int64(st, 3, uidvalidity);
	sqlite3_bind_int64(st, 4, uidnext);
	return store_run(store, st, err);
}

enum gw_code gw_store_sent(
	struct gw_store *store, int64_t mailbox, gw_sent_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_SENT, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		code = cb(ctx, (uint32_t)sqlite3_column_int64(st, 0));
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_refuse(struct gw_store *store, int64_t mailbox, const char *base_name,
	int64_t at, uint32_t uid, const char *reason, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_REFUSE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	bind_name(st, 2, base_name);
	sqlite3_bind_int64(st, 3, at);
	sqlite3_bind_text(st, 4, reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, uid);
	return store_run(store, st, err);
}

enum gw_code gw_store_unrefuse(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err)
{
	return run_for_name(store, ST_UNREFUSE, mailbox, base_name, err);
}

enum gw_code gw_store_refused(
	struct gw_store *store, int64_t mailbox, gw_refused_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_REFUSED, err);
	enum gw_code code = GW_OK;
	char name[256];
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (store_column_name(st, 0, name) != NULL)
			code = cb(ctx, name, sqlite3_column_int64(st, 1),
				(uint32_t)sqlite3_column_int64(st, 2));
	}
	return store_end_rows(store, st, rc, code, err);
}
