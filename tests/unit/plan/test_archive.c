/* SPDX-License-Identifier: ISC */
/* plan/archive: which messages of All Mail have a file there. */
#include "plan/archive.h"
#include "test.h"

#include <stdlib.h>

#define NONE GW_DO_NOTHING

enum { UID = 7 };

static const struct archive_case {
	const char *what;
	enum gw_action_kind planned; /* NONE: nothing is */
	struct gw_base_msg base;     /* uid 0: it has no row */
	bool elsewhere, copied, shown;
	enum gw_action_kind becomes; /* of what is planned; NONE: it stays */
	enum gw_action_kind more;    /* NONE: nothing is added */
	bool again;
} cases[] = {
	{ "new, and in another mailbox: a row without a file", GW_DO_DOWNLOAD, { 0 }, true, false,
		true, GW_DO_SKIP, NONE, false },
	{ "new, and nowhere else: fetched", GW_DO_DOWNLOAD, { 0 }, false, false, true,
		GW_DO_DOWNLOAD, NONE, false },
	{ "outside so far, and in another mailbox", GW_DO_DOWNLOAD,
		{ .uid = UID, .local = GW_NO_LOCAL, .kind = GW_BASE_OUTSIDE }, true, false, true,
		GW_DO_BASE_FLAGS, NONE, false },
	{ "it lost its last label", NONE,
		{ .uid = UID, .local = GW_NO_LOCAL, .kind = GW_BASE_OUTSIDE }, false, false, false,
		NONE, GW_DO_DOWNLOAD, false },
	{ "but is older than the window", NONE,
		{ .uid = UID, .local = GW_NO_LOCAL, .kind = GW_BASE_OUTSIDE, .old = true }, false,
		false, false, NONE, NONE, false },
	{ "or too big", NONE,
		{ .uid = UID, .local = GW_NO_LOCAL, .kind = GW_BASE_OUTSIDE, .big = true }, false,
		false, false, NONE, NONE, false },
	{ "or was deleted here and left there", NONE,
		{ .uid = UID, .local = GW_NO_LOCAL, .kind = GW_BASE_LEFT }, false, false, false,
		NONE, NONE, false },
	{ "or could not be fetched", NONE,
		{ .uid = UID, .local = GW_NO_LOCAL, .kind = GW_BASE_UNFETCHABLE }, false, false,
		false, NONE, NONE, false },
	{ "it got a label: its file leaves", NONE, { .uid = UID, .local = 3 }, true, false, false,
		NONE, GW_DO_EXPIRE, false },
	{ "it was copied there on purpose: it stays", NONE, { .uid = UID, .local = 3 }, true, true,
		false, NONE, NONE, false },
	{ "it has no label: its file stays", NONE, { .uid = UID, .local = 3 }, false, false, false,
		NONE, NONE, false },
	{ "its file is gone here: nothing leaves", NONE, { .uid = UID, .local = GW_NO_LOCAL }, true,
		false, false, NONE, NONE, false },
	{ "its flags are sent first, and it leaves after another look", GW_DO_REMOTE_FLAGS,
		{ .uid = UID, .local = 3 }, true, false, true, GW_DO_REMOTE_FLAGS, NONE, true },
	{ "it was about to leave when a run was killed", GW_DO_STAY,
		{ .uid = UID, .local = 3, .kind = GW_BASE_OUTSIDE }, true, false, true,
		GW_DO_EXPIRE, NONE, false },
	{ "and was copied there on purpose", GW_DO_STAY,
		{ .uid = UID, .local = 3, .kind = GW_BASE_OUTSIDE }, true, true, true, GW_DO_STAY,
		NONE, false },
	{ "and lost that label again", GW_DO_STAY,
		{ .uid = UID, .local = 3, .kind = GW_BASE_OUTSIDE }, false, false, true, GW_DO_STAY,
		NONE, false },
};

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct archive_case *k = &cases[i];
		/* Another message, before and behind it in every list. */
		const struct gw_base_msg base[] = { { .uid = 2, .local = 0 }, k->base };
		const struct gw_remote_id ids[] = { { 2, 900 }, { UID, 500 } };
		struct gw_archived list[] = { { .id = 500,
						      .uid = k->base.uid,
						      .elsewhere = k->elsewhere,
						      .copied = k->copied,
						      .size = 11 },
			{ .id = 900, .uid = 2 } };
		struct gw_archive a = { .base = base,
			.base_count = k->base.uid == 0 ? 1 : 2,
			.ids = ids,
			.id_count = k->shown ? 2 : 1,
			.list = list,
			.count = 2 };
		struct gw_action actions[] = { { .kind = (uint8_t)k->planned, .uid = UID } };
		struct gw_plan plan = { .actions = actions, .count = k->planned == NONE ? 0 : 1 };
		struct gw_action more[3] = { 0 };
		bool again = false;
		size_t n = gw_archive_sift(&a, &plan, more, &again);

		if (n != (k->more == NONE ? 0 : 1) || (n == 1 && more[0].kind != k->more))
			fail_msg("%s: %zu more, %d", k->what, n, (int)more[0].kind);
		if (k->planned != NONE && actions[0].kind != k->becomes)
			fail_msg("%s: becomes %d", k->what, (int)actions[0].kind);
		if (again != k->again)
			fail_msg("%s: again %d", k->what, again);
		if (n == 1) {
			assert_int_equal(more[0].uid, UID);
			assert_int_equal(more[0].local, k->base.local);
			assert_false(list[1].told); /* by UID now */
		}
		if (n == 1 && k->more == GW_DO_DOWNLOAD)
			assert_int_equal(more[0].size, 11);
	}
}

/* A mailbox of many: what is added comes by UID, whatever the ids are, and only where nothing is planned. */
static void many_messages(void **state)
{
	enum { MANY = 200 };
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct gw_base_msg base[MANY];
		struct gw_archived list[MANY];
		struct gw_action actions[MANY] = { 0 }, more[MANY + 1];
		struct gw_plan plan = { .actions = actions };
		struct gw_archive a = {
			.base = base, .base_count = MANY, .list = list, .count = MANY
		};
		size_t n, expected = 0;
		bool again = false, flags = false;

		for (uint32_t i = 0; i < MANY; i++) { /* UIDs fall as ids rise */
			bool file = test_random(&seed, 2) == 0;

			base[i] = (struct gw_base_msg){ .uid = i + 1,
				.local = file ? i : GW_NO_LOCAL,
				.kind = file ? GW_BASE_FILE : GW_BASE_OUTSIDE };
			list[MANY - 1 - i] = (struct gw_archived){ .id = 1000 - i,
				.uid = i + 1,
				.elsewhere = test_random(&seed, 2) == 0 };
			if (test_random(&seed, 4) == 0) {
				actions[plan.count++] =
					(struct gw_action){ .kind = GW_DO_BASE_FLAGS,
						.uid = i + 1 };
				flags |= file && list[MANY - 1 - i].elsewhere;
				continue;
			}
			expected += file == list[MANY - 1 - i].elsewhere;
		}
		n = gw_archive_sift(&a, &plan, more, &again);
		assert_int_equal(n, expected);
		assert_int_equal(again, flags);
		for (size_t i = 0; i < n; i++) {
			assert_true(i == 0 || more[i - 1].uid < more[i].uid);
			assert_int_equal(more[i].kind, base[more[i].uid - 1].kind == GW_BASE_FILE
							       ? GW_DO_EXPIRE
							       : GW_DO_DOWNLOAD);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_case),
		cmocka_unit_test(many_messages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
