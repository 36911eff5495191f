/* SPDX-License-Identifier: ISC */
/* mailbox/state: the order of a mailbox's run, walked at random. */
#include "mailbox/state.h"
#include "test.h"

/* Chance may go round for long, but not for so long. */
enum { WALKS = 20000, STEPS_MAX = 5000 };

struct walk {
	uint64_t seed;
	unsigned odds; /* of 8: that a state has something to do */
	bool asked[BOX_STATES];
};

static bool by_chance(void *ctx, enum gw_box_state from, enum gw_box_state to)
{
	struct walk *w = ctx;

	(void)from;
	w->asked[to] = true;
	return test_random(&w->seed, 8) < w->odds;
}

static bool never(void *ctx, enum gw_box_state from, enum gw_box_state to)
{
	(void)ctx, (void)from, (void)to;
	return false;
}

/* The account asks for something else while a mailbox is planned, for a while. */
static enum gw_box_state ask(struct walk *w)
{
	static const enum gw_box_state wishes[] = { BOX_CONFIRMING, BOX_HEADS_FOR_MOVES,
		BOX_ASKING_ALL, BOX_SIFTING };

	return test_random(&w->seed, 2) == 0 ? BOX_COPYING : wishes[test_random(&w->seed, 4)];
}

static enum gw_box_state next(struct walk *w, enum gw_box_state state)
{
	return state == BOX_PLANNED ? ask(w) : gw_box_after(state, by_chance, w);
}

static void every_path_ends(void **state)
{
	uint64_t seed = test_seed();

	(void)state;
	for (unsigned i = 0; i < WALKS; i++) {
		struct walk w = { .seed = (seed + i) * 2 + 1, .odds = i % 8 };
		enum gw_box_state at = BOX_LOOKING;
		bool seen[BOX_STATES] = { false };
		unsigned steps = 0;

		for (; at != BOX_DONE && steps < STEPS_MAX; steps++) {
			enum gw_box_state to = next(&w, at);

			assert_true(gw_box_may_follow(at, to));
			seen[at] = true;
			at = to;
		}
		assert_int_equal(at, BOX_DONE);
		/* Nothing goes before everything is created; the cursor is stored by who was asked
		 * for it; what is sent was announced; a flag is told behind what it rests on. */
		if (seen[BOX_REMOVING])
			assert_true(seen[BOX_CREATED] && seen[BOX_FLUSHING_ALL]);
		if (seen[BOX_CREATED])
			assert_true(seen[BOX_PLANNED] && seen[BOX_COMMITTING]);
		if (seen[BOX_UPLOADING] || seen[BOX_CARRYING])
			assert_true(seen[BOX_ANNOUNCING] && seen[BOX_PLANNED]);
		if (seen[BOX_PUSHING] || seen[BOX_RELABELLING])
			assert_true(seen[BOX_FLUSHING]);
		if (seen[BOX_PLANNED] && !seen[BOX_WAITING])
			assert_true(seen[BOX_OBSERVING] && seen[BOX_COMMITTING]);
	}
}

/* Reached is each state, by some path. */
static void no_state_stands_alone(void **state)
{
	bool reached[BOX_STATES] = { [BOX_LOOKING] = true };

	(void)state;
	for (bool more = true; more;) {
		more = false;
		for (unsigned from = 0; from < BOX_STATES; from++) {
			for (unsigned to = 0; to < BOX_STATES; to++) {
				if (reached[from] && !reached[to] && gw_box_may_follow(from, to))
					more = reached[to] = true;
			}
		}
	}
	for (unsigned s = 0; s < BOX_STATES; s++)
		assert_true(reached[s]);
}

/* A run in which nothing is to be done, and what is not asked for is not passed. */
static void table(void **state)
{
	static const struct {
		enum gw_box_state at, next;
	} rows[] = {
		{ BOX_LOOKING, BOX_READY },
		{ BOX_READY, BOX_OBSERVING },
		{ BOX_OBSERVING, BOX_PLANNED },
		{ BOX_HEADS_OF_ALL, BOX_LOOKING_AT_PRINTS },
		{ BOX_LOOKING_AT_PRINTS, BOX_REKEYING },
		{ BOX_REKEYING, BOX_PLANNED },
		{ BOX_LOOKING_AGAIN, BOX_PLANNED },
		{ BOX_PAIRING, BOX_PLANNED },
		{ BOX_WAITING, BOX_DONE },
		{ BOX_VERIFYING, BOX_COMMITTING },
		{ BOX_VERIFYING_BODIES, BOX_COMMITTING },
		{ BOX_CONFIRMING, BOX_PLANNED },
		{ BOX_HEADS_FOR_MOVES, BOX_PLANNED },
		{ BOX_ASKING_ALL, BOX_PLANNED },
		{ BOX_SIFTING, BOX_PLANNED },
		{ BOX_PLANNED, BOX_COPYING },
		{ BOX_COPYING, BOX_CREATED },
		{ BOX_DOWNLOADING, BOX_CREATED },
		{ BOX_AWAITING, BOX_COPYING },
		{ BOX_FINDING_COPIES, BOX_CREATED },
		{ BOX_READING_MSGIDS, BOX_CREATED },
		{ BOX_SEEKING, BOX_CREATED },
		{ BOX_ANNOUNCING, BOX_UPLOADING },
		{ BOX_CARRYING, BOX_CREATED },
		{ BOX_UPLOADING, BOX_CREATED },
		{ BOX_FLUSHING, BOX_RELABELLING },
		{ BOX_RELABELLING, BOX_CREATED },
		{ BOX_PUSHING, BOX_CREATED },
		{ BOX_CREATED, BOX_COMMITTING },
		{ BOX_FINDING_SIBLINGS, BOX_FLUSHING_ALL },
		{ BOX_ASKING_TRASH, BOX_FLUSHING_ALL },
		{ BOX_FLUSHING_ALL, BOX_REMOVING },
		{ BOX_LOOKING_INTO_TRASH, BOX_REMOVING },
		{ BOX_REMOVING, BOX_COMMITTING },
		{ BOX_COMMITTING, BOX_DONE },
		{ BOX_DONE, BOX_DONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(gw_box_after(rows[i].at, never, NULL), rows[i].next);
}

/* A mailbox that gave its connection up gets it back where the server is awaited, and only there. */
static void detours(void **state)
{
	(void)state;
	for (unsigned s = 0; s < BOX_STATES; s++) {
		if (s == BOX_SELECTING || s == BOX_DONE)
			continue;
		assert_int_equal(gw_box_may_follow(BOX_SELECTING, s), gw_box_wants_session(s));
		assert_true(gw_box_may_follow(s, BOX_DONE));
		assert_true(gw_box_may_follow(s, BOX_READY_AGAIN));
		if (gw_box_wants_session(s))
			assert_int_equal(gw_box_awaits(s), GW_AWAITS_SERVER);
	}
	assert_false(gw_box_may_follow(BOX_DONE, BOX_LOOKING));
	assert_false(gw_box_may_follow(BOX_PLANNED, BOX_REMOVING));
	assert_false(gw_box_may_follow(BOX_COPYING, BOX_COMMITTING));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(every_path_ends),
		cmocka_unit_test(no_state_stands_alone),
		cmocka_unit_test(detours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
