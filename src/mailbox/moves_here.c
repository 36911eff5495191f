/* SPDX-License-Identifier: ISC */
/* mailbox/moves_here.c - files that follow messages which were moved on the server, and what becomes of
 * moves when one of their mailboxes ends; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

/* Sends local flag changes at once: by the next look the file has another name, and notmuch knows
 * the old one. */
static bool tell_taken(struct gw_box *box, const struct gw_action *a, uint64_t flags)
{
	const struct gw_action told = { .uid = a->uid, .base_flags = a->flags, .flags = flags };

	if (box->env->account->direction != GW_DIRECTION_PULL)
		return gw_box_will_push(box, &told);
	box->plan.look_again = true;
	return true;
}

static void take_file(struct gw_box *box, const struct gw_action *a)
{
	const struct gw_box_take *t = &box->takes[a->local];
	struct gw_box *from = t->from;
	struct gw_plan_input in;
	const char *file = gw_scan_name(&from->local.scan, t->from_local);
	struct gw_op op = { .kind = GW_OP_TAKE,
		.uid = a->uid,
		.flags = a->flags,
		.size = t->facts->size,
		.global_id = t->facts->global_id,
		.date = t->facts->date,
		.print = t->facts->print,
		.from_place = from->place,
		.row_place = t->row_of->place,
		.from_uid = t->from_uid,
		.deleted = t->wished };
	uint64_t mine = from->local.messages[t->from_local].flags, base_flags, own, left;
	char name[64];
	bool renamed = t->facts->named_by_us || gw_box_name_is_taken(box, gw_name_split(file).base);
	struct gw_merged m;

	left = gw_box_tag_of(box, t->row_of) & ~a->flags;
	mine = gw_box_translate(box, &from->keywords, mine) & ~left;
	if (t->wished)
		mine &= ~GW_FLAG_DELETED; /* granted */
	base_flags = gw_box_translate(box, &t->row_of->keywords, t->from_base);
	own = gw_box_own_label(box);
	mine &= ~own;
	in = gw_box_policy(box); /* which knows of the keywords that came with the flags */
	in.storable = gw_box_storable(box);
	m = gw_merge_flags(&in, base_flags & ~own, a->flags, mine);
	gw_name_of_uid(box->key, a->uid, name); /* so that it is found by name after a kill */
	op.from = strdup(file);
	op.from_in_new = from->local.scan.entries[t->from_local].in_new;
	op.to_in_new = op.from_in_new && (m.local & gw_box_here(box)) == 0;
	op.to = gw_box_moved_name(box, &from->keywords, file, renamed ? name : NULL, m.local);
	if (op.from == NULL || op.to == NULL) {
		free(op.from);
		free(op.to);
		box->incomplete = from->incomplete = true;
		return;
	}
	op.gains = m.local & gw_box_tags(box);
	op.loses = (mine & ~m.local & gw_box_tags(box)) | left;
	gw_box_drop_twins(t->row_of, t->from_uid, t->row_of == from ? t->from_local : GW_NO_LOCAL);
	gw_box_add(box, &op);
	box->incomplete |= m.remote != a->flags && !tell_taken(box, a, m.remote);
	box->delta.moved += !t->wished;
	box->env->counts->moved += !t->wished;
}

/* Ends a take: nobody waits for it any more. */
static void end_take(struct gw_box_take *t, const struct gw_box *ended)
{
	if (t->from == NULL)
		return;
	if (t->from != ended)
		t->from->awaited--;
	if (t->row_of != t->from && t->row_of != ended)
		t->row_of->awaited--;
	t->from = NULL;
}

void gw_box_take_files(struct gw_box *box)
{
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (a->kind == GW_DO_TAKE && box->takes[a->local].from != NULL)
			take_file(box, a);
		else if (a->kind == GW_DO_TAKE)
			box->incomplete = true; /* its old mailbox is looked at again */
	}
	for (size_t i = 0; i < box->take_count; i++)
		end_take(&box->takes[i], NULL);
}

/* --- ending ---------------------------------------------------------------------------------- */

void gw_box_forget_moves(struct gw_box *box)
{
	for (size_t i = 0; i < box->carry_count; i++) {
		gw_place_unref(box->carries[i].from_place);
		free(box->carries[i].to);
	}
	box->carry_count = 0;
	free(box->wanted_heads);
	box->wanted_heads = NULL;
}

void gw_box_cut_moves(struct gw_box *box, const struct gw_box *ended)
{
	gw_box_cut_orphans(box, ended);
	for (size_t i = 0; i < box->carry_count; i++) {
		if (box->carries[i].from == ended)
			box->carries[i].from = NULL;
	}
	for (size_t i = 0; i < box->take_count; i++) {
		if (box->takes[i].from == ended || box->takes[i].row_of == ended)
			end_take(&box->takes[i], ended);
	}
	for (size_t i = 0; i < ended->take_count; i++) {
		if (ended->takes[i].from == NULL ||
			(ended->takes[i].from != box && ended->takes[i].row_of != box))
			continue;
		box->awaited--;
		box->incomplete = true;
	}
	for (size_t i = 0; i < ended->carry_count; i++) { /* nobody knows what became of it */
		if (ended->carries[i].from == box) {
			box->awaited--;
			box->incomplete = true;
			ended->carries[i].from = NULL;
		}
	}
}
