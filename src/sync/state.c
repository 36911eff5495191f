/* SPDX-License-Identifier: ISC */
/* sync/state.c - the account's state, its lock and its mark; part of sync_p.h. */
#include "sync/sync_p.h"

#include "base/fs.h"
#include "base/num.h"
#include "imap/quirks.h"
#include "local/account.h"
#include "maildir/attic.h"
#include "maildir/tree.h"
#include "plan/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static enum gw_code prepare(struct gw_disk_world *world, struct gw_error *err);

static const char *name_at(const void *rows, size_t place)
{
	return ((const struct gw_mailbox_row *)rows)[place].remote_name;
}

static enum gw_code take_row(void *ctx, const struct gw_mailbox_row *row)
{
	struct gw_sync *s = ctx;
	struct gw_mailbox_row *slot =
		gw_array_push((void **)&s->rows, &s->row_count, &s->row_cap, sizeof *s->rows);

	if (slot == NULL)
		return GW_ERR_NOMEM;
	*slot = *row;
	s->messages += row->messages;
	s->deleted_recently += row->deleted_recently;
	s->deleted_in_day += row->deleted_kept;
	slot->remote_name = strdup(row->remote_name);
	slot->local_dir = strdup(row->local_dir);
	return slot->remote_name == NULL || slot->local_dir == NULL ||
			       !gw_name_index_add(&s->row_index, name_at, s->rows, s->row_count - 1)
		       ? GW_ERR_NOMEM
		       : GW_OK;
}

struct gw_mailbox_row *gw_sync_find_row(const struct gw_sync *s, const char *wire)
{
	size_t place = gw_name_index_find(&s->row_index, name_at, s->rows, gw_slice_str(wire));

	return place == SIZE_MAX ? NULL : &s->rows[place];
}

bool gw_sync_index_rows(struct gw_sync *s)
{
	size_t kept = 0;
	bool ok = true;

	gw_name_index_deinit(&s->row_index);
	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].remote_name == NULL) {
			free(s->rows[i].local_dir);
			continue;
		}
		s->rows[kept++] = s->rows[i];
		ok = ok && gw_name_index_add(&s->row_index, name_at, s->rows, kept - 1);
	}
	s->row_count = kept;
	return ok;
}

static void free_rows(struct gw_sync *s)
{
	for (size_t i = 0; i < s->row_count; i++) {
		free(s->rows[i].remote_name);
		free(s->rows[i].local_dir);
	}
	s->row_count = 0;
	gw_name_index_deinit(&s->row_index);
	s->messages = s->deleted_recently = s->deleted_in_day = 0;
}

enum gw_code gw_sync_reread_rows(struct gw_sync *s, struct gw_error *err)
{
	free_rows(s);
	return gw_store_mailboxes(
		s->disk.world.store, (int64_t)time(NULL) - GW_GUARD_SECONDS, take_row, s, err);
}

static enum gw_code read_left_there(struct gw_sync *s, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	if (s->account->direction != GW_DIRECTION_PUSH || s->options.verify)
		return GW_OK;
	for (size_t i = 0; i < s->row_count && code == GW_OK; i++) {
		uint64_t n = 0;

		code = gw_store_count_outside(s->disk.world.store, s->rows[i].id, &n, err);
		s->left_there += n;
	}
	return code;
}

static enum gw_code read_fact(struct gw_sync *s, const char *name, char **out, struct gw_error *err)
{
	struct gw_buf text;
	enum gw_code code;

	gw_buf_init(&text, 65536);
	code = gw_store_fact(s->disk.world.store, name, &text, err);
	if (code == GW_OK && text.n > 0)
		*out = strdup(gw_buf_cstr(&text));
	gw_buf_deinit(&text);
	return code;
}

static bool ever_synchronized(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].uidvalidity != 0)
			return true;
	}
	return false;
}

static bool is_account_id(const char *id)
{
	return strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32;
}

static enum gw_code read_state(struct gw_sync *s, struct gw_error *err)
{
	char *id = NULL, *quirks = NULL, *muted = NULL;
	int64_t generation = 0, modseq = 0, in_step = 0;
	enum gw_code code = gw_sync_reread_rows(s, err);

	if (code == GW_OK)
		code = read_left_there(s, err);
	if (code == GW_OK)
		code = read_fact(s, GW_FACT_ACCOUNT_ID, &id, err);
	if (code == GW_OK)
		code = gw_store_fact_number(
			s->disk.world.store, GW_FACT_GENERATION, &generation, err);
	if (code == GW_OK)
		code = gw_store_fact_number(s->disk.world.store, GW_FACT_MODSEQ, &modseq, err);
	s->modseq_seen = modseq > 0 && !s->options.full ? (uint64_t)modseq : 0;
	if (code == GW_OK)
		code = gw_store_fact_number(s->disk.world.store, GW_FACT_IN_STEP, &in_step, err);
	s->in_step = in_step != 0;
	if (code == GW_OK)
		code = read_fact(s, GW_FACT_CAPS, &s->caps, err);
	if (code == GW_OK && !s->options.full)
		code = read_fact(s, GW_FACT_CAPS_BEFORE, &s->caps_before, err);
	if (code == GW_OK)
		code = read_fact(s, GW_FACT_QUIRKS, &quirks, err);
	s->quirks_stored = gw_quirks_parse(quirks);
	s->quirks = s->options.full ? 0 : s->quirks_stored;
	free(quirks);
	if (code == GW_OK)
		code = read_fact(s, GW_FACT_MUTED, &muted, err);
	if (code == GW_OK)
		code = gw_sync_read_muted(s, muted, err);
	free(muted);
	if (code == GW_OK)
		code = gw_sync_check_pause(s, err);
	if (code == GW_OK)
		code = gw_sync_read_held(s, err);
	if (id != NULL)
		snprintf(s->account_id, sizeof s->account_id, "%s", id);
	s->generation = (uint64_t)generation;
	free(id);
	/* Damage that SQLite does not notice; without this it would look like another account's. */
	if (code == GW_OK && ever_synchronized(s) && !is_account_id(s->account_id))
		code = gw_fail(
			err, GW_ERR_CORRUPT, "state %s does not name its account", s->db_path);
	return code;
}

static enum gw_code set_aside(struct gw_sync *s, struct gw_error *err)
{
	enum gw_code code;

	if (s->options.dry_run)
		return err->code;
	code = gw_account_set_aside(s->db_path, &s->disk.world.store, s->log, err);
	if (code != GW_OK)
		return code;
	free_rows(s);
	s->account_id[0] = '\0';
	s->generation = 0;
	return GW_OK;
}

/* Checks that the tree is there, ours, and as old as the state. */
static enum gw_code check_root(struct gw_sync *s, struct gw_error *err)
{
	const char *root = s->account->maildir;
	struct stat st;
	enum gw_code code;

	if (stat(root, &st) != 0) {
		if (errno != ENOENT)
			return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot look at %s", root);
		if (ever_synchronized(s))
			return gw_fail(err, GW_ERR_HELD,
				"the Maildir %s is gone, so nothing was done: is a disk not "
				"mounted? (To fetch "
				"everything anew, move the state %s away.)",
				root, s->db_path);
		return GW_OK;
	}
	if (!S_ISDIR(st.st_mode))
		return gw_fail(err, GW_ERR_CONFIG, "maildir %s is not a directory", root);
	code = gw_mark_read(root, &s->mark, err);
	if (code != GW_OK)
		return code;
	if (ever_synchronized(s) && s->mark.account_id[0] == '\0')
		return gw_fail(err, GW_ERR_HELD,
			"the Maildir %s lacks the mark .godwit that the state knows, so nothing "
			"was done: is a "
			"disk not mounted? (To fetch what is missing anew, move the state %s away; "
			"mail that is "
			"here is recognised.)",
			root, s->db_path);
	if (ever_synchronized(s) && strcmp(s->mark.account_id, s->account_id) != 0)
		return gw_fail(err, GW_ERR_HELD,
			"the Maildir %s carries another account's mark (.godwit), so nothing was "
			"done: is `maildir` right? (If it is, move the state %s away; mail that is "
			"here is recognised.)",
			root, s->db_path);
	return GW_OK;
}

static void compare_mark(struct gw_sync *s)
{
	s->state_is_new = s->account_id[0] == '\0';
	if (s->state_is_new && s->mark.account_id[0] != '\0') {
		/* Lost state: the tree tells who we were, so that our file names stay ours. */
		memcpy(s->account_id, s->mark.account_id, sizeof s->account_id);
		s->generation = s->mark.generation;
		s->state_lost = s->in_step = true;
	} else if (!s->state_is_new && ever_synchronized(s)) {
		s->copies_differ = s->mark.generation != s->generation &&
				   s->mark.generation != s->generation + 1;
	}
	if (s->copies_differ)
		gw_log(s->log, GW_LOG_WARN,
			"the Maildir and the state are not of one age (one of them was restored?): "
			"nothing is "
			"deleted in this run, and what is missing here is fetched");
}

static enum gw_code check_whose(struct gw_sync *s, struct gw_error *err)
{
	char *user = NULL, *host = NULL;
	enum gw_code code = GW_OK;

	if (s->disk.world.store != NULL)
		code = read_fact(s, GW_FACT_USER, &user, err);
	if (code == GW_OK && s->disk.world.store != NULL)
		code = read_fact(s, GW_FACT_HOST, &host, err);
	if (code == GW_OK)
		code = gw_sync_check_whose(s, user, host, err);
	free(user);
	free(host);
	return code;
}

enum gw_code gw_sync_open_state(struct gw_sync *s, struct gw_error *err)
{
	const char *dir = s->account->state_dir, *name = s->account->name;
	enum gw_code code;

	if (asprintf(&s->db_path, "%s/%s.db", dir, name) < 0 ||
		asprintf(&s->attic_path, "%s/%s.attic", dir, name) < 0 ||
		asprintf(&s->journal_path, "%s/%s.log", dir, name) < 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = gw_account_lock(s->account, s->options.dry_run, &s->lock_fd, err);
	if (code != GW_OK)
		return code;
	s->disk.world.root = s->account->maildir;
	s->disk.world.attic = s->account->attic_days > 0 ? s->attic_path : NULL;
	s->disk.world.dry_run = s->options.dry_run;
	s->disk.world.prepare = prepare;
	s->disk.world.prepare_ctx = s;
	code = gw_store_open(s->db_path, GW_STORE_READ, &s->disk.world.store, err);
	if (code == GW_OK && s->disk.world.store != NULL)
		code = read_state(s, err);
	if (code == GW_OK)
		code = gw_sync_read_budget(s, err);
	if (code == GW_ERR_CORRUPT)
		code = set_aside(s, err);
	if (code == GW_OK)
		code = check_root(s, err);
	if (code == GW_OK && !s->options.dry_run)
		code = gw_tree_settle(s->account->maildir, err);
	if (code != GW_OK)
		return code;
	compare_mark(s);
	code = check_whose(s, err);
	if (code != GW_OK)
		return code;
	return s->account_id[0] == '\0' ? gw_account_new_id(s->account_id, err) : GW_OK;
}

/* --- before the first change ----------------------------------------------------------------- */

struct prepare_job {
	struct gw_disk_job job; /* first */
	struct gw_sync *sync;
	uint64_t down, up; /* at the end: bytes on the wire that were not counted yet */
	struct gw_rest *rest;
	struct gw_error err;
};

static enum gw_code add_mailboxes(
	struct gw_sync *s, struct gw_disk_world *world, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < s->entry_count && code == GW_OK; i++) {
		if (s->entries[i].row.id == 0 && s->entries[i].dirty)
			code = gw_store_mailbox_add(world->store, &s->entries[i].row, err);
	}
	return code;
}

static enum gw_code write_facts(
	struct gw_sync *s, struct gw_disk_world *world, struct gw_error *err)
{
	struct gw_buf quirks;
	char number[24];
	enum gw_code code;

	snprintf(number, sizeof number, "%llu", (unsigned long long)s->generation);
	code = gw_store_set_fact(world->store, GW_FACT_ACCOUNT_ID, s->account_id, err);
	if (code == GW_OK)
		code = gw_store_set_fact(world->store, GW_FACT_GENERATION, number, err);
	if (code == GW_OK && s->in_step)
		code = gw_store_set_fact(world->store, GW_FACT_IN_STEP, "1", err);
	if (code == GW_OK && s->account->user != NULL)
		code = gw_store_set_fact(world->store, GW_FACT_USER, s->account->user, err);
	if (code == GW_OK && s->account->host != NULL)
		code = gw_store_set_fact(world->store, GW_FACT_HOST, s->account->host, err);
	if (code == GW_OK && s->caps != NULL)
		code = gw_store_set_fact(world->store, GW_FACT_CAPS, s->caps, err);
	if (code == GW_OK && s->caps_before_changed)
		code = gw_store_set_fact(world->store, GW_FACT_CAPS_BEFORE,
			s->caps_before == NULL ? "" : s->caps_before, err);
	gw_buf_init(&quirks, 4096);
	if (code == GW_OK && s->quirks != s->quirks_stored &&
		(code = gw_quirks_format(s->quirks, &quirks)) == GW_OK)
		code = gw_store_set_fact(world->store, GW_FACT_QUIRKS, gw_buf_cstr(&quirks), err);
	gw_buf_deinit(&quirks);
	return code == GW_OK ? gw_sync_write_muted(s, err) : code;
}

/* In the pool.  Of the sync it changes only the mark; the loop does not touch it before it is
 * done. */
static enum gw_code prepare(struct gw_disk_world *world, struct gw_error *err)
{
	struct gw_sync *s = world->prepare_ctx;
	enum gw_code code;

	gw_store_close(world->store);
	world->store = NULL;
	code = gw_store_open(s->db_path, GW_STORE_WRITE, &world->store, err);
	if (code == GW_OK)
		code = gw_mkdirs(s->account->maildir, err);
	if (code == GW_OK && s->mark.account_id[0] == '\0')
		code = gw_mark_try_names(s->account->maildir, s->account->info_separator, err);
	if (code == GW_OK && !s->copies_differ) { /* otherwise both are set at the end */
		memcpy(s->mark.account_id, s->account_id, sizeof s->mark.account_id);
		s->mark.generation = s->generation + 1;
		gw_sync_sign_mark(s);
		code = gw_mark_write(s->account->maildir, &s->mark, err);
	}
	if (code == GW_OK)
		code = gw_store_begin(world->store, err);
	if (code != GW_OK)
		return code;
	code = write_facts(s, world, err);
	if (code == GW_OK)
		code = gw_store_deleted_purge(
			world->store, (int64_t)time(NULL) - GW_GUARD_DAY, err);
	if (code == GW_OK)
		code = gw_store_commit(world->store, err);
	if (code != GW_OK)
		gw_store_rollback(world->store);
	return code;
}

static void work_prepare(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct prepare_job *p = (struct prepare_job *)job;
	enum gw_code code = gw_disk_writable(world, &p->err);

	if (code == GW_OK)
		code = gw_store_begin(world->store, &p->err);
	if (code != GW_OK)
		return;
	code = add_mailboxes(p->sync, world, &p->err);
	if (code == GW_OK)
		code = gw_store_commit(world->store, &p->err);
	if (code != GW_OK)
		gw_store_rollback(world->store);
}

static void on_prepared(struct gw_disk_job *job)
{
	struct prepare_job *p = (struct prepare_job *)job;
	struct gw_sync *s = p->sync;
	struct gw_error err = p->err;

	free(p);
	if (err.code != GW_OK) {
		gw_sync_fail(s, &err);
		return;
	}
	gw_sync_work(s);
}

void gw_sync_prepare(struct gw_sync *s)
{
	struct prepare_job *p = calloc(1, sizeof *p);

	gw_sync_enter(s, SYNC_PREPARING);
	if (p == NULL) {
		gw_sync_fail_nomem(s);
		return;
	}
	*p = (struct prepare_job){ .job = { .work = work_prepare, .done = on_prepared },
		.sync = s };
	gw_disk_submit(&s->disk, &p->job);
}

/* --- at the end ------------------------------------------------------------------------------ */

static enum gw_code write_end(struct prepare_job *p, struct gw_disk_world *world)
{
	struct gw_sync *s = p->sync;
	struct gw_error *err = &p->err;
	bool whole = s->err.code == GW_OK && s->counts.problems == 0;
	char now[24];
	enum gw_code code = GW_OK;

	snprintf(now, sizeof now, "%lld", (long long)time(NULL));
	if (s->copies_differ && whole) { /* every mailbox was joined again: one age */
		if (s->mark.generation > s->generation)
			s->generation = s->mark.generation;
		snprintf(s->mark.account_id, sizeof s->mark.account_id, "%s", s->account_id);
		s->mark.generation = ++s->generation;
		gw_sync_sign_mark(s);
		code = gw_mark_write(s->account->maildir, &s->mark, err);
	} else if (!s->copies_differ) {
		s->generation = s->mark.generation;
	}
	s->in_step |= s->err.code == GW_OK && !s->stopped && s->options.folder_count == 0;
	if (code == GW_OK)
		code = gw_store_begin(world->store, err);
	if (code == GW_OK)
		code = write_facts(s, world, err);
	if (code == GW_OK && s->options.accept_deletions) /* the user decided: count from zero */
		code = gw_store_deleted_purge(world->store, (int64_t)time(NULL), err);
	if (code == GW_OK)
		code = gw_store_set_fact(world->store, GW_FACT_CHANGED, now, err);
	if (code == GW_OK && whole && gw_sync_modseq_is_done(s)) {
		snprintf(now, sizeof now, "%llu", (unsigned long long)s->modseq_now);
		code = gw_store_set_fact(world->store, GW_FACT_MODSEQ, now, err);
	}
	if (code == GW_OK && p->down + p->up > 0)
		code = gw_store_day_add(world->store, gw_store_today(), p->down, p->up, err);
	if (code == GW_OK && gw_sync_pause_changed(s))
		code = gw_sync_store_pause(s, world->store, err);
	if (code == GW_OK && gw_sync_held_changed(s))
		code = gw_sync_write_held(s, world->store, err);
	return code == GW_OK ? gw_store_commit(world->store, err) : code;
}

static void work_close(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct prepare_job *p = (struct prepare_job *)job;
	struct gw_sync *s = p->sync;

	if (gw_sync_pause_changed(s) || gw_sync_held_changed(s) ||
		(s->names_changed && !s->options.dry_run))
		gw_disk_writable(world, &p->err);
	gw_sync_write_tags(s, world);
	if (world->writable && s->err.code != GW_ERR_CORRUPT) {
		write_end(p, world);
		if (s->account->attic_days > 0)
			gw_attic_purge(s->attic_path, s->account->attic_days);
	}
	if (s->err.code == GW_OK && p->err.code == GW_OK && !s->stopped && !s->options.verify &&
		world->store != NULL)
		p->rest = gw_sync_read_rest(s, world->store, &p->err);
	gw_store_close(world->store);
	world->store = NULL;
}

static void on_closed(struct gw_disk_job *job)
{
	struct prepare_job *p = (struct prepare_job *)job;
	struct gw_sync *s = p->sync;

	if (s->err.code == GW_OK)
		s->err = p->err;
	if (s->err.code == GW_ERR_CORRUPT && !s->options.dry_run) {
		char aside[4096];
		struct gw_error ignored = { 0 };

		if (gw_store_set_aside(s->db_path, aside, sizeof aside, &ignored) == GW_OK)
			gw_error_context(&s->err,
				"the state is damaged; it is set aside as %s and made anew by the "
				"next sync",
				aside);
	}
	gw_sync_tell_rest(s, p->rest);
	free(p);
	gw_sync_finished(s);
}

void gw_sync_close_state(struct gw_sync *s)
{
	struct prepare_job *p = calloc(1, sizeof *p);

	gw_sync_enter(s, SYNC_FINISHING);
	if (p == NULL) { /* the state stays one generation behind the mark, which is right too */
		gw_sync_finished(s);
		return;
	}
	*p = (struct prepare_job){ .job = { .work = work_close, .done = on_closed }, .sync = s };
	gw_sync_take_traffic(s, &p->down, &p->up);
	gw_disk_submit(&s->disk, &p->job);
}
