/* sync/moves.c - what one mailbox's plan means beside those of the others; part of
 * sync_p.h.
 *
 * Something that is gone may stand in another mailbox: moved, here or there.  So a plan in which
 * something is gone waits until every mailbox was looked at; what is gone is looked at once more,
 * and the others too if they changed meanwhile (a reader copies first and unlinks later).  Then
 * halves are joined, and the plans are carried out.  Deletions wait for everything else.
 */
#include "sync/sync_p.h"

#include "plan/join.h"

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

/* --- all mail, and headers ---------------------------------------------------------------------- */

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

/* Shows the judge all planned mailboxes.  false: out of memory. */
static bool show(struct gw_sync *s, struct gw_joiner *j)
{
	bool ok = gw_joiner_init(j, s->entry_count);

	j->merges = s->env.merges;
	j->push = s->account->direction == GW_DIRECTION_PUSH;
	j->dry_run = s->options.dry_run;
	j->restless = s->restless;
	for (size_t i = 0; i < s->entry_count && ok; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			ok = gw_box_show(s->entries[i].box, (uint32_t)i, &j->boxes[i]);
	}
	return ok;
}

/* Asks for the headers of what is new there and as large as something that is gone there; in the
 * trash also as something that is gone here. */
static bool ask_heads(struct gw_sync *s)
{
	struct gw_joiner j;
	struct gw_seqset there = { 0 }, trash = { 0 };
	bool asked = false, ok = show(s, &j) && gw_join_sizes(&j, &there, &trash);

	for (size_t i = 0; i < s->entry_count && ok; i++) {
		struct gw_entry *e = &s->entries[i];
		const struct gw_seqset *sizes;

		if (e->stage != ENTRY_PLANNED || e->headed)
			continue;
		sizes = j.boxes[i].trash ? &trash : &there;
		if (sizes->count == 0)
			continue;
		e->headed = true;
		e->stage = ENTRY_LOOKING; /* until the headers are there */
		if (gw_box_fetch_heads(e->box, sizes))
			asked = true;
		else
			e->stage = ENTRY_PLANNED;
	}
	gw_seqset_deinit(&there);
	gw_seqset_deinit(&trash);
	gw_joiner_deinit(&j);
	return asked;
}

/* --- joining ---------------------------------------------------------------------------------- */

static struct gw_box *box_of(const struct gw_sync *s, uint32_t number)
{
	return s->entries[number].box;
}

/* Lets the boxes do what the judge said. */
static void carry_out(struct gw_sync *s, const struct gw_joiner *j)
{
	for (size_t i = 0; i < j->count; i++) {
		if (j->boxes[i].put_off)
			gw_box_note_put_off(s->entries[i].box);
	}
	for (size_t i = 0; i < j->join_count; i++) {
		const struct gw_join *join = &j->joins[i];
		bool both = join->kind == GW_JOIN_TORN || join->kind == GW_JOIN_REUNITED;

		gw_box_join_halves(&(struct gw_box_joined){ box_of(s, join->gone.box),
					   box_of(s, join->fresh.box),
					   both ? box_of(s, join->there.box) : NULL },
			join);
	}
}

/* Joins halves; then asks where what is gone here and explained by nothing else may be.  true: wait for
 * that. */
static bool join(struct gw_sync *s)
{
	struct gw_joiner j;
	struct gw_halves left = { 0 };
	bool asked = false;

	if (!show(s, &j)) {
		gw_joiner_deinit(&j);
		gw_sync_fail_nomem(s);
		return true;
	}
	gw_join_account(&j);
	carry_out(s, &j);
	s->restless = false;
	s->recheck = RECHECK_NONE;
	asked = gw_join_left_here(&j, &left) && gw_sync_asks_elsewhere(s, &left);
	free(left.list);
	gw_joiner_deinit(&j);
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
	if (any(s, gw_box_has_gone) && join(s))
		return;
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
