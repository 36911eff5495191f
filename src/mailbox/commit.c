/* SPDX-License-Identifier: ISC */
/* mailbox/commit.c - what ends a mailbox's run: its cursor, stored last (I3); part of the machine in
 * box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

enum gw_code gw_box_store_validity(struct gw_box *box)
{
	struct gw_op op = { .kind = GW_OP_CURSOR, .place = box->place, .row = *box->row };

	if (box->row->uidvalidity == box->remote.uidvalidity)
		return GW_OK;
	op.row.uidvalidity = box->row->uidvalidity = box->remote.uidvalidity;
	op.row.uidnext = box->row->uidnext = 0;
	op.row.highestmodseq = box->row->highestmodseq = 0;
	op.row.messages = box->row->messages = 0;
	op.row.full_at = box->row->full_at = 0;
	op.row.inode = box->row->inode = box->local.inode;
	return gw_batcher_add(box->env->batcher, &op);
}

/* A stamp without times is that of no directory, and tells which one it was. */
static void take_inode(struct gw_stamp *stamp, uint64_t inode)
{
	if (stamp->inode != inode)
		*stamp = (struct gw_stamp){ .inode = inode };
}

/* Takes the look's stamps, not those after our writing, which may hide a foreign change. */
static void take_stamps(const struct gw_box *box, struct gw_mailbox_row *row)
{
	if (box->local.scan.cur.inode == 0 || box->plan.look_again) {
		take_inode(&row->cur, box->local.cur_inode);
		take_inode(&row->new, box->local.new_inode);
		return;
	}
	row->cur = box->local.scan.cur;
	row->new = box->local.scan.new;
}

static bool same_stamps(const struct gw_mailbox_row *a, const struct gw_mailbox_row *b)
{
	return (b->cur.inode == 0 && a->cur.inode == 0) ||
	       (gw_stamp_same(&a->cur, &b->cur) && gw_stamp_same(&a->new, &b->new));
}

static void commit_stamps(struct gw_box *box)
{
	struct gw_op op = { .kind = GW_OP_CURSOR, .row = *box->row, .owner = box, .advance = true };

	gw_box_count_aside(box);
	gw_box_tell_aside(box);
	take_stamps(box, &op.row);
	if (same_stamps(box->row, &op.row) || box->env->dry_run) {
		gw_box_finish(box, GW_BOX_SAME);
		return;
	}
	box->next_row = op.row;
	gw_box_add(box, &op);
}

/* Keywords beyond what can be counted are noted with the mailbox, under no UID. */
static void note_crowd(struct gw_box *box)
{
	struct gw_op op = { .kind = GW_OP_UNHOLD };

	if (box->keywords_full && box->row->crowded == 0)
		gw_box_hold(box, 0,
			"it has more than 52 keywords on the server, and further ones stay there");
	else if (!box->keywords_full && box->row->crowded > 0 && box->remote.full &&
		 !box->env->dry_run)
		gw_box_add(box, &op);
}

static void commit_cursor(struct gw_box *box)
{
	const struct gw_remote_view *v = &box->remote;
	struct gw_op op = { .kind = GW_OP_CURSOR, .row = *box->row, .owner = box };
	bool same;

	gw_box_release(box);
	box->incomplete |= box->plan.incomplete;
	gw_box_acquit(box);
	gw_box_forget_keywords(box);
	note_crowd(box);
	if (!box->incomplete)
		gw_box_tell_aside(box);
	op.advance = !box->incomplete && !v->unproved;
	if (box->incomplete)
		gw_log(box->env->log, GW_LOG_DEBUG, "%s: something is left for another look",
			box->folder->shown);
	op.row.inode = box->local.inode;
	if (box->folder->object_id != 0)
		op.row.object_id = box->folder->object_id;
	op.row.delimiter = box->folder->delimiter;
	op.row.special_use = box->folder->attrs & ~(unsigned)GW_LIST_SUBSCRIBED;
	if (op.advance) {
		op.row.uidvalidity = v->uidvalidity;
		op.row.uidnext = v->uidnext;
		if (!box->plan.waits_there)
			op.row.highestmodseq = v->highestmodseq;
		op.row.messages = v->selected_exists;
		op.row.shows = box->shows;
		op.row.window = gw_box_window_key(box->env->account, box->folder, box->env->now);
		if (box->asked_full && v->full)
			op.row.full_at = box->env->now; /* no later than the look */
		take_stamps(box, &op.row);
	}
	same = same_stamps(box->row, &op.row) && op.row.uidnext == box->row->uidnext &&
	       op.row.messages == box->row->messages && op.row.shows == box->row->shows &&
	       op.row.highestmodseq == box->row->highestmodseq && op.row.inode == box->row->inode &&
	       op.row.object_id == box->row->object_id && op.row.full_at == box->row->full_at &&
	       op.row.window == box->row->window;
	if (same && !box->planned && !box->incomplete) { /* nothing to write */
		gw_box_finish(box, GW_BOX_IN_STEP);
		return;
	}
	box->next_row = op.row;
	gw_box_add(box, &op);
}

static void commit_repairs(struct gw_box *box)
{
	struct gw_op cursor = {
		.kind = GW_OP_CURSOR, .row = *box->row, .owner = box, .advance = true
	};

	gw_box_release(box);
	if (!box->env->repair || box->suspect_count == 0 || box->place == NULL) {
		gw_box_finish(box, GW_BOX_IN_STEP);
		return;
	}
	for (size_t i = 0; i < box->suspect_count; i++) {
		struct gw_op op = { .kind = GW_OP_DROP_ROW, .uid = box->suspects[i] };

		gw_box_add(box, &op);
	}
	cursor.row.uidnext = 0; /* so that everything is looked at */
	cursor.row.highestmodseq = 0;
	cursor.row.messages = 0;
	cursor.row.full_at = 0;
	cursor.row.cur = (struct gw_stamp){ .inode = box->row->cur.inode };
	cursor.row.new = (struct gw_stamp){ .inode = box->row->new.inode };
	box->incomplete = false;
	box->next_row = cursor.row;
	gw_box_add(box, &cursor);
}

void gw_box_commit(struct gw_box *box)
{
	if (box->same)
		commit_stamps(box);
	else if (box->env->verify)
		commit_repairs(box);
	else
		commit_cursor(box);
}
