/* SPDX-License-Identifier: ISC */
/* tests/odd/judge.c - what holds in every case. */
#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WRONG_SHOWN = 8 };

static void note(struct run *r, const char *format, va_list args)
{
	char *line;

	if (vasprintf(&line, format, args) < 0)
		need(NULL);
	if (r->wrong_count++ < WRONG_SHOWN)
		put(&r->wrong, "line %u: %s\n", r->line, line);
	free(line);
}

void wrong(struct run *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(r, format, args);
	va_end(args);
}

void unclear(struct run *r, const char *format, ...)
{
	va_list args;

	r->is_unclear = true;
	va_start(args, format);
	note(r, format, args);
	va_end(args);
}

const char *dir_of(const struct run *r, const char *box)
{
	for (const struct alias *a = r->aliases; a != NULL; a = a->next) {
		if (strcmp(a->box, box) == 0)
			return a->dir;
	}
	return box;
}

struct want *want_of(struct run *r, const struct letter *letter, const char *box, bool make)
{
	struct want *w;

	for (w = r->wants; w != NULL; w = w->next) {
		if (w->letter == letter && strcmp(w->box, box) == 0)
			return w;
	}
	if (!make)
		return NULL;
	w = need(calloc(1, sizeof *w));
	*w = (struct want){ .letter = (struct letter *)(uintptr_t)letter,
		.box = copy_of(box),
		.there = true,
		.here = true,
		.next = r->wants };
	r->wants = w;
	return w;
}

static unsigned count_there(struct run *r, const struct letter *letter, const char *box)
{
	const struct mailbox *b = mail_box(&r->server.mail, box);
	unsigned n = 0;

	for (size_t i = 0; b != NULL && i < b->count; i++)
		n += b->messages[i].version->letter == letter;
	return n;
}

static unsigned count_here(
	struct run *r, const struct tree *tree, const struct letter *letter, const char *box)
{
	const char *dir = dir_of(r, box);
	unsigned n = 0;

	for (size_t i = 0; i < tree->count; i++) {
		n += tree->files[i].version != NULL && tree->files[i].version->letter == letter &&
		     strcmp(tree->files[i].dir, dir) == 0;
	}
	return n;
}

/* --- after each run -------------------------------------------------------------------------- */

static void judge_want(struct run *r, const struct tree *tree, struct want *w)
{
	unsigned there = count_there(r, w->letter, w->box);
	unsigned here = count_here(r, tree, w->letter, w->box);

	if (!r->may_lose && w->was_there && w->there && there == 0)
		wrong(r, "%s is lost there (in %s)", w->letter->name, w->box);
	if (!r->may_lose && w->was_here && w->here && here == 0)
		wrong(r, "%s is lost here (in %s)", w->letter->name, w->box);
	if (!r->may_double && there > w->copies && there > 1)
		wrong(r, "%s is there %u times (in %s)", w->letter->name, there, w->box);
	if (!r->may_double && here > w->copies && here > 1)
		wrong(r, "%s is here %u times (in %s)", w->letter->name, here, w->box);
	w->was_there = there > 0;
	w->was_here = here > 0;
}

/* C0 but for line ends and tabs, DEL, C1, and what turns the direction of text (UTF-8). */
static bool is_control(const unsigned char *p)
{
	if (p[0] < ' ')
		return p[0] != '\n' && p[0] != '\t' && p[0] != '\0';
	if (p[0] == 0xc2)
		return p[1] >= 0x80 && p[1] <= 0x9f;
	if (p[0] == 0xe2 && p[1] == 0x80)
		return p[2] >= 0xaa && p[2] <= 0xae;
	return p[0] == 0x7f || (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

/* What a server says reaches a terminal; and no input may take memory without bound. */
static void judge_bounds(struct run *r)
{
	for (const char *p = r->output.p; *p != '\0'; p++) {
		if (!is_control((const unsigned char *)p))
			continue;
		wrong(r, "it shows a control character: %.60s", p);
		break;
	}
#ifndef ODD_SANITIZED
	if (r->memory_kb / 1024 > (long)r->max_memory)
		wrong(r, "%ld MB of memory", r->memory_kb / 1024);
#endif
}

/* Which of a letter's system flags its file has, and its message. */
static unsigned flags_here(const struct file *f)
{
	const char *flags = file_flags(f);

	return (strchr(flags, 'S') != NULL ? SEEN : 0) |
	       (strchr(flags, 'R') != NULL ? ANSWERED : 0) |
	       (strchr(flags, 'F') != NULL ? FLAGGED : 0) |
	       (strchr(flags, 'D') != NULL ? DRAFT : 0);
}

static void judge_same(struct run *r, const struct tree *tree, const struct want *w)
{
	unsigned there = count_there(r, w->letter, w->box);
	unsigned here = count_here(r, tree, w->letter, w->box);
	const struct message *m = find_there(mail_box(&r->server.mail, w->box), w->letter);
	const struct file *f = find_here(r, tree, w->letter, w->box);

	if (w->here != w->there)
		return;
	if (there != here)
		wrong(r,
			"it says \"nothing new\", but %s is there %u times and here %u times (in %s)",
			w->letter->name, there, here, w->box);
	else if (there == 1 && f != NULL &&
		 (m->flags & (SEEN | ANSWERED | FLAGGED | DRAFT)) != flags_here(f))
		wrong(r, "it says \"nothing new\", but the flags of %s differ (in %s)",
			w->letter->name, w->box);
}

/* "nothing new" and status 0 of a run of all: both sides are the same (R4). */
static void judge_nothing_new(struct run *r)
{
	struct tree tree;

	if (r->may_differ || !r->of_all || r->status != 0 ||
		strstr(r->output.p, "nothing new") == NULL)
		return;
	tree_read(&tree, r->root, &r->server.mail);
	for (const struct want *w = r->wants; w != NULL; w = w->next)
		judge_same(r, &tree, w);
	tree_free(&tree);
}

void judge_run(struct run *r)
{
	struct tree tree;
	unsigned logins = server_count(&r->server, "logins");
	unsigned commands = server_count(&r->server, "all");

	tree_read(&tree, r->root, &r->server.mail);
	for (struct want *w = r->wants; w != NULL; w = w->next)
		judge_want(r, &tree, w);
	for (size_t i = 0; i < tree.count; i++) {
		if (tree.files[i].version == NULL)
			wrong(r, "%s (%zu bytes) is nobody's letter: short, or altered",
				tree.files[i].path, tree.files[i].size);
	}
	tree_free(&tree);
	for (const struct letter *l = r->server.mail.letters; l != NULL; l = l->next) {
		if (strcmp(l->home, "unknown") == 0)
			wrong(r, "the server was sent what is nobody's letter");
	}
	if (logins > r->max_logins)
		wrong(r, "%u logins in one run", logins);
	if (commands > r->max_commands)
		wrong(r, "%u commands in one run", commands);
	if (strstr(r->output.p, "ERROR: AddressSanitizer") != NULL ||
		strstr(r->output.p, "runtime error:") != NULL ||
		strstr(r->output.p, "LeakSanitizer") != NULL)
		wrong(r, "a sanitizer spoke");
	judge_bounds(r);
	judge_nothing_new(r);
}

static bool touched(struct run *r)
{
	struct tree tree;
	bool is;

	tree_read(&tree, r->root, &r->server.mail);
	is = strcmp(r->stamps_before, tree.stamps.p) != 0;
	tree_free(&tree);
	return is;
}

bool was_quiet(struct run *r)
{
	return server_count(&r->server, "changes") == 0 && !touched(r);
}

void judge_quiet(struct run *r)
{
	unsigned changes = server_count(&r->server, "changes");

	if (changes > 0)
		wrong(r, "a run with nothing to do sent %u changes", changes);
	if (touched(r))
		wrong(r, "a run with nothing to do touched files");
}

/* --- in the end ------------------------------------------------------------------------------ */

static void judge_side(
	struct run *r, const struct want *w, const char *side, bool should, unsigned n)
{
	if (should && n < w->copies)
		wrong(r, "in the end %s is not %s (in %s)", w->letter->name, side, w->box);
	else if (n > (should ? w->copies : 0) && !r->may_double)
		wrong(r, "in the end %s is %s %u times, not %u (in %s)", w->letter->name, side, n,
			should ? w->copies : 0, w->box);
}

static bool is_current(const struct version *v)
{
	return v->altered || v->letter->current == NULL || v->letter->current == v;
}

static void judge_strangers(struct run *r, const struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct file *f = &tree->files[i];
		bool wanted = f->version == NULL;

		for (const struct want *w = r->wants; w != NULL && !wanted; w = w->next)
			wanted = w->letter == f->version->letter &&
				 strcmp(dir_of(r, w->box), f->dir) == 0;
		if (!wanted)
			wrong(r, "in the end %s is still here (in %s)", f->version->letter->name,
				f->dir);
		else if (f->version != NULL && !is_current(f->version))
			wrong(r, "in the end an old version of %s is here",
				f->version->letter->name);
	}
	for (const struct mailbox *b = r->server.mail.boxes; b != NULL; b = b->next) {
		for (size_t i = 0; i < b->count; i++) {
			const struct version *v = b->messages[i].version;

			if (want_of(r, v->letter, b->name, false) == NULL)
				wrong(r, "in the end %s is still there (in %s)", v->letter->name,
					b->name);
			else if (!is_current(v))
				wrong(r, "in the end an old version of %s is there",
					v->letter->name);
		}
	}
}

void judge_end(struct run *r)
{
	struct tree tree;

	tree_read(&tree, r->root, &r->server.mail);
	for (const struct want *w = r->wants; w != NULL; w = w->next) {
		judge_side(r, w, "there", w->there, count_there(r, w->letter, w->box));
		judge_side(r, w, "here", w->here, count_here(r, &tree, w->letter, w->box));
	}
	judge_strangers(r, &tree);
	tree_free(&tree);
}
