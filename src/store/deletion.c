/* SPDX-License-Identifier: ISC */
/* store/deletion.c - what was deleted lately, and what is held back.  See store.h. */
#include "store/store_p.h"

enum gw_code gw_store_hold_deletion(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_side side, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_HOLD_DELETION, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, uid);
	sqlite3_bind_int(st, 3, (int)side);
	return store_run(store, st, err);
}

enum gw_code gw_store_unhold_deletion(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return store_run_for(store, ST_UNHOLD_DELETION, mailbox, uid, err);
}

enum gw_code gw_store_held_deletions(struct gw_store *store, int64_t mailbox,
	gw_held_deletion_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_HELD_DELETIONS, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		sqlite3_int64 side = sqlite3_column_int64(st, 1);
		uint32_t uid;

		code = store_column_uid(st, 0, &uid) &&
				       (side == GW_GONE_THERE || side == GW_GONE_HERE)
			       ? cb(ctx, uid, (enum gw_side)side)
			       : store_damaged(store, "held_deletion", err);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_deleted_add(
	struct gw_store *store, int64_t mailbox, int64_t at, struct gw_error *err)
{
	return store_run_for(store, ST_DELETED_ADD, mailbox, at, err);
}

enum gw_code gw_store_deleted_purge(struct gw_store *store, int64_t at, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_DELETED_PURGE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, at);
	return store_run(store, st, err);
}
