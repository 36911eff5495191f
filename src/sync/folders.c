/* SPDX-License-Identifier: ISC */
/* sync/folders.c - mailboxes that came, went or were renamed, on either side; part of sync_p.h.
 *
 *   walk (pool) --> name the directories (names.c) --> doubt some (homes.c) --> judge (plan/folders.h) --directories to look into--> look (pool) --> judge
 *     --> act there, act here (folders_act.c) --> the list once more
 *
 * A dry run goes on as if that had been done (folders_pretend.c).
 *
 * All of it comes before any mailbox is looked at.  What is still out of step then is told.
 */
#include "sync/folders_p.h"

#include <stdlib.h>
#include <string.h>

void gw_sync_free_folders(struct gw_sync *s)
{
	gw_sync_end_settling(s);
	for (size_t i = 0; i < s->blocked_count; i++)
		free(s->blocked[i]);
	free(s->blocked);
	for (size_t i = 0; i < s->made_count; i++) {
		free(s->made[i].wire);
		free(s->made[i].dir);
	}
	free(s->made);
	for (size_t i = 0; i < s->spoiler_count; i++)
		free(s->spoilers[i].wire);
	free(s->spoilers);
	for (size_t i = 0; i < s->unasked_count; i++)
		free(s->unasked[i]);
	free(s->unasked);
}

/* --- telling ----------------------------------------------------------------------------------- */

static void tell_stray(struct gw_sync *s, const char *dir, const struct gw_error *err)
{
	gw_sync_note_held(s, dir, err);
	gw_sync_problem(s, dir, err);
}
static void tell_strays(struct gw_sync *s)
{
	const struct gw_settling *t = s->settling;
	bool plus = s->account->layout == GW_LAYOUT_MAILDIRPP;

	for (size_t i = 0; i < t->tree.stray_count; i++) {
		struct gw_error err = { 0 };
		const char *dir = t->tree.strays[i].dir;

		gw_fail(&err, GW_ERR_HELD,
			strcmp(dir, ".") == 0
				? "there is mail in the directory of the account itself, which is no mailbox with `layout = \"fs\"`: move it to INBOX, or say `layout = \"maildir++\"`"
			: plus ? "there is mail in a directory that is no mailbox with `layout = \"maildir++\"`: put a dot in front of its name, or say `layout = \"fs\"`"
			       : "there is mail in a hidden directory, which is no mailbox with `layout = \"fs\"`: rename it, or say `layout = \"maildir++\"`");
		tell_stray(s, dir, &err);
	}
	for (size_t i = 0; i < t->tree.count; i++) {
		struct gw_error err = { 0 };

		if (!t->tree.list[i].mail || t->plan.known[i])
			continue;
		gw_fail(&err, GW_ERR_HELD,
			"it has mail in new/ and no cur/, so it is not taken for a mailbox: make the directory cur/ if it is one");
		tell_stray(s, t->tree.list[i].dir, &err);
	}
}

/* --- the plan as operations -------------------------------------------------------------------- */

static bool add_op(struct gw_sync *s, const struct gw_folder_action *a)
{
	struct gw_settling *t = s->settling;
	struct gw_folder_op *op =
		gw_array_push((void **)&t->ops, &t->op_count, &t->op_cap, sizeof *t->ops);
	struct gw_mailbox_row *row = a->row == GW_FOLDER_NONE ? NULL : &s->rows[a->row];
	const char *from = a->dir == GW_FOLDER_NONE ? NULL : t->dirs[a->dir].dir;
	const char *wire = row != NULL ? row->remote_name : a->to, *dir;

	if (op == NULL)
		return false;
	dir = row != NULL ? row->local_dir : from;
	if (a->kind == GW_FOLDER_RENAME_HERE || a->reason == GW_FOLDER_TAKEN_HERE) {
		wire = t->listed[a->listed].wire;
		dir = a->to;
	} else if (a->kind == GW_FOLDER_RENAME_THERE) {
		wire = a->to;
		dir = from;
	}
	*op = (struct gw_folder_op){ .what = *a,
		.sync = s,
		.row = row,
		.shown = gw_copy_str(row != NULL ? row->local_dir : from),
		.from = gw_copy_str(from),
		.wire = gw_copy_str(wire),
		.dir = gw_copy_str(dir) };
	return op->shown != NULL && (from == NULL || op->from != NULL) &&
	       (wire == NULL || op->wire != NULL) && op->dir != NULL;
}

/* True if it gives a directory the name that its mailbox got there, not the one configured. */
static bool follows_rename(const struct gw_sync *s, const struct gw_folder_action *a)
{
	return a->kind == GW_FOLDER_RENAME_HERE && !a->in_place &&
	       strcmp(s->rows[a->row].remote_name, s->settling->listed[a->listed].wire) != 0;
}

/* True if it would change the side that `direction` leaves alone.  (With "push", folders_see.c does not
 * ask to delete here what was deleted there.) */
static bool waits(const struct gw_sync *s, const struct gw_folder_action *a)
{
	if (s->account->direction == GW_DIRECTION_PUSH)
		return follows_rename(s, a);
	return s->account->direction == GW_DIRECTION_PULL &&
	       (a->kind == GW_FOLDER_MAKE_THERE || a->kind == GW_FOLDER_MAKE_AGAIN ||
		       a->kind == GW_FOLDER_RENAME_THERE || a->kind == GW_FOLDER_DELETE_THERE ||
		       a->kind == GW_FOLDER_EMPTY_THERE);
}

/* Leaves the directory its name, and its mailbox alone, which would be taken for another one. */
static bool let_rename_wait(struct gw_sync *s, const struct gw_folder_action *a)
{
	struct gw_error err = { 0 };

	s->counts.waiting_there++;
	gw_fail(&err, GW_ERR_HELD,
		"it was renamed on the server, and with `direction = \"push\"` nothing is renamed here: rename the directory to %s, or nothing of this mailbox goes there",
		a->to);
	gw_sync_problem(s, s->rows[a->row].local_dir, &err);
	return gw_sync_block(s, s->settling->listed[a->listed].wire);
}

/* Lets it wait: a directory made here stays; a mailbox whose directory was renamed or deleted is
 * left alone, or it would be fetched again. */
static bool let_wait(struct gw_sync *s, const struct gw_folder_action *a)
{
	const struct gw_mailbox_row *row = a->row == GW_FOLDER_NONE ? NULL : &s->rows[a->row];
	struct gw_error err = { 0 };

	if (s->account->direction == GW_DIRECTION_PUSH)
		return let_rename_wait(s, a);
	s->counts.waiting++;
	if (row == NULL || row->remote_name == NULL)
		return true;
	gw_fail(&err, GW_ERR_HELD,
		"its directory was renamed or deleted here, and with `direction = \"pull\"` the server is left alone: rename it back, or nothing of this mailbox comes here");
	gw_sync_problem(s, row->local_dir, &err);
	return gw_sync_block(s, row->remote_name);
}

static bool make_ops(struct gw_sync *s)
{
	struct gw_settling *t = s->settling;
	bool ok = true;

	for (size_t i = 0; i < t->plan.count && ok; i++) {
		const struct gw_folder_action *a = &t->plan.actions[i];

		ok = waits(s, a) ? let_wait(s, a) : add_op(s, a);
	}
	for (size_t i = 0; i < s->folders.count && ok; i++)
		ok = !t->plan.blocked[i] || gw_sync_block(s, s->folders.list[i].wire);
	return ok;
}

static bool has_ops(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->settling->op_count; i++) {
		if (s->settling->ops[i].what.kind != GW_FOLDER_HOLD)
			return true;
	}
	return false;
}

/* --- the run ----------------------------------------------------------------------------------- */

/* true: the sync ends meanwhile. */
static bool is_ending(struct gw_sync *s)
{
	if (s->phase != SYNC_ENDING)
		return false;
	gw_sync_end_settling(s);
	gw_sync_pump(s);
	return true;
}

static void note_made(struct gw_sync *s)
{
	for (size_t i = 0; i < s->settling->op_count; i++) {
		struct gw_folder_op *op = &s->settling->ops[i];
		struct gw_made *slot;

		if (op->done || (op->what.kind != GW_FOLDER_MAKE_THERE &&
					op->what.kind != GW_FOLDER_MAKE_AGAIN))
			continue;
		slot = gw_array_push(
			(void **)&s->made, &s->made_count, &s->made_cap, sizeof *s->made);
		if (slot == NULL)
			return;
		*slot = (struct gw_made){ op->wire, op->dir };
		op->wire = op->dir = NULL;
	}
}

static void on_acted(struct gw_sync *s, bool asked)
{
	if (is_ending(s))
		return;
	note_made(s);
	gw_sync_end_settling(s);
	s->folders_settled = true;
	if (asked)
		gw_sync_list_again(s);
	else
		gw_sync_listed(s);
}

static void act(struct gw_sync *s)
{
	if (!make_ops(s)) {
		gw_sync_fail_nomem(s);
		return;
	}
	if (has_ops(s) && s->remembered) { /* by what stands there now, then */
		gw_sync_end_settling(s);
		gw_sync_list_again(s);
		return;
	}
	for (size_t i = 0; i < s->settling->op_count && !s->held_told; i++)
		gw_sync_tell_held(s, &s->settling->ops[i]);
	if (!s->held_told)
		tell_strays(s);
	if (has_ops(s) && !s->options.dry_run) {
		gw_sync_act_folders(s, on_acted);
		return;
	}
	if (s->options.dry_run && !gw_sync_pretend_folders(s)) {
		gw_sync_fail_nomem(s);
		return;
	}
	gw_sync_end_settling(s);
	s->folders_settled = true;
	gw_sync_listed(s);
}

static void on_looked(void *ctx, const struct gw_error *err)
{
	struct gw_sync *s = ctx;
	struct gw_settling *t = s->settling;

	if (is_ending(s))
		return;
	if (err != NULL) {
		gw_sync_fail(s, err);
		return;
	}
	for (size_t i = 0; i < t->remake_count; i++)
		t->dirs[t->remade[i]].fresh = t->remakes[i].fresh ? GW_FRESH_YES : GW_FRESH_NO;
	gw_folder_plan_deinit(&t->plan);
	if (!gw_plan_folders(&t->in, &t->plan))
		gw_sync_fail_nomem(s);
	else
		act(s);
}

/* false: there is no memory. */
static bool find_remakes(struct gw_sync *s)
{
	struct gw_settling *t = s->settling;

	t->remakes = calloc(t->plan.count + 1, sizeof *t->remakes);
	t->remade = calloc(t->plan.count + 1, sizeof *t->remade);
	for (size_t i = 0; i < t->plan.count && t->remakes != NULL && t->remade != NULL; i++) {
		const struct gw_folder_action *a = &t->plan.actions[i];

		if (a->kind != GW_FOLDER_LOOK)
			continue;
		t->remade[t->remake_count] = a->dir;
		t->remakes[t->remake_count++] = (struct gw_remake){ .dir = t->dirs[a->dir].dir,
			.name = t->dirs[a->dir].dir,
			.mailbox = s->rows[a->row].id,
			.known = s->rows[a->row].uidvalidity != 0 };
	}
	return t->remakes != NULL && t->remade != NULL;
}

/* With "push" only what is here already is anything to carry over. */
static void note_what_is_here(struct gw_sync *s)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		struct gw_folder *f = &s->folders.list[i];

		f->not_here = gw_sync_find_row(s, f->wire) == NULL &&
			      gw_tree_find(&s->settling->tree, f->dir) == NULL;
	}
}

static bool name_dirs(struct gw_sync *s)
{
	bool ok = gw_sync_name_dirs(s);

	for (size_t i = 0; i < s->made_count && ok; i++)
		ok = gw_sync_name_made(s, s->made[i].wire, s->made[i].dir);
	if (s->account->direction == GW_DIRECTION_PUSH)
		note_what_is_here(s);
	return ok;
}

/* A tree that was never in step, and whose mail stands as with the other layout. */
static bool is_other_layout(struct gw_sync *s, struct gw_error *err)
{
	const struct gw_tree *tree = &s->settling->tree;
	bool plus = s->account->layout == GW_LAYOUT_MAILDIRPP;

	if (s->row_count > 0 || tree->count > 0 || tree->stray_count == 0)
		return false;
	gw_fail(err, GW_ERR_CONFIG,
		"the mail in %s stands as with `layout = \"%s\"` (%s), and `layout` is \"%s\", so nothing was done: change it, or move that mail away",
		s->account->maildir, plus ? "fs" : "maildir++", tree->strays[0].dir,
		plus ? "maildir++" : "fs");
	return true;
}

/* Reports doubts about named mailboxes, which get no second directory. */
static void tell_doubts(struct gw_sync *s)
{
	for (size_t i = 0; i < s->settling->tree.count; i++) {
		if (s->settling->doubts[i].of != NULL)
			gw_sync_tell_doubt(s, i);
	}
	gw_sync_end_settling(s);
	gw_sync_listed(s);
}

static void judge(struct gw_sync *s)
{
	bool keeps = !s->account->delete_folders && !s->options.dry_run;
	struct gw_settling *t = s->settling;

	if (s->options.folder_count > 0) {
		tell_doubts(s);
		return;
	}
	if (!gw_sync_see_folders(s) || !gw_plan_folders(&t->in, &t->plan) || !find_remakes(s)) {
		gw_sync_fail_nomem(s);
		return;
	}
	if (t->remake_count == 0 || s->remembered) {
		act(s);
	} else if (gw_remake_start(&s->disk, t->remakes, t->remake_count, keeps, on_looked, s) !=
		   GW_OK) {
		gw_sync_fail_nomem(s);
	}
}

static void on_walked(struct gw_sync *s, const struct gw_error *err)
{
	struct gw_error other = { 0 };

	if (is_ending(s))
		return;
	if (err != NULL || is_other_layout(s, &other)) {
		gw_sync_fail(s, err != NULL ? err : &other);
		return;
	}
	if (!name_dirs(s)) {
		gw_sync_fail_nomem(s);
		return;
	}
	if (s->folders_settled || s->options.verify) {
		gw_sync_end_settling(s);
		gw_sync_listed(s);
		return;
	}
	gw_sync_doubt_dirs(s, judge);
}

void gw_sync_settle_folders(struct gw_sync *s)
{
	gw_sync_enter(s, SYNC_SETTLING);
	gw_sync_walk(s, on_walked);
}
