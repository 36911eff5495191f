/* sync/folders.c - mailboxes that came, went or were renamed, on either side; part of
 * sync_p.h.
 *
 * What is found is carried out before any mailbox is looked at: commands to the server, in one
 * flight; then, in one disk job, directories and rows.  Then the list is asked for again, and
 * whatever is still out of step is told of.
 *
 * I1  base follows: a row gets its new name when the server said OK, and when the directory has it.
 * I2  a kill in between is found again: a row whose directory is gone, and one with its inode.
 */
#include "sync/sync_p.h"

#include "imap/utf7.h"
#include "local/remake.h"
#include "maildir/folder.h"
#include "maildir/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum op_kind {
	OP_CREATE,       /* made here */
	OP_RENAME_HERE,  /* renamed there: so is the directory */
	OP_RENAME_THERE, /* renamed here */
	OP_DELETE_HERE,  /* gone there */
	OP_DELETE_THERE, /* gone here */
	OP_FORGET,       /* gone on both sides, or to be fetched anew */
	OP_MISSING,      /* seen missing for the first time */
	OP_BACK,         /* no longer missing */
	OP_REMAKE,       /* gone there, and maybe with mail here that was never there (remake.h) */
};

struct gw_folder_op {
	enum op_kind kind;
	struct gw_sync *sync;
	struct gw_mailbox_row *row; /* borrowed from the sync; NULL: none yet */
	char *wire, *dir;           /* owned; new names */
	bool on_server, done;
};

/* --- finding out ----------------------------------------------------------------------------- */

static struct gw_folder_op *add_op(
	struct gw_sync *s, enum op_kind kind, struct gw_mailbox_row *row, char *wire, char *dir)
{
	struct gw_folder_op *op = gw_array_push((void **)&s->folder_ops, &s->folder_op_count,
		&s->folder_op_cap, sizeof *s->folder_ops);

	if (op == NULL) {
		free(wire);
		free(dir);
		return NULL;
	}
	*op = (struct gw_folder_op){
		.kind = kind, .sync = s, .row = row, .wire = wire, .dir = dir
	};
	return op;
}

static const struct gw_folder *listed(const struct gw_sync *s, const char *wire)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		if (strcmp(s->folders.list[i].wire, wire) == 0)
			return &s->folders.list[i];
	}
	return NULL;
}

static struct gw_mailbox_row *row_of(struct gw_sync *s, const char *wire)
{
	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].remote_name != NULL && strcmp(s->rows[i].remote_name, wire) == 0)
			return &s->rows[i];
	}
	return NULL;
}

static bool dir_exists(const struct gw_sync *s, const char *dir)
{
	return gw_tree_inode(s->account->maildir, dir) != 0;
}

/* Missing on the server since when?  An earlier run has to have seen it too. */
static bool seen_before(const struct gw_mailbox_row *row)
{
	return row->missing_at != 0;
}

/* The only mailbox of the use that this one has (RFC 6154): names follow the language that the
 * user chose, the use stays. */
static const struct gw_folder *of_same_use(struct gw_sync *s, const struct gw_mailbox_row *row)
{
	const unsigned uses = GW_LIST_ALL | GW_LIST_ARCHIVE | GW_LIST_DRAFTS | GW_LIST_FLAGGED |
			      GW_LIST_JUNK | GW_LIST_SENT | GW_LIST_TRASH | GW_LIST_IMPORTANT;
	const struct gw_folder *found = NULL;
	unsigned use = row->special_use & uses;

	for (size_t i = 0; i < s->folders.count && use != 0; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		if ((f->attrs & uses) != use)
			continue;
		if (found != NULL)
			return NULL;
		found = f;
	}
	return found != NULL && found->wanted && row_of(s, found->wire) == NULL ? found : NULL;
}

/* The mailbox that has its id. */
static const struct gw_folder *of_same_id(struct gw_sync *s, const struct gw_mailbox_row *row)
{
	for (size_t i = 0; i < s->folders.count && row->object_id != 0; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		if (f->object_id == row->object_id && f->wanted && row_of(s, f->wire) == NULL)
			return f;
	}
	return NULL;
}

/* The only mailbox that can be this one under another name: same UIDVALIDITY, as many UIDs or more,
 * and none else like it. */
static const struct gw_folder *renamed_to(struct gw_sync *s, const struct gw_mailbox_row *row)
{
	const unsigned needed = GW_ITEM_UIDVALIDITY | GW_ITEM_UIDNEXT;
	const struct gw_folder *found = NULL;

	for (size_t i = 0; i < s->folders.count; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		if ((f->items & needed) != needed || f->uidvalidity != row->uidvalidity)
			continue;
		if (row->object_id != 0 && f->object_id != 0)
			continue; /* another one, by its id */
		if (found != NULL)
			return NULL; /* a server that gives many the same */
		found = f;
	}
	if (found == NULL || row_of(s, found->wire) != NULL || found->uidnext < row->uidnext)
		return NULL;
	return found->wanted ? found : NULL;
}

static bool hold(struct gw_sync *s, const struct gw_mailbox_row *row, const char *text)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_HELD, "%s", text);
	gw_sync_problem(s, row->local_dir, &err);
	return true;
}

/* Were its directories changed since it was last in step? */
static bool changed_here(const struct gw_sync *s, const struct gw_mailbox_row *row)
{
	const struct gw_entry e = { .row = *row };

	return row->uidvalidity == 0 || !gw_sync_local_unchanged(s, &e);
}

/* A mailbox that the server does not list any more. */
static bool gone_there(struct gw_sync *s, struct gw_mailbox_row *row)
{
	const struct gw_folder *f = row->uidvalidity == 0 ? NULL : of_same_id(s, row);
	bool here = dir_exists(s, row->local_dir);

	if (f == NULL && row->uidvalidity != 0)
		f = renamed_to(s, row);
	if (f == NULL && row->uidvalidity != 0)
		f = of_same_use(s, row);
	if (f != NULL && (here || gw_tree_inode(s->account->maildir, f->dir) == row->inode))
		return add_op(s, OP_RENAME_HERE, row, strdup(f->wire), strdup(f->dir)) != NULL;
	if (!here && seen_before(row))
		return add_op(s, OP_FORGET, row, NULL, NULL) != NULL;
	if (!seen_before(row))
		return add_op(s, OP_MISSING, row, NULL, NULL) != NULL;
	if (changed_here(s, row) &&
		!add_op(s, OP_REMAKE, row, strdup(row->remote_name), strdup(row->local_dir)))
		return false;
	if (!s->account->delete_folders || row->uidvalidity == 0)
		return true; /* else left as it is, and named in `status` */
	if (row->messages > 0 && s->account->guard && !s->options.accept_deletions)
		return hold(s, row,
			"the mailbox was deleted on the server; since it is not empty it stays "
			"here: "
			"`godwit sync --accept-deletions` moves it to the attic");
	return add_op(s, OP_DELETE_HERE, row, NULL, NULL) != NULL;
}

/* A mailbox whose directory is gone. */
static bool gone_here(struct gw_sync *s, struct gw_mailbox_row *row)
{
	if (s->options.restore_deletions)
		return add_op(s, OP_FORGET, row, NULL, NULL) != NULL;
	if (!seen_before(row) && add_op(s, OP_MISSING, row, NULL, NULL) == NULL)
		return false;
	if (!s->account->delete_folders || !seen_before(row))
		return true; /* its box tells */
	if (row->messages > 0 && s->account->guard && !s->options.accept_deletions)
		return hold(s, row,
			"its directory was deleted here; since the mailbox is not empty it stays "
			"on "
			"the server: `godwit sync --accept-deletions` deletes it there too, "
			"`godwit "
			"sync --restore-deletions` fetches it again");
	return add_op(s, OP_DELETE_THERE, row, NULL, NULL) != NULL;
}

static bool find_missing(struct gw_sync *s)
{
	bool ok = true;

	for (size_t i = 0; i < s->row_count && ok; i++) {
		struct gw_mailbox_row *row = &s->rows[i];
		const struct gw_folder *f = listed(s, row->remote_name);
		bool here = row->uidvalidity == 0 || dir_exists(s, row->local_dir);

		if (f == NULL || (f->attrs & GW_LIST_NOSELECT))
			ok = gone_there(s, row);
		else if (!here && f->wanted)
			ok = gone_here(s, row);
		else if (here && row->missing_at != 0)
			ok = add_op(s, OP_BACK, row, NULL, NULL) != NULL;
	}
	return ok;
}

/* The delimiter that names made here get: INBOX's, as all servers have one hierarchy there. */
static char delimiter(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		if (s->folders.list[i].delimiter != '\0')
			return s->folders.list[i].delimiter;
	}
	return '\0';
}

/* The wire name of a directory that no mailbox has; NULL: it cannot be one, or is not wanted. */
static char *name_for(struct gw_sync *s, const char *dir)
{
	struct gw_buf name, wire;
	struct gw_error err = { 0 };
	char *out = NULL;

	gw_buf_init(&name, 8192);
	gw_buf_init(&wire, 16384);
	if (gw_folder_name(dir, delimiter(s), s->account->layout, &name) != GW_OK) {
		gw_fail(&err, GW_ERR_HELD,
			"a directory of this name cannot be a mailbox of the server, so it is left "
			"alone; rename it");
		gw_sync_problem(s, dir, &err);
	} else if (gw_folders_wants(gw_buf_cstr(&name), delimiter(s), s->account,
			   s->options.folders, s->options.folder_count)) {
		if (s->folders.prefix != NULL && strcmp(gw_buf_cstr(&name), "INBOX") != 0)
			gw_buf_puts(&wire, s->folders.prefix);
		if (gw_utf7_encode(gw_slice_str(gw_buf_cstr(&name)), &wire) == GW_OK)
			out = strdup(gw_buf_cstr(&wire));
	}
	gw_buf_deinit(&name);
	gw_buf_deinit(&wire);
	return out;
}

/* The row whose directory this was, before somebody renamed it. */
static struct gw_mailbox_row *renamed_from(struct gw_sync *s, const struct gw_tree_dir *d)
{
	for (size_t i = 0; i < s->row_count; i++) {
		struct gw_mailbox_row *row = &s->rows[i];

		if (row->inode == d->inode && row->uidvalidity != 0 &&
			!dir_exists(s, row->local_dir) && listed(s, row->remote_name) != NULL &&
			strcasecmp(row->remote_name, "INBOX") != 0)
			return row;
	}
	return NULL;
}

static bool is_known_dir(const struct gw_sync *s, const char *dir)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		if (strcmp(s->folders.list[i].dir, dir) == 0 &&
			!(s->folders.list[i].attrs & GW_LIST_NOSELECT))
			return true;
	}
	for (size_t i = 0; i < s->row_count; i++) {
		if (strcmp(s->rows[i].local_dir, dir) == 0)
			return true;
	}
	for (size_t i = 0; i < s->folder_op_count; i++) {
		if (s->folder_ops[i].dir != NULL && strcmp(s->folder_ops[i].dir, dir) == 0)
			return true;
	}
	return false;
}

static bool find_new(struct gw_sync *s)
{
	struct gw_error err = { 0 };
	struct gw_tree tree;
	bool ok = gw_tree_walk(s->account->maildir, s->account->layout, &tree, &err) == GW_OK;

	for (size_t i = 0; i < tree.count && ok; i++) {
		const struct gw_tree_dir *d = &tree.list[i];
		struct gw_mailbox_row *row;
		char *wire;

		if (is_known_dir(s, d->dir))
			continue;
		row = renamed_from(s, d);
		wire = name_for(s, d->dir);
		if (wire == NULL)
			continue;
		for (size_t k = 0; k < s->folder_op_count && row != NULL; k++) {
			if (s->folder_ops[k].row == row) /* not deleted, renamed */
				s->folder_ops[k].done = true;
		}
		ok = add_op(s, row != NULL ? OP_RENAME_THERE : OP_CREATE, row, wire,
			     strdup(d->dir)) != NULL;
	}
	gw_tree_deinit(&tree);
	return ok;
}

static const char *sentence(enum op_kind kind)
{
	static const char *const words[] = { "make the mailbox %s on the server",
		"rename the directory to %s", "rename the mailbox on the server to %s",
		"move it to the attic: it was deleted on the server",
		"delete the mailbox on the server: its directory was deleted here", "forget it" };

	return kind < OP_MISSING ? words[kind] : NULL;
}

static void tell_plan(struct gw_sync *s)
{
	for (size_t i = 0; i < s->folder_op_count; i++) {
		const struct gw_folder_op *op = &s->folder_ops[i];
		char text[600];

		if (op->done || sentence(op->kind) == NULL)
			continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof text, sentence(op->kind), op->dir != NULL ? op->dir : "");
#pragma GCC diagnostic pop
		gw_sync_tell_plan(s, op->row != NULL ? op->row->local_dir : op->dir, text);
	}
}

static void free_ops(struct gw_sync *s)
{
	free(s->remakes);
	s->remakes = NULL;
	for (size_t i = 0; i < s->folder_op_count; i++) {
		free(s->folder_ops[i].wire);
		free(s->folder_ops[i].dir);
	}
	free(s->folder_ops);
	s->folder_ops = NULL;
	s->folder_op_count = s->folder_op_cap = 0;
}

void gw_sync_free_folders(struct gw_sync *s)
{
	free_ops(s);
}

/* --- on disk --------------------------------------------------------------------------------- */

struct folder_job {
	struct gw_disk_job job; /* first */
	struct gw_sync *sync;
	struct gw_error err;
};

static enum gw_code act_on_dir(
	struct gw_sync *s, const struct gw_folder_op *op, struct gw_error *err)
{
	const char *root = s->account->maildir;

	if (op->kind == OP_RENAME_HERE && dir_exists(s, op->row->local_dir))
		return gw_tree_rename(root, op->row->local_dir, op->dir, op->dir, err);
	if (op->kind == OP_DELETE_HERE && dir_exists(s, op->row->local_dir))
		return gw_tree_remove(root, op->row->local_dir, s->attic_path, err);
	return GW_OK;
}

static enum gw_code act_on_row(
	struct gw_store *store, const struct gw_folder_op *op, struct gw_error *err)
{
	struct gw_mailbox_row row;
	enum gw_code code;

	switch (op->kind) {
	case OP_CREATE:
	case OP_REMAKE:
		return GW_OK;
	case OP_RENAME_HERE:
		row = *op->row;
		row.full_at = 0; /* its messages are compared with what base knows */
		code = gw_store_mailbox_update(store, &row, err);
		if (code == GW_OK)
			code = gw_store_mailbox_missing(store, op->row->id, 0, err);
		return code == GW_OK
			       ? gw_store_mailbox_rename(store, op->row->id, op->wire, op->dir, err)
			       : code;
	case OP_RENAME_THERE:
		code = gw_store_mailbox_missing(store, op->row->id, 0, err);
		return code == GW_OK
			       ? gw_store_mailbox_rename(store, op->row->id, op->wire, op->dir, err)
			       : code;
	case OP_DELETE_HERE:
	case OP_DELETE_THERE:
	case OP_FORGET:
		return gw_store_mailbox_drop(store, op->row->id, err);
	case OP_MISSING:
		return gw_store_mailbox_missing(store, op->row->id, (int64_t)time(NULL), err);
	case OP_BACK:
		return gw_store_mailbox_missing(store, op->row->id, 0, err);
	}
	return GW_ERR_BUG;
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct folder_job *j = (struct folder_job *)job;
	struct gw_sync *s = j->sync;
	enum gw_code code = gw_disk_writable(world, &j->err);

	for (size_t i = 0; i < s->folder_op_count && code == GW_OK; i++) {
		struct gw_folder_op *op = &s->folder_ops[i];

		if (op->done || (op->kind == OP_CREATE))
			continue;
		code = act_on_dir(s, op, &j->err);
		if (code == GW_OK)
			code = gw_store_begin(world->store, &j->err);
		if (code != GW_OK)
			break;
		code = act_on_row(world->store, op, &j->err);
		if (code == GW_OK)
			code = gw_store_commit(world->store, &j->err);
		if (code != GW_OK)
			gw_store_rollback(world->store);
	}
	if (code == GW_OK)
		gw_sync_reread_rows(s, &j->err);
}

static void on_worked(struct gw_disk_job *job)
{
	struct folder_job *j = (struct folder_job *)job;
	struct gw_sync *s = j->sync;
	struct gw_error err = j->err;
	bool asked = false;

	free(j);
	for (size_t i = 0; i < s->folder_op_count; i++)
		asked |= s->folder_ops[i].on_server || s->folder_ops[i].kind == OP_RENAME_HERE;
	free_ops(s);
	s->folders_settled = true;
	if (err.code != GW_OK) {
		gw_sync_fail(s, &err);
	} else if (s->state == SYNC_ENDING) {
		gw_sync_pump(s);
	} else if (asked) {
		gw_sync_list_again(s);
	} else {
		gw_sync_listed(s);
	}
}

static void act_here(struct gw_sync *s)
{
	struct folder_job *j = calloc(1, sizeof *j);
	struct gw_error err = { 0 };

	if (j == NULL) {
		gw_fail(&err, GW_ERR_NOMEM, "out of memory");
		gw_sync_fail(s, &err);
		return;
	}
	*j = (struct folder_job){ .job = { .work = work, .done = on_worked }, .sync = s };
	gw_disk_submit(&s->disk, &j->job);
}

/* --- on the server --------------------------------------------------------------------------- */

static void on_answer(void *ctx, const struct gw_result *result)
{
	struct gw_folder_op *op = ctx;
	struct gw_sync *s = op->sync;
	struct gw_error err = { 0 };

	if (result->kind == GW_RESULT_NO || result->kind == GW_RESULT_BAD) {
		bool exists =
			op->kind == OP_CREATE && result->response->code == GW_CODE_ALREADYEXISTS;

		if (!exists) {
			err = *result->err;
			gw_error_context(&err, "the mailbox could not be made, renamed or deleted");
			gw_sync_problem(s, op->row != NULL ? op->row->local_dir : op->dir, &err);
			op->done = true; /* the row stays as it is */
		}
	}
	if (--s->list_pending > 0 || s->state >= SYNC_ENDING || result->kind == GW_RESULT_LOST)
		return; /* when lost, the session's own event follows */
	act_here(s);
}

static void on_subscribed(void *ctx, const struct gw_result *result)
{
	struct gw_folder_op *op = ctx;
	struct gw_sync *s = op->sync;

	if (--s->list_pending > 0 || s->state >= SYNC_ENDING || result->kind == GW_RESULT_LOST)
		return;
	act_here(s);
}

static bool ask(struct gw_folder_op *op, const char *verb, const char *first, const char *second,
	void (*done)(void *, const struct gw_result *))
{
	struct gw_sync *s = op->sync;
	struct gw_session *on = s->conns[0].session;
	struct gw_error err = { 0 };
	struct gw_line line;
	enum gw_code code;

	gw_line_init(&line);
	gw_line_printf(&line, "%s ", verb);
	gw_line_string(&line, gw_slice_str(first), gw_session_caps(on));
	if (second != NULL) {
		gw_line_printf(&line, " ");
		gw_line_string(&line, gw_slice_str(second), gw_session_caps(on));
	}
	code = gw_session_send(on, &line, &(struct gw_handlers){ .done = done, .ctx = op });
	gw_line_deinit(&line);
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
	switch (op->kind) {
	case OP_CREATE:
		return ask(op, "CREATE", op->wire, NULL, on_answer) &&
		       ask(op, "SUBSCRIBE", op->wire, NULL, on_subscribed);
	case OP_RENAME_THERE:
		return ask(op, "RENAME", op->row->remote_name, op->wire, on_answer) &&
		       ask(op, "SUBSCRIBE", op->wire, NULL, on_subscribed) &&
		       ask(op, "UNSUBSCRIBE", op->row->remote_name, NULL, on_subscribed);
	case OP_DELETE_THERE:
		return ask(op, "DELETE", op->row->remote_name, NULL, on_answer) &&
		       ask(op, "UNSUBSCRIBE", op->row->remote_name, NULL, on_subscribed);
	case OP_REMAKE:
	case OP_RENAME_HERE:
	case OP_DELETE_HERE:
	case OP_FORGET:
	case OP_MISSING:
	case OP_BACK:
		break;
	}
	return true;
}

static bool has_ops(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->folder_op_count; i++) {
		if (!s->folder_ops[i].done)
			return true;
	}
	return false;
}

/* false: there is nothing to wait for. */
static bool act(struct gw_sync *s)
{
	if (!has_ops(s) || s->options.dry_run) {
		tell_plan(s);
		free_ops(s);
		return false;
	}
	gw_sync_enter(s, SYNC_SETTLING);
	for (size_t i = 0; i < s->folder_op_count; i++) {
		if (!s->folder_ops[i].done && !act_there(&s->folder_ops[i]))
			return true;
	}
	if (s->list_pending == 0)
		act_here(s);
	return true;
}

/* --- gone there, with new mail here ---------------------------------------------------------- */

/* It was to be deleted here; but this mail was never anywhere else. */
static void hold_fresh(struct gw_sync *s, struct gw_folder_op *op)
{
	hold(s, op->row,
		"the mailbox was deleted on the server, but here it holds mail that was never "
		"there, so it stays: move that mail to another one");
	for (size_t i = 0; i < s->folder_op_count; i++)
		s->folder_ops[i].done |= s->folder_ops[i].row == op->row;
}

static void settle_remakes(struct gw_sync *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->folder_op_count; i++) {
		struct gw_folder_op *op = &s->folder_ops[i];

		if (op->kind != OP_REMAKE)
			continue;
		op->done = !s->remakes[n++].fresh;
		op->kind = OP_CREATE;
		if (!op->done && op->row->uidvalidity != 0 && s->account->delete_folders)
			hold_fresh(s, op);
		op->row = NULL;
	}
}

static void on_looked(void *ctx, const struct gw_error *err)
{
	struct gw_sync *s = ctx;

	if (s->state == SYNC_ENDING) {
		free_ops(s);
		gw_sync_pump(s);
	} else if (err != NULL) {
		gw_sync_fail(s, err);
	} else {
		settle_remakes(s);
		if (!act(s))
			gw_sync_listed(s);
	}
}

/* true: it looks into them, and on_looked() follows. */
static bool look_into_remakes(struct gw_sync *s, struct gw_error *err)
{
	bool keeps = !s->account->delete_folders && !s->options.dry_run;
	size_t n = 0;

	s->remakes = calloc(s->folder_op_count + 1, sizeof *s->remakes);
	for (size_t i = 0; i < s->folder_op_count && s->remakes != NULL; i++) {
		const struct gw_folder_op *op = &s->folder_ops[i];

		if (op->kind == OP_REMAKE)
			s->remakes[n++] = (struct gw_remake){ .dir = op->dir,
				.name = op->dir,
				.mailbox = op->row->id,
				.known = op->row->uidvalidity != 0 };
	}
	if (s->remakes != NULL && n == 0)
		return false;
	gw_sync_enter(s, SYNC_SETTLING);
	if (s->remakes == NULL ||
		gw_remake_start(&s->disk, s->remakes, n, keeps, on_looked, s) != GW_OK)
		gw_fail(err, GW_ERR_NOMEM, "out of memory");
	return true;
}

bool gw_sync_settle_folders(struct gw_sync *s)
{
	struct gw_error err = { 0 };

	if (s->folders_settled || s->options.folder_count > 0 || s->options.verify)
		return false;
	if (!find_missing(s) || !find_new(s)) {
		gw_fail(&err, GW_ERR_NOMEM, "out of memory");
		gw_sync_fail(s, &err);
		return true;
	}
	if (has_ops(s) && s->remembered) { /* by what stands there now, then */
		free_ops(s);
		gw_sync_list_again(s);
		return true;
	}
	if (!look_into_remakes(s, &err))
		return act(s);
	if (err.code != GW_OK)
		gw_sync_fail(s, &err);
	return true;
}
