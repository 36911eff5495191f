/* SPDX-License-Identifier: ISC */
/* plan/direction: with "pull" nothing is left in a plan that would change the server, with "push" nothing that
 * would change a file here. */
#include "plan/direction.h"
#include "test.h"

static void what_changes_the_server_waits(void **state)
{
	static const enum gw_action_kind kinds[] = { GW_DO_DOWNLOAD, GW_DO_REMOTE_FLAGS,
		GW_DO_LOCAL_FLAGS, GW_DO_DELETE_REMOTE, GW_DO_LEAVE, GW_DO_DELETE_LOCAL,
		GW_DO_UPLOAD, GW_DO_PAIR, GW_DO_REFUSE, GW_DO_KEEP, GW_DO_FORGET, GW_DO_HOLD };
	static const enum gw_action_kind left[] = { GW_DO_DOWNLOAD, GW_DO_LOCAL_FLAGS,
		GW_DO_DELETE_LOCAL, GW_DO_PAIR, GW_DO_KEEP, GW_DO_FORGET };
	enum { COUNT = sizeof kinds / sizeof *kinds, LEFT = sizeof left / sizeof *left };
	struct gw_action actions[COUNT] = { 0 };
	struct gw_plan plan = { .actions = actions, .count = COUNT };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		actions[i].kind = (uint8_t)kinds[i];
		actions[i].uid = (uint32_t)i + 1;
	}
	assert_int_equal(gw_plan_pull(&plan), COUNT - LEFT);
	assert_int_equal(plan.count, LEFT);
	assert_true(plan.look_again);  /* so that the stamps stay, and it is found again */
	assert_false(plan.incomplete); /* the server's side is in step */
	for (size_t i = 0; i < LEFT; i++)
		assert_int_equal(plan.actions[i].kind, left[i]);
	assert_int_equal(plan.actions[0].uid, 1);
}

/* Of each kind of action, what becomes of it: whether "pull" keeps it back, and whether "push" does. */
static const struct fate {
	enum gw_action_kind kind;
	bool changes_there, changes_here;
} fates[] = {
	{ GW_DO_DOWNLOAD, false, true },
	{ GW_DO_PAIR, false, false },
	{ GW_DO_LOCAL_FLAGS, false, true },
	{ GW_DO_BASE_FLAGS, false, false },
	{ GW_DO_REMOTE_FLAGS, true, false },
	{ GW_DO_HOLD_FLAGS, true, false },
	{ GW_DO_SETTLE_FLAGS, false, false },
	{ GW_DO_DELETE_LOCAL, false, true },
	{ GW_DO_HOLD_DELETE, false, true },
	{ GW_DO_DELETE_REMOTE, true, false },
	{ GW_DO_HOLD_REMOTE, true, false },
	{ GW_DO_UNHOLD, false, false },
	{ GW_DO_LEAVE, true, false },
	{ GW_DO_RETURN, false, true },
	{ GW_DO_FORGET, false, false },
	{ GW_DO_KEEP, false, true },
	{ GW_DO_UNKEPT, false, false },
	{ GW_DO_UPLOAD, true, false },
	{ GW_DO_HOLD_UPLOAD, true, false },
	{ GW_DO_REFUSE, true, false },
	{ GW_DO_STRAY, false, true },
	{ GW_DO_SKIP, false, false },
	{ GW_DO_EXPIRE, false, true },
	{ GW_DO_STAY, false, false },
	{ GW_DO_HOLD, true, false },
	{ GW_DO_NOTHING, false, false },
	{ GW_DO_HIDE, false, false },
	{ GW_DO_RELINK, false, false },
	{ GW_DO_TAKE, true, false },
	{ GW_DO_REPLACED, true, false },
};

static void every_kind_has_its_fate(void **state)
{
	struct gw_local_msg file = { 0 };
	struct gw_base_msg base = { .uid = 7 };
	const struct gw_plan_input in = {
		.base = &base, .base_count = 1, .local = &file, .local_count = 1
	};

	(void)state;
	assert_int_equal(sizeof fates / sizeof *fates, GW_DO_REPLACED + 1);
	for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
		const struct fate *f = &fates[i];
		struct gw_action a = { .kind = (uint8_t)f->kind, .uid = 7 };
		struct gw_plan pull = { .actions = &a, .count = 1 },
			       push = { .actions = &a, .count = 1 };
		uint64_t waits = gw_plan_pull(&pull);

		if (pull.count == f->changes_there ||
			waits != (f->changes_there && f->kind != GW_DO_HOLD_FLAGS))
			fail_msg("pull: kind %d: %zu left, %d wait", f->kind, pull.count,
				(int)waits);
		gw_plan_push(&in, &push);
		if ((a.kind != f->kind) != f->changes_here)
			fail_msg("push: kind %d became %d", f->kind, a.kind);
		assert_int_equal(push.look_again, f->kind == GW_DO_STRAY);
	}
}

static void a_plan_without_changes_there_stays(void **state)
{
	struct gw_action action = { .kind = GW_DO_DOWNLOAD };
	struct gw_plan plan = { .actions = &action, .count = 1 };

	(void)state;
	assert_int_equal(gw_plan_pull(&plan), 0);
	assert_int_equal(plan.count, 1);
	assert_false(plan.look_again);
}

/* --- push --- */

#define ANY UINT64_MAX
#define MIRROR 2

struct push_case {
	const char *what;
	struct gw_action given;
	struct gw_base_msg base; /* uid 0: none */
	uint64_t mine;           /* flags of the file */
	unsigned with;           /* 1: one side is an old copy; MIRROR: mirror-deleted */
	enum gw_action_kind kind;
	uint64_t flags, base_flags; /* ANY: of no matter */
	unsigned messages, changes, dropped;
};

#define S GW_FLAG_SEEN
#define F GW_FLAG_FLAGGED
#define T GW_FLAG_DELETED
#define OF(k) .kind = GW_DO_##k, .uid = 7

static const struct push_case push_cases[] = {
	{ "new there: a row without a file, which is not too old",
		{ OF(DOWNLOAD), .flags = S, .size = 9, .base_flags = 1 }, { 0 }, 0, false,
		GW_DO_SKIP, S, 0, 1, 0, 0 },
	{ "and it has one already", { OF(DOWNLOAD) }, { .uid = 7, .kind = GW_BASE_OUTSIDE }, 0,
		false, GW_DO_NOTHING, ANY, ANY, 0, 0, 1 },
	{ "set aside before", { OF(DOWNLOAD) }, { .uid = 7, .kind = GW_BASE_UNFETCHABLE }, 0, false,
		GW_DO_NOTHING, ANY, ANY, 0, 0, 1 },
	{ "deleted here, and changed there: it is not deleted there", { OF(RETURN), .flags = F },
		{ .uid = 7 }, 0, false, GW_DO_SKIP, F, 0, 1, 0, 0 },
	{ "missing in an old copy: it is not taken for deleted later", { OF(DOWNLOAD), .flags = S },
		{ .uid = 7 }, 0, true, GW_DO_SKIP, S, 0, 1, 0, 0 },
	{ "gone there", { OF(DELETE_LOCAL) }, { .uid = 7 }, 0, false, GW_DO_NOTHING, ANY, ANY, 0, 1,
		1 },
	{ "gone there, and changed here: it is not made anew", { OF(KEEP) }, { .uid = 7 }, F, false,
		GW_DO_NOTHING, ANY, ANY, 0, 1, 1 },
	{ "flags changed there", { OF(LOCAL_FLAGS), .flags = S, .base_flags = S }, { .uid = 7 }, 0,
		false, GW_DO_NOTHING, ANY, ANY, 0, 1, 1 },
	{ "flags changed there, one of them here, too: base learns of that",
		{ OF(LOCAL_FLAGS), .flags = S | F, .base_flags = S | F }, { .uid = 7 }, F, false,
		GW_DO_BASE_FLAGS, ANY, F, 0, 1, 0 },
	{ "taken off there", { OF(LOCAL_FLAGS), .flags = 0, .base_flags = 0 },
		{ .uid = 7, .flags = S }, S, false, GW_DO_NOTHING, ANY, ANY, 0, 1, 1 },
	{ "a wish to delete that is overruled stays one",
		{ OF(LOCAL_FLAGS), .flags = F, .base_flags = F }, { .uid = 7 }, T, false,
		GW_DO_NOTHING, ANY, ANY, 0, 1, 1 },
	{ "what an old copy lacks was never agreed",
		{ OF(LOCAL_FLAGS), .flags = S | F, .base_flags = S | F },
		{ .uid = 7, .flags = S | F }, F, true, GW_DO_BASE_FLAGS, ANY, F, 0, 1, 0 },
	{ "nor was a wish to delete", { OF(LOCAL_FLAGS), .flags = S, .base_flags = S },
		{ .uid = 7, .flags = S }, T, true, GW_DO_BASE_FLAGS, ANY, 0, 0, 1, 0 },
	{ "joined: the file keeps its flags", { OF(PAIR), .flags = S | F, .base_flags = S }, { 0 },
		F, false, GW_DO_PAIR, F, 0, 0, 1, 0 },
	{ "joined, if the bodies agree: judged then",
		{ OF(PAIR), .flags = S | F, .base_flags = S, .check_body = true }, { 0 }, F, false,
		GW_DO_PAIR, S | F, S, 0, 0, 0 },
	{ "another name: base does not take over what is new there",
		{ OF(RELINK), .base_flags = S | F }, { .uid = 7, .flags = F }, F, false,
		GW_DO_RELINK, ANY, F, 0, 0, 0 },
	{ "nor a wish to delete that is new there, which names here do not show",
		{ OF(RELINK), .base_flags = S | T }, { .uid = 7, .flags = 0 }, 0, false,
		GW_DO_RELINK, ANY, T, 0, 0, 0 },
	{ "but with mirror-deleted they do", { OF(RELINK), .base_flags = S | T },
		{ .uid = 7, .flags = 0 }, 0, MIRROR, GW_DO_RELINK, ANY, 0, 0, 0, 0 },
	{ "outside the window: it stays", { OF(EXPIRE) }, { .uid = 7 }, 0, false, GW_DO_NOTHING,
		ANY, ANY, 0, 0, 1 },
	{ "about to leave: it is in step again", { OF(EXPIRE) },
		{ .uid = 7, .kind = GW_BASE_OUTSIDE }, 0, false, GW_DO_STAY, ANY, ANY, 0, 0, 0 },
	{ "what is here goes there", { OF(UPLOAD) }, { 0 }, 0, false, GW_DO_UPLOAD, ANY, ANY, 0, 0,
		0 },
	{ "flags changed here", { OF(REMOTE_FLAGS), .flags = F }, { .uid = 7 }, F, false,
		GW_DO_REMOTE_FLAGS, F, 0, 0, 0, 0 },
	{ "deleted here", { OF(DELETE_REMOTE) }, { .uid = 7 }, 0, false, GW_DO_DELETE_REMOTE, ANY,
		ANY, 0, 0, 0 },
	{ "gone on both sides", { OF(FORGET) }, { .uid = 7 }, 0, false, GW_DO_FORGET, ANY, ANY, 0,
		0, 0 },
	{ "never stored: sent again", { OF(UNKEPT) }, { .uid = 7 }, 0, false, GW_DO_UNKEPT, ANY,
		ANY, 0, 0, 0 },
};

static void what_changes_a_file_here_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof push_cases / sizeof *push_cases; i++) {
		const struct push_case *c = &push_cases[i];
		struct gw_local_msg file = { .flags = c->mine };
		struct gw_action a = c->given;
		struct gw_plan plan = { .actions = &a, .count = 1 };
		const struct gw_plan_input in = { .base = &c->base,
			.base_count = c->base.uid != 0,
			.local = &file,
			.local_count = 1,
			.lettered = S | F | T,
			.mirror_deleted = c->with == MIRROR,
			.copies_differ = c->with == 1 };
		struct gw_left_there left;

		a.local = 0;
		left = gw_plan_push(&in, &plan);
		if (a.kind != c->kind || (c->flags != ANY && a.flags != c->flags) ||
			(c->base_flags != ANY && a.base_flags != c->base_flags) ||
			left.messages != c->messages || left.changes != c->changes ||
			left.dropped != c->dropped)
			fail_msg(
				"%s: kind %u, flags %llx, base %llx; %llu messages, %llu changes, %zu dropped",
				c->what, (unsigned)a.kind, (unsigned long long)a.flags,
				(unsigned long long)a.base_flags, (unsigned long long)left.messages,
				(unsigned long long)left.changes, left.dropped);
		assert_int_equal(plan.count, 1); /* what points into the plan stays right */
		assert_int_equal(plan.waits_there, c->changes > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changes_the_server_waits),
		cmocka_unit_test(every_kind_has_its_fate),
		cmocka_unit_test(a_plan_without_changes_there_stays),
		cmocka_unit_test(what_changes_a_file_here_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
