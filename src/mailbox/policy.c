/* SPDX-License-Identifier: ISC */
/* mailbox/policy.c - a mailbox's policy, as the planner takes it, and what it makes of changes here; part
 * of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

uint64_t gw_box_here(const struct gw_box *box)
{
	uint64_t lettered = gw_keywords_lettered(&box->keywords) & ~gw_box_tags(box);

	return box->env->account->mirror_deleted ? lettered : lettered & ~GW_FLAG_DELETED;
}

struct gw_plan_input gw_box_policy(const struct gw_box *box)
{
	return (struct gw_plan_input){ .base = box->local.base,
		.base_count = box->local.base_count,
		.local = box->local.messages,
		.local_count = box->local.scan.count,
		.held_gone = &box->local.held_gone,
		.held_here = &box->local.held_here,
		.unseen = &box->local.unseen,
		.unstored = box->local.unstored,
		.unstored_count = box->local.unstored_count,
		.retry_unfetchable = box->env->retry_unfetchable || gw_box_full_look_due(box->row),
		/* A dry run makes no directory for a mailbox that is new here. */
		.local_trusted = box->local.scan.trusted || box->local.missing,
		.copies_differ = box->copies_differ,
		.lettered = gw_keywords_lettered(&box->keywords) | gw_box_tags(box),
		.storable = gw_box_told(box),
		.wanted = gw_box_told(box),
		.labels = gw_box_labels(box),
		.mirror_deleted = box->env->account->mirror_deleted,
		.never_delete = box->env->account->deletes == GW_DELETE_NEVER };
}

/* Flags that the server is to be told, or that it does not have while nothing differs any more. */
static bool flags_changed_here(
	const struct gw_plan_input *in, const struct gw_base_msg *b, uint64_t flags)
{
	uint64_t changes = gw_local_changes(in, b->flags, flags);
	const struct gw_unstored *sent =
		gw_unstored_find(in->unstored, in->unstored_count, b->uid, false);

	return gw_changes_to_send(in, b->uid, changes) != 0 ||
	       (sent != NULL && (sent->flags & changes) == 0) ||
	       gw_unstored_find(in->unstored, in->unstored_count, b->uid, true) != NULL;
}

/* True if one message of base changed here, given that the server has what base says. */
static bool base_changed_here(
	const struct gw_box *box, const struct gw_plan_input *in, const struct gw_base_msg *b)
{
	uint64_t flags;

	if (b->kind == GW_BASE_HIDDEN)
		return false;
	if (b->local == GW_NO_LOCAL)
		return b->kind == GW_BASE_FILE && in->local_trusted &&
		       (!gw_seqset_has(in->held_here, b->uid) || box->env->accept_deletions ||
			       box->env->restore_deletions);
	flags = box->local.messages[b->local].flags;
	return flags_changed_here(in, b, flags) || gw_seqset_has(in->held_here, b->uid) ||
	       (!in->never_delete && (flags & ~b->flags & GW_FLAG_DELETED));
}

static bool is_new_here(const struct gw_local_msg *l)
{
	return l->twin == GW_TWIN_OTHER || (l->twin == GW_TWIN_NONE && l->uid == 0 && !l->refused &&
						   !(l->flags & GW_FLAG_DELETED));
}

unsigned gw_box_news_here(const struct gw_box *box)
{
	const struct gw_plan_input in = gw_box_policy(box);
	unsigned news = 0;

	for (size_t i = 0; i < box->local.base_count; i++) {
		const struct gw_base_msg *b = &box->local.base[i];

		if (base_changed_here(box, &in, b))
			news |= b->local == GW_NO_LOCAL ? GW_NEWS_GONE : GW_NEWS_FLAGS;
	}
	for (size_t i = 0; i < box->local.scan.count && box->local.unknown > 0; i++) {
		if (is_new_here(&box->local.messages[i]))
			news |= GW_NEWS_NEW;
	}
	return news;
}

bool gw_box_changed_here(const struct gw_box *box)
{
	return gw_box_news_here(box) != 0;
}
