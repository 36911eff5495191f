/* SPDX-License-Identifier: ISC */
/* pull/batch.c - messages made durable together, then recorded in one transaction; part of pull_p.h.
 *
 * The state follows the disk: flush, rename, flush the directory, and only then the rows.  A kill
 * anywhere leaves nothing, litter in tmp/, or files that the next run finds, since the mark says that
 * this one did not end.
 */
#include "pull/pull_p.h"

#include "base/fs.h"
#include "maildir/name.h"
#include "maildir/rename.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH_BYTES = 8 << 20,
	BATCH_OPS = 4096,
	BATCH_MS = 1000,
	MAX_WAITING = 3, /* one is flushed, another put in place */
	FRESH_NAMES = 99
};

struct pull_op {
	enum pull_op_kind kind;
	size_t index;             /* of the row; the loop's */
	struct gw_delivered file; /* STORE: owned */
	/* The row to be stored; strings and hashes are the operation's own. */
	struct gw_pulled_row row;
	char *uidl, *base_name, *reason;
	uint8_t header[GW_PULL_HASH], body[GW_PULL_HASH], msgid[GW_PULL_HASH];
};

struct pull_batch {
	struct gw_disk_job job; /* first */
	struct gw_pull *pull;
	struct pull_op *ops; /* owned */
	size_t count, cap, files;
	uint64_t bytes,
		unflushed; /* its own, and of all that were not flushed when it was sealed */
	bool has_join;
	struct gw_error err;
};

static void free_batch(struct pull_batch *b, const struct gw_maildir *m)
{
	for (size_t i = 0; i < b->count; i++) {
		gw_delivered_drop(&b->ops[i].file, m);
		free(b->ops[i].uidl);
		free(b->ops[i].base_name);
		free(b->ops[i].reason);
	}
	free(b->ops);
	free(b);
}

/* --- in the pool ----------------------------------------------------------------------------- */

/* A row is about to rest on a file that another program may have written a moment ago. */
static enum gw_code flush_foreign(struct pull_batch *b)
{
	const char **bases = calloc(b->count + 1, sizeof *bases);
	size_t n = 0;
	int sys;

	if (bases == NULL)
		return gw_fail(&b->err, GW_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < b->count; i++) {
		if (b->ops[i].kind == PULL_JOIN && b->ops[i].base_name != NULL)
			bases[n++] = b->ops[i].base_name;
	}
	sys = gw_flush_foreign(b->pull->account->maildir, &b->pull->maildir, bases, n);
	free(bases);
	return sys == 0 ? GW_OK
			: gw_fail_sys(&b->err, GW_ERR_DISK, sys, "mail cannot be flushed to disk");
}

static void flush(struct gw_disk_job *job, struct gw_flusher *flusher)
{
	struct pull_batch *b = (struct pull_batch *)job;
	int *fds = calloc(b->files + 1, sizeof *fds), sys;
	size_t n = 0;

	if (fds == NULL) {
		gw_fail(&b->err, GW_ERR_NOMEM, "out of memory");
		return;
	}
	for (size_t i = 0; i < b->count; i++) {
		if (b->ops[i].kind == PULL_STORE)
			fds[n++] = b->ops[i].file.fd;
	}
	sys = gw_flush(flusher, fds, n, b->bytes, b->unflushed);
	free(fds);
	if (sys != 0)
		gw_fail_sys(&b->err, GW_ERR_DISK, sys, "new mail cannot be flushed to disk");
}

/* The name is a function of the row's number; one that an interrupted run left has it, perhaps. */
static enum gw_code place(struct pull_batch *b, struct pull_op *op, const char *key)
{
	const struct gw_maildir *m = &b->pull->maildir;
	char name[GW_NAME_MAX + 1], fresh[GW_NAME_MAX + 1];
	int sys;

	gw_name_of_uid(key, (uint32_t)op->row.id, name);
	sys = gw_rename_noreplace(m->tmp, op->file.tmp_name, m->new, name);
	for (unsigned i = 1; sys == EEXIST && i <= FRESH_NAMES; i++) {
		if (!gw_name_numbered(name, i, fresh))
			break;
		sys = gw_rename_noreplace(m->tmp, op->file.tmp_name, m->new, fresh);
		if (sys == 0)
			snprintf(name, sizeof name, "%s", fresh);
	}
	if (sys != 0)
		return gw_fail_sys(
			&b->err, GW_ERR_DISK, sys, "cannot put new mail into %s/new", m->path);
	close(op->file.fd);
	op->file.fd = -1;
	op->base_name = strdup(name);
	op->row.base_name = op->base_name;
	return op->base_name != NULL ? GW_OK : gw_fail(&b->err, GW_ERR_NOMEM, "out of memory");
}

static enum gw_code place_all(struct pull_batch *b)
{
	enum gw_code code = GW_OK;
	char key[17];
	int sys = 0;

	gw_name_key(b->pull->account_id, pull_folder(b->pull), 1, key);
	for (size_t i = 0; i < b->count && code == GW_OK; i++) {
		if (b->ops[i].kind == PULL_STORE)
			code = place(b, &b->ops[i], key);
	}
	if (code == GW_OK && b->files > 0 && (sys = gw_flush_dir(b->pull->maildir.new)) != 0)
		code = gw_fail_sys(&b->err, GW_ERR_DISK, sys, "%s/new cannot be flushed to disk",
			b->pull->maildir.path);
	return code;
}

static enum gw_code record_one(
	struct pull_batch *b, const struct pull_op *op, struct gw_store *store)
{
	int64_t box = b->pull->mailbox_id; /* set before a batch is written, and never again */

	switch (op->kind) {
	case PULL_STORE:
	case PULL_JOIN:
	case PULL_PUT:
		return gw_store_pulled_put(store, &op->row, &b->err);
	case PULL_DROP:
		return gw_store_pulled_drop(store, op->row.id, &b->err);
	case PULL_HOLD:
		return gw_store_hold_deletion(
			store, box, (uint32_t)op->row.id, GW_GONE_HERE, &b->err);
	case PULL_RELEASE:
		return gw_store_unhold_deletion(store, box, (uint32_t)op->row.id, &b->err);
	case PULL_COUNT:
		return gw_store_deleted_add(store, box, op->row.deleted_at, &b->err);
	}
	return GW_OK;
}

static enum gw_code record(struct pull_batch *b, struct gw_store *store)
{
	enum gw_code code = gw_store_begin(store, &b->err);

	if (code != GW_OK)
		return code;
	for (size_t i = 0; i < b->count && code == GW_OK; i++) {
		const struct pull_op *op = &b->ops[i];

		code = record_one(b, op, store);
	}
	if (code == GW_OK)
		code = gw_store_commit(store, &b->err);
	if (code != GW_OK)
		gw_store_rollback(store);
	return code;
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct pull_batch *b = (struct pull_batch *)job;
	enum gw_code code;

	if (world->broken.code != GW_OK)
		b->err = world->broken;
	code = b->err.code; /* perhaps that of the flush */
	if (code == GW_OK)
		code = gw_disk_writable(world, &b->err);
	if (code == GW_OK && b->has_join)
		code = flush_foreign(b);
	if (code == GW_OK)
		code = place_all(b);
	if (code == GW_OK)
		code = record(b, world->store);
	if (code != GW_OK)
		world->broken = b->err; /* what comes after rests on it */
}

/* --- on the loop ----------------------------------------------------------------------------- */

static void tell_new(struct gw_pull *p, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/new/%s", p->maildir.path, name) >= 0)
		pull_emit(
			p, (struct gw_sync_event){
				   .type = GW_SYNC_NEW, .mailbox = pull_folder(p), .text = path });
	free(path);
}

static void take_result(struct gw_pull *p, struct pull_op *op)
{
	if (op->kind != PULL_STORE && op->kind != PULL_JOIN && op->kind != PULL_PUT)
		return;
	p->view.rows[op->index].recorded = true;
	if (op->kind == PULL_STORE) {
		bool dirty = p->more[op->index].dirty;

		pull_set_base(p, op->index, op->base_name);
		p->more[op->index].dirty = dirty;
		op->base_name = NULL;
		p->counts.downloaded++;
		tell_new(p, p->more[op->index].base_name);
	} else if (op->kind == PULL_JOIN) {
		p->counts.paired++;
	}
}

static void on_done(struct gw_disk_job *job)
{
	struct pull_batch *b = (struct pull_batch *)job;
	struct gw_pull *p = b->pull;
	struct gw_error err = b->err;

	p->waiting--;
	p->unflushed -= b->bytes;
	for (size_t i = 0; i < b->count && err.code == GW_OK; i++)
		take_result(p, &b->ops[i]);
	free_batch(b, &p->maildir);
	pull_pace(p);
	if (err.code != GW_OK) /* without QUIT, so nothing counts as fetched there */
		pull_fail(p, &err);
	else
		pull_emit(p, (struct gw_sync_event){ .type = GW_SYNC_PROGRESS });
	pull_batch_done(p);
}

/* Copies the row, so that the loop may go on changing it. */
static bool copy_row(struct gw_pull *p, struct pull_op *op, size_t index)
{
	const struct gw_pull_row *r = &p->view.rows[index];
	const struct pull_more *m = &p->more[index];
	bool content = r->state != GW_PULL_ASIDE && r->state != GW_PULL_LARGE;

	memcpy(op->header, r->header, GW_PULL_HASH);
	memcpy(op->body, r->body, GW_PULL_HASH);
	memcpy(op->msgid, r->msgid, GW_PULL_HASH);
	op->uidl = malloc(r->uidl.n + 1);
	op->base_name = gw_copy_str(m->base_name);
	op->reason = gw_copy_str(m->reason != NULL ? m->reason : "");
	if (op->uidl == NULL || op->reason == NULL ||
		(m->base_name != NULL && op->base_name == NULL))
		return false;
	memcpy(op->uidl, r->uidl.p, r->uidl.n);
	op->row = (struct gw_pulled_row){ .id = m->id,
		.uidl = { op->uidl, r->uidl.n },
		.size = r->size,
		.state = r->state,
		.header_hash = content ? op->header : NULL,
		.body_hash = content && r->has_body ? op->body : NULL,
		.msgid_hash = content ? op->msgid : NULL,
		.dir_inode = m->dir_inode,
		.base_name = op->base_name,
		.first_seen = m->first_seen,
		.delivered_at = r->delivered_at,
		.delivered_age = r->delivered_age,
		.deleted_at = m->deleted_at,
		.listed_at = m->listed_at,
		.sealed = r->sealed,
		.is_short = r->is_short,
		.tries = r->tries,
		.tried_at = r->tried_at,
		.reason = op->reason };
	return true;
}

/* The hashes lie in the operation, which moves as its array grows. */
static void settle(struct pull_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct pull_op *op = &b->ops[i];

		op->row.header_hash = op->row.header_hash != NULL ? op->header : NULL;
		op->row.body_hash = op->row.body_hash != NULL ? op->body : NULL;
		op->row.msgid_hash = op->row.msgid_hash != NULL ? op->msgid : NULL;
	}
}

void pull_pace(struct gw_pull *p)
{
	bool paused = p->waiting >= MAX_WAITING || p->state == PULL_PREPARING;

	if (p->session == NULL || paused == p->paused)
		return;
	p->paused = paused;
	gw_pop3_pause(p->session, paused);
}

void pull_batch_seal(struct gw_pull *p)
{
	struct pull_batch *b = p->open;

	if (b == NULL)
		return;
	p->open = NULL;
	uv_timer_stop(p->seal);
	settle(b);
	b->unflushed = p->unflushed;
	p->waiting++;
	pull_pace(p);
	b->job.flush = b->files > 0 ? flush : NULL;
	gw_disk_submit(&p->disk, &b->job);
}

/* What came is not to wait for more for long: it shows, and a kill costs it, until it is recorded. */
static void on_timer(uv_timer_t *timer)
{
	pull_batch_seal(timer->data);
}

bool pull_batch_init(struct gw_pull *p)
{
	p->batch_files = gw_disk_batch_files();
	p->seal = malloc(sizeof *p->seal);
	if (p->seal == NULL)
		return false;
	uv_timer_init(p->loop, p->seal);
	p->seal->data = p;
	return true;
}

void pull_batch_deinit(struct gw_pull *p)
{
	if (p->open != NULL)
		free_batch(p->open, &p->maildir);
	p->open = NULL;
	if (p->seal != NULL)
		uv_close((uv_handle_t *)p->seal, (uv_close_cb)free);
	p->seal = NULL;
}

enum gw_code pull_batch_add(
	struct gw_pull *p, enum pull_op_kind kind, size_t row, struct gw_delivered *file)
{
	struct pull_op *op = NULL;
	bool ok;

	if (p->open == NULL) {
		p->open = calloc(1, sizeof *p->open);
		if (p->open != NULL) {
			*p->open = (struct pull_batch){ .job = { .work = work, .done = on_done },
				.pull = p };
			uv_timer_start(p->seal, on_timer, BATCH_MS, 0);
		}
	}
	if (p->open != NULL)
		op = gw_array_push(
			(void **)&p->open->ops, &p->open->count, &p->open->cap, sizeof *op);
	if (op == NULL) {
		if (file != NULL)
			gw_delivered_drop(file, &p->maildir);
		return GW_ERR_NOMEM;
	}
	op->kind = kind;
	op->index = row;
	op->file.fd = -1;
	if (file != NULL) {
		op->file = *file;
		p->open->files++;
		p->open->bytes += file->file_size;
		p->unflushed += file->file_size;
	}
	ok = copy_row(p, op, row);
	if (!ok) { /* the run ends; what was added before is whole */
		gw_delivered_drop(&op->file, &p->maildir);
		free(op->uidl);
		free(op->base_name);
		free(op->reason);
		p->open->files -= file != NULL;
		p->open->bytes -= op->file.file_size;
		p->unflushed -= op->file.file_size;
		p->open->count--;
		return GW_ERR_NOMEM;
	}
	if (kind == PULL_STORE || kind == PULL_JOIN || kind == PULL_PUT)
		p->more[row].dirty = false;
	p->open->has_join |= kind == PULL_JOIN;
	if (p->open->files >= p->batch_files || p->open->bytes >= BATCH_BYTES ||
		p->open->count >= BATCH_OPS)
		pull_batch_seal(p);
	return GW_OK;
}

bool pull_batch_idle(const struct gw_pull *p)
{
	return p->open == NULL && p->waiting == 0;
}
