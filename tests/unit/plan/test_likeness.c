/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/test_likeness.c - what is a mailbox's is known by its messages, what is not is not. */
#include "plan/likeness.h"
#include "test.h"

enum { MOST = 40, NO_MSGID = 1000, OTHER_HEADER = 2000 };

/* Message n has the header 10 n + 1, and the Message-ID 10 n + 2. */
static struct gw_trace trace(unsigned n)
{
	return (struct gw_trace){ .header = 10 * n + 1, .msgid = 10 * n + 2 };
}

/* The directory holds first to last, and `own` that are nowhere else; the mailbox tells of these. */
static unsigned judge(
	unsigned first, unsigned last, unsigned own, const struct gw_trace *sample, size_t count)
{
	struct gw_traces dir = { 0 };
	unsigned score;

	for (unsigned n = first; n <= last; n++)
		assert_true(gw_traces_add(&dir, trace(n)));
	for (unsigned n = 0; n < own; n++)
		assert_true(gw_traces_add(&dir, trace(5000 - n)));
	gw_traces_settle(&dir);
	score = gw_likeness(&dir, sample, count);
	gw_traces_deinit(&dir);
	return score;
}

/* The oldest and newest of a mailbox of 100. */
static void fill(struct gw_trace sample[MOST])
{
	for (unsigned n = 0; n < MOST; n++)
		sample[n] = trace(n < MOST / 2 ? n + 1 : 100 - (n - MOST / 2));
}

static void shares(void **state)
{
	struct gw_trace sample[MOST];

	(void)state;
	fill(sample);
	assert_true(judge(1, 100, 0, sample, MOST) > 0);
	assert_true(judge(91, 100, 0, sample, MOST) > 0); /* only what is new is kept here */
	assert_true(judge(98, 100, 0, sample, MOST) > 0); /* three files, all of them there */
	assert_true(judge(98, 100, 9, sample, MOST) > 0); /* a quarter */
	assert_int_equal(judge(98, 100, 10, sample, MOST), 0);
	assert_true(judge(91, 100, 500, sample, MOST) > 0); /* so many are no chance */
	assert_int_equal(judge(92, 100, 500, sample, MOST), 0);
	assert_int_equal(judge(40, 60, 0, sample, MOST), 0);
	assert_int_equal(judge(1, 0, 30, sample, MOST), 0);
	assert_int_equal(judge(1, 0, 0, sample, MOST), 0);
	assert_int_equal(judge(1, 100, 0, sample, 0), 0);
	assert_true(judge(1, 100, 0, sample, MOST) > judge(91, 100, 60, sample, MOST));
}

static void either_will_do(void **state)
{
	struct gw_trace by_msgid = trace(7), by_header = trace(7), none = trace(7);

	(void)state;
	by_msgid.header = OTHER_HEADER;
	by_header.msgid = 0;
	none.header = OTHER_HEADER;
	none.msgid = NO_MSGID;
	assert_true(judge(5, 9, 0, &by_msgid, 1) > 0);
	assert_true(judge(5, 9, 0, &by_header, 1) > 0);
	assert_int_equal(judge(5, 9, 0, &none, 1), 0);
}

/* Messages without a Message-ID are not alike for that. */
static void nothing_is_no_evidence(void **state)
{
	struct gw_trace sample = { .header = 1 };
	struct gw_traces dir = { 0 };

	(void)state;
	assert_true(gw_traces_add(&dir, (struct gw_trace){ .header = 2 }));
	gw_traces_settle(&dir);
	assert_int_equal(gw_likeness(&dir, &sample, 1), 0);
	gw_traces_deinit(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shares),
		cmocka_unit_test(either_will_do), cmocka_unit_test(nothing_is_no_evidence) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
