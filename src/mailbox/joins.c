/* SPDX-License-Identifier: ISC */
/* mailbox/joins.c - does what the judge of the account found to belong together (plan/join.h): the plans say
 * already what becomes of each half, and here the boxes learn what they do for each other; part of the
 * machine in box_p.h.
 *
 * Where memory is out both halves wait for the next look.
 */
#include "mailbox/box_p.h"

#include "base/text.h"
#include "plan/direction.h"

#include <stdlib.h>

static struct gw_action *action_of(struct gw_box *box, const struct gw_join_end *end)
{
	return &box->plan.actions[end->action];
}

/* Merges what a moved file says with base, and finds what the server must be told. */
static void merge_moved(struct gw_box *from, uint64_t there, uint64_t base, struct gw_box *to,
	struct gw_box_carry *c)
{
	const char *file = gw_scan_name(&to->local.scan, c->local);
	struct gw_plan_input in = gw_box_policy(from);
	struct gw_slice info = gw_name_split(file).info;
	uint64_t here;
	struct gw_merged m;

	in.storable = gw_box_storable(from);
	here = (gw_name_flags(info, &from->keywords) & ~gw_box_tags(from)) |
	       (base & gw_box_tags(from));
	c->letters = gw_name_letters(info) & gw_keywords_letters(&from->keywords);
	c->meant = gw_box_translate(to, &from->keywords, here) & ~(GW_FLAG_KEYWORD(0) - 1);
	m = gw_merge_flags(&in, base, there, here);
	if (from->env->account->direction == GW_DIRECTION_PUSH) { /* it keeps its flags */
		there = gw_store_flags_agreed(there, base, m.local ^ here);
		m.remote = gw_store_flags_agreed(m.remote, base, m.local ^ here);
		m.local = here;
	}
	c->leaves = gw_box_tag_of(to, from);
	c->flags = gw_box_translate(to, &from->keywords, there);
	c->agreed = gw_box_translate(to, &from->keywords, base);
	c->flags_differ = m.remote != there;
	c->to = gw_box_moved_name(
		to, &from->keywords, file, NULL, gw_box_translate(to, &from->keywords, m.local));
	if (c->to != NULL && strcmp(c->to, file) == 0) {
		free(c->to);
		c->to = NULL;
	}
}

/* What is sent of a file that is in its new mailbox. */
struct follower {
	struct gw_box *from, *to; /* from: where the message is */
	uint32_t uid, local;      /* there; and the file here */
	uint64_t there,
		base; /* flags: the server's, and those agreed on last, as `from` has them */
	const struct gw_gone *facts;
	const struct gw_fingerprint *print; /* of the file */
};

/* false: out of memory. */
static bool carry(const struct follower *f)
{
	struct gw_box *from = f->from, *to = f->to;
	struct gw_box_carry *c = f->facts == NULL
					 ? NULL
					 : gw_array_push((void **)&to->carries, &to->carry_count,
						   &to->carry_cap, sizeof *to->carries);

	if (c == NULL)
		return false;
	*c = (struct gw_box_carry){ .from = from,
		.from_place = from->place,
		.wire = from->folder->wire,
		.uidvalidity = from->remote.uidvalidity,
		.uid = f->uid,
		.local = f->local,
		.print = f->print,
		.size = f->facts->size,
		.global_id = f->facts->global_id,
		.date = f->facts->date };
	merge_moved(from, f->there, f->base, to, c);
	if (from->place != NULL) /* not in a dry run of a new mailbox */
		from->place->refs++;
	from->awaited++;
	return true;
}

/* The file `local` of `from` follows its message to `fresh`.  false: out of memory. */
static bool follow(struct gw_box *gone, const struct gw_join_end *end, struct gw_box *from,
	uint32_t local, struct gw_box *fresh, const struct gw_join_end *new)
{
	const struct gw_action *old = action_of(gone, end);
	const struct gw_gone *facts = gw_box_gone_by(gone, end->action);
	size_t b = gw_base_find(gone->local.base, gone->local.base_count, old->uid);
	struct gw_box_take *t = gw_array_push(
		(void **)&fresh->takes, &fresh->take_count, &fresh->take_cap, sizeof *fresh->takes);

	if (t == NULL)
		return false;
	*t = (struct gw_box_take){ .from = from,
		.row_of = gone,
		.from_local = local,
		.from_uid = old->uid,
		.from_base = gone->local.base[b].flags,
		.wished = old->wished && gw_box_is_trash(fresh) &&
			  (gone->env->merges || gw_box_was_trashed(gone, old->uid)),
		.facts = facts };
	gone->awaited++;
	from->awaited += from != gone;
	action_of(fresh, new)->local = (uint32_t)(fresh->take_count - 1);
	return true;
}

/* Base's row becomes that of the message where it is now, on disk before anything is sent: from
 * then on, whatever is cut, only its file was moved. */
static bool inherit(struct gw_box *gone, const struct gw_action *old, uint64_t flags,
	const struct gw_gone *facts, struct gw_box *there, const struct gw_action *new)
{
	struct gw_op op = { .kind = GW_OP_INHERIT,
		.uid = new->uid,
		.flags = flags,
		.size = facts->size,
		.global_id = facts->global_id,
		.date = facts->date,
		.print = facts->print,
		.row_place = gone->place,
		.from_uid = old->uid };
	char base[64];

	gw_name_of_uid(there->key, new->uid, base);
	op.to = strdup(base);
	if (op.to == NULL || gw_box_store_validity(there) != GW_OK) {
		free(op.to);
		return false;
	}
	gw_box_add(there, &op);
	gw_batcher_seal(there->env->batcher);
	return true;
}

/* Nothing is done about it in this run. */
static void put_off(const struct gw_box_joined *boxes, const struct gw_join *j)
{
	gw_box_put_off(boxes->gone, j->gone.action);
	gw_box_put_off(boxes->fresh, j->fresh.action);
	if (boxes->there != NULL)
		gw_box_put_off(boxes->there, j->there.action);
}

/* The message goes where its file is. */
static void join_moved(const struct gw_box_joined *boxes, const struct gw_join *j)
{
	const struct gw_action *fresh = action_of(boxes->fresh, &j->fresh);
	const struct follower f = { .from = boxes->gone,
		.to = boxes->fresh,
		.uid = action_of(boxes->gone, &j->gone)->uid,
		.local = fresh->local,
		.there = j->flags,
		.base = j->base,
		.facts = gw_box_gone_by(boxes->gone, j->gone.action),
		.print = &gw_box_print_of(boxes->fresh, fresh->local)->print };

	if (!carry(&f))
		put_off(boxes, j);
}

static void join_moved_back(const struct gw_box_joined *boxes, const struct gw_join *j)
{
	struct gw_box *to = boxes->fresh;
	const struct gw_action *old = action_of(to, &j->fresh);
	struct gw_op op = { .kind = GW_OP_DROP_ROW, .uid = old->uid };
	const struct follower f = { .from = boxes->gone,
		.to = to,
		.uid = action_of(boxes->gone, &j->gone)->uid,
		.local = old->local,
		.there = j->flags,
		.base = j->base,
		.facts = gw_box_gone_by(boxes->gone, j->gone.action),
		.print = &gw_box_gone_by(to, j->fresh.action)->print };

	if (!to->env->dry_run)
		gw_box_add(to, &op); /* that UID is gone; the file gets another one */
	if (!carry(&f))
		put_off(boxes, j);
}

static void join_reunited(const struct gw_box_joined *boxes, const struct gw_join *j)
{
	if (!follow(boxes->gone, &j->gone, boxes->fresh, action_of(boxes->fresh, &j->fresh)->local,
		    boxes->there, &j->there))
		put_off(boxes, j);
}

static void join_torn(const struct gw_box_joined *boxes, const struct gw_join *j)
{
	struct gw_box *there = boxes->there;
	const struct gw_action *old = action_of(boxes->gone, &j->gone);
	const struct gw_action *new = action_of(there, &j->there);
	uint32_t local = action_of(boxes->fresh, &j->fresh)->local;
	const struct gw_gone *facts = gw_box_gone_by(boxes->gone, j->gone.action);
	const uint64_t base = gw_box_translate(there, &boxes->gone->keywords, j->base);
	const struct follower f = { .from = there,
		.to = boxes->fresh,
		.uid = new->uid,
		.local = local,
		.there = j->flags,
		.base = base,
		.facts = facts,
		.print = &gw_box_print_of(boxes->fresh, local)->print };

	if ((!there->env->dry_run && !inherit(boxes->gone, old, base, facts, there, new)) ||
		!carry(&f))
		put_off(boxes, j);
}

static void note_copy(struct gw_box *gone, uint32_t action)
{
	struct gw_gone *facts = gw_box_gone_by(gone, action);

	if (facts != NULL)
		facts->has_copy = true;
}

void gw_box_join_halves(const struct gw_box_joined *boxes, const struct gw_join *j)
{
	struct gw_box *gone = boxes->gone, *fresh = boxes->fresh;

	switch (j->kind) {
	case GW_JOIN_RENAMED: /* the plan says it all */
	case GW_JOIN_EDITED:
		break;
	case GW_JOIN_MOVED:
		join_moved(boxes, j);
		break;
	case GW_JOIN_BLOCKED: /* nothing is planned for the file */
		gw_box_hold(gone, action_of(gone, &j->gone)->uid,
			"moved or edited here, but the server does not take the file; it stays "
			"there as it was");
		break;
	case GW_JOIN_MOVED_BACK:
		join_moved_back(boxes, j);
		break;
	case GW_JOIN_FOLLOWS:
		if (!follow(gone, &j->gone, gone, action_of(gone, &j->gone)->local, fresh,
			    &j->fresh))
			put_off(boxes, j);
		break;
	case GW_JOIN_TORN:
		join_torn(boxes, j);
		break;
	case GW_JOIN_REUNITED:
		join_reunited(boxes, j);
		break;
	case GW_JOIN_ORPHAN:
		gw_box_join_orphan(gone, j->gone.action, fresh, j->fresh.action);
		break;
	case GW_JOIN_PAIRED:
		gw_box_join_paired(gone, fresh, j->fresh.action);
		break;
	case GW_JOIN_COPIED:
		note_copy(gone, j->gone.action);
		break;
	}
}
