/* SPDX-License-Identifier: ISC */
/* store/trashing.c - what goes to the trash of the server.  See store.h. */
#include "store/store_p.h"

enum gw_code gw_store_trashing(struct gw_store *store, int64_t mailbox, gw_trashing_cb *cb,
	void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_TRASHING, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct gw_trashing_row row = { .uidvalidity = (uint32_t)sqlite3_column_int64(st, 1),
			.uidnext = (uint32_t)sqlite3_column_int64(st, 2) };

		code = store_column_uid(st, 0, &row.uid) ? cb(ctx, &row)
							 : store_damaged(store, "trashing", err);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_trashing_put(struct gw_store *store, int64_t mailbox,
	const struct gw_trashing_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_TRASHING_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, row->uid);
	sqlite3_bind_int64(st, 3, row->uidvalidity);
	sqlite3_bind_int64(st, 4, row->uidnext);
	return store_run(store, st, err);
}

enum gw_code gw_store_trashing_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return store_run_for(store, ST_TRASHING_DROP, mailbox, uid, err);
}
