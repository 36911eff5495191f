/* SPDX-License-Identifier: ISC */
/* plan/plan: the table of the design, row by row. */
#include "plan/plan.h"
#include "test.h"

enum { S = GW_FLAG_SEEN, F = GW_FLAG_FLAGGED, R = GW_FLAG_ANSWERED, T = GW_FLAG_DELETED };
#define LETTERED (GW_FLAG_KEYWORD(1) - 1)

/* One message: what base, server and Maildir say; -1: nothing.  gone: the server said so. */
struct fact {
	const char *what;
	int base, remote, local;
	bool gone, untrusted, copies_differ, mirror, never;
	enum gw_base_kind kind;
	int action; /* enum gw_action_kind, -1: none */
	int flags, base_flags;
	bool incomplete;
	bool read_only;
	int told; /* the server gets these flags; 0: it is told nothing */
};

static const struct fact table[] = {
	{ .what = "new there",
		.base = -1,
		.remote = S,
		.local = -1,
		.action = GW_DO_DOWNLOAD,
		.flags = S },
	{ .what = "new there, but a look that proves nothing may have missed its file",
		.base = -1,
		.remote = S,
		.local = -1,
		.untrusted = true,
		.action = -1,
		.incomplete = true },
	{ .what = "no file any more, but its name is there",
		.base = S,
		.remote = S,
		.local = -1,
		.kind = GW_BASE_COVERED,
		.action = -1 },
	{ .what = "likewise, and nothing told of it",
		.base = S,
		.remote = -1,
		.local = -1,
		.kind = GW_BASE_COVERED,
		.action = -1 },
	{ .what = "likewise, and changed there",
		.base = S,
		.remote = S | F,
		.local = -1,
		.kind = GW_BASE_COVERED,
		.action = -1,
		.incomplete = true },
	{ .what = "likewise, and gone there",
		.base = S,
		.remote = -1,
		.local = -1,
		.gone = true,
		.kind = GW_BASE_COVERED,
		.action = -1,
		.incomplete = true },
	{ .what = "likewise, one side an old copy",
		.base = S,
		.remote = S,
		.local = -1,
		.kind = GW_BASE_COVERED,
		.copies_differ = true,
		.action = -1 },
	{ .what = "new here: left alone", .base = -1, .remote = -1, .local = S, .action = -1 },
	{ .what = "in step", .base = S, .remote = S, .local = S, .action = -1 },
	{ .what = "flag set here",
		.base = 0,
		.remote = -1,
		.local = F | S,
		.action = -1,
		.told = F | S },
	{ .what = "flag removed here",
		.base = F | S,
		.remote = F | S,
		.local = S,
		.action = -1,
		.told = S },
	{ .what = "T is no flag to tell, but a wish",
		.base = S,
		.remote = -1,
		.local = S | T,
		.action = GW_DO_DELETE_REMOTE,
		.flags = S },
	{ .what = "an old copy removes nothing",
		.base = S | F,
		.remote = S | F,
		.local = R,
		.copies_differ = true,
		.action = GW_DO_LOCAL_FLAGS,
		.flags = S | F | R,
		.base_flags = S | F,
		.told = S | F | R },
	{ .what = "unchanged there, nothing told",
		.base = S,
		.remote = -1,
		.local = S,
		.action = -1 },
	{ .what = "flag set there",
		.base = 0,
		.remote = F,
		.local = 0,
		.action = GW_DO_LOCAL_FLAGS,
		.flags = F,
		.base_flags = F },
	{ .what = "flag removed there",
		.base = F | S,
		.remote = S,
		.local = F | S,
		.action = GW_DO_LOCAL_FLAGS,
		.flags = S,
		.base_flags = S },
	{ .what = "other flags on both sides",
		.base = 0,
		.remote = F,
		.local = R,
		.action = GW_DO_LOCAL_FLAGS,
		.flags = F | R,
		.base_flags = F,
		.told = F | R },
	{ .what = "the same on both sides",
		.base = 0,
		.remote = F,
		.local = F,
		.action = GW_DO_BASE_FLAGS,
		.flags = F,
		.base_flags = F },
	{ .what = "flag set here, the mailbox is read-only",
		.base = 0,
		.remote = 0,
		.local = F,
		.read_only = true,
		.action = -1 },
	{ .what = "\\Deleted there is not written as T",
		.base = 0,
		.remote = T,
		.local = 0,
		.action = GW_DO_BASE_FLAGS,
		.flags = 0,
		.base_flags = T },
	{ .what = "unless asked",
		.base = 0,
		.remote = T,
		.local = 0,
		.mirror = true,
		.action = GW_DO_LOCAL_FLAGS,
		.flags = T,
		.base_flags = T },
	{ .what = "a keyword without a letter",
		.base = 0,
		.remote = 1 << (GW_KEYWORD_FIRST + 3),
		.local = 0,
		.action = GW_DO_BASE_FLAGS,
		.base_flags = 1 << (GW_KEYWORD_FIRST + 3) },
	{ .what = "gone there",
		.base = S,
		.remote = -1,
		.local = S,
		.gone = true,
		.action = GW_DO_DELETE_LOCAL },
	{ .what = "gone there, read here",
		.base = 0,
		.remote = -1,
		.local = S,
		.gone = true,
		.action = GW_DO_DELETE_LOCAL },
	{ .what = "gone there, flagged here",
		.base = 0,
		.remote = -1,
		.local = F,
		.gone = true,
		.action = GW_DO_KEEP },
	{ .what = "gone there, flagged here, which the server could never store",
		.base = 0,
		.remote = -1,
		.local = F,
		.gone = true,
		.read_only = true,
		.action = GW_DO_DELETE_LOCAL },
	{ .what = "gone there, marked for deletion here",
		.base = 0,
		.remote = -1,
		.local = T,
		.gone = true,
		.action = GW_DO_DELETE_LOCAL },
	{ .what = "gone there, flagged and marked for deletion here",
		.base = 0,
		.remote = -1,
		.local = F | T,
		.gone = true,
		.action = GW_DO_DELETE_LOCAL },
	{ .what = "gone on both sides",
		.base = S,
		.remote = -1,
		.local = -1,
		.gone = true,
		.action = GW_DO_FORGET },
	{ .what = "gone there, not seen here by a look that proves nothing",
		.base = S,
		.remote = -1,
		.local = -1,
		.gone = true,
		.untrusted = true,
		.action = -1,
		.incomplete = true },
	{ .what = "deleted here",
		.base = S,
		.remote = S,
		.local = -1,
		.action = GW_DO_DELETE_REMOTE,
		.flags = S },
	{ .what = "deleted here, nothing told of it",
		.base = S,
		.remote = -1,
		.local = -1,
		.action = GW_DO_DELETE_REMOTE,
		.flags = S },
	{ .what = "deleted here, read there",
		.base = 0,
		.remote = S,
		.local = -1,
		.action = GW_DO_DELETE_REMOTE,
		.flags = S },
	{ .what = "deleted here, marked for deletion there",
		.base = 0,
		.remote = T,
		.local = -1,
		.action = GW_DO_DELETE_REMOTE,
		.flags = T },
	{ .what = "deleted here, never to be deleted there",
		.base = S,
		.remote = S,
		.local = -1,
		.never = true,
		.action = GW_DO_LEAVE,
		.flags = S },
	{ .what = "left standing there",
		.base = S,
		.remote = S,
		.local = -1,
		.kind = GW_BASE_LEFT,
		.action = -1 },
	{ .what = "left standing there, and changed: never comes back",
		.base = S,
		.remote = S | F,
		.local = -1,
		.kind = GW_BASE_LEFT,
		.action = GW_DO_BASE_FLAGS,
		.base_flags = S | F },
	{ .what = "deleted here, the mailbox is read-only",
		.base = S,
		.remote = S,
		.local = -1,
		.read_only = true,
		.action = GW_DO_HOLD,
		.flags = S },
	{ .what = "T on a known file: a wish",
		.base = S,
		.remote = S,
		.local = S | T,
		.action = GW_DO_DELETE_REMOTE,
		.flags = S },
	{ .what = "T on a known file, flagged there: the wish is taken off",
		.base = S,
		.remote = S | F,
		.local = S | T,
		.action = GW_DO_LOCAL_FLAGS,
		.flags = S | F,
		.base_flags = S | F },
	{ .what = "T that the server's mark brought is no wish",
		.base = S | T,
		.remote = S | T,
		.local = S | T,
		.mirror = true,
		.action = -1 },
	{ .what = "T, and nothing is ever deleted there",
		.base = S,
		.remote = S,
		.local = S | T,
		.never = true,
		.action = -1 },
	{ .what = "deleted here, flagged there",
		.base = 0,
		.remote = F,
		.local = -1,
		.action = GW_DO_RETURN,
		.flags = F },
	{ .what = "not seen here by a look that proves nothing",
		.base = 0,
		.remote = F,
		.local = -1,
		.untrusted = true,
		.action = -1,
		.incomplete = true },
	{ .what = "missing in an old copy",
		.base = S,
		.remote = S,
		.local = -1,
		.copies_differ = true,
		.action = GW_DO_DOWNLOAD,
		.flags = S },
	{ .what = "gone there, by an old copy",
		.base = S,
		.remote = -1,
		.local = S,
		.gone = true,
		.copies_differ = true,
		.action = -1,
		.incomplete = true },
	{ .what = "cannot be fetched",
		.base = S,
		.remote = S | F,
		.local = -1,
		.kind = GW_BASE_UNFETCHABLE,
		.action = -1 },
	{ .what = "could not be fetched, is gone",
		.base = S,
		.remote = -1,
		.local = -1,
		.kind = GW_BASE_UNFETCHABLE,
		.gone = true,
		.action = GW_DO_FORGET },
	{ .what = "told about and vanished",
		.base = S,
		.remote = S | F,
		.local = S,
		.gone = true,
		.action = GW_DO_DELETE_LOCAL },
};

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct fact *f = &table[i];
		struct gw_base_msg base = { .uid = 5,
			.flags = (uint64_t)f->base & GW_FLAGS_ALL,
			.local = f->local < 0 ? GW_NO_LOCAL : 0,
			.kind = (unsigned)f->kind & 7 };
		struct gw_remote_msg remote = {
			.uid = 5, .size = 10, .flags = (uint64_t)f->remote & GW_FLAGS_ALL
		};
		struct gw_local_msg local = { .flags = (uint64_t)f->local,
			.uid = f->base < 0 ? 0 : 5 };
		struct gw_seqset vanished = { 0 };
		struct gw_plan_input in = { .base = &base,
			.base_count = f->base >= 0,
			.remote = &remote,
			.remote_count = f->remote >= 0,
			.local = &local,
			.local_count = f->local >= 0,
			.vanished = &vanished,
			.local_trusted = !f->untrusted,
			.copies_differ = f->copies_differ,
			.mirror_deleted = f->mirror,
			.never_delete = f->never,
			.read_only = f->read_only,
			.lettered = LETTERED,
			.storable = f->read_only ? 0 : GW_FLAGS_ALL };
		struct gw_plan plan;
		size_t expected = (size_t)(f->action >= 0) + (size_t)(f->told != 0);

		if (f->gone)
			gw_seqset_add(&vanished, 5, 5);
		assert_int_equal(gw_plan_mailbox(&in, &plan), GW_OK);
		if (f->told != 0 && (plan.count != expected ||
					    plan.actions[expected - 1].kind != GW_DO_REMOTE_FLAGS ||
					    (int)plan.actions[expected - 1].flags != f->told))
			fail_msg("%s: the server is not told", f->what);
		if (plan.count != expected || plan.incomplete != f->incomplete)
			fail_msg("%s: %zu actions, incomplete %d", f->what, plan.count,
				plan.incomplete);
		if (f->action >= 0 && ((int)plan.actions[0].kind != f->action ||
					      (int)plan.actions[0].flags != f->flags ||
					      (int)plan.actions[0].base_flags != f->base_flags))
			fail_msg("%s: action %d, flags %d, base %d", f->what, plan.actions[0].kind,
				(int)plan.actions[0].flags, (int)plan.actions[0].base_flags);
		gw_plan_deinit(&plan);
		gw_seqset_deinit(&vanished);
	}
}

static void absence_needs_proof(void **state)
{
	struct gw_base_msg base[] = { { .uid = 1, .local = 0 }, { .uid = 2, .local = 1 } };
	struct gw_local_msg local[] = { { .uid = 1 }, { .uid = 2 } };
	struct gw_seqset listing = { 0 };
	struct gw_plan_input in = { .base = base,
		.base_count = 2,
		.local = local,
		.local_count = 2,
		.local_trusted = true,
		.lettered = LETTERED };
	struct gw_plan plan;

	(void)state;
	gw_plan_mailbox(&in, &plan); /* a delta that names nothing */
	assert_int_equal(plan.count, 0);
	gw_plan_deinit(&plan);
	gw_seqset_add(&listing, 2, 2);
	in.listing = &listing;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.actions[0].kind, GW_DO_DELETE_LOCAL);
	assert_int_equal(plan.actions[0].uid, 1);
	gw_plan_deinit(&plan);
	in.listing = NULL;
	in.remote_full = true;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 2);
	gw_plan_deinit(&plan);
	gw_seqset_deinit(&listing);
}

static void what_was_never_seen_there_was_not_deleted(void **state)
{
	const struct gw_local_msg local[] = { { .uid = 3 }, { .uid = 4 } };
	const struct gw_base_msg base[] = { { .uid = 3 }, { .uid = 4, .local = 1 },
		{ .uid = 5, .local = GW_NO_LOCAL } };
	struct gw_seqset unseen = { 0 };
	struct gw_plan_input in = { .base = base,
		.base_count = 3,
		.local = local,
		.local_count = 2,
		.unseen = &unseen,
		.remote_full = true,
		.local_trusted = true,
		.lettered = LETTERED };
	struct gw_plan plan;

	(void)state;
	gw_seqset_add(&unseen, 4, 5);
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 3);
	assert_int_equal(plan.actions[0].kind, GW_DO_DELETE_LOCAL);
	assert_int_equal(plan.actions[1].kind, GW_DO_UNKEPT);
	assert_int_equal(plan.actions[2].kind, GW_DO_FORGET); /* nobody wants it any more */
	gw_plan_deinit(&plan);
	in.unproved = true;
	gw_plan_mailbox(&in, &plan);
	for (size_t i = 0; i < plan.count; i++)
		assert_int_not_equal(plan.actions[i].kind, GW_DO_UNKEPT);
	gw_plan_deinit(&plan);
	gw_seqset_deinit(&unseen);
}

static void new_files_are_uploaded_unless_something_speaks_against_it(void **state)
{
	struct gw_local_msg local[] = { { .flags = S, .candidate = true },
		{ .flags = S | T, .candidate = true }, { .flags = S },
		{ .flags = F, .candidate = true, .refused = true },
		{ .flags = R, .candidate = true, .ours = true }, { .candidate = true } };
	const struct gw_remote_msg remote = { .uid = 9 };
	const struct gw_pair pair = { .uid = 9, .local = 5 };
	struct gw_plan_input in = { .local = local,
		.local_count = 6,
		.remote = &remote,
		.remote_count = 1,
		.pairs = &pair,
		.pair_count = 1,
		.local_trusted = true,
		.storable = S,
		.lettered = LETTERED };
	struct gw_plan plan;

	(void)state;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 3);
	assert_int_equal(plan.actions[0].kind, GW_DO_PAIR);
	assert_int_equal(plan.actions[1].kind, GW_DO_UPLOAD);
	assert_int_equal(plan.actions[1].local, 0);
	assert_int_equal(plan.actions[1].flags, S);
	assert_int_equal(plan.actions[2].local, 4);
	assert_int_equal(plan.actions[2].flags, 0); /* what the server cannot store stays here */
	gw_plan_deinit(&plan);
	local[4].stray = true; /* fetched, not recorded, and gone there since */
	local[4].flags = S;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.actions[2].kind, GW_DO_STRAY);
	assert_int_equal(plan.actions[2].local, 4);
	gw_plan_deinit(&plan);
	in.unproved = true; /* it may be there all the same */
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.actions[1].kind, GW_DO_UPLOAD); /* this one cannot */
	gw_plan_deinit(&plan);
	in.hides = true;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 1);
	assert_true(plan.look_again);
	gw_plan_deinit(&plan);
	in.hides = false;
	local[0].announced = true; /* it may have arrived */
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 1);
	gw_plan_deinit(&plan);
	in.unproved = false;
	in.copies_differ = true;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.actions[1].kind, GW_DO_UPLOAD);
	assert_int_equal(plan.actions[2].kind, GW_DO_REFUSE); /* deleted there since, perhaps */
	gw_plan_deinit(&plan);
	in.read_only = true;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.actions[1].kind, GW_DO_REFUSE);
	gw_plan_deinit(&plan);
}

/* What a window leaves out, and when a file leaves. */
static void windows(void **state)
{
	struct gw_base_msg base[] = { { .uid = 1, .local = 0, .flags = S },
		{ .uid = 2, .local = 1, .flags = S | F }, { .uid = 3, .local = 2 },
		{ .uid = 4, .local = 3, .flags = S }, { .uid = 5, .local = 4, .flags = S },
		{ .uid = 6, .local = GW_NO_LOCAL, .kind = GW_BASE_OUTSIDE, .flags = S } };
	struct gw_local_msg local[] = { { .uid = 1, .flags = S }, { .uid = 2, .flags = S | F },
		{ .uid = 3 }, { .uid = 4, .flags = S | R }, { .uid = 5, .flags = S } };
	struct gw_remote_msg remote[] = { { .uid = 6, .size = 50, .flags = S, .whole = true },
		{ .uid = 7, .size = 500, .flags = S }, { .uid = 8, .size = 50, .flags = S } };
	struct gw_plan_input in = { .base = base,
		.base_count = 6,
		.remote = remote,
		.remote_count = 3,
		.local = local,
		.local_count = 5,
		.local_trusted = true,
		.lettered = LETTERED,
		.storable = GW_FLAGS_ALL,
		.max_size = 100,
		.max_messages = 3 };
	struct gw_plan plan;

	(void)state;
	/* 6, 7 and 8 are the newest; 2 is flagged, 3 is unread, 4 was changed here. */
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 6);
	assert_int_equal(plan.actions[0].kind, GW_DO_EXPIRE);
	assert_int_equal(plan.actions[0].uid, 1);
	assert_int_equal(plan.actions[1].kind, GW_DO_REMOTE_FLAGS);
	assert_int_equal(plan.actions[1].uid, 4);
	assert_int_equal(plan.actions[2].kind, GW_DO_EXPIRE);
	assert_int_equal(plan.actions[2].uid, 5);
	assert_int_equal(plan.actions[3].kind, GW_DO_DOWNLOAD); /* inside again */
	assert_int_equal(plan.actions[3].uid, 6);
	assert_int_equal(plan.actions[4].kind, GW_DO_SKIP); /* too big */
	assert_int_equal(plan.actions[4].uid, 7);
	assert_int_equal(plan.actions[5].kind, GW_DO_DOWNLOAD);
	gw_plan_deinit(&plan);

	/* Killed between the row and its file: the file leaves all the same, or stays. */
	base[0].kind = GW_BASE_OUTSIDE;
	in.max_size = in.max_messages = 0;
	in.remote_count = 0;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.actions[0].kind, GW_DO_STAY);
	gw_plan_deinit(&plan);
	base[0].old = true;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.actions[0].kind, GW_DO_EXPIRE);
	gw_plan_deinit(&plan);
	/* And a file that is gone then was not deleted by anybody. */
	base[0].local = GW_NO_LOCAL;
	in.base_count = 1;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 0);
	gw_plan_deinit(&plan);
}

/* What the server hid from sight is left alone until it shows again. */
static void hidden(void **state)
{
	struct gw_base_msg base[] = { { .uid = 1, .local = 0, .kind = GW_BASE_HIDDEN },
		{ .uid = 2, .local = GW_NO_LOCAL, .kind = GW_BASE_HIDDEN },
		{ .uid = 3, .local = 1, .kind = GW_BASE_HIDDEN },
		{ .uid = 4, .local = GW_NO_LOCAL, .kind = GW_BASE_HIDDEN } };
	struct gw_local_msg local[] = { { .uid = 1, .flags = F }, { .uid = 3 } };
	struct gw_remote_msg remote[] = { { .uid = 3, .flags = S }, { .uid = 4 } };
	struct gw_plan_input in = { .base = base,
		.base_count = 4,
		.remote = remote,
		.remote_count = 2,
		.remote_full = true,
		.local = local,
		.local_count = 2,
		.local_trusted = true,
		.lettered = LETTERED,
		.storable = GW_FLAGS_ALL };
	struct gw_plan plan;

	(void)state;
	gw_plan_mailbox(&in, &plan);
	assert_int_equal(plan.count, 3);
	assert_int_equal(plan.actions[0].kind, GW_DO_STAY);
	assert_int_equal(plan.actions[0].uid, 3);
	assert_int_equal(plan.actions[1].kind, GW_DO_LOCAL_FLAGS);
	assert_int_equal(plan.actions[1].uid, 3);
	assert_int_equal(plan.actions[2].kind, GW_DO_DELETE_REMOTE); /* deleted here meanwhile */
	assert_int_equal(plan.actions[2].uid, 4);
	gw_plan_deinit(&plan);
}

/* What is deleted here is deleted there, and the plan says whether it was told of. */
static void gone_here_and_untold(void **state)
{
	const struct gw_base_msg base[] = { { .uid = 1, .local = GW_NO_LOCAL },
		{ .uid = 2, .local = GW_NO_LOCAL } };
	const struct gw_remote_msg remote = { .uid = 1 };
	struct gw_plan_input in = { .base = base,
		.base_count = 2,
		.remote = &remote,
		.remote_count = 1,
		.unproved = true,
		.local_trusted = true };
	struct gw_plan plan;

	(void)state;
	for (int unproved = 1; unproved >= 0; unproved--) { /* then only changes are told */
		in.unproved = unproved;
		gw_plan_mailbox(&in, &plan);
		assert_int_equal(plan.count, 2);
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(plan.actions[i].kind, GW_DO_DELETE_REMOTE);
		assert_false(plan.actions[0].untold);
		assert_int_equal(plan.actions[1].untold, unproved);
		gw_plan_deinit(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_row),
		cmocka_unit_test(gone_here_and_untold), cmocka_unit_test(absence_needs_proof),
		cmocka_unit_test(windows), cmocka_unit_test(hidden),
		cmocka_unit_test(what_was_never_seen_there_was_not_deleted),
		cmocka_unit_test(new_files_are_uploaded_unless_something_speaks_against_it) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
