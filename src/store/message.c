/* SPDX-License-Identifier: ISC */
/* store/message.c - one row for every UID that the server showed.  See store.h. */
#include "store/store_p.h"

const uint8_t *store_column_hash(sqlite3_stmt *st, int column)
{
	return sqlite3_column_bytes(st, column) == GW_STORE_HASH ? sqlite3_column_blob(st, column)
								 : NULL;
}

/* A base name is a blob without NUL; SQLite ends it with none, so it is copied. */
const char *store_column_name(sqlite3_stmt *st, int column, char out[256])
{
	int n = sqlite3_column_bytes(st, column);

	if (sqlite3_column_type(st, column) == SQLITE_NULL || n > 255)
		return NULL;
	if (n > 0)
		memcpy(out, sqlite3_column_blob(st, column), (size_t)n);
	out[n] = '\0';
	return out;
}

/* The columns that every statement over messages begins with.  false: no godwit wrote them. */
static bool column_row(sqlite3_stmt *st, char name[256], struct gw_message_row *out)
{
	sqlite3_int64 state = sqlite3_column_int64(st, 1);

	*out = (struct gw_message_row){ .state = (enum gw_row_state)state,
		.base_name = store_column_name(st, 2, name),
		.flags = (uint64_t)sqlite3_column_int64(st, 3),
		.size = (uint64_t)sqlite3_column_int64(st, 4),
		.date = sqlite3_column_int64(st, 5),
		.header_hash = store_column_hash(st, 6),
		.body_hash = store_column_hash(st, 7),
		.msgid_hash = store_column_hash(st, 8),
		.copied = sqlite3_column_int(st, 9) != 0,
		.global_id = (uint64_t)sqlite3_column_int64(st, 10) };
	return store_column_uid(st, 0, &out->uid) && state >= 0 && state <= GW_ROW_HIDDEN;
}

static enum gw_code each_row(struct gw_store *store, sqlite3_stmt *st, gw_message_cb *cb, void *ctx,
	struct gw_error *err)
{
	enum gw_code code = GW_OK;
	char name[256];
	int rc = SQLITE_DONE;

	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct gw_message_row row;

		code = column_row(st, name, &row) ? cb(ctx, &row)
						  : store_damaged(store, "message", err);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_messages(struct gw_store *store, int64_t mailbox, enum gw_store_order order,
	gw_message_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(
		store, order == GW_BY_UID ? ST_MESSAGES_BY_UID : ST_MESSAGES_BY_NAME, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	return each_row(store, st, cb, ctx, err);
}

enum gw_code gw_store_message(struct gw_store *store, int64_t mailbox, uint32_t uid,
	gw_message_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MESSAGE_ONE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, uid);
	return each_row(store, st, cb, ctx, err);
}

/* Reads rows of any mailbox. */
static enum gw_code each_twin(
	struct gw_store *store, sqlite3_stmt *st, gw_twin_cb *cb, void *ctx, struct gw_error *err)
{
	enum gw_code code = GW_OK;
	char name[256];
	int rc = SQLITE_DONE;

	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct gw_message_row row;

		code = column_row(st, name, &row) ? cb(ctx, sqlite3_column_int64(st, 11), &row)
						  : store_damaged(store, "message", err);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_all_messages(
	struct gw_store *store, gw_twin_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_ALL_MESSAGES, err);

	return st == NULL ? err->code : each_twin(store, st, cb, ctx, err);
}

enum gw_code gw_store_siblings(
	struct gw_store *store, uint64_t global_id, gw_twin_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_SIBLINGS, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)global_id);
	return each_twin(store, st, cb, ctx, err);
}

void store_bind_hash(sqlite3_stmt *st, int at, const uint8_t *hash)
{
	if (hash != NULL)
		sqlite3_bind_blob(st, at, hash, GW_STORE_HASH, SQLITE_STATIC);
}

enum gw_code gw_store_message_add(struct gw_store *store, int64_t mailbox,
	const struct gw_message_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MESSAGE_ADD, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, row->uid);
	sqlite3_bind_int(st, 3, (int)row->state);
	if (row->base_name != NULL)
		sqlite3_bind_blob(
			st, 4, row->base_name, (int)strlen(row->base_name), SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, (sqlite3_int64)row->flags);
	sqlite3_bind_int64(st, 6, (sqlite3_int64)row->size);
	sqlite3_bind_int64(st, 7, row->date);
	store_bind_hash(st, 8, row->header_hash);
	store_bind_hash(st, 9, row->body_hash);
	store_bind_hash(st, 10, row->msgid_hash);
	sqlite3_bind_int(st, 11, row->copied);
	if (row->global_id != 0)
		sqlite3_bind_int64(st, 12, (sqlite3_int64)row->global_id);
	return store_run(store, st, err);
}

enum gw_code gw_store_message_flags(
	struct gw_store *store, int64_t mailbox, uint32_t uid, uint64_t flags, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MESSAGE_FLAGS, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)flags);
	sqlite3_bind_int64(st, 2, mailbox);
	sqlite3_bind_int64(st, 3, uid);
	return store_run(store, st, err);
}

enum gw_code gw_store_message_flag_bits(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t mask, uint64_t flags, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MESSAGE_FLAG_BITS, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)mask);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)flags);
	sqlite3_bind_int64(st, 3, mailbox);
	sqlite3_bind_int64(st, 4, uid);
	return store_run(store, st, err);
}

enum gw_code gw_store_message_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return store_run_for(store, ST_MESSAGE_DROP, mailbox, uid, err);
}

static enum gw_code set_state(struct gw_store *store, enum statement which, int64_t mailbox,
	uint32_t uid, enum gw_row_state state, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, which, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int(st, 1, (int)state);
	sqlite3_bind_int64(st, 2, mailbox);
	sqlite3_bind_int64(st, 3, uid);
	return store_run(store, st, err);
}

enum gw_code gw_store_message_leave(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_row_state state, struct gw_error *err)
{
	return set_state(store, ST_MESSAGE_LEAVE, mailbox, uid, state, err);
}

enum gw_code gw_store_message_state(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_row_state state, struct gw_error *err)
{
	return set_state(store, ST_MESSAGE_STATE, mailbox, uid, state, err);
}

enum gw_code gw_store_message_global(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t global_id, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MESSAGE_GLOBAL, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)global_id);
	sqlite3_bind_int64(st, 2, mailbox);
	sqlite3_bind_int64(st, 3, uid);
	return store_run(store, st, err);
}

enum gw_code gw_store_has_copy(struct gw_store *store, int64_t mailbox, const uint8_t *header_hash,
	const uint8_t *body_hash, bool *found, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_HAS_COPY, err);
	enum gw_code code = GW_OK;
	int rc;

	if (st == NULL)
		return err->code;
	store_bind_hash(st, 1, header_hash);
	store_bind_hash(st, 2, body_hash);
	sqlite3_bind_int64(st, 3, mailbox);
	rc = sqlite3_step(st);
	*found = rc == SQLITE_ROW;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		code = store_failed(store, rc, err);
	sqlite3_reset(st);
	return code;
}

static enum gw_code fill_rekey(
	struct gw_store *store, const struct gw_rekey *map, size_t count, struct gw_error *err)
{
	enum gw_code code = store_exec(store,
		"CREATE TEMP TABLE IF NOT EXISTS rekey(old INTEGER PRIMARY KEY, new INTEGER);"
		"DELETE FROM temp.rekey",
		err);

	for (size_t i = 0; i < count && code == GW_OK; i++) {
		sqlite3_stmt *st;

		if (map[i].new_uid == 0)
			continue;
		st = store_statement(store, ST_REKEY_ADD, err);
		if (st == NULL)
			return err->code;
		sqlite3_bind_int64(st, 1, map[i].old_uid);
		sqlite3_bind_int64(st, 2, map[i].new_uid);
		code = store_run(store, st, err);
	}
	return code;
}

/* Old and new UIDs overlap, so the rows step aside by 2^33 first, beyond any UID. */
enum gw_code gw_store_rekey(struct gw_store *store, int64_t mailbox, const struct gw_rekey *map,
	size_t count, struct gw_error *err)
{
	enum gw_code code = fill_rekey(store, map, count, err);
	char *text;

	if (code != GW_OK)
		return code;
	text = sqlite3_mprintf(
		"DELETE FROM message WHERE mailbox_id = %lld"
		" AND uid NOT IN (SELECT old FROM temp.rekey);"
		"UPDATE message SET uid = uid + 8589934592 WHERE mailbox_id = %lld;"
		"UPDATE message SET uid = (SELECT new FROM temp.rekey WHERE old = uid - 8589934592)"
		" WHERE mailbox_id = %lld;"
		"DELETE FROM held WHERE mailbox_id = %lld;"
		"DELETE FROM sent WHERE mailbox_id = %lld;"
		"DELETE FROM unstored WHERE mailbox_id = %lld;"
		"DELETE FROM trashing WHERE mailbox_id = %lld;"
		/* A message gone there has no partner: its file counts as new.  A deletion here
		 * stays held under the new UID. */
		"DELETE FROM held_deletion WHERE mailbox_id = %lld"
		" AND (side = 0 OR uid NOT IN (SELECT old FROM temp.rekey));"
		"UPDATE held_deletion SET uid = uid + 8589934592 WHERE mailbox_id = %lld;"
		"UPDATE held_deletion SET uid = (SELECT new FROM temp.rekey"
		" WHERE old = uid - 8589934592) WHERE mailbox_id = %lld;"
		"UPDATE refused SET uid = coalesce((SELECT new FROM temp.rekey WHERE old = uid), 0)"
		" WHERE mailbox_id = %lld",
		mailbox, mailbox, mailbox, mailbox, mailbox, mailbox, mailbox, mailbox, mailbox,
		mailbox, mailbox);
	if (text == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = store_exec(store, text, err);
	sqlite3_free(text);
	return code;
}

static enum gw_code take_count(
	struct gw_store *store, sqlite3_stmt *st, uint64_t *out, struct gw_error *err)
{
	int rc = sqlite3_step(st);
	enum gw_code code = GW_OK;

	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(st, 0);
	else
		code = store_failed(store, rc, err);
	sqlite3_reset(st);
	return code;
}

static enum gw_code count(struct gw_store *store, enum statement which, int64_t mailbox,
	uint64_t *out, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, which, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	return take_count(store, st, out, err);
}

enum gw_code gw_store_count_flagged(struct gw_store *store, int64_t mailbox, uint64_t flags,
	uint64_t *messages, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_COUNT_FLAGGED, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)flags);
	return take_count(store, st, messages, err);
}

enum gw_code gw_store_count(
	struct gw_store *store, int64_t mailbox, uint64_t *paired, struct gw_error *err)
{
	return count(store, ST_COUNT, mailbox, paired, err);
}

enum gw_code gw_store_count_outside(
	struct gw_store *store, int64_t mailbox, uint64_t *outside, struct gw_error *err)
{
	return count(store, ST_COUNT_OUTSIDE, mailbox, outside, err);
}
