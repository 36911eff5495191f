/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/test_sight.c - what is out of sight is not gone, and what is gone not out of sight. */
#include "plan/sight.h"
#include "test.h"

enum { MOST = 400 };

struct world {
	struct gw_base_msg base[MOST];
	struct gw_remote_msg remote[MOST];
	struct gw_plan_input in;
};

/* Base knows 1 to known, of which the first `hidden` are; the server lists first to last, less `without`. */
static struct gw_sighted judge(uint32_t known, uint32_t hidden, uint32_t first, uint32_t last,
	uint32_t without, uint32_t most)
{
	static struct world w;
	struct gw_sight s = { .before = known - hidden, .most = most };

	memset(&w, 0, sizeof w);
	for (uint32_t uid = 1; uid <= known; uid++)
		w.base[uid - 1] = (struct gw_base_msg){ .uid = uid,
			.kind = uid <= hidden ? GW_BASE_HIDDEN : GW_BASE_FILE };
	for (uint32_t uid = first; uid <= last; uid++) {
		if (uid != without)
			w.remote[s.exists++].uid = uid;
	}
	w.in = (struct gw_plan_input){ .base = w.base,
		.base_count = known,
		.remote = w.remote,
		.remote_count = s.exists,
		.remote_full = true };
	return gw_sight_judge(&s, &w.in);
}

static void the_oldest_make_room(void **state)
{
	(void)state;
	assert_int_equal(judge(60, 0, 4, 63, 0, 0).oldest, 4);  /* three gone, three new */
	assert_int_equal(judge(60, 0, 4, 62, 0, 0).oldest, 0);  /* fewer came than went */
	assert_int_equal(judge(60, 0, 1, 61, 30, 0).oldest, 0); /* one in the middle */
	assert_int_equal(judge(60, 0, 4, 64, 30, 0).oldest, 0); /* some of the oldest, and that */
	assert_int_equal(judge(60, 0, 1, 63, 0, 0).oldest, 0);  /* nothing went */
	assert_int_equal(judge(20, 0, 4, 23, 0, 0).oldest, 0);  /* too few to tell */
	assert_int_equal(judge(60, 0, 61, 120, 0, 0).oldest, 61);
}

static void a_limit_is_set(void **state)
{
	(void)state;
	assert_int_equal(judge(64, 0, 16, 65, 0, 0).oldest, 16); /* 50 are left */
	assert_int_equal(judge(64, 0, 17, 65, 0, 0).oldest, 0);  /* 49 */
	assert_int_equal(judge(64, 0, 12, 64, 0, 0).oldest, 0);  /* 53 */
}

static void it_stays_so(void **state)
{
	(void)state;
	assert_int_equal(judge(70, 10, 15, 74, 0, 60).oldest, 15);
	assert_int_equal(judge(70, 10, 15, 74, 30, 60).oldest, 15); /* one of them is gone, too */
	assert_false(judge(70, 10, 15, 74, 0, 60).whole);
}

static void it_shows_more(void **state)
{
	struct gw_sighted s = judge(70, 10, 11, 71, 0, 60);

	(void)state;
	assert_true(s.whole);            /* one came, none went: 61 */
	s = judge(70, 10, 6, 71, 0, 60); /* a higher limit: older ones are in sight again */
	assert_true(!s.whole && s.more);
	assert_false(judge(70, 0, 11, 71, 0, 0).whole); /* nothing was hidden */
}

/* What All Mail says of messages that are gone from a mailbox. */
static void labels_tell(void **state)
{
	enum { MANY = 6 };
	static const struct gw_missed list[] = { { 1, false, false }, { 2, true, true },
		{ 4, false, true }, { 5, true, true } };
	static const struct {
		bool cut;
		size_t hidden, archived;
		enum gw_action_kind first, last;
	} rows[] = { { false, 2, 1, GW_DO_DELETE_LOCAL, GW_DO_DELETE_LOCAL },
		/* 3 is shown: what is older, and only that, is out of sight. */
		{ true, 3, 1, GW_DO_HIDE, GW_DO_DELETE_LOCAL } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gw_base_msg base[MANY];
		struct gw_action actions[MANY];
		struct gw_plan plan = { .actions = actions, .count = MANY };
		struct gw_missed_counts n;

		for (uint32_t k = 0; k < MANY; k++) {
			base[k] = (struct gw_base_msg){ .uid = k + 1 };
			actions[k] = (struct gw_action){ .uid = k + 1, .kind = GW_DO_DELETE_LOCAL };
		}
		actions[2].kind = GW_DO_LOCAL_FLAGS;
		n = gw_sight_missed(base, MANY, list, 4, rows[i].cut, &plan);
		assert_int_equal(n.hidden, rows[i].hidden);
		assert_int_equal(n.archived, rows[i].archived);
		assert_int_equal(actions[0].kind, rows[i].first);
		assert_int_equal(actions[1].kind, GW_DO_HIDE);
		assert_int_equal(actions[2].kind, GW_DO_LOCAL_FLAGS);
		assert_int_equal(actions[3].kind, GW_DO_DELETE_LOCAL);
		assert_true(actions[3].lives);
		assert_int_equal(actions[4].kind, GW_DO_HIDE);
		assert_int_equal(actions[5].kind, rows[i].last);
		assert_false(actions[5].lives);
		/* It says nothing: all are gone. */
		actions[4].kind = GW_DO_DELETE_LOCAL;
		n = gw_sight_missed(base, MANY, NULL, 0, false, &plan);
		assert_int_equal(n.hidden + n.archived, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_tell),
		cmocka_unit_test(the_oldest_make_room),
		cmocka_unit_test(a_limit_is_set),
		cmocka_unit_test(it_stays_so),
		cmocka_unit_test(it_shows_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
