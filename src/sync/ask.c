/* SPDX-License-Identifier: ISC */
/* sync/ask.c - gets the evidence that the judge (plan/judge.h) wants before plans are carried out, and does what it
 * says; part of sync_p.h.  What is asked for, of which mailboxes and in which order, is decided there.
 */
#include "sync/sync_p.h"

#include <stdlib.h>

/* --- what the judge sees ----------------------------------------------------------------------- */

static enum gw_case_stage stage_of(const struct gw_entry *e)
{
	if (e->settled)
		return GW_CASE_OVER;
	return e->stage < ENTRY_PLANNED    ? GW_CASE_LOOKING
	       : e->stage == ENTRY_PLANNED ? GW_CASE_PLANNED
					   : GW_CASE_ACTING;
}

/* True if its counts say that something came since it was looked at. */
static bool counts_differ(const struct gw_entry *e)
{
	const struct gw_folder *f = e->folder;

	if (f->stale) /* the box knows better */
		return false;
	if (e->stage == ENTRY_PLANNED)
		return !gw_box_counts_hold(e->box, f);
	return e->settled && (f->items & GW_ITEM_UIDNEXT) && f->uidnext != e->row.uidnext &&
	       f->uidnext != e->seen_uidnext;
}

/* false: out of memory, and the sync has failed. */
static bool show_cases(struct gw_sync *s)
{
	struct gw_judge *j = &s->judge;

	if (!gw_judge_begin(j, s->entry_count)) {
		gw_sync_fail_nomem(s);
		return false;
	}
	j->deleted_recently = s->deleted_recently;
	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];
		struct gw_case *c = &j->cases[i];

		c->stage = stage_of(e);
		c->failed = e->failed;
		c->fresh_from = e->fresh_from;
		c->stamps = GW_STAMPS_UNKNOWN;
		c->counts_differ = counts_differ(e);
		c->may_lose = e->may_lose;
		if (c->stage == GW_CASE_PLANNED)
			gw_box_show_case(e->box, c);
	}
	return true;
}

/* Shows the judge the halves in all planned mailboxes.  false: out of memory. */
static bool show_halves(struct gw_sync *s)
{
	struct gw_joiner *j = &s->judge.joiner;
	bool ok = gw_joiner_init(j, s->entry_count);

	j->merges = s->env.merges;
	j->push = s->account->direction == GW_DIRECTION_PUSH;
	j->dry_run = s->options.dry_run;
	for (size_t i = 0; i < s->entry_count && ok; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			ok = gw_box_show(s->entries[i].box, (uint32_t)i, &j->boxes[i]);
	}
	s->judge.shown = ok;
	return ok;
}

void gw_sync_forget_case(struct gw_sync *s, const struct gw_entry *e)
{
	size_t i = (size_t)(e - s->entries);

	if (i < s->judge.count)
		gw_judge_forget(&s->judge.cases[i]);
}

void gw_sync_renew_looks(struct gw_sync *s)
{
	gw_judge_renew(&s->judge);
}

void gw_ask_counted(struct gw_sync *s)
{
	gw_judge_counted(&s->judge);
}

/* --- what it asks for -------------------------------------------------------------------------- */

static void read_stamps(struct gw_sync *s, const struct gw_entry *e, struct gw_case *c)
{
	bool hold = e->stage == ENTRY_PLANNED
			    ? gw_box_stamps_hold(e->box)
			    : gw_sync_local_unchanged(s, e) || gw_sync_local_as_seen(s, e);

	c->stamps = hold ? GW_STAMPS_HOLD : GW_STAMPS_DIFFER;
}

/* Looks at it (again). */
static void look_again(struct gw_sync *s, struct gw_entry *e)
{
	e->remote_same =
		!s->judge.by_counts && e->row.uidvalidity != 0; /* it was asked in this run */
	if (e->stage == ENTRY_PLANNED) {
		gw_box_restart(e->box);
		return;
	}
	if (!e->settled)
		return;
	e->settled = e->queued = false;
	e->dirty = true;
	e->stage = ENTRY_WAITING;
	s->pump_again = true;
	s->counts.mailboxes_changed += !e->done_once;
}

/* Asks for headers.  false: there is no memory for that, and bodies are fetched instead. */
static bool fetch_heads(struct gw_sync *s, struct gw_entry *e, const struct gw_case *c)
{
	e->stage = ENTRY_LOOKING; /* until they are there */
	if (gw_box_fetch_heads(e->box, gw_judge_sizes(&s->judge, c)))
		return true;
	e->stage = ENTRY_PLANNED;
	return false;
}

static void judge_box(struct gw_entry *e)
{
	if (e->stage == ENTRY_PLANNED)
		gw_box_judge(e->box);
}

static void proceed(struct gw_entry *e)
{
	if (e->stage != ENTRY_PLANNED)
		return;
	e->stage = ENTRY_WORKING;
	gw_box_proceed(e->box);
}

/* Asks one of the mailboxes that the judge means.  true: an answer comes later. */
static bool ask(struct gw_sync *s, enum gw_judge_next what, struct gw_entry *e, struct gw_case *c)
{
	switch (what) {
	case GW_JUDGE_ALONE:
		judge_box(e);
		gw_sync_write_journal(s);
		proceed(e);
		return true;
	case GW_JUDGE_STAMPS:
		read_stamps(s, e, c);
		return false;
	case GW_JUDGE_CONFIRM:
		e->stage = ENTRY_LOOKING;
		gw_box_confirm(e->box);
		return true;
	case GW_JUDGE_AGAIN:
		look_again(s, e);
		return true;
	case GW_JUDGE_ALL_MAIL:
		e->stage = ENTRY_LOOKING; /* until all mail has answered */
		gw_box_ask_all(e->box);
		return true;
	case GW_JUDGE_HEADS:
		return fetch_heads(s, e, c);
	case GW_JUDGE_ARCHIVE:
		return gw_sync_sift_archive(s, e);
	case GW_JUDGE_WAIT: /* these are about all of them */
	case GW_JUDGE_COUNTS:
	case GW_JUDGE_HALVES:
	case GW_JUDGE_JOIN:
	case GW_JUDGE_ELSEWHERE:
	case GW_JUDGE_ACT:
		break;
	}
	return false;
}

/* One that ended meanwhile, because the run did, is not asked. */
static bool ask_each(struct gw_sync *s, enum gw_judge_next what)
{
	bool asked = false;

	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];
		struct gw_case *c = &s->judge.cases[i];

		if (c->asked && stage_of(e) == c->stage)
			asked |= ask(s, what, e, c);
	}
	return asked;
}

/* --- what it says -------------------------------------------------------------------------------- */

static struct gw_box *box_of(const struct gw_sync *s, uint32_t number)
{
	return s->entries[number].box;
}

/* Joins halves, and lets the boxes do what that asks for. */
static void join(struct gw_sync *s)
{
	struct gw_joiner *j = &s->judge.joiner;

	gw_join_account(j);
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

/* Asks where what is gone here, and explained by nothing else, may be. */
static bool ask_elsewhere(struct gw_sync *s)
{
	struct gw_halves left = { 0 };
	bool asked = gw_join_left_here(&s->judge.joiner, &left) && gw_sync_asks_elsewhere(s, &left);

	free(left.list);
	gw_judge_elsewhere(&s->judge, asked);
	return asked;
}

static void act(struct gw_sync *s)
{
	gw_sync_tell_archive(s);
	for (size_t i = 0; i < s->entry_count; i++)
		judge_box(&s->entries[i]);
	gw_sync_write_journal(s);
	for (size_t i = 0; i < s->entry_count; i++)
		proceed(&s->entries[i]);
}

/* Does what the judge wants next.  true: it cannot go on before that is answered, or has acted. */
static bool follow(struct gw_sync *s, enum gw_judge_next next)
{
	bool asked;

	switch (next) {
	case GW_JUDGE_WAIT:
		return true;
	case GW_JUDGE_ALONE:
	case GW_JUDGE_STAMPS:
	case GW_JUDGE_CONFIRM:
	case GW_JUDGE_AGAIN:
	case GW_JUDGE_ALL_MAIL:
	case GW_JUDGE_HEADS:
	case GW_JUDGE_ARCHIVE:
		return ask_each(s, next);
	case GW_JUDGE_COUNTS:
		asked = gw_sync_ask_counts(s);
		gw_judge_counts(&s->judge, asked);
		return asked || !show_cases(s); /* their connections were taken from some */
	case GW_JUDGE_HALVES:
		if (show_halves(s))
			return false;
		gw_sync_fail_nomem(s);
		return true;
	case GW_JUDGE_JOIN:
		join(s);
		return false;
	case GW_JUDGE_ELSEWHERE:
		return ask_elsewhere(s);
	case GW_JUDGE_ACT:
		act(s);
		return true;
	}
	return true;
}

void gw_sync_match(struct gw_sync *s)
{
	if (!show_cases(s))
		return;
	while (s->phase == SYNC_WORKING && !follow(s, gw_judge_next(&s->judge)))
		;
	gw_judge_end(&s->judge);
}
