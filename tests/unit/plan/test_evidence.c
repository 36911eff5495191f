/* SPDX-License-Identifier: ISC */
/* plan/evidence: what a server's answers prove. */
#include "plan/evidence.h"
#include "test.h"

static void an_answer_is_complete_by_the_servers_own_numbers(void **state)
{
	struct gw_answer a = { .told = 15, .exists = 15 };

	(void)state;
	assert_true(gw_answer_is_complete(&a));
	a.expunged = 1; /* one went, and nobody knows which */
	assert_false(gw_answer_is_complete(&a));
	a.expunged = 0;
	a.refused = true;
	assert_false(gw_answer_is_complete(&a));
	a = (struct gw_answer){ .told = 14, .exists = 15 };
	assert_false(gw_answer_is_complete(&a));
	a.told = 16; /* what cannot be proves nothing either */
	assert_false(gw_answer_is_complete(&a));
	a = (struct gw_answer){ 0 };
	assert_true(gw_answer_is_complete(&a));
}

static void what_there_should_be(void **state)
{
	const struct gw_base_msg base[] = { { .uid = 1 }, { .uid = 2, .kind = GW_BASE_HIDDEN },
		{ .uid = 4 }, { .uid = 6 } };
	const struct gw_remote_msg told[] = { { .uid = 2 }, { .uid = 4 }, { .uid = 9 } };
	struct gw_seqset vanished = { 0 };

	(void)state;
	/* 1, 4 and 6 by base; 2, which is in sight again, and 9. */
	assert_int_equal(gw_evidence_expected(base, 4, told, 3, &vanished), 5);
	assert_int_equal(gw_seqset_add(&vanished, 6, 9), GW_OK);
	assert_int_equal(gw_evidence_expected(base, 4, told, 3, &vanished), 3);
	gw_seqset_deinit(&vanished);
}

/* Gone elsewhere, and perhaps in a mailbox that does not add up. */
static void doubt_by_name(void **state)
{
	uint64_t files[] = { 30, 10, 20 }, announced[] = { 50, 40 };
	struct gw_doubt d = {
		.files = files, .file_count = 3, .announced = announced, .announced_count = 2
	};
	struct gw_doubt none = { 0 };

	(void)state;
	gw_doubt_sort(&d);
	gw_doubt_sort(&none);
	for (uint64_t name = 10; name <= 50; name += 10) {
		assert_true(gw_doubt_covers(&d, name, true));
		assert_int_equal(gw_doubt_covers(&d, name, false), name >= 40);
		assert_false(gw_doubt_covers(&d, name + 1, true));
		assert_false(gw_doubt_covers(&none, name, true));
	}
	none.any = true; /* the names could not be had */
	assert_true(gw_doubt_covers(&none, 1, true));
	assert_true(gw_doubt_covers(&none, 1, false));
}

/* Is a UID another message now?  Sizes count only where no date is known. */
static void uids_that_cannot_be(void **state)
{
	const struct gw_base_msg base[] = { { .uid = 2 }, { .uid = 4 },
		{ .uid = 6, .kind = GW_BASE_HIDDEN } };
	const struct gw_remote_msg there[] = { { .uid = 2 }, { .uid = 3 }, { .uid = 7 },
		{ .uid = 9 } };
	struct gw_evidence_span span = { .before = 7, .next = 9, .late = 1 };

	(void)state;
	assert_int_equal(gw_evidence_strangers(base, 3, there, 4, &span), 1); /* 3 had gone */
	span.late = 0;
	assert_int_equal(gw_evidence_strangers(base, 3, there, 4, &span), 2); /* nor can 9 be */
	span.next = 0;
	assert_int_equal(gw_evidence_strangers(base, 3, there, 4, &span), 1);
	assert_true(gw_evidence_lacks(base, 3, there, 4));
	assert_false(gw_evidence_lacks(base, 1, there, 4));
	assert_false(gw_evidence_lacks(&base[2], 1, there, 4));
	assert_true(gw_evidence_lacks(base, 1, NULL, 0));
}

static void a_uid_that_is_another_message(void **state)
{
	const struct gw_base_msg dated = { .size = 100, .date = 5000 };
	const struct gw_base_msg sized = { .size = 100, .date = GW_DATE_TOLD_OLD };

	(void)state;
	assert_false(gw_evidence_is_another(&dated, 101, 5000));
	assert_true(gw_evidence_is_another(&dated, 100, 5001));
	assert_true(gw_evidence_is_another(&dated, 101, 0));
	assert_true(gw_evidence_is_another(&sized, 101, 7000));
	assert_false(gw_evidence_is_another(&sized, 100, 7000));
	assert_false(gw_evidence_is_another(&sized, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_complete_by_the_servers_own_numbers),
		cmocka_unit_test(what_there_should_be),
		cmocka_unit_test(doubt_by_name),
		cmocka_unit_test(uids_that_cannot_be),
		cmocka_unit_test(a_uid_that_is_another_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
