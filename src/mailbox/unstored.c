/* SPDX-License-Identifier: ISC */
/* mailbox/unstored.c - flags that were changed here and that the server does not have: remembered, told,
 * sent again when that can help; part of the machine in box_p.h.
 *
 * Where the mailbox says that it does not take them (READ-ONLY, PERMANENTFLAGS) they wait, and each run
 * asks whether that is still so.  What it refused, or answered OK and did not store, is sent in
 * GW_STORE_TRIES runs; after that with a whole look, or when the server changed the message.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

static const struct gw_unstored *find(const struct gw_box *box, uint32_t uid, bool waits)
{
	return gw_unstored_find(box->local.unstored, box->local.unstored_count, uid, waits);
}

static void remember(
	struct gw_box *box, const struct gw_unstored *u, uint64_t flags, const char *why)
{
	struct gw_op op = { .kind = GW_OP_UNSTORED,
		.uid = u->uid,
		.waits = u->waits,
		.flags = flags,
		.times = u->tries };

	if (box->env->dry_run)
		return;
	op.to = strdup(why);
	if (op.to != NULL)
		gw_box_add(box, &op);
	else
		box->incomplete = true;
}

static void forget(struct gw_box *box, uint32_t uid, bool waits)
{
	if (!box->env->dry_run)
		gw_box_add(
			box, &(struct gw_op){ .kind = GW_OP_STORED, .uid = uid, .waits = waits });
}

bool gw_box_knows_held_flags(const struct gw_box *box, const struct gw_action *a)
{
	const struct gw_unstored *u = find(box, a->uid, true);

	return a->flags == (u == NULL ? 0 : u->flags);
}

void gw_box_hold_flags(struct gw_box *box, const struct gw_action *a)
{
	const struct gw_unstored u = { .uid = a->uid, .waits = true };

	if (a->flags != 0 && !gw_box_knows_held_flags(box, a))
		remember(box, &u, a->flags,
			box->remote.read_only ? "the mailbox is read-only on the server"
					      : "the server says that it does not keep such flags "
						"in this mailbox (PERMANENTFLAGS)");
}

void gw_box_settle_flags(struct gw_box *box, const struct gw_action *a)
{
	if (a->flags != 0)
		forget(box, a->uid, true);
	if (a->base_flags != 0)
		forget(box, a->uid, false);
}

bool gw_box_settle_pushed(
	struct gw_box *box, const struct gw_store_flags_item *item, const struct gw_error *refused)
{
	const struct gw_unstored *before = find(box, item->uid, false);
	struct gw_unstored u = { .uid = item->uid, .tries = before == NULL ? 0 : before->tries };
	uint64_t bits = item->ignored | item->unseen | item->denied;
	uint64_t aside = before == NULL ? 0 : before->flags & ~item->taken; /* not sent now */

	if (bits == 0) {
		if (before != NULL && aside == 0 && !item->refused)
			forget(box, item->uid, false);
		return false;
	}
	u.tries += !item->passes || u.tries == 0;
	remember(box, &u, bits | aside,
		item->ignored != 0 ? "the server said OK, and has them as before"
		: item->denied != 0 && refused != NULL
			? refused->text
			: "the server said OK, and does not tell of the message");
	/* The first time the message may just have gone: then that is seen by the next look. */
	return item->ignored != 0 || (item->unseen != 0 && u.tries > 1);
}

/* True for a new file with flags that the server will not take along. */
static bool loses_flags(const struct gw_box *box, const struct gw_action *a, uint64_t unstorable)
{
	return a->kind == GW_DO_UPLOAD && (box->local.messages[a->local].flags & unstorable) != 0;
}

void gw_box_count_unstored(struct gw_box *box)
{
	struct gw_plan_input in = gw_box_policy(box);
	uint64_t unstorable;

	box->unstored = 0;
	if (box->env->account->direction == GW_DIRECTION_PULL)
		return;
	in.storable = gw_box_storable(box);
	unstorable = gw_unstorable(&in);
	for (size_t i = 0; i < box->local.unstored_count && box->same; i++)
		box->unstored += box->local.unstored[i].aside;
	for (size_t i = 0; i < box->plan.count; i++)
		box->unstored += box->plan.actions[i].kind == GW_DO_HOLD_FLAGS ||
				 loses_flags(box, &box->plan.actions[i], unstorable);
}

void gw_box_unstored_error(uint64_t count, struct gw_error *err)
{
	gw_fail(err, GW_ERR_HELD,
		"%llu message%s other flags here than on the server, which does not store them "
		"(`godwit status` lists them, `sync --full` tries again)",
		(unsigned long long)count, count == 1 ? " has" : "s have");
	err->scope = GW_SCOPE_MESSAGE;
}

void gw_box_tell_unstored(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (box->unstored == 0)
		return;
	gw_box_unstored_error(box->unstored, &err);
	box->env->problem(box->env->ctx, box, &err);
}
