/* SPDX-License-Identifier: ISC */
/* store/suspect.c - what was being asked for when a connection broke.  See store.h. */
#include "store/store_p.h"

enum gw_code gw_store_suspect(struct gw_store *store, int64_t mailbox,
	const struct gw_suspect_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_SUSPECT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, row->what);
	sqlite3_bind_int64(st, 3, row->lo);
	sqlite3_bind_int64(st, 4, row->hi);
	sqlite3_bind_blob(st, 5, row->name, (int)strlen(row->name), SQLITE_STATIC);
	sqlite3_bind_int64(st, 6, row->at);
	sqlite3_bind_int64(st, 7, (sqlite3_int64)row->seen);
	sqlite3_bind_text(st, 8, row->reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 9, row->alone);
	return store_run(store, st, err);
}

enum gw_code gw_store_convict(
	struct gw_store *store, int64_t mailbox, unsigned what, int64_t at, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_CONVICT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, what);
	sqlite3_bind_int64(st, 3, at);
	return store_run(store, st, err);
}

enum gw_code gw_store_acquit(
	struct gw_store *store, int64_t mailbox, unsigned what, struct gw_error *err)
{
	return store_run_for(store, ST_ACQUIT, mailbox, what, err);
}

enum gw_code gw_store_suspects(
	struct gw_store *store, int64_t mailbox, gw_suspect_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_SUSPECTS, err);
	enum gw_code code = GW_OK;
	char name[256];
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *copy = store_column_name(st, 3, name);
		const struct gw_suspect_row row = { .what = (unsigned)sqlite3_column_int64(st, 0),
			.lo = (uint32_t)sqlite3_column_int64(st, 1),
			.hi = (uint32_t)sqlite3_column_int64(st, 2),
			.name = copy == NULL ? "" : copy,
			.times = (unsigned)sqlite3_column_int64(st, 4),
			.at = sqlite3_column_int64(st, 5),
			.seen = (uint64_t)sqlite3_column_int64(st, 6),
			.reason = store_column_text(st, 7),
			.alone = (unsigned)sqlite3_column_int64(st, 8),
			.aside = sqlite3_column_int(st, 9) != 0 };

		code = cb(ctx, &row);
	}
	return store_end_rows(store, st, rc, code, err);
}
