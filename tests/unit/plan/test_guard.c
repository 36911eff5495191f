/* SPDX-License-Identifier: ISC */
/* sync/guard: what looks like an accident waits for a person. */
#include "plan/guard.h"
#include "test.h"

/* n deletions of UIDs from 1 on, of this kind, guarded. */
static struct gw_guarded guard(
	const struct gw_guard *g, enum gw_action_kind kind, uint32_t n, struct gw_plan *plan)
{
	*plan = (struct gw_plan){ 0 };
	for (uint32_t uid = 1; uid <= n; uid++) {
		struct gw_action *a = gw_array_push(
			(void **)&plan->actions, &plan->count, &plan->cap, sizeof *plan->actions);

		assert_non_null(a);
		a->kind = (uint8_t)kind;
		a->uid = uid;
	}
	return gw_guard_plan(g, plan);
}

static void expect(const char *what, struct gw_guard g, uint32_t n, uint64_t deleted, uint64_t held)
{
	static const struct {
		enum gw_action_kind kind, held;
	} sides[] = { { GW_DO_DELETE_LOCAL, GW_DO_HOLD_DELETE },
		{ GW_DO_DELETE_REMOTE, GW_DO_HOLD_REMOTE } };

	for (size_t side = 0; side < 2; side++) {
		struct gw_plan plan;
		struct gw_guarded done = guard(&g, sides[side].kind, n, &plan);
		uint64_t mine = side == 0 ? done.held_there : done.held_here;

		if (done.deleted != deleted || mine != held ||
			done.held_there + done.held_here != held)
			fail_msg("%s: %d deleted, %d held", what, (int)done.deleted, (int)mine);
		for (size_t i = 0; i < plan.count; i++)
			assert_int_equal(plan.actions[i].kind,
				held > 0 ? sides[side].held : sides[side].kind);
		gw_plan_deinit(&plan);
	}
}

static void limits(void **state)
{
	const struct gw_guard large = { .mailbox_total = 1000, .account_total = 10000 };
	const struct gw_guard small = { .mailbox_total = 30, .account_total = 30 };
	struct gw_guard g;

	(void)state;
	expect("a fifth", large, 200, 200, 0);
	expect("more than a fifth", large, 201, 0, 201);
	expect("twenty of a few", small, 20, 20, 0);
	expect("more than twenty of a few", small, 21, 0, 21);
	/* What is gone is proved (evidence.h): a thread that was read and deleted is no accident. */
	g = (struct gw_guard){ .mailbox_total = 40, .mailbox_known = 40, .account_total = 40 };
	expect("thirteen of forty", g, 13, 13, 0);
	g = large;
	g.mailbox_recent = 150;
	expect("a slow rm under many runs", g, 51, 0, 51);
	g = large;
	g.account_recent = 990;
	expect("a tenth of the account", g, 10, 10, 0);
	expect("more than a tenth of the account", g, 11, 0, 11);
	g = (struct gw_guard){ .mailbox_total = 30, .account_total = 30, .mailbox_day = 39 };
	expect("forty in a day, of seventy", g, 1, 1, 0);
	expect("more than half of a mailbox in a day", g, 2, 0, 2);
	g = large;
	g.account_day = 2300;
	expect("a quarter of the account in a day", g, 200, 200, 0);
	g.account_day = 4000;
	expect("more than that", g, 1, 0, 1);
	g = (struct gw_guard){
		.mailbox_total = 5, .account_total = 5000, .there_is_nothing = true
	};
	expect("five, and the mailbox is empty", g, 5, 0, 5);
	g.mailbox_total = 3;
	expect("three", g, 3, 0, 3);
	expect("the last of three; the others were moved", g, 1, 1, 0);
	g.mailbox_total = 2;
	expect("two", g, 2, 2, 0);
	g = (struct gw_guard){ .mailbox_total = 7, .mailbox_known = 7, .account_total = 5000 };
	expect("all seven, but something new came", g, 7, 0, 7);
	expect("six of seven", g, 6, 6, 0);
	g = (struct gw_guard){ .mailbox_total = 5, .account_total = 5000, .here_is_nothing = true };
	expect("five, and the Maildir is empty", g, 5, 0, 5);
	g = large;
	g.percent = 50;
	expect("half, if so configured", g, 500, 500, 0);
	expect("more than half", g, 501, 0, 501);
	g = large;
	g.off = true;
	expect("no guard", g, 1000, 1000, 0);
}

static void decides(bool here)
{
	enum gw_action_kind kind = here ? GW_DO_DELETE_REMOTE : GW_DO_DELETE_LOCAL;
	struct gw_seqset held = { 0 }, none = { 0 };
	struct gw_guard g = { .mailbox_total = 1000,
		.account_total = 1000,
		.held_gone = here ? &none : &held,
		.held_here = here ? &held : &none };
	struct gw_guarded done;
	struct gw_plan plan;

	gw_seqset_add(&held, 1, 300);
	done = guard(&g, kind, 310, &plan); /* ten more than were listed */
	assert_int_equal(done.deleted, 10);
	assert_int_equal(done.held_there + done.held_here, 0); /* none anew */
	assert_int_equal(plan.count, 10);
	assert_int_equal(plan.actions[0].uid, 301);
	assert_int_equal(plan.actions[0].kind, kind);
	gw_plan_deinit(&plan);
	g.accept = true;
	done = guard(&g, kind, 700, &plan); /* only those that were listed */
	assert_int_equal(done.deleted, 300);
	assert_int_equal(done.held_there + done.held_here, 400);
	gw_plan_deinit(&plan);
	g.accept = false;
	g.restore = true;
	done = guard(&g, kind, 300, &plan);
	assert_int_equal(done.restored, 300);
	assert_int_equal(plan.actions[7].kind, here ? GW_DO_RETURN : GW_DO_KEEP);
	gw_plan_deinit(&plan);
	gw_seqset_deinit(&held);
}

static void a_person_decides(void **state)
{
	(void)state;
	decides(false);
	decides(true);
}

/* Both sides count together. */
static void both_sides_count(void **state)
{
	struct gw_guard g = { .mailbox_total = 100, .account_total = 1000 };
	struct gw_plan plan = { 0 };
	struct gw_guarded done;

	(void)state;
	for (uint32_t uid = 1; uid <= 22; uid++) {
		struct gw_action *a = gw_array_push(
			(void **)&plan.actions, &plan.count, &plan.cap, sizeof *plan.actions);

		a->kind = uid % 2 ? GW_DO_DELETE_LOCAL : GW_DO_DELETE_REMOTE;
		a->uid = uid;
	}
	done = gw_guard_plan(&g, &plan);
	assert_int_equal(done.held_there, 11);
	assert_int_equal(done.held_here, 11);
	gw_plan_deinit(&plan);
}

/* n unknown files that would go up, of which `edits` take the place of others. */
static uint64_t held_uploads(struct gw_append_guard g, uint32_t n, uint32_t edits)
{
	struct gw_local_msg local[200] = { 0 };
	struct gw_plan plan = { 0 };
	uint64_t held;

	for (uint32_t i = 0; i < n + edits + 2; i++) {
		struct gw_action *a = gw_array_push(
			(void **)&plan.actions, &plan.count, &plan.cap, sizeof *plan.actions);

		a->kind = i < edits ? GW_DO_REPLACED : GW_DO_UPLOAD;
		a->local = i;
	}
	local[n + edits].known = local[n + edits + 1].accepted = true; /* they go in any case */
	g.local = local;
	held = gw_guard_uploads(&g, &plan);
	assert_int_equal(plan.actions[n + edits].kind, GW_DO_UPLOAD);
	assert_int_equal(plan.actions[n + edits + 1].kind, GW_DO_UPLOAD);
	gw_plan_deinit(&plan);
	return held;
}

static void uploads(void **state)
{
	struct gw_append_guard g = { .account_total = 500 };

	(void)state;
	assert_int_equal(held_uploads(g, 150, 0), 0); /* the first sync of a tree */
	g.in_step = true;
	assert_int_equal(held_uploads(g, 100, 0), 0);
	assert_int_equal(held_uploads(g, 101, 0), 101);
	assert_int_equal(held_uploads(g, 101, 1), 0); /* one is an edit */
	g.account_so_far = 90;
	assert_int_equal(held_uploads(g, 11, 0), 11);
	g.account_total = 5000;
	assert_int_equal(held_uploads(g, 150, 0), 0); /* no tenth of the account */
	g.strange = true;
	g.recognised = 5;
	assert_int_equal(held_uploads(g, 5, 0), 0);
	assert_int_equal(held_uploads(g, 6, 0), 6);
	g.recognised = 0;
	assert_int_equal(held_uploads(g, 2, 0), 0); /* too few to tell */
	g.off = true;
	assert_int_equal(held_uploads(g, 150, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limits),
		cmocka_unit_test(a_person_decides), cmocka_unit_test(both_sides_count),
		cmocka_unit_test(uploads) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
