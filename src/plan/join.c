/* SPDX-License-Identifier: ISC */
/* plan/join.c - see join.h. */
#include "plan/join.h"

#include "base/sorted.h"

#include <stdlib.h>

/* Lists of halves, as the plans are at the moment. */
enum side {
	GONE_HERE,
	GONE_THERE,
	GONE_BOTH,
	NEW_HERE,
	NEW_THERE,
	PAIRED,    /* new on both sides, in one mailbox */
	NAMED_HERE /* every file that base does not know */
};

bool gw_joiner_init(struct gw_joiner *j, size_t count)
{
	*j = (struct gw_joiner){ .boxes = calloc(count + 1, sizeof *j->boxes), .count = count };
	return j->boxes != NULL;
}

void gw_joiner_deinit(struct gw_joiner *j)
{
	for (size_t i = 0; i < j->count && j->boxes != NULL; i++) {
		gw_doubt_deinit(&j->boxes[i].doubt);
		free(j->boxes[i].gone.list);
		free(j->boxes[i].files.list);
		free(j->boxes[i].came.list);
	}
	free(j->boxes);
	free(j->joins);
	*j = (struct gw_joiner){ 0 };
}

struct gw_half *gw_halves_add(struct gw_halves *list, uint32_t box, size_t action)
{
	struct gw_half *h =
		gw_array_push((void **)&list->list, &list->count, &list->cap, sizeof *h);

	if (h != NULL)
		*h = (struct gw_half){ .box = box, .action = (uint32_t)action };
	return h;
}

/* --- which halves there are ------------------------------------------------------------------ */

static bool add(struct gw_halves *out, const struct gw_half *h)
{
	struct gw_half *slot = gw_halves_add(out, h->box, h->action);

	if (slot != NULL)
		*slot = *h;
	return slot != NULL;
}

static bool is_gone(const struct gw_join_box *box, const struct gw_action *a)
{
	return gw_action_is_gone(a, box->base, box->base_count);
}

static enum side side_of_gone(const struct gw_action *a)
{
	return a->kind == GW_DO_FORGET      ? GONE_BOTH
	       : gw_action_is_gone_there(a) ? GONE_THERE
					    : GONE_HERE;
}

static bool add_gone(const struct gw_join_box *box, enum side side, struct gw_halves *out)
{
	bool ok = true;

	for (size_t i = 0; i < box->gone.count && ok; i++) {
		struct gw_half h = box->gone.list[i];
		const struct gw_action *a = &box->plan->actions[h.action];

		if (!is_gone(box, a) || h.unknown || side_of_gone(a) != side ||
			(!gw_action_is_gone_there(a) && a->local != GW_NO_LOCAL))
			continue; /* a T in place is no move */
		h.untold = a->untold;
		ok = add(out, &h);
	}
	return ok;
}

static const struct gw_half *file_of(const struct gw_join_box *box, uint32_t local)
{
	const struct gw_halves *files = &box->files;
	size_t at = GW_LOWER_BOUND(files->list, files->count, action, local);

	return at < files->count && files->list[at].action == local ? &files->list[at] : NULL;
}

static bool add_planned(
	const struct gw_join_box *box, enum gw_action_kind kind, struct gw_halves *out)
{
	bool ok = true;

	for (size_t i = 0; i < box->plan->count && ok; i++) {
		const struct gw_action *a = &box->plan->actions[i];
		const struct gw_half *file =
			a->kind == (uint8_t)kind ? file_of(box, a->local) : NULL;
		struct gw_half h;

		if (file == NULL)
			continue;
		h = *file;
		h.action = (uint32_t)i;
		h.refused = false;
		ok = add(out, &h);
	}
	return ok;
}

/* Refused ones too: what they replace must stay. */
static bool add_files(const struct gw_join_box *box, bool refused, struct gw_halves *out)
{
	bool ok = true;

	for (size_t i = 0; i < box->files.count && ok; i++) {
		struct gw_half h = box->files.list[i];

		if (h.unknown || (refused && !h.refused))
			continue;
		h.refused = refused;
		ok = add(out, &h);
	}
	return ok;
}

static bool add_came(const struct gw_join_box *box, struct gw_halves *out)
{
	bool ok = true;

	for (size_t i = 0; i < box->came.count && ok; i++) {
		const struct gw_half *h = &box->came.list[i];

		if (box->plan->actions[h->action].kind == GW_DO_DOWNLOAD)
			ok = add(out, h);
	}
	return ok;
}

static bool add_side(const struct gw_join_box *box, enum side side, struct gw_halves *out)
{
	switch (side) {
	case GONE_HERE:
	case GONE_THERE:
	case GONE_BOTH:
		return add_gone(box, side, out);
	case NEW_HERE:
		return add_planned(box, GW_DO_UPLOAD, out) && add_files(box, true, out);
	case PAIRED:
		return add_planned(box, GW_DO_PAIR, out);
	case NAMED_HERE:
		return add_files(box, false, out);
	case NEW_THERE:
		return add_came(box, out);
	}
	return true;
}

/* Lists the halves of one side; out is empty, or the caller frees what is in it. */
static bool collect(const struct gw_joiner *j, enum side side, struct gw_halves *out)
{
	bool ok = true;

	*out = (struct gw_halves){ 0 };
	for (size_t i = 0; i < j->count && ok; i++) {
		if (j->boxes[i].plan != NULL)
			ok = add_side(&j->boxes[i], side, out);
	}
	return ok;
}

static bool any_unproved(const struct gw_joiner *j)
{
	for (size_t i = 0; i < j->count; i++) {
		if (j->boxes[i].plan != NULL && j->boxes[i].unproved)
			return true;
	}
	return false;
}

/* Adds the sizes of messages that can be identified by headers alone. */
static bool add_sizes(struct gw_joiner *j, enum side side, struct gw_seqset *there, bool in_all,
	struct gw_seqset *trash)
{
	struct gw_halves list;
	bool ok = collect(j, side, &list);

	for (size_t i = 0; i < list.count && ok; i++) {
		uint32_t size =
			list.list[i].size < UINT32_MAX ? (uint32_t)list.list[i].size : UINT32_MAX;

		if (list.list[i].id != 0 || size == 0 || size == UINT32_MAX)
			continue;
		ok = gw_seqset_add(trash, size, size) == GW_OK &&
		     (!in_all || gw_seqset_add(there, size, size) == GW_OK);
	}
	free(list.list);
	return ok;
}

bool gw_join_sizes(struct gw_joiner *j, struct gw_seqset *there, struct gw_seqset *trash)
{
	bool doubt = any_unproved(j), ok;
	struct gw_halves fresh;

	ok = collect(j, NEW_HERE, &fresh) && add_sizes(j, GONE_THERE, there, true, trash) &&
	     add_sizes(j, GONE_HERE, there, doubt, trash) &&
	     add_sizes(j, GONE_BOTH, there, doubt || fresh.count > 0, trash);
	free(fresh.list);
	return ok;
}

bool gw_join_left_here(struct gw_joiner *j, struct gw_halves *out)
{
	return collect(j, GONE_HERE, out);
}

/* --- what a match means ------------------------------------------------------------------------ */

static struct gw_action *action_of(const struct gw_joiner *j, const struct gw_half *h)
{
	return &j->boxes[h->box].plan->actions[h->action];
}

static void put_off(struct gw_joiner *j, uint32_t box, uint32_t action)
{
	j->boxes[box].plan->actions[action].kind = GW_DO_NOTHING;
	j->boxes[box].plan->look_again = true;
	j->boxes[box].put_off = true;
}

static const struct gw_base_msg *row_of(const struct gw_join_box *box, uint32_t uid)
{
	size_t b = gw_base_find(box->base, box->base_count, uid);

	return b == box->base_count ? NULL : &box->base[b];
}

/* Returns the server's flags of a message gone here. */
static uint64_t flags_there(const struct gw_join_box *box, const struct gw_action *a)
{
	const struct gw_base_msg *row = row_of(box, a->uid);

	return a->kind == GW_DO_DELETE_REMOTE || a->kind == GW_DO_RETURN || row == NULL
		       ? a->flags
		       : row->flags;
}

static uint64_t flags_in_base(const struct gw_join_box *box, const struct gw_action *a)
{
	const struct gw_base_msg *row = row_of(box, a->uid);

	return row == NULL ? flags_there(box, a) : row->flags;
}

/* Returns the new join, with its flags; NULL: out of memory, and the halves wait. */
static struct gw_join *add_join(struct gw_joiner *j, enum gw_join_kind kind,
	const struct gw_half *gone, const struct gw_half *fresh)
{
	const struct gw_join_box *box = &j->boxes[gone->box];
	struct gw_join *join =
		gw_array_push((void **)&j->joins, &j->join_count, &j->join_cap, sizeof *j->joins);

	if (join == NULL) {
		put_off(j, gone->box, gone->action);
		if (!fresh->refused)
			put_off(j, fresh->box, fresh->action);
		return NULL;
	}
	*join = (struct gw_join){ .kind = kind,
		.gone = { gone->box, gone->action },
		.fresh = { fresh->box, fresh->refused ? GW_NO_LOCAL : fresh->action },
		.flags = flags_there(box, action_of(j, gone)),
		.base = flags_in_base(box, action_of(j, gone)) };
	return join;
}

/* The message goes where its file is. */
static void move(struct gw_joiner *j, enum gw_join_kind kind, const struct gw_half *gone,
	const struct gw_half *fresh)
{
	if (add_join(j, kind, gone, fresh) != NULL)
		action_of(j, gone)->kind = action_of(j, fresh)->kind = GW_DO_NOTHING;
}

/* The message is that file now. */
static void relink(struct gw_joiner *j, const struct gw_half *gone, const struct gw_half *fresh)
{
	struct gw_action *old = action_of(j, gone);
	const struct gw_join *join = add_join(j, GW_JOIN_RENAMED, gone, fresh);

	if (join == NULL)
		return;
	old->base_flags = join->flags;
	old->kind = GW_DO_RELINK;
	old->local = fresh->refused ? fresh->action : action_of(j, fresh)->local;
	if (!fresh->refused)
		action_of(j, fresh)->kind = GW_DO_NOTHING;
}

/* The new one is stored, with what was changed there meanwhile, before the old one goes. */
static void replace(struct gw_joiner *j, const struct gw_half *gone, const struct gw_half *fresh)
{
	struct gw_action *old = action_of(j, gone), *new = action_of(j, fresh);
	const struct gw_join *join = add_join(j, GW_JOIN_EDITED, gone, fresh);

	if (join == NULL)
		return;
	new->flags |= join->flags & ~GW_FLAG_DELETED & j->boxes[gone->box].storable;
	old->kind = GW_DO_REPLACED;
	old->local = new->local;
}

/* An edit where the server merges: stored again, it would become one with the old message and go to the
 * trash with it.  The message stays as it was, for the new file. */
static bool merged(struct gw_joiner *j, const struct gw_half *gone, const struct gw_half *fresh,
	enum gw_match_kind kind)
{
	bool same = gone->box == fresh->box;

	if (!j->merges || (kind != GW_MATCH_EDIT && kind != GW_MATCH_BLOCKED) ||
		(kind == GW_MATCH_BLOCKED && (!same || gone->untold)))
		return false;
	if (same)
		relink(j, gone, fresh);
	else
		move(j, GW_JOIN_MOVED, gone, fresh);
	return true;
}

/* Halves and their match; there is none of a match of two. */
struct found {
	const struct gw_half *gone, *fresh, *there;
	enum gw_match_kind kind;
};

static void join_here(struct gw_joiner *j, const struct found *f)
{
	if (merged(j, f->gone, f->fresh, f->kind))
		return;
	switch (f->kind) {
	case GW_MATCH_WAITS:
		put_off(j, f->gone->box, f->gone->action);
		put_off(j, f->fresh->box, f->fresh->action);
		break;
	case GW_MATCH_BLOCKED:
		if (add_join(j, GW_JOIN_BLOCKED, f->gone, f->fresh) != NULL)
			action_of(j, f->gone)->kind = GW_DO_NOTHING;
		break;
	case GW_MATCH_SAME:
		relink(j, f->gone, f->fresh);
		break;
	case GW_MATCH_MOVE:
		move(j, GW_JOIN_MOVED, f->gone, f->fresh);
		break;
	case GW_MATCH_EDIT:
		replace(j, f->gone, f->fresh);
		break;
	}
}

static void join_crossed(struct gw_joiner *j, const struct found *f)
{
	move(j, GW_JOIN_MOVED_BACK, f->gone, f->fresh);
}

static void join_there(struct gw_joiner *j, const struct found *f)
{
	const struct gw_action *old = action_of(j, f->gone);

	if (j->push || row_of(&j->boxes[f->gone->box], old->uid) == NULL ||
		add_join(j, GW_JOIN_FOLLOWS, f->gone, f->fresh) == NULL)
		return;
	action_of(j, f->gone)->kind = GW_DO_NOTHING;
	action_of(j, f->fresh)->kind = GW_DO_TAKE;
}

/* Joins a message moved to two places: it cannot be in both, or it would be doubled (except on
 * Gmail, where they are two labels).  Giving it only another name or UID is no move, and a move
 * outlives the trash.  Otherwise the user here is followed: a filter may have done it there. */
static void join_both(struct gw_joiner *j, const struct found *f)
{
	uint32_t from = f->gone->box;
	bool renamed_here = f->fresh->box == from, renamed_there = f->there->box == from;
	bool follows =
		!j->push && (renamed_here || (j->boxes[f->fresh->box].trash && !renamed_there));
	const struct gw_action *old = action_of(j, f->gone);
	struct gw_action *new = action_of(j, f->there);
	struct gw_join *join;

	if (f->fresh->refused || (j->merges && !renamed_here && !renamed_there) ||
		(follows && row_of(&j->boxes[from], old->uid) == NULL))
		return;
	join = add_join(j, follows ? GW_JOIN_REUNITED : GW_JOIN_TORN, f->gone, f->fresh);
	if (join == NULL) {
		put_off(j, f->there->box, f->there->action);
		return;
	}
	join->there = (struct gw_join_end){ f->there->box, f->there->action };
	if (!follows)
		join->flags = flags_there(&j->boxes[f->there->box], new);
	action_of(j, f->gone)->kind = action_of(j, f->fresh)->kind = GW_DO_NOTHING;
	new->kind = follows ? GW_DO_TAKE : GW_DO_NOTHING;
}

static void join_paired(struct gw_joiner *j, const struct found *f)
{
	if (f->kind == GW_MATCH_MOVE)
		add_join(j, GW_JOIN_PAIRED, f->gone, f->fresh);
}

/* Its name has the letters of its old mailbox, which are known until that row goes. */
static void join_orphan(struct gw_joiner *j, const struct found *f)
{
	if (f->kind == GW_MATCH_MOVE && f->fresh->lettered && !j->dry_run &&
		add_join(j, GW_JOIN_ORPHAN, f->gone, f->fresh) != NULL)
		action_of(j, f->gone)->kind = GW_DO_NOTHING;
}

/* Its file stands in another mailbox: it was moved there while we looked. */
static void spare_named(struct gw_joiner *j, const struct found *f)
{
	action_of(j, f->gone)->kind = GW_DO_FORGET;
}

/* Moved here, and its message is in the new mailbox: a run was killed between its COPY and its EXPUNGE,
 * and only the latter is left to do. */
static void join_halfway(struct gw_joiner *j, const struct found *f)
{
	struct gw_action *copy = action_of(j, f->fresh);

	if (f->kind == GW_MATCH_MOVE && !copy->check_body && f->fresh->copied &&
		add_join(j, GW_JOIN_COPIED, f->gone, f->fresh) != NULL)
		copy->copied = true; /* should the rest be refused again */
}

/* For the trash, and there already: likewise. */
static void join_trashed(struct gw_joiner *j, const struct found *f)
{
	if (j->boxes[f->fresh->box].trash && add_join(j, GW_JOIN_COPIED, f->gone, f->fresh) != NULL)
		action_of(j, f->fresh)->copied = true;
}

/* Puts both halves off: nothing counts as gone now, so neither half is new, or it would be in both
 * places. */
static void put_off_both(struct gw_joiner *j, const struct found *f)
{
	if (f->fresh->refused)
		return;
	put_off(j, f->fresh->box, f->fresh->action);
	put_off(j, f->there->box, f->there->action);
}

/* --- in which order ------------------------------------------------------------------------------ */

enum by { NAME, CONTENT, SERVER, CROSSED, BOTH, MESSAGE_ID };

/* A kind of halves that belong together, and what is done about them. */
struct joint {
	enum side gone, fresh;
	enum by by; /* BOTH: and NEW_THERE */
	void (*join)(struct gw_joiner *j, const struct found *f);
};

static size_t match(enum by by, bool merges, const struct gw_halves *gone,
	const struct gw_halves *fresh, const struct gw_halves *there, struct gw_match *out)
{
	switch (by) {
	case NAME:
		return gw_match_named(gone->list, gone->count, fresh->list, fresh->count, out);
	case CONTENT:
		return gw_match_here(gone->list, gone->count, fresh->list, fresh->count, out);
	case SERVER:
		return gw_match_there(gone->list, gone->count, fresh->list, fresh->count, out);
	case CROSSED:
		return gw_match_crossed(gone->list, gone->count, fresh->list, fresh->count, out);
	case BOTH:
		return gw_match_both(gone->list, gone->count, fresh->list, fresh->count,
			there->list, there->count, out);
	case MESSAGE_ID:
		return gw_match_edits(
			gone->list, gone->count, fresh->list, fresh->count, merges, out);
	}
	return 0;
}

static void join_kind(struct gw_joiner *j, const struct joint *joint)
{
	static const struct gw_half none;
	struct gw_halves gone, fresh = { 0 }, there = { 0 };
	struct gw_match *out = NULL;
	size_t n = 0;

	if (collect(j, joint->gone, &gone) && gone.count > 0 && collect(j, joint->fresh, &fresh) &&
		fresh.list != NULL &&
		(joint->by != BOTH || (collect(j, NEW_THERE, &there) && there.list != NULL)))
		out = calloc(gone.count, sizeof *out);
	if (out != NULL)
		n = match(joint->by, j->merges, &gone, &fresh, &there, out);
	for (size_t i = 0; i < n; i++)
		joint->join(j, &(struct found){ &gone.list[out[i].gone], &fresh.list[out[i].fresh],
				       joint->by == BOTH ? &there.list[out[i].there] : &none,
				       out[i].kind });
	free(out);
	free(gone.list);
	free(fresh.list);
	free(there.list);
}

/* E4: each kind sees what the ones before have left; the best evidence comes first. */
static void join_all(struct gw_joiner *j)
{
	static const struct joint joints[] = { { GONE_HERE, NEW_HERE, NAME, join_here },
		{ GONE_HERE, GONE_THERE, CROSSED, join_crossed },
		{ GONE_HERE, NEW_HERE, CONTENT, join_here },
		{ GONE_HERE, PAIRED, CONTENT, join_halfway },
		{ GONE_THERE, NEW_THERE, SERVER, join_there },
		{ GONE_BOTH, NEW_HERE, BOTH, join_both },
		{ GONE_BOTH, PAIRED, CONTENT, join_paired },
		{ GONE_BOTH, NEW_HERE, CONTENT, join_orphan },
		{ GONE_THERE, NAMED_HERE, CROSSED, spare_named },
		{ GONE_HERE, NEW_HERE, MESSAGE_ID, join_here },
		{ GONE_HERE, NEW_THERE, SERVER, join_trashed } };

	for (size_t i = 0; i < sizeof joints / sizeof *joints; i++)
		join_kind(j, &joints[i]);
}

/* --- where listings do not add up, or nothing comes to rest ---------------------------------------- */

typedef size_t match_fn(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out);

/* Brings the halves that were matched to the front.  found has room for count. */
static void sort_out(struct gw_half *gone, size_t count, const struct gw_match *matches,
	size_t match_count, struct gw_half *found)
{
	size_t n = match_count;

	for (size_t i = 0; i < match_count; i++) {
		struct gw_half *h = &gone[matches[i].gone];

		found[i] = *h;
		h->unknown = true; /* so it has its place; none of these was */
	}
	for (size_t i = 0; i < count; i++) {
		if (!gone[i].unknown)
			found[n++] = gone[i];
	}
	memcpy(gone, found, n * sizeof *gone);
}

/* Puts off new messages that may be these, moved, until more is known.  Returns how many have such
 * a half; those come first afterwards. */
static size_t put_off_fresh(
	struct gw_joiner *j, struct gw_half *gone, size_t count, enum side side, match_fn *matches)
{
	struct gw_halves fresh;
	bool ok = collect(j, side, &fresh);
	struct gw_match *out = calloc(count + 1, sizeof *out);
	struct gw_half *found = calloc(count + 1, sizeof *found);
	size_t n = 0;

	if (ok && fresh.list != NULL && out != NULL && found != NULL)
		n = matches(gone, count, fresh.list, fresh.count, out);
	for (size_t i = 0; i < n; i++) {
		const struct gw_half *half = &fresh.list[out[i].fresh];

		if (!half->refused)
			put_off(j, half->box, half->action);
	}
	if (n > 0)
		sort_out(gone, count, out, n, found);
	free(out);
	free(found);
	free(fresh.list);
	return n;
}

static size_t keep_untold(struct gw_halves *halves)
{
	size_t n = 0;

	for (size_t i = 0; i < halves->count; i++) {
		if (halves->list[i].untold)
			halves->list[n++] = halves->list[i];
	}
	return n;
}

static size_t keep_doubtful(struct gw_halves *halves, const struct gw_doubt *doubt)
{
	size_t n = 0;

	for (size_t i = 0; i < halves->count; i++) {
		if (gw_doubt_covers(doubt, halves->list[i].name, true))
			halves->list[n++] = halves->list[i];
	}
	return n;
}

/* Puts off moves here whose message the server did not report: it may have been moved there, too.
 * If such a one came there, all of it waits, or it would be in both places.  Where nothing counts
 * as gone, its half here waits in any case. */
static void put_off_untold(struct gw_joiner *j)
{
	struct gw_halves gone = { 0 };
	size_t n, torn;

	if (any_unproved(j) && collect(j, GONE_HERE, &gone) && (n = keep_untold(&gone)) > 0) {
		torn = put_off_fresh(j, gone.list, n, NEW_THERE, gw_match_there);
		for (size_t i = 0; i < torn; i++)
			put_off(j, gone.list[i].box, gone.list[i].action);
		put_off_fresh(j, gone.list, j->restless ? n : torn, NEW_HERE, gw_match_here);
	}
	free(gone.list);
}

/* Puts off what came there and may be one half of a move whose half here waits in the mailbox that does
 * not add up. */
static void put_off_halves(struct gw_joiner *j, const struct gw_doubt *doubt)
{
	struct gw_halves gone;

	if (collect(j, GONE_BOTH, &gone))
		put_off_fresh(j, gone.list, keep_doubtful(&gone, doubt), NEW_THERE, gw_match_there);
	free(gone.list);
}

/* Does nothing about gone messages that may be in the mailbox that does not add up. */
static void spare_covered(struct gw_joiner *j, const struct gw_doubt *doubt)
{
	for (size_t b = 0; b < j->count; b++) {
		const struct gw_join_box *box = &j->boxes[b];

		for (size_t i = 0; i < box->gone.count && box->plan != NULL; i++) {
			const struct gw_half *h = &box->gone.list[i];
			const struct gw_action *a = &box->plan->actions[h->action];
			bool gone_here = !gw_action_is_gone_there(a) && a->local == GW_NO_LOCAL;

			if (is_gone(box, a) && gw_doubt_covers(doubt, h->name, gone_here))
				put_off(j, (uint32_t)b, h->action);
		}
	}
}

/* Acts on each mailbox whose listings do not add up: what seems to be gone may have come there. */
static void each_doubt(
	struct gw_joiner *j, void (*act)(struct gw_joiner *j, const struct gw_doubt *doubt))
{
	for (size_t d = 0; d < j->count; d++) {
		if (j->boxes[d].plan != NULL && j->boxes[d].unproved)
			act(j, &j->boxes[d].doubt);
	}
}

/* Spares all planned mailboxes: they kept changing during the look. */
static void spare(struct gw_joiner *j)
{
	for (size_t b = 0; b < j->count; b++) {
		const struct gw_join_box *box = &j->boxes[b];

		for (size_t i = 0; box->plan != NULL && i < box->plan->count; i++) {
			if (is_gone(box, &box->plan->actions[i]))
				put_off(j, (uint32_t)b, (uint32_t)i);
		}
	}
}

void gw_join_account(struct gw_joiner *j)
{
	static const struct joint torn = { GONE_BOTH, NEW_HERE, BOTH, put_off_both };

	put_off_untold(j);
	if (j->restless) {
		join_kind(j, &torn);
		each_doubt(j, put_off_halves);
		spare(j);
	}
	join_all(j);
	each_doubt(j, put_off_halves);
	each_doubt(j, spare_covered);
}
