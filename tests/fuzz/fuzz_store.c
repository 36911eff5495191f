/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_store.c - a damaged state: it is opened, all of it is read, and written to, or it is refused with a
 * reason; rows come with what their contract promises, whatever stands in them.
 *
 * The first byte says how it is damaged.  Even: bytes of a good state's file are written over, and it is cut off; each
 * of the places is five bytes (offset, what, how often).  Odd: tables without types or constraints get rows of any values.
 * Bit 1: the outbox's state, not the account's.  Bits 2 and 3: what is done with it.
 */
#include "godwit/status.h"
#include "store/outbox.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TABLES_MAX = 24, COLUMNS_MAX = 32, ROWS_MAX = 64 };

struct table {
	char *insert; /* owned */
	int columns;
};

/* A state of one of the two kinds. */
struct kind {
	uint8_t *whole, *loose; /* owned; a good file, and one whose tables take anything */
	size_t whole_n, loose_n;
	struct table tables[TABLES_MAX];
	size_t count;
};

static struct {
	char dir[64], path[96];
	struct kind account, outbox;
	uint64_t sum; /* of what was read: so that it is read */
} world;

/* Of one run. */
struct input {
	const uint8_t *p;
	size_t n;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t next(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

/* --- what is damaged ------------------------------------------------------------------------- */

static void remove_files(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char path[110];

		snprintf(path, sizeof path, "%s%s", world.path, suffixes[i]);
		unlink(path);
	}
}

static void remove_dir(void)
{
	remove_files();
	rmdir(world.dir);
}

static void slurp(uint8_t **out, size_t *n)
{
	FILE *f = fopen(world.path, "r");

	require(f != NULL && fseek(f, 0, SEEK_END) == 0);
	*n = (size_t)ftell(f);
	*out = malloc(*n);
	rewind(f);
	require(*out != NULL && fread(*out, 1, *n, f) == *n);
	fclose(f);
}

static void put(const uint8_t *data, size_t n)
{
	FILE *f;

	remove_files();
	f = fopen(world.path, "w");
	require(f != NULL && fwrite(data, 1, n, f) == n && fclose(f) == 0);
}

static sqlite3 *open_raw(void)
{
	sqlite3 *db = NULL;

	require(sqlite3_open(world.path, &db) == SQLITE_OK);
	require(sqlite3_exec(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL,
			NULL) == SQLITE_OK);
	return db;
}

static void must(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
		abort();
	}
}

static void add_table(struct kind *k, const char *name, int columns)
{
	char *at;

	require(k->count < TABLES_MAX && columns > 0 && columns <= COLUMNS_MAX);
	at = k->tables[k->count].insert = malloc(100 + strlen(name) + (size_t)columns * 2);
	require(at != NULL);
	at += sprintf(at, "INSERT OR REPLACE INTO \"%s\" VALUES(", name);
	for (int i = 0; i < columns; i++)
		at += sprintf(at, i == 0 ? "?" : ",?");
	strcpy(at, ")");
	k->tables[k->count++].columns = columns;
}

/* Takes the types and constraints out of the file that is there, and notes its tables. */
static void loosen(struct kind *k)
{
	sqlite3 *db = open_raw();
	sqlite3_stmt *st = NULL;

	must(db, "PRAGMA writable_schema = ON");
	must(db, "UPDATE sqlite_schema SET sql = replace(replace(replace(replace(replace(sql,"
		 " 'STRICT, WITHOUT', 'WITHOUT'), ' STRICT', ''), ' NOT NULL', ''),"
		 " ' INTEGER,', ' BLOB,'), ' TEXT,', ' BLOB,') WHERE type = 'table'");
	sqlite3_close(db);
	slurp(&k->loose, &k->loose_n);
	db = open_raw();
	require(sqlite3_prepare_v2(db,
			"SELECT s.name, (SELECT count(*) FROM pragma_table_info(s.name)) FROM sqlite_schema AS s"
			" WHERE type = 'table' ORDER BY name",
			-1, &st, NULL) == SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		add_table(k, (const char *)sqlite3_column_text(st, 0), sqlite3_column_int(st, 1));
	sqlite3_finalize(st);
	sqlite3_close(db);
	require(k->count > 1);
}

/* The file as godwit makes it, with a row in each table: values that say nothing, but fit. */
static void make(struct kind *k, enum gw_code (*open)(const char *, enum gw_store_mode,
					 struct gw_store **, struct gw_error *))
{
	struct gw_store *store = NULL;
	struct gw_error err = { 0 };

	remove_files();
	require(open(world.path, GW_STORE_WRITE, &store, &err) == GW_OK);
	gw_store_close(store);
	loosen(k);
	remove_files();
	require(open(world.path, GW_STORE_WRITE, &store, &err) == GW_OK);
	gw_store_close(store);
	for (size_t i = 0; i < k->count; i++) {
		sqlite3 *db = open_raw();

		for (int row = 1; row < 4; row++) {
			sqlite3_stmt *st = NULL;
			int rc;

			require(sqlite3_prepare_v2(db, k->tables[i].insert, -1, &st, NULL) ==
				SQLITE_OK);
			for (int c = 1; c <= k->tables[i].columns; c++)
				sqlite3_bind_int(st, c, c == 1 ? 1 : row);
			rc = sqlite3_step(st);
			for (int c = 2; c <= k->tables[i].columns && rc != SQLITE_DONE; c++) {
				sqlite3_reset(st); /* some want a blob */
				sqlite3_bind_blob(st, c, "0123456789abcdef", 16, SQLITE_STATIC);
				rc = sqlite3_step(st);
			}
			sqlite3_finalize(st);
		}
		sqlite3_close(db);
	}
	slurp(&k->whole, &k->whole_n);
}

static void begin(void)
{
	snprintf(world.dir, sizeof world.dir, "%s/godwit-fuzz.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	require(mkdtemp(world.dir) != NULL);
	snprintf(world.path, sizeof world.path, "%s/fuzz.db", world.dir);
	atexit(remove_dir);
	make(&world.account, gw_store_open);
	make(&world.outbox, gw_outbox_db_open);
}

/* Writes over bytes of a good file. */
static void scratch(const struct kind *k, struct input *in)
{
	uint8_t *copy = malloc(k->whole_n);
	size_t n = k->whole_n;

	require(copy != NULL);
	memcpy(copy, k->whole, n);
	if (next(in) < 32)
		n = n * next(in) / 256;
	while (in->n >= 5) {
		size_t at = (size_t)next(in) << 16 | (size_t)next(in) << 8;
		uint8_t what, often;

		at |= next(in);
		what = next(in);
		often = next(in) & 31;
		for (size_t i = 0; i <= often; i++)
			copy[(at + i) % k->whole_n] = what;
	}
	put(copy, n);
	free(copy);
}

static void bind(sqlite3_stmt *st, int column, struct input *in)
{
	uint8_t how = next(in);
	int64_t number = 0;
	size_t n;

	switch (how % 8) {
	case 0:
		sqlite3_bind_null(st, column);
		break;
	case 1:
	case 2:
		sqlite3_bind_int64(st, column, how >> 3);
		break;
	case 3:
		for (int i = 0; i < 8; i++)
			number = (int64_t)((uint64_t)number << 8 | next(in));
		sqlite3_bind_int64(st, column, number);
		break;
	case 4:
		sqlite3_bind_double(st, column, how >> 3 == 0 ? 1e300 : -0.5);
		break;
	default:
		n = how >> 3 == 31 ? 300 : how >> 3;
		n = n < in->n ? n : in->n;
		if (how % 8 == 5)
			sqlite3_bind_text(st, column, (const char *)in->p, (int)n, SQLITE_STATIC);
		else
			sqlite3_bind_blob(st, column, in->p, (int)n, SQLITE_STATIC);
		in->p += n;
		in->n -= n;
		break;
	}
}

static void fill(const struct kind *k, struct input *in)
{
	sqlite3 *db;

	put(k->loose, k->loose_n);
	db = open_raw();
	must(db, "BEGIN");
	for (int row = 0; row < ROWS_MAX && in->n > 0; row++) {
		const struct table *t = &k->tables[next(in) % k->count];
		sqlite3_stmt *st = NULL;

		require(sqlite3_prepare_v2(db, t->insert, -1, &st, NULL) == SQLITE_OK);
		for (int i = 1; i <= t->columns; i++)
			bind(st, i, in);
		sqlite3_step(st); /* a key that does not go in stays out */
		sqlite3_finalize(st);
	}
	must(db, "COMMIT");
	sqlite3_close(db);
}

/* --- what is read ---------------------------------------------------------------------------- */

static void use(const char *text) /* that is always there */
{
	require(text != NULL);
	world.sum += strlen(text);
}

static void use_name(const char *name)
{
	world.sum += name == NULL ? 0 : strlen(name);
	require(name == NULL || strlen(name) < 256);
}

static void use_hash(const uint8_t *hash)
{
	for (size_t i = 0; i < GW_STORE_HASH && hash != NULL; i++)
		world.sum += hash[i];
}

static enum gw_code on_mailbox(void *ctx, const struct gw_mailbox_row *row)
{
	int64_t *ids = ctx;

	use(row->remote_name);
	use(row->local_dir);
	if (ids[0] < 4)
		ids[++ids[0]] = row->id;
	return GW_OK;
}

static enum gw_code on_held_mailbox(void *ctx, const struct gw_held_mailbox *row)
{
	(void)ctx;
	use(row->name);
	use(row->reason);
	return GW_OK;
}

static enum gw_code on_keyword(void *ctx, unsigned index, const char *name)
{
	(void)ctx;
	world.sum += index;
	use(name);
	return GW_OK;
}

static enum gw_code on_refused_keyword(void *ctx, const char *name, int64_t at)
{
	(void)ctx;
	world.sum += (uint64_t)at;
	use(name);
	return GW_OK;
}

static void use_message(const struct gw_message_row *row)
{
	use_name(row->base_name);
	use_hash(row->header_hash);
	use_hash(row->body_hash);
	use_hash(row->msgid_hash);
}

static enum gw_code on_message(void *ctx, const struct gw_message_row *row)
{
	(void)ctx;
	use_message(row);
	require((unsigned)row->state <= GW_ROW_HIDDEN);
	return GW_OK;
}

static enum gw_code on_ordered(void *ctx, const struct gw_message_row *row)
{
	uint32_t *before = ctx;

	require(row->uid > *before);
	*before = row->uid;
	return on_message(NULL, row);
}

static enum gw_code on_any_message(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	(void)mailbox;
	return on_message(ctx, row);
}

static enum gw_code on_pending(void *ctx, const struct gw_pending_row *row)
{
	(void)ctx;
	use(row->message.base_name);
	use_message(&row->message);
	return GW_OK;
}

static enum gw_code on_sent(void *ctx, uint32_t uid)
{
	(void)ctx;
	world.sum += uid;
	return GW_OK;
}

static enum gw_code on_refused(void *ctx, const char *base_name, int64_t at, uint32_t uid)
{
	(void)ctx;
	use(base_name);
	use_name(base_name);
	world.sum += (uint64_t)at + uid;
	return GW_OK;
}

static enum gw_code on_suspect(void *ctx, const struct gw_suspect_row *row)
{
	(void)ctx;
	use(row->name);
	use(row->reason);
	return GW_OK;
}

static enum gw_code on_held_deletion(void *ctx, uint32_t uid, enum gw_side side)
{
	(void)ctx;
	require(side == GW_GONE_THERE || side == GW_GONE_HERE);
	world.sum += uid;
	return GW_OK;
}

static enum gw_code on_retag(void *ctx, const struct gw_retag *retag)
{
	(void)ctx;
	world.sum += retag->gains ^ retag->loses;
	return GW_OK;
}

static enum gw_code on_untag(void *ctx, uint64_t global_id, const char *label)
{
	(void)ctx;
	world.sum += global_id;
	use(label);
	return GW_OK;
}

static enum gw_code on_pulled(void *ctx, const struct gw_pulled_row *row)
{
	(void)ctx;
	for (size_t i = 0; i < row->uidl.n; i++)
		world.sum += (unsigned char)row->uidl.p[i];
	use_hash(row->header_hash);
	use_hash(row->body_hash);
	use_hash(row->msgid_hash);
	use_name(row->base_name);
	use(row->reason);
	return GW_OK;
}

static enum gw_code on_unstored(void *ctx, const struct gw_unstored_row *row)
{
	(void)ctx;
	world.sum += row->uid + row->flags;
	return GW_OK;
}

static enum gw_code on_held(
	void *ctx, const char *remote_name, uint32_t uid, const char *base_name, const char *reason)
{
	(void)ctx;
	world.sum += uid;
	use(remote_name);
	use(base_name);
	use(reason);
	return GW_OK;
}

/* Whatever it is, a failure has its reason. */
static void judge(enum gw_code code, struct gw_error *err)
{
	require((code == GW_OK) == (err->code == GW_OK));
	require(code == GW_OK || (err->text[0] != '\0' && code != GW_ERR_BUG));
	gw_error_clear(err);
}

static void read_mailbox(struct gw_store *s, int64_t id)
{
	struct gw_error err = { 0 };
	uint64_t count = 0;
	uint32_t before = 0;
	bool found;
	static const uint8_t hash[GW_STORE_HASH] = "0123456789abcde";
	struct gw_buf dir;

	gw_buf_init(&dir, 65536);
	judge(gw_store_mailbox_dir(s, id, &dir, &err), &err);
	gw_buf_deinit(&dir);
	judge(gw_store_keywords(s, id, on_keyword, NULL, &err), &err);
	judge(gw_store_keywords_refused(s, id, on_refused_keyword, NULL, &err), &err);
	judge(gw_store_messages(s, id, GW_BY_UID, on_ordered, &before, &err), &err);
	judge(gw_store_messages(s, id, GW_BY_NAME, on_message, NULL, &err), &err);
	judge(gw_store_message(s, id, 1, on_message, NULL, &err), &err);
	judge(gw_store_has_copy(s, id, hash, hash, &found, &err), &err);
	judge(gw_store_pending(s, id, on_pending, NULL, &err), &err);
	judge(gw_store_sent(s, id, on_sent, NULL, &err), &err);
	judge(gw_store_refused(s, id, on_refused, NULL, &err), &err);
	judge(gw_store_suspects(s, id, on_suspect, NULL, &err), &err);
	judge(gw_store_held_deletions(s, id, on_held_deletion, NULL, &err), &err);
	judge(gw_store_unstored(s, id, on_unstored, NULL, &err), &err);
	judge(gw_store_count(s, id, &count, &err), &err);
}

static void read_account(struct gw_store *s)
{
	static const char *const facts[] = { GW_FACT_ACCOUNT_ID, GW_FACT_GENERATION, GW_FACT_CAPS,
		GW_FACT_PULL_AGE };
	struct gw_error err = { 0 };
	int64_t ids[5] = { 0 }, number;
	uint64_t a = 0, b = 0;

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		struct gw_buf text;

		gw_buf_init(&text, 65536);
		judge(gw_store_fact(s, facts[i], &text, &err), &err);
		gw_buf_deinit(&text);
		judge(gw_store_fact_number(s, facts[i], &number, &err), &err);
	}
	judge(gw_store_mailboxes(s, 0, on_mailbox, ids, &err), &err);
	judge(gw_store_held_mailboxes(s, on_held_mailbox, NULL, &err), &err);
	judge(gw_store_all_messages(s, on_any_message, NULL, &err), &err);
	judge(gw_store_siblings(s, 1, on_any_message, NULL, &err), &err);
	judge(gw_store_day(s, 1, &a, &b, &err), &err);
	judge(gw_store_retags(s, on_retag, NULL, &err), &err);
	judge(gw_store_untags(s, on_untag, NULL, &err), &err);
	judge(gw_store_pulled(s, on_pulled, NULL, &err), &err);
	judge(gw_store_pulled_count(s, &a, &err), &err);
	judge(gw_store_held(s, on_held, NULL, &err), &err);
	read_mailbox(s, 1);
	for (int64_t i = 1; i <= ids[0]; i++)
		read_mailbox(s, ids[i]);
}

static enum gw_code on_mail(void *ctx, const struct gw_mail_row *row)
{
	(void)ctx;
	use(row->id);
	use(row->reason);
	return GW_OK;
}

static enum gw_code on_fate(void *ctx, const struct gw_fate_row *row)
{
	(void)ctx;
	use(row->id);
	use(row->address);
	use(row->answer);
	return GW_OK;
}

static enum gw_code on_log(void *ctx, const struct gw_log_row *row)
{
	(void)ctx;
	use(row->id);
	use(row->address);
	use(row->what);
	use(row->answer);
	use(row->subject);
	return GW_OK;
}

static void read_outbox(struct gw_store *s)
{
	struct gw_error err = { 0 };
	uint64_t n;

	judge(gw_outbox_db_mails(s, on_mail, NULL, &err), &err);
	judge(gw_outbox_db_fates(s, on_fate, NULL, &err), &err);
	judge(gw_outbox_db_log(s, on_log, NULL, &err), &err);
	judge(gw_outbox_db_accepted_since(s, 0, &n, &err), &err);
}

/* As a run does that begins and ends. */
static void write_account(struct gw_store *s)
{
	struct gw_error err = { 0 };
	enum gw_code code = gw_store_begin(s, &err);
	const struct gw_message_row row = { .uid = 5, .base_name = "a.file" };
	const struct gw_rekey map[] = { { 1, 2 }, { 2, 1 }, { 3, 0 } };

	if (code == GW_OK)
		code = gw_store_set_fact(s, GW_FACT_GENERATION, "7", &err);
	if (code == GW_OK)
		code = gw_store_message_add(s, 1, &row, &err);
	if (code == GW_OK)
		code = gw_store_rekey(s, 1, map, 3, &err);
	if (code == GW_OK)
		code = gw_store_retag_all(s, &err);
	if (code == GW_OK)
		code = gw_store_deleted_purge(s, 3, &err);
	if (code == GW_OK)
		code = gw_store_mailbox_drop(s, 2, &err);
	if (code == GW_OK)
		code = gw_store_commit(s, &err);
	if (code != GW_OK)
		gw_store_rollback(s);
	judge(code, &err);
}

static void on_status_mailbox(void *ctx, const struct gw_status_mailbox *mailbox)
{
	(void)ctx;
	use(mailbox->name);
}

static void on_status_held(void *ctx, const struct gw_status_held *held)
{
	(void)ctx;
	use(held->mailbox);
	use(held->base_name);
	use(held->reason);
}

static void read_status(void)
{
	const struct gw_account account = {
		.name = (char *)"fuzz", .state_dir = world.dir, .maildir = world.dir
	};
	const struct gw_status_sink sink = {
		.mailbox = on_status_mailbox, .held = on_status_held, .look = true
	};
	struct gw_error err = { 0 };

	judge(gw_status_read(&account, &sink, &err), &err);
}

static void read_all(bool outbox, enum gw_store_mode mode)
{
	struct gw_store *store = NULL;
	struct gw_error err = { 0 };
	enum gw_code code = outbox ? gw_outbox_db_open(world.path, mode, &store, &err)
				   : gw_store_open(world.path, mode, &store, &err);

	require(code == GW_OK || store == NULL);
	judge(code, &err);
	if (store != NULL && outbox)
		read_outbox(store);
	else if (store != NULL)
		read_account(store);
	if (store != NULL && !outbox && mode == GW_STORE_WRITE)
		write_account(store);
	gw_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t how = next(&in);
	bool outbox = how & 2;
	const struct kind *k = outbox ? &world.outbox : &world.account;

	if (*world.dir == '\0')
		begin();
	if (how & 1)
		fill(k, &in);
	else
		scratch(k, &in);
	if (how & 4 && !outbox)
		read_status();
	else
		read_all(outbox, how & 8 ? GW_STORE_WRITE : GW_STORE_READ);
	return 0;
}
