/* SPDX-License-Identifier: ISC */
/* plan/judge: which evidence is asked for, of which mailboxes and in which order, before plans are carried out; as
 * a table, and with accounts that answer at random. */
#include "plan/judge.h"
#include "test.h"

#include <stdlib.h>

enum { BOXES = 5, ACTIONS = 6 };

/* An account as the judge sees it. */
struct account {
	struct gw_judge judge;
	struct gw_plan plans[BOXES];
	struct gw_action actions[BOXES][ACTIONS];
	struct gw_base_msg base[BOXES][ACTIONS];
	uint64_t now;
};

static struct gw_case *begin(struct account *a, size_t count)
{
	*a = (struct account){ .now = 10 };
	assert_true(gw_judge_begin(&a->judge, count));
	for (size_t i = 0; i < count; i++) {
		struct gw_case *c = &a->judge.cases[i];

		a->plans[i].actions = a->actions[i];
		c->plan = &a->plans[i];
		c->base = a->base[i];
		c->exists = 7;
		c->fresh_from = 1;
		c->saw_at = 2;
	}
	return a->judge.cases;
}

static void end(struct account *a)
{
	gw_judge_deinit(&a->judge);
}

/* Plans one more message; its row is in base if it is gone. */
static void plan(struct account *a, size_t box, enum gw_action_kind kind)
{
	struct gw_case *c = &a->judge.cases[box];
	size_t n = a->plans[box].count++;

	assert_true(n < ACTIONS);
	a->actions[box][n] = (struct gw_action){
		.kind = (uint8_t)kind, .uid = (uint32_t)n + 1, .local = GW_NO_LOCAL, .size = 7
	};
	if (kind != GW_DO_DOWNLOAD && kind != GW_DO_UPLOAD)
		a->base[box][c->base_count++] = (struct gw_base_msg){ .uid = (uint32_t)n + 1 };
	c->fresh |= kind == GW_DO_DOWNLOAD || kind == GW_DO_UPLOAD;
}

/* Halves, from the plans: all that is gone was one message, as large as all that came. */
static void show(struct account *a)
{
	struct gw_joiner *j = &a->judge.joiner;

	assert_true(gw_joiner_init(j, a->judge.count));
	for (size_t b = 0; b < a->judge.count; b++) {
		const struct gw_case *c = &a->judge.cases[b];

		if (c->stage != GW_CASE_PLANNED)
			continue;
		j->boxes[b].plan = &a->plans[b];
		j->boxes[b].base = c->base;
		j->boxes[b].base_count = c->base_count;
		j->boxes[b].unproved = c->unproved;
		j->boxes[b].trash = c->trash;
		for (size_t i = 0; i < a->plans[b].count; i++) {
			if (gw_action_is_gone(&a->actions[b][i], c->base, c->base_count))
				gw_halves_add(&j->boxes[b].gone, (uint32_t)b, i)->size = 7;
		}
	}
	a->judge.shown = true;
}

/* Asks the judge; expects this, of these mailboxes (as bits). */
static void expect(struct account *a, enum gw_judge_next next, unsigned boxes)
{
	enum gw_judge_next said = gw_judge_next(&a->judge);
	unsigned asked = 0;

	for (size_t i = 0; i < a->judge.count; i++)
		asked |= a->judge.cases[i].asked ? 1u << i : 0;
	if (said != next || asked != boxes)
		fail_msg("%d of %x, not %d of %x", (int)said, asked, (int)next, boxes);
}

static void confirm(struct gw_case *c, uint64_t at)
{
	c->confirmed = true;
	c->fresh_from = at;
}

static void nothing_gone_waits_for_nobody(void **state)
{
	struct account a;
	struct gw_case *c = begin(&a, 3);

	(void)state;
	c[0].stage = GW_CASE_PLANNED; /* 1 and 2 are being looked at */
	plan(&a, 0, GW_DO_REMOTE_FLAGS);
	expect(&a, GW_JUDGE_ALONE, 1);
	plan(&a, 0, GW_DO_UPLOAD); /* which may have been moved there, ... */
	expect(&a, GW_JUDGE_ALONE, 1);
	c[2].may_lose = true; /* ... from here */
	expect(&a, GW_JUDGE_WAIT, 0);
	c[2].may_lose = false;
	c[0].unproved = true;
	expect(&a, GW_JUDGE_WAIT, 0);
	c[0].unproved = false;
	c[0].archive = true;
	expect(&a, GW_JUDGE_WAIT, 0);
	c[0].archive = false;
	c[1].stage = GW_CASE_PLANNED;
	plan(&a, 1, GW_DO_DELETE_REMOTE);
	expect(&a, GW_JUDGE_WAIT, 0);
	c[1].stage = GW_CASE_ACTING;
	expect(&a, GW_JUDGE_ALONE, 1);
	c[2].stage = GW_CASE_OVER;
	expect(&a, GW_JUDGE_ACT, 0);
	end(&a);
}

/* Gone here: the second look, the others' stamps, then joins, then directories that take no part. */
static void what_is_gone_here_is_looked_at_twice(void **state)
{
	struct account a;
	struct gw_case *c = begin(&a, 3);

	(void)state;
	c[0].stage = c[1].stage = GW_CASE_PLANNED;
	c[2].stage = GW_CASE_OVER;
	plan(&a, 0, GW_DO_DELETE_REMOTE);
	plan(&a, 1, GW_DO_UPLOAD);
	c[0].saw_at = 5;
	expect(&a, GW_JUDGE_STAMPS, 2); /* 1 was looked at too early for it to show there */
	c[1].stamps = GW_STAMPS_HOLD;
	expect(&a, GW_JUDGE_CONFIRM, 1);
	confirm(&c[0], 6);
	expect(&a, GW_JUDGE_STAMPS, 4);
	c[2].stamps = GW_STAMPS_HOLD;
	expect(&a, GW_JUDGE_HALVES, 0); /* nothing is gone there: no counts, no labels */
	show(&a);
	expect(&a, GW_JUDGE_JOIN, 0);
	expect(&a, GW_JUDGE_ELSEWHERE, 0);
	gw_judge_elsewhere(&a.judge, true);
	expect(&a, GW_JUDGE_WAIT, 0);
	expect(&a, GW_JUDGE_WAIT, 0);
	gw_judge_found(&a.judge);
	expect(&a, GW_JUDGE_ACT, 0);
	assert_false(a.judge.joiner.restless);
	end(&a);
}

/* Gone there: what came to the others since? */
static void what_is_gone_there_is_counted_again(void **state)
{
	struct account a;
	struct gw_case *c = begin(&a, 2);

	(void)state;
	c[0].stage = c[1].stage = GW_CASE_PLANNED;
	plan(&a, 0, GW_DO_DELETE_LOCAL);
	plan(&a, 1, GW_DO_DOWNLOAD);
	c[0].fresh_from = c[1].fresh_from = 3;
	expect(&a, GW_JUDGE_CONFIRM, 1);
	confirm(&c[0], 6);
	expect(&a, GW_JUDGE_COUNTS, 0);
	gw_judge_counts(&a.judge, true);
	expect(&a, GW_JUDGE_WAIT, 0);
	gw_judge_counted(&a.judge);
	c[1].counts_differ = true;
	expect(&a, GW_JUDGE_AGAIN, 2);
	assert_true(a.judge.by_counts);
	c[1].counts_differ = false;
	expect(&a, GW_JUDGE_COUNTS, 0);
	gw_judge_counts(&a.judge, false); /* no connection for that */
	expect(&a, GW_JUDGE_HALVES, 0);
	show(&a);
	expect(&a, GW_JUDGE_HEADS, 2);
	assert_true(gw_seqset_has(gw_judge_sizes(&a.judge, &c[1]), 7));
	expect(&a, GW_JUDGE_JOIN, 0);
	expect(&a, GW_JUDGE_ELSEWHERE, 0);
	expect(&a, GW_JUDGE_ACT, 0);
	end(&a);
}

/* An account that rests in its last round is at rest, however often the judge is asked what else it wants. */
static void the_last_round_counts(void **state)
{
	struct account a;
	struct gw_case *c = begin(&a, 2);

	(void)state;
	c[0].stage = c[1].stage = GW_CASE_PLANNED;
	plan(&a, 0, GW_DO_DELETE_LOCAL);
	plan(&a, 1, GW_DO_DOWNLOAD);
	c[0].fresh_from = c[1].fresh_from = 3;
	confirm(&c[0], 6);
	for (unsigned round = 0; round < 3; round++) {
		expect(&a, GW_JUDGE_COUNTS, 0);
		gw_judge_counts(&a.judge, true);
		gw_judge_counted(&a.judge);
		c[1].counts_differ = round < 2;
		if (round < 2)
			expect(&a, GW_JUDGE_AGAIN, 2);
	}
	expect(&a, GW_JUDGE_HALVES, 0);
	show(&a);
	expect(&a, GW_JUDGE_HEADS, 2);
	expect(&a, GW_JUDGE_JOIN, 0);
	assert_false(a.judge.joiner.restless);
	expect(&a, GW_JUDGE_ELSEWHERE, 0);
	expect(&a, GW_JUDGE_ACT, 0);
	gw_judge_end(&a.judge);
	expect(&a, GW_JUDGE_HALVES, 0); /* one that would need another round is not */
	show(&a);
	expect(&a, GW_JUDGE_JOIN, 0);
	assert_true(a.judge.joiner.restless);
	end(&a);
}

static void who_does_not_come_to_rest_is_not_believed(void **state)
{
	struct account a;
	struct gw_case *c = begin(&a, 1);

	(void)state;
	c[0].stage = GW_CASE_PLANNED;
	plan(&a, 0, GW_DO_DELETE_REMOTE);
	confirm(&c[0], 3);
	c[0].news = true;
	expect(&a, GW_JUDGE_AGAIN, 1);
	assert_false(a.judge.by_counts);
	expect(&a, GW_JUDGE_AGAIN, 1);
	expect(&a, GW_JUDGE_HALVES, 0);
	show(&a);
	expect(&a, GW_JUDGE_JOIN, 0);
	assert_true(a.judge.joiner.restless);
	gw_join_account(&a.judge.joiner);
	assert_int_equal(a.actions[0][0].kind, GW_DO_NOTHING);
	expect(&a, GW_JUDGE_ELSEWHERE, 0);
	expect(&a, GW_JUDGE_ACT, 0);
	gw_judge_end(&a.judge);

	gw_judge_renew(&a.judge); /* the run moved something itself: it may be looked at again */
	a.plans[0].count = 0;
	plan(&a, 0, GW_DO_DELETE_REMOTE);
	expect(&a, GW_JUDGE_AGAIN, 1);
	c[0].failed = true;
	expect(&a, GW_JUDGE_HALVES, 0);
	end(&a);
}

static void all_mail_is_asked_where_it_matters(void **state)
{
	static const struct {
		uint32_t exists;
		uint64_t mailbox, account;
		bool hidden, asked;
	} rows[] = { { 7, 0, 0, false, false }, { 0, 0, 0, false, true },
		{ 1000, 0, 0, false, true }, { 1001, 0, 0, false, false },
		{ 7, 18, 0, false, false }, { 7, 19, 0, false, true }, { 7, 0, 98, false, false },
		{ 7, 0, 99, false, true }, { 7, 0, 0, true, true } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct account a;
		struct gw_case *c = begin(&a, 2);

		c[0].stage = c[1].stage = GW_CASE_PLANNED;
		plan(&a, 0, GW_DO_DELETE_LOCAL);
		confirm(&c[0], 3);
		c[1].fresh_from = 3;
		c[0].has_label = c[1].has_label = true;
		c[0].exists = rows[i].exists;
		c[0].deleted_recently = rows[i].mailbox;
		a.judge.deleted_recently = rows[i].account;
		a.base[0][0].kind = rows[i].hidden ? GW_BASE_HIDDEN : GW_BASE_FILE;
		expect(&a, GW_JUDGE_COUNTS, 0);
		gw_judge_counts(&a.judge, false);
		expect(&a, rows[i].asked ? GW_JUDGE_ALL_MAIL : GW_JUDGE_HALVES, rows[i].asked);
		c[0].has_label = false; /* in the trash, or asked already */
		expect(&a, GW_JUDGE_HALVES, 0);
		end(&a);
	}
}

static void the_archive_is_sifted_last(void **state)
{
	struct account a;
	struct gw_case *c = begin(&a, 2);

	(void)state;
	c[0].stage = c[1].stage = GW_CASE_PLANNED;
	c[1].archive = true;
	plan(&a, 0, GW_DO_UPLOAD);
	expect(&a, GW_JUDGE_ARCHIVE, 2); /* whether or not something is gone */
	expect(&a, GW_JUDGE_ACT, 0);
	gw_judge_forget(&c[1]); /* it was looked at again */
	expect(&a, GW_JUDGE_ARCHIVE, 2);
	end(&a);
}

/* --- at random -------------------------------------------------------------------------------------- */

static void plan_at_random(struct account *a, size_t box, uint64_t *seed)
{
	static const enum gw_action_kind kinds[] = { GW_DO_DELETE_LOCAL, GW_DO_DELETE_REMOTE,
		GW_DO_FORGET, GW_DO_KEEP, GW_DO_RETURN, GW_DO_DOWNLOAD, GW_DO_UPLOAD,
		GW_DO_REMOTE_FLAGS };
	struct gw_case *c = &a->judge.cases[box];
	size_t count = test_random(seed, ACTIONS);

	a->plans[box].count = c->base_count = 0;
	c->fresh = false;
	for (size_t i = 0; i < count; i++)
		plan(a, box, kinds[test_random(seed, sizeof kinds / sizeof *kinds)]);
	c->stage = GW_CASE_PLANNED;
	c->confirmed = c->news = false;
	c->unproved = test_random(seed, 8) == 0;
	c->has_label = test_random(seed, 2) == 0;
	c->exists = (uint32_t)test_random(seed, 2);
	c->fresh_from = ++a->now;
	c->saw_at = ++a->now;
	gw_judge_forget(c);
}

/* Nothing that is gone may be acted on that a second look did not show. */
static void is_proved(const struct gw_case *c)
{
	for (size_t i = 0; i < c->plan->count; i++)
		assert_true(c->confirmed ||
			    !gw_action_is_gone(&c->plan->actions[i], c->base, c->base_count));
}

/* The world's answer of one mailbox. */
static void answer(struct account *a, size_t box, enum gw_judge_next what, uint64_t *seed)
{
	struct gw_case *c = &a->judge.cases[box];

	switch (what) {
	case GW_JUDGE_ALONE:
		is_proved(c);
		c->stage = GW_CASE_ACTING;
		break;
	case GW_JUDGE_STAMPS:
		assert_int_equal(c->stamps, GW_STAMPS_UNKNOWN);
		c->stamps = test_random(seed, 4) == 0 ? GW_STAMPS_DIFFER : GW_STAMPS_HOLD;
		break;
	case GW_JUDGE_CONFIRM:
		c->confirmed = true;
		c->news |= test_random(seed, 6) == 0;
		c->fresh_from = ++a->now;
		break;
	case GW_JUDGE_AGAIN:
		assert_true(c->stage == GW_CASE_PLANNED || c->stage == GW_CASE_OVER);
		plan_at_random(a, box, seed);
		break;
	case GW_JUDGE_ALL_MAIL:
		c->has_label = false;
		break;
	case GW_JUDGE_HEADS:
	case GW_JUDGE_ARCHIVE:
		assert_int_equal(c->stage, GW_CASE_PLANNED);
		break;
	case GW_JUDGE_WAIT:
	case GW_JUDGE_COUNTS:
	case GW_JUDGE_HALVES:
	case GW_JUDGE_JOIN:
	case GW_JUDGE_ELSEWHERE:
	case GW_JUDGE_ACT:
		fail_msg("%d is about no mailbox", (int)what);
	}
}

/* Another call, as time goes on: one that was being looked at is planned; stamps are read anew. */
static void pass_time(struct account *a, uint64_t *seed)
{
	gw_judge_end(&a->judge);
	for (size_t i = 0; i < a->judge.count; i++) {
		struct gw_case *c = &a->judge.cases[i];

		c->stamps = GW_STAMPS_UNKNOWN;
		c->counts_differ = test_random(seed, 12) == 0;
		if (c->stage == GW_CASE_LOOKING)
			plan_at_random(a, i, seed);
	}
}

/* Returns what it asked for; the account has acted. */
static enum gw_judge_next one_question(struct account *a, uint64_t *seed)
{
	enum gw_judge_next next = gw_judge_next(&a->judge);

	for (size_t i = 0; i < a->judge.count; i++) {
		if (a->judge.cases[i].asked)
			answer(a, i, next, seed);
	}
	switch (next) {
	case GW_JUDGE_WAIT:
		if (a->judge.elsewhere == GW_ELSEWHERE_ASKED)
			gw_judge_found(&a->judge);
		if (a->judge.counts == GW_COUNTS_ASKED)
			gw_judge_counted(&a->judge);
		break;
	case GW_JUDGE_COUNTS:
		gw_judge_counts(&a->judge, test_random(seed, 2) == 0);
		break;
	case GW_JUDGE_HALVES:
		assert_false(a->judge.shown);
		show(a);
		break;
	case GW_JUDGE_JOIN:
		gw_join_account(&a->judge.joiner);
		break;
	case GW_JUDGE_ELSEWHERE:
		gw_judge_elsewhere(&a->judge, test_random(seed, 2) == 0);
		break;
	case GW_JUDGE_ALONE:
	case GW_JUDGE_STAMPS:
	case GW_JUDGE_CONFIRM:
	case GW_JUDGE_AGAIN:
	case GW_JUDGE_ALL_MAIL:
	case GW_JUDGE_HEADS:
	case GW_JUDGE_ARCHIVE:
	case GW_JUDGE_ACT:
		break;
	}
	if (next != GW_JUDGE_STAMPS && next != GW_JUDGE_HALVES && next != GW_JUDGE_JOIN &&
		next != GW_JUDGE_ELSEWHERE)
		pass_time(a, seed);
	return next;
}

static void random_accounts(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct account a;
		size_t count = 1 + test_random(&seed, BOXES);
		struct gw_case *c = begin(&a, count);
		unsigned asked[GW_JUDGE_ACT + 1] = { 0 };
		enum gw_judge_next next = GW_JUDGE_WAIT;

		for (size_t i = 0; i < count; i++) {
			c[i].stage = test_random(&seed, 3) == 0 ? GW_CASE_OVER : GW_CASE_LOOKING;
			c[i].may_lose = test_random(&seed, 2) == 0;
			c[i].archive = i == 0 && test_random(&seed, 2) == 0;
			c[i].trash = i == 1;
		}
		for (unsigned n = 0; next != GW_JUDGE_ACT; n++) {
			next = one_question(&a, &seed);
			asked[next]++;
			assert_true(n < 200);
		}
		for (size_t i = 0; i < count; i++) {
			if (c[i].stage == GW_CASE_PLANNED)
				is_proved(&c[i]);
		}
		/* Each mailbox twice by stamps, and by counts; and once for each round of these. */
		assert_true(asked[GW_JUDGE_COUNTS] <= 3 + 2 * count);
		assert_true(asked[GW_JUDGE_AGAIN] <= 2 * count);
		assert_true(asked[GW_JUDGE_ALL_MAIL] <= 3 * count);
		assert_true(asked[GW_JUDGE_HEADS] <= 3 * count);
		assert_true(asked[GW_JUDGE_ARCHIVE] <= 3);
		assert_true(asked[GW_JUDGE_JOIN] <= 1 && asked[GW_JUDGE_ELSEWHERE] <= 1);
		end(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_gone_waits_for_nobody),
		cmocka_unit_test(what_is_gone_here_is_looked_at_twice),
		cmocka_unit_test(what_is_gone_there_is_counted_again),
		cmocka_unit_test(the_last_round_counts),
		cmocka_unit_test(who_does_not_come_to_rest_is_not_believed),
		cmocka_unit_test(all_mail_is_asked_where_it_matters),
		cmocka_unit_test(the_archive_is_sifted_last), cmocka_unit_test(random_accounts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
