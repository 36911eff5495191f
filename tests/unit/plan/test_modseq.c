/* SPDX-License-Identifier: ISC */
/* plan/modseq.h: one new mail in an account of many labels. */
#include "plan/modseq.h"

#include "test.h"

enum { LABELS = 150 };

static struct gw_modseq_mailbox list[LABELS];

/* Base is at 100 everywhere, and so is the server. */
static void begin(void)
{
	for (size_t i = 0; i < LABELS; i++)
		list[i] = (struct gw_modseq_mailbox){
			.told = true, .same_counts = true, .there = 100, .base = 100
		};
	list[0].first = true;
	list[1].apart = true; /* the trash */
}

static size_t count_of(enum gw_modseq_verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < LABELS; i++)
		n += list[i].verdict == verdict;
	return n;
}

static void test_account(void **state)
{
	struct gw_modseq_answer a;

	(void)state;
	begin();
	for (size_t i = 0; i < LABELS; i++)
		list[i].there = 105;
	list[0].same_counts = false; /* new mail in INBOX */
	a = gw_modseq_judge(&(struct gw_modseq){ .all_in_sight = true }, list, LABELS);
	assert_true(a.account);
	assert_int_equal(count_of(GW_MODSEQ_LOOK), 1);
	assert_int_equal(a.asks, LABELS - 2);
	assert_int_equal(list[1].verdict, GW_MODSEQ_LATER);
	assert_int_equal(a.since, 100);
	assert_int_equal(a.seen, 105);
	/* The next time nobody has to ask again, and it is the trash's turn. */
	list[0].same_counts = true;
	list[0].base = 105;
	a = gw_modseq_judge(&(struct gw_modseq){ .all_in_sight = true, .seen = 105 }, list, LABELS);
	assert_int_equal(a.asks, 0);
	assert_int_equal(count_of(GW_MODSEQ_LOOK), 1);
	assert_int_equal(list[1].verdict, GW_MODSEQ_LOOK);
	/* More happens there: what is older than `seen` is not asked for again. */
	for (size_t i = 0; i < LABELS; i++)
		list[i].there = 110;
	a = gw_modseq_judge(&(struct gw_modseq){ .all_in_sight = true, .seen = 105 }, list, LABELS);
	assert_int_equal(a.asks, LABELS - 1);
	assert_int_equal(a.since, 105);
}

static void test_mailboxes(void **state)
{
	struct gw_modseq_answer a;

	(void)state;
	begin();
	for (size_t i = 0; i < 20; i++)
		list[i].there = 101 + i; /* each by itself */
	a = gw_modseq_judge(&(struct gw_modseq){ .all_in_sight = true, .seen = 500 }, list, LABELS);
	assert_false(a.account);
	assert_int_equal(a.asks, 0);
	assert_int_equal(count_of(GW_MODSEQ_LOOK), 20);
	begin();
	list[7].there = list[8].there = 103; /* few: they are looked at */
	gw_modseq_judge(&(struct gw_modseq){ .all_in_sight = true }, list, LABELS);
	assert_int_equal(count_of(GW_MODSEQ_LOOK), 2);
	begin();
	for (size_t i = 0; i < LABELS; i++)
		list[i].base = 200; /* a restored server: nothing of this is to be believed */
	gw_modseq_judge(&(struct gw_modseq){ .all_in_sight = true, .seen = 200 }, list, LABELS);
	assert_int_equal(count_of(GW_MODSEQ_SAME), 0);
}

static void test_hidden(void **state)
{
	struct gw_modseq_answer a;
	size_t turn = 2;

	(void)state;
	begin();
	for (size_t i = 0; i < LABELS; i++)
		list[i].there = 105;
	list[turn].base = 90; /* the one that waits for the longest time */
	a = gw_modseq_judge(&(struct gw_modseq){ 0 }, list, LABELS);
	assert_true(a.account);
	assert_int_equal(a.asks, 0);
	assert_int_equal(count_of(GW_MODSEQ_LOOK), 2);
	assert_int_equal(list[0].verdict, GW_MODSEQ_LOOK);
	assert_int_equal(list[turn].verdict, GW_MODSEQ_LOOK);
	list[30].same_counts = false; /* new mail: the rest waits */
	gw_modseq_judge(&(struct gw_modseq){ 0 }, list, LABELS);
	assert_int_equal(list[turn].verdict, GW_MODSEQ_LATER);
	assert_int_equal(list[30].verdict, GW_MODSEQ_LOOK);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_account),
		cmocka_unit_test(test_mailboxes), cmocka_unit_test(test_hidden) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
