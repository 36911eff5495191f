/* SPDX-License-Identifier: ISC */
/* sync/plan and sync/match, carried out on simulated sides: several mailboxes, both sides changing
 * between and during runs, a crash after any step.  In the end nobody's mail is lost, doubled or
 * brought back, and another run changes nothing.
 *
 * A quarter of the histories has a server whose listings leave something out, a quarter one that tells of changes
 * alone and leaves some of them out, a quarter one message that breaks every connection on which it is fetched or
 * sent: that one is set aside, and it alone.
 *
 * The executor (model_join.c, model_run.c, model_kill.c) does what box*.c and batch.c do, in their order, each
 * outside effect a step of its own.  Broken on purpose (enum mutant) it has to be found out: that
 * is what shows that the histories reach the places that the rules are there for.
 */
#include "model.h"

/* near: a seed from which on it falls soon; the rare ones do once in some 100,000 histories. */
static const struct {
	const char *name;
	uint64_t near;
} mutants[MUTANTS] = {
	[ROW_BEFORE_FILE] = { "row before file", 1 },
	[ROW_BEFORE_SERVER] = { "row before server", 1 },
	[NOT_ANNOUNCED] = { "upload not announced", UINT64_C(1795985528) + 13377 },
	[ONE_LOOK] = { "one look", 1 },
	[CROSSED_ARE_GONE] = { "crossed moves are deletions", 1 },
	[MOVED_TWICE] = { "moved twice", 1 },
	[DELETE_BEATS_CHANGE] = { "delete beats change", 1 },
	[NAMES_BY_CHANCE] = { "names by chance", UINT64_C(1795985528) + 138829 },
	[STRAYS_STAY] = { "strays stay", UINT64_C(1795985528) + 106133 },
	[FORGETFUL] = { "row dropped first", 1 },
	[FLAGS_OF_EDITED] = { "flags of an edited message", 1 },
	[FIRST_LISTED] = { "an incomplete listing is believed", 1 },
	[ANY_SECOND] = { "so is the second", 1 },
	[UNTOLD_SENT] = { "untold and sent", 1 },
	[UNTOLD_FORGOTTEN] = { "untold and forgotten", 1 },
	[FILES_DOUBTED] = { "files beside doubt", 1 },
	[MOVES_DOUBTED] = { "moves beside doubt", 1 },
	[UNTOLD_MOVED] = { "untold and moved", 1 },
	[UNTOLD_RENAMED] = { "untold and renamed", UINT64_C(1795985528) + 1117980 },
	[HALF_DOUBTED] = { "halves beside doubt", 1 },
	[CHANGES_BELIEVED] = { "any listing of changes is believed", 1 },
	[VANISHED_FIRST] = { "vanished, and listed", 1 },
	[NEVER_ASIDE] = { "tried for ever", 1 },
	[ACCUSED_ASIDE] = { "set aside with it", 1 },
};

/* --- what people do -------------------------------------------------------------------------- */

static int new_content(struct world *w, int msgid)
{
	int c = w->next_content++;

	w->msgid[c] = msgid < 0 ? c : msgid;
	w->wanted[c] = w->deleted_here[c] = w->deleted_there[c] = 0;
	w->unrecorded[c] = w->half_sent[c] = w->half_taken[c] = false;
	w->touched[c] = w->flagged[c] = w->dying[c] = w->moved_here[c] = w->moved_there[c] =
		w->in_run[c] = false;
	return c;
}

static bool full(const struct world *w)
{
	for (int b = 0; b < BOXES; b++) {
		if (w->there[b].n > MAX - 12 || w->here[b].n > MAX - 12)
			return true;
	}
	return w->next_content > CONTENTS - 2;
}

void deliver(struct list *l, uint32_t number, int content, uint64_t flags)
{
	add(l, (struct message){
		       .number = number, .name = number, .content = content, .flags = flags });
}

static void want_less(struct world *w, int content, bool here)
{
	w->wanted[content]--;
	w->deleted_here[content] += here;
	w->deleted_there[content] += !here;
	w->gone_here[content] |= here;
	w->gone_there[content] |= !here;
	w->dying[content] = true;
}

/* The second half of a save or an edit: the old file goes, unless somebody was faster. */
static void finish_half(struct world *w)
{
	struct message *m;

	if (w->half_box < 0)
		return;
	m = find_name(&w->here[w->half_box], w->half_name);
	if (m != NULL) {
		want_less(w, w->half_content, true);
		forget(&w->here[w->half_box], m);
	}
	w->half_box = -1;
}

static void change_here(struct world *w)
{
	int b = (int)pick(w, BOXES), to = (int)pick(w, BOXES), c;
	uint64_t flag;
	struct list *l = &w->here[b];
	struct message *m = l->n == 0 ? NULL : &l->at[pick(w, (uint32_t)l->n)];

	if (w->half_box >= 0 && pick(w, 2)) {
		finish_half(w);
		return;
	}
	switch (w->moves && pick(w, 3) ? 2 : pick(w, 7)) {
	case 0: /* new */
		if (full(w))
			return;
		c = new_content(w, -1);
		w->wanted[c]++;
		deliver(l, w->next_name++, c, 0);
		return;
	case 1: /* deleted */
		if (m == NULL)
			return;
		w->copied[w->msgid[m->content]] = true;
		want_less(w, m->content, true);
		forget(l, m);
		return;
	case 2: /* moved, by name */
		if (m == NULL || to == b || full(w) || find_name(&w->here[to], m->name) != NULL)
			return;
		w->moved_here[m->content] = w->touched[m->content] = true;
		w->in_run[m->content] |= w->running;
		m->ours = 0; /* nothing that this mailbox would have named so */
		add(&w->here[to], *m);
		forget(l, m);
		return;
	case 3: /* saved: the copy first */
		if (m == NULL || w->half_box >= 0 || full(w))
			return;
		w->half_box = b;
		w->half_name = m->name;
		w->half_content = m->content;
		w->moved_here[m->content] = w->touched[m->content] = true;
		w->wanted[m->content]++;
		w->copied[w->msgid[m->content]] = true;
		deliver(&w->here[to], w->next_name++, m->content, m->flags);
		return;
	case 4: /* edited: the new one first */
		if (m == NULL || w->half_box >= 0 || full(w))
			return;
		c = new_content(w, w->msgid[m->content]);
		w->wanted[c]++;
		w->half_box = b;
		w->half_name = m->name;
		w->half_content = m->content;
		deliver(l, w->next_name++, c, m->flags);
		return;
	default: /* a flag */
		if (m == NULL)
			return;
		m->flags ^= flag = pick(w, 2) ? S : F;
		w->changed_here[m->content] ^= flag == F;
		w->touched[m->content] = w->flagged[m->content] = true;
		return;
	}
}

static void change_there(struct world *w)
{
	int b = (int)pick(w, BOXES), to = (int)pick(w, BOXES), c;
	uint64_t flag;
	struct list *l = &w->there[b];
	struct message *m = l->n == 0 ? NULL : &l->at[pick(w, (uint32_t)l->n)];

	switch (w->moves && pick(w, 3) ? 2 : pick(w, 6)) {
	case 0:
		if (full(w))
			return;
		c = new_content(w, -1);
		w->wanted[c]++;
		deliver(l, w->uidnext[b]++, c, 0);
		return;
	case 1:
		if (m == NULL)
			return;
		w->copied[w->msgid[m->content]] = true;
		want_less(w, m->content, false);
		forget(l, m);
		return;
	case 2: /* moved */
		if (m == NULL || to == b || full(w))
			return;
		w->moved_there[m->content] = w->touched[m->content] = true;
		w->in_run[m->content] |= w->running;
		deliver(&w->there[to], w->uidnext[to]++, m->content, m->flags);
		forget(l, m);
		return;
	case 3: /* copied */
		if (m == NULL || full(w))
			return;
		w->wanted[m->content]++;
		w->moved_there[m->content] = w->copied[w->msgid[m->content]] = true;
		deliver(&w->there[to], w->uidnext[to]++, m->content, m->flags);
		return;
	default:
		if (m == NULL)
			return;
		m->flags ^= flag = pick(w, 2) ? S : R;
		w->changed_there[m->content] ^= flag == R;
		w->answered[w->msgid[m->content]] = m->flags & R;
		w->touched[m->content] = w->flagged[m->content] = true;
		return;
	}
}

static void change(struct world *w)
{
	if (pick(w, 2))
		change_here(w);
	else
		change_there(w);
}

/* Between two effects of a run: something else may happen, or the run ends here.  false: it does.
 */
bool step(struct world *w)
{
	w->running = true;
	if (w->noise > 0 && pick(w, (uint32_t)w->noise) == 0)
		change(w);
	w->running = false;
	if (w->half_box >= 0)
		w->copied[w->msgid[w->half_content]] = true;
	return w->steps < 0 || w->steps-- > 0;
}

/* --- what must hold -------------------------------------------------------------------------- */

static int count(const struct list *lists, int content)
{
	int n = 0;

	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < lists[b].n; i++)
			n += lists[b].at[i].content == content;
	}
	return n;
}

static bool is_marked(const struct list *lists, int content)
{
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < lists[b].n; i++) {
			if (lists[b].at[i].content == content && lists[b].at[i].flags & (F | R))
				return true;
		}
	}
	return false;
}

static bool same(const struct list *a, const struct list *b)
{
	bool used[MAX] = { 0 };

	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		size_t k = 0;

		while (k < b->n && (used[k] || a->at[i].content != b->at[k].content ||
					   a->at[i].flags != b->at[k].flags))
			k++;
		if (k == b->n)
			return false;
		used[k] = true;
	}
	return true;
}

#define REQUIRE(condition, ...)                                               \
	do {                                                                  \
		if (!(condition)) {                                           \
			snprintf(w->failure, sizeof w->failure, __VA_ARGS__); \
			return false;                                         \
		}                                                             \
	} while (0)

static bool was_edited(const struct world *w, int content)
{
	for (int c = content + 1; c < w->next_content; c++) {
		if (w->msgid[c] == w->msgid[content])
			return true;
	}
	return false;
}

/* \Answered is only ever set and taken off there: it stands where it was set, if nobody
 * copied or deleted the message. */
static int flags_are_lost(const struct world *w)
{
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < w->there[b].n; i++) {
			const struct message *m = &w->there[b].at[i];
			int msgid = w->msgid[m->content], n = 0;

			for (int c = 1; c < w->next_content; c++)
				n += w->msgid[c] == msgid ? count(w->there, c) : 0;
			if (n == 1 && !w->copied[msgid] && !(m->flags & R) && w->answered[msgid])
				return m->content;
		}
	}
	return 0;
}

/* Without the one message that breaks the connection, and what it is an edit of: that stays. */
static struct list others(const struct world *w, const struct list *all)
{
	struct list l = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		if (w->msgid[all->at[i].content] != w->msgid[w->killer.content])
			add(&l, all->at[i]);
	}
	return l;
}

/* Is it the same, to the last UID and name? */
static bool is_as_before(const struct list *before, const struct list *now)
{
	for (int b = 0; b < BOXES; b++) {
		if (before[b].n != now[b].n)
			return false;
		for (size_t i = 0; i < now[b].n; i++) {
			const struct message *x = &before[b].at[i], *y = &now[b].at[i];

			if (x->number != y->number || x->name != y->name ||
				x->content != y->content || x->flags != y->flags ||
				x->aside != y->aside)
				return false;
		}
	}
	return true;
}

/* That one is set aside, and it alone; all others come and go.  Then it is sound again. */
static bool isolates(struct world *w)
{
	static struct list before[3][BOXES];
	bool rest = false;

	for (int runs = 0; runs < 20 && !rest; runs++) { /* an edit may be held back on every run */
		memcpy(before[0], w->there, sizeof before[0]);
		memcpy(before[1], w->here, sizeof before[1]);
		memcpy(before[2], w->base, sizeof before[2]);
		rest = run(w) >= 0 && is_as_before(before[0], w->there) &&
		       is_as_before(before[1], w->here) && is_as_before(before[2], w->base);
	}
	REQUIRE(rest, "one message that kills: no rest");
	for (int b = 0; b < BOXES; b++) {
		struct list here = others(w, &w->here[b]), there = others(w, &w->there[b]);

		REQUIRE(same(&here, &there), "beside what kills the sides differ in %d", b);
		for (size_t i = 0; i < w->base[b].n; i++)
			REQUIRE(!w->base[b].at[i].aside ||
					w->base[b].at[i].content == w->killer.content,
				"content %d is set aside for another", w->base[b].at[i].content);
		for (size_t i = 0; i < w->here[b].n; i++)
			REQUIRE(!is_refused(w, b, w->here[b].at[i].name) ||
					w->here[b].at[i].content == w->killer.content,
				"content %d is not sent for another", w->here[b].at[i].content);
	}
	heal(w);
	return true;
}

/* Where it was not fooled, and nothing is named, a run that finds nothing to do is right. */
static bool is_in_step_or_named(struct world *w)
{
	bool doubt = false;
	int actions = -1;

	for (int runs = 0; runs < 8 && actions != 0; runs++)
		actions = run(w);
	for (int b = 0; b < BOXES; b++)
		doubt |= w->fooled[b] || w->named[b];
	for (int b = 0; b < BOXES && !doubt && actions == 0; b++)
		REQUIRE(same(&w->here[b], &w->there[b]),
			"in %d the sides differ, and nothing is named", b);
	return true;
}

/* Everything is quiet: runs until nothing is left to do, and looks. */
static bool check(struct world *w)
{
	int runs = 0, actions;
	static bool must_stay[CONTENTS];

	w->noise = 0;
	w->steps = -1;
	finish_half(w);
	for (int c = 1; c < w->next_content; c++) /* changed on one side, deleted on the other */
		must_stay[c] = !was_edited(w, c) && !w->moved_here[c] && !w->moved_there[c] &&
			       !w->unrecorded[c] &&
			       ((w->changed_here[c] && w->gone_there[c] && !w->gone_here[c] &&
					count(w->here, c) == 1) ||
				       (w->changed_there[c] && w->gone_here[c] &&
					       !w->gone_there[c] && count(w->there, c) == 1));
	if (w->deltas && !is_in_step_or_named(w))
		return false;
	w->truth = true; /* and everything is listed */
	if (w->killer.content != 0 && !isolates(w))
		return false;
	do
		actions = run(w);
	while (actions != 0 && ++runs < 6);
	w->killer.retry = false;
	memcpy(w->cursor, w->uidnext, sizeof w->cursor);
	w->truth = false;
	REQUIRE(actions == 0, "no rest after %d runs", runs);
	for (int b = 0; b < BOXES; b++) {
		REQUIRE(same(&w->here[b], &w->there[b]), "the sides differ in %d", b);
		REQUIRE(w->pending_n[b] == 0, "something is pending in %d", b);
	}
	REQUIRE(!flags_are_lost(w), "a flag is lost of %d", flags_are_lost(w));
	for (int c = 1; c < w->next_content; c++) {
		int both = w->deleted_here[c] < w->deleted_there[c] ? w->deleted_here[c]
								    : w->deleted_there[c];
		int n = count(w->there, c), most = w->wanted[c] + both;
		/* A move of which a run saw the new half first, and a flag on the old one: both
		 * stay.  Of twins that go two ways nobody knows which went where; nor what goes
		 * on while a run looks. */
		bool moved = w->moved_here[c] || w->moved_there[c];
		bool twins = w->copied[w->msgid[c]] || w->wanted[c] > 1;
		bool crossed =
			(w->moved_here[c] && w->moved_there[c] && twins) ||
			(w->in_run[c] && (twins || (w->moved_here[c] && w->moved_there[c]))) ||
			(w->flagged[c] && moved);
		/* Who deletes or moves what no state knows yet cannot be understood; nor is a file
		 * with a flag, perhaps just set, taken for the rest of an interrupted fetch. */
		bool may_return =
			(w->touched[c] && w->dying[c]) || crossed || w->slandered[c] ||
			w->unheard[c] ||
			(w->half_sent[c] && (w->deleted_there[c] > 0 || w->moved_there[c])) ||
			(w->unrecorded[c] && (w->deleted_here[c] > 0 || w->moved_here[c] ||
						     is_marked(w->here, c))) ||
			(w->half_taken[c] &&
				(w->deleted_here[c] > 0 || w->moved_here[c] || w->moved_there[c]));

		/* Two that were joined into one go together. */
		REQUIRE(n >= w->wanted[c] || (n >= 1 && (w->dying[c] || crossed)) ||
				(w->dying[c] && crossed) || w->wanted[c] <= 0 || w->in_attic[c],
			"content %d: %d of %d left: lost", c, n, w->wanted[c]);
		REQUIRE(n >= 1 || !must_stay[c] || w->deltas,
			"content %d: changed, and deleted all the same", c);
		REQUIRE(n <= most || may_return, "content %d: %d of %d: doubled, or back", c, n,
			w->wanted[c]);
		w->wanted[c] = n;
		w->deleted_here[c] = w->deleted_there[c] = 0;
		w->unrecorded[c] = w->half_sent[c] = w->half_taken[c] = false;
		w->touched[c] = w->flagged[c] = w->dying[c] = w->moved_here[c] = w->moved_there[c] =
			w->in_run[c] = w->slandered[c] = w->in_attic[c] = w->unheard[c] = false;
	}
	return true;
}

/* Another program has fetched most of it already. */
static void adopt(struct world *w)
{
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < w->there[b].n; i++) {
			if (pick(w, 4))
				deliver(&w->here[b], w->next_name++, w->there[b].at[i].content, 0);
		}
	}
	run(w);
}

enum server { SOUND, LIES, TELLS_CHANGES, KILLS };

static bool history(uint64_t seed, enum mutant mutant, enum server server, char failure[128])
{
	static struct world w;
	bool ok;

	w = (struct world){ .seed = seed,
		.mutant = mutant,
		.lies = server == LIES || server == TELLS_CHANGES,
		.deltas = server == TELLS_CHANGES,
		.half_box = -1,
		.next_name = 1000,
		.next_content = 1 };
	for (int b = 0; b < BOXES; b++) {
		w.uidnext[b] = 1;
		for (int i = 0; i < 4; i++) {
			int c = new_content(&w, -1);

			w.wanted[c]++;
			deliver(&w.there[b], w.uidnext[b]++, c, 0);
		}
	}
	w.moves = pick(&w, 2);
	w.cunning = server == TELLS_CHANGES && pick(&w, 2);
	w.steps = -1;
	if (server == LIES && pick(&w, 4) == 0)
		adopt(&w);
	if (server == KILLS)
		w.killer.content = 1 + (int)pick(&w, 12);
	ok = check(&w);
	for (int round = 0; round < 2 && ok; round++) {
		for (uint32_t i = 1 + pick(&w, 5); i > 0; i--)
			change(&w);
		if (server == KILLS) /* any, also one that is only here */
			w.killer.content = 1 + (int)pick(&w, (uint32_t)w.next_content - 1);
		for (uint32_t i = pick(&w, 3); i > 0; i--) {
			w.noise = pick(&w, 2) ? 0 : 6;
			w.steps = pick(&w, 3) == 0 ? -1 : (int)pick(&w, 40);
			run(&w);
		}
		ok = check(&w);
	}
	snprintf(failure, 128, "%s", w.failure);
	return ok;
}

static uint64_t nth_seed(uint64_t seed, uint32_t n)
{
	uint64_t s = (seed + n) * UINT64_C(0x9e3779b97f4a7c15);

	return (s ^ s >> 31) | 1;
}

static void live(enum server server)
{
	const char *text = getenv("HISTORIES");
	uint32_t n = text != NULL ? (uint32_t)strtoul(text, NULL, 10) : 50000;
	uint64_t seed = test_seed();
	char failure[128];

	for (uint32_t i = 0; i < n; i++) {
		if (!history(nth_seed(seed, i), NONE, server, failure))
			fail_msg("history %u of seed %llu (GODWIT_SEED=%llu HISTORIES=1): %s", i,
				(unsigned long long)seed, (unsigned long long)(seed + i), failure);
	}
	printf("%u histories\n", n);
}

static void histories(void **state)
{
	(void)state;
	live(SOUND);
}

static void histories_with_a_server_that_lies(void **state)
{
	(void)state;
	live(LIES);
}

static void histories_with_changes_left_out(void **state)
{
	(void)state;
	live(TELLS_CHANGES);
}

static void histories_with_a_message_that_kills(void **state)
{
	(void)state;
	live(KILLS);
}

static void mutants_are_found_out(void **state)
{
	enum { MANY = 1000000 };
	char failure[128];

	(void)state;
	for (int m = NONE + 1; m < MUTANTS; m++) {
		uint32_t i = 0;

		while (i < MANY && history(nth_seed(mutants[m].near, i), (enum mutant)m,
					   m >= KILLING   ? KILLS
					   : m >= TELLING ? TELLS_CHANGES
					   : m >= LYING   ? LIES
							  : SOUND,
					   failure))
			i++;
		if (i == MANY)
			fail_msg("\"%s\" goes unnoticed", mutants[m].name);
		printf("%s: history %u: %s\n", mutants[m].name, i, failure);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(histories),
		cmocka_unit_test(histories_with_a_server_that_lies),
		cmocka_unit_test(histories_with_changes_left_out),
		cmocka_unit_test(histories_with_a_message_that_kills),
		cmocka_unit_test(mutants_are_found_out) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
