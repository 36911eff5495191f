/* SPDX-License-Identifier: ISC */
/* store/pull.c - messages of a POP3 maildrop.  See store.h. */
#include "store/store_p.h"

static bool column_bool(sqlite3_stmt *st, int column)
{
	return sqlite3_column_int(st, column) != 0;
}

enum gw_code gw_store_pulled(
	struct gw_store *store, gw_pulled_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_PULLED, err);
	enum gw_code code = GW_OK;
	char name[256];
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct gw_pulled_row row = { .id = sqlite3_column_int64(st, 0),
			.uidl = { sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1) },
			.size = (uint64_t)sqlite3_column_int64(st, 2),
			.state = (unsigned)sqlite3_column_int(st, 3),
			.header_hash = store_column_hash(st, 4),
			.body_hash = store_column_hash(st, 5),
			.base_name = store_column_name(st, 6, name),
			.first_seen = sqlite3_column_int64(st, 7),
			.delivered_at = sqlite3_column_int64(st, 8),
			.delivered_age = sqlite3_column_int64(st, 9),
			.deleted_at = sqlite3_column_int64(st, 10),
			.listed_at = sqlite3_column_int64(st, 11),
			.sealed = column_bool(st, 12),
			.is_short = column_bool(st, 13),
			.tries = (unsigned)sqlite3_column_int(st, 14),
			.tried_at = sqlite3_column_int64(st, 15),
			.reason = store_column_text(st, 16),
			.msgid_hash = store_column_hash(st, 17),
			.dir_inode = (uint64_t)sqlite3_column_int64(st, 18) };

		code = cb(ctx, &row);
	}
	if (code == GW_ERR_NOMEM)
		gw_fail(err, code, "out of memory");
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_pulled_put(
	struct gw_store *store, const struct gw_pulled_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_PULLED_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, row->id);
	sqlite3_bind_blob(
		st, 2, row->uidl.n == 0 ? "" : row->uidl.p, (int)row->uidl.n, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)row->size);
	sqlite3_bind_int64(st, 4, row->state);
	store_bind_hash(st, 5, row->header_hash);
	store_bind_hash(st, 6, row->body_hash);
	if (row->base_name != NULL)
		sqlite3_bind_blob(
			st, 7, row->base_name, (int)strlen(row->base_name), SQLITE_STATIC);
	sqlite3_bind_int64(st, 8, row->first_seen);
	sqlite3_bind_int64(st, 9, row->delivered_at);
	sqlite3_bind_int64(st, 10, row->delivered_age);
	sqlite3_bind_int64(st, 11, row->deleted_at);
	sqlite3_bind_int64(st, 12, row->listed_at);
	sqlite3_bind_int64(st, 13, row->sealed);
	sqlite3_bind_int64(st, 14, row->is_short);
	sqlite3_bind_int64(st, 15, row->tries);
	sqlite3_bind_int64(st, 16, row->tried_at);
	sqlite3_bind_text(st, 17, row->reason, -1, SQLITE_STATIC);
	store_bind_hash(st, 18, row->msgid_hash);
	sqlite3_bind_int64(st, 19, (sqlite3_int64)row->dir_inode);
	return store_run(store, st, err);
}

enum gw_code gw_store_pulled_drop(struct gw_store *store, int64_t id, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_PULLED_DROP, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, id);
	return store_run(store, st, err);
}

enum gw_code gw_store_pulled_count(struct gw_store *store, uint64_t *count, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_PULLED_COUNT, err);
	int rc;

	*count = 0;
	if (st == NULL)
		return err->code;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*count = (uint64_t)sqlite3_column_int64(st, 0);
	return store_end_rows(store, st, rc == SQLITE_ROW ? SQLITE_DONE : rc, GW_OK, err);
}
