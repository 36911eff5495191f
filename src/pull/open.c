/* SPDX-License-Identifier: ISC */
/* pull/open.c - the account's state, its lock and its mark; part of pull_p.h.
 *
 * The mark is raised before the first change of a run, the state at its end (maildir/mark.h); so a
 * run that did not end is known by it, and the next one looks for files that no row knows.
 */
#include "pull/pull_p.h"

#include "base/text.h"
#include "base/uptime.h"
#include "local/account.h"
#include "maildir/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LONG_PAUSE = 60, DAY = 86400, HOUR = 3600, GUARD_SECONDS = 600, FACT_MAX = 4096 };

static enum gw_code prepare(struct gw_disk_world *world, struct gw_error *err);

/* --- reading --------------------------------------------------------------------------------- */

static enum gw_code take_row(void *ctx, const struct gw_pulled_row *from)
{
	struct gw_pull *p = ctx;
	size_t i = pull_add_row(p, from->uidl);
	struct gw_pull_row *row;
	struct pull_more *more;

	if (i == GW_PULL_NONE)
		return GW_ERR_NOMEM;
	row = &p->view.rows[i];
	more = &p->more[i];
	more->id = from->id;
	if (p->next_id <= from->id)
		p->next_id = from->id + 1;
	row->size = from->size;
	row->state =
		from->state <= GW_PULL_UNWANTED ? (enum gw_pull_state)from->state : GW_PULL_HERE;
	if (from->header_hash != NULL)
		memcpy(row->header, from->header_hash, GW_PULL_HASH);
	if (from->body_hash != NULL)
		memcpy(row->body, from->body_hash, GW_PULL_HASH);
	if (from->msgid_hash != NULL)
		memcpy(row->msgid, from->msgid_hash, GW_PULL_HASH);
	row->has_body = from->body_hash != NULL;
	row->has_file = from->base_name != NULL;
	more->dir_inode = from->dir_inode;
	row->sealed = from->sealed;
	row->is_short = from->is_short;
	row->recorded = true;
	row->tries = from->tries;
	row->tried_at = from->tried_at;
	row->delivered_at = from->delivered_at;
	row->delivered_age = from->delivered_age;
	more->first_seen = from->first_seen;
	more->deleted_at = from->deleted_at;
	row->is_alone = from->deleted_at != 0;
	more->listed_at = from->listed_at;
	more->base_name = gw_copy_str(from->base_name);
	more->reason = *from->reason == '\0' ? NULL : gw_copy_str(from->reason);
	return from->base_name != NULL && more->base_name == NULL ? GW_ERR_NOMEM : GW_OK;
}

static enum gw_code read_fact(
	struct gw_pull *p, const char *name, char *out, size_t n, struct gw_error *err)
{
	struct gw_buf text;
	enum gw_code code;

	gw_buf_init(&text, FACT_MAX);
	code = gw_store_fact(p->disk.world.store, name, &text, err);
	snprintf(out, n, "%s", gw_buf_cstr(&text));
	gw_buf_deinit(&text);
	return code;
}

/* Checks whose mail this is: another account's would be joined with it, and deleted by its rows. */
static enum gw_code check_whose(
	const struct gw_pull *p, const char *user, const char *host, struct gw_error *err)
{
	if (!gw_account_is_other(p->account, user, host) || p->options.same_account)
		return GW_OK;
	return gw_account_fail_other(p->account, p->db_path, user, host, err);
}

static enum gw_code check_pause(struct gw_pull *p, struct gw_error *err)
{
	int64_t now = (int64_t)time(NULL);
	char when[GW_LOCAL_TIME];

	/* A clock that was set back must not make it wait for ever. */
	if (p->options.now || p->paused_until <= now || p->paused_until > now + DAY)
		return GW_OK;
	gw_local_time(p->paused_until, when);
	gw_fail(err, GW_ERR_BUSY,
		"the server asked for a pause between sign-ins, so nothing is asked before %s; "
		"`godwit sync --now` asks all the same",
		when);
	err->wait_s = (unsigned)(p->paused_until - now);
	return GW_ERR_BUSY;
}

static void read_age(struct gw_pull *p, const char *text)
{
	struct gw_pull_age a = { 0 };

	if (sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %39s", &a.age, &a.wall,
		    &a.boot, /* NOLINT(cert-err34-c): what is no number is 0 */
		    a.boot_id) == 4)
		p->age = a;
}

static enum gw_code read_facts(struct gw_pull *p, struct gw_error *err)
{
	char user[256], host[256], text[200] = "", offer[PULL_OFFER_MAX];
	int64_t generation = 0;
	struct gw_store *store = p->disk.world.store;
	enum gw_code code =
		read_fact(p, GW_FACT_ACCOUNT_ID, p->account_id, sizeof p->account_id, err);

	if (code == GW_OK)
		code = gw_store_fact_number(store, GW_FACT_GENERATION, &generation, err);
	p->generation = (uint64_t)generation;
	if (code == GW_OK)
		code = gw_store_fact_number(store, GW_FACT_NOT_BEFORE, &p->paused_until, err);
	if (code == GW_OK)
		code = read_fact(p, GW_FACT_PULL_MARKS, text, sizeof text, err);
	p->marks_not = code == GW_OK && strcmp(text, "no") == 0;
	if (code == GW_OK)
		code = read_fact(p, GW_FACT_PULL_SIZES, text, sizeof text, err);
	p->sizes_lie = code == GW_OK && strcmp(text, "lie") == 0;
	if (code == GW_OK)
		code = read_fact(p, GW_FACT_PULL_OFFER, offer, sizeof offer, err);
	if (code == GW_OK)
		pull_read_offer(p, offer);
	if (code == GW_OK)
		code = read_fact(p, GW_FACT_PULL_DELETES, text, sizeof text, err);
	p->follows = code == GW_OK && strcmp(text, "yes") == 0;
	if (code == GW_OK)
		code = read_fact(p, GW_FACT_PULL_AGE, text, sizeof text, err);
	if (code == GW_OK)
		read_age(p, text);
	if (code == GW_OK)
		code = read_fact(p, GW_FACT_USER, user, sizeof user, err);
	if (code == GW_OK)
		code = read_fact(p, GW_FACT_HOST, host, sizeof host, err);
	return code == GW_OK ? check_whose(p, user, host, err) : code;
}

static enum gw_code take_mailbox(void *ctx, const struct gw_mailbox_row *row)
{
	struct gw_pull *p = ctx;

	p->mailbox_id = row->id;
	p->deleted_recently = row->deleted_recently;
	return GW_OK;
}

/* Rows come in the order of their numbers. */
static enum gw_code take_held(void *ctx, uint32_t id, enum gw_side side)
{
	struct gw_pull *p = ctx;
	size_t lo = 0, hi = p->more_count;

	(void)side;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->more[mid].id < (int64_t)id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < p->more_count && p->more[lo].id == (int64_t)id)
		p->more[lo].held = true;
	return GW_OK;
}

static enum gw_code read_state(struct gw_pull *p, struct gw_error *err)
{
	struct gw_store *store = p->disk.world.store;
	enum gw_code code = read_facts(p, err);

	if (code == GW_OK)
		code = gw_store_pulled(store, take_row, p, err);
	if (code == GW_OK)
		code = gw_store_mailboxes(
			store, (int64_t)time(NULL) - GUARD_SECONDS, take_mailbox, p, err);
	if (code == GW_OK)
		code = gw_store_held_deletions(store, p->mailbox_id, take_held, p, err);
	if (p->options.accept_deletions) /* the user decided: count from zero */
		p->deleted_recently = 0;
	return code;
}

static enum gw_code set_aside(struct gw_pull *p, struct gw_error *err)
{
	enum gw_code code;

	if (p->options.dry_run)
		return err->code;
	code = gw_account_set_aside(p->db_path, &p->disk.world.store, p->log, err);
	if (code != GW_OK)
		return code;
	pull_free_rows(p);
	p->follows = false;
	p->mailbox_id = 0;
	p->account_id[0] = '\0';
	p->generation = 0;
	return GW_OK;
}

/* Checks that the tree is there, and ours. */
static enum gw_code check_root(struct gw_pull *p, struct gw_error *err)
{
	const char *root = p->account->maildir;
	struct stat st;
	enum gw_code code;
	bool known = p->view.row_count > 0;

	if (stat(root, &st) != 0) {
		if (errno != ENOENT)
			return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot look at %s", root);
		return !known ? GW_OK
			      : gw_fail(err, GW_ERR_HELD,
					"the Maildir %s is gone, so nothing was done: is a disk not "
					"mounted? (To fetch everything anew, move the state %s away.)",
					root, p->db_path);
	}
	if (!S_ISDIR(st.st_mode))
		return gw_fail(err, GW_ERR_CONFIG, "maildir %s is not a directory", root);
	code = gw_mark_read(root, &p->mark, err);
	if (code != GW_OK)
		return code;
	if (known && strcmp(p->mark.account_id, p->account_id) != 0)
		return gw_fail(err, GW_ERR_HELD,
			"the Maildir %s %s, so nothing was done: is `maildir` right, and its disk "
			"mounted? (If it is, move the state %s away; mail that is here is "
			"recognised.)",
			root,
			p->mark.account_id[0] == '\0'
				? "lacks the mark .godwit that the state knows"
				: "carries another account's mark (.godwit)",
			p->db_path);
	return GW_OK;
}

static enum gw_code compare_mark(struct gw_pull *p, struct gw_error *err)
{
	if (p->account_id[0] == '\0' && p->mark.account_id[0] != '\0') {
		enum gw_code code = check_whose(p, p->mark.user, p->mark.host, err);

		if (code != GW_OK)
			return code;
		memcpy(p->account_id, p->mark.account_id, sizeof p->account_id);
		p->generation = p->mark.generation;
	} else if (p->account_id[0] == '\0') {
		enum gw_code code = gw_account_new_id(p->account_id, err);

		if (code != GW_OK)
			return code;
	}
	p->interrupted = p->view.row_count == 0 || p->mark.generation != p->generation;
	p->copies_differ = p->view.row_count > 0 && p->mark.generation != p->generation &&
			   p->mark.generation != p->generation + 1;
	if (p->copies_differ)
		gw_log(p->log, GW_LOG_WARN,
			"the Maildir and the state are not of one age (one of them was restored?): "
			"nothing is deleted on the server in this run");
	return GW_OK;
}

static void tell_age(struct gw_pull *p)
{
	struct gw_pull_age before = p->age;
	char run[GW_RUN_SIZE];
	int64_t uptime = gw_uptime(run);

	p->age = gw_pull_age_at(&p->age, (int64_t)time(NULL), uptime, run);
	/* Written along with other changes, otherwise only now and then. */
	p->age_dirty = p->account->pop3.keep == GW_KEEP_DAYS &&
		       (before.boot_id[0] == '\0' || strcmp(before.boot_id, p->age.boot_id) != 0 ||
			       p->age.age - before.age >= HOUR || p->age.wall < before.wall);
}

enum gw_code pull_open_state(struct gw_pull *p, struct gw_error *err)
{
	const char *dir = p->account->state_dir, *name = p->account->name;
	enum gw_code code;

	p->next_id = 1;
	if (asprintf(&p->db_path, "%s/%s.db", dir, name) < 0 ||
		asprintf(&p->journal_path, "%s/%s.log", dir, name) < 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = gw_account_lock(p->account, p->options.dry_run, &p->lock_fd, err);
	if (code != GW_OK)
		return code;
	p->disk.world.root = p->account->maildir;
	p->disk.world.dry_run = p->options.dry_run;
	p->disk.world.prepare = prepare;
	p->disk.world.prepare_ctx = p;
	code = gw_store_open(p->db_path, GW_STORE_READ, &p->disk.world.store, err);
	if (code == GW_OK && p->disk.world.store != NULL)
		code = read_state(p, err);
	if (code == GW_ERR_CORRUPT)
		code = set_aside(p, err);
	if (code == GW_OK)
		code = check_pause(p, err);
	if (code == GW_OK)
		code = check_root(p, err);
	if (code == GW_OK)
		code = compare_mark(p, err);
	if (code == GW_OK)
		tell_age(p);
	return code;
}

/* --- before the first change ----------------------------------------------------------------- */

static enum gw_code set_number(
	struct gw_store *store, const char *name, int64_t n, struct gw_error *err)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)n);
	return gw_store_set_fact(store, name, text, err);
}

static enum gw_code write_facts(struct gw_pull *p, struct gw_store *store, struct gw_error *err)
{
	char age[160], offer[PULL_OFFER_MAX];
	enum gw_code code = gw_store_set_fact(store, GW_FACT_ACCOUNT_ID, p->account_id, err);

	pull_format_offer(p, offer, sizeof offer);
	snprintf(age, sizeof age, "%" PRId64 " %" PRId64 " %" PRId64 " %s", p->age.age, p->age.wall,
		p->age.boot, p->age.boot_id);
	if (code == GW_OK)
		code = set_number(store, GW_FACT_GENERATION, (int64_t)p->generation, err);
	if (code == GW_OK)
		code = gw_store_set_fact(store, GW_FACT_USER, p->account->user, err);
	if (code == GW_OK)
		code = gw_store_set_fact(store, GW_FACT_HOST, p->account->host, err);
	if (code == GW_OK)
		code = gw_store_set_fact(store, GW_FACT_PULL_AGE, age, err);
	if (code == GW_OK)
		code = gw_store_set_fact(store, GW_FACT_PULL_OFFER, offer, err);
	if (code == GW_OK)
		code = gw_store_set_fact(store, GW_FACT_PULL_MARKS, p->marks_not ? "no" : "", err);
	if (code == GW_OK)
		code = gw_store_set_fact(store, GW_FACT_PULL_SIZES, p->sizes_lie ? "lie" : "", err);
	return code;
}

/* In the pool.  Of the run it changes only the mark; the loop does not touch it before it is done. */
static enum gw_code prepare(struct gw_disk_world *world, struct gw_error *err)
{
	struct gw_pull *p = world->prepare_ctx;
	const char *root = p->account->maildir;
	enum gw_code code;

	gw_store_close(world->store);
	world->store = NULL;
	code = gw_store_open(p->db_path, GW_STORE_WRITE, &world->store, err);
	if (code == GW_OK)
		code = gw_mkdirs(root, err);
	if (code == GW_OK && p->mark.account_id[0] == '\0')
		code = gw_mark_try_names(root, p->account->info_separator, err);
	if (code == GW_OK) {
		memcpy(p->mark.account_id, p->account_id, sizeof p->mark.account_id);
		/* Above both: a run that does not end is one that is known to have begun. */
		p->mark.generation =
			(p->mark.generation > p->generation ? p->mark.generation : p->generation) +
			1;
		gw_mark_name(&p->mark, p->account->user, p->account->host);
		code = gw_mark_write(root, &p->mark, err);
	}
	if (code == GW_OK)
		code = gw_store_begin(world->store, err);
	if (code != GW_OK)
		return code;
	p->generation = p->mark.generation - 1;
	code = write_facts(p, world->store, err);
	if (code == GW_OK)
		code = gw_store_commit(world->store, err);
	if (code != GW_OK)
		gw_store_rollback(world->store);
	return code;
}

struct prepare_job {
	struct gw_disk_job job; /* first */
	struct gw_pull *pull;
	struct gw_maildir maildir; /* out */
	struct gw_error err;
};

/* The folder has a row, so that what shows mailboxes shows it. */
static enum gw_code add_mailbox(
	struct gw_pull *p, const char *name, const char *dir, struct gw_error *err)
{
	char *remote = gw_copy_str(name), *local = gw_copy_str(dir);
	struct gw_mailbox_row row = { .remote_name = remote,
		.delimiter = '/',
		.local_dir = local,
		.uidvalidity = 1,
		.uidnext = 1 };
	enum gw_code code = remote == NULL || local == NULL
				    ? gw_fail(err, GW_ERR_NOMEM, "out of memory")
				    : GW_OK;

	if (code == GW_OK && p->mailbox_id == 0)
		code = gw_store_mailbox_add(p->disk.world.store, &row, err);
	if (code == GW_OK && p->mailbox_id == 0)
		p->mailbox_id = row.id;
	free(remote);
	free(local);
	return code;
}

static void work_prepare(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct prepare_job *j = (struct prepare_job *)job;
	const struct gw_account *a = j->pull->account;
	const char *name = pull_folder(j->pull);
	enum gw_open_result result;
	struct gw_buf dir;
	enum gw_code code = gw_disk_writable(world, &j->err);

	gw_buf_init(&dir, 8192);
	if (code == GW_OK && gw_folder_dir(gw_slice_str(name), '/', a->layout, &dir) != GW_OK)
		code = gw_fail(&j->err, GW_ERR_CONFIG,
			"folder = \"%s\" cannot be the name of a folder", name);
	if (code == GW_OK)
		code = add_mailbox(j->pull, name, gw_buf_cstr(&dir), &j->err);
	if (code == GW_OK)
		code = gw_maildir_open(
			a->maildir, gw_buf_cstr(&dir), true, name, &j->maildir, &result, &j->err);
	if (code == GW_OK) {
		j->maildir.separator = a->info_separator;
		j->maildir.reserve = a->min_free_space;
		gw_scan_sweep_tmp(&j->maildir);
	}
	gw_buf_deinit(&dir);
}

static void on_prepared(struct gw_disk_job *job)
{
	struct prepare_job *j = (struct prepare_job *)job;
	struct gw_pull *p = j->pull;
	struct gw_error err = j->err;
	struct stat st;

	p->maildir = j->maildir;
	p->opened = err.code == GW_OK;
	p->maildir_inode = p->opened && fstat(p->maildir.dir, &st) == 0 ? (uint64_t)st.st_ino : 0;
	free(j);
	if (err.code != GW_OK)
		pull_fail(p, &err);
	else
		pull_prepared(p);
}

void pull_prepare(struct gw_pull *p)
{
	struct prepare_job *j;

	pull_enter(p, PULL_PREPARING);
	if (p->opened) {
		pull_prepared(p);
		return;
	}
	j = calloc(1, sizeof *j);
	if (j == NULL) {
		pull_fail_nomem(p);
		return;
	}
	*j = (struct prepare_job){ .job = { .work = work_prepare, .done = on_prepared },
		.pull = p,
		.maildir = GW_MAILDIR_CLOSED };
	gw_disk_submit(&p->disk, &j->job);
	pull_get_ahead(p);
}

/* --- at the end ------------------------------------------------------------------------------ */

static bool wants_pause(const struct gw_pull *p)
{
	return p->err.code == GW_ERR_BUSY && p->err.wait_s >= LONG_PAUSE &&
	       p->paused_until <= (int64_t)time(NULL);
}

/* Records from when local deletions are carried over: `delete` says so now.  Not before the rows
 * say what was missing already. */
static enum gw_code write_follows(struct gw_pull *p, struct gw_store *store, struct gw_error *err)
{
	bool deletes = p->account->deletes == GW_DELETE_EXPUNGE;
	enum gw_code code = gw_store_deleted_purge(store, (int64_t)time(NULL) - GUARD_SECONDS, err);

	if (code == GW_OK && (!deletes || (p->tree_known && p->err.code == GW_OK)))
		code = gw_store_set_fact(store, GW_FACT_PULL_DELETES, deletes ? "yes" : "", err);
	return code;
}

static enum gw_code write_end(struct gw_pull *p, struct gw_store *store, struct gw_error *err)
{
	enum gw_code code = gw_store_begin(store, err);

	p->generation = p->mark.generation;
	if (code == GW_OK)
		code = write_facts(p, store, err);
	if (code == GW_OK)
		code = write_follows(p, store, err);
	if (code == GW_OK && p->counts.downloaded + p->counts.paired + p->counts.deleted_there > 0)
		code = set_number(store, GW_FACT_CHANGED, (int64_t)time(NULL), err);
	if (code == GW_OK && wants_pause(p))
		code = set_number(
			store, GW_FACT_NOT_BEFORE, (int64_t)time(NULL) + p->err.wait_s, err);
	else if (code == GW_OK && p->err.code == GW_OK)
		code = set_number(store, GW_FACT_NOT_BEFORE, 0, err);
	if (code == GW_OK)
		code = gw_store_commit(store, err);
	if (code != GW_OK)
		gw_store_rollback(store);
	return code;
}

/* There is no state yet: it gets the pause and nothing else, since whose mail it is to be is not proved. */
static void write_first_pause(struct gw_pull *p, struct gw_disk_world *world, struct gw_error *err)
{
	if (gw_store_open(p->db_path, GW_STORE_WRITE, &world->store, err) == GW_OK)
		set_number(
			world->store, GW_FACT_NOT_BEFORE, (int64_t)time(NULL) + p->err.wait_s, err);
}

static void work_close(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct prepare_job *j = (struct prepare_job *)job;
	struct gw_pull *p = j->pull;
	bool over = p->paused_until != 0 && p->err.code == GW_OK;

	if ((wants_pause(p) || over || p->age_dirty || p->facts_dirty) && !p->options.dry_run &&
		world->store != NULL)
		gw_disk_writable(world, &j->err);
	else if (wants_pause(p) && !p->options.dry_run && world->store == NULL)
		write_first_pause(p, world, &j->err);
	/* After a failure of the disk files may be here that no row knows: the next run looks. */
	if (world->writable && world->broken.code == GW_OK && p->err.code != GW_ERR_CORRUPT)
		write_end(p, world->store, &j->err);
	gw_store_close(world->store);
	world->store = NULL;
}

static void on_closed(struct gw_disk_job *job)
{
	struct prepare_job *j = (struct prepare_job *)job;
	struct gw_pull *p = j->pull;

	if (p->err.code == GW_OK)
		p->err = j->err;
	free(j);
	pull_finished(p);
}

void pull_close_state(struct gw_pull *p)
{
	struct prepare_job *j = calloc(1, sizeof *j);

	pull_enter(p, PULL_FINISHING);
	if (j == NULL) { /* the state stays one generation behind the mark, which is right too */
		pull_finished(p);
		return;
	}
	*j = (struct prepare_job){ .job = { .work = work_close, .done = on_closed }, .pull = p };
	gw_disk_submit(&p->disk, &j->job);
}
