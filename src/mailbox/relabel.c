/* SPDX-License-Identifier: ISC */
/* mailbox/relabel.c - labels that were changed here on a message that lost this one there (Gmail):
 * the message takes them among all mail, and its file goes; part of the machine in box_p.h.
 *
 * A label is no change of what the file is, so it does not keep it in a mailbox that it has left.
 * Base is not changed before the file goes: whatever is cut, the next run does the same again.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

/* True if only labels were changed here, apart from \Seen. */
static bool only_labels(const struct gw_box *box, const struct gw_action *a,
	const struct gw_base_msg **base, uint64_t *changed)
{
	struct gw_plan_input in = gw_box_policy(box);
	size_t b = gw_base_find(box->local.base, box->local.base_count, a->uid);

	if (a->kind != GW_DO_KEEP || b == box->local.base_count || a->local == GW_NO_LOCAL)
		return false;
	*base = &box->local.base[b];
	in.storable = gw_box_storable(box);
	*changed = gw_local_changes(&in, (*base)->flags, box->local.messages[a->local].flags) &
		   ~GW_FLAG_SEEN;
	return *changed != 0 && (*changed & ~gw_box_labels(box)) == 0;
}

bool gw_box_find_relabels(struct gw_box *box)
{
	if (box->env->all == NULL || gw_box_labels(box) == 0 || box->gone_count == 0 ||
		box->env->dry_run || box->env->account->direction != GW_DIRECTION_BOTH)
		return true;
	box->relabels = calloc(box->gone_count, sizeof *box->relabels);
	for (size_t i = 0; i < box->plan.count && box->relabels != NULL; i++) {
		struct gw_action *a = &box->plan.actions[i];
		const struct gw_base_msg *b;
		uint64_t changed, id = gw_box_gone_id(box, a->uid);

		if (id == 0 || !only_labels(box, a, &b, &changed))
			continue;
		a->kind = GW_DO_NOTHING; /* until it is known whether the server took them */
		box->relabels[box->relabel_count++] = (struct gw_relabel_item){ .id = id,
			.set = changed & ~b->flags,
			.clear = changed & b->flags,
			.number = (uint32_t)i };
	}
	return box->relabels != NULL;
}

static void on_relabelled(void *ctx, const struct gw_error *lost)
{
	struct gw_box *box = ctx;

	for (size_t i = 0; i < box->relabel_count; i++) {
		struct gw_action *a = &box->plan.actions[box->relabels[i].number];

		if (box->relabels[i].taken) {
			a->kind = GW_DO_DELETE_LOCAL;
			a->lives = true;
			box->delta.flags_sent++;
			box->env->counts->flags_sent++;
		} else if (lost == NULL) { /* in the trash, say: the change outlives that */
			a->kind = GW_DO_KEEP;
			gw_box_keep(box, a);
			box->env->counts->kept++;
		}
	}
	if (lost == NULL)
		gw_box_step(box);
	else
		gw_box_end_lost(box, lost);
}

void gw_box_relabel(struct gw_box *box)
{
	const struct gw_relabel_options options = { .session = box->session,
		.all = box->env->all,
		.keywords = &box->keywords,
		.items = box->relabels,
		.count = box->relabel_count,
		.done = on_relabelled,
		.ctx = box };
	enum gw_code code = gw_relabel_start(&options);

	box->selected = false;
	if (code != GW_OK)
		gw_box_end_unsent(box, code);
}
