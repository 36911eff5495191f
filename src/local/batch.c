/* SPDX-License-Identifier: ISC */
/* local/batch.c - see batch.h.
 *
 * The order of flush_files() and of what run_batch() does is the safety of the whole program; each step says what a
 * kill or a power cut right after it leaves behind.
 */
#include "local/batch.h"

#include "base/fs.h"
#include "local/edited.h"
#include "local/rows.h"
#include "maildir/attic.h"
#include "maildir/name.h"
#include "maildir/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH_BYTES = 8 << 20, BATCH_MS = 1000, MAX_WAITING = 3, FRESH_NAMES = 9 };

struct batch {
	struct gw_disk_job job; /* first */
	struct gw_batcher *owner;
	struct gw_op *ops; /* owned */
	size_t count, cap;
	size_t files;
	uint64_t bytes, unflushed; /* its own, and of all batches not flushed when it was sealed */
	uint64_t down, up;         /* bytes that crossed the wire meanwhile */
	bool has_cursor, has_join;
	struct gw_batch_result result;
	struct gw_error err;
};

struct gw_batcher {
	struct gw_disk *disk;
	struct gw_batcher_events events;
	struct batch *open; /* owned; NULL: empty */
	size_t max_files;
	unsigned waiting; /* sealed and not done */
	uint64_t unflushed;
	uv_timer_t *timer; /* owned; freed when closed */
};

void gw_place_unref(struct gw_place *place)
{
	if (place == NULL || --place->refs > 0)
		return;
	gw_maildir_close(&place->m);
	gw_keywords_deinit(&place->keywords);
	free(place->dir);
	free(place->label);
	free(place);
}

/* --- in the pool ----------------------------------------------------------------------------- */

static void flush_files(struct gw_disk_job *job, struct gw_flusher *flusher)
{
	struct batch *b = (struct batch *)job;
	int *fds = calloc(b->files + 1, sizeof *fds), sys;
	size_t n = 0;

	if (fds == NULL) {
		gw_fail(&b->err, GW_ERR_NOMEM, "out of memory");
		return;
	}
	for (size_t i = 0; i < b->count; i++) {
		if (b->ops[i].kind != GW_OP_DELIVER)
			continue;
		gw_delivered_date(&b->ops[i].file, b->ops[i].date);
		fds[n++] = b->ops[i].file.fd;
	}
	sys = gw_flush(flusher, fds, n, b->bytes, b->unflushed);
	free(fds);
	if (sys != 0)
		gw_fail_sys(&b->err, GW_ERR_DISK, sys, "new mail cannot be flushed to disk");
}

static int subdir(struct gw_place *p, bool in_new)
{
	if (in_new)
		p->touched_new = true;
	else
		p->touched_cur = true;
	return in_new ? p->m.new : p->m.cur;
}

/* A row is about to rest on a file that another program may have written a moment ago. */
static enum gw_code flush_foreign(struct batch *b)
{
	bool all = !b->has_join;

	for (size_t i = 0; i < b->count && !all; i++) {
		const struct gw_op *op = &b->ops[i];
		int sys;

		if (op->kind != GW_OP_JOIN)
			continue;
		sys = gw_flush_foreign_file(
			op->from_in_new ? op->place->m.new : op->place->m.cur, op->from, &all);
		if (!all)
			subdir(op->place, op->from_in_new); /* its name, later */
		if (sys != 0)
			return gw_fail_sys(
				&b->err, GW_ERR_DISK, sys, "the Maildir cannot be flushed to disk");
	}
	return GW_OK;
}

/* Puts a file in place as op->to, or, if that is taken and others will do, under a name near it,
 * which then is op->to. */
static int place_near(int from, const char *name, int to, struct gw_op *op, bool others_will_do)
{
	int sys = gw_rename_noreplace(from, name, to, op->to);
	char fresh[GW_NAME_MAX + 1], *copy;

	for (unsigned i = 1; sys == EEXIST && others_will_do && i <= FRESH_NAMES; i++) {
		if (!gw_name_numbered(op->to, i, fresh))
			return sys;
		sys = gw_rename_noreplace(from, name, to, fresh);
		if (sys != 0)
			continue;
		copy = strdup(fresh);
		if (copy == NULL)
			return ENOMEM;
		free(op->to);
		op->to = copy;
	}
	return sys;
}

/* The name is a function of the UID; if something else has it, the mail gets a fresh one.  But if
 * the look did not show that, it is this very message, which an interrupted run left. */
static int deliver(struct gw_op *op)
{
	int to = subdir(op->place, op->to_in_new);
	int sys = place_near(op->place->m.tmp, op->file.tmp_name, to, op, op->name_is_taken);

	if (sys == 0) {
		close(op->file.fd);
		op->file.fd = -1;
	}
	return sys;
}

static int rename_seen(struct gw_op *op)
{
	int from = subdir(op->place, op->from_in_new);

	return gw_rename_noreplace(from, op->from, subdir(op->place, op->to_in_new), op->to);
}

/* Takes another mailbox's file, whose name may be taken here. */
static int take(struct gw_op *op)
{
	int from = subdir(op->from_place, op->from_in_new);

	return place_near(from, op->from, subdir(op->place, op->to_in_new), op, true);
}

/* The new text outlives the deletion of the old one: only the row goes, and the next look finds a
 * message that base does not know.  Where the old one was only to leave the window it is there still: its
 * row loses its file, and the next look finds an edit. */
static int keep_edited(struct batch *b, struct gw_op *op, enum gw_edit edit)
{
	bool leaves = op->kind == GW_OP_EXPIRE && !op->was_here && edit == GW_EDIT_TEXT;

	op->kind = leaves ? GW_OP_EDITED : GW_OP_DROP_ROW;
	op->place->conflict = true;
	b->result.edited++;
	return 0;
}

static int delete_seen(struct batch *b, struct gw_op *op, const struct gw_disk_world *world)
{
	int from = subdir(op->place, op->from_in_new);
	enum gw_edit edit =
		gw_edit_of(world->store, op->place->mailbox, op->uid, from, op->from, 0);

	if (edit != GW_EDIT_NONE)
		return keep_edited(b, op, edit);
	if (world->attic == NULL || (op->kind == GW_OP_EXPIRE && op->was_here))
		return unlinkat(from, op->from, 0) == 0 ? 0 : errno;
	op->place->touched_attic = true;
	return gw_attic_put(world->attic, op->place->dir, from, op->from);
}

/* Refuses an operation on one file or directory; the rest of the batch goes on. */
static void refuse_op(struct gw_op *op, int sys)
{
	op->skipped = true;
	op->sys = sys;
	op->place->refused = true;
	if (op->from_place != NULL)
		op->from_place->refused = op->row_place->refused = true;
}

/* True if the file's name would get letters whose meaning could not be stored. */
static bool lacks_letters(const struct gw_op *op)
{
	uint32_t before = op->from == NULL ? 0 : gw_name_letters(gw_name_split(op->from).info);

	return op->place->letters != 0 && op->to != NULL &&
	       (gw_name_letters(gw_name_split(op->to).info) & ~before) != 0;
}

static int move_file(struct batch *b, struct gw_op *op, const struct gw_disk_world *world)
{
	bool places = op->kind == GW_OP_DELIVER || op->kind == GW_OP_JOIN ||
		      op->kind == GW_OP_RENAME || op->kind == GW_OP_FLAGS || op->kind == GW_OP_TAKE;

	if (places && lacks_letters(op))
		return op->place->letters;
	switch (op->kind) {
	case GW_OP_DELIVER:
		return deliver(op);
	case GW_OP_JOIN:
	case GW_OP_RENAME:
	case GW_OP_FLAGS:
		return op->to == NULL ? 0 : rename_seen(op);
	case GW_OP_DELETE:
	case GW_OP_EXPIRE:
		return delete_seen(b, op, world);
	case GW_OP_TAKE:
		return take(op);
	case GW_OP_KEYWORD: /* only rows */
	case GW_OP_KEYWORD_REFUSED:
	case GW_OP_KEYWORD_TAKEN:
	case GW_OP_BASE_FLAGS:
	case GW_OP_GLOBAL_ID:
	case GW_OP_TOLD_FLAGS:
	case GW_OP_DROP_ROW:
	case GW_OP_DELETED_THERE:
	case GW_OP_LEFT:
	case GW_OP_INHERIT:
	case GW_OP_EDITED:
	case GW_OP_HOLD_DELETION:
	case GW_OP_UNHOLD:
	case GW_OP_REFUSED:
	case GW_OP_UNREFUSED:
	case GW_OP_ANSWERED:
	case GW_OP_SENT:
	case GW_OP_SEEN:
	case GW_OP_UNKEPT:
	case GW_OP_HOLD:
	case GW_OP_UNSTORED:
	case GW_OP_STORED:
	case GW_OP_UNFETCHABLE:
	case GW_OP_OUTSIDE:
	case GW_OP_LEAVING:
	case GW_OP_HIDE:
	case GW_OP_STAY:
	case GW_OP_SUSPECT:
	case GW_OP_CONVICT:
	case GW_OP_ACQUIT:
	case GW_OP_CURSOR:
		break;
	}
	return 0;
}

static void take_keyword(struct gw_op *op)
{
	if (gw_keywords_find(&op->place->keywords, gw_slice_str(op->to)) < 0)
		gw_keywords_put(&op->place->keywords, op->uid, gw_slice_str(op->to));
	if (op->uid < GW_KEYWORD_LETTERS)
		op->place->keywords.file_stale = true;
}

static enum gw_code act_on_file(struct batch *b, struct gw_op *op, struct gw_disk_world *world)
{
	int sys = move_file(b, op, world);

	if (sys != 0 && !gw_hits_whole_disk(sys) && sys != EEXIST && sys != ENOENT) {
		refuse_op(op, sys);
		return GW_OK;
	}
	if (sys == EEXIST || (sys == ENOENT && op->kind != GW_OP_DELIVER)) {
		/* A reader was faster: what was seen is no more.  Look again in the next run. */
		op->skipped = true;
		op->place->conflict = true;
		if (op->from_place != NULL)
			op->from_place->conflict = op->row_place->conflict = true;
		return GW_OK;
	}
	if (sys != 0)
		return gw_fail_sys(&b->err, GW_ERR_DISK, sys, "cannot change %s in %s",
			op->to != NULL ? op->to : op->from, op->place->m.path);
	return GW_OK;
}

static enum gw_code flush_dir(struct batch *b, int fd, const char *path)
{
	int sys = gw_flush_dir(fd);

	return sys == 0 ? GW_OK : gw_fail_sys(&b->err, GW_ERR_DISK, sys, "cannot flush %s", path);
}

static enum gw_code flush_place(
	struct batch *b, struct gw_place *p, const struct gw_disk_world *world)
{
	enum gw_code code = GW_OK;

	if (p->touched_attic)
		code = gw_attic_flush(world->attic, p->dir, &b->err);
	if (code == GW_OK && p->touched_new)
		code = flush_dir(b, p->m.new, p->m.path);
	if (code == GW_OK && p->touched_cur)
		code = flush_dir(b, p->m.cur, p->m.path);
	p->touched_attic = p->touched_cur = p->touched_new = false;
	return code;
}

/* Writes the keywords.  If the directory does not permit it, whatever needs a new letter must
 * wait. */
static enum gw_code write_keyword_file(struct batch *b, struct gw_place *p)
{
	struct gw_error err = { 0 };
	enum gw_code code = gw_keywords_save(&p->keywords, p->m.dir, &err);

	p->letters = 0;
	if (code == GW_OK)
		return GW_OK;
	if (code == GW_ERR_DISK && err.sys != 0 && !gw_hits_whole_disk(err.sys)) {
		p->letters = err.sys;
		return GW_OK;
	}
	b->err = err;
	return code;
}

static enum gw_code write_keyword_files(struct batch *b)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < b->count && code == GW_OK; i++) {
		struct gw_place *p = b->ops[i].place;

		if (p->keywords.file_stale)
			code = write_keyword_file(b, p);
	}
	return code;
}

static enum gw_code store_rows(struct batch *b, struct gw_disk_world *world)
{
	enum gw_code code = gw_store_begin(world->store, &b->err);

	if (code != GW_OK)
		return code;
	for (size_t i = 0; i < b->count && code == GW_OK; i++) {
		if (!b->ops[i].skipped)
			code = gw_rows_act(&b->ops[i], world, &b->result, &b->err);
	}
	if (code == GW_OK && b->down + b->up > 0)
		code = gw_store_day_add(world->store, gw_store_today(), b->down, b->up, &b->err);
	if (code == GW_OK)
		code = gw_store_commit(world->store, &b->err);
	if (code != GW_OK)
		gw_store_rollback(world->store);
	return code;
}

static void run_batch(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct batch *b = (struct batch *)job;
	enum gw_code code;

	if (world->broken.code != GW_OK)
		b->err = world->broken;
	code = b->err.code; /* perhaps that of flush_files(); left: litter in tmp/, swept later */
	if (code == GW_OK)
		code = gw_disk_writable(world, &b->err);
	if (code == GW_OK)
		code = flush_foreign(b);
	for (size_t i = 0; i < b->count && code == GW_OK; i++) {
		if (b->ops[i].kind == GW_OP_KEYWORD)
			take_keyword(&b->ops[i]);
	}
	if (code == GW_OK)
		code = write_keyword_files(b); /* letters have a meaning before they are used */
	for (size_t i = 0; i < b->count && code == GW_OK; i++)
		code = act_on_file(b, &b->ops[i], world);
	/* left: files in place without rows, found by name */
	for (size_t i = 0; i < b->count && code == GW_OK; i++)
		code = flush_place(b, b->ops[i].place, world);
	for (size_t i = 0; i < b->count && code == GW_OK; i++) { /* after where it went to */
		if (b->ops[i].from_place != NULL)
			code = flush_place(b, b->ops[i].from_place, world);
	}
	if (code == GW_OK)
		store_rows(b, world); /* left: everything */
	world->broken = b->err;
}

/* --- on the loop ----------------------------------------------------------------------------- */

static void free_op(struct gw_op *op)
{
	if (op->kind == GW_OP_DELIVER)
		gw_delivered_drop(&op->file, &op->place->m); /* does nothing once it is in place */
	free(op->from);
	free(op->to);
}

static void free_batch(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		free_op(&b->ops[i]);
		gw_place_unref(b->ops[i].place);
		gw_place_unref(b->ops[i].from_place);
		gw_place_unref(b->ops[i].row_place);
	}
	free(b->ops);
	free(b);
}

static void submit(struct gw_batcher *b)
{
	struct batch *batch = b->open;

	b->open = NULL;
	uv_timer_stop(b->timer);
	batch->unflushed = b->unflushed;
	b->events.traffic(b->events.ctx, &batch->down, &batch->up);
	if (++b->waiting == MAX_WAITING)
		b->events.pressure(b->events.ctx, true);
	batch->job.flush = batch->files > 0 ? flush_files : NULL;
	gw_disk_submit(b->disk, &batch->job);
}

static void tell_written(const struct gw_batcher_events *ev, struct gw_op *op)
{
	const struct gw_place *from = op->from_place != NULL ? op->from_place : op->place;
	bool moves = op->kind == GW_OP_JOIN || op->kind == GW_OP_RENAME ||
		     op->kind == GW_OP_FLAGS || op->kind == GW_OP_TAKE;
	bool goes = op->kind == GW_OP_DELETE || op->kind == GW_OP_EXPIRE;

	if (op->skipped || (moves && op->to == NULL))
		return;
	op->place->arrived += op->kind == GW_OP_DELIVER;
	if (moves || goes)
		ev->wrote(ev->ctx, from, op->from, op->from_in_new, GW_WRITTEN_GONE);
	if (moves || op->kind == GW_OP_DELIVER)
		ev->wrote(ev->ctx, op->place, op->to, op->to_in_new,
			moves || op->was_here ? GW_WRITTEN_MOVED : GW_WRITTEN_NEW);
}

static void on_batch_done(struct gw_disk_job *job)
{
	struct batch *batch = (struct batch *)job;
	struct gw_batcher *b = batch->owner;
	struct gw_batcher_events ev = b->events;

	b->unflushed -= batch->bytes;
	if (b->waiting-- == MAX_WAITING)
		ev.pressure(ev.ctx, false);
	if (b->open != NULL && b->open->has_cursor && b->waiting == 0)
		submit(b); /* what gathered while the disk was busy goes as one */
	for (size_t i = 0; i < batch->count && batch->err.code == GW_OK; i++)
		tell_written(&ev, &batch->ops[i]);
	for (size_t i = 0; i < batch->count && batch->err.code == GW_OK; i++) {
		if (batch->ops[i].sys != 0)
			ev.refused(ev.ctx, &batch->ops[i]);
	}
	for (size_t i = 0; i < batch->count && batch->err.code == GW_OK; i++) {
		struct gw_op *op = &batch->ops[i];

		if (op->kind == GW_OP_CURSOR)
			ev.mailbox_done(ev.ctx, op->owner, op->place->conflict, op->place->refused);
	}
	if (batch->err.code == GW_OK)
		ev.batch_done(ev.ctx, &batch->result);
	else
		ev.failed(ev.ctx, &batch->err);
	free_batch(batch);
}

static void on_timer(uv_timer_t *timer)
{
	gw_batcher_seal(timer->data);
}

struct gw_batcher *gw_batcher_new(
	struct gw_disk *disk, size_t max_files, const struct gw_batcher_events *events)
{
	struct gw_batcher *b = calloc(1, sizeof *b);

	if (b == NULL || (b->timer = malloc(sizeof *b->timer)) == NULL) {
		free(b);
		return NULL;
	}
	b->disk = disk;
	b->max_files = max_files;
	b->events = *events;
	uv_timer_init(disk->loop, b->timer);
	b->timer->data = b;
	return b;
}

void gw_batcher_free(struct gw_batcher *b)
{
	if (b == NULL)
		return;
	if (b->open != NULL)
		free_batch(b->open);
	uv_close((uv_handle_t *)b->timer, (uv_close_cb)free);
	free(b);
}

enum gw_code gw_batcher_add(struct gw_batcher *b, struct gw_op *op)
{
	struct gw_op *slot;

	if (b->open == NULL) {
		b->open = calloc(1, sizeof *b->open);
		if (b->open == NULL) {
			free_op(op);
			return GW_ERR_NOMEM;
		}
		b->open->owner = b;
		b->open->job.work = run_batch;
		b->open->job.done = on_batch_done;
		uv_timer_start(b->timer, on_timer, BATCH_MS, 0);
	}
	slot = gw_array_push((void **)&b->open->ops, &b->open->count, &b->open->cap, sizeof *slot);
	if (slot == NULL) {
		free_op(op);
		return GW_ERR_NOMEM;
	}
	*slot = *op;
	op->place->refs++;
	if (op->from_place != NULL)
		op->from_place->refs++;
	if (op->row_place != NULL)
		op->row_place->refs++;
	if (op->kind == GW_OP_DELIVER) {
		b->open->files++;
		b->open->bytes += op->file.file_size;
		b->unflushed += op->file.file_size;
	}
	b->open->has_cursor |= op->kind == GW_OP_CURSOR;
	b->open->has_join |= op->kind == GW_OP_JOIN;
	if (b->open->files >= b->max_files || b->open->bytes >= BATCH_BYTES ||
		b->open->count >= 4 * b->max_files || (op->kind == GW_OP_CURSOR && b->waiting == 0))
		submit(b);
	return GW_OK;
}

void gw_batcher_seal(struct gw_batcher *b)
{
	if (b->open != NULL)
		submit(b);
}

bool gw_batcher_idle(const struct gw_batcher *b)
{
	return b->open == NULL && b->waiting == 0;
}
