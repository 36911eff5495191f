/* SPDX-License-Identifier: ISC */
/* store/mailbox.c - mailboxes, their keywords, and what is held back.  See store.h. */
#include "store/store_p.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char *column_dup(sqlite3_stmt *st, int column)
{
	return gw_slice_dup((struct gw_slice){
		sqlite3_column_blob(st, column), (size_t)sqlite3_column_bytes(st, column) });
}

static struct gw_stamp column_stamp(sqlite3_stmt *st, int column)
{
	return (struct gw_stamp){ .inode = (uint64_t)sqlite3_column_int64(st, column),
		.mtime = sqlite3_column_int64(st, column + 1),
		.ctime = sqlite3_column_int64(st, column + 2) };
}

static void bind_stamp(sqlite3_stmt *st, int at, const struct gw_stamp *s)
{
	sqlite3_bind_int64(st, at, (sqlite3_int64)s->inode);
	sqlite3_bind_int64(st, at + 1, s->mtime);
	sqlite3_bind_int64(st, at + 2, s->ctime);
}

enum gw_code gw_store_mailboxes(
	struct gw_store *store, int64_t recent, gw_mailbox_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAILBOXES, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, recent);
	sqlite3_bind_int64(st, 2, GW_REFUSED_HELD);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)time(NULL) - 86400);
	sqlite3_bind_int(st, 4, GW_STORE_TRIES);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct gw_mailbox_row row = { .id = sqlite3_column_int64(st, 0),
			.remote_name = column_dup(st, 1),
			.delimiter = (char)sqlite3_column_int(st, 2),
			.local_dir = column_dup(st, 3),
			.special_use = (unsigned)sqlite3_column_int(st, 4),
			.uidvalidity = (uint32_t)sqlite3_column_int64(st, 5),
			.uidnext = (uint32_t)sqlite3_column_int64(st, 6),
			.highestmodseq = (uint64_t)sqlite3_column_int64(st, 7),
			.messages = (uint32_t)sqlite3_column_int64(st, 8),
			.inode = (uint64_t)sqlite3_column_int64(st, 9),
			.full_at = sqlite3_column_int64(st, 10),
			.cur = column_stamp(st, 11),
			.new = column_stamp(st, 14),
			.pending = (uint32_t)sqlite3_column_int64(st, 17),
			.held_gone = (uint32_t)sqlite3_column_int64(st, 18),
			.held_here = (uint32_t)sqlite3_column_int64(st, 19),
			.deleted_recently = (uint32_t)sqlite3_column_int64(st, 20),
			.missing_at = sqlite3_column_int64(st, 21),
			.window = (uint32_t)sqlite3_column_int64(st, 22),
			.object_id = (uint64_t)sqlite3_column_int64(st, 23),
			.suspects = (uint32_t)sqlite3_column_int64(st, 24),
			.set_aside = (uint32_t)sqlite3_column_int64(st, 25),
			.refused = (uint32_t)sqlite3_column_int64(st, 26),
			.held_uploads = (uint32_t)sqlite3_column_int64(st, 27),
			.deleted_kept = (uint32_t)sqlite3_column_int64(st, 28),
			.refused_at = sqlite3_column_int64(st, 29),
			.keywords_refused = (uint32_t)sqlite3_column_int64(st, 30),
			.keywords_refused_at = sqlite3_column_int64(st, 31),
			.shows = (uint32_t)sqlite3_column_int64(st, 32),
			.hidden = (uint32_t)sqlite3_column_int64(st, 33),
			.unstored = (uint32_t)sqlite3_column_int64(st, 34),
			.unstored_due = (uint32_t)sqlite3_column_int64(st, 35),
			.crowded = (uint32_t)sqlite3_column_int64(st, 36) };

		code = row.remote_name == NULL || row.local_dir == NULL
			       ? gw_fail(err, GW_ERR_NOMEM, "out of memory")
			       : cb(ctx, &row);
		free(row.remote_name);
		free(row.local_dir);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_mailbox_dir(
	struct gw_store *store, int64_t mailbox, struct gw_buf *out, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAILBOX_DIR, err);
	enum gw_code code = GW_OK;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		code = gw_buf_append(
			out, sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));
	else if (rc != SQLITE_DONE)
		code = store_failed(store, rc, err);
	sqlite3_reset(st);
	return code;
}

/* Binds what both statements share, from parameter `at` on. */
static void bind_cursor(sqlite3_stmt *st, int at, const struct gw_mailbox_row *row)
{
	sqlite3_bind_int64(st, at, row->special_use);
	sqlite3_bind_int64(st, at + 1, row->uidvalidity);
	sqlite3_bind_int64(st, at + 2, row->uidnext);
	sqlite3_bind_int64(st, at + 3, (sqlite3_int64)row->highestmodseq);
	sqlite3_bind_int64(st, at + 4, row->messages);
	sqlite3_bind_int64(st, at + 5, (sqlite3_int64)row->inode);
	sqlite3_bind_int64(st, at + 6, row->full_at);
	bind_stamp(st, at + 7, &row->cur);
	bind_stamp(st, at + 10, &row->new);
	sqlite3_bind_int64(st, at + 13, row->window);
	sqlite3_bind_int64(st, at + 14, (sqlite3_int64)row->object_id);
	sqlite3_bind_int64(st, at + 15, row->shows);
}

enum gw_code gw_store_mailbox_add(
	struct gw_store *store, struct gw_mailbox_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAILBOX_ADD, err);
	enum gw_code code;

	if (st == NULL)
		return err->code;
	sqlite3_bind_blob(st, 1, row->remote_name, (int)strlen(row->remote_name), SQLITE_STATIC);
	sqlite3_bind_int(st, 2, row->delimiter);
	sqlite3_bind_text(st, 3, row->local_dir, -1, SQLITE_STATIC);
	bind_cursor(st, 4, row);
	code = store_run(store, st, err);
	row->id = sqlite3_last_insert_rowid(store->db);
	return code;
}

enum gw_code gw_store_mailbox_update(
	struct gw_store *store, const struct gw_mailbox_row *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAILBOX_UPDATE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int(st, 1, row->delimiter);
	bind_cursor(st, 2, row);
	sqlite3_bind_int64(st, 18, row->id);
	return store_run(store, st, err);
}

enum gw_code gw_store_mailbox_rename(struct gw_store *store, int64_t mailbox,
	const char *remote_name, const char *local_dir, struct gw_error *err)
{
	static const enum statement both[] = { ST_MAILBOX_GIVE_WAY, ST_MAILBOX_RENAME };
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < 2 && code == GW_OK; i++) {
		sqlite3_stmt *st = store_statement(store, both[i], err);

		if (st == NULL)
			return err->code;
		sqlite3_bind_blob(st, 1, remote_name, (int)strlen(remote_name), SQLITE_STATIC);
		sqlite3_bind_text(st, 2, local_dir, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 3, mailbox);
		code = store_run(store, st, err);
	}
	return code;
}

enum gw_code gw_store_mailbox_missing(
	struct gw_store *store, int64_t mailbox, int64_t at, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAILBOX_MISSING, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, at);
	sqlite3_bind_int64(st, 2, mailbox);
	return store_run(store, st, err);
}

enum gw_code gw_store_mailbox_doubt(struct gw_store *store, int64_t mailbox, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_MAILBOX_DOUBT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	return store_run(store, st, err);
}

/* Deletes all rows of a mailbox in these tables. */
static enum gw_code empty_tables(struct gw_store *store, int64_t mailbox, const char *const *tables,
	size_t count, struct gw_error *err)
{
	enum gw_code code = GW_OK;
	char text[96];

	for (size_t i = 0; i < count && code == GW_OK; i++) {
		snprintf(text, sizeof text, "DELETE FROM %s WHERE mailbox_id = %lld", tables[i],
			(long long)mailbox);
		code = store_exec(store, text, err);
	}
	return code;
}

static enum gw_code refuse_files(
	struct gw_store *store, int64_t mailbox, const char *reason, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_REFUSE_ALL, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, GW_REFUSED_FOR_GOOD);
	sqlite3_bind_text(st, 3, reason, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

enum gw_code gw_store_mailbox_keep_files(
	struct gw_store *store, int64_t mailbox, const char *reason, struct gw_error *err)
{
	static const char *const tables[] = { "message", "held", "pending", "held_deletion",
		"retag", "suspect", "sent", "unstored", "trashing" };
	enum gw_code code = refuse_files(store, mailbox, reason, err);
	char text[256];

	if (code == GW_OK)
		code = empty_tables(store, mailbox, tables, sizeof tables / sizeof *tables, err);
	snprintf(text, sizeof text,
		"UPDATE mailbox SET uidvalidity = 0, uidnext = 0, highestmodseq = 0, messages = 0,"
		" full_at = 0, missing_at = 0, object_id = 0, shows = 0, cur_inode = 0, new_inode = 0 WHERE "
		"id = %lld",
		(long long)mailbox);
	return code == GW_OK ? store_exec(store, text, err) : code;
}

enum gw_code gw_store_mailbox_drop(struct gw_store *store, int64_t mailbox, struct gw_error *err)
{
	static const char *const tables[] = { "message", "keyword", "held", "pending", "refused",
		"deleted", "held_deletion", "retag", "suspect", "sent", "refused_keyword",
		"unstored", "trashing" };
	enum gw_code code =
		empty_tables(store, mailbox, tables, sizeof tables / sizeof *tables, err);
	char text[96];

	snprintf(text, sizeof text, "DELETE FROM mailbox WHERE id = %lld", (long long)mailbox);
	return code == GW_OK ? store_exec(store, text, err) : code;
}

enum gw_code gw_store_held_mailboxes(
	struct gw_store *store, gw_held_mailbox_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_HELD_MAILBOXES, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct gw_held_mailbox row = { .name = store_column_text(st, 0),
			.at = sqlite3_column_int64(st, 1),
			.listed = (uint64_t)sqlite3_column_int64(st, 2),
			.reason = store_column_text(st, 3) };

		code = cb(ctx, &row);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_held_mailboxes_clear(struct gw_store *store, struct gw_error *err)
{
	return store_exec(store, "DELETE FROM held_mailbox", err);
}

enum gw_code gw_store_held_mailbox_put(
	struct gw_store *store, const struct gw_held_mailbox *row, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_HELD_MAILBOX_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_text(st, 1, row->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, row->at);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)row->listed);
	sqlite3_bind_text(st, 4, row->reason, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

enum gw_code gw_store_keywords(
	struct gw_store *store, int64_t mailbox, gw_keyword_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_KEYWORDS, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		code = cb(ctx, (unsigned)sqlite3_column_int(st, 0), store_column_text(st, 1));
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_keywords_from(struct gw_store *store, unsigned index,
	gw_mailbox_keyword_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_KEYWORDS_FROM, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, index);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		char *wire = column_dup(st, 1);

		code = wire == NULL ? gw_fail(err, GW_ERR_NOMEM, "out of memory")
				    : cb(ctx, sqlite3_column_int64(st, 0), wire,
					      (unsigned)sqlite3_column_int(st, 2),
					      store_column_text(st, 3));
		free(wire);
	}
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_keyword_put(struct gw_store *store, int64_t mailbox, unsigned index,
	const char *name, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_KEYWORD_PUT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, index);
	sqlite3_bind_text(st, 3, name, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

enum gw_code gw_store_hold(struct gw_store *store, int64_t mailbox, uint32_t uid,
	const char *base_name, const char *reason, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_HOLD, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, uid);
	if (base_name != NULL)
		sqlite3_bind_blob(st, 3, base_name, (int)strlen(base_name), SQLITE_STATIC);
	sqlite3_bind_text(st, 4, reason, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

enum gw_code gw_store_unhold(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return store_run_for(store, ST_UNHOLD, mailbox, uid, err);
}

enum gw_code gw_store_unhold_passing(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err)
{
	return store_run_for(store, ST_UNHOLD_PASSING, mailbox, uid, err);
}

enum gw_code gw_store_keyword_refuse(struct gw_store *store, int64_t mailbox, const char *name,
	int64_t at, const char *reason, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_KEYWORD_REFUSE, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_text(st, 2, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, at);
	sqlite3_bind_text(st, 4, reason, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

enum gw_code gw_store_keyword_taken(
	struct gw_store *store, int64_t mailbox, const char *name, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_KEYWORD_TAKEN, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_text(st, 2, name, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}

enum gw_code gw_store_keywords_refused(struct gw_store *store, int64_t mailbox,
	gw_refused_keyword_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_KEYWORDS_REFUSED, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		code = cb(ctx, store_column_text(st, 0), sqlite3_column_int64(st, 1));
	return store_end_rows(store, st, rc, code, err);
}

enum gw_code gw_store_held(struct gw_store *store, gw_held_cb *cb, void *ctx, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_HELD, err);
	enum gw_code code = GW_OK;
	int rc = SQLITE_DONE;

	if (st == NULL)
		return err->code;
	while (code == GW_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		char *name = column_dup(st, 0), *base = column_dup(st, 2);

		code = name == NULL || base == NULL
			       ? gw_fail(err, GW_ERR_NOMEM, "out of memory")
			       : cb(ctx, name, (uint32_t)sqlite3_column_int64(st, 1), base,
					 store_column_text(st, 3));
		free(name);
		free(base);
	}
	return store_end_rows(store, st, rc, code, err);
}
