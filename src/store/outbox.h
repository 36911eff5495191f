/* SPDX-License-Identifier: ISC */
/* store/outbox.h - what is known of queued mail besides its files: tries, fates, doubts, a log.
 *
 * Stored in a file of its own (ACCOUNT.outbox.db); handles are those of store.h, with the same
 * transactions and facts.  If it is lost, the files are sent as new.
 */
#pragma once

#include "godwit/outbox.h"
#include "store/store.h"

struct gw_mail_row {
	const char *id;
	unsigned tries, doubts, looks;
	int64_t next_at;     /* not before; 0: at once */
	int64_t later_at;    /* the last 4xx; 0: none */
	int64_t aged_s;      /* time since the first 4xx, except while there was no connection */
	bool leaving;        /* the server may have its last bytes */
	int64_t doubt_at;    /* when its delivery became uncertain; 0: it is certain */
	int64_t sent_at;     /* 0: not sent */
	int64_t size, mtime; /* of its file at the last decision: others mean an edit */
	const char *reason;
	unsigned left;       /* enum gw_left: what is still to be done after the decision */
	unsigned left_tries; /* how often that failed */
	int64_t left_at;     /* not before; 0: at once */
	int64_t decided_at;  /* when all were decided, and some refused; 0: not yet */
};

struct gw_fate_row {
	const char *id, *address;
	enum gw_fate fate;
	const char *answer;
};

struct gw_log_row {
	int64_t at;
	const char *id, *address, *what, *answer, *subject;
};

enum gw_code gw_outbox_db_open(
	const char *path, enum gw_store_mode mode, struct gw_store **out, struct gw_error *err);

/* Read all rows, borrowed during the call.  Any code but GW_OK ends the loop and is returned. */
enum gw_code gw_outbox_db_mails(struct gw_store *store,
	enum gw_code (*cb)(void *ctx, const struct gw_mail_row *row), void *ctx,
	struct gw_error *err);
enum gw_code gw_outbox_db_fates(struct gw_store *store,
	enum gw_code (*cb)(void *ctx, const struct gw_fate_row *row), void *ctx,
	struct gw_error *err);
enum gw_code gw_outbox_db_log(struct gw_store *store,
	enum gw_code (*cb)(void *ctx, const struct gw_log_row *row), void *ctx,
	struct gw_error *err);

enum gw_code gw_outbox_db_put_mail(
	struct gw_store *store, const struct gw_mail_row *row, struct gw_error *err);
enum gw_code gw_outbox_db_put_fate(
	struct gw_store *store, const struct gw_fate_row *row, struct gw_error *err);
enum gw_code gw_outbox_db_put_log(
	struct gw_store *store, const struct gw_log_row *row, struct gw_error *err);

/* Makes every mail that waits for a later time due now. */
enum gw_code gw_outbox_db_all_due(struct gw_store *store, int64_t now, struct gw_error *err);
/* Deletes a mail and its fates; keeps the log. */
enum gw_code gw_outbox_db_drop(struct gw_store *store, const char *id, struct gw_error *err);
/* Deletes log lines older than before. */
enum gw_code gw_outbox_db_purge_log(struct gw_store *store, int64_t before, struct gw_error *err);
/* Counts the recipients accepted since then. */
enum gw_code gw_outbox_db_accepted_since(
	struct gw_store *store, int64_t since, uint64_t *out, struct gw_error *err);
