/* SPDX-License-Identifier: ISC */
/* mailbox/recheck.c - a mailbox is looked at once more, because the account asks (sync/ask.c); part of the
 * machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

/* --- what is gone ----------------------------------------------------------------------------- */

/* Puts off what another look does show: it is not gone, and is looked at again. */
static void drop_unconfirmed(struct gw_box *box)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		if (box->gone[i].look && !box->gone[i].still_gone)
			gw_box_put_off(box, box->gone_actions[i]);
	}
}

static void on_confirmed(void *ctx, bool news, const struct gw_error *err)
{
	struct gw_box *box = ctx;

	box->confirmed = true;
	box->has_news = news;
	if (err != NULL) {
		gw_box_fail(box, err);
		return;
	}
	drop_unconfirmed(box);
	gw_box_step(box);
}

void gw_box_confirm(struct gw_box *box)
{
	size_t n = 0;

	for (size_t i = 0; i < box->plan.count; i++)
		n += gw_box_is_gone(box, &box->plan.actions[i]);
	free(box->gone);
	free(box->gone_actions);
	box->gone_count = 0;
	box->fresh_from = ++*box->env->moments;
	box->gone = calloc(n + 1, sizeof *box->gone);
	box->gone_actions = calloc(n + 1, sizeof *box->gone_actions);
	for (size_t i = 0; i < box->plan.count && box->gone != NULL && box->gone_actions != NULL;
		i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (!gw_box_is_gone(box, a))
			continue;
		box->gone[box->gone_count].uid = a->uid;
		box->gone[box->gone_count].row_uid = gw_box_row_uid(box, a->uid);
		box->gone[box->gone_count].edited = gw_seqset_has(&box->local.edited, a->uid);
		box->gone[box->gone_count].look =
			!gw_action_is_gone_there(a) && a->local == GW_NO_LOCAL;
		box->gone_actions[box->gone_count++] = (uint32_t)i;
	}
	box->machine->go(box, BOX_CONFIRMING);
}

void gw_box_look_at_gone(struct gw_box *box)
{
	if (box->gone == NULL || box->gone_actions == NULL ||
		gw_confirm_start(box->env->disk, box->place, box->key, &box->local.scan, box->gone,
			box->gone_count, on_confirmed, box) != GW_OK)
		gw_box_fail_nomem(box);
}

uint64_t gw_box_fresh_from(const struct gw_box *box)
{
	return box->fresh_from;
}

void gw_box_seen_stamps(const struct gw_box *box, struct gw_stamp *cur, struct gw_stamp *new)
{
	*cur = box->local.scan.seen_cur;
	*new = box->local.scan.seen_new;
}

uint32_t gw_box_seen_uidnext(const struct gw_box *box)
{
	bool believed = !box->remote.unproved && (!box->incomplete || box->env->dry_run);

	return believed ? box->remote.uidnext : 0;
}

bool gw_box_stamps_hold(const struct gw_box *box)
{
	struct gw_stamp cur, new;
	const struct gw_scan *scan = &box->local.scan;

	if (box->place == NULL) /* a dry run, of a new mailbox */
		return true;
	if (!gw_stamp_read(box->place->m.cur, &cur) || !gw_stamp_read(box->place->m.new, &new))
		return false;
	return (gw_stamp_same(&cur, &scan->cur) && gw_stamp_same(&new, &scan->new)) ||
	       (gw_stamp_same(&cur, &scan->seen_cur) && gw_stamp_same(&new, &scan->seen_new));
}

bool gw_box_counts_hold(const struct gw_box *box, const struct gw_folder *now)
{
	const struct gw_remote_view *v = &box->remote;
	const unsigned counts = GW_ITEM_MESSAGES | GW_ITEM_UIDNEXT;

	if ((now->items & counts) != counts)
		return true; /* not told */
	/* Only what came since matters: the other half of what is gone here. */
	return now->uidnext == v->uidnext ||
	       (now->items & GW_ITEM_UIDVALIDITY && now->uidvalidity != v->uidvalidity);
}

/* --- headers of what is new there ------------------------------------------------------------ */

bool gw_box_fetch_heads(struct gw_box *box, const struct gw_seqset *sizes)
{
	size_t n = 0;

	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (gw_box_is_fresh_there(box, a) && gw_seqset_has(sizes, a->size))
			n++;
	}
	if (n == 0)
		return false;
	free(box->wanted_heads);
	box->wanted_heads = calloc(n, sizeof *box->wanted_heads);
	if (box->wanted_heads == NULL)
		return false; /* bodies are fetched instead */
	box->wanted_count = 0;
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (gw_box_is_fresh_there(box, a) && gw_seqset_has(sizes, a->size))
			box->wanted_heads[box->wanted_count++] = a->uid;
	}
	box->machine->go(box, BOX_HEADS_FOR_MOVES);
	return true;
}

/* --- ending ---------------------------------------------------------------------------------- */

void gw_box_yield(struct gw_box *box)
{
	if (box->state == BOX_PLANNED || box->state == BOX_CREATED)
		gw_box_release(box);
}

void gw_box_restart(struct gw_box *box)
{
	gw_box_finish(box, GW_BOX_AGAIN);
}
