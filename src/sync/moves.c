/* sync/moves.c - what one mailbox's plan means beside those of the others; part of
 * sync_p.h.
 *
 * Something that is gone may stand in another mailbox: moved, here or there.  So a plan in which
 * something is gone waits until every mailbox was looked at; what is gone is looked at once more,
 * and the others too if they changed meanwhile (a reader copies first and unlinks later).  Then
 * halves are joined, and the plans are carried out.  Deletions wait for everything else.
 */
#include "sync/sync_p.h"

#include "plan/match.h"

#include <stdlib.h>

enum { RECHECKS = 3, REQUEUES = 2 };

static bool any(const struct gw_sync *s, bool (*test)(const struct gw_box *box))
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED && test(s->entries[i].box))
			return true;
	}
	return false;
}

static bool all_reached(const struct gw_sync *s, enum gw_entry_stage stage)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (!s->entries[i].settled && s->entries[i].stage < stage)
			return false;
	}
	return true;
}

static void proceed(struct gw_entry *e)
{
	e->stage = ENTRY_WORKING;
	gw_box_proceed(e->box);
}

/* True if this one may go on before all others were looked at. */
static bool stands_alone(const struct gw_sync *s, const struct gw_entry *e)
{
	if (gw_box_has_gone(e->box) || gw_box_is_unproved(e->box))
		return false;
	if (!gw_box_has_fresh(e->box))
		return true;
	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *x = &s->entries[i];
		bool planned = x->stage == ENTRY_PLANNED;

		if (x == e || x->settled || x->stage > ENTRY_PLANNED)
			continue;
		if (planned ? gw_box_has_gone(x->box) : x->may_lose)
			return false;
	}
	return true;
}

/* --- the second look ------------------------------------------------------------------------- */

/* Returns when something was last seen to be gone.  Whatever it became existed by then, so a look
 * that began later shows it, even where our own writing, or the clock's granularity, makes stamps
 * worthless. */
static uint64_t gone_since(const struct gw_sync *s)
{
	uint64_t last = 0;

	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];
		uint64_t at = e->stage == ENTRY_PLANNED && gw_box_has_gone(e->box)
				      ? gw_box_saw_at(e->box)
				      : 0;

		last = at > last ? at : last;
	}
	return last;
}

static bool must_be_confirmed(const struct gw_entry *e, uint64_t since)
{
	return e->stage == ENTRY_PLANNED &&
	       ((gw_box_has_gone(e->box) && !gw_box_is_confirmed(e->box)) ||
		       (gw_box_fresh_from(e->box) < since && !gw_box_stamps_hold(e->box)));
}

static bool confirm(struct gw_sync *s)
{
	uint64_t since = gone_since(s);
	bool asked = false;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (!must_be_confirmed(e, since))
			continue;
		e->stage = ENTRY_LOOKING;
		asked = true;
		gw_box_confirm(e->box);
	}
	return asked;
}

/* Looks at it (again), unless that was done often enough. */
static bool requeue(struct gw_sync *s, struct gw_entry *e, bool remote_changed)
{
	if (e->failed)
		return false;
	if (e->requeues >= REQUEUES) {
		s->restless = true;
		return false;
	}
	e->requeues++;
	e->remote_same = !remote_changed && e->row.uidvalidity != 0; /* it was asked in this run */
	if (e->stage == ENTRY_PLANNED) {
		gw_box_restart(e->box);
		return true;
	}
	if (!e->settled)
		return false;
	e->settled = e->queued = false;
	e->dirty = true;
	e->stage = ENTRY_WAITING;
	s->pump_again = true;
	s->counts.mailboxes_changed += !e->done_once;
	return true;
}

/* Mailboxes whose files changed since they were looked at, or may have. */
static bool recheck_stamps(struct gw_sync *s)
{
	uint64_t since = gone_since(s);
	bool found = false;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];
		bool holds = e->stage == ENTRY_PLANNED ? !gw_box_has_news(e->box)
						       : !e->settled || e->fresh_from > since ||
								 gw_sync_local_unchanged(s, e) ||
								 gw_sync_local_as_seen(s, e);

		if (!holds)
			found |= requeue(s, e, false);
	}
	return found;
}

static bool recheck_counts(struct gw_sync *s)
{
	bool found = false;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];
		const struct gw_folder *f = e->folder;
		bool holds = true;

		if (f->stale) /* the box knows better */
			continue;
		if (e->stage == ENTRY_PLANNED)
			holds = gw_box_counts_hold(e->box, f);
		else if (e->settled && (f->items & GW_ITEM_UIDNEXT))
			holds = f->uidnext == e->row.uidnext || f->uidnext == e->seen_uidnext;
		if (!holds)
			found |= requeue(s, e, true);
	}
	return found;
}

void gw_sync_renew_looks(struct gw_sync *s)
{
	s->rechecks = 0;
	for (size_t i = 0; i < s->entry_count; i++)
		s->entries[i].requeues = 0;
}

void gw_moves_counted(struct gw_sync *s)
{
	s->recheck = RECHECK_CAME;
}

/* true: wait, something is asked for or is looked at again. */
static bool look_twice(struct gw_sync *s)
{
	if (confirm(s))
		return true;
	if (s->rechecks >= RECHECKS) {
		s->restless = true;
		return false;
	}
	if (s->recheck == RECHECK_NONE) {
		if (recheck_stamps(s))
			return true;
		s->recheck = RECHECK_CAME;
		if (any(s, gw_box_has_gone_there) && gw_sync_ask_counts(s))
			s->recheck = RECHECK_ASKED;
	}
	if (s->recheck == RECHECK_ASKED)
		return true;
	if (s->recheck == RECHECK_CAME) {
		s->rechecks++;
		s->recheck = recheck_counts(s) ? RECHECK_NONE : RECHECK_DONE;
	}
	return s->recheck == RECHECK_NONE;
}

/* --- joining --------------------------------------------------------------------------------- */

static bool collect(struct gw_sync *s, struct gw_all_halves *h)
{
	bool ok = true;

	h->merges = s->env.merges;
	for (size_t i = 0; i < s->entry_count && ok; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			ok = gw_box_add_halves(s->entries[i].box, (uint32_t)i, h);
	}
	return ok;
}

static void free_halves(struct gw_all_halves *h)
{
	free(h->gone_here.list);
	free(h->fresh_here.list);
	free(h->gone_there.list);
	free(h->fresh_there.list);
	free(h->named_here.list);
	free(h->gone_both.list);
	free(h->paired.list);
}

/* Adds the sizes of messages that can be identified by headers alone. */
static bool add_sizes(struct gw_seqset *sizes, const struct gw_halves *halves)
{
	bool ok = true;

	for (size_t i = 0; i < halves->count && ok; i++) {
		uint64_t size = halves->list[i].size;

		if (halves->list[i].id == 0 && size > 0 && size < UINT32_MAX)
			ok = gw_seqset_add(sizes, (uint32_t)size, (uint32_t)size) == GW_OK;
	}
	return ok;
}

static bool is_trash(const struct gw_sync *s, const struct gw_entry *e)
{
	return s->trash != NULL && strcmp(e->folder->wire, s->trash) == 0;
}

/* Asks all mail about what may only be hidden. */
static bool ask_all(struct gw_sync *s)
{
	bool asked = false;
	uint64_t gone = 0;

	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			gone += gw_box_count_gone_there(s->entries[i].box);
	}
	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (e->stage != ENTRY_PLANNED || !gw_box_may_hide(e->box, gone))
			continue;
		e->stage = ENTRY_LOOKING; /* until all mail has answered */
		asked = true;
		gw_box_ask_all(e->box);
	}
	return asked;
}

/* Asks for the headers of what is new there and as large as something that is gone there; in the
 * trash also as something that is gone here. */
static bool ask_heads(struct gw_sync *s)
{
	struct gw_all_halves h = { 0 };
	struct gw_seqset there = { 0 }, both = { 0 };
	bool asked = false, ok = collect(s, &h);
	bool doubt = any(s, gw_box_is_unproved);

	ok = ok && add_sizes(&there, &h.gone_there) &&
	     (!doubt || add_sizes(&there, &h.gone_here)) &&
	     ((!doubt && h.fresh_here.count == 0) || add_sizes(&there, &h.gone_both)) &&
	     add_sizes(&both, &h.gone_there) && add_sizes(&both, &h.gone_here) &&
	     add_sizes(&both, &h.gone_both);

	for (size_t i = 0; i < s->entry_count && ok; i++) {
		struct gw_entry *e = &s->entries[i];
		const struct gw_seqset *sizes = is_trash(s, e) ? &both : &there;

		if (e->stage != ENTRY_PLANNED || e->headed || sizes->count == 0)
			continue;
		e->headed = true;
		e->stage = ENTRY_LOOKING; /* until the headers are there */
		if (gw_box_fetch_heads(e->box, sizes))
			asked = true;
		else
			e->stage = ENTRY_PLANNED;
	}
	gw_seqset_deinit(&there);
	gw_seqset_deinit(&both);
	free_halves(&h);
	return asked;
}

/* A kind of halves that belong together, and what is done about them. */
struct joint {
	size_t (*match)(const struct gw_all_halves *h, struct gw_match *out);
	void (*join)(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m);
};

static size_t moved_by_name(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_named(h->gone_here.list, h->gone_here.count, h->fresh_here.list,
		h->fresh_here.count, out);
}

static size_t moved_here(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_here(h->gone_here.list, h->gone_here.count, h->fresh_here.list,
		h->fresh_here.count, out);
}

static size_t edited_here(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_edits(h->gone_here.list, h->gone_here.count, h->fresh_here.list,
		h->fresh_here.count, h->merges, out);
}

static void join_here(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *gone = &h->gone_here.list[m->gone];
	const struct gw_half *fresh = &h->fresh_here.list[m->fresh];

	if (m->kind == GW_MATCH_WAITS) {
		gw_box_put_off(s->entries[gone->box].box, gone->action);
		gw_box_put_off(s->entries[fresh->box].box, fresh->action);
		return;
	}
	gw_box_join_here(s->entries[gone->box].box, gone->action, s->entries[fresh->box].box,
		fresh->action, (int)m->kind);
}

static size_t moved_there(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_there(h->gone_there.list, h->gone_there.count, h->fresh_there.list,
		h->fresh_there.count, out);
}

static void join_there(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *gone = &h->gone_there.list[m->gone];
	const struct gw_half *fresh = &h->fresh_there.list[m->fresh];

	if (s->account->direction == GW_DIRECTION_PUSH) /* no file follows */
		return;
	gw_box_join_there(
		s->entries[gone->box].box, gone->action, s->entries[fresh->box].box, fresh->action);
}

static size_t moved_on_both(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_both(h->gone_both.list, h->gone_both.count, h->fresh_here.list,
		h->fresh_here.count, h->fresh_there.list, h->fresh_there.count, out);
}

/* Joins a message moved to two places: it cannot be in both, or it would be doubled (except on
 * Gmail, where they are two labels).  Giving it only another name or UID is no move, and a move
 * outlives the trash.  Otherwise the user here is followed: a filter may have done it there. */
static void join_both(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *gone = &h->gone_both.list[m->gone];
	const struct gw_half *here = &h->fresh_here.list[m->fresh];
	const struct gw_half *there = &h->fresh_there.list[m->there];
	struct gw_entry *to_here = &s->entries[here->box], *to_there = &s->entries[there->box];
	bool renamed_here = here->box == gone->box, renamed_there = there->box == gone->box;
	bool follows = s->account->direction != GW_DIRECTION_PUSH &&
		       (renamed_here || (is_trash(s, to_here) && !renamed_there));

	if (here->refused || (h->merges && !renamed_here && !renamed_there))
		return;
	gw_box_join_both(s->entries[gone->box].box, gone->action, to_here->box, here->action,
		to_there->box, there->action, follows);
}

static size_t moved_and_deleted(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_here(h->gone_both.list, h->gone_both.count, h->fresh_here.list,
		h->fresh_here.count, out);
}

static void join_orphan(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *gone = &h->gone_both.list[m->gone];
	const struct gw_half *fresh = &h->fresh_here.list[m->fresh];

	if (m->kind == GW_MATCH_MOVE)
		gw_box_join_orphan(s->entries[gone->box].box, gone->action,
			s->entries[fresh->box].box, fresh->action);
}

static size_t moved_alike(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_here(
		h->gone_both.list, h->gone_both.count, h->paired.list, h->paired.count, out);
}

static void join_paired(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *paired = &h->paired.list[m->fresh];

	if (m->kind == GW_MATCH_MOVE)
		gw_box_join_paired(s->entries[h->gone_both.list[m->gone].box].box,
			s->entries[paired->box].box, paired->action);
}

/* Puts both halves off: nothing counts as gone now, so neither half is new, or it would be in both
 * places. */
static void put_off_both(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *here = &h->fresh_here.list[m->fresh];
	const struct gw_half *there = &h->fresh_there.list[m->there];

	if (here->refused)
		return;
	gw_box_put_off(s->entries[here->box].box, here->action);
	gw_box_put_off(s->entries[there->box].box, there->action);
}

/* Files that stand in two places, since they were moved while we looked. */
static size_t named_twice(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_crossed(h->gone_there.list, h->gone_there.count, h->named_here.list,
		h->named_here.count, out);
}

static void spare_named(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *gone = &h->gone_there.list[m->gone];

	gw_box_was_moved(s->entries[gone->box].box, gone->action);
}

static size_t moved_back(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_crossed(h->gone_here.list, h->gone_here.count, h->gone_there.list,
		h->gone_there.count, out);
}

static void join_crossed(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *here = &h->gone_here.list[m->gone];
	const struct gw_half *there = &h->gone_there.list[m->fresh];

	gw_box_join_crossed(
		s->entries[here->box].box, here->action, s->entries[there->box].box, there->action);
}

/* Matches moves here whose message is in its new mailbox there: a run was killed between its COPY
 * and its EXPUNGE, and only the latter is left to do. */
static size_t moved_halfway(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_here(
		h->gone_here.list, h->gone_here.count, h->paired.list, h->paired.count, out);
}

static void join_halfway(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *gone = &h->gone_here.list[m->gone];
	const struct gw_half *copy = &h->paired.list[m->fresh];

	if (m->kind == GW_MATCH_MOVE)
		gw_box_has_copy(s->entries[gone->box].box, gone->action, s->entries[copy->box].box,
			copy->action);
}

/* Matches messages for the trash that are there already: a run was killed between its COPY and its
 * EXPUNGE. */
static size_t trashed(const struct gw_all_halves *h, struct gw_match *out)
{
	return gw_match_there(h->gone_here.list, h->gone_here.count, h->fresh_there.list,
		h->fresh_there.count, out);
}

static void join_trashed(struct gw_sync *s, const struct gw_all_halves *h, const struct gw_match *m)
{
	const struct gw_half *gone = &h->gone_here.list[m->gone];
	const struct gw_half *copy = &h->fresh_there.list[m->fresh];

	if (is_trash(s, &s->entries[copy->box]))
		gw_box_has_copy(s->entries[gone->box].box, gone->action, s->entries[copy->box].box,
			copy->action);
}

static void join_kind(struct gw_sync *s, const struct joint *joint)
{
	struct gw_all_halves h = { 0 };
	struct gw_match *out = NULL;
	size_t n = 0;

	if (collect(s, &h))
		out = calloc(h.gone_here.count + h.gone_there.count + h.gone_both.count + 1,
			sizeof *out);
	if (out != NULL)
		n = joint->match(&h, out);
	for (size_t i = 0; i < n; i++)
		joint->join(s, &h, &out[i]);
	free(out);
	free_halves(&h);
}

/* Each kind sees what the ones before have left: the best evidence comes first. */
static void join(struct gw_sync *s)
{
	static const struct joint joints[] = { { moved_by_name, join_here },
		{ moved_back, join_crossed }, { moved_here, join_here },
		{ moved_halfway, join_halfway }, { moved_there, join_there },
		{ moved_on_both, join_both }, { moved_alike, join_paired },
		{ moved_and_deleted, join_orphan }, { named_twice, spare_named },
		{ edited_here, join_here }, { trashed, join_trashed } };

	for (size_t i = 0; i < sizeof joints / sizeof *joints; i++)
		join_kind(s, &joints[i]);
}

/* Spares all planned mailboxes: they kept changing during the look. */
static void spare(struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			gw_box_spare(s->entries[i].box);
	}
}

typedef size_t match_fn(const struct gw_half *gone, size_t gone_count, const struct gw_half *fresh,
	size_t fresh_count, struct gw_match *out);

/* Puts off new messages that may be these, moved, until more is known.  Returns how many have such
 * a half; those come first afterwards. */
static size_t put_off_fresh(struct gw_sync *s, struct gw_half *gone, size_t count,
	const struct gw_halves *fresh, match_fn *match)
{
	struct gw_match *out = calloc(count + 1, sizeof *out);
	struct gw_half *found = calloc(count + 1, sizeof *found);
	size_t n = out == NULL || found == NULL
			   ? 0
			   : match(gone, count, fresh->list, fresh->count, out);

	for (size_t i = 0; i < n; i++) {
		const struct gw_half *half = &fresh->list[out[i].fresh];

		if (!half->refused)
			gw_box_put_off(s->entries[half->box].box, half->action);
		found[i] = gone[out[i].gone];
	}
	if (n > 0)
		memcpy(gone, found, n * sizeof *gone);
	free(out);
	free(found);
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
static void put_off_untold(struct gw_sync *s)
{
	struct gw_all_halves h = { 0 };
	size_t n, torn;

	if (any(s, gw_box_is_unproved) && collect(s, &h) && (n = keep_untold(&h.gone_here)) > 0) {
		struct gw_half *gone = h.gone_here.list;

		torn = put_off_fresh(s, gone, n, &h.fresh_there, gw_match_there);
		for (size_t i = 0; i < torn; i++)
			gw_box_put_off(s->entries[gone[i].box].box, gone[i].action);
		put_off_fresh(s, gone, s->restless ? n : torn, &h.fresh_here, gw_match_here);
	}
	free_halves(&h);
}

/* Puts them off, too, if their half here waits in the mailbox that does not add up. */
static void put_off_halves(struct gw_sync *s, const struct gw_doubt *doubt)
{
	struct gw_all_halves h = { 0 };

	if (collect(s, &h))
		put_off_fresh(s, h.gone_both.list, keep_doubtful(&h.gone_both, doubt),
			&h.fresh_there, gw_match_there);
	free_halves(&h);
}

static void spare_covered(struct gw_sync *s, const struct gw_doubt *doubt)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			gw_box_spare_doubtful(s->entries[i].box, doubt);
	}
}

/* Acts on each mailbox whose listings do not add up: what seems to be gone may have come there. */
static void each_doubt(
	struct gw_sync *s, void (*act)(struct gw_sync *s, const struct gw_doubt *doubt))
{
	for (size_t d = 0; d < s->entry_count; d++) {
		const struct gw_entry *source = &s->entries[d];
		struct gw_doubt doubt;

		if (source->stage != ENTRY_PLANNED || !gw_box_is_unproved(source->box))
			continue;
		gw_box_doubt(source->box, &doubt);
		act(s, &doubt);
		gw_doubt_deinit(&doubt);
	}
}

/* After all that explains it otherwise. */
static bool ask_elsewhere(struct gw_sync *s)
{
	struct gw_all_halves h = { 0 };
	bool asked = collect(s, &h) && gw_sync_asks_elsewhere(s, &h.gone_here);

	free_halves(&h);
	return asked;
}

static void judge_all(struct gw_sync *s)
{
	gw_sync_tell_archive(s);
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			gw_box_judge(s->entries[i].box);
	}
	gw_sync_write_journal(s);
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			proceed(&s->entries[i]);
	}
}

void gw_sync_match(struct gw_sync *s)
{
	if (s->elsewhere_asked == GW_ELSEWHERE_ASKED)
		return;
	if (s->elsewhere_asked == GW_ELSEWHERE_CAME) {
		s->elsewhere_asked = GW_ELSEWHERE_NOT;
		judge_all(s);
		return;
	}
	if (!all_reached(s, ENTRY_PLANNED)) {
		for (size_t i = 0; i < s->entry_count; i++) {
			struct gw_entry *e = &s->entries[i];

			if (e->stage != ENTRY_PLANNED || gw_box_is_archive(e->box) ||
				!stands_alone(s, e))
				continue;
			gw_box_judge(e->box);
			gw_sync_write_journal(s);
			proceed(e);
		}
		return;
	}
	if (any(s, gw_box_has_gone)) {
		if (look_twice(s) || ask_all(s) || ask_heads(s))
			return;
	}
	if (gw_sync_sift_archive(s))
		return;
	if (any(s, gw_box_has_gone)) {
		put_off_untold(s);
		if (s->restless) {
			join_kind(s, &(struct joint){ moved_on_both, put_off_both });
			each_doubt(s, put_off_halves);
			spare(s);
		}
		join(s);
		each_doubt(s, put_off_halves);
		each_doubt(s, spare_covered);
		s->restless = false;
		s->recheck = RECHECK_NONE;
		if (ask_elsewhere(s))
			return;
	}
	judge_all(s);
}

void gw_sync_remove(struct gw_sync *s)
{
	bool all = all_reached(s, ENTRY_CREATED);

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (e->stage != ENTRY_CREATED || (!all && gw_box_must_wait_to_remove(e->box)))
			continue;
		e->stage = ENTRY_REMOVING;
		gw_box_remove(e->box);
	}
}

/* Boxes that wait for others give their connections to them. */
void gw_sync_yield(struct gw_sync *s)
{
	bool wanted = false;

	for (size_t i = 0; i < s->entry_count; i++)
		wanted |= s->entries[i].ready && s->entries[i].conn < 0;
	for (size_t i = 0; i < s->entry_count && wanted; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->conn >= 0 && (e->stage == ENTRY_PLANNED || e->stage == ENTRY_CREATED))
			gw_box_yield(e->box);
	}
}
