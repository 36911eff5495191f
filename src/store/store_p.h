/* SPDX-License-Identifier: ISC */
/* store/store_p.h - private to store/: the handle and its prepared statements. */
#pragma once

#include "store/store.h"

#include <sqlite3.h>

enum statement {
	ST_BEGIN,
	ST_COMMIT,
	ST_FACT,
	ST_SET_FACT,
	ST_MAILBOXES,
	ST_MAILBOX_ADD,
	ST_MAILBOX_UPDATE,
	ST_MAILBOX_GIVE_WAY,
	ST_MAILBOX_RENAME,
	ST_MAILBOX_MISSING,
	ST_MAILBOX_DOUBT,
	ST_KEYWORDS,
	ST_KEYWORDS_FROM,
	ST_COUNT_FLAGGED,
	ST_KEYWORD_PUT,
	ST_MESSAGES_BY_UID,
	ST_MESSAGES_BY_NAME,
	ST_MESSAGE_ADD,
	ST_MESSAGE_FLAGS,
	ST_MESSAGE_FLAG_BITS,
	ST_MESSAGE_DROP,
	ST_MESSAGE_STATE,
	ST_MESSAGE_LEAVE,
	ST_MESSAGE_ONE,
	ST_HAS_COPY,
	ST_ALL_MESSAGES,
	ST_SIBLINGS,
	ST_MESSAGE_GLOBAL,
	ST_MAILBOX_DIR,
	ST_REKEY_ADD,
	ST_HOLD,
	ST_UNHOLD,
	ST_UNHOLD_PASSING,
	ST_HELD,
	ST_HELD_MAILBOXES,
	ST_KEYWORD_REFUSE,
	ST_KEYWORD_TAKEN,
	ST_KEYWORDS_REFUSED,
	ST_HELD_MAILBOX_PUT,
	ST_COUNT,
	ST_COUNT_OUTSIDE,
	ST_PENDING_PUT,
	ST_PENDING_DROP,
	ST_PENDING_ANSWERED,
	ST_SENT_PUT,
	ST_SENT_DROP,
	ST_SENT,
	ST_SENT_BACK,
	ST_PENDING,
	ST_REFUSE,
	ST_REFUSE_ALL,
	ST_UNREFUSE,
	ST_REFUSED,
	ST_UNSTORED_PUT,
	ST_UNSTORED_DROP,
	ST_UNSTORED,
	ST_TRASHING_PUT,
	ST_TRASHING_DROP,
	ST_TRASHING,
	ST_HOLD_DELETION,
	ST_UNHOLD_DELETION,
	ST_HELD_DELETIONS,
	ST_DAY,
	ST_DAY_ADD,
	ST_DAY_PURGE,
	ST_RETAG,
	ST_RETAGGED,
	ST_RETAGS,
	ST_UNTAG,
	ST_UNTAGGED,
	ST_UNTAGS,
	ST_DELETED_ADD,
	ST_DELETED_PURGE,
	ST_MAILS,
	ST_MAIL_PUT,
	ST_MAILS_DUE,
	ST_MAIL_DROP,
	ST_FATES,
	ST_FATE_PUT,
	ST_FATES_DROP,
	ST_LOG_PUT,
	ST_LOG_PURGE,
	ST_LOG,
	ST_LOG_COUNT,
	ST_SUSPECT,
	ST_CONVICT,
	ST_ACQUIT,
	ST_SUSPECTS,
	ST_PULLED,
	ST_PULLED_PUT,
	ST_PULLED_DROP,
	ST_PULLED_COUNT,
	STATEMENTS
};

struct gw_store {
	sqlite3 *db;                        /* owned */
	sqlite3_stmt *prepared[STATEMENTS]; /* owned; made on first use */
	char *path;                         /* owned */
};

/* Statements that bring a file from version 0 to the current one. */
struct store_schema {
	const char *const *steps;
	int count;
};

/* gw_store_open() for a file with this schema. */
enum gw_code store_open(const struct store_schema *schema, const char *path,
	enum gw_store_mode mode, struct gw_store **out, struct gw_error *err);

/* Returns the statement, reset and without bindings; NULL with err filled. */
sqlite3_stmt *store_statement(struct gw_store *store, enum statement which, struct gw_error *err);

/* Fills err from the database's error. */
enum gw_code store_failed(struct gw_store *store, int rc, struct gw_error *err);

/* Runs a bound statement that yields no row, and resets it. */
enum gw_code store_run(struct gw_store *store, sqlite3_stmt *st, struct gw_error *err);

/* Runs a statement that takes a mailbox and a number: a UID, a time, a kind. */
enum gw_code store_run_for(struct gw_store *store, enum statement which, int64_t mailbox,
	int64_t number, struct gw_error *err);

/* Ends a loop over rows.  rc: the last step's result; code: the callback's. */
enum gw_code store_end_rows(
	struct gw_store *store, sqlite3_stmt *st, int rc, enum gw_code code, struct gw_error *err);

/* Runs SQL that takes no values. */
enum gw_code store_exec(struct gw_store *store, const char *sql, struct gw_error *err);

/* Fails with GW_ERR_CORRUPT: a row of the table holds what is never written, which SQLite does not
 * notice. */
enum gw_code store_damaged(struct gw_store *store, const char *table, struct gw_error *err);

/* Read a column: its text, valid until the next step, or "" (a damaged file may have NULL
 * anywhere); a UID, false if invalid. */
const char *store_column_text(sqlite3_stmt *st, int column);
bool store_column_uid(sqlite3_stmt *st, int column, uint32_t *out);

/* Read a column: a hash of the right length, or NULL; a name copied to out, or NULL. */
const uint8_t *store_column_hash(sqlite3_stmt *st, int column);
const char *store_column_name(sqlite3_stmt *st, int column, char out[256]);
void store_bind_hash(sqlite3_stmt *st, int at, const uint8_t *hash);
