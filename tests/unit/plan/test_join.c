/* SPDX-License-Identifier: ISC */
/* plan/join: what becomes of halves in the plans of several mailboxes, as a table and at random. */
#include "plan/join.h"
#include "test.h"

#include <stdlib.h>

enum { BOXES = 4, ITEMS = 16, JOINS = 4 };

/* What a half is, as its mailbox's own plan has it. */
enum what {
	END,
	HERE,    /* gone here */
	THERE,   /* gone there */
	BOTH,    /* gone on both sides */
	FILE_,   /* new here */
	REFUSED, /* new here; the server did not take it */
	CAME,    /* new there */
	TWIN     /* new on both sides, and joined already */
};

enum { /* options of a half */
	UNTOLD = 1,
	LETTERED = 2,
	COPIED = 4,
	OTHER_NAME = 8,
	EDITED = 16, /* other content under the same Message-ID */
	NO_ROW = 32,
	IN_PLACE = 64, /* gone here by a T: the file stands there */
	WAITS = 128    /* expected: it is put off */
};

enum { /* options of an account */
	MERGES = 1,
	PUSH = 2,
	DRY_RUN = 4,
	RESTLESS = 8,
	LAST_IS_TRASH = 16, /* mailbox 3 */
	DOUBT = 32          /* mailbox 2 does not add up: mail of 0 was announced there, and files
			     * that 1 had stand in it */
};

struct item {
	enum what what;
	uint32_t box;
	int message;
	unsigned is;
	enum gw_action_kind becomes;
};

struct account {
	struct gw_joiner joiner;
	struct gw_plan plans[BOXES];
	struct gw_base_msg base[BOXES][ITEMS];
	size_t base_count[BOXES];
	uint32_t files[BOXES];
	uint64_t names[BOXES][ITEMS];
	size_t action[ITEMS]; /* by item */
};

static enum gw_action_kind planned_as(enum what what)
{
	switch (what) {
	case HERE:
		return GW_DO_DELETE_REMOTE;
	case THERE:
		return GW_DO_DELETE_LOCAL;
	case BOTH:
		return GW_DO_FORGET;
	case FILE_:
		return GW_DO_UPLOAD;
	case CAME:
		return GW_DO_DOWNLOAD;
	case TWIN:
		return GW_DO_PAIR;
	case END:
	case REFUSED:
		break;
	}
	return GW_DO_NOTHING;
}

static void describe(struct gw_half *h, const struct item *it)
{
	h->header[0] = (uint8_t)(it->message + (it->is & EDITED ? 100 : 0));
	h->body[0] = h->header[0];
	h->msgid[0] = (uint8_t)it->message;
	h->name = 1000 + (uint64_t)it->message + (it->is & OTHER_NAME ? 500 : 0);
	h->size = 7;
	h->refused = it->what == REFUSED;
	h->lettered = (it->is & LETTERED) != 0;
	h->copied = (it->is & COPIED) != 0;
	h->unknown = (it->is & NO_ROW) != 0;
}

/* Adds an item to its mailbox's plan, and to its candidates. */
static void add(struct account *a, size_t number, const struct item *it)
{
	struct gw_join_box *box = &a->joiner.boxes[it->box];
	struct gw_plan *plan = &a->plans[it->box];
	bool gone = it->what == HERE || it->what == THERE || it->what == BOTH;
	bool file = it->what == FILE_ || it->what == REFUSED || it->what == TWIN;
	uint32_t uid = (uint32_t)plan->count + 1;
	struct gw_action *action = gw_array_push(
		(void **)&plan->actions, &plan->count, &plan->cap, sizeof *plan->actions);

	assert_non_null(action);
	*action = (struct gw_action){ .kind = (uint8_t)planned_as(it->what),
		.uid = uid,
		.local = file || it->what == THERE || it->is & IN_PLACE ? a->files[it->box]++
									: GW_NO_LOCAL,
		.flags = GW_FLAG_SEEN,
		.untold = (it->is & UNTOLD) != 0 };
	a->action[number] = plan->count - 1;
	if (gone)
		a->base[it->box][a->base_count[it->box]++] =
			(struct gw_base_msg){ .uid = uid, .flags = GW_FLAG_FLAGGED };
	if (gone)
		describe(gw_halves_add(&box->gone, it->box, plan->count - 1), it);
	else if (file)
		describe(gw_halves_add(&box->files, it->box, action->local), it);
	else
		describe(gw_halves_add(&box->came, it->box, plan->count - 1), it);
}

static void begin(struct account *a, unsigned options)
{
	*a = (struct account){ 0 };
	assert_true(gw_joiner_init(&a->joiner, BOXES));
	a->joiner.merges = (options & MERGES) != 0;
	a->joiner.push = (options & PUSH) != 0;
	a->joiner.dry_run = (options & DRY_RUN) != 0;
	a->joiner.restless = (options & RESTLESS) != 0;
	a->joiner.boxes[3].trash = (options & LAST_IS_TRASH) != 0;
	a->joiner.boxes[2].unproved = (options & DOUBT) != 0;
	for (size_t b = 0; b < BOXES; b++) {
		struct gw_join_box *box = &a->joiner.boxes[b];

		box->plan = &a->plans[b];
		box->base = a->base[b];
		box->storable = GW_FLAG_SEEN | GW_FLAG_FLAGGED;
	}
}

static void judge(struct account *a)
{
	for (size_t b = 0; b < BOXES; b++)
		a->joiner.boxes[b].base_count = a->base_count[b];
	gw_join_account(&a->joiner);
}

static void end(struct account *a)
{
	gw_joiner_deinit(&a->joiner);
	for (size_t b = 0; b < BOXES; b++)
		gw_plan_deinit(&a->plans[b]);
}

#define IS(k) GW_DO_##k

static const struct join_case {
	const char *what;
	unsigned options;
	struct item items[5];
	enum gw_join_kind joins[JOINS];
	size_t join_count;
} cases[] = {
	{ "moved here", 0, { { HERE, 0, 1, 0, IS(NOTHING) }, { FILE_, 1, 1, 0, IS(NOTHING) } },
		{ GW_JOIN_MOVED }, 1 },
	{ "moved here under another name", 0,
		{ { HERE, 0, 1, 0, IS(NOTHING) }, { FILE_, 1, 1, OTHER_NAME, IS(NOTHING) } },
		{ GW_JOIN_MOVED }, 1 },
	{ "copied here: nothing is gone", 0, { { FILE_, 1, 1, 0, IS(UPLOAD) } }, { 0 }, 0 },
	{ "moved and edited: two messages", 0,
		{ { HERE, 0, 1, 0, IS(DELETE_REMOTE) }, { FILE_, 1, 1, EDITED, IS(UPLOAD) } },
		{ 0 }, 0 },
	{ "but one where the server merges", MERGES,
		{ { HERE, 0, 1, 0, IS(NOTHING) }, { FILE_, 1, 1, EDITED, IS(NOTHING) } },
		{ GW_JOIN_MOVED }, 1 },
	{ "renamed", 0, { { HERE, 0, 1, 0, IS(RELINK) }, { FILE_, 0, 1, OTHER_NAME, IS(NOTHING) } },
		{ GW_JOIN_RENAMED }, 1 },
	{ "edited", 0, { { HERE, 0, 1, 0, IS(REPLACED) }, { FILE_, 0, 1, EDITED, IS(UPLOAD) } },
		{ GW_JOIN_EDITED }, 1 },
	{ "edited, where the server merges: it stays as it was", MERGES,
		{ { HERE, 0, 1, 0, IS(RELINK) }, { FILE_, 0, 1, EDITED, IS(NOTHING) } },
		{ GW_JOIN_RENAMED }, 1 },
	{ "a copy in the same mailbox is nearer than one elsewhere", 0,
		{ { HERE, 0, 1, 0, IS(RELINK) }, { FILE_, 1, 1, OTHER_NAME, IS(UPLOAD) },
			{ FILE_, 0, 1, OTHER_NAME, IS(NOTHING) } },
		{ GW_JOIN_RENAMED }, 1 },
	{ "moved to where the server does not take it", 0,
		{ { HERE, 0, 1, 0, IS(NOTHING) }, { REFUSED, 1, 1, 0, IS(NOTHING) } },
		{ GW_JOIN_BLOCKED }, 1 },
	{ "a T in place is no move", 0,
		{ { HERE, 0, 1, IN_PLACE, IS(DELETE_REMOTE) }, { FILE_, 1, 1, 0, IS(UPLOAD) } },
		{ 0 }, 0 },
	{ "base has no row of it", 0,
		{ { HERE, 0, 1, NO_ROW, IS(DELETE_REMOTE) }, { FILE_, 1, 1, 0, IS(UPLOAD) } },
		{ 0 }, 0 },
	{ "moved there", 0, { { THERE, 0, 1, 0, IS(NOTHING) }, { CAME, 1, 1, 0, IS(TAKE) } },
		{ GW_JOIN_FOLLOWS }, 1 },
	{ "moved there, and no file may follow", PUSH,
		{ { THERE, 0, 1, 0, IS(DELETE_LOCAL) }, { CAME, 1, 1, 0, IS(DOWNLOAD) } }, { 0 },
		0 },
	{ "moved and moved back", 0,
		{ { HERE, 0, 1, 0, IS(NOTHING) }, { THERE, 1, 1, 0, IS(NOTHING) } },
		{ GW_JOIN_MOVED_BACK }, 1 },
	{ "moved back, and an edit with its Message-ID: the move is found first", 0,
		{ { HERE, 0, 1, 0, IS(NOTHING) }, { THERE, 1, 1, 0, IS(NOTHING) },
			{ FILE_, 0, 1, EDITED, IS(UPLOAD) } },
		{ GW_JOIN_MOVED_BACK }, 1 },
	{ "its file came to another mailbox while we looked", 0,
		{ { THERE, 0, 1, 0, IS(FORGET) }, { FILE_, 1, 1, 0, IS(UPLOAD) } }, { 0 }, 0 },
	{ "moved on both sides: it goes where it was put here", 0,
		{ { BOTH, 0, 1, 0, IS(NOTHING) }, { FILE_, 1, 1, 0, IS(NOTHING) },
			{ CAME, 3, 1, 0, IS(NOTHING) } },
		{ GW_JOIN_TORN }, 1 },
	{ "unless that is the trash", LAST_IS_TRASH,
		{ { BOTH, 0, 1, 0, IS(NOTHING) }, { FILE_, 3, 1, 0, IS(NOTHING) },
			{ CAME, 1, 1, 0, IS(TAKE) } },
		{ GW_JOIN_REUNITED }, 1 },
	{ "or only another name", 0,
		{ { BOTH, 0, 1, 0, IS(NOTHING) }, { FILE_, 0, 1, OTHER_NAME, IS(NOTHING) },
			{ CAME, 1, 1, 0, IS(TAKE) } },
		{ GW_JOIN_REUNITED }, 1 },
	{ "or two labels", MERGES,
		{ { BOTH, 0, 1, 0, IS(FORGET) }, { FILE_, 1, 1, 0, IS(UPLOAD) },
			{ CAME, 3, 1, 0, IS(DOWNLOAD) } },
		{ 0 }, 0 },
	{ "moved here, deleted there", 0,
		{ { BOTH, 0, 1, 0, IS(FORGET) }, { FILE_, 1, 1, 0, IS(UPLOAD) } }, { 0 }, 0 },
	{ "with letters that only its old mailbox knows", 0,
		{ { BOTH, 0, 1, 0, IS(NOTHING) }, { FILE_, 1, 1, LETTERED, IS(UPLOAD) } },
		{ GW_JOIN_ORPHAN }, 1 },
	{ "which a dry run does not tell", DRY_RUN,
		{ { BOTH, 0, 1, 0, IS(FORGET) }, { FILE_, 1, 1, LETTERED, IS(UPLOAD) } }, { 0 },
		0 },
	{ "moved to one mailbox on both sides", 0,
		{ { BOTH, 0, 1, 0, IS(FORGET) }, { TWIN, 1, 1, 0, IS(PAIR) } }, { GW_JOIN_PAIRED },
		1 },
	{ "killed between COPY and EXPUNGE", 0,
		{ { HERE, 0, 1, 0, IS(DELETE_REMOTE) }, { TWIN, 1, 1, COPIED, IS(PAIR) } },
		{ GW_JOIN_COPIED }, 1 },
	{ "another's copy is no reason to expect that", 0,
		{ { HERE, 0, 1, 0, IS(DELETE_REMOTE) }, { TWIN, 1, 1, 0, IS(PAIR) } }, { 0 }, 0 },
	{ "deleted, and in the trash already", LAST_IS_TRASH,
		{ { HERE, 0, 1, 0, IS(DELETE_REMOTE) }, { CAME, 3, 1, 0, IS(DOWNLOAD) } },
		{ GW_JOIN_COPIED }, 1 },

	/* Where something does not add up. */
	{ "renamed, and perhaps gone there: it waits", DOUBT,
		{ { HERE, 2, 1, UNTOLD | WAITS, IS(NOTHING) },
			{ FILE_, 2, 1, OTHER_NAME | WAITS, IS(NOTHING) } },
		{ 0 }, 0 },
	{ "moved here, untold, and something like it came: all of it waits", DOUBT,
		{ { HERE, 2, 1, UNTOLD | WAITS, IS(NOTHING) }, { FILE_, 1, 1, WAITS, IS(NOTHING) },
			{ CAME, 0, 1, WAITS, IS(NOTHING) } },
		{ 0 }, 0 },
	{ "gone there: it may have come to the one in doubt", DOUBT,
		{ { THERE, 0, 1, WAITS, IS(NOTHING) }, { HERE, 1, 2, WAITS, IS(NOTHING) },
			{ THERE, 1, 3, 0, IS(DELETE_LOCAL) } },
		{ 0 }, 0 },
	{ "gone on both sides, and its file stands in the one in doubt: what came waits, too",
		DOUBT, { { BOTH, 1, 1, WAITS, IS(NOTHING) }, { CAME, 0, 1, WAITS, IS(NOTHING) } },
		{ 0 }, 0 },
	{ "nothing comes to rest: nothing is gone", RESTLESS,
		{ { HERE, 0, 1, WAITS, IS(NOTHING) }, { THERE, 0, 2, WAITS, IS(NOTHING) },
			{ BOTH, 1, 3, WAITS, IS(NOTHING) }, { FILE_, 1, 4, 0, IS(UPLOAD) },
			{ CAME, 1, 5, 0, IS(DOWNLOAD) } },
		{ 0 }, 0 },
	{ "nor is half of a move on both sides new", RESTLESS,
		{ { BOTH, 0, 1, WAITS, IS(NOTHING) }, { FILE_, 1, 1, WAITS, IS(NOTHING) },
			{ CAME, 3, 1, WAITS, IS(NOTHING) } },
		{ 0 }, 0 },
};

static void set_doubt(struct account *a, const struct item *items, size_t count)
{
	struct gw_join_box *box = &a->joiner.boxes[2];

	box->doubt.files = calloc(count + 1, sizeof *box->doubt.files);
	box->doubt.announced = calloc(count + 1, sizeof *box->doubt.announced);
	assert_non_null(box->doubt.files);
	assert_non_null(box->doubt.announced);
	for (size_t i = 0; i < count; i++) {
		uint64_t name = 1000 + (uint64_t)items[i].message;

		if (items[i].box == 0)
			box->doubt.announced[box->doubt.announced_count++] = name;
		if (items[i].box == 1)
			box->doubt.files[box->doubt.file_count++] = name;
	}
	gw_doubt_sort(&box->doubt);
}

static void each_case(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		const struct join_case *k = &cases[c];
		struct account a;
		size_t count = 0;

		begin(&a, k->options);
		while (count < 5 && k->items[count].what != END)
			count++;
		for (size_t i = 0; i < count; i++)
			add(&a, i, &k->items[i]);
		if (k->options & DOUBT)
			set_doubt(&a, k->items, count);
		judge(&a);
		if (a.joiner.join_count != k->join_count)
			fail_msg("%s: %zu joins", k->what, a.joiner.join_count);
		for (size_t i = 0; i < k->join_count; i++) {
			if (a.joiner.joins[i].kind != k->joins[i])
				fail_msg("%s: joined as %d", k->what, (int)a.joiner.joins[i].kind);
		}
		for (size_t i = 0; i < count; i++) {
			const struct item *it = &k->items[i];
			const struct gw_action *x = &a.plans[it->box].actions[a.action[i]];

			if (x->kind != (uint8_t)it->becomes)
				fail_msg("%s: %zu becomes %d", k->what, i, (int)x->kind);
			if ((it->is & WAITS) != 0 &&
				(!a.joiner.boxes[it->box].put_off || !a.plans[it->box].look_again))
				fail_msg("%s: %zu does not wait", k->what, i);
		}
		end(&a);
	}
}

/* The new version gets what was changed there meanwhile; base knows what both sides had. */
static void flags_go_along(void **state)
{
	const struct item edit[] = { { HERE, 0, 1, 0, 0 }, { FILE_, 0, 1, EDITED, 0 } };
	const struct item move[] = { { HERE, 0, 1, 0, 0 }, { FILE_, 1, 1, 0, 0 } };
	struct account a;

	(void)state;
	begin(&a, 0);
	add(&a, 0, &edit[0]);
	add(&a, 1, &edit[1]);
	a.plans[0].actions[0].flags = GW_FLAG_FLAGGED | GW_FLAG_ANSWERED | GW_FLAG_DELETED;
	judge(&a);
	assert_int_equal(a.plans[0].actions[1].flags, GW_FLAG_SEEN | GW_FLAG_FLAGGED);
	assert_int_equal(a.plans[0].actions[0].local, a.plans[0].actions[1].local);
	end(&a);

	begin(&a, 0);
	add(&a, 0, &move[0]);
	add(&a, 1, &move[1]);
	judge(&a);
	assert_int_equal(a.joiner.join_count, 1);
	assert_int_equal(a.joiner.joins[0].flags, GW_FLAG_SEEN);
	assert_int_equal(a.joiner.joins[0].base, GW_FLAG_FLAGGED);
	end(&a);
}

/* Headers are asked for where they can tell something, and only there. */
static void sizes_of_what_is_gone(void **state)
{
	const struct item there = { THERE, 0, 1, 0, 0 }, here = { HERE, 0, 1, 0, 0 };
	const struct item both = { BOTH, 0, 1, 0, 0 }, file = { FILE_, 1, 2, 0, 0 };
	static const struct {
		size_t gone, file;
		bool doubt, all, trash;
	} rows[] = { { 0, 0, false, true, true }, { 1, 0, false, false, true },
		{ 1, 0, true, true, true }, { 2, 0, false, false, true },
		{ 2, 1, false, true, true }, { 2, 0, true, true, true },
		{ 3, 0, false, false, false } };
	const struct item *gone[] = { &there, &here, &both, &file };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gw_seqset all = { 0 }, trash = { 0 };
		struct account a;

		begin(&a, rows[i].doubt ? DOUBT : 0);
		add(&a, 0, gone[rows[i].gone]);
		if (rows[i].file)
			add(&a, 1, &file);
		for (size_t b = 0; b < BOXES; b++)
			a.joiner.boxes[b].base_count = a.base_count[b];
		assert_true(gw_join_sizes(&a.joiner, &all, &trash));
		assert_int_equal(gw_seqset_has(&all, 7), rows[i].all);
		assert_int_equal(gw_seqset_has(&trash, 7), rows[i].trash);
		gw_seqset_deinit(&all);
		gw_seqset_deinit(&trash);
		end(&a);
	}
}

/* --- at random -------------------------------------------------------------------------------- */

/* What a verdict may become: nothing is deleted that its own mailbox's plan did not find gone. */
static bool may_become(enum what what, enum gw_action_kind kind)
{
	switch (what) {
	case HERE:
		return kind == GW_DO_DELETE_REMOTE || kind == GW_DO_NOTHING ||
		       kind == GW_DO_RELINK || kind == GW_DO_REPLACED;
	case THERE:
		return kind == GW_DO_DELETE_LOCAL || kind == GW_DO_NOTHING || kind == GW_DO_FORGET;
	case BOTH:
		return kind == GW_DO_FORGET || kind == GW_DO_NOTHING;
	case FILE_:
		return kind == GW_DO_UPLOAD || kind == GW_DO_NOTHING;
	case CAME:
		return kind == GW_DO_DOWNLOAD || kind == GW_DO_TAKE || kind == GW_DO_NOTHING;
	case TWIN:
		return kind == GW_DO_PAIR;
	case REFUSED:
		return kind == GW_DO_NOTHING;
	case END:
		break;
	}
	return false;
}

/* At most one half of each sort of a message, so that there is one right answer. */
static size_t invent(uint64_t *seed, struct item *items)
{
	bool taken[8][TWIN + 1] = { 0 };
	size_t count = 0;

	while (count < ITEMS) {
		struct item *it = &items[count];
		enum what sort;

		*it = (struct item){ .what = (enum what)(1 + test_random(seed, TWIN)),
			.box = (uint32_t)test_random(seed, BOXES),
			.message = 1 + (int)test_random(seed, 6),
			.is = (unsigned)test_random(seed, 64) & (LETTERED | COPIED | OTHER_NAME) };
		if (test_random(seed, 8) == 0)
			return count;
		sort = it->what == REFUSED ? FILE_ : it->what; /* one file of it */
		if (taken[it->message][sort])
			continue;
		if (it->what >= FILE_ && test_random(seed, 4) == 0)
			it->is |= EDITED;
		it->is |=
			it->what == HERE && it->box == 2 && test_random(seed, 2) == 0 ? UNTOLD : 0;
		taken[it->message][sort] = true;
		count++;
	}
	return count;
}

static void each_has_one_verdict(
	const struct account *a, const struct item *items, size_t count, unsigned options)
{
	for (size_t i = 0; i < count; i++) {
		const struct item *it = &items[i];
		const struct gw_action *x = &a->plans[it->box].actions[a->action[i]];
		size_t gone = 0, gets = 0;

		assert_true(may_become(it->what, (enum gw_action_kind)x->kind));
		assert_false((options & RESTLESS) != 0 &&
			     (x->kind == GW_DO_DELETE_LOCAL || x->kind == GW_DO_DELETE_REMOTE));
		for (size_t j = 0; j < a->joiner.join_count; j++) {
			const struct gw_join *k = &a->joiner.joins[j];
			bool both = k->kind == GW_JOIN_TORN || k->kind == GW_JOIN_REUNITED;

			gone += k->gone.box == it->box && k->gone.action == a->action[i] &&
				k->kind != GW_JOIN_PAIRED && k->kind != GW_JOIN_COPIED;
			gets += (k->fresh.box == it->box && k->fresh.action == a->action[i] &&
					k->kind <= GW_JOIN_REUNITED &&
					k->kind != GW_JOIN_BLOCKED) ||
				(both && k->there.box == it->box &&
					k->there.action == a->action[i]);
		}
		assert_true(gone + gets <= 1);
		if (x->kind == GW_DO_NOTHING && it->what != REFUSED)
			assert_true(gone + gets == 1 || a->joiner.boxes[it->box].put_off);
		if (x->kind == GW_DO_TAKE || x->kind == GW_DO_RELINK || x->kind == GW_DO_REPLACED)
			assert_int_equal(gone + gets, 1);
	}
}

/* The same account, its mailboxes in another order (but for those that mean something). */
static void turn(const struct item *items, size_t count, bool doubt, struct item *out)
{
	for (size_t i = 0; i < count; i++) {
		out[i] = items[count - 1 - i];
		if (!doubt && out[i].box < 2)
			out[i].box = 1 - out[i].box;
	}
}

static void random_accounts(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct item items[ITEMS], turned[ITEMS];
		size_t count = invent(&seed, items);
		unsigned options = (unsigned)test_random(&seed, 64);
		struct account a, b;

		turn(items, count, (options & DOUBT) != 0, turned);
		begin(&a, options);
		begin(&b, options);
		for (size_t i = 0; i < count; i++) {
			add(&a, i, &items[i]);
			add(&b, i, &turned[i]);
		}
		if (options & DOUBT) {
			set_doubt(&a, items, count / 2);
			set_doubt(&b, turned + (count - count / 2), count / 2);
		}
		judge(&a);
		judge(&b);
		each_has_one_verdict(&a, items, count, options);
		for (size_t i = 0; i < count; i++) {
			const struct item *it = &items[i], *other = &turned[count - 1 - i];

			assert_int_equal(a.plans[it->box].actions[a.action[i]].kind,
				b.plans[other->box].actions[b.action[count - 1 - i]].kind);
		}
		assert_int_equal(a.joiner.join_count, b.joiner.join_count);
		end(&a);
		end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_case),
		cmocka_unit_test(flags_go_along), cmocka_unit_test(sizes_of_what_is_gone),
		cmocka_unit_test(random_accounts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
