/* SPDX-License-Identifier: ISC */
/* store/unstored.c - flags that the server does not have.  See store.h. */
#include "store/store_p.h"

enum { EITHER = 2 }; /* as `waits`, of the statement */

enum gw_code gw_store_unstored(struct gw_store *store, int64_t mailbox, gw_unstored_cb *cb,
	void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_UNSTORED, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct gw_unstored_row row = { .waits = sqlite3_column_int(st, 1) != 0,
			.flags = (uint64_t)sqlite3_column_int64(st, 2),
			.tries = (unsigned)sqlite3_column_int(st, 3) };

		code = store_column_uid(st, 0, &row.uid) ? cb(ctx, &row)
							 : store_damaged(store, "unstored", err);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_unstored_put(struct gw_store *store, int64_t mailbox,
	const struct gw_unstored_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_UNSTORED_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, row->uid);
	sqlite3_bind_int(st, 3, row->waits);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)row->flags);
	sqlite3_bind_int64(st, 5, row->tries);
	sqlite3_bind_text(st, 6, row->reason, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

static enum gw_code drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, int which, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_UNSTORED_DROP, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, uid);
	sqlite3_bind_int(st, 3, which);
	return store_run(store, st, err);
}

enum gw_code gw_store_unstored_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, bool waits, struct gw_error *err)
{
	return drop(store, mailbox, uid, waits, err);
}

enum gw_code gw_store_unstored_drop_all(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return drop(store, mailbox, uid, EITHER, err);
}
