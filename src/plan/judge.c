/* SPDX-License-Identifier: ISC */
/* plan/judge.c - see judge.h. */
#include "plan/judge.h"

#include <stdlib.h>

enum { ROUNDS = 3, LOOKS = 2 };

/* Worth a question to All Mail: this many gone at once (slightly below what the guard takes for an
 * accident), or as many left as Gmail can be told to show. */
enum { MANY_GONE = 20, MANY_GONE_ACCOUNT = 100 };
static const uint32_t limits[] = { 1000, 2000, 5000, 10000 };

bool gw_judge_begin(struct gw_judge *j, size_t count)
{
	struct gw_case *cases;

	if (j->cases != NULL && j->count == count)
		return true;
	cases = realloc(j->cases, (count + 1) * sizeof *cases);
	if (cases == NULL)
		return false;
	if (count > j->count)
		memset(cases + j->count, 0, (count - j->count) * sizeof *cases);
	j->cases = cases;
	j->count = count;
	return true;
}

void gw_judge_end(struct gw_judge *j)
{
	gw_joiner_deinit(&j->joiner);
	gw_seqset_deinit(&j->there);
	gw_seqset_deinit(&j->in_trash);
	j->there = j->in_trash = (struct gw_seqset){ 0 };
	j->shown = false;
}

void gw_judge_deinit(struct gw_judge *j)
{
	gw_judge_end(j);
	free(j->cases);
	j->cases = NULL;
	j->count = 0;
}

void gw_judge_counts(struct gw_judge *j, bool asked)
{
	j->counts = asked ? GW_COUNTS_ASKED : GW_COUNTS_CAME;
}

void gw_judge_counted(struct gw_judge *j)
{
	j->counts = GW_COUNTS_CAME;
}

void gw_judge_elsewhere(struct gw_judge *j, bool asked)
{
	if (asked)
		j->elsewhere = GW_ELSEWHERE_ASKED;
}

void gw_judge_found(struct gw_judge *j)
{
	j->elsewhere = GW_ELSEWHERE_CAME;
}

void gw_judge_forget(struct gw_case *c)
{
	c->headed = c->sifted = false;
}

void gw_judge_renew(struct gw_judge *j)
{
	j->rounds = 0;
	for (size_t i = 0; i < j->count; i++)
		j->cases[i].looks = 0;
}

const struct gw_seqset *gw_judge_sizes(const struct gw_judge *j, const struct gw_case *c)
{
	return c->trash ? &j->in_trash : &j->there;
}

/* --- what is gone ------------------------------------------------------------------------------ */

static bool has_gone(const struct gw_case *c)
{
	for (size_t i = 0; c->stage == GW_CASE_PLANNED && i < c->plan->count; i++) {
		if (gw_action_is_gone(&c->plan->actions[i], c->base, c->base_count))
			return true;
	}
	return false;
}

static bool any_gone(const struct gw_judge *j)
{
	for (size_t i = 0; i < j->count; i++) {
		if (has_gone(&j->cases[i]))
			return true;
	}
	return false;
}

/* What is gone on both sides counts, if it had a file. */
static bool any_gone_there(const struct gw_judge *j)
{
	for (size_t i = 0; i < j->count; i++) {
		const struct gw_case *c = &j->cases[i];

		for (size_t k = 0; c->stage == GW_CASE_PLANNED && k < c->plan->count; k++) {
			const struct gw_action *a = &c->plan->actions[k];

			if (gw_action_is_gone_there(a) ||
				(a->kind == GW_DO_FORGET &&
					gw_action_is_gone(a, c->base, c->base_count)))
				return true;
		}
	}
	return false;
}

static size_t count_gone_there(const struct gw_case *c)
{
	size_t n = 0;

	for (size_t i = 0; c->stage == GW_CASE_PLANNED && i < c->plan->count; i++)
		n += gw_action_is_gone_there(&c->plan->actions[i]);
	return n;
}

static size_t count_asked(const struct gw_judge *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->count; i++)
		n += j->cases[i].asked;
	return n;
}

/* --- before all were looked at ------------------------------------------------------------------ */

static bool all_planned(const struct gw_judge *j)
{
	for (size_t i = 0; i < j->count; i++) {
		if (j->cases[i].stage == GW_CASE_LOOKING)
			return false;
	}
	return true;
}

/* True if any mailbox has lost something that may have come to another one, or may yet have. */
static bool any_gives(const struct gw_judge *j)
{
	for (size_t i = 0; i < j->count; i++) {
		const struct gw_case *c = &j->cases[i];

		if (c->stage == GW_CASE_LOOKING ? c->may_lose : has_gone(c))
			return true;
	}
	return false;
}

/* Those that may go on before all others were looked at. */
static enum gw_judge_next ask_alone(struct gw_judge *j)
{
	bool gives = any_gives(j);

	for (size_t i = 0; i < j->count; i++) {
		struct gw_case *c = &j->cases[i];

		c->asked = c->stage == GW_CASE_PLANNED && !c->archive && !c->unproved &&
			   !(c->fresh && gives) && !has_gone(c);
	}
	return count_asked(j) > 0 ? GW_JUDGE_ALONE : GW_JUDGE_WAIT;
}

/* --- the second look ----------------------------------------------------------------------------- */

/* Returns when something was last seen to be gone.  Whatever it became existed by then, so a look
 * that began later shows it, even where our own writing, or the clock's granularity, makes stamps
 * worthless. */
static uint64_t gone_since(const struct gw_judge *j)
{
	uint64_t last = 0;

	for (size_t i = 0; i < j->count; i++) {
		const struct gw_case *c = &j->cases[i];

		if (has_gone(c) && c->saw_at > last)
			last = c->saw_at;
	}
	return last;
}

/* Its look is not late enough, so only its stamps can tell. */
static bool needs_stamps(const struct gw_case *c, uint64_t since)
{
	return c->stage == GW_CASE_PLANNED ? c->fresh_from < since && (c->confirmed || !has_gone(c))
					   : c->stage == GW_CASE_OVER && c->fresh_from <= since;
}

static bool must_be_confirmed(const struct gw_case *c, uint64_t since)
{
	return c->stage == GW_CASE_PLANNED &&
	       ((!c->confirmed && has_gone(c)) ||
		       (c->fresh_from < since && c->stamps != GW_STAMPS_HOLD));
}

/* Wants the stamps of those in this stage, where they are not known. */
static bool ask_stamps(struct gw_judge *j, enum gw_case_stage stage, uint64_t since)
{
	for (size_t i = 0; i < j->count; i++) {
		struct gw_case *c = &j->cases[i];

		c->asked = c->stage == stage && c->stamps == GW_STAMPS_UNKNOWN &&
			   needs_stamps(c, since);
	}
	return count_asked(j) > 0;
}

static bool ask_confirmed(struct gw_judge *j, uint64_t since)
{
	for (size_t i = 0; i < j->count; i++)
		j->cases[i].asked = must_be_confirmed(&j->cases[i], since);
	return count_asked(j) > 0;
}

/* Wants another look, unless there were enough. */
static void ask_again(struct gw_judge *j, struct gw_case *c)
{
	if (c->failed)
		return;
	if (c->looks >= LOOKS) {
		j->restless = true;
		return;
	}
	c->looks++;
	c->asked = true;
}

/* Mailboxes whose files changed since they were looked at, or may have. */
static bool ask_changed_here(struct gw_judge *j, uint64_t since)
{
	for (size_t i = 0; i < j->count; i++) {
		struct gw_case *c = &j->cases[i];

		c->asked = false;
		if (c->stage == GW_CASE_PLANNED
				? c->news
				: needs_stamps(c, since) && c->stamps != GW_STAMPS_HOLD)
			ask_again(j, c);
	}
	j->by_counts = false;
	return count_asked(j) > 0;
}

static bool ask_changed_there(struct gw_judge *j)
{
	for (size_t i = 0; i < j->count; i++) {
		struct gw_case *c = &j->cases[i];

		c->asked = false;
		if (c->counts_differ && (c->stage == GW_CASE_PLANNED || c->stage == GW_CASE_OVER))
			ask_again(j, c);
	}
	j->by_counts = true;
	return count_asked(j) > 0;
}

/* ACT: nothing (more) is wanted for this. */
static enum gw_judge_next look_twice(struct gw_judge *j)
{
	uint64_t since = gone_since(j);

	if (ask_stamps(j, GW_CASE_PLANNED, since))
		return GW_JUDGE_STAMPS;
	if (ask_confirmed(j, since))
		return GW_JUDGE_CONFIRM;
	if (j->counts == GW_COUNTS_OPEN) {
		if (j->rounds >= ROUNDS) {
			j->restless = true;
			return GW_JUDGE_ACT;
		}
		if (ask_stamps(j, GW_CASE_OVER, since))
			return GW_JUDGE_STAMPS;
		if (ask_changed_here(j, since))
			return GW_JUDGE_AGAIN;
		j->counts = GW_COUNTS_CAME;
		if (any_gone_there(j))
			return GW_JUDGE_COUNTS;
	}
	if (j->counts == GW_COUNTS_ASKED)
		return GW_JUDGE_WAIT;
	if (j->counts == GW_COUNTS_CAME) {
		j->rounds++;
		j->counts = GW_COUNTS_DONE;
		if (ask_changed_there(j)) {
			j->counts = GW_COUNTS_OPEN;
			return GW_JUDGE_AGAIN;
		}
	}
	return GW_JUDGE_ACT;
}

/* --- all mail, headers, archive -------------------------------------------------------------------- */

static bool may_hide(const struct gw_judge *j, const struct gw_case *c, uint64_t account_gone)
{
	size_t gone = c->has_label ? count_gone_there(c) : 0;

	if (gone == 0)
		return false;
	if (c->exists == 0 || gone + c->deleted_recently >= MANY_GONE ||
		account_gone + j->deleted_recently >= MANY_GONE_ACCOUNT)
		return true;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		if (c->exists == limits[i])
			return true;
	}
	return gw_base_has_hidden(c->base, c->base_count);
}

static bool ask_all_mail(struct gw_judge *j)
{
	uint64_t gone = 0;

	for (size_t i = 0; i < j->count; i++)
		gone += count_gone_there(&j->cases[i]);
	for (size_t i = 0; i < j->count; i++)
		j->cases[i].asked = may_hide(j, &j->cases[i], gone);
	return count_asked(j) > 0;
}

/* True if a message came whose size is one of these. */
static bool has_size(const struct gw_case *c, const struct gw_seqset *sizes)
{
	for (size_t i = 0; i < c->plan->count; i++) {
		const struct gw_action *a = &c->plan->actions[i];

		if (a->kind == GW_DO_DOWNLOAD && gw_seqset_has(sizes, a->size) &&
			(c->archive ||
				gw_base_find(c->base, c->base_count, a->uid) == c->base_count))
			return true;
	}
	return false;
}

static bool any_unheaded(const struct gw_judge *j)
{
	for (size_t i = 0; i < j->count; i++) {
		if (j->cases[i].stage == GW_CASE_PLANNED && !j->cases[i].headed)
			return true;
	}
	return false;
}

static enum gw_judge_next ask_heads(struct gw_judge *j)
{
	if (!any_unheaded(j))
		return GW_JUDGE_ACT;
	if (!j->shown)
		return GW_JUDGE_HALVES;
	if (!gw_join_sizes(&j->joiner, &j->there, &j->in_trash))
		return GW_JUDGE_ACT; /* bodies are fetched instead */
	for (size_t i = 0; i < j->count; i++) {
		struct gw_case *c = &j->cases[i];
		const struct gw_seqset *sizes = gw_judge_sizes(j, c);

		c->asked = false;
		if (c->stage != GW_CASE_PLANNED || c->headed || sizes->count == 0)
			continue;
		c->headed = true;
		c->asked = has_size(c, sizes);
	}
	return count_asked(j) > 0 ? GW_JUDGE_HEADS : GW_JUDGE_ACT;
}

static bool ask_archive(struct gw_judge *j)
{
	for (size_t i = 0; i < j->count; i++) {
		struct gw_case *c = &j->cases[i];

		c->asked = c->archive && c->stage == GW_CASE_PLANNED && !c->sifted;
		c->sifted |= c->asked;
	}
	return count_asked(j) > 0;
}

/* --- the order --------------------------------------------------------------------------------------- */

static enum gw_judge_next ask_join(struct gw_judge *j)
{
	if (!j->shown)
		return GW_JUDGE_HALVES;
	j->joiner.restless = j->restless;
	j->elsewhere = GW_ELSEWHERE_NEXT;
	j->restless = false;
	j->counts = GW_COUNTS_OPEN;
	return GW_JUDGE_JOIN;
}

/* Joined: the only thing left to know. */
static enum gw_judge_next ask_elsewhere(struct gw_judge *j)
{
	switch (j->elsewhere) {
	case GW_ELSEWHERE_NEXT:
		j->elsewhere = GW_ELSEWHERE_CAME; /* unless it is asked */
		return GW_JUDGE_ELSEWHERE;
	case GW_ELSEWHERE_ASKED:
		return GW_JUDGE_WAIT;
	case GW_ELSEWHERE_OPEN:
	case GW_ELSEWHERE_CAME:
		break;
	}
	j->elsewhere = GW_ELSEWHERE_OPEN;
	return GW_JUDGE_ACT;
}

enum gw_judge_next gw_judge_next(struct gw_judge *j)
{
	enum gw_judge_next next = GW_JUDGE_ACT;
	bool gone;

	for (size_t i = 0; i < j->count; i++)
		j->cases[i].asked = false;
	if (j->elsewhere != GW_ELSEWHERE_OPEN)
		return ask_elsewhere(j);
	if (!all_planned(j))
		return ask_alone(j);
	gone = any_gone(j);
	if (gone)
		next = look_twice(j);
	if (gone && next == GW_JUDGE_ACT && ask_all_mail(j))
		return GW_JUDGE_ALL_MAIL;
	if (gone && next == GW_JUDGE_ACT)
		next = ask_heads(j);
	if (next != GW_JUDGE_ACT)
		return next;
	if (ask_archive(j))
		return GW_JUDGE_ARCHIVE;
	return gone ? ask_join(j) : GW_JUDGE_ACT;
}
