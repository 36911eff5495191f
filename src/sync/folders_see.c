/* SPDX-License-Identifier: ISC */
/* sync/folders_see.c - what plan/folders.h judges: rows, list and tree; part of folders_p.h. */
#include "sync/folders_p.h"

#include "imap/utf7.h"
#include "maildir/folder.h"

#include <stdlib.h>
#include <strings.h>

enum { NAME_LIMIT = 8192 };

/* --- in the pool ------------------------------------------------------------------------------- */

struct walk_job {
	struct gw_disk_job job; /* first */
	struct gw_sync *sync;
	void (*done)(struct gw_sync *s, const struct gw_error *err);
	struct gw_error err;
};

/* Walks the tree; a mailbox whose directory became a link to one elsewhere is here, too.  Whether a directory was
 * changed matters only when its mailbox is gone on the server. */
static void work_walk(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct walk_job *j = (struct walk_job *)job;
	struct gw_sync *s = j->sync;
	struct gw_settling *t = s->settling;

	(void)world;
	if (gw_tree_walk(s->account->maildir, s->account->layout, &t->tree, &j->err) != GW_OK)
		return;
	for (size_t i = 0; i < s->row_count; i++) {
		const struct gw_entry e = { .row = s->rows[i] };

		if (gw_tree_find(&t->tree, e.row.local_dir) == NULL &&
			gw_tree_add_linked(
				&t->tree, s->account->maildir, e.row.local_dir, &j->err) != GW_OK)
			return;
		if (t->changed[i])
			t->changed[i] = e.row.uidvalidity == 0 || !gw_sync_local_unchanged(s, &e);
	}
}

static void on_walked(struct gw_disk_job *job)
{
	struct walk_job *j = (struct walk_job *)job;
	struct gw_error err = j->err;

	j->done(j->sync, err.code == GW_OK ? NULL : &err);
	free(j);
}

void gw_sync_walk(struct gw_sync *s, void (*done)(struct gw_sync *s, const struct gw_error *err))
{
	struct walk_job *j = calloc(1, sizeof *j);

	s->settling = calloc(1, sizeof *s->settling);
	if (s->settling != NULL)
		s->settling->changed = calloc(s->row_count + 1, sizeof *s->settling->changed);
	if (j == NULL || s->settling == NULL || s->settling->changed == NULL) {
		free(j);
		gw_sync_fail_nomem(s);
		return;
	}
	for (size_t i = 0; i < s->row_count; i++) {
		const struct gw_folder *f =
			gw_folders_find(&s->folders, gw_slice_str(s->rows[i].remote_name));

		s->settling->changed[i] = f == NULL || (f->attrs & GW_LIST_NOSELECT);
	}
	*j = (struct walk_job){
		.job = { .work = work_walk, .done = on_walked }, .sync = s, .done = done
	};
	gw_disk_submit(&s->disk, &j->job);
}

/* --- on the loop ------------------------------------------------------------------------------- */

/* The name on the wire of a mailbox that is made of this directory; NULL: it cannot be one. */
static char *name_for(struct gw_sync *s, const char *dir, bool *wanted)
{
	char delimiter = gw_sync_delimiter(s), *out = NULL;
	struct gw_buf name, wire;

	gw_buf_init(&name, NAME_LIMIT);
	gw_buf_init(&wire, (size_t)2 * NAME_LIMIT);
	if (gw_folder_name(dir, delimiter, s->account->layout, &name) == GW_OK) {
		*wanted = gw_folders_wants(&s->folders, gw_buf_cstr(&name), delimiter, s->account,
			s->options.folders, s->options.folder_count);
		if (s->folders.prefix != NULL && strcmp(gw_buf_cstr(&name), "INBOX") != 0)
			gw_buf_puts(&wire, s->folders.prefix);
		if (gw_utf7_encode(gw_slice_str(gw_buf_cstr(&name)), &wire) == GW_OK)
			out = strdup(gw_buf_cstr(&wire));
	}
	gw_buf_deinit(&name);
	gw_buf_deinit(&wire);
	return out;
}

static unsigned uses_of(unsigned attrs)
{
	return attrs & (GW_LIST_ALL | GW_LIST_ARCHIVE | GW_LIST_DRAFTS | GW_LIST_FLAGGED |
			       GW_LIST_JUNK | GW_LIST_SENT | GW_LIST_TRASH | GW_LIST_IMPORTANT);
}

static void see_rows(const struct gw_sync *s, struct gw_settling *t)
{
	for (size_t i = 0; i < s->row_count; i++) {
		const struct gw_mailbox_row *row = &s->rows[i];

		t->rows[i] = (struct gw_folder_row){ .wire = row->remote_name,
			.dir = row->local_dir,
			.delimiter = row->delimiter,
			.uidvalidity = row->uidvalidity,
			.uidnext = row->uidnext,
			.messages = row->messages,
			.object_id = row->object_id,
			.inode = row->inode,
			.use = uses_of(row->special_use),
			.missing = row->missing_at != 0,
			.inbox = strcasecmp(row->remote_name, "INBOX") == 0 };
	}
}

static void see_list(const struct gw_sync *s, struct gw_settling *t)
{
	const unsigned needed = GW_ITEM_UIDVALIDITY | GW_ITEM_UIDNEXT;

	for (size_t i = 0; i < s->folders.count; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		t->listed[i] = (struct gw_folder_listed){ .wire = f->wire,
			.dir = f->dir,
			.selectable = !(f->attrs & GW_LIST_NOSELECT),
			.wanted = f->wanted,
			.dir_given = f->given,
			.inbox = strcasecmp(f->wire, "INBOX") == 0,
			.counted = !f->stale && (f->items & needed) == needed,
			.sized = !f->stale && (f->items & GW_ITEM_MESSAGES) != 0,
			.uidvalidity = f->uidvalidity,
			.uidnext = f->uidnext,
			.messages = f->messages,
			.object_id = f->object_id,
			.use = uses_of(f->attrs) };
	}
}

/* True if the directory is the row's, and was changed. */
static bool is_changed(const struct gw_sync *s, const struct gw_settling *t, const char *dir)
{
	for (size_t i = 0; i < s->row_count; i++) {
		if (t->changed[i] && strcmp(s->rows[i].local_dir, dir) == 0)
			return true;
	}
	return false;
}

static void see_tree(struct gw_sync *s, struct gw_settling *t)
{
	for (size_t i = 0; i < t->tree.count; i++) {
		const struct gw_tree_dir *d = &t->tree.list[i];
		bool wanted = true;

		t->wires[i] = name_for(s, d->dir, &wanted);
		t->dirs[i] = (struct gw_folder_dir){ .dir = d->dir,
			.inode = d->inode,
			.partial = d->partial,
			.changed = is_changed(s, t, d->dir),
			.wire = t->wires[i],
			.doubted = t->doubts[i].of != NULL,
			.not_made = gw_sync_why_not_made(s, d->dir) != NULL,
			.wanted = wanted };
	}
}

bool gw_sync_see_folders(struct gw_sync *s)
{
	struct gw_settling *t = s->settling;

	t->rows = calloc(s->row_count + 1, sizeof *t->rows);
	t->listed = calloc(s->folders.count + 1, sizeof *t->listed);
	t->dirs = calloc(t->tree.count + 1, sizeof *t->dirs);
	t->wires = calloc(t->tree.count + 1, sizeof *t->wires);
	if (t->rows == NULL || t->listed == NULL || t->dirs == NULL || t->wires == NULL)
		return false;
	see_rows(s, t);
	see_list(s, t);
	see_tree(s, t);
	t->in = (struct gw_folder_input){ .rows = t->rows,
		.row_count = s->row_count,
		.listed = t->listed,
		.listed_count = s->folders.count,
		.dirs = t->dirs,
		.dir_count = t->tree.count,
		.policy = { .delete_here = s->account->delete_folders &&
					   s->account->direction != GW_DIRECTION_PUSH,
			.keep_here = s->account->direction == GW_DIRECTION_PUSH,
			.delete_there = s->account->delete_folders &&
					s->account->deletes != GW_DELETE_NEVER,
			.guard = s->account->guard,
			.accept = s->options.accept_deletions,
			.restore = s->options.restore_deletions,
			.list_whole = !s->list_cut && !s->folders.overfull } };
	return true;
}
