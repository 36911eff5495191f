/* SPDX-License-Identifier: ISC */
/* sync/folders_clear.c - before mailboxes are deleted on the server; part of folders_p.h.
 *
 * One after the other: read from the state what base knows (pool) --> remote/clear.h.  What is
 * known goes where `delete` says; mail that was never here keeps its mailbox.  What goes to the trash is
 * in the state first (table trashing, as mailbox/trash.c has it): the connection may end behind COPY.
 */
#include "base/sorted.h"
#include "local/rows.h"
#include "remote/clear.h"
#include "sync/folders_p.h"

#include <stdlib.h>
#include <strings.h>

struct clear_job {
	struct gw_disk_job job; /* first */
	struct gw_sync *sync;
	struct gw_folder_op *op;
	struct gw_expunge_item *items; /* owned */
	struct gw_clear_known *known;  /* owned; theirs */
	size_t count, cap, known_count, known_cap;
	struct gw_clear *clear; /* not ours; while it waits for: */
	uint32_t *announced;    /* owned; UIDs that are announced */
	size_t announced_count;
	struct gw_cursors trash;
	void (*done)(struct gw_sync *s);
	struct gw_error err;
};

static void next_op(struct gw_sync *s, size_t from, void (*done)(struct gw_sync *s));

static void free_job(struct clear_job *j)
{
	free(j->items);
	free(j->known);
	free(j->announced);
	free(j);
}

static enum gw_code take(void *ctx, const struct gw_message_row *row)
{
	struct clear_job *j = ctx;
	struct gw_expunge_item *slot;
	struct gw_clear_known *known;

	if (row->state != GW_ROW_PAIRED)
		return GW_OK;
	slot = gw_array_push((void **)&j->items, &j->count, &j->cap, sizeof *j->items);
	known = gw_array_push((void **)&j->known, &j->known_count, &j->known_cap, sizeof *j->known);
	if (slot == NULL || known == NULL)
		return gw_fail(&j->err, GW_ERR_NOMEM, "out of memory");
	*known = (struct gw_clear_known){
		.flags = row->flags, .size = row->size, .hashed = row->header_hash != NULL
	};
	if (row->header_hash != NULL)
		memcpy(known->header, row->header_hash, sizeof known->header);
	*slot = (struct gw_expunge_item){ .uid = row->uid,
		.to = j->sync->account->deletes == GW_DELETE_TRASH ? GW_EXPUNGE_TO_TRASH
								   : GW_EXPUNGE_FOR_GOOD };
	return GW_OK;
}

static enum gw_code take_announced(void *ctx, const struct gw_trashing_row *row)
{
	struct clear_job *j = ctx;
	size_t at = GW_LOWER_BOUND(j->items, j->count, uid, row->uid);

	if (at < j->count && j->items[at].uid == row->uid) {
		j->known[at].announced = true;
		j->known[at].announced_at = (struct gw_cursors){ row->uidvalidity, row->uidnext };
	}
	return GW_OK;
}

static void work_read(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct clear_job *j = (struct clear_job *)job;

	if (gw_store_messages(world->store, j->op->row->id, GW_BY_UID, take, j, &j->err) == GW_OK)
		gw_store_trashing(world->store, j->op->row->id, take_announced, j, &j->err);
}

/* Returns how many are still to go: the next run goes on with them.  What was changed there, or cannot
 * go, stays, and keeps its mailbox. */
static uint32_t left_to_remove(const struct clear_job *j)
{
	uint32_t n = 0;

	for (size_t i = 0; i < j->count; i++)
		n += j->items[i].outcome == GW_EXPUNGE_UNSENT ||
		     j->items[i].outcome == GW_EXPUNGE_LOST ||
		     j->items[i].outcome == GW_EXPUNGE_REFUSED;
	return n;
}

/* Base follows: what went there is not waited for any more. */
static void work_forget(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct clear_job *j = (struct clear_job *)job;
	struct gw_mailbox_row row = *j->op->row;
	enum gw_code code = gw_disk_writable(world, &j->err);

	if (code == GW_OK)
		code = gw_store_begin(world->store, &j->err);
	if (code != GW_OK)
		return;
	for (size_t i = 0; i < j->count && code == GW_OK; i++) {
		if (j->items[i].outcome == GW_EXPUNGE_DONE)
			code = gw_rows_drop(world->store, row.id, j->items[i].uid, &j->err);
	}
	row.messages = left_to_remove(j);
	if (code == GW_OK)
		code = gw_store_mailbox_update(world->store, &row, &j->err);
	if (code == GW_OK)
		code = gw_store_commit(world->store, &j->err);
	if (code != GW_OK)
		gw_store_rollback(world->store);
}

static void end_job(struct clear_job *j)
{
	struct gw_sync *s = j->sync;
	size_t at = (size_t)(j->op - s->settling->ops) + 1;
	void (*done)(struct gw_sync *) = j->done;
	struct gw_error err = j->err;

	free_job(j);
	if (err.code != GW_OK)
		gw_sync_fail(s, &err);
	else
		next_op(s, at, done);
}

static void on_forgotten(struct gw_disk_job *job)
{
	struct clear_job *j = (struct clear_job *)job;

	if (j->sync->phase >= SYNC_ENDING) {
		struct gw_sync *s = j->sync;

		free_job(j);
		gw_sync_pump(s);
		return;
	}
	end_job(j);
}

/* --- what goes to the trash ------------------------------------------------------------------ */

static void work_announce(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct clear_job *j = (struct clear_job *)job;
	struct gw_trashing_row row = { .uidvalidity = j->trash.uidvalidity,
		.uidnext = j->trash.uidnext };
	enum gw_code code = gw_disk_writable(world, &j->err);

	if (code == GW_OK)
		code = gw_store_begin(world->store, &j->err);
	if (code != GW_OK)
		return;
	for (size_t i = 0; i < j->announced_count && code == GW_OK; i++) {
		row.uid = j->announced[i];
		code = gw_store_trashing_put(world->store, j->op->row->id, &row, &j->err);
	}
	if (code == GW_OK)
		code = gw_store_commit(world->store, &j->err);
	if (code != GW_OK)
		gw_store_rollback(world->store);
}

static void on_stored(struct gw_disk_job *job)
{
	struct clear_job *j = (struct clear_job *)job;
	struct gw_clear *clear = j->clear;
	struct gw_sync *s = j->sync;
	struct gw_error err = j->err;
	bool ending = s->phase >= SYNC_ENDING;

	if (ending)
		gw_fail(&err, GW_ERR_CANCELLED, "stopped"); /* the session may be gone */
	gw_clear_announced(clear, err.code == GW_OK ? NULL : &err);
	if (ending)
		gw_sync_pump(s);
}

/* What was announced before, and did not come, is announced anew: this trash has no copy of it. */
static void on_announce(void *ctx, struct gw_clear *clear, const struct gw_expunge_item *goes,
	size_t count, struct gw_cursors trash)
{
	struct clear_job *j = ctx;

	j->clear = clear;
	j->trash = trash;
	j->announced = calloc(count + 1, sizeof *j->announced);
	if (j->announced == NULL) {
		gw_fail(&j->err, GW_ERR_NOMEM, "out of memory");
		gw_clear_announced(clear, &j->err);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (goes[i].to == GW_EXPUNGE_TO_TRASH)
			j->announced[j->announced_count++] = goes[i].uid;
	}
	j->job = (struct gw_disk_job){ .work = work_announce, .done = on_stored };
	gw_disk_submit(&j->sync->disk, &j->job);
}

static void on_cleared(void *ctx, enum gw_clear_outcome outcome, const struct gw_error *err)
{
	struct clear_job *j = ctx;
	struct gw_folder_op *op = j->op;
	struct gw_sync *s = j->sync;

	if (s->phase < SYNC_ENDING && j->err.code != GW_OK) {
		end_job(j);
		return;
	}
	if (s->phase >= SYNC_ENDING || (err != NULL && err->code != GW_ERR_REFUSED)) {
		free_job(j); /* the session's own event follows, or came */
		return;
	}
	if (outcome == GW_CLEAR_EMPTY && op->what.kind == GW_FOLDER_DELETE_THERE) {
		end_job(j);
		return;
	}
	if (outcome == GW_CLEAR_FAILED) {
		gw_sync_problem(s, op->shown, err);
	} else if (op->what.kind == GW_FOLDER_DELETE_THERE) {
		op->what.kind = GW_FOLDER_HOLD;
		op->what.reason = GW_FOLDER_FRESH_THERE;
		gw_sync_tell_held(s, op);
	}
	op->done = true;
	gw_sync_block(s, op->wire);
	j->job = (struct gw_disk_job){ .work = work_forget, .done = on_forgotten };
	gw_disk_submit(&s->disk, &j->job);
}

static void on_read(struct gw_disk_job *job)
{
	struct clear_job *j = (struct clear_job *)job;
	struct gw_sync *s = j->sync;
	const struct gw_mailbox_row *row = j->op->row;
	/* A label goes with its name, and leaves its messages where they are. */
	bool label = gw_session_caps(s->conns[0].session) & GW_CAP_GMAIL;
	bool trash = s->account->deletes == GW_DELETE_TRASH && !label && j->count > 0 &&
		     strcmp(s->trash, row->remote_name) != 0;
	const struct gw_clear_options options = { .session = s->conns[0].session,
		.mailbox = row->remote_name,
		.uidvalidity = row->uidvalidity,
		.uidnext = row->uidnext,
		.trash = trash ? s->trash : NULL,
		.make_trash = s->env.make_trash,
		.items = j->items,
		.known = j->known,
		.count = j->count,
		.announce = on_announce,
		.done = on_cleared,
		.ctx = j };

	if (s->phase >= SYNC_ENDING) {
		free_job(j);
		gw_sync_pump(s);
		return;
	}
	if (j->err.code != GW_OK || gw_clear_start(&options) != GW_OK) {
		gw_fail(&j->err, GW_ERR_NET, "the session ended");
		end_job(j);
	}
}

static void next_op(struct gw_sync *s, size_t from, void (*done)(struct gw_sync *s))
{
	struct gw_settling *t = s->settling;
	struct clear_job *j;

	for (size_t i = from; i < t->op_count; i++) {
		struct gw_folder_op *op = &t->ops[i];

		if (op->done || (op->what.kind != GW_FOLDER_DELETE_THERE &&
					op->what.kind != GW_FOLDER_EMPTY_THERE))
			continue;
		j = calloc(1, sizeof *j);
		if (j == NULL || !gw_sync_choose_trash(s)) {

			free(j);
			gw_sync_fail_nomem(s);
			return;
		}
		*j = (struct clear_job){ .job = { .work = work_read, .done = on_read },
			.sync = s,
			.op = op,
			.done = done };
		gw_disk_submit(&s->disk, &j->job);
		return;
	}
	done(s);
}

void gw_sync_clear_folders(struct gw_sync *s, void (*done)(struct gw_sync *s))
{
	next_op(s, 0, done);
}
