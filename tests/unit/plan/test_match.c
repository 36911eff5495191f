/* SPDX-License-Identifier: ISC */
/* sync/match: what was moved, edited, or only seems so. */
#include "plan/match.h"
#include "test.h"

static struct gw_half half(uint32_t box, int header, int body, int msgid)
{
	struct gw_half h = { .box = box, .size = 100 };

	h.header[0] = (uint8_t)header;
	h.body[0] = (uint8_t)body;
	h.msgid[0] = (uint8_t)msgid;
	return h;
}

static void moves_and_edits(void **state)
{
	struct gw_half gone[] = { half(0, 1, 1, 1), half(0, 2, 2, 2), half(0, 3, 3, 3),
		half(0, 4, 4, 4), half(0, 5, 5, 0) };
	struct gw_half fresh[] = { half(1, 1, 1, 1), /* moved to another mailbox */
		half(0, 2, 2, 2),                    /* renamed where it is */
		half(0, 3, 9, 3),                    /* edited */
		half(1, 4, 9, 4),   /* another content in another mailbox: neither */
		half(0, 5, 9, 0) }; /* no Message-ID: neither */
	struct gw_match out[5];

	(void)state;
	assert_int_equal(gw_match_here(gone, 5, fresh, 5, out), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(out[i].gone, out[i].fresh);
		assert_int_equal(out[i].kind, out[i].gone == 0 ? GW_MATCH_MOVE : GW_MATCH_SAME);
	}
	/* What is left: */
	assert_int_equal(gw_match_edits(gone + 2, 3, fresh + 2, 3, false, out), 1);
	assert_int_equal(out[0].gone, 0);
	assert_int_equal(out[0].fresh, 0);
	assert_int_equal(out[0].kind, GW_MATCH_EDIT);
}

static void each_half_is_used_once(void **state)
{
	struct gw_half gone[] = { half(0, 1, 1, 1), half(0, 1, 1, 1), half(1, 1, 1, 1) };
	struct gw_half fresh[] = { half(2, 1, 1, 1), half(1, 1, 1, 1) };
	struct gw_match out[3];

	(void)state;
	assert_int_equal(gw_match_here(gone, 3, fresh, 2, out), 2);
	assert_int_equal(out[0].kind, GW_MATCH_SAME); /* the nearer one first */
	assert_int_equal(out[0].gone, 2);
	assert_int_equal(out[1].kind, GW_MATCH_MOVE);
	assert_int_equal(out[1].fresh, 0);
}

/* A header without Received proves nothing, but in the trash of what we were about to put there. */
static void put_into_the_trash(void **state)
{
	struct gw_half gone[] = { half(0, 1, 1, 1), half(0, 2, 2, 2) };
	struct gw_half fresh[] = { half(1, 1, 1, 1), half(1, 2, 2, 2) };
	struct gw_match out[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		gone[i].size = fresh[i].size = 100;
		fresh[i].trash = fresh[i].alone = true;
	}
	gone[0].drafts = true;
	assert_int_equal(gw_match_there(gone, 2, fresh, 2, out), 0);
	gone[0].trashed = true;
	assert_int_equal(gw_match_there(gone, 2, fresh, 2, out), 1);
	assert_int_equal(out[0].gone, 0);
	assert_int_equal(out[0].fresh, 0);
	fresh[0].trash = false;
	assert_int_equal(gw_match_there(gone, 2, fresh, 2, out), 0);
}

/* An id is proof, also among drafts and without a header; and two ids are two messages. */
static void moved_by_id(void **state)
{
	struct gw_half gone[] = { half(0, 1, 1, 1), half(0, 2, 2, 2), half(0, 3, 3, 3),
		half(0, 4, 4, 4) };
	struct gw_half fresh[] = { half(1, 4, 0, 0), half(1, 3, 0, 0), half(1, 0, 0, 0),
		half(1, 1, 0, 0) };
	struct gw_match out[4];

	(void)state;
	gone[1].id = 7, gone[1].drafts = true;
	gone[2].id = 8;
	fresh[2].id = 7;
	fresh[1].id = 9; /* the header of gone[2], and another message */
	assert_int_equal(gw_match_there(gone, 4, fresh, 4, out), 3);
	assert_int_equal(out[0].gone, 1);
	assert_int_equal(out[0].fresh, 2);
	for (size_t i = 1; i < 3; i++) {
		assert_int_not_equal(out[i].gone, 2);
		assert_int_not_equal(out[i].fresh, 1);
	}
}

/* Where a listing hid something: who knows whether these are there still? */
static void untold_ones_come_last_and_keep_no_file(void **state)
{
	struct gw_half gone[] = { half(0, 1, 1, 1), half(2, 1, 1, 1), half(3, 2, 2, 2) };
	struct gw_half fresh[] = { half(0, 1, 1, 1), half(3, 2, 9, 2) };
	struct gw_match out[3];

	(void)state;
	gone[0].untold = gone[2].untold = true;
	assert_int_equal(gw_match_here(gone, 3, fresh, 2, out), 1); /* the nearer one is not sure */
	assert_int_equal(out[0].gone, 1);
	assert_int_equal(out[0].kind, GW_MATCH_MOVE);
	assert_int_equal(gw_match_here(gone, 1, fresh, 2, out), 1);
	assert_int_equal(out[0].kind, GW_MATCH_WAITS);
	/* An edit is stored before the old one goes, if that is there; merged, it is the old one. */
	assert_int_equal(gw_match_edits(gone + 2, 1, fresh, 2, false, out), 1);
	assert_int_equal(out[0].kind, GW_MATCH_EDIT);
	assert_int_equal(gw_match_edits(gone + 2, 1, fresh, 2, true, out), 1);
	assert_int_equal(out[0].kind, GW_MATCH_WAITS);
}

static void what_the_server_refused_blocks(void **state)
{
	struct gw_half gone[] = { half(0, 1, 1, 1) }, fresh[] = { half(1, 1, 1, 1) };
	struct gw_match out[1];

	(void)state;
	fresh[0].refused = true;
	assert_int_equal(gw_match_here(gone, 1, fresh, 1, out), 1);
	assert_int_equal(out[0].kind, GW_MATCH_BLOCKED);
}

static void there_header_and_size_decide(void **state)
{
	struct gw_half gone[] = { half(0, 1, 0, 0), half(0, 2, 0, 0), half(0, 3, 0, 0) };
	struct gw_half fresh[] = { half(1, 1, 7, 0), half(1, 2, 0, 0), half(1, 3, 0, 0) };
	struct gw_match out[3];

	(void)state;
	fresh[1].size = 101;
	fresh[2].drafts = true;
	assert_int_equal(gw_match_there(gone, 3, fresh, 3, out), 1);
	assert_int_equal(out[0].gone, 0);
	assert_int_equal(out[0].kind, GW_MATCH_MOVE);
}

/* Random halves: every match is right, and nothing that could be matched in full is left. */
static void both_need_both_halves(void **state)
{
	struct gw_half gone[] = { half(0, 1, 1, 1), half(0, 2, 2, 2), half(0, 3, 3, 3),
		half(0, 4, 4, 4) };
	struct gw_half here[] = { half(1, 4, 4, 4), half(1, 1, 1, 1), half(1, 3, 9, 3) };
	struct gw_half there[] = { half(2, 2, 0, 0), half(2, 3, 0, 0), half(2, 4, 0, 0),
		half(0, 1, 0, 0) };
	struct gw_match out[4];

	(void)state;
	/* 2 is new there alone, 3 has other content here. */
	assert_int_equal(gw_match_both(gone, 4, here, 3, there, 4, out), 2);
	assert_int_equal(out[0].gone, 0);
	assert_int_equal(out[0].fresh, 1);
	assert_int_equal(out[0].there, 3);
	assert_int_equal(out[1].gone, 3);
	assert_int_equal(out[1].fresh, 0);
	assert_int_equal(out[1].there, 2);
}

static void random_halves(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct gw_half gone[12], fresh[12];
		struct gw_match out[12];
		bool gone_used[12] = { 0 }, fresh_used[12] = { 0 };
		size_t n;

		for (int i = 0; i < 12; i++) {
			gone[i] = half((uint32_t)test_random(&seed, 3), (int)test_random(&seed, 4),
				(int)test_random(&seed, 2), (int)test_random(&seed, 4));
			fresh[i] = half((uint32_t)test_random(&seed, 3), (int)test_random(&seed, 4),
				(int)test_random(&seed, 2), (int)test_random(&seed, 4));
		}
		n = gw_match_here(gone, 12, fresh, 12, out);
		for (size_t i = 0; i < n; i++) {
			const struct gw_half *g = &gone[out[i].gone], *f = &fresh[out[i].fresh];
			bool full = g->header[0] == f->header[0] && g->body[0] == f->body[0];

			assert_false(gone_used[out[i].gone] || fresh_used[out[i].fresh]);
			gone_used[out[i].gone] = fresh_used[out[i].fresh] = true;
			assert_true(full && (out[i].kind == GW_MATCH_SAME) == (g->box == f->box));
		}
		for (int g = 0; g < 12; g++) {
			for (int f = 0; f < 12; f++)
				assert_false(!gone_used[g] && !fresh_used[f] &&
					     gone[g].header[0] == fresh[f].header[0] &&
					     gone[g].body[0] == fresh[f].body[0]);
		}
		n = gw_match_edits(gone, 12, fresh, 12, false, out);
		for (size_t i = 0; i < n; i++) {
			const struct gw_half *g = &gone[out[i].gone], *f = &fresh[out[i].fresh];

			assert_true(
				g->box == f->box && g->msgid[0] == f->msgid[0] && g->msgid[0] != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(moves_and_edits),
		cmocka_unit_test(each_half_is_used_once), cmocka_unit_test(moved_by_id),
		cmocka_unit_test(put_into_the_trash),
		cmocka_unit_test(untold_ones_come_last_and_keep_no_file),
		cmocka_unit_test(what_the_server_refused_blocks),
		cmocka_unit_test(there_header_and_size_decide),
		cmocka_unit_test(both_need_both_halves), cmocka_unit_test(random_halves) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
