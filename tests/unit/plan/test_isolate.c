/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/test_isolate.c - the one of many that a server breaks at is found, in few breaks,
 * and alone.
 */
#include "plan/isolate.h"
#include "test.h"

#include <stdlib.h>

enum { MESSAGES = 300, BREAKS = 400, LOG2_MESSAGES = 9 };

/* A server that sends in order, or none of a window with the bad one in it; and a line that breaks
 * by itself. */
struct world {
	unsigned line_breaks; /* at one request in so many; 0: never */
	unsigned passed, passed_then, innocent;
	bool came; /* on this connection */
	bool bad[MESSAGES + 1], done[MESSAGES + 1], aside[MESSAGES + 1];
	bool in_order;
	size_t limit; /* it breaks when asked for more; 0: none */
	struct gw_break breaks[BREAKS];
	size_t count;
	size_t most;
};

/* Asks for uids[0..n); false: the connection broke. */
static bool ask(struct world *w, const uint32_t *uids, size_t n)
{
	bool breaks = w->limit != 0 && n > w->limit;
	size_t first = 0;

	unsigned alone = !w->came;

	for (size_t i = 0; i < n && !w->in_order; i++)
		breaks |= w->bad[uids[i]];
	for (; first < n && !breaks; first++) {
		if (w->bad[uids[first]] || (w->line_breaks > 0 && random() % w->line_breaks == 0)) {
			breaks = true;
			break;
		}
		w->done[uids[first]] = w->came = true;
		for (size_t i = 0; i < w->count; i++)
			w->innocent += w->breaks[i].lo == uids[first];
		w->passed++;
		alone = 0;
	}
	if (!breaks)
		return true;
	assert_true(w->count < BREAKS);
	if (w->count == 0)
		w->passed_then = w->passed;
	w->breaks[w->count++] = (struct gw_break){
		.lo = uids[first], .hi = uids[n - 1], .times = 1, .alone = alone
	};
	if (n > 1)
		w->most = gw_isolate_window(n, w->most);
	return false;
}

/* Those of this heat, part by part. */
static bool ask_suspects(struct world *w, unsigned heat)
{
	uint32_t run[MESSAGES];
	size_t n = 0, at = 0;
	unsigned alone;

	for (uint32_t uid = 1; uid <= MESSAGES; uid++) {
		if (!w->done[uid] && !w->aside[uid] &&
			gw_isolate_heat(w->breaks, w->count, uid, &alone) == heat)
			run[n++] = uid;
	}
	while (at < n) {
		size_t part = heat == 0 ? n - at : gw_isolate_part(n - at, at == 0);

		assert_in_range(part, 1, n - at);
		if (w->most != 0 && part > w->most)
			part = w->most;
		if (!ask(w, run + at, part))
			return false;
		at += part;
	}
	return true;
}

static void judge(struct world *w)
{
	for (uint32_t uid = 1; uid <= MESSAGES; uid++) {
		struct gw_charge c = { .size = 1000,
			.now = (unsigned)w->count,
			.peers = w->passed - w->passed_then,
			.innocent = w->innocent };

		c.breaks = gw_isolate_heat(w->breaks, w->count, uid, &c.alone);
		w->aside[uid] |= !w->done[uid] && gw_isolate_is_culprit(&c);
	}
}

/* The one that broke alone comes first. */
static bool try_one(struct world *w)
{
	for (uint32_t uid = MESSAGES; uid >= 1; uid--) {
		unsigned alone;

		gw_isolate_heat(w->breaks, w->count, uid, &alone);
		if (alone > 0 && !w->done[uid] && !w->aside[uid])
			return ask(w, &uid, 1);
	}
	return true;
}

/* One connection; false: it broke. */
static bool attempt(struct world *w)
{
	w->came = false;
	judge(w);
	if (!try_one(w))
		return false;
	for (unsigned heat = 0; heat < 40; heat++) {
		judge(w);
		if (!ask_suspects(w, heat))
			return false;
	}
	return true;
}

static unsigned run(struct world *w)
{
	unsigned connections = 1;

	while (!attempt(w))
		assert_true(++connections < BREAKS);
	for (uint32_t uid = 1; uid <= MESSAGES; uid++)
		assert_true(w->bad[uid] ? w->aside[uid] && !w->done[uid]
					: w->done[uid] && !w->aside[uid]);
	return connections;
}

static void one_bad_message_costs_three_connections(void **state)
{
	(void)state;
	for (uint32_t bad = 1; bad <= MESSAGES; bad++) {
		struct world w = { .in_order = true };

		w.bad[bad] = true;
		assert_int_equal(run(&w), 4);
	}
}

static void a_server_without_order_takes_a_few_more(void **state)
{
	(void)state;
	for (uint32_t bad = 1; bad <= MESSAGES; bad++) {
		struct world w = { .in_order = false };

		w.bad[bad] = true;
		assert_in_range(run(&w), 2, LOG2_MESSAGES + 6);
	}
}

static void many_are_found_and_only_they(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		struct world w = { .in_order = seed % 2 };
		unsigned bad = 0, most = seed % 2 ? 6 : LOG2_MESSAGES + 6;

		srandom(seed);
		for (uint32_t uid = 1; uid <= MESSAGES; uid++)
			bad += w.bad[uid] = random() % 60 == 0;
		assert_in_range(run(&w), 1, 1 + bad * most);
	}
}

static void a_limit_on_a_command_is_no_message(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < MESSAGES; limit += 7) {
		struct world w = { .in_order = true, .limit = limit };

		assert_in_range(run(&w), 2, 12);
	}
}

/* Each request breaks with this chance, whatever it is: everything comes, sooner or later. */
static void a_bad_line_sets_nothing_aside(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 600; seed++) {
		struct world w = { .in_order = true, .line_breaks = 20 + seed % 200 };
		unsigned tries = 0;

		srandom(seed);
		while (!attempt(&w) && ++tries < 100)
			;
		for (uint32_t uid = 1; uid <= MESSAGES; uid++)
			wrong += w.aside[uid];
	}

	assert_int_equal(wrong, 0);
}

static const struct gw_charge sure = {
	.breaks = 3, .alone = 2, .size = 1000, .now = 1, .peers = 1
};

static void a_large_one_gets_a_third_chance(void **state)
{
	struct gw_charge c = sure;

	(void)state;
	assert_true(gw_isolate_is_culprit(&c));
	c.size = 20 << 20;
	assert_false(gw_isolate_is_culprit(&c));
	c.breaks = 4, c.alone = 3;
	assert_true(gw_isolate_is_culprit(&c));
}

static void each_fact_is_needed(void **state)
{
	struct gw_charge c = sure;

	(void)state;
	c.breaks = 2; /* it was never accused, only tried */
	assert_false(gw_isolate_is_culprit(&c));
	c = sure, c.alone = 1; /* others had come before: the session may only have been over */
	assert_false(gw_isolate_is_culprit(&c));
	c = sure, c.now = 0; /* nobody knows what went through then */
	assert_false(gw_isolate_is_culprit(&c));
	c = sure, c.peers = 0; /* no connection was made since */
	assert_false(gw_isolate_is_culprit(&c));
	c.now = 2;
	assert_true(gw_isolate_is_culprit(&c));
}

static void a_line_that_broke_at_others_is_believed_less(void **state)
{
	struct gw_charge c = sure;

	(void)state;
	c.innocent = 1;
	assert_false(gw_isolate_is_culprit(&c));
	c.breaks = 4, c.alone = 3;
	assert_true(gw_isolate_is_culprit(&c));
}

static void it_waits_for_a_week(void **state)
{
	(void)state;
	assert_false(gw_isolate_is_due(1000, 1000 + 6 * 86400));
	assert_true(gw_isolate_is_due(1000, 1000 + 7 * 86400));
}

static void a_session_that_was_over_says_nothing_of_one(void **state)
{
	const struct gw_break breaks[] = { { .lo = 1, .hi = 3, .times = 1, .alone = 1 },
		{ .lo = 1, .hi = 1, .times = 1 }, { .lo = 1, .hi = 1, .times = 1, .alone = 1 } };
	unsigned alone;

	(void)state;
	assert_int_equal(gw_isolate_heat(breaks, 2, 1, &alone), 2);
	assert_int_equal(alone, 0);
	assert_int_equal(gw_isolate_heat(breaks, 3, 1, &alone), 3);
	assert_int_equal(alone, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_that_was_over_says_nothing_of_one),
		cmocka_unit_test(one_bad_message_costs_three_connections),
		cmocka_unit_test(a_server_without_order_takes_a_few_more),
		cmocka_unit_test(many_are_found_and_only_they),
		cmocka_unit_test(a_limit_on_a_command_is_no_message),
		cmocka_unit_test(a_bad_line_sets_nothing_aside),
		cmocka_unit_test(each_fact_is_needed),
		cmocka_unit_test(a_line_that_broke_at_others_is_believed_less),
		cmocka_unit_test(it_waits_for_a_week),
		cmocka_unit_test(a_large_one_gets_a_third_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
