/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/test_pull_plan.c - plan/pull: clocks, counts, and random histories of a maildrop with a crash in
 * any place: each message is here once, and nothing goes there that is not here. */
#include "plan/pull.h"
#include "test.h"

#define DAY INT64_C(86400)

enum { MOST = 60, CONTENTS = 24, HISTORIES = 3000 };

/* --- clocks and counts ------------------------------------------------------------------------ */

static void test_keep_days(void **state)
{
	struct gw_pull_view v = { .policy = { .keep = GW_PULL_KEEP_FOR, .keep_s = 10 * DAY } };
	struct gw_pull_row row = {
		.state = GW_PULL_HERE, .delivered_at = 1000 * DAY, .delivered_age = 50 * DAY
	};

	(void)state;
	v.policy.now = 1010 * DAY;
	v.policy.age = 60 * DAY;
	assert_true(gw_pull_is_due(&v, &row));
	v.policy.age = 60 * DAY - 1; /* a clock that jumped */
	assert_false(gw_pull_is_due(&v, &row));
	v.policy.age = 60 * DAY;
	v.policy.now = 1010 * DAY - 1; /* one that was set back */
	assert_false(gw_pull_is_due(&v, &row));
	v.policy.now = 2000 * DAY;
	v.policy.hold = true;
	assert_false(gw_pull_is_due(&v, &row));
	v.policy.hold = false;
	row.is_short = true;
	assert_false(gw_pull_is_due(&v, &row));
	v.policy.sizes_lie = true;
	assert_true(gw_pull_is_due(&v, &row));
	row.state = GW_PULL_ASIDE;
	assert_false(gw_pull_is_due(&v, &row));
	row.state = GW_PULL_HERE;
	v.policy.keep = GW_PULL_KEEP_FOREVER;
	assert_false(gw_pull_is_due(&v, &row));
}

static void test_age(void **state)
{
	static const struct {
		int64_t wall, boot;
		const char *id;
		int64_t grows;
	} rows[] = {
		{ 100, 100, "a", 100 },         /* both agree */
		{ 365 * DAY, 100, "a", 100 },   /* the clock jumped */
		{ 100, 365 * DAY, "a", 100 },   /* it was set back meanwhile */
		{ -5 * DAY, 100, "a", 0 },      /* behind where it was */
		{ 100, -50, "a", 0 },           /* cannot be */
		{ DAY, 5, "b", DAY },           /* a new run of the machine */
		{ 365 * DAY, 5, "b", 2 * DAY }, /* off for a year, or a clock that lies */
		{ -DAY, 5, "b", 0 },
		{ INT64_MAX / 4, 5, "b", 2 * DAY },
	};
	const struct gw_pull_age last = {
		.age = 7, .wall = 1000 * DAY, .boot = 1000, .boot_id = "a"
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gw_pull_age now = gw_pull_age_at(
			&last, last.wall + rows[i].wall, last.boot + rows[i].boot, rows[i].id);

		if (now.age != last.age + rows[i].grows)
			fail_msg("row %zu: %lld", i, (long long)now.age);
	}
	assert_int_equal(gw_pull_age_at(&(struct gw_pull_age){ 0 }, 5000, 50, "a").age, 0);
}

static void test_counts(void **state)
{
	(void)state;
	assert_false(gw_pull_looks_like_accident(0, 0, 0));
	assert_false(gw_pull_looks_like_accident(2, 2, 0));
	assert_true(gw_pull_looks_like_accident(3, 3, 0));
	assert_false(gw_pull_looks_like_accident(60, 20, 0));
	assert_true(gw_pull_looks_like_accident(60, 21, 0));
	assert_false(gw_pull_looks_like_accident(1000, 200, 0));
	assert_true(gw_pull_looks_like_accident(1000, 201, 0));
	assert_true(gw_pull_looks_like_accident(1000, 101, 10));
	assert_false(gw_pull_may_forget(100, 100 + 30 * DAY - 1));
	assert_true(gw_pull_may_forget(100, 100 + 30 * DAY));
}

/* --- histories -------------------------------------------------------------------------------- */

struct mail {
	unsigned content, uidl;
};

/* A server, a Maildir, and what the state has on disk. */
struct world {
	uint64_t seed, replay;
	struct mail there[MOST];
	size_t there_count;
	unsigned next_uidl;
	bool has_top;
	unsigned fault; /* what its listings are like, or are at times */
	unsigned arrived[CONTENTS], here[CONTENTS];
	struct gw_pull_row rows[MOST];
	unsigned contents[MOST]; /* of the rows */
	char names[MOST][12];    /* their UIDLs */
	size_t row_count;
	unsigned strays[CONTENTS]; /* files that no row knows */
	bool unwanted[CONTENTS];   /* it was deleted here */
};

static unsigned dice(struct world *w, unsigned below)
{
	return test_random(&w->seed, below);
}

/* Does its header hold what no two messages share?  The others have one header. */
static bool is_telling(unsigned content)
{
	return content % 5 != 0;
}

static uint8_t header_of(unsigned content)
{
	return is_telling(content) ? (uint8_t)content : 0;
}

static void set_hashes(struct gw_pull_row *row, unsigned content)
{
	memset(row->header, 0, sizeof row->header);
	memset(row->body, 0, sizeof row->body);
	row->header[0] = header_of(content);
	row->body[1] = (uint8_t)content;
	row->has_body = true;
}

static struct gw_pull_print print_of(unsigned content)
{
	struct gw_pull_print print = { .header = { header_of(content) },
		.body = { 0, (uint8_t)content },
		.msgid = { header_of(content) } };

	return print;
}

/* One session's memory; `w` is what survives a crash in it. */
struct session {
	struct world *w;
	struct gw_pull_view v;
	struct gw_pull_item items[MOST];
	struct gw_pull_row rows[2 * MOST];
	unsigned contents[2 * MOST];
	char names[2 * MOST][12], listed[MOST][12];
};

static void add_row(struct session *s, unsigned content, const char *uidl, bool is_file)
{
	size_t n = s->v.row_count++;

	s->rows[n] = (struct gw_pull_row){ .state = GW_PULL_HERE, .size = 100, .is_file = is_file };
	set_hashes(&s->rows[n], content);
	s->contents[n] = content;
	snprintf(s->names[n], sizeof s->names[n], "%s", uidl);
	s->rows[n].uidl = gw_slice_str(s->names[n]);
}

static void list(struct session *s, bool calm)
{
	struct world *w = s->w;
	unsigned fault = w->fault == 1 || dice(w, 2) ? w->fault : 0;

	if (fault >= 5) { /* numbered anew; 6: and what it said it deleted is there */
		for (size_t i = 0; i < w->there_count; i++)
			w->there[i].uidl = w->next_uidl++;
	}
	for (size_t i = 0; i < w->there_count; i++) {
		unsigned uidl = fault == 1 && i % 2 ? w->there[i - 1].uidl : w->there[i].uidl;

		if (fault == 2 || (fault == 3 && dice(w, 3) == 0)) /* none, or some lack one */
			s->listed[i][0] = '\0';
		else
			snprintf(s->listed[i], sizeof s->listed[i], "u%u", uidl);
		s->items[i] = (struct gw_pull_item){
			.number = (uint32_t)i + 1, .uidl = gw_slice_str(s->listed[i]), .size = 100
		};
	}
	s->v.item_count = fault == 4 && !calm ? 0 : w->there_count; /* an empty listing */
}

static void open_session(struct session *s, struct world *w, bool calm)
{
	*s = (struct session){ .w = w };
	s->v.items = s->items;
	s->v.rows = s->rows;
	for (size_t i = 0; i < w->row_count; i++) {
		add_row(s, w->contents[i], w->names[i], false);
		s->rows[i].state = w->rows[i].state;
		s->rows[i].is_alone = w->rows[i].is_alone;
		s->rows[i].recorded = true;
		s->rows[i].has_file = s->rows[i].state == GW_PULL_HERE;
	}
	for (unsigned c = 0; c < CONTENTS; c++) {
		for (unsigned k = 0; k < w->strays[c]; k++)
			add_row(s, c, "", true);
		s->v.policy.has_files |= w->strays[c] > 0;
	}
	s->v.policy.keep = dice(w, 2) ? GW_PULL_KEEP_NO : GW_PULL_KEEP_FOREVER;
	s->v.policy.deletes = calm || dice(w, 2);
	s->v.policy.has_top = w->has_top;
	s->v.policy.full = dice(w, 8) == 0;
}

static void rename_row(struct session *s, size_t row, const char *uidl)
{
	snprintf(s->names[row], sizeof s->names[row], "%s", uidl);
	s->rows[row].uidl = gw_slice_str(s->names[row]);
}

/* What is known under this name from now on, and what is not any more. */
static void adopt(struct session *s, size_t i, size_t not_its)
{
	if (not_its != GW_PULL_NONE)
		rename_row(s, not_its, "");
	if (s->items[i].row != GW_PULL_NONE && s->items[i].identified) {
		rename_row(s, s->items[i].row, s->listed[i]);
		if (s->rows[s->items[i].row].is_file) {
			s->rows[s->items[i].row].is_file = false;
			s->rows[s->items[i].row].recorded = false;
		}
	}
}

static void look(struct session *s)
{
	for (size_t i = 0; i < s->v.item_count; i++) {
		unsigned content = s->w->there[i].content;
		struct gw_pull_print print = print_of(content);
		size_t not_its = GW_PULL_NONE;

		if (s->items[i].todo != GW_PULL_LOOK)
			continue;
		gw_pull_looked(&s->v, i, print.header, is_telling(content), &not_its);
		adopt(s, i, not_its);
	}
}

static void get(struct session *s, bool calm)
{
	for (size_t i = 0; i < s->v.item_count; i++) {
		unsigned content = s->w->there[i].content;
		struct gw_pull_print print = print_of(content);
		size_t not_its, row;

		if (s->items[i].todo != GW_PULL_GET)
			continue;
		if (!calm && dice(s->w, 8) == 0) /* the connection is cut */
			return;
		row = gw_pull_got(&s->v, i, &print, &not_its);
		if (row == GW_PULL_NONE) {
			s->w->here[content]++; /* the file is there, and no row yet */
			s->w->strays[content]++;
			row = s->v.row_count;
			add_row(s, content, s->listed[i], false);
			s->rows[row].claimed = true;
			s->items[i].row = row;
			s->items[i].identified = true;
		}
		if (not_its != GW_PULL_NONE)
			rename_row(s, not_its, "");
		if (s->items[i].row == row)
			adopt(s, i, GW_PULL_NONE);
	}
}

/* One transaction. */
static void record(struct session *s)
{
	struct world *w = s->w;

	w->row_count = 0;
	memset(w->strays, 0, sizeof w->strays);
	for (size_t i = 0; i < s->v.row_count; i++) {
		if (s->rows[i].is_file) {
			w->strays[s->contents[i]]++;
			continue;
		}
		assert_true(w->row_count < MOST);
		s->rows[i].recorded = true;
		w->rows[w->row_count] = s->rows[i];
		w->contents[w->row_count] = s->contents[i];
		snprintf(w->names[w->row_count], sizeof w->names[0], "%s", s->names[i]);
		w->row_count++;
	}
}

/* Deletes what may go; QUIT may be lost, and then the server did it or did not; or it only says so. */
static void delete_there(struct session *s, bool calm)
{
	struct world *w = s->w;
	bool told = dice(w, 6) > 0, done = told || dice(w, 2) == 0, gone[MOST] = { false };
	bool lies = !calm && w->fault == 6 && gw_pull_all_known(&s->v);
	size_t kept = 0;

	for (size_t i = 0; i < s->v.item_count; i++) {
		if (!gw_pull_may_delete(&s->v, i))
			continue;
		if (s->contents[s->items[i].row] != w->there[i].content)
			fail_msg("seed %llu: deleted for another's sake",
				(unsigned long long)w->replay);
		/* Of two that are equal, one that went without our knowing cannot be told from the other. */
		gone[i] = done && (told || w->arrived[w->there[i].content] == 1);
		gone[i] &= !lies || !is_telling(w->there[i].content);
		if (told) {
			s->rows[s->items[i].row].state = GW_PULL_DELETED;
			s->rows[s->items[i].row].is_alone = gw_pull_all_known(&s->v);
		}
	}
	for (size_t i = 0; i < w->there_count; i++) {
		if (!gone[i])
			w->there[kept++] = w->there[i];
		else if (w->here[w->there[i].content] == 0)
			fail_msg("seed %llu: deleted unread", (unsigned long long)w->replay);
	}
	w->there_count = kept;
	if (told)
		record(s);
}

static void run_session(struct world *w, bool calm)
{
	static struct session s;
	unsigned crash = calm ? 99 : dice(w, 8);

	open_session(&s, w, calm);
	list(&s, calm);
	assert_true(gw_pull_sort(&s.v));
	if (crash > 0)
		look(&s);
	if (crash > 1)
		get(&s, calm);
	if (crash > 2)
		record(&s);
	if (crash > 3)
		delete_there(&s, calm);
	gw_pull_deinit(&s.v);
}

static void arrive(struct world *w)
{
	unsigned content = dice(w, CONTENTS);

	/* Equal ones come together: one that comes when the first is gone cannot be told from it. */
	if (w->arrived[content] > 0)
		return;
	for (unsigned n = 1 + (dice(w, 6) == 0); n > 0 && w->there_count < MOST / 2; n--) {
		w->there[w->there_count++] = (struct mail){ content, w->next_uidl++ };
		w->arrived[content]++;
	}
}

/* The reader deletes a file that the state knows; what cannot be told from others it keeps. */
static void delete_here(struct world *w)
{
	for (size_t i = 0; i < w->row_count; i++) {
		unsigned content = w->contents[i];

		if (w->rows[i].state != GW_PULL_HERE || !is_telling(content) ||
			w->arrived[content] != 1 || dice(w, 5) > 0)
			continue;
		w->rows[i].state = GW_PULL_UNWANTED;
		w->unwanted[content] = true;
	}
}

static void run_history(uint64_t seed)
{
	static struct world w;

	w = (struct world){ .seed = seed * 2 + 1, .replay = seed, .next_uidl = 1 };
	w.has_top = dice(&w, 4) > 0;
	w.fault = dice(&w, 7);
	for (unsigned i = 0; i < 12; i++) {
		for (unsigned n = dice(&w, 5); n > 0; n--)
			arrive(&w);
		run_session(&w, false);
		if (dice(&w, 3) == 0)
			delete_here(&w);
	}
	for (unsigned i = 0; i < 8; i++)
		run_session(&w, true);
	for (unsigned c = 0; c < CONTENTS; c++) {
		if (w.here[c] != w.arrived[c])
			fail_msg("seed %llu: message %u is here %u times, and came %u times",
				(unsigned long long)seed, c, w.here[c], w.arrived[c]);
	}
	for (size_t i = 0; i < w.there_count; i++) {
		if (w.unwanted[w.there[i].content])
			fail_msg("seed %llu: message %u was deleted here only",
				(unsigned long long)seed, w.there[i].content);
	}
}

static void test_fates(void **state)
{
	static const struct {
		struct gw_pull_sight sight;
		enum gw_pull_fate fate;
	} rows[] = {
		{ { .seen = true, .certain = true, .deletes = true }, GW_PULL_STAYS },
		{ { .deletes = true }, GW_PULL_STAYS },
		{ { .accident = true, .deletes = true }, GW_PULL_STAYS },
		{ { .certain = true, .deletes = true }, GW_PULL_FOLLOW },
		{ { .certain = true }, GW_PULL_LET_GO },
		{ { .certain = true, .deletes = true, .is_short = true }, GW_PULL_LET_GO },
		{ { .certain = true, .deletes = true, .accident = true }, GW_PULL_HELD },
		{ { .certain = true, .accident = true }, GW_PULL_HELD },
		{ { .certain = true, .deletes = true, .accident = true, .accepted = true },
			GW_PULL_FOLLOW },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(gw_pull_judge_file(&rows[i].sight), rows[i].fate);
}

static void test_histories(void **state)
{
	uint64_t seed = test_seed();
	const char *text = getenv("HISTORIES");
	unsigned count = text != NULL ? (unsigned)atoi(text) : HISTORIES;

	(void)state;
	for (unsigned i = 0; i < count; i++)
		run_history(seed + i);
}

/* A server that gives each of two messages the other's name: headers tell, and the right ones go. */
static void test_swapped_names(void **state)
{
	static struct session s;
	static struct world w = { .seed = 3 };
	struct gw_pull_print a = print_of(1), b = print_of(2);
	size_t not_its;

	(void)state;
	s = (struct session){ .w = &w };
	s.v.items = s.items;
	s.v.rows = s.rows;
	add_row(&s, 1, "a", false);
	add_row(&s, 2, "b", false);
	s.rows[0].recorded = s.rows[1].recorded = true;
	s.v.policy.keep = GW_PULL_KEEP_NO;
	s.v.policy.has_top = true;
	s.v.item_count = 2;
	s.items[0] = (struct gw_pull_item){ .number = 1, .uidl = gw_slice_str("b"), .size = 100 };
	s.items[1] = (struct gw_pull_item){ .number = 2, .uidl = gw_slice_str("a"), .size = 100 };
	assert_true(gw_pull_sort(&s.v));
	assert_int_equal(s.items[0].todo, GW_PULL_LOOK);
	assert_int_equal(s.items[1].todo, GW_PULL_LOOK);
	assert_false(gw_pull_may_delete(&s.v, 0));
	gw_pull_looked(&s.v, 0, a.header, true, &not_its);
	assert_int_equal(not_its, 1);
	assert_int_equal(s.items[0].todo, GW_PULL_GET);
	gw_pull_looked(&s.v, 1, b.header, true, &not_its);
	assert_int_equal(not_its, 0);
	assert_int_equal(s.items[1].row, 1);
	assert_true(gw_pull_may_delete(&s.v, 1));
	assert_false(gw_pull_may_delete(&s.v, 0));
	assert_int_equal(gw_pull_got(&s.v, 0, &a, &not_its), 0);
	assert_true(gw_pull_may_delete(&s.v, 0));
	s.rows[0].recorded = false;
	assert_false(gw_pull_may_delete(&s.v, 0));
	gw_pull_deinit(&s.v);
}

static bool same_name(struct gw_slice a, struct gw_slice b)
{
	return a.n > 0 && a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* How many rows have this UIDL, and the last of them. */
static size_t rows_named(const struct gw_pull_view *v, struct gw_slice name, size_t *last)
{
	size_t count = 0;

	for (size_t i = 0; i < v->row_count; i++) {
		if (same_name(v->rows[i].uidl, name))
			count++, *last = i;
	}
	return count;
}

static size_t items_named(const struct gw_pull_view *v, struct gw_slice name)
{
	size_t count = 0;

	for (size_t i = 0; i < v->item_count; i++)
		count += same_name(v->items[i].uidl, name);
	return count;
}

/* A list of names as a server or the state may have it: up, down, or anyhow; few or many of them equal. */
static struct gw_slice name_at(
	struct world *w, char text[4], size_t i, unsigned how, unsigned range)
{
	unsigned n = how == 0 ? (unsigned)i : how == 1 ? MOST - (unsigned)i : dice(w, range);

	if (how > 1 && dice(w, 12) == 0)
		return (struct gw_slice){ "", 0 };
	snprintf(text, 4, "%02u", n);
	return (struct gw_slice){ text, n % 7 == 0 ? 1 : 2 }; /* some begin as others do */
}

/* Who is who does not depend on the order of listing and rows: one that alone has its UIDL is the row that alone
 * has it; of others nothing is known. */
static void test_names_in_any_order(void **state)
{
	static struct gw_pull_item items[MOST];
	static struct gw_pull_row rows[MOST];
	static char texts[2][MOST][4];
	struct world w = { .seed = test_seed() };

	(void)state;
	for (unsigned run = 0; run < 2000; run++) {
		unsigned hows[2] = { dice(&w, 4), dice(&w, 4) }, range = 5 + dice(&w, 90);
		struct gw_pull_view v = { .items = items,
			.item_count = dice(&w, MOST),
			.rows = rows,
			.row_count = dice(&w, MOST),
			.policy.has_top = true };

		for (size_t i = 0; i < v.item_count; i++)
			items[i] = (struct gw_pull_item){ .number = (uint32_t)i + 1,
				.uidl = name_at(&w, texts[0][i], i, hows[0], range) };
		for (size_t i = 0; i < v.row_count; i++)
			rows[i] = (struct gw_pull_row){ .state = GW_PULL_HERE,
				.uidl = name_at(&w, texts[1][i], i, hows[1], range) };
		assert_true(gw_pull_sort(&v));
		for (size_t i = 0; i < v.item_count; i++) {
			size_t row = GW_PULL_NONE, there = items_named(&v, items[i].uidl),
			       here = rows_named(&v, items[i].uidl, &row);

			if (items[i].row != (there == 1 && here == 1 ? row : GW_PULL_NONE))
				fail_msg("run %u, item %zu: the wrong row", run, i);
			if ((there != 1 || here > 1) && items[i].todo != GW_PULL_LOOK)
				fail_msg("run %u, item %zu: in doubt, and not looked at", run, i);
			if (there == 1 && here == 1 && !rows[row].claimed)
				fail_msg("run %u, item %zu: its row is not claimed", run, i);
		}
		gw_pull_deinit(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep_days),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_fates),
		cmocka_unit_test(test_swapped_names),
		cmocka_unit_test(test_names_in_any_order),
		cmocka_unit_test(test_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
