/* SPDX-License-Identifier: ISC */
/* plan/folders: one case a line; random trees on both sides are in folders_trees.c. */
#include "folders_trees.h"
#include "plan/folders.h"
#include "test.h"

#define NONE GW_FOLDER_NONE

/* "wire dir uidvalidity uidnext messages id inode flags": m missing, i INBOX, s a special use. */
struct desk {
	struct gw_folder_row rows[8];
	struct gw_folder_listed listed[8];
	struct gw_folder_dir dirs[8];
	char text[24][64];
	size_t texts;
	struct gw_folder_input in;
};

static const char *word(struct desk *d, const char **p)
{
	char *out = d->text[d->texts++ % 24];
	size_t n = strcspn(*p, " ;");

	memcpy(out, *p, n);
	out[n] = '\0';
	*p += n + ((*p)[n] == ' ');
	return strcmp(out, "-") == 0 ? NULL : out;
}

static unsigned number(const char **p)
{
	char *end;
	unsigned n = (unsigned)strtoul(*p, &end, 10);

	*p = end + (*end == ' ');
	return n;
}

static bool flag(const char **p, char c)
{
	return memchr(*p, c, strcspn(*p, ";")) != NULL;
}

static bool next(const char **p)
{
	*p += strcspn(*p, ";");
	*p += **p == ';';
	*p += strspn(*p, " ");
	return **p != '\0';
}

/* rows: "WIRE DIR VALIDITY NEXT MESSAGES ID INODE FLAGS; ..." */
static void rows(struct desk *d, const char *p)
{
	while (*p != '\0') {
		struct gw_folder_row *r = &d->rows[d->in.row_count++];

		r->wire = word(d, &p);
		r->dir = word(d, &p);
		r->delimiter = '/';
		r->uidvalidity = number(&p);
		r->uidnext = number(&p);
		r->messages = number(&p);
		r->object_id = number(&p);
		r->inode = number(&p);
		r->missing = flag(&p, 'm');
		r->inbox = flag(&p, 'i');
		r->use = flag(&p, 's');
		next(&p);
	}
}

/* listed: "WIRE DIR VALIDITY NEXT MESSAGES ID FLAGS": n not selectable, u unwanted, g its directory is given */
static void listed(struct desk *d, const char *p)
{
	while (*p != '\0') {
		struct gw_folder_listed *l = &d->listed[d->in.listed_count++];

		l->wire = word(d, &p);
		l->dir = word(d, &p);
		l->uidvalidity = number(&p);
		l->uidnext = number(&p);
		l->messages = number(&p);
		l->object_id = number(&p);
		l->counted = l->sized = l->uidvalidity != 0;
		l->selectable = !flag(&p, 'n');
		l->wanted = !flag(&p, 'u');
		l->dir_given = flag(&p, 'g');
		l->use = flag(&p, 's');
		l->inbox = strcmp(l->wire, "INBOX") == 0;
		next(&p);
	}
}

/* dirs: "DIR INODE WIRE FLAGS": c changed, f with mail that was never there, o without, p no cur/, d doubted */
static void dirs(struct desk *d, const char *p)
{
	while (*p != '\0') {
		struct gw_folder_dir *dir = &d->dirs[d->in.dir_count++];

		dir->dir = word(d, &p);
		dir->inode = number(&p);
		dir->wire = word(d, &p);
		dir->wanted = true;
		dir->changed = flag(&p, 'c');
		dir->fresh = flag(&p, 'f')   ? GW_FRESH_YES
			     : flag(&p, 'o') ? GW_FRESH_NO
					     : GW_FRESH_UNKNOWN;
		dir->partial = flag(&p, 'p');
		dir->doubted = flag(&p, 'd');
		next(&p);
	}
}

const char *const folder_kinds[GW_FOLDER_KINDS] = { "missing", "back", "forget", "look", "make",
	"again", "rename-here", "rename-there", "delete-here", "delete-there", "empty-there",
	"hold" };

const char *const folder_reasons[] = { "", "gone-there", "gone-here", "fresh-here", "fresh-there",
	"taken-here", "taken-there", "not-a-name", "doubted", "not-made", "list-cut", "unlisted",
	"left-here" };

/* "KIND NAME[>TO][!]": of the row, else of the directory; "!" for a whole tree, "*" implied, "%" a cycle */
static void print(const struct desk *d, const struct gw_folder_plan *plan, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < plan->count; i++) {
		const struct gw_folder_action *a = &plan->actions[i];

		n += (size_t)snprintf(out + n, size - n, "%s%s%s%s %s%s%s%s%s%s", i > 0 ? ", " : "",
			folder_kinds[a->kind], a->reason != GW_FOLDER_NO_REASON ? ":" : "",
			folder_reasons[a->reason],
			a->row != NONE ? d->rows[a->row].wire : d->dirs[a->dir].dir,
			a->to != NULL ? ">" : "", a->to != NULL ? a->to : "", a->whole ? "!" : "",
			a->implied ? "*" : "", a->cycle > 0 ? "%" : "");
	}
}

/* policy: d delete there, D delete here, g guard, a accept, r restore, x the list proves nothing */
static const struct {
	const char *what, *policy, *rows, *listed, *dirs, *want;
} table[] = {
	{ "in step", "g", "A A 1 5 4 0 9", "A A 1 5 4 0", "A 9 A", "" },
	{ "made here", "g", "", "INBOX INBOX 1 1 0 0", "B 9 B", "make B>B" },
	{ "made there", "g", "", "B B 1 1 0 0", "", "" },
	{ "cannot be one", "g", "", "INBOX INBOX 1 1 0 0", "B 9 -", "hold:not-a-name B" },
	{ "with another's mail", "g", "", "A A 1 1 0 0", "B 9 B d", "hold:doubted B" },
	{ "only a new/", "g", "", "A A 1 1 0 0", "B 9 B p", "" },
	{ "cur/ is gone, new/ is there", "dDga", "A A 1 5 4 0 9 m", "A A 1 5 4 0", "A 9 A p",
		"back A" },
	/* renamed there */
	{ "renamed there", "g", "A A 1 5 4 0 9", "B B 1 5 4 0", "A 9 A", "rename-here A>B!" },
	{ "renamed there, with its id", "g", "A A 1 5 4 7 9", "B B 2 9 4 7; C C 1 9 4 8", "A 9 A",
		"rename-here A>B!" },
	{ "one of two can be it", "g", "A A 1 5 4 0 9", "B B 1 5 4 0; C C 1 9 9 0", "A 9 A",
		"missing A, hold:unlisted A" },
	{ "fewer UIDs: another one", "g", "A A 1 5 4 0 9", "B B 1 4 4 0", "A 9 A",
		"missing A, hold:unlisted A" },
	{ "its special use stays", "g", "A A 1 5 4 0 9 s", "B B 2 2 4 0 s", "A 9 A",
		"rename-here A>B!" },
	{ "renamed to what is not wanted", "Dga", "A A 1 5 4 0 9 m", "B B 1 5 4 0 u", "A 9 A o",
		"" },
	{ "half done", "g", "A A 1 5 4 0 9", "B B 1 5 4 0", "B 9 B", "rename-here A>B" },
	{ "renamed on both sides", "g", "A A 1 5 4 0 9", "B B 1 5 4 0", "C 9 C",
		"rename-here A>B!" },
	{ "renamed there, gone here", "g", "A A 1 5 4 0 9", "B B 1 5 4 0", "", "rename-here A>B" },
	{ "to a directory made here", "g", "A A 1 5 4 0 9", "B B 1 5 4 0", "A 9 A; B 8 B",
		"hold:taken-here A>B!" },
	{ "to one that is deleted there", "g", "A A 1 5 4 0 9; B B 2 5 4 0 8", "B B 1 5 4 0",
		"A 9 A; B 8 B", "missing B, hold:unlisted B, hold:taken-here A>B!" },
	{ "to one that is deleted there and here", "g", "A A 1 5 4 0 9; B B 2 5 4 0 8 m",
		"B B 1 5 4 0", "A 9 A", "forget B, rename-here A>B!" },
	{ "to one that is deleted for good", "Dga", "A A 1 5 4 0 9; B B 2 5 4 0 8 m", "B B 1 5 4 0",
		"A 9 A; B 8 B", "delete-here B, rename-here A>B!" },
	{ "a chain", "g", "A A 1 5 4 0 9; B B 2 5 4 0 8", "B B 1 5 4 0; C C 2 5 4 0",
		"A 9 A; B 8 B", "rename-here B>C!, rename-here A>B!" },
	{ "they trade names", "g", "A A 1 5 4 0 9; B B 2 5 4 0 8", "A A 2 5 4 0; B B 1 5 4 0",
		"A 9 A; B 8 B", "rename-here A>B!%, rename-here B>A!%" },
	{ "half done", "g", "A A 1 5 4 0 9; B B 2 5 4 0 8", "A A 2 5 4 0; B B 1 5 4 0",
		"A 8 A; B 9 B", "rename-here A>B, rename-here B>A" },
	{ "chance is no trade", "g", "A A 1 5 4 0 9; B B 2 5 4 0 8", "A A 2 5 4 0; B B 3 5 4 0",
		"A 9 A; B 8 B", "" },
	{ "new numbers for all", "g", "A A 1 5 4 0 9; B B 2 5 4 0 8", "A A 3 5 4 0; B B 4 5 4 0",
		"A 9 A; B 8 B", "" },
	{ "made anew, with another id", "g", "A A 1 5 4 7 9", "A A 1 5 4 8", "A 9 A", "" },
	{ "below itself", "g", "W W 1 5 4 0 9; W/a W/a 2 5 4 0 8",
		"W/O W/O 1 5 4 0; W/O/a W/O/a 2 5 4 0", "W 9 W; W/a 8 W/a",
		"rename-here W>W/O, rename-here W/a>W/O/a!" },
	{ "with what is below", "g", "W W 1 5 4 0 9; W/a W/a 2 5 4 0 8",
		"V V 1 5 4 0; V/a V/a 2 5 4 0", "W 9 W; W/a 8 W/a",
		"rename-here W>V!, rename-here W/a>V/a!" },
	{ "without it", "g", "W W 1 5 4 0 9; W/a W/a 2 5 4 0 8", "V V 1 5 4 0; W/a W/a 2 5 4 0",
		"W 9 W; W/a 8 W/a", "rename-here W>V" },
	{ "the configuration says where", "g", "A A 1 5 4 0 9", "A B 1 5 4 0 g", "A 9 A",
		"rename-here A>B!" },
	{ "INBOX is INBOX", "g", "INBOX INBOX 1 5 4 0 9 i", "INBOX INBOX 2 5 4 0; B B 1 5 4 0",
		"INBOX 9 INBOX", "" },
	/* renamed here */
	{ "renamed here", "g", "A A 1 5 4 0 9", "A A 1 5 4 0", "B 9 B", "rename-there A>B" },
	{ "renamed here to what cannot be", "g", "A A 1 5 4 0 9", "A A 1 5 4 0", "B 9 -",
		"hold:not-a-name A" },
	{ "with what is below", "g", "A A 1 5 4 0 9; A/b A/b 2 5 4 0 8; A2 A2 3 5 4 0 7",
		"A A 1 5 4 0; A/b A/b 2 5 4 0; A2 A2 3 5 4 0", "B 9 B; B/b 8 B/b; B2 7 B2",
		"rename-there A>B, rename-there A/b>B/b*, rename-there A2>B2" },
	{ "gone here, another in its place", "dga", "A A 1 5 4 0 9", "A A 1 5 4 0", "A 8 A", "" },
	{ "renamed here, another in its place", "g", "A A 1 5 4 0 9", "A A 1 5 4 0", "A 8 A; B 9 B",
		"rename-there A>B" },
	/* gone there */
	{ "gone there", "Dga", "A A 1 5 4 0 9", "B B 2 5 4 0", "A 9 A",
		"missing A, hold:unlisted A" },
	{ "twice", "Dg", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A", "hold:gone-there A" },
	{ "accepted", "Dga", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A", "delete-here A" },
	{ "empty", "Dg", "A A 1 5 0 0 9 m", "B B 2 5 4 0", "A 9 A", "delete-here A" },
	{ "is left", "ga", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A", "hold:left-here A" },
	{ "changed: is looked into", "Dga", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A c", "look A" },
	{ "never was in step: likewise", "Dga", "A A 0 0 0 0 0 m", "B B 2 5 4 0", "A 9 A",
		"look A" },
	{ "with fresh mail", "Dga", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A cf",
		"hold:fresh-here A" },
	{ "without", "Dga", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A co", "delete-here A" },
	{ "fresh mail makes it again", "ga", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A cf",
		"again A>A" },
	{ "gone on both sides", "g", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "", "forget A" },
	{ "by a list that proves nothing", "Dga", "A A 1 5 4 0 9 m", "B B 2 5 4 0", "A 9 A",
		"hold:list-cut A" },
	{ "and its directory was renamed", "g", "A A 1 5 4 0 9 m", "C C 2 5 4 0", "B 9 B",
		"forget A, make B>B" },
	{ "only its parent is listed", "g", "A A 1 5 4 0 9 m", "A A 0 0 0 0 n", "A 9 A",
		"hold:left-here A" },
	/* gone here */
	{ "gone here", "dga", "A A 1 5 4 0 9", "A A 1 5 4 0", "", "missing A" },
	{ "twice", "dg", "A A 1 5 4 0 9 m", "A A 1 5 4 0", "", "hold:gone-here A" },
	{ "accepted", "dga", "A A 1 5 4 0 9 m", "A A 1 5 4 0", "", "delete-there A" },
	{ "restored", "dgr", "A A 1 5 4 0 9 m", "A A 1 5 4 0", "", "forget A" },
	{ "counts not told: is asked when it is carried out", "dga", "A A 1 5 4 0 9 m",
		"A A 0 0 0 0", "", "delete-there A" },
	{ "new mail there", "dga", "A A 1 5 4 0 9 m", "A A 1 6 5 0", "",
		"empty-there A, hold:fresh-there A" },
	{ "only new mail there", "dga", "A A 1 5 0 0 9 m", "A A 1 6 1 0", "",
		"hold:fresh-there A" },
	{ "mail there that base has no file of", "dg", "A A 1 5 0 0 9 m", "A A 1 5 1 0", "",
		"hold:fresh-there A" },
	{ "another in its place there", "dga", "A A 1 5 4 0 9 m", "A A 2 5 4 0", "",
		"hold:fresh-there A" },
	{ "is left", "ga", "A A 1 5 4 0 9 m", "A A 1 5 4 0", "", "" },
	{ "INBOX is never deleted", "dga", "INBOX INBOX 1 5 0 0 9 mi", "INBOX INBOX 1 5 0 0", "",
		"" },
	{ "is back", "dga", "A A 1 5 4 0 9 m", "A A 1 5 4 0", "A 9 A", "back A" },
};

static void set(struct desk *d, size_t i)
{
	*d = (struct desk){ .in = { .rows = d->rows, .listed = d->listed, .dirs = d->dirs } };
	rows(d, table[i].rows);
	listed(d, table[i].listed);
	dirs(d, table[i].dirs);
	d->in.policy = (struct gw_folder_policy){ .delete_here = strchr(table[i].policy, 'D'),
		.delete_there = strchr(table[i].policy, 'd'),
		.guard = strchr(table[i].policy, 'g'),
		.accept = strchr(table[i].policy, 'a'),
		.restore = strchr(table[i].policy, 'r'),
		.list_whole = strcmp(table[i].want, "hold:list-cut A") != 0 };
}

static void cases(void **state)
{
	struct desk d;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct gw_folder_plan plan;
		char out[512];

		set(&d, i);
		assert_true(gw_plan_folders(&d.in, &plan));
		print(&d, &plan, out, sizeof out);
		if (strcmp(out, table[i].want) != 0)
			fail_msg("%s (%s): \"%s\", not \"%s\"", table[i].what, table[i].rows, out,
				table[i].want);
		gw_folder_plan_deinit(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(random_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
