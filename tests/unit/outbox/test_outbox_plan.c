/* SPDX-License-Identifier: ISC */
/* tests/unit/outbox/test_outbox_plan.c - what is sent next, and when; with clocks that go astray. */
#include "test.h"

#include "outbox/plan.h"

enum {
	HOUR = 3600,
	LONGEST_WAIT = 5 * HOUR,
	SIX_DAYS = 6 * 24 * HOUR,
	MONTH = 30 * 24 * HOUR,
	YEAR = 365 * 24 * HOUR,
	NOW = 1800000000
};

static struct gw_item_to people[3] = { { .address = (char *)"a@x" }, { .address = (char *)"b@x" },
	{ .address = (char *)"c@x" } };

static struct gw_item fresh(int64_t queued_at)
{
	memset(people, 0, sizeof people);
	return (struct gw_item){ .queued_at = queued_at, .to = people, .to_count = 3 };
}

static struct gw_outbox_step plan(struct gw_item *item, struct gw_outbox_facts f)
{
	struct gw_item *list[] = { item };

	if (f.now == 0)
		f.now = NOW;
	return gw_outbox_plan(list, 1, &f, &(struct gw_outbox_ahead){ 0 });
}

static void due(void **state)
{
	struct gw_item item = fresh(NOW - 5);
	struct gw_outbox_step step;

	(void)state;
	step = plan(&item, (struct gw_outbox_facts){ 0 });
	assert_ptr_equal(step.item, &item);
	assert_int_equal(step.to_count, 3);
	step = plan(&item, (struct gw_outbox_facts){ .limits = { .per_message = 2 } });
	assert_int_equal(step.to_count, 2);
	people[0].fate = GW_FATE_ACCEPTED;
	people[1].fate = GW_FATE_REFUSED;
	step = plan(&item, (struct gw_outbox_facts){ 0 });
	assert_int_equal(step.to_count, 1);
	people[2].fate = GW_FATE_DOUBT;
	assert_null(plan(&item, (struct gw_outbox_facts){ 0 }).item);
}

static void waits(void **state)
{
	struct gw_item item = fresh(NOW - 5);
	struct gw_outbox_step step;

	(void)state;
	item.next_at = NOW + 60;
	step = plan(&item, (struct gw_outbox_facts){ 0 });
	assert_null(step.item);
	assert_int_equal(step.wait_until, NOW + 60);
	assert_non_null(plan(&item, (struct gw_outbox_facts){ .asked_at = NOW }).item);
	item.next_at = 0;
	step = plan(&item, (struct gw_outbox_facts){ .delay_s = 30 });
	assert_int_equal(step.wait_until, NOW + 25);
	step = plan(&item, (struct gw_outbox_facts){ .pause_until = NOW + 99 });
	assert_null(step.item);
	assert_int_equal(step.wait_until, NOW + 99);
	step = plan(&item, (struct gw_outbox_facts){ .sign_in = true });
	assert_null(step.item);
	assert_int_equal(step.wait_until, 0);
	step = plan(
		&item, (struct gw_outbox_facts){ .limits = { .per_day = 10 }, .sent_today = 10 });
	assert_int_equal(step.wait_until, NOW + HOUR);
	item.held = true;
	step = plan(&item, (struct gw_outbox_facts){ 0 });
	assert_null(step.item);
	assert_int_equal(step.wait_until, 0);
	item.asked = true;
	assert_non_null(plan(&item, (struct gw_outbox_facts){ 0 }).item);
}

/* A clock that was a year ahead leaves no mail behind for a year. */
static void clocks(void **state)
{
	struct gw_item item = fresh(NOW + YEAR);

	(void)state;
	item.next_at = NOW + YEAR;
	assert_non_null(plan(&item, (struct gw_outbox_facts){ .delay_s = 0 }).item);
	assert_non_null(plan(&item, (struct gw_outbox_facts){ .pause_until = NOW + YEAR }).item);
}

/* Five days of answers, and not of silence. */
static void age(void **state)
{
	struct gw_item item = fresh(NOW);
	int64_t now = NOW;
	unsigned tries = 0;

	(void)state;
	assert_false(gw_item_age(&item, now));
	now += MONTH; /* no line for a month */
	assert_false(gw_item_age(&item, now));
	assert_true(item.aged_s <= LONGEST_WAIT);
	while (!gw_item_age(&item, now)) {
		now = gw_outbox_next_try(tries, now, tries * 77);
		tries++;
		assert_true(tries < 100);
	}
	assert_true(tries > 30);
	now -= YEAR;
	gw_item_age(&item, now);
	assert_true(item.aged_s < SIX_DAYS);
	for (unsigned i = 0; i < 40; i++) {
		int64_t wait = gw_outbox_next_try(i, NOW, i * 31) - NOW;

		assert_true(wait >= 60 && wait <= LONGEST_WAIT);
	}
}

/* What broke the last time goes behind the others. */
static void order(void **state)
{
	struct gw_item_to to[2] = { { .address = (char *)"a@x" }, { .address = (char *)"b@x" } };
	struct gw_item first = { .queued_at = NOW - 50, .to = &to[0], .to_count = 1 };
	struct gw_item second = { .queued_at = NOW - 40, .to = &to[1], .to_count = 1 };
	struct gw_item *list[] = { &first, &second };
	const struct gw_outbox_facts f = { .now = NOW };

	(void)state;
	assert_ptr_equal(gw_outbox_plan(list, 2, &f, &(struct gw_outbox_ahead){ 0 }).item, &first);
	first.next_at = NOW - 10;
	assert_ptr_equal(gw_outbox_plan(list, 2, &f, &(struct gw_outbox_ahead){ 0 }).item, &second);
	second.next_at = NOW - 5;
	assert_ptr_equal(gw_outbox_plan(list, 2, &f, &(struct gw_outbox_ahead){ 0 }).item, &first);
}

/* A long queue goes out in its order, and is gone through once for a thousand mails. */
static void ahead(void **state)
{
	enum { MAILS = 3000, FAR = 500 };
	static struct gw_item_to to[MAILS];
	static struct gw_item items[MAILS], *list[MAILS];
	static struct gw_outbox_ahead found;
	const struct gw_outbox_facts f = { .now = NOW };
	struct gw_outbox_step step;

	(void)state;
	for (size_t i = 0; i < MAILS; i++) {
		to[i] = (struct gw_item_to){ .address = (char *)"a@x" };
		items[i] =
			(struct gw_item){ .queued_at = NOW - MAILS, .to = &to[i], .to_count = 1 };
		items[i].next_at = i < FAR ? NOW + 60 : NOW - (int64_t)(i * 7919 % MAILS);
		list[i] = &items[i];
	}
	for (size_t n = 0, last = 0; n < MAILS - FAR; n++) {
		step = gw_outbox_plan(list, n % GW_OUTBOX_AHEAD == 0 ? MAILS : 0, &f, &found);
		assert_non_null(step.item);
		assert_true((size_t)step.item->next_at >= last);
		last = (size_t)step.item->next_at;
		if ((n + 1) % GW_OUTBOX_AHEAD != 0 &&
			n + 1 < MAILS - FAR) { /* it is not due, and the next one is */
			step.item->sending = true;
			assert_true(gw_outbox_plan(list, 0, &f, &found).item != step.item);
			step.item->sending = false;
			assert_ptr_equal(gw_outbox_plan(list, 0, &f, &found).item, step.item);
		}
		step.item->to[0].fate = GW_FATE_ACCEPTED;
	}
	step = gw_outbox_plan(list, MAILS, &f, &found);
	assert_null(step.item);
	assert_int_equal(step.wait_until, NOW + 60);
}

static void states(void **state)
{
	struct gw_item item = fresh(NOW);

	(void)state;
	assert_int_equal(gw_item_state(&item), GW_MAIL_QUEUED);
	item.tries = 1;
	assert_int_equal(gw_item_state(&item), GW_MAIL_WAITING);
	item.held = true;
	assert_int_equal(gw_item_state(&item), GW_MAIL_HELD);
	item.held = false;
	item.doubt_at = NOW;
	item.doubts = 1;
	assert_int_equal(gw_item_state(&item), GW_MAIL_DOUBT);
	item.doubts = 2;
	assert_int_equal(gw_item_state(&item), GW_MAIL_HELD);
	item.doubt_at = 0;
	for (size_t i = 0; i < 3; i++)
		people[i].fate = i == 0 ? GW_FATE_REFUSED : GW_FATE_ACCEPTED;
	assert_int_equal(gw_item_state(&item), GW_MAIL_REFUSED);
}

static void what_is_left_waits(void **state)
{
	struct gw_item item = { .left_at = 0 };

	(void)state;
	assert_int_equal(gw_item_left_at(&item, NOW, 30, NOW), NOW + 30);
	assert_int_equal(gw_item_left_at(&item, NOW - 100, 30, NOW), NOW - 70);
	item.left_at = NOW + 60; /* it failed */
	assert_int_equal(gw_item_left_at(&item, NOW - 100, 30, NOW), NOW + 60);
	item.left_at = NOW + 400 * 86400; /* by another clock */
	assert_int_equal(gw_item_left_at(&item, NOW - 100, 30, NOW), NOW);
	item.left_at = 0;
	assert_int_equal(gw_item_left_at(&item, NOW + 400 * 86400, 30, NOW), NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_left_waits),
		cmocka_unit_test(due), cmocka_unit_test(waits), cmocka_unit_test(clocks),
		cmocka_unit_test(order), cmocka_unit_test(ahead), cmocka_unit_test(age),
		cmocka_unit_test(states) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
