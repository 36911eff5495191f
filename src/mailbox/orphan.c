/* SPDX-License-Identifier: ISC */
/* mailbox/orphan.c - files that were moved here from where their messages are gone on the server;
 * part of the machine in box_p.h.
 *
 * Such a file is new, but the keyword letters in its name are those of its old mailbox, and only
 * base's row tells which mailbox that was.  So the row stays until the file was sent; from when it
 * was announced the state says what the letters mean.  One that was moved to the same mailbox there
 * is paired with its message at once.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

/* Translates its letters from its old mailbox's keywords to this one's. */
static void read_letters(struct gw_box *from, struct gw_box *to, struct gw_action *fresh)
{
	struct gw_local_msg *l = &to->local.messages[fresh->local];
	struct gw_slice info = gw_name_split(gw_scan_name(&to->local.scan, fresh->local)).info;
	struct gw_plan_input in = gw_box_policy(to);

	in.storable = gw_box_storable(to);
	l->alien = gw_name_letters(info) & gw_keywords_letters(&from->keywords);
	l->flags = gw_box_translate(to, &from->keywords, gw_name_flags(info, &from->keywords));
	fresh->flags = fresh->kind == GW_DO_PAIR
			       ? l->flags | (fresh->base_flags & gw_box_here(to) & ~GW_FLAG_DELETED)
			       : gw_local_changes(&in, 0, l->flags);
}

void gw_box_join_paired(struct gw_box *gone, struct gw_box *paired, uint32_t action)
{
	struct gw_action *a = &paired->plan.actions[action];

	if (gw_name_letters(gw_name_split(gw_scan_name(&paired->local.scan, a->local)).info) != 0 &&
		!gw_box_was_announced(paired, a->local))
		read_letters(gone, paired, a);
}

void gw_box_join_orphan(
	struct gw_box *gone, uint32_t gone_action, struct gw_box *fresh, uint32_t fresh_action)
{
	const struct gw_action *old = &gone->plan.actions[gone_action];
	struct gw_action *new = &fresh->plan.actions[fresh_action];
	struct gw_box_orphan *o = gw_array_push(
		(void **)&fresh->orphans, &fresh->orphan_count, &fresh->orphan_cap, sizeof *o);

	if (o == NULL) { /* both are looked at again */
		gw_box_put_off(gone, gone_action);
		gw_box_put_off(fresh, fresh_action);
		return;
	}
	*o = (struct gw_box_orphan){
		.from = gone, .from_place = gone->place, .uid = old->uid, .local = new->local
	};
	gone->place->refs++;
	gone->awaited++;
	if (!gw_box_was_announced(fresh, new->local))
		read_letters(gone, fresh, new);
}

static bool was_sent(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->upload_count; i++) {
		if (box->uploads[i].local == local)
			return box->uploads[i].outcome != GW_APPEND_UNSENT &&
			       box->uploads[i].outcome != GW_APPEND_GONE;
	}
	return false;
}

void gw_box_settle_orphans(struct gw_box *box)
{
	for (size_t i = 0; i < box->orphan_count; i++) {
		struct gw_box_orphan *o = &box->orphans[i];
		struct gw_op op = { .kind = GW_OP_DROP_ROW, .place = o->from_place, .uid = o->uid };
		bool sent = was_sent(box, o->local);

		if (sent && gw_batcher_add(box->env->batcher, &op) != GW_OK)
			box->incomplete = true;
		if (o->from == NULL)
			continue;
		o->from->incomplete |= !sent;
		o->from->awaited--;
		o->from = NULL;
	}
}

void gw_box_cut_orphans(struct gw_box *box, const struct gw_box *ended)
{
	for (size_t i = 0; i < box->orphan_count; i++) {
		if (box->orphans[i].from == ended)
			box->orphans[i].from = NULL;
	}
	for (size_t i = 0; i < ended->orphan_count; i++) {
		if (ended->orphans[i].from != box)
			continue;
		box->awaited--;
		box->incomplete = true;
	}
}

void gw_box_forget_orphans(struct gw_box *box)
{
	for (size_t i = 0; i < box->orphan_count; i++)
		gw_place_unref(box->orphans[i].from_place);
	box->orphan_count = 0;
}
