/* SPDX-License-Identifier: ISC */
/* plan/folders: random trees on both sides; part of test_folders. */
#include "folders_trees.h"
#include "plan/folders.h"
#include "test.h"

#define NONE GW_FOLDER_NONE

/* A mailbox's mail is a set of letters; each letter is put into one mailbox, once. */
enum { SIDE = 48, FEW = 8, NAMES = 10, ROUNDS = 12, NAME = 64 };

struct there {
	char name[NAME];
	uint32_t validity, next;
	uint64_t id, mail;
};

struct here {
	char name[NAME];
	uint64_t inode, mail;
};

struct base {
	char wire[NAME], dir[NAME];
	uint32_t validity, next;
	uint64_t id, inode, mail;
	bool missing;
};

struct world {
	struct there there[SIDE];
	struct here here[SIDE];
	struct base base[SIDE];
	size_t there_count, here_count, base_count;
	uint64_t next_id, next_inode, next_letter, gone; /* gone: letters that somebody deleted */
	uint32_t next_validity;
	bool ids;
};

static const char *const names[NAMES] = { "a", "b", "c", "d", "a/x", "a/y", "b/x", "c/x/y", "d/a",
	"a/x/b" };

static struct there *there_at(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->there_count; i++) {
		if (strcmp(w->there[i].name, name) == 0)
			return &w->there[i];
	}
	return NULL;
}

static struct here *here_at(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->here_count; i++) {
		if (strcmp(w->here[i].name, name) == 0)
			return &w->here[i];
	}
	return NULL;
}

static struct there *make_there(struct world *w, const char *name)
{
	struct there *t = &w->there[w->there_count];

	assert_true(w->there_count < SIDE && there_at(w, name) == NULL);
	w->there_count++;

	*t = (struct there){
		.validity = w->next_validity++, .next = 1, .id = w->ids ? w->next_id++ : 0
	};
	snprintf(t->name, sizeof t->name, "%s", name);
	return t;
}

static struct here *make_here(struct world *w, const char *name)
{
	struct here *h = &w->here[w->here_count];

	assert_true(w->here_count < SIDE && here_at(w, name) == NULL);
	w->here_count++;

	*h = (struct here){ .inode = w->next_inode++ };
	snprintf(h->name, sizeof h->name, "%s", name);
	return h;
}

/* The name after a mailbox was renamed, whose tree goes along. */
static bool renamed(char *name, size_t size, const char *from, const char *to)
{
	size_t n = strlen(from);
	char fresh[2 * NAME];

	if (strncmp(name, from, n) != 0 || (name[n] != '\0' && name[n] != '/'))
		return false;
	snprintf(fresh, sizeof fresh, "%s%s", to, name + n);
	snprintf(name, size, "%.60s", fresh);
	return true;
}

/* Can a tree of these names be renamed, without meeting another one? */
static bool is_free(const char *of, const char *from, const char *to)
{
	return strncmp(of, to, strlen(to)) != 0 && strncmp(to, from, strlen(from)) != 0;
}

static void rename_there(struct world *w, const char *from, const char *to)
{
	for (size_t i = 0; i < w->there_count; i++)
		if (!is_free(w->there[i].name, from, to))
			return;
	for (size_t i = 0; i < w->there_count; i++)
		renamed(w->there[i].name, sizeof w->there[i].name, from, to);
}

static void rename_dirs(struct world *w, const char *from, const char *to)
{
	for (size_t i = 0; i < w->here_count; i++)
		if (!is_free(w->here[i].name, from, to))
			return;
	for (size_t i = 0; i < w->here_count; i++)
		renamed(w->here[i].name, sizeof w->here[i].name, from, to);
}

static void swap_there(struct world *w, size_t a, size_t b)
{
	char name[NAME];

	memcpy(name, w->there[a].name, sizeof name);
	memcpy(w->there[a].name, w->there[b].name, sizeof name);
	memcpy(w->there[b].name, name, sizeof name);
}

static uint64_t letter(struct world *w)
{
	return UINT64_C(1) << (w->next_letter++ % 64);
}

static void remove_there(struct world *w, size_t i)
{
	w->there[i] = w->there[--w->there_count];
}

static void remove_here(struct world *w, size_t i)
{
	w->here[i] = w->here[--w->here_count];
}

/* Something happens on one side. */
static void happen(struct world *w, uint64_t *seed)
{
	const char *a = names[test_random(seed, NAMES)], *b = names[test_random(seed, NAMES)];
	struct there *t = there_at(w, a);
	struct here *h = here_at(w, a);

	if (w->next_letter > 60)
		return;
	switch (test_random(seed, 9)) {
	case 0:
		if (t == NULL && w->there_count < FEW)
			make_there(w, a);
		break;
	case 1:
		if (h == NULL && w->here_count < FEW)
			make_here(w, a);
		break;
	case 2:
		rename_there(w, a, b);
		break;
	case 3:
		rename_dirs(w, a, b);
		break;
	case 4:
		if (t != NULL) {
			w->gone |= t->mail;
			remove_there(w, (size_t)(t - w->there));
		}
		break;
	case 5:
		if (h != NULL) {
			w->gone |= h->mail;
			remove_here(w, (size_t)(h - w->here));
		}
		break;
	case 6:
		if (t != NULL) {
			t->mail |= letter(w);
			t->next++;
		}
		break;
	case 7:
		if (h != NULL)
			h->mail |= letter(w);
		break;
	default:
		if (w->there_count > 1)
			swap_there(w, 0, 1 + test_random(seed, (uint32_t)w->there_count - 1));
		break;
	}
}

static uint32_t bits(uint64_t mail)
{
	return (uint32_t)__builtin_popcountll(mail);
}

struct seen {
	struct gw_folder_row rows[SIDE];
	struct gw_folder_listed listed[SIDE];
	struct gw_folder_dir dirs[SIDE];
	struct gw_folder_input in;
};

static const struct base *base_of(const struct world *w, const char *dir)
{
	for (size_t i = 0; i < w->base_count; i++) {
		if (strcmp(w->base[i].dir, dir) == 0)
			return &w->base[i];
	}
	return NULL;
}

static void see(const struct world *w, struct seen *s, bool deletes)
{
	*s = (struct seen){ .in = { .rows = s->rows,
				    .row_count = w->base_count,
				    .listed = s->listed,
				    .listed_count = w->there_count,
				    .dirs = s->dirs,
				    .dir_count = w->here_count,
				    .policy = { .delete_here = deletes,
					    .delete_there = deletes,
					    .accept = true,
					    .guard = true,
					    .list_whole = true } } };
	for (size_t i = 0; i < w->base_count; i++)
		s->rows[i] = (struct gw_folder_row){ .wire = w->base[i].wire,
			.dir = w->base[i].dir,
			.delimiter = '/',
			.uidvalidity = w->base[i].validity,
			.uidnext = w->base[i].next,
			.messages = bits(w->base[i].mail),
			.object_id = w->base[i].id,
			.inode = w->base[i].inode,
			.missing = w->base[i].missing };
	for (size_t i = 0; i < w->there_count; i++)
		s->listed[i] = (struct gw_folder_listed){ .wire = w->there[i].name,
			.dir = w->there[i].name,
			.selectable = true,
			.wanted = true,
			.counted = true,
			.sized = true,
			.uidvalidity = w->there[i].validity,
			.uidnext = w->there[i].next,
			.messages = bits(w->there[i].mail),
			.object_id = w->there[i].id };
	for (size_t i = 0; i < w->here_count; i++) {
		const struct base *b = base_of(w, w->here[i].name);

		s->dirs[i] = (struct gw_folder_dir){ .dir = w->here[i].name,
			.inode = w->here[i].inode,
			.changed = b == NULL || b->mail != w->here[i].mail,
			.wire = w->here[i].name,
			.wanted = true };
	}
}

static void drop_base(struct world *w, struct base *b)
{
	*b = w->base[--w->base_count];
}

/* Carries the renames out on disk: each finds its place free. */
static void carry_rename_here(
	struct world *w, const struct seen *s, const struct gw_folder_plan *plan, size_t i)
{
	const struct gw_folder_action *a = &plan->actions[i];
	struct here *h = NULL, *other;
	bool plain = false;

	for (size_t k = 0; k < w->here_count && a->dir != NONE; k++) {
		if (w->here[k].inode == s->dirs[a->dir].inode)
			h = &w->here[k];
	}
	other = here_at(w, a->to);
	if (h == NULL || other == h)
		return;
	if (a->cycle > 0) {
		assert_non_null(other);
		memcpy(other->name, h->name, sizeof h->name);
	} else if (other != NULL) {
		fail_msg("%s is renamed onto %s", h->name, a->to);
	}
	for (size_t k = 0; k < w->here_count; k++)
		plain |= strncmp(w->here[k].name, a->to, strlen(a->to)) == 0;
	if (a->whole && a->cycle == 0 && !plain) { /* nothing stands there, nor below */
		char from[NAME];

		memcpy(from, h->name, sizeof from);
		for (size_t k = 0; k < w->here_count; k++)
			renamed(w->here[k].name, sizeof w->here[k].name, from, a->to);
	}
	snprintf(h->name, sizeof h->name, "%s", a->to);
}

/* What changes base alone, or a side. */
static void carry_out(struct world *w, const struct seen *s, const struct gw_folder_plan *plan)
{
	struct base fresh[SIDE], none = { .missing = false };
	bool dropped[SIDE] = { false };
	struct world before = *w;

	memcpy(fresh, w->base, sizeof fresh);
	for (size_t i = 0; i < plan->count; i++) {
		const struct gw_folder_action *a = &plan->actions[i];
		struct base *b = a->row == NONE ? &none : &fresh[a->row];
		struct there *t =
			a->listed == NONE ? NULL : there_at(w, before.there[a->listed].name);
		struct here *h;

		switch (a->kind) {
		case GW_FOLDER_MISSING:
			b->missing = true;
			break;
		case GW_FOLDER_BACK:
			b->missing = false;
			break;
		case GW_FOLDER_FORGET:
			dropped[a->row] = true;
			break;
		case GW_FOLDER_MAKE_THERE:
			if (there_at(w, a->to) == NULL) /* else a rename took it there */
				make_there(w, a->to);
			break;
		case GW_FOLDER_MAKE_AGAIN:
			make_there(w, a->to);
			*b = (struct base){ .inode = 0 };
			dropped[a->row] = true;
			break;
		case GW_FOLDER_RENAME_HERE:
			carry_rename_here(w, s, plan, i);
			snprintf(b->wire, sizeof b->wire, "%s", before.there[a->listed].name);
			snprintf(b->dir, sizeof b->dir, "%s", a->to);
			b->missing = false;
			break;
		case GW_FOLDER_RENAME_THERE:
			for (size_t k = 0; k < w->there_count && !a->implied; k++)
				renamed(w->there[k].name, sizeof w->there[k].name, b->wire, a->to);
			snprintf(b->wire, sizeof b->wire, "%s", a->to);
			snprintf(b->dir, sizeof b->dir, "%s", before.here[a->dir].name);
			b->missing = false;
			break;
		case GW_FOLDER_DELETE_HERE:
			h = here_at(w, before.here[a->dir].name);
			assert_non_null(h);
			if ((h->mail & ~b->mail) != 0)
				fail_msg("%s is deleted here with mail that was never there",
					b->dir);
			remove_here(w, (size_t)(h - w->here));
			dropped[a->row] = true;
			break;
		case GW_FOLDER_DELETE_THERE:
			if (t == NULL)
				break;
			if ((t->mail & ~b->mail) != 0)
				fail_msg("%s is deleted there with mail that was never here",
					b->wire);
			remove_there(w, (size_t)(t - w->there));
			dropped[a->row] = true;
			break;
		case GW_FOLDER_EMPTY_THERE:
			if (t != NULL)
				t->mail &= ~b->mail;
			b->mail = 0;
			break;
		case GW_FOLDER_LOOK:
		case GW_FOLDER_HOLD:
		case GW_FOLDER_KINDS:
			break;
		}
	}
	memcpy(w->base, fresh, sizeof fresh);
	for (size_t r = w->base_count; r-- > 0;) {
		if (dropped[r])
			drop_base(w, &w->base[r]);
	}
}

static void tell(const struct seen *s, const struct gw_folder_plan *plan)
{
	for (size_t i = 0; i < s->in.row_count; i++)
		printf("row %s %s validity %u next %u messages %u id %llu inode %llu%s\n",
			s->rows[i].wire, s->rows[i].dir, s->rows[i].uidvalidity, s->rows[i].uidnext,
			s->rows[i].messages, (unsigned long long)s->rows[i].object_id,
			(unsigned long long)s->rows[i].inode, s->rows[i].missing ? " missing" : "");
	for (size_t i = 0; i < s->in.listed_count; i++)
		printf("listed %s validity %u next %u messages %u id %llu\n", s->listed[i].wire,
			s->listed[i].uidvalidity, s->listed[i].uidnext, s->listed[i].messages,
			(unsigned long long)s->listed[i].object_id);
	for (size_t i = 0; i < s->in.dir_count; i++)
		printf("dir %s inode %llu\n", s->dirs[i].dir, (unsigned long long)s->dirs[i].inode);
	for (size_t i = 0; i < plan->count; i++) {
		const struct gw_folder_action *a = &plan->actions[i];

		printf("-> %s %s %s > %s%s\n", folder_kinds[a->kind], folder_reasons[a->reason],
			a->row != NONE ? s->rows[a->row].wire : s->dirs[a->dir].dir,
			a->to != NULL ? a->to : "", a->whole ? " whole" : "");
	}
}

/* The mailboxes' own runs: what stands under one name on both sides is brought in step. */
static void run_mailboxes(struct world *w)
{
	for (size_t i = 0; i < w->there_count; i++) {
		struct there *t = &w->there[i];
		struct here *h = here_at(w, t->name);
		struct base *b = (struct base *)(uintptr_t)base_of(w, t->name);

		if (b != NULL && strcmp(b->wire, t->name) != 0)
			continue; /* held */
		if (b != NULL && h == NULL)
			continue; /* held: its directory is gone */
		if (h == NULL)
			h = make_here(w, t->name);
		if (b == NULL) {
			b = &w->base[w->base_count++];
			*b = (struct base){ .validity = t->validity };
			snprintf(b->wire, sizeof b->wire, "%s", t->name);
			snprintf(b->dir, sizeof b->dir, "%s", t->name);
		}
		assert_true(w->base_count <= SIDE);
		if ((b->validity == t->validity && (b->mail & ~t->mail & ~w->gone) != 0) ||
			(b->inode == h->inode && (b->mail & ~h->mail & ~w->gone) != 0))
			fail_msg(
				"%s has another mailbox's mail: %llx there, %llx here, %llx in base",
				t->name, (unsigned long long)t->mail, (unsigned long long)h->mail,
				(unsigned long long)b->mail);
		t->next += bits(h->mail & ~t->mail);
		t->mail |= h->mail;
		h->mail |= t->mail;
		*b = (struct base){ .validity = t->validity,
			.next = t->next,
			.id = t->id,
			.inode = h->inode,
			.mail = t->mail };
		snprintf(b->wire, sizeof b->wire, "%s", t->name);
		snprintf(b->dir, sizeof b->dir, "%s", t->name);
	}
}

static void look(struct world *w, struct seen *s, const struct gw_folder_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct gw_folder_action *a = &plan->actions[i];

		if (a->kind == GW_FOLDER_LOOK)
			s->dirs[a->dir].fresh = (w->here[a->dir].mail & ~w->base[a->row].mail) != 0
							? GW_FRESH_YES
							: GW_FRESH_NO;
	}
}

static size_t settle(struct world *w, bool deletes)
{
	const struct world before = *w; /* what was seen; names are borrowed from it */
	struct seen s;
	struct gw_folder_plan plan;
	size_t acted = 0;

	see(&before, &s, deletes);
	assert_true(gw_plan_folders(&s.in, &plan));
	look(w, &s, &plan);
	gw_folder_plan_deinit(&plan);
	assert_true(gw_plan_folders(&s.in, &plan));
	for (size_t i = 0; i < plan.count; i++) {
		const struct gw_folder_action *a = &plan.actions[i];

		assert_int_not_equal(a->kind, GW_FOLDER_LOOK);
		acted += a->kind != GW_FOLDER_HOLD && a->kind != GW_FOLDER_MISSING;
	}
	if (getenv("GODWIT_TELL") != NULL)
		tell(&s, &plan);
	carry_out(w, &s, &plan);
	gw_folder_plan_deinit(&plan);
	return acted;
}

static uint64_t all_mail(const struct world *w)
{
	uint64_t mail = 0;

	for (size_t i = 0; i < w->there_count; i++)
		mail |= w->there[i].mail;
	for (size_t i = 0; i < w->here_count; i++)
		mail |= w->here[i].mail;
	return mail;
}

static void one_history(uint64_t *seed, unsigned changes)
{
	struct world w = { .next_id = 1, .next_inode = 1, .next_validity = 1 };
	bool deletes = test_random(seed, 2);
	uint64_t sent;
	size_t rounds;

	w.ids = test_random(seed, 2);
	for (unsigned i = 0; i < changes; i++) {
		unsigned together = 1 + test_random(seed, 3);

		for (unsigned k = 0; k < together; k++)
			happen(&w, seed);
		sent = w.next_letter == 0 ? 0 : (UINT64_C(1) << (w.next_letter - 1) << 1) - 1;
		for (rounds = 0; rounds < ROUNDS; rounds++) {
			bool quiet = settle(&w, deletes) == 0;

			run_mailboxes(&w);
			if ((sent & ~w.gone & ~all_mail(&w)) != 0)
				fail_msg("mail is lost: %llx",
					(unsigned long long)(sent & ~w.gone & ~all_mail(&w)));
			if (quiet && rounds > 2)
				break;
		}
		if (rounds == ROUNDS)
			fail_msg("it does not come to rest");
	}
}

void random_trees(void **state)
{
	uint64_t seed = test_seed() * 2 + 1;

	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		one_history(&seed, 12);
}
