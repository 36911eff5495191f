/* SPDX-License-Identifier: ISC */
/* plan/plan.c - see plan.h; the table and its reasons: docs/design.md (M1-M5). */
#include "plan/plan.h"

#include "base/sorted.h"

#include <stdlib.h>

void gw_plan_deinit(struct gw_plan *plan)
{
	free(plan->actions);
	*plan = (struct gw_plan){ 0 };
}

static uint64_t here(const struct gw_plan_input *in)
{
	return in->mirror_deleted ? in->lettered : in->lettered & ~GW_FLAG_DELETED;
}

/* A T is a wish to delete, no flag to be told. */
static uint64_t telling(const struct gw_plan_input *in)
{
	return in->lettered & in->storable & ~GW_FLAG_DELETED;
}

uint64_t gw_local_changes(const struct gw_plan_input *in, uint64_t base, uint64_t local)
{
	return (local ^ base) & telling(in);
}

uint64_t gw_unstorable(const struct gw_plan_input *in)
{
	return in->lettered & in->wanted & ~in->storable & ~GW_FLAG_DELETED & ~in->labels;
}

const struct gw_unstored *gw_unstored_find(
	const struct gw_unstored *list, size_t count, uint32_t uid, bool waits)
{
	size_t lo = GW_LOWER_BOUND(list, count, uid, uid);

	while (lo < count && list[lo].uid == uid && list[lo].waits != waits)
		lo++;
	return lo < count && list[lo].uid == uid ? &list[lo] : NULL;
}

uint64_t gw_changes_to_send(const struct gw_plan_input *in, uint32_t uid, uint64_t changes)
{
	const struct gw_unstored *u =
		gw_unstored_find(in->unstored, in->unstored_count, uid, false);

	return u == NULL || !u->aside || in->retry_unfetchable ? changes : changes & ~u->flags;
}

struct gw_merged gw_merge_flags(
	const struct gw_plan_input *in, uint64_t base, uint64_t remote, uint64_t local)
{
	uint64_t theirs = (remote ^ base) & here(in), mine = gw_local_changes(in, base, local);

	/* If one side is an old copy, base proves nothing about who changed what: take the
	 * union. */
	if (in->copies_differ)
		return (struct gw_merged){ local | (remote & here(in)),
			remote | (local & telling(in)) };
	/* A flag that both changed they changed to the same. */
	return (struct gw_merged){ (local & ~theirs) | (remote & theirs),
		(remote & ~mine) | (local & mine) };
}

static struct gw_action *add(struct gw_plan *plan, enum gw_action_kind kind, uint32_t uid)
{
	struct gw_action *a = gw_array_push(
		(void **)&plan->actions, &plan->count, &plan->cap, sizeof *plan->actions);

	if (a == NULL)
		return NULL;
	a->kind = (uint8_t)kind;
	a->uid = uid;
	a->local = GW_NO_LOCAL;
	return a;
}

static bool download(struct gw_plan *plan, const struct gw_remote_msg *r, enum gw_action_kind kind)
{
	struct gw_action *a = add(plan, kind, r->uid);

	if (a == NULL)
		return false;
	a->flags = r->flags;
	a->size = r->size;
	a->base_flags = kind == GW_DO_SKIP && r->old;
	return true;
}

/* True if the message is outside the window.  Unread or flagged messages never leave by count. */
static bool outside(
	const struct gw_plan_input *in, uint32_t uid, uint64_t flags, bool old, uint64_t size)
{
	if (old || (in->max_size > 0 && size > in->max_size))
		return true;
	return uid < in->first_inside && (flags & GW_FLAG_SEEN) && !(flags & GW_FLAG_FLAGGED);
}

/* A message that the file's owner changed: more than having read it, and no wish to delete it. What
 * the server cannot store differs for ever, and is no change: or such a message could not be
 * deleted there. */
static bool changed_here(
	const struct gw_plan_input *in, const struct gw_base_msg *b, const struct gw_local_msg *l)
{
	uint64_t counted = telling(in) & ~GW_FLAG_SEEN;

	return ((l->flags ^ b->flags) & counted) != 0;
}

static bool add_flags(struct gw_plan *plan, enum gw_action_kind kind, uint32_t uid,
	uint64_t base_flags, uint64_t flags)
{
	struct gw_action *a = base_flags == 0 && flags == 0 ? NULL : add(plan, kind, uid);

	if (a != NULL) {
		a->base_flags = base_flags;
		a->flags = flags;
	}
	return a != NULL || (base_flags == 0 && flags == 0);
}

/* Ends the state's rows about flags that agree now. */
static bool settle(const struct gw_plan_input *in, uint32_t uid, uint64_t differ, uint64_t stuck,
	struct gw_plan *plan)
{
	const struct gw_unstored *sent =
		gw_unstored_find(in->unstored, in->unstored_count, uid, false);
	const struct gw_unstored *waits =
		gw_unstored_find(in->unstored, in->unstored_count, uid, true);

	return add_flags(plan, GW_DO_SETTLE_FLAGS, uid, sent != NULL && (sent->flags & differ) == 0,
		waits != NULL && stuck == 0);
}

/* The message that the server has with the flags `has` and that is `mine` here gets `gets`.  What it did
 * not store when asked is not sent before it changed the message, or it is time. */
static bool tell(const struct gw_plan_input *in, uint32_t uid, const struct gw_merged *m,
	uint64_t has, bool news, struct gw_plan *plan)
{
	uint64_t differ = has ^ m->remote, stuck = (m->local ^ m->remote) & gw_unstorable(in);
	uint64_t sends = news ? differ : gw_changes_to_send(in, uid, differ);
	struct gw_action *a = sends == 0 ? NULL : add(plan, GW_DO_REMOTE_FLAGS, uid);

	if (a != NULL) {
		a->base_flags = has;
		a->flags = has ^ sends;
	}
	return (a != NULL || sends == 0) &&
	       add_flags(plan, GW_DO_HOLD_FLAGS, uid, differ & ~sends, stuck) &&
	       settle(in, uid, differ, stuck, plan);
}

/* A T that the server's \\Deleted did not bring is a wish to delete. */
static bool wished_away(
	const struct gw_plan_input *in, const struct gw_base_msg *b, const struct gw_local_msg *l)
{
	return (l->flags & ~b->flags & GW_FLAG_DELETED) != 0 && !in->copies_differ &&
	       !in->read_only && !in->never_delete;
}

static bool delete_there(const struct gw_plan_input *in, const struct gw_base_msg *b,
	uint64_t remote_flags, struct gw_plan *plan)
{
	struct gw_action *a = add(plan,
		in->never_delete ? GW_DO_LEAVE
		: in->read_only  ? GW_DO_HOLD
				 : GW_DO_DELETE_REMOTE,
		b->uid);

	if (a == NULL)
		return false;
	a->local = b->local;
	a->flags = remote_flags;
	return true;
}

/* More than having been read there, and no mark for deletion.  A label is a place in another
 * mailbox, which keeps what stands there, and none in this one. */
static bool changed_there(
	const struct gw_plan_input *in, const struct gw_base_msg *b, const struct gw_remote_msg *r)
{
	return ((r->flags ^ b->flags) & ~(GW_FLAG_SEEN | GW_FLAG_DELETED | in->labels)) != 0;
}

/* True if both sides agree about a message outside the window, so that its file leaves.  (Without
 * memory it stays for another run.) */
static bool leaves(const struct gw_plan_input *in, const struct gw_base_msg *b, bool old,
	const struct gw_local_msg *l, struct gw_plan *plan)
{
	bool out = outside(
		in, b->uid, b->flags | (l->flags & GW_FLAG_FLAGGED), old, b->big ? UINT64_MAX : 0);
	struct gw_action *a;

	if (in->copies_differ || (b->kind != GW_BASE_OUTSIDE && !out))
		return false;
	if (b->kind != GW_BASE_OUTSIDE && gw_local_changes(in, b->flags, l->flags) != 0)
		return false;
	if (b->kind != GW_BASE_OUTSIDE && wished_away(in, b, l))
		return false;
	a = add(plan, out ? GW_DO_EXPIRE : GW_DO_STAY, b->uid);
	if (a == NULL)
		return false;
	a->local = b->local;
	return true;
}

/* True if the message is too old for the window, by its row's age: a server that reports another is
 * no reason to let it leave.  r NULL: nothing was reported. */
static bool is_old(const struct gw_base_msg *b, const struct gw_remote_msg *r)
{
	return b->date > GW_DATE_TOLD_OLD || r == NULL || !r->whole ? b->old : r->old;
}

static uint64_t size_of(const struct gw_base_msg *b, const struct gw_remote_msg *r)
{
	return b->size != 0 || r == NULL || !r->whole ? (b->big ? UINT64_MAX : 0) : r->size;
}

static bool merge(const struct gw_plan_input *in, const struct gw_base_msg *b,
	const struct gw_remote_msg *r, struct gw_plan *plan)
{
	const struct gw_local_msg *l = &in->local[b->local];
	struct gw_action *shown = b->kind == GW_BASE_HIDDEN ? add(plan, GW_DO_STAY, b->uid) : NULL;
	struct gw_merged m = gw_merge_flags(in, b->flags, r->flags, l->flags);
	struct gw_action *a;

	if (b->kind == GW_BASE_HIDDEN && shown == NULL)
		return false;
	if ((b->kind == GW_BASE_OUTSIDE || (r->flags == b->flags && m.local == l->flags)) &&
		leaves(in, b, is_old(b, r), l, plan))
		return true;
	if (wished_away(in, b, l)) {
		if (!changed_there(in, b, r))
			return delete_there(in, b, r->flags, plan);
		m.local &= ~GW_FLAG_DELETED; /* else the wish would win in the next run */
	}
	if (m.local != l->flags || r->flags != b->flags) {
		a = add(plan, m.local == l->flags ? GW_DO_BASE_FLAGS : GW_DO_LOCAL_FLAGS, b->uid);
		if (a == NULL)
			return false;
		a->local = b->local;
		a->flags = m.local;
		a->base_flags = r->flags;
	}
	return tell(in, b->uid, &m, r->flags, r->flags != b->flags, plan);
}

static bool update_base(const struct gw_base_msg *b, uint64_t flags, struct gw_plan *plan)
{
	struct gw_action *a = b->flags == flags ? NULL : add(plan, GW_DO_BASE_FLAGS, b->uid);

	if (a != NULL)
		a->base_flags = flags;
	return a != NULL || b->flags == flags;
}

static const struct gw_pair *find_pair(const struct gw_plan_input *in, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(in->pairs, in->pair_count, uid, uid);

	return lo < in->pair_count && in->pairs[lo].uid == uid ? &in->pairs[lo] : NULL;
}

static bool pair(const struct gw_plan_input *in, const struct gw_pair *p, uint64_t there,
	uint32_t size, struct gw_plan *plan)
{
	struct gw_action *a = add(plan, GW_DO_PAIR, p->uid);
	struct gw_merged m;
	uint64_t mine;

	if (a == NULL)
		return false;
	a->local = p->local;
	a->check_body = p->check_body;
	a->size = size;
	/* Joined without base: the union, wishes to delete left out. */
	a->base_flags = there;
	a->flags = (in->local[p->local].flags | (there & in->lettered & ~GW_FLAG_DELETED));
	mine = in->local[p->local].flags & telling(in) & ~there;
	if (p->check_body) { /* told when it is known to be the same */
		plan->look_again |= mine != 0;
		mine = 0;
	}
	m = (struct gw_merged){ in->local[p->local].flags | there, there | mine };
	return tell(in, p->uid, &m, there, false, plan);
}

/* Known, there, and without a file here.  r NULL: there as base says. */
static bool missing_here(const struct gw_plan_input *in, const struct gw_base_msg *b,
	const struct gw_remote_msg *r, struct gw_plan *plan)
{
	const struct gw_pair *arrived = find_pair(in, b->uid);

	if (b->kind == GW_BASE_COVERED) {
		plan->look_again = true;
		plan->incomplete |= r != NULL && r->flags != b->flags;
		return true;
	}
	if (arrived != NULL && (b->kind == GW_BASE_UNFETCHABLE || b->kind == GW_BASE_OUTSIDE))
		return pair(in, arrived, r != NULL ? r->flags : b->flags, r != NULL ? r->size : 0,
			plan);
	if (b->kind == GW_BASE_UNFETCHABLE)
		return r == NULL || !in->retry_unfetchable || download(plan, r, GW_DO_DOWNLOAD);
	if (b->kind == GW_BASE_OUTSIDE && r != NULL &&
		!outside(in, b->uid, r->flags, is_old(b, r), size_of(b, r)))
		return download(plan, r, GW_DO_DOWNLOAD);
	if (b->kind != GW_BASE_FILE && b->kind != GW_BASE_HIDDEN)
		return r == NULL || update_base(b, r->flags, plan);
	if (in->copies_differ) /* then all of the server is looked at */
		return r == NULL || download(plan, r, GW_DO_DOWNLOAD);
	if (!in->local_trusted) {
		plan->look_again = true;
		plan->incomplete |= r != NULL && r->flags != b->flags;
		return true;
	}
	if (r != NULL && changed_there(in, b, r))
		return download(plan, r, GW_DO_RETURN);
	return delete_there(in, b, r != NULL ? r->flags : b->flags, plan);
}

/* Handles a held-back deletion whose file is here again. */
static bool back_here(
	const struct gw_plan_input *in, const struct gw_base_msg *b, struct gw_plan *plan)
{
	if (b->local == GW_NO_LOCAL || in->held_here == NULL ||
		!gw_seqset_has(in->held_here, b->uid) || wished_away(in, b, &in->local[b->local]))
		return true;
	return add(plan, GW_DO_UNHOLD, b->uid) != NULL;
}

/* Handles a held-back deletion of a message that the server shows after all. */
static bool back_there(
	const struct gw_plan_input *in, const struct gw_base_msg *b, struct gw_plan *plan)
{
	if (in->held_gone == NULL || !gw_seqset_has(in->held_gone, b->uid))
		return true;
	return add(plan, GW_DO_UNHOLD, b->uid) != NULL;
}

/* Handles a known message with a file and no report: the server has what base says. */
static bool unchanged_there(
	const struct gw_plan_input *in, const struct gw_base_msg *b, struct gw_plan *plan)
{
	uint64_t base = b->flags;
	struct gw_merged m;

	if (in->copies_differ || b->kind == GW_BASE_HIDDEN)
		return true;
	if (b->local == GW_NO_LOCAL)
		return missing_here(in, b, NULL, plan);
	if (leaves(in, b, b->old, &in->local[b->local], plan))
		return true;
	if (wished_away(in, b, &in->local[b->local]))
		return delete_there(in, b, base, plan);
	m = gw_merge_flags(in, base, base, in->local[b->local].flags);
	return tell(in, b->uid, &m, base, false, plan);
}

/* What is known of a message in base that remote lacks. */
enum fact { PRESENT, ABSENT, UNKNOWN };

static enum fact fact_of(const struct gw_plan_input *in, uint32_t uid)
{
	if (in->unproved)
		return UNKNOWN;
	if (in->listing != NULL)
		return gw_seqset_has(in->listing, uid) ? PRESENT : ABSENT;
	if (in->remote_full || (in->vanished != NULL && gw_seqset_has(in->vanished, uid)))
		return ABSENT;
	/* Gone before: that it has not changed since says nothing. */
	return in->held_gone != NULL && gw_seqset_has(in->held_gone, uid) ? UNKNOWN : PRESENT;
}

static bool is_gone(const struct gw_plan_input *in, uint32_t uid)
{
	return fact_of(in, uid) == ABSENT;
}

/* Known, and gone there. */
static bool gone_there(
	const struct gw_plan_input *in, const struct gw_base_msg *b, struct gw_plan *plan)
{
	struct gw_action *a;
	bool wished;

	/* Known, and when it shows again it is known what became of it. */
	if (b->kind == GW_BASE_HIDDEN && !in->shows_all)
		return true;
	if (in->copies_differ || b->kind == GW_BASE_COVERED ||
		(b->local == GW_NO_LOCAL && b->kind == GW_BASE_FILE && !in->local_trusted)) {
		plan->incomplete = true;
		return true;
	}
	if (b->local == GW_NO_LOCAL)
		return add(plan, GW_DO_FORGET, b->uid) != NULL;
	wished = wished_away(in, b, &in->local[b->local]);
	a = add(plan,
		in->unseen != NULL && gw_seqset_has(in->unseen, b->uid) ? GW_DO_UNKEPT
		: !wished && changed_here(in, b, &in->local[b->local])  ? GW_DO_KEEP
									: GW_DO_DELETE_LOCAL,
		b->uid);
	if (a == NULL)
		return false;
	a->local = b->local;
	a->wished = wished;
	return true;
}

/* Known, and its fate there is not: then the server has what base says, as far as it is wished to
 * change.  What is to be deleted may have been moved. */
static bool untold_there(
	const struct gw_plan_input *in, const struct gw_base_msg *b, struct gw_plan *plan)
{
	size_t before = plan->count;
	bool ok = unchanged_there(in, b, plan);

	for (size_t i = before; i < plan->count; i++)
		plan->actions[i].untold = in->unproved;
	return ok;
}

/* Known, and remote does not hold it. */
static bool not_told(
	const struct gw_plan_input *in, const struct gw_base_msg *b, struct gw_plan *plan)
{
	bool held = in->held_gone != NULL && gw_seqset_has(in->held_gone, b->uid);

	switch (fact_of(in, b->uid)) {
	case ABSENT:
		return gone_there(in, b, plan);
	case PRESENT:
		return back_there(in, b, plan) && unchanged_there(in, b, plan);
	case UNKNOWN:
		return held || untold_there(in, b, plan);
	}
	return false;
}

/* Known, and remote holds it. */
static bool told(const struct gw_plan_input *in, const struct gw_base_msg *b,
	const struct gw_remote_msg *r, struct gw_plan *plan)
{
	struct gw_remote_msg as_known = *r;

	/* Reported first and gone afterwards: gone. */
	if (in->vanished != NULL && gw_seqset_has(in->vanished, b->uid))
		return gone_there(in, b, plan);
	if (r->dim)
		as_known.flags = b->flags;
	if (!back_there(in, b, plan))
		return false;
	return b->local == GW_NO_LOCAL ? missing_here(in, b, &as_known, plan)
				       : merge(in, b, &as_known, plan);
}

/* Base does not know it. */
static bool new_there(
	const struct gw_plan_input *in, const struct gw_remote_msg *r, struct gw_plan *plan)
{
	const struct gw_pair *p = find_pair(in, r->uid);

	if (p != NULL)
		return pair(in, p, r->flags, r->size, plan);
	if (!in->local_trusted) { /* it may be here, unseen */
		plan->incomplete = plan->look_again = true;
		return true;
	}
	return download(plan, r,
		outside(in, r->uid, r->flags, r->old, r->size) ? GW_DO_SKIP : GW_DO_DOWNLOAD);
}

bool gw_action_is_gone_there(const struct gw_action *action)
{
	return action->kind == GW_DO_DELETE_LOCAL || action->kind == GW_DO_KEEP ||
	       action->kind == GW_DO_UNKEPT;
}

bool gw_action_is_gone(
	const struct gw_action *action, const struct gw_base_msg *base, size_t base_count)
{
	size_t b;

	switch ((enum gw_action_kind)action->kind) {
	case GW_DO_FORGET: /* gone here too, if it had a file */
		b = gw_base_find(base, base_count, action->uid);
		return b < base_count && base[b].kind == GW_BASE_FILE;
	case GW_DO_DELETE_LOCAL:
	case GW_DO_KEEP:
	case GW_DO_UNKEPT:
	case GW_DO_DELETE_REMOTE:
	case GW_DO_LEAVE:
	case GW_DO_RETURN:
		return true;
	case GW_DO_DOWNLOAD:
	case GW_DO_PAIR:
	case GW_DO_LOCAL_FLAGS:
	case GW_DO_BASE_FLAGS:
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_HOLD_FLAGS:
	case GW_DO_SETTLE_FLAGS:
	case GW_DO_HOLD_DELETE:
	case GW_DO_HOLD_REMOTE:
	case GW_DO_UNHOLD:
	case GW_DO_UPLOAD:
	case GW_DO_HOLD_UPLOAD:
	case GW_DO_REFUSE:
	case GW_DO_STRAY:
	case GW_DO_SKIP:
	case GW_DO_EXPIRE:
	case GW_DO_STAY:
	case GW_DO_HOLD:
	case GW_DO_NOTHING:
	case GW_DO_HIDE:
	case GW_DO_RELINK:
	case GW_DO_TAKE:
	case GW_DO_REPLACED:
		break;
	}
	return false;
}

const struct gw_action *gw_plan_find(const struct gw_plan *plan, uint32_t uid)
{
	for (size_t i = 0; i < plan->count && plan->actions[i].uid <= uid; i++) {
		if (plan->actions[i].uid == uid)
			return &plan->actions[i];
	}
	return NULL;
}

void gw_plan_shrink(struct gw_plan *plan, size_t count)
{
	struct gw_action *smaller;

	if (count == 0) {
		free(plan->actions);
		plan->actions = NULL;
		plan->cap = 0;
	} else if ((smaller = realloc(plan->actions, count * sizeof *smaller)) != NULL) {
		plan->actions = smaller;
		plan->cap = count;
	}
	plan->count = count;
}

/* Files that neither base nor the server knows.  The pairs are asked by file. */
static bool new_here(const struct gw_plan_input *in, struct gw_plan *plan)
{
	bool *paired = calloc(in->local_count + 1, sizeof *paired);
	bool ok = paired != NULL;

	for (size_t i = 0; i < in->pair_count && ok; i++)
		paired[in->pairs[i].local] = true;
	for (size_t i = 0; i < in->local_count && ok; i++) {
		const struct gw_local_msg *l = &in->local[i];
		struct gw_action *a;
		bool refuse;

		if (!l->candidate || l->uid != 0 || l->refused || paired[i] ||
			(l->flags & GW_FLAG_DELETED))
			continue;
		/* The server may have it unreported; then the next look pairs them. */
		if (in->unproved && (l->ours || l->announced || in->hides)) {
			plan->look_again = true;
			continue;
		}
		if (l->stray && !in->copies_differ &&
			(l->flags & in->lettered & ~GW_FLAG_SEEN) == 0) {
			a = add(plan, GW_DO_STRAY, 0);
			ok = a != NULL;
			if (ok)
				a->local = (uint32_t)i;
			continue;
		}
		/* In an old copy of the Maildir it may be one that was deleted since. */
		refuse = in->read_only || (in->copies_differ && l->ours);
		a = add(plan, refuse ? GW_DO_REFUSE : GW_DO_UPLOAD, 0);
		ok = a != NULL;
		if (ok) {
			a->local = (uint32_t)i;
			a->flags = l->flags & telling(in);
		}
	}
	free(paired);
	return ok;
}

/* The UID of the max_messages-th newest message that is there; 0: all are inside. */
static uint32_t first_inside(const struct gw_plan_input *in)
{
	size_t b = in->base_count, r = in->remote_count;
	uint32_t left = in->max_messages, uid = 0;

	while (left > 0 && (b > 0 || r > 0)) {
		uint32_t base = b > 0 ? in->base[b - 1].uid : 0;
		uint32_t remote = r > 0 ? in->remote[r - 1].uid : 0;

		uid = base > remote ? base : remote;
		b -= base == uid;
		r -= remote == uid;
		/* Skip the gone; vanished ones may be among the reported. */
		if (remote == uid ? in->vanished == NULL || !gw_seqset_has(in->vanished, uid)
				  : !is_gone(in, uid))
			left--;
	}
	return left > 0 || (b == 0 && r == 0) ? 0 : uid;
}

enum gw_code gw_plan_mailbox(const struct gw_plan_input *given, struct gw_plan *out)
{
	struct gw_plan_input with_window = *given;
	const struct gw_plan_input *in = &with_window;
	size_t b = 0, r = 0;
	bool ok = true;

	*out = (struct gw_plan){ 0 };
	with_window.first_inside = given->max_messages > 0 ? first_inside(given) : 0;
	while (ok) {
		const struct gw_base_msg *base = b < in->base_count ? &in->base[b] : NULL;
		const struct gw_remote_msg *remote = r < in->remote_count ? &in->remote[r] : NULL;

		if (base == NULL && remote == NULL)
			break;
		if (base == NULL || (remote != NULL && remote->uid < base->uid)) {
			ok = new_there(in, remote, out);
			r++;
		} else if (remote == NULL || base->uid < remote->uid) {
			ok = back_here(in, base, out) && not_told(in, base, out);
			b++;
		} else {
			ok = back_here(in, base, out) && told(in, base, remote, out);
			b++;
			r++;
		}
	}
	ok = ok && new_here(in, out);
	if (!ok)
		gw_plan_deinit(out);
	return ok ? GW_OK : GW_ERR_NOMEM;
}

bool gw_base_has_hidden(const struct gw_base_msg *base, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (base[i].kind == GW_BASE_HIDDEN)
			return true;
	}
	return false;
}

size_t gw_base_find(const struct gw_base_msg *base, size_t count, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(base, count, uid, uid);

	return lo < count && base[lo].uid == uid ? lo : count;
}
