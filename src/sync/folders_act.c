/* SPDX-License-Identifier: ISC */
/* sync/folders_act.c - carries out what was judged about mailboxes; part of folders_p.h.
 *
 * Commands to the server go out in one flight; then one disk job brings directories and rows in
 * line.  An operation that fails is its mailbox's problem; only what hits every mailbox (a full
 * disk, the state) ends the run.
 *
 * The connection may end at a command: the first that was not answered may be why.  Everything is
 * listed and judged once more then; what ended two connections is left out, and told.
 *
 * I1  base follows: a row gets its new name when the server said OK, and when the directory has it.
 * I2  a kill in between is found again: a row whose directory is gone, and one with its inode.
 */
#include "sync/folders_p.h"

#include "imap/refusal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* --- on disk ----------------------------------------------------------------------------------- */

struct act_job {
	struct gw_disk_job job; /* first */
	struct gw_sync *sync;
	void (*done)(struct gw_sync *s, bool asked);
	struct gw_error err;
};

static bool moves(const struct gw_folder_op *op)
{
	return op->what.kind == GW_FOLDER_RENAME_HERE && op->from != NULL &&
	       strcmp(op->from, op->dir) != 0;
}

static enum gw_code act_on_dir(struct gw_sync *s, struct gw_folder_op *op, struct gw_error *err)
{
	const char *root = s->account->maildir;

	if (op->what.kind == GW_FOLDER_DELETE_HERE)
		return gw_tree_remove(root, op->from, s->attic_path, err);
	if (!moves(op) || gw_tree_inode(root, op->from) == 0) /* it went along with one above */
		return GW_OK;
	return gw_tree_rename(root, op->from, op->dir, op->dir, op->what.whole, err);
}

/* The directory of the first stands where the next one's was, and so on: each exchange puts one in
 * its place, and the last one is there then. */
static enum gw_code exchange(struct gw_sync *s, struct gw_folder_op *first, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	for (size_t k = 0; k + 1 < first->what.cycle && code == GW_OK; k++)
		code = gw_tree_exchange(s->account->maildir, first->from, first[k].dir, err);
	return code;
}

static enum gw_code rename_row(struct gw_sync *s, struct gw_store *store,
	const struct gw_folder_op *op, struct gw_error *err)
{
	struct gw_mailbox_row row = *op->row;
	uint64_t inode = moves(op) ? gw_tree_inode(s->account->maildir, op->dir) : 0;
	enum gw_code code;

	if (op->what.kind == GW_FOLDER_RENAME_HERE)
		row.full_at = 0; /* its messages are compared with what base knows */
	if (inode != 0 && op->what.dir != GW_FOLDER_NONE &&
		s->settling->dirs[op->what.dir].inode == row.inode)
		row.inode = inode; /* its parts were moved, one by one */
	code = gw_store_mailbox_update(store, &row, err);
	if (code == GW_OK)
		code = gw_store_mailbox_missing(store, row.id, 0, err);
	return code == GW_OK ? gw_store_mailbox_rename(store, row.id, op->wire, op->dir, err)
			     : code;
}

static enum gw_code act_on_row(struct gw_sync *s, struct gw_store *store,
	const struct gw_folder_op *op, struct gw_error *err)
{
	switch (op->what.kind) {
	case GW_FOLDER_RENAME_HERE:
	case GW_FOLDER_RENAME_THERE:
		return rename_row(s, store, op, err);
	case GW_FOLDER_DELETE_HERE:
	case GW_FOLDER_DELETE_THERE:
	case GW_FOLDER_FORGET:
		return gw_store_mailbox_drop(store, op->row->id, err);
	case GW_FOLDER_MISSING:
		return gw_store_mailbox_missing(store, op->row->id, (int64_t)time(NULL), err);
	case GW_FOLDER_BACK:
		return gw_store_mailbox_missing(store, op->row->id, 0, err);
	case GW_FOLDER_LOOK:
	case GW_FOLDER_MAKE_THERE:
	case GW_FOLDER_MAKE_AGAIN:
	case GW_FOLDER_EMPTY_THERE:
	case GW_FOLDER_HOLD:
	case GW_FOLDER_KINDS:
		break;
	}
	return GW_OK;
}

/* True if the error hits every mailbox. */
static bool ends_run(const struct gw_error *err)
{
	return err->code != GW_ERR_DISK || gw_hits_whole_disk(err->sys);
}

/* Executes one operation, or all of those that exchange places.  Returns how many. */
static size_t carry_out(struct act_job *j, struct gw_store *store, struct gw_folder_op *op)
{
	struct gw_sync *s = j->sync;
	size_t count = op->what.cycle > 1 ? op->what.cycle : 1;
	struct gw_error err = { 0 };
	enum gw_code code = count > 1 ? exchange(s, op, &err) : act_on_dir(s, op, &err);

	if (code == GW_OK)
		code = gw_store_begin(store, &err);
	else
		count = op->what.cycle > 1 ? op->what.cycle : 1;
	for (size_t k = 0; k < count && code == GW_OK; k++)
		code = act_on_row(s, store, &op[k], &err);
	if (code == GW_OK)
		code = gw_store_commit(store, &err);
	if (code == GW_OK)
		return count;
	gw_store_rollback(store);
	if (ends_run(&err)) {
		j->err = err;
		return count;
	}
	for (size_t k = 0; k < count; k++) {
		op[k].done = true;
		op[k].err = err;
	}
	return count;
}

static bool has_work(const struct gw_folder_op *op)
{
	return !op->done && op->what.kind != GW_FOLDER_HOLD &&
	       op->what.kind != GW_FOLDER_MAKE_THERE && op->what.kind != GW_FOLDER_MAKE_AGAIN;
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct act_job *j = (struct act_job *)job;
	struct gw_settling *t = j->sync->settling;

	if (gw_disk_writable(world, &j->err) != GW_OK)
		return;
	for (size_t i = 0; i < t->op_count && j->err.code == GW_OK;)
		i += has_work(&t->ops[i]) ? carry_out(j, world->store, &t->ops[i]) : 1;
	if (j->err.code == GW_OK)
		gw_sync_reread_rows(j->sync, &j->err);
}

void gw_sync_count_folder(struct gw_sync *s, const struct gw_folder_op *op)
{
	enum gw_folder_kind kind = op->what.kind;

	if (op->done)
		return;
	s->counts.mailboxes_made += kind == GW_FOLDER_MAKE_THERE || kind == GW_FOLDER_MAKE_AGAIN;
	s->counts.mailboxes_renamed +=
		kind == GW_FOLDER_RENAME_HERE || kind == GW_FOLDER_RENAME_THERE;
	s->counts.mailboxes_deleted +=
		kind == GW_FOLDER_DELETE_HERE || kind == GW_FOLDER_DELETE_THERE;
}

static void on_worked(struct gw_disk_job *job)
{
	struct act_job *j = (struct act_job *)job;
	struct gw_sync *s = j->sync;
	struct gw_settling *t = s->settling;
	void (*done)(struct gw_sync *, bool) = j->done;
	struct gw_error err = j->err;
	bool asked = false;

	free(j);
	for (size_t i = 0; i < t->op_count; i++) {
		struct gw_folder_op *op = &t->ops[i];

		asked |= op->on_server || op->what.kind == GW_FOLDER_RENAME_HERE;
		if (op->err.code == GW_OK) {
			gw_sync_count_folder(s, op);
			continue;
		}
		gw_sync_problem(s, op->shown, &op->err);
		gw_sync_block(s, op->wire);
	}
	if (err.code != GW_OK)
		gw_sync_fail(s, &err);
	else
		done(s, asked);
}

static void act_here(struct gw_sync *s, void (*done)(struct gw_sync *s, bool asked))
{
	struct act_job *j = calloc(1, sizeof *j);

	if (j == NULL) {
		gw_sync_fail_nomem(s);
		return;
	}
	*j = (struct act_job){
		.job = { .work = work, .done = on_worked }, .sync = s, .done = done
	};
	gw_disk_submit(&s->disk, &j->job);
}

/* --- on the server ----------------------------------------------------------------------------- */

enum { FOLDER_BREAKS = 2 };

static unsigned count_breaks(const struct gw_sync *s, const char *command, const char *wire)
{
	for (size_t i = 0; i < s->spoiler_count; i++) {
		const struct gw_spoiler *sp = &s->spoilers[i];

		if (strcmp(sp->command, command) == 0 && strcmp(sp->wire, wire) == 0)
			return sp->times;
	}
	return 0;
}

/* false: there is no memory. */
static bool note_break(struct gw_sync *s, const char *command, const char *wire)
{
	struct gw_spoiler *slot;

	for (size_t i = 0; i < s->spoiler_count; i++) {
		slot = &s->spoilers[i];
		if (strcmp(slot->command, command) == 0 && strcmp(slot->wire, wire) == 0) {
			slot->times++;
			return true;
		}
	}
	slot = gw_array_push(
		(void **)&s->spoilers, &s->spoiler_count, &s->spoiler_cap, sizeof *s->spoilers);
	if (slot == NULL)
		return false;
	*slot = (struct gw_spoiler){ .command = command, .wire = strdup(wire), .times = 1 };
	if (slot->wire == NULL)
		s->spoiler_count--;
	return slot->wire != NULL;
}

static bool makes(const struct gw_folder_op *op)
{
	return op->what.kind == GW_FOLDER_MAKE_THERE || op->what.kind == GW_FOLDER_MAKE_AGAIN;
}

/* Gives an operation up for this run; one that makes a mailbox, for later runs, too. */
static void leave_out(struct gw_folder_op *op)
{
	static const char why[] = "the connection broke each time the server was asked to";
	struct gw_sync *s = op->sync;
	struct gw_error err = { 0 };

	op->done = true;
	if (makes(op) && op->from != NULL) {
		gw_sync_note_not_made(s, op->from, why);
		return;
	}
	gw_fail(&err, GW_ERR_HELD, "the mailbox was not %s on the server: %s",
		op->what.kind == GW_FOLDER_DELETE_THERE ? "deleted" : "renamed", why);
	gw_sync_note_held(s, op->shown, &err);
	gw_sync_problem(s, op->shown, &err);
	if (op->row != NULL)
		gw_sync_block(s, op->row->remote_name);
}

/* NULL: none. */
static const char *command_of(const struct gw_folder_op *op)
{
	return makes(op)                                 ? "CREATE"
	       : op->what.kind == GW_FOLDER_DELETE_THERE ? "DELETE"
	       : op->what.kind == GW_FOLDER_RENAME_THERE ? "RENAME"
							 : NULL;
}

/* Commands are answered in the order in which they were sent. */
static void note_lost(struct gw_folder_op *op, const char *command)
{
	struct gw_sync *s = op->sync;

	assert(command != NULL); /* what the server is asked has one */
	if (s->phase == SYNC_SETTLING && !s->settling->broke)
		s->settling->broke = note_break(s, command, op->wire);
}

bool gw_sync_act_broke(struct gw_sync *s)
{
	if (s->phase != SYNC_SETTLING || !s->settling->broke)
		return false;
	gw_sync_end_settling(s);
	s->held_told = true;
	gw_sync_enter(s, SYNC_LISTING); /* once more, with the next connection */
	return true;
}

static void on_settled(struct gw_sync *s, const struct gw_result *result)
{
	if (--s->list_pending > 0 || s->phase >= SYNC_ENDING || result->kind == GW_RESULT_LOST)
		return; /* when lost, the session's own event follows */
	act_here(s, s->settling->acted);
}

static void on_answer(void *ctx, const struct gw_result *result)
{
	struct gw_folder_op *op = ctx;
	struct gw_sync *s = op->sync;

	if (result->kind == GW_RESULT_LOST)
		note_lost(op, command_of(op));
	if ((result->kind == GW_RESULT_NO || result->kind == GW_RESULT_BAD) &&
		!(makes(op) && result->response->code == GW_CODE_ALREADYEXISTS)) {
		struct gw_error err = *result->err;

		if (makes(op) && op->from != NULL && !gw_refusal_passes(result->response->code)) {
			gw_sync_note_not_made(s, op->from, err.text);
		} else {
			gw_error_context(&err, "the mailbox could not be made, renamed or deleted");
			gw_sync_problem(s, op->shown, &err);
		}
		op->done = true; /* the row stays as it is */
		if (op->row != NULL)
			gw_sync_block(s, op->row->remote_name);
	}
	on_settled(s, result);
}

/* Subscribe, if possible: no mailbox is left out for it. */
static const char subscribing[] = "SUBSCRIBE";

static void on_subscribed(void *ctx, const struct gw_result *result)
{
	struct gw_folder_op *op = ctx;

	if (result->kind == GW_RESULT_LOST)
		note_lost(op, subscribing);
	on_settled(op->sync, result);
}

static bool ask(struct gw_folder_op *op, const char *verb, const char *first, const char *second,
	void (*done)(void *, const struct gw_result *))
{
	struct gw_sync *s = op->sync;
	struct gw_session *on = s->conns[0].session;
	struct gw_error err = { 0 };
	struct gw_command line;
	enum gw_code code;

	if (done == on_subscribed && count_breaks(s, subscribing, op->wire) >= FOLDER_BREAKS)
		return true;
	gw_command_init(&line);
	gw_command_printf(&line, "%s ", verb);
	gw_command_string(&line, gw_slice_str(first), gw_session_caps(on));
	if (second != NULL) {
		gw_command_printf(&line, " ");
		gw_command_string(&line, gw_slice_str(second), gw_session_caps(on));
	}
	code = gw_session_send(on, &line, &(struct gw_handlers){ .done = done, .ctx = op });
	gw_command_deinit(&line);
	if (code != GW_OK) {
		gw_fail(&err, code, "the session ended");
		gw_sync_fail(s, &err);
		return false;
	}
	op->on_server = true;
	s->list_pending++;
	return true;
}

static bool act_there(struct gw_folder_op *op)
{
	const char *command = command_of(op);

	if (command != NULL && count_breaks(op->sync, command, op->wire) >= FOLDER_BREAKS) {
		leave_out(op);
		return true;
	}
	switch (op->what.kind) {
	case GW_FOLDER_MAKE_THERE:
	case GW_FOLDER_MAKE_AGAIN:
		return ask(op, "CREATE", op->wire, NULL, on_answer) &&
		       ask(op, "SUBSCRIBE", op->wire, NULL, on_subscribed);
	case GW_FOLDER_RENAME_THERE:
		return (op->what.implied ||
			       ask(op, "RENAME", op->row->remote_name, op->wire, on_answer)) &&
		       ask(op, "SUBSCRIBE", op->wire, NULL, on_subscribed) &&
		       ask(op, "UNSUBSCRIBE", op->row->remote_name, NULL, on_subscribed);
	case GW_FOLDER_DELETE_THERE:
		return ask(op, "DELETE", op->row->remote_name, NULL, on_answer) &&
		       ask(op, "UNSUBSCRIBE", op->row->remote_name, NULL, on_subscribed);
	case GW_FOLDER_MISSING:
	case GW_FOLDER_BACK:
	case GW_FOLDER_FORGET:
	case GW_FOLDER_LOOK:
	case GW_FOLDER_RENAME_HERE:
	case GW_FOLDER_DELETE_HERE:
	case GW_FOLDER_EMPTY_THERE:
	case GW_FOLDER_HOLD:
	case GW_FOLDER_KINDS:
		break;
	}
	return true;
}

static void on_cleared(struct gw_sync *s)
{
	struct gw_settling *t = s->settling;

	for (size_t i = 0; i < t->op_count; i++) {
		if (!t->ops[i].done && !act_there(&t->ops[i]))
			return;
	}
	if (s->list_pending == 0)
		act_here(s, t->acted);
}

void gw_sync_act_folders(struct gw_sync *s, void (*done)(struct gw_sync *s, bool asked))
{
	s->settling->acted = done;
	gw_sync_clear_folders(s, on_cleared);
}
