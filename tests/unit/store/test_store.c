/* SPDX-License-Identifier: ISC */
/* store: what is written is read; reading leaves no trace; renumbering; the lock; damage is told.
 */
#include "base/lock.h"
#include "store/store.h"
#include "test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char dir[64], path[96];
	struct gw_store *store;
	struct gw_error err;
	struct gw_mailbox_row box;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	strcpy(f->dir, "/tmp/godwit-store.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof f->path, "%s/a.db", f->dir);
	assert_int_equal(gw_store_open(f->path, GW_STORE_WRITE, &f->store, &f->err), GW_OK);
	f->box = (struct gw_mailbox_row){ .remote_name = "INBOX",
		.delimiter = '/',
		.local_dir = "INBOX",
		.uidvalidity = 7,
		.uidnext = 10,
		.highestmodseq = UINT64_C(1) << 62,
		.messages = 3 };
	assert_int_equal(gw_store_mailbox_add(f->store, &f->box, &f->err), GW_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	gw_store_close(f->store);
	snprintf(command, sizeof command, "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void add(struct fixture *f, uint32_t uid, const char *name)
{
	const uint8_t hash[GW_STORE_HASH] = { (uint8_t)uid };
	const struct gw_message_row row = { .uid = uid,
		.base_name = name,
		.flags = uid,
		.size = 100,
		.state = name == NULL ? GW_ROW_UNFETCHABLE : GW_ROW_PAIRED,
		.header_hash = hash };

	assert_int_equal(gw_store_message_add(f->store, f->box.id, &row, &f->err), GW_OK);
}

static enum gw_code collect(void *ctx, const struct gw_message_row *row)
{
	char *out = ctx;

	sprintf(out + strlen(out), "%u=%s/%llu/%d ", row->uid,
		row->base_name ? row->base_name : "-", (unsigned long long)row->flags,
		row->header_hash ? row->header_hash[0] : -1);
	return GW_OK;
}

static void expect_messages(struct fixture *f, enum gw_store_order order, const char *want)
{
	char out[500] = "";

	assert_int_equal(
		gw_store_messages(f->store, f->box.id, order, collect, out, &f->err), GW_OK);
	assert_string_equal(out, want);
}

static void rows_come_back(void **state)
{
	struct fixture *f = *state;

	add(f, 3, "b");
	add(f, 1, "c");
	add(f, 2, NULL);
	expect_messages(f, GW_BY_UID, "1=c/1/1 2=-/2/2 3=b/3/3 ");
	expect_messages(f, GW_BY_NAME, "3=b/3/3 1=c/1/1 ");
	assert_int_equal(gw_store_message_flags(f->store, f->box.id, 3, 40, &f->err), GW_OK);
	assert_int_equal(gw_store_message_drop(f->store, f->box.id, 1, &f->err), GW_OK);
	expect_messages(f, GW_BY_UID, "2=-/2/2 3=b/40/3 ");
}

static void one_name_stands_for_one_message(void **state)
{
	struct fixture *f = *state;
	const struct gw_message_row twin = { .uid = 9, .base_name = "b" };

	add(f, 3, "b");
	assert_int_equal(gw_store_message_add(f->store, f->box.id, &twin, &f->err), GW_OK);
	expect_messages(f, GW_BY_UID, "9=b/0/-1 "); /* replaced, never doubled */
}

static void renumbering_with_overlap(void **state)
{
	struct fixture *f = *state;
	const struct gw_rekey map[] = { { 1, 2 }, { 2, 1 }, { 3, 30 }, { 4, 0 } };

	add(f, 1, "a");
	add(f, 2, "b");
	add(f, 3, "c");
	add(f, 4, "d");
	add(f, 5, "e"); /* not named: dropped */
	assert_int_equal(gw_store_rekey(f->store, f->box.id, map, 4, &f->err), GW_OK);
	expect_messages(f, GW_BY_UID, "1=b/2/2 2=a/1/1 30=c/3/3 ");
}

static enum gw_code take_suspect(void *ctx, const struct gw_suspect_row *row)
{
	char *out = ctx;

	sprintf(out + strlen(out), "%u:%u-%u%s*%u%s ", row->what, row->lo, row->hi, row->name,
		row->times, row->aside ? "!" : "");
	return GW_OK;
}

static void breaks_are_counted_while_nothing_changes(void **state)
{
	struct fixture *f = *state;
	struct gw_suspect_row row = {
		.lo = 3, .hi = 9, .name = "", .reason = "why", .seen = 1, .alone = true
	};
	char out[200] = "";

	assert_int_equal(gw_store_suspect(f->store, f->box.id, &row, &f->err), GW_OK);
	assert_int_equal(gw_store_suspect(f->store, f->box.id, &row, &f->err), GW_OK);
	row.alone = 0; /* it says no more than before */
	assert_int_equal(gw_store_suspect(f->store, f->box.id, &row, &f->err), GW_OK);
	row = (struct gw_suspect_row){ .what = 1, .name = "", .reason = "why" };
	assert_int_equal(gw_store_suspect(f->store, f->box.id, &row, &f->err), GW_OK);
	assert_int_equal(gw_store_convict(f->store, f->box.id, 1, 7, &f->err), GW_OK);
	row = (struct gw_suspect_row){ .what = 2, .name = "f", .reason = "why" };
	assert_int_equal(gw_store_suspect(f->store, f->box.id, &row, &f->err), GW_OK);
	row.seen = 2; /* what is asked for is another by now */
	assert_int_equal(gw_store_suspect(f->store, f->box.id, &row, &f->err), GW_OK);
	assert_int_equal(gw_store_suspects(f->store, f->box.id, take_suspect, out, &f->err), GW_OK);
	assert_string_equal(out, "0:3-9*2 1:0-0*1! 2:0-0f*1 ");
	assert_int_equal(gw_store_acquit(f->store, f->box.id, 0, &f->err), GW_OK);
	row = (struct gw_suspect_row){ .what = 1, .name = "", .reason = "why", .seen = 5 };
	assert_int_equal(gw_store_suspect(f->store, f->box.id, &row, &f->err), GW_OK);
	*out = '\0';
	assert_int_equal(gw_store_suspects(f->store, f->box.id, take_suspect, out, &f->err), GW_OK);
	assert_string_equal(out, "1:0-0*1 2:0-0f*1 ");
}

static void a_rollback_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gw_store_begin(f->store, &f->err), GW_OK);
	add(f, 1, "a");
	gw_store_rollback(f->store);
	expect_messages(f, GW_BY_UID, "");
}

static enum gw_code take_box(void *ctx, const struct gw_mailbox_row *row)
{
	struct fixture *f = ctx;

	assert_string_equal(row->remote_name, "INBOX");
	assert_true(row->highestmodseq == f->box.highestmodseq);
	return GW_OK;
}

static void reading_leaves_no_trace(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;
	struct gw_buf value;
	char side[128];

	assert_int_equal(gw_store_set_fact(f->store, "x", "1", &f->err), GW_OK);
	assert_int_equal(gw_store_set_fact(f->store, "x", "two", &f->err), GW_OK);
	gw_store_close(f->store);
	stat(f->path, &before);
	assert_int_equal(gw_store_open(f->path, GW_STORE_READ, &f->store, &f->err), GW_OK);
	assert_int_equal(gw_store_mailboxes(f->store, 0, take_box, f, &f->err), GW_OK);
	gw_buf_init(&value, 100);
	assert_int_equal(gw_store_fact(f->store, "x", &value, &f->err), GW_OK);
	assert_string_equal(gw_buf_cstr(&value), "two");
	gw_buf_deinit(&value);
	stat(f->path, &after);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(before.st_mode & 0777, 0600);
	snprintf(side, sizeof side, "%s-shm", f->path);
	assert_int_equal(access(side, F_OK), -1);
	snprintf(side, sizeof side, "%s-wal", f->path);
	assert_int_equal(access(side, F_OK), -1);
}

static void no_file_or_an_empty_one_is_no_state(void **state)
{
	struct fixture *f = *state;
	struct gw_store *none = (struct gw_store *)f;
	char path[128];

	snprintf(path, sizeof path, "%s/none.db", f->dir);
	assert_int_equal(gw_store_open(path, GW_STORE_READ, &none, &f->err), GW_OK);
	assert_null(none);
	close(open(path, O_CREAT | O_WRONLY, 0600)); /* killed while it was being made */
	assert_int_equal(gw_store_open(path, GW_STORE_READ, &none, &f->err), GW_OK);
	assert_null(none);
}

static void damage_is_told(void **state)
{
	struct fixture *f = *state;
	char aside[256];
	FILE *file;

	gw_store_close(f->store);
	file = fopen(f->path, "r+");
	fputs("this is no database at all", file);
	fclose(file);
	assert_int_equal(
		gw_store_open(f->path, GW_STORE_WRITE, &f->store, &f->err), GW_ERR_CORRUPT);
	gw_error_clear(&f->err);
	assert_int_equal(gw_store_set_aside(f->path, aside, sizeof aside, &f->err), GW_OK);
	assert_int_equal(access(aside, F_OK), 0);
	assert_int_equal(gw_store_open(f->path, GW_STORE_WRITE, &f->store, &f->err), GW_OK);
}

static void one_holder_of_the_lock(void **state)
{
	struct fixture *f = *state;
	char path[128];
	int fd, status;
	pid_t child;

	snprintf(path, sizeof path, "%s/lock", f->dir);
	assert_int_equal(gw_lock_take(path, "works", &fd, &f->err), GW_OK);
	child = fork();
	if (child == 0) { /* a POSIX lock is between processes */
		struct gw_error err = { 0 };
		char holder[32];
		int other;

		snprintf(holder, sizeof holder, "process %d", (int)getppid());
		_exit(gw_lock_take(path, "works", &other, &err) == GW_ERR_LOCKED &&
					strstr(err.text, holder)
				? 0
				: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(fd);
}

static enum gw_code count_pending(void *ctx, const struct gw_pending_row *row)
{
	assert_int_equal(row->uidvalidity, 7);
	assert_int_equal(row->uidnext, 10);
	assert_string_equal(row->message.base_name, "draft");
	assert_int_equal(row->message.header_hash[0], 5);
	(*(int *)ctx)++;
	return GW_OK;
}

static enum gw_code count_refused(void *ctx, const char *base_name, int64_t at, uint32_t uid)
{
	assert_string_equal(base_name, "big");
	assert_int_equal(at, 1000);
	assert_int_equal(uid, 3);
	(*(int *)ctx)++;
	return GW_OK;
}

static enum gw_code take_pending_count(void *ctx, const struct gw_mailbox_row *row)
{
	*(uint32_t *)ctx = row->pending;
	return GW_OK;
}

static void uploads_are_remembered(void **state)
{
	struct fixture *f = *state;
	const uint8_t hash[GW_STORE_HASH] = { 5 };
	const struct gw_pending_row row = { .uidvalidity = 7,
		.uidnext = 10,
		.message = {
			.base_name = "draft", .size = 3, .header_hash = hash, .body_hash = hash } };
	uint32_t told = 99;
	int n = 0;

	assert_int_equal(gw_store_pending_put(f->store, f->box.id, &row, &f->err), GW_OK);
	assert_int_equal(gw_store_pending_put(f->store, f->box.id, &row, &f->err), GW_OK);
	assert_int_equal(
		gw_store_refuse(f->store, f->box.id, "big", 1000, 3, "too big", &f->err), GW_OK);
	gw_store_pending(f->store, f->box.id, count_pending, &n, &f->err);
	assert_int_equal(n, 1);
	gw_store_refused(f->store, f->box.id, count_refused, &n, &f->err);
	assert_int_equal(n, 2);
	gw_store_mailboxes(f->store, 0, take_pending_count, &told, &f->err);
	assert_int_equal(told, 1);
	gw_store_pending_drop(f->store, f->box.id, "draft", &f->err);
	gw_store_unrefuse(f->store, f->box.id, "big", &f->err);
	n = 0;
	gw_store_pending(f->store, f->box.id, count_pending, &n, &f->err);
	gw_store_refused(f->store, f->box.id, count_refused, &n, &f->err);
	assert_int_equal(n, 0);
}

static enum gw_code take_answered(void *ctx, const struct gw_pending_row *row)
{
	*(unsigned *)ctx = row->answered + 100 * row->uidnext;
	return GW_OK;
}

static enum gw_code take_sent(void *ctx, uint32_t uid)
{
	*(uint32_t *)ctx += uid;
	return GW_OK;
}

/* A message that was sent and does not show is an upload again, which knows how often it was sent. */
static void what_was_sent_is_taken_back(void **state)
{
	struct fixture *f = *state;
	static const uint8_t hash[GW_STORE_HASH] = { 5 };
	const struct gw_message_row row = {
		.uid = 4, .base_name = "draft", .size = 3, .header_hash = hash, .body_hash = hash
	};
	uint32_t sent = 0;
	unsigned answered = 0;

	gw_store_message_add(f->store, f->box.id, &row, &f->err);
	assert_int_equal(gw_store_sent_put(f->store, f->box.id, 4, 1, &f->err), GW_OK);
	gw_store_sent(f->store, f->box.id, take_sent, &sent, &f->err);
	assert_int_equal(sent, 4);
	assert_int_equal(gw_store_sent_back(f->store, f->box.id, 4, 7, 3, &f->err), GW_OK);
	gw_store_sent_drop(f->store, f->box.id, 4, &f->err);
	gw_store_sent(f->store, f->box.id, take_sent, &sent, &f->err);
	assert_int_equal(sent, 4);
	assert_int_equal(gw_store_pending_answered(f->store, f->box.id, "draft", &f->err), GW_OK);
	gw_store_pending(f->store, f->box.id, take_answered, &answered, &f->err);
	assert_int_equal(answered, 302);
	gw_store_pending_drop(f->store, f->box.id, "draft", &f->err);
	gw_store_message_drop(f->store, f->box.id, 4, &f->err);
}

static enum gw_code take_side(void *ctx, uint32_t uid, enum gw_side side)
{
	*(uint32_t *)ctx = uid + 100 * (uint32_t)side;
	return GW_OK;
}

static enum gw_code take_state(void *ctx, const struct gw_message_row *row)
{
	*(int *)ctx = row->base_name != NULL ? -1 : (int)row->state;
	return GW_OK;
}

/* What is held back outlives a renumbering if it was gone here, and not if it was gone there. */
static void held_deletions_and_what_is_left(void **state)
{
	struct fixture *f = *state;
	static const uint8_t hash[GW_STORE_HASH] = { 1 };
	struct gw_message_row row = {
		.uid = 1, .base_name = "one", .header_hash = hash, .body_hash = hash, .copied = true
	};
	const struct gw_rekey map[] = { { 1, 7 } };
	uint32_t found = 0;
	int left = 0;
	bool copy = false;

	assert_int_equal(gw_store_message_add(f->store, f->box.id, &row, &f->err), GW_OK);
	gw_store_has_copy(f->store, f->box.id + 1, hash, hash, &copy, &f->err);
	assert_true(copy);
	gw_store_has_copy(f->store, f->box.id, hash, hash, &copy, &f->err);
	assert_false(copy); /* that is the message itself */
	gw_store_hold_deletion(f->store, f->box.id, 1, GW_GONE_HERE, &f->err);
	gw_store_hold_deletion(f->store, f->box.id, 2, GW_GONE_THERE, &f->err);
	assert_int_equal(gw_store_rekey(f->store, f->box.id, map, 1, &f->err), GW_OK);
	gw_store_held_deletions(f->store, f->box.id, take_side, &found, &f->err);
	assert_int_equal(found, 107);
	gw_store_message_leave(f->store, f->box.id, 7, GW_ROW_LEFT, &f->err);
	gw_store_message(f->store, f->box.id, 7, take_state, &left, &f->err);
	assert_int_equal(left, GW_ROW_LEFT);
	gw_store_has_copy(f->store, f->box.id + 1, hash, hash, &copy, &f->err);
	assert_false(copy); /* it has no file any more */
}

static enum gw_code take_retag(void *ctx, const struct gw_retag *retag)
{
	*(struct gw_retag *)ctx = *retag;
	return GW_OK;
}

/* What a label did last is what its tag will do. */
static void tags_do_what_labels_did_last(void **state)
{
	struct fixture *f = *state;
	struct gw_retag r = { .mailbox = f->box.id, .uid = 7, .gains = 3, .own = true },
			found = { 0 };

	gw_store_retag(f->store, &r, &f->err);
	r = (struct gw_retag){ .mailbox = f->box.id, .uid = 7, .gains = 4, .loses = 1 };
	assert_int_equal(gw_store_retag(f->store, &r, &f->err), GW_OK);
	assert_int_equal(gw_store_retags(f->store, take_retag, &found, &f->err), GW_OK);
	assert_int_equal(found.uid, 7);
	assert_int_equal(found.gains, 6);
	assert_int_equal(found.loses, 1);
	assert_true(found.own);
	gw_store_retagged(f->store, f->box.id, 7, &f->err);
	found.uid = 0;
	gw_store_retags(f->store, take_retag, &found, &f->err);
	assert_int_equal(found.uid, 0);
}

struct untags {
	int count;
	uint64_t global_id;
	char label[16];
};

static enum gw_code take_untag(void *ctx, uint64_t global_id, const char *label)
{
	struct untags *u = ctx;

	u->count++;
	u->global_id = global_id;
	snprintf(u->label, sizeof u->label, "%s", label);
	return GW_OK;
}

static void labels_that_left_are_remembered(void **state)
{
	struct fixture *f = *state;
	struct untags found = { 0 };

	for (int i = 0; i < 2; i++)
		assert_int_equal(gw_store_untag(f->store, UINT64_MAX - 1, "Work", &f->err), GW_OK);
	gw_store_untag(f->store, 7, "Work", &f->err);
	gw_store_untagged(f->store, 7, "Work", &f->err);
	assert_int_equal(gw_store_untags(f->store, take_untag, &found, &f->err), GW_OK);
	assert_int_equal(found.count, 1);
	assert_true(found.global_id == UINT64_MAX - 1);
	assert_string_equal(found.label, "Work");
}

static enum gw_code count_kept(void *ctx, const char *base_name, int64_t at, uint32_t uid)
{
	assert_string_equal(base_name, "one");
	assert_true(at == GW_REFUSED_FOR_GOOD);
	assert_int_equal(uid, 0);
	(*(int *)ctx)++;
	return GW_OK;
}

static enum gw_code take_validity(void *ctx, const struct gw_mailbox_row *row)
{
	*(uint32_t *)ctx = row->uidvalidity + row->uidnext + row->messages;
	return GW_OK;
}

/* Of a mailbox that is to be made again nothing is left but that its files are not to be sent. */
static void files_are_kept(void **state)
{
	struct fixture *f = *state;
	static const uint8_t hash[GW_STORE_HASH] = { 1 };
	const struct gw_message_row rows[] = {
		{ .uid = 1, .base_name = "one", .header_hash = hash, .body_hash = hash },
		{ .uid = 2, .state = GW_ROW_OUTSIDE }
	};
	uint32_t told = 99;
	int n = 0, rest = 0;

	for (size_t i = 0; i < 2; i++)
		gw_store_message_add(f->store, f->box.id, &rows[i], &f->err);
	assert_int_equal(gw_store_mailbox_keep_files(f->store, f->box.id, "kept", &f->err), GW_OK);
	gw_store_refused(f->store, f->box.id, count_kept, &n, &f->err);
	assert_int_equal(n, 1);
	gw_store_messages(f->store, f->box.id, GW_BY_UID, take_state, &rest, &f->err);
	assert_int_equal(rest, 0);
	gw_store_mailboxes(f->store, 0, take_validity, &told, &f->err);
	assert_int_equal(told, 0);
}

/* A state of the first version is brought up to date when it is opened, for reading too. */
static void an_old_state_is_migrated(void **state)
{
	struct fixture *f = *state;
	static const char *const later[] = { "DROP TABLE pending", "DROP TABLE refused",
		"DROP TABLE deleted", "DROP TABLE held_deletion",
		"ALTER TABLE mailbox DROP COLUMN cur_inode",
		"ALTER TABLE mailbox DROP COLUMN cur_mtime",
		"ALTER TABLE mailbox DROP COLUMN cur_ctime",
		"ALTER TABLE mailbox DROP COLUMN new_inode",
		"ALTER TABLE mailbox DROP COLUMN new_mtime",
		"ALTER TABLE mailbox DROP COLUMN new_ctime",
		"ALTER TABLE mailbox DROP COLUMN missing_at",
		"ALTER TABLE mailbox DROP COLUMN window",
		"ALTER TABLE mailbox DROP COLUMN object_id",
		"ALTER TABLE mailbox DROP COLUMN shows", "DROP INDEX message_copied",
		"DROP INDEX message_global", "DROP TABLE budget", "DROP TABLE retag",
		"DROP TABLE untag", "DROP TABLE suspect", "DROP TABLE sent",
		"DROP TABLE held_mailbox", "DROP TABLE refused_keyword", "DROP TABLE pulled",
		"DROP TABLE unstored", "DROP TABLE trashing",
		"ALTER TABLE message DROP COLUMN copied", "PRAGMA user_version = 1" };
	sqlite3 *db = NULL;
	uint32_t told = 99;

	gw_store_close(f->store);
	f->store = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		assert_int_equal(sqlite3_exec(db, later[i], NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(gw_store_open(f->path, GW_STORE_READ, &f->store, &f->err), GW_OK);
	assert_non_null(f->store);
	assert_int_equal(
		gw_store_mailboxes(f->store, 0, take_pending_count, &told, &f->err), GW_OK);
	assert_int_equal(told, 0);
}

/* Changes the file behind the store's back. */
static void damage(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	gw_store_close(f->store);
	f->store = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
	gw_error_clear(&f->err);
	assert_int_equal(gw_store_open(f->path, GW_STORE_WRITE, &f->store, &f->err), GW_OK);
}

static enum gw_code take_a_side(void *ctx, uint32_t uid, enum gw_side side)
{
	(void)ctx;
	(void)uid;
	assert_true(side == GW_GONE_THERE || side == GW_GONE_HERE);
	return GW_OK;
}

static enum gw_code take_unstored(void *ctx, const struct gw_unstored_row *row)
{
	(void)ctx;
	(void)row;
	return GW_OK;
}

static enum gw_code take_trashing(void *ctx, const struct gw_trashing_row *row)
{
	*(struct gw_trashing_row *)ctx = *row;
	return GW_OK;
}

/* What is about to go to the trash is known by its UID, and goes with the row of its message. */
static void what_goes_to_the_trash(void **state)
{
	struct fixture *f = *state;
	const struct gw_trashing_row row = { .uid = 7, .uidvalidity = 5, .uidnext = 3000000000U };
	struct gw_trashing_row told = { 0 };

	assert_int_equal(gw_store_trashing_put(f->store, f->box.id, &row, &f->err), GW_OK);
	assert_int_equal(
		gw_store_trashing(f->store, f->box.id, take_trashing, &told, &f->err), GW_OK);
	assert_memory_equal(&told, &row, sizeof row);
	assert_int_equal(gw_store_trashing_drop(f->store, f->box.id, 7, &f->err), GW_OK);
	told.uid = 0;
	assert_int_equal(
		gw_store_trashing(f->store, f->box.id, take_trashing, &told, &f->err), GW_OK);
	assert_int_equal(told.uid, 0);
}

/* No godwit writes such rows, and SQLite does not know. */
static void damaged_rows_are_told(void **state)
{
	struct fixture *f = *state;
	static const char *const rows[] = { "UPDATE message SET state = 9",
		"UPDATE message SET state = -1", "UPDATE message SET state = 4294967296",
		"UPDATE message SET uid = 4294967297", "UPDATE message SET uid = 0",
		"UPDATE message SET uid = -1" };
	struct gw_trashing_row told;
	char out[500];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		add(f, 1, "one");
		damage(f, rows[i]);
		if (gw_store_messages(f->store, f->box.id, GW_BY_UID, collect, out, &f->err) !=
				GW_ERR_CORRUPT ||
			strstr(f->err.text, "message") == NULL)
			fail_msg("%s: \"%s\"", rows[i], f->err.text);
		damage(f, "DELETE FROM message");
	}
	damage(f, "INSERT INTO held_deletion VALUES(1, 5, 2)");
	assert_int_equal(
		gw_store_held_deletions(f->store, 1, take_a_side, NULL, &f->err), GW_ERR_CORRUPT);
	damage(f, "INSERT INTO unstored VALUES(1, 4294967297, 0, 0, 0, '')");
	assert_int_equal(
		gw_store_unstored(f->store, 1, take_unstored, NULL, &f->err), GW_ERR_CORRUPT);
	damage(f, "INSERT INTO trashing VALUES(1, 0, 1, 1)");
	assert_int_equal(
		gw_store_trashing(f->store, 1, take_trashing, &told, &f->err), GW_ERR_CORRUPT);
}

static enum gw_code take_held_mailbox(void *ctx, const struct gw_held_mailbox *row)
{
	(*(int *)ctx)++;
	assert_string_equal(row->reason, "");
	return GW_OK;
}

static enum gw_code take_keyword_name(void *ctx, unsigned index, const char *name)
{
	assert_int_equal(index, 1);
	(*(int *)ctx)++;
	assert_string_equal(name, "");
	return GW_OK;
}

static enum gw_code take_pulled(void *ctx, const struct gw_pulled_row *row)
{
	(*(int *)ctx)++;
	assert_string_equal(row->reason, "");
	return GW_OK;
}

/* A NULL where the schema has none, as in a page that was written over. */
static void text_is_never_null(void **state)
{
	struct fixture *f = *state;
	int n = 0;

	damage(f,
		"PRAGMA writable_schema = ON;"
		"UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'STRICT, WITHOUT', 'WITHOUT'), ' STRICT', ''), ' NOT NULL', '')"
		" WHERE name IN ('held_mailbox', 'keyword', 'pulled');");
	damage(f, "INSERT INTO held_mailbox VALUES('Work', 0, 0, NULL);"
		  "INSERT INTO keyword VALUES(1, 1, NULL);"
		  "INSERT INTO pulled(id, uidl) VALUES(1, NULL)");
	assert_int_equal(gw_store_held_mailboxes(f->store, take_held_mailbox, &n, &f->err), GW_OK);
	assert_int_equal(gw_store_keywords(f->store, 1, take_keyword_name, &n, &f->err), GW_OK);
	assert_int_equal(gw_store_pulled(f->store, take_pulled, &n, &f->err), GW_OK);
	assert_int_equal(n, 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = { TEST(rows_come_back),
		TEST(one_name_stands_for_one_message), TEST(renumbering_with_overlap),
		TEST(breaks_are_counted_while_nothing_changes), TEST(a_rollback_leaves_nothing),
		TEST(reading_leaves_no_trace), TEST(no_file_or_an_empty_one_is_no_state),
		TEST(what_goes_to_the_trash), TEST(damage_is_told), TEST(damaged_rows_are_told),
		TEST(text_is_never_null), TEST(uploads_are_remembered),
		TEST(what_was_sent_is_taken_back), TEST(held_deletions_and_what_is_left),
		TEST(files_are_kept), TEST(tags_do_what_labels_did_last),
		TEST(labels_that_left_are_remembered), TEST(an_old_state_is_migrated),
		TEST(one_holder_of_the_lock) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
