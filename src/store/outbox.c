/* SPDX-License-Identifier: ISC */
/* store/outbox.c - see outbox.h. */
#include "store/outbox.h"

#include "store/store_p.h"

static const char *const steps[] = {
	"CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE mail(id TEXT PRIMARY KEY, tries INTEGER NOT NULL, doubts INTEGER NOT NULL,"
	" next_at INTEGER NOT NULL, later_at INTEGER NOT NULL, aged_s INTEGER NOT NULL,"
	" leaving INTEGER NOT NULL, doubt_at INTEGER NOT NULL, looks INTEGER NOT NULL,"
	" sent_at INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,"
	" reason TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE fate(id TEXT NOT NULL, address BLOB NOT NULL, fate INTEGER NOT NULL,"
	" answer BLOB NOT NULL, PRIMARY KEY(id, address)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE log(at INTEGER NOT NULL, id TEXT NOT NULL, address BLOB NOT NULL,"
	" what TEXT NOT NULL, answer BLOB NOT NULL, subject BLOB NOT NULL) STRICT;"
	"CREATE INDEX log_at ON log(at);",
	"ALTER TABLE mail ADD COLUMN left INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mail ADD COLUMN left_tries INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mail ADD COLUMN left_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mail ADD COLUMN decided_at INTEGER NOT NULL DEFAULT 0;",
};

static const struct store_schema schema = { steps, sizeof steps / sizeof *steps };

enum gw_code gw_outbox_db_open(
	const char *path, enum gw_store_mode mode, struct gw_store **out, struct gw_error *err)
{
	return store_open(&schema, path, mode, out, err);
}

static void bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text != NULL ? text : "", -1, SQLITE_STATIC);
}

/* Text that need not be UTF-8. */
static void bind_bytes(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_blob(st, at, text != NULL ? text : "", text != NULL ? (int)strlen(text) : 0,
		SQLITE_STATIC);
}

/* A number that no fate has, a later godwit's or damage, is one of which nobody knows. */
static enum gw_fate column_fate(sqlite3_stmt *st, int column)
{
	sqlite3_int64 n = sqlite3_column_int64(st, column);

	return n >= GW_FATE_OPEN && n <= GW_FATE_DOUBT ? (enum gw_fate)n : GW_FATE_DOUBT;
}

static struct gw_mail_row read_mail(sqlite3_stmt *st)
{
	return (struct gw_mail_row){ .id = store_column_text(st, 0),
		.tries = (unsigned)sqlite3_column_int(st, 1),
		.doubts = (unsigned)sqlite3_column_int(st, 2),
		.next_at = sqlite3_column_int64(st, 3),
		.later_at = sqlite3_column_int64(st, 4),
		.aged_s = sqlite3_column_int64(st, 5),
		.leaving = sqlite3_column_int(st, 6) != 0,
		.doubt_at = sqlite3_column_int64(st, 7),
		.looks = (unsigned)sqlite3_column_int(st, 8),
		.sent_at = sqlite3_column_int64(st, 9),
		.size = sqlite3_column_int64(st, 10),
		.mtime = sqlite3_column_int64(st, 11),
		.reason = store_column_text(st, 12),
		.left = (unsigned)sqlite3_column_int(st, 13),
		.left_tries = (unsigned)sqlite3_column_int(st, 14),
		.left_at = sqlite3_column_int64(st, 15),
		.decided_at = sqlite3_column_int64(st, 16) };
}

enum gw_code gw_outbox_db_mails(struct gw_store *store,
	enum gw_code (*cb)(void *ctx, const struct gw_mail_row *row), void *ctx,
	struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAILS, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct gw_mail_row row = read_mail(st);

		code = cb(ctx, &row);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_outbox_db_fates(struct gw_store *store,
	enum gw_code (*cb)(void *ctx, const struct gw_fate_row *row), void *ctx,
	struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_FATES, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct gw_fate_row row = { .id = store_column_text(st, 0),
			.address = store_column_text(st, 1),
			.fate = column_fate(st, 2),
			.answer = store_column_text(st, 3) };

		code = cb(ctx, &row);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_outbox_db_log(struct gw_store *store,
	enum gw_code (*cb)(void *ctx, const struct gw_log_row *row), void *ctx,
	struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_LOG, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct gw_log_row row = { .at = sqlite3_column_int64(st, 0),
			.id = store_column_text(st, 1),
			.address = store_column_text(st, 2),
			.what = store_column_text(st, 3),
			.answer = store_column_text(st, 4),
			.subject = store_column_text(st, 5) };

		code = cb(ctx, &row);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_outbox_db_put_mail(
	struct gw_store *store, const struct gw_mail_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAIL_PUT, err);

	if (st == NULL)
		return err->code;
	bind_text(st, 1, row->id);
	sqlite3_bind_int64(st, 2, row->tries);
	sqlite3_bind_int64(st, 3, row->doubts);
	sqlite3_bind_int64(st, 4, row->next_at);
	sqlite3_bind_int64(st, 5, row->later_at);
	sqlite3_bind_int64(st, 6, row->aged_s);
	sqlite3_bind_int64(st, 7, row->leaving);
	sqlite3_bind_int64(st, 8, row->doubt_at);
	sqlite3_bind_int64(st, 9, row->looks);
	sqlite3_bind_int64(st, 10, row->sent_at);
	sqlite3_bind_int64(st, 11, row->size);
	sqlite3_bind_int64(st, 12, row->mtime);
	bind_text(st, 13, row->reason);
	sqlite3_bind_int64(st, 14, row->left);
	sqlite3_bind_int64(st, 15, row->left_tries);
	sqlite3_bind_int64(st, 16, row->left_at);
	sqlite3_bind_int64(st, 17, row->decided_at);
	return store_run(store, st, err);
}

enum gw_code gw_outbox_db_put_fate(
	struct gw_store *store, const struct gw_fate_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_FATE_PUT, err);

	if (st == NULL)
		return err->code;
	bind_text(st, 1, row->id);
	bind_bytes(st, 2, row->address);
	sqlite3_bind_int64(st, 3, row->fate);
	bind_bytes(st, 4, row->answer);
	return store_run(store, st, err);
}

enum gw_code gw_outbox_db_put_log(
	struct gw_store *store, const struct gw_log_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_LOG_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, row->at);
	bind_text(st, 2, row->id);
	bind_bytes(st, 3, row->address);
	bind_text(st, 4, row->what);
	bind_bytes(st, 5, row->answer);
	bind_bytes(st, 6, row->subject);
	return store_run(store, st, err);
}

static enum gw_code run_for_id(
	struct gw_store *store, enum statement which, const char *id, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, which, err);

	if (st == NULL)
		return err->code;
	bind_text(st, 1, id);
	return store_run(store, st, err);
}

enum gw_code gw_outbox_db_drop(struct gw_store *store, const char *id, struct gw_error *err)
{
	enum gw_code code = run_for_id(store, ST_MAIL_DROP, id, err);

	return code == GW_OK ? run_for_id(store, ST_FATES_DROP, id, err) : code;
}

static enum gw_code run_for_time(
	struct gw_store *store, enum statement which, int64_t at, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, which, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, at);
	return store_run(store, st, err);
}

enum gw_code gw_outbox_db_all_due(struct gw_store *store, int64_t now, struct gw_error *err)
{
	return run_for_time(store, ST_MAILS_DUE, now, err);
}

enum gw_code gw_outbox_db_purge_log(struct gw_store *store, int64_t before, struct gw_error *err)
{
	return run_for_time(store, ST_LOG_PURGE, before, err);
}

enum gw_code gw_outbox_db_accepted_since(
	struct gw_store *store, int64_t since, uint64_t *out, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_LOG_COUNT, err);
	int rc;

	*out = 0;
	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, since);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? GW_OK : store_failed(store, rc, err);
}
