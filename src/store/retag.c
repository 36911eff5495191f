/* SPDX-License-Identifier: ISC */
/* store/retag.c - messages whose labels are to be written to notmuch's tags.  See store.h. */
#include "store/store_p.h"

enum gw_code gw_store_retag(
	struct gw_store *store, const struct gw_retag *retag, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_RETAG, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, retag->mailbox);
	sqlite3_bind_int64(st, 2, retag->uid);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)retag->gains);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)retag->loses);
	sqlite3_bind_int64(st, 5, retag->own);
	return store_run(store, st, err);
}

enum gw_code gw_store_retagged(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return store_run_for(store, ST_RETAGGED, mailbox, uid, err);
}

enum gw_code gw_store_retag_all(struct gw_store *store, struct gw_error *err)
{
	return store_exec(store,
		"INSERT OR REPLACE INTO retag SELECT mailbox_id, uid, flags, 0, 1 FROM message"
		" WHERE base_name IS NOT NULL",
		err);
}

enum gw_code gw_store_retags(
	struct gw_store *store, gw_retag_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_RETAGS, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct gw_retag retag = { .mailbox = sqlite3_column_int64(st, 0),
			.uid = (uint32_t)sqlite3_column_int64(st, 1),
			.gains = (uint64_t)sqlite3_column_int64(st, 2),
			.loses = (uint64_t)sqlite3_column_int64(st, 3),
			.own = sqlite3_column_int(st, 4) != 0 };

		code = cb(ctx, &retag);
	}
	return store_end_rows(store, st, rc, code, err);
}

static enum gw_code run_untag(struct gw_store *store, enum statement which, uint64_t global_id,
	const char *label, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, which, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)global_id);
	sqlite3_bind_text(st, 2, label, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

enum gw_code gw_store_untag(
	struct gw_store *store, uint64_t global_id, const char *label, struct gw_error *err)
{
	return run_untag(store, ST_UNTAG, global_id, label, err);
}

enum gw_code gw_store_untagged(
	struct gw_store *store, uint64_t global_id, const char *label, struct gw_error *err)
{
	return run_untag(store, ST_UNTAGGED, global_id, label, err);
}

enum gw_code gw_store_untags(
	struct gw_store *store, gw_untag_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_UNTAGS, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		code = cb(ctx, (uint64_t)sqlite3_column_int64(st, 0), store_column_text(st, 1));
	return store_end_rows(store, st, rc, code, err);
}
