/* SPDX-License-Identifier: ISC */
/* sync/folders_pretend.c - a dry run does nothing to mailboxes as a whole, tells what would be done, and goes on
 * as if it had been: list and rows in memory become what they would be then; part of folders_p.h.
 *
 * What is read stands where it stood: a mailbox keeps its present name on the wire, and its present directory.
 */
#include "maildir/folder.h"
#include "sync/folders_p.h"
#include "sync/listed.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_LIMIT = 8192 };

/* Returns a dry run's sentence; NULL: none. */
static const char *sentence(enum gw_folder_kind kind)
{
	switch (kind) {
	case GW_FOLDER_MAKE_THERE:
	case GW_FOLDER_MAKE_AGAIN:
		return "it would be made on the server, as the mailbox %s";
	case GW_FOLDER_RENAME_HERE:
		return "the directory would be renamed to %s";
	case GW_FOLDER_RENAME_THERE:
		return "the mailbox would be renamed on the server to %s";
	case GW_FOLDER_DELETE_HERE:
		return "it would go to the attic: it was deleted on the server";
	case GW_FOLDER_DELETE_THERE:
		return "the mailbox would be deleted on the server, unless it holds mail that was never here: its directory was deleted here";
	case GW_FOLDER_EMPTY_THERE:
		return "what was here would be deleted from the mailbox on the server: its directory was deleted here";
	case GW_FOLDER_FORGET:
		return "it would be forgotten";
	case GW_FOLDER_MISSING:
	case GW_FOLDER_BACK:
	case GW_FOLDER_LOOK:
	case GW_FOLDER_HOLD:
	case GW_FOLDER_KINDS:
		break;
	}
	return NULL;
}

static void tell(struct gw_sync *s, const struct gw_folder_op *op)
{
	char text[600];

	if (sentence(op->what.kind) == NULL)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof text, sentence(op->what.kind), op->dir);
#pragma GCC diagnostic pop
	gw_sync_tell_plan(s, op->shown, text);
}

static bool replace(char **string, const char *by)
{
	char *copy = strdup(by);

	free(*string);
	*string = copy;
	return copy != NULL;
}

static bool make(struct gw_sync *s, const struct gw_folder_op *op)
{
	struct gw_folder *f = gw_array_push((void **)&s->folders.list, &s->folders.count,
		&s->folders.cap, sizeof *s->folders.list);

	if (f == NULL)
		return false;
	*f = (struct gw_folder){ .wire = strdup(op->wire),
		.name = strdup(op->shown),
		.shown = strdup(op->shown),
		.dir = strdup(op->dir),
		.delimiter = '/',
		.to_be_made = true };
	f->wanted = f->wire != NULL && f->name != NULL && f->shown != NULL && f->dir != NULL;
	return f->wanted && gw_folders_note_last(&s->folders);
}

/* A mailbox that was made anew under the old name would have a directory of its own: it must not look into
 * the one that still stands there.  What is renamed would leave a name that nothing has yet. */
static bool keep_out(struct gw_sync *s, const struct gw_folder *renamed, const char *vacant)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		struct gw_folder *f = &s->folders.list[i];

		if (f != renamed && f->wanted && strcmp(f->dir, renamed->dir) == 0 &&
			gw_sync_find_row(s, f->wire) == NULL &&
			gw_tree_inode(s->account->maildir, vacant) == 0 &&
			!replace(&f->dir, vacant))
			return false;
	}
	return true;
}

/* Under its new name; where it is asked for, and where its directory stands, as before. */
static bool rename_it(struct gw_sync *s, const struct gw_folder_op *op)
{
	bool here = op->what.kind == GW_FOLDER_RENAME_HERE;
	struct gw_folder *f =
		gw_folders_find(&s->folders, gw_slice_str(here ? op->wire : op->row->remote_name));
	const char *stands = op->from == NULL || op->what.in_place ? op->dir : op->from;
	struct gw_buf name, shown;
	bool ok = f != NULL;

	if (f == NULL)
		return true;
	gw_buf_init(&name, NAME_LIMIT);
	gw_buf_init(&shown, NAME_LIMIT);
	if (gw_folder_name(op->dir, f->delimiter, s->account->layout, &name) == GW_OK &&
		gw_folder_shown(gw_slice_str(gw_buf_cstr(&name)), f->delimiter, &shown) == GW_OK)
		ok = replace(&f->shown, gw_buf_cstr(&shown));
	ok = ok && replace(&f->dir, stands) && replace(&op->row->local_dir, stands) &&
	     replace(&op->row->remote_name, f->wire);
	ok = ok && keep_out(s, f, op->dir);
	op->row->full_at = here ? 0 : op->row->full_at;
	gw_buf_deinit(&name);
	gw_buf_deinit(&shown);
	return ok;
}

static void drop(struct gw_mailbox_row *row)
{
	free(row->remote_name);
	row->remote_name = NULL;
}

/* Reports what the run would find in the state at its end.  Where its directory is gone its own run does. */
static void tell_missing(struct gw_sync *s, const struct gw_mailbox_row *row)
{
	const char *reason = gw_listed_missing(s->account, row);
	struct gw_error err = { 0 };

	if (reason == NULL || gw_tree_inode(s->account->maildir, row->local_dir) == 0 ||
		gw_sync_had_problem(s, row->local_dir))
		return;
	gw_fail(&err, GW_ERR_HELD, "%s", reason);
	gw_sync_problem(s, row->local_dir, &err);
}

static bool pretend(struct gw_sync *s, const struct gw_folder_op *op)
{
	switch (op->what.kind) {
	case GW_FOLDER_MAKE_THERE:
	case GW_FOLDER_MAKE_AGAIN:
		return op->wire == NULL || make(s, op);
	case GW_FOLDER_RENAME_HERE:
	case GW_FOLDER_RENAME_THERE:
		return rename_it(s, op);
	case GW_FOLDER_DELETE_HERE:
	case GW_FOLDER_FORGET:
		drop(op->row);
		break;
	case GW_FOLDER_DELETE_THERE:
	case GW_FOLDER_EMPTY_THERE:
		return gw_sync_block(s, op->row->remote_name);
	case GW_FOLDER_MISSING:
		tell_missing(s, op->row);
		break;
	case GW_FOLDER_BACK:
	case GW_FOLDER_LOOK:
	case GW_FOLDER_HOLD:
	case GW_FOLDER_KINDS:
		break;
	}
	return true;
}

bool gw_sync_pretend_folders(struct gw_sync *s)
{
	struct gw_settling *t = s->settling;
	bool ok = true;

	for (size_t i = 0; i < t->op_count && ok; i++) {
		if (t->ops[i].done)
			continue;
		tell(s, &t->ops[i]);
		gw_sync_count_folder(s, &t->ops[i]);
		ok = pretend(s, &t->ops[i]);
	}
	return ok && gw_sync_index_rows(s);
}
