/* SPDX-License-Identifier: ISC */
/* tests/odd/change.c - what a case changes on either side. */
#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { FIRST_DATE = 1700000000, LETTER_SIZE = 300 };

char *option(struct words *words, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < words->n; i++) {
		char *found = words->w[i];

		if (strncmp(found, name, length) != 0 || found[length] != '=')
			continue;
		memmove(words->w + i, words->w + i + 1, (words->n - i - 1) * sizeof *words->w);
		words->n--;
		return found + length + 1;
	}
	return NULL;
}

bool flag_word(struct words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->w[i], word) != 0)
			continue;
		memmove(words->w + i, words->w + i + 1, (words->n - i - 1) * sizeof *words->w);
		words->n--;
		return true;
	}
	return false;
}

bool is_number(const char *s)
{
	return *s != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* --- letters --------------------------------------------------------------------------------- */

void each_letter(struct run *r, const char *which,
	void (*cb)(struct run *, struct letter *, void *), void *ctx)
{
	const char *colon = strrchr(which, ':');
	char *home = colon == NULL ? copy_of(which) : need(strndup(which, (size_t)(colon - which)));
	unsigned last = 0, done = 0;

	for (struct letter *l = r->server.mail.letters; l != NULL; l = l->next) {
		if (strcmp(l->home, home) == 0 && l->number > last)
			last = l->number;
	}
	for (unsigned i = 1; i <= last; i++) {
		struct letter *l = mail_find_letter(&r->server.mail, home, i);

		if (l == NULL || (colon != NULL && !in_ranges(colon + 1, i)))
			continue;
		cb(r, l, ctx);
		done++;
	}
	if (done == 0)
		unclear(r, "no letter %s", which);
	free(home);
}

/* A new letter with the content that the options ask for. */
static struct version *new_letter(
	struct run *r, const char *home, const char *raw, const char *size)
{
	struct letter *l = mail_letter(&r->server.mail, home);
	struct text t = { 0 };

	if (raw != NULL)
		put(&t, "%s", raw);
	else
		t = mail_compose(l, size == NULL ? LETTER_SIZE : strtoul(size, NULL, 10));
	l->current = mail_version(&r->server.mail, l, t.p, t.n);
	text_free(&t);
	return l->current;
}

static uint64_t flags_of(struct run *r, const char *list)
{
	uint64_t flags = 0;
	char *copy = list == NULL ? NULL : copy_of(list), *rest = copy;

	for (char *word; rest != NULL && (word = strsep(&rest, " ,")) != NULL;)
		flags |= *word == '\0' ? 0 : mail_flag_bit(&r->server.mail, word, true);
	free(copy);
	return flags;
}

/* --- the server's side ----------------------------------------------------------------------- */

void step_deliver(struct run *r, struct words words)
{
	const char *raw = option(&words, "raw"), *size = option(&words, "size");
	uint64_t flags = flags_of(r, option(&words, "flags"));
	unsigned long n = words.n > 1 ? strtoul(words.w[1], NULL, 10) : 1;
	struct mailbox *b = words.n > 0 ? mail_box(&r->server.mail, words.w[0]) : NULL;

	if (b == NULL) {
		unclear(r, "deliver MAILBOX [N] [size=N] [flags=F] [raw=TEXT]");
		return;
	}
	for (unsigned long i = 0; i < n; i++) {
		struct version *v = new_letter(r, words.w[0], raw, size);
		struct want *w = want_of(r, v->letter, b->name, true);

		mail_store(b, v, flags, FIRST_DATE + (int64_t)v->letter->number * 60);
		w->copies++;
		w->was_there = true;
	}
}

void step_box(struct run *r, struct words words)
{
	const char *use = option(&words, "use"), *validity = option(&words, "uidvalidity");
	const char *view = option(&words, "view");
	bool noselect = flag_word(&words, "noselect"), readonly = flag_word(&words, "readonly");
	struct mailbox *b;

	if (words.n < 1) {
		unclear(r, "box NAME [N] ...");
		return;
	}
	b = mail_create(&r->server.mail, words.w[0]);
	if (use != NULL)
		snprintf(b->use, sizeof b->use, "%s", use);
	if (validity != NULL)
		b->uidvalidity = (uint32_t)strtoul(validity, NULL, 10);
	if (view != NULL)
		b->view = (unsigned)strtoul(view, NULL, 10);
	b->noselect = noselect;
	b->readonly = readonly;
	if (words.n > 1)
		step_deliver(r, words);
}

/* "boxes A B": mailboxes of two letters each. */
void step_boxes(struct run *r, struct words words)
{
	for (size_t i = 0; i < words.n; i++) {
		char *args[] = { words.w[i], (char[]){ "2" } };

		step_box(r, (struct words){ args, 2 });
	}
}

struct change {
	const char *verb, *in, *to;
	char **flags;
	size_t flag_count;
	struct tree *tree;
};

struct message *find_there(struct mailbox *b, const struct letter *l)
{
	for (size_t i = 0; b != NULL && i < b->count; i++) {
		if (b->messages[i].version->letter == l)
			return &b->messages[i];
	}
	return NULL;
}

/* One copy less is wanted in that mailbox. */
static void unwant(struct run *r, const struct letter *l, const char *box)
{
	struct want *w = want_of(r, l, box, false);

	if (w == NULL || w->copies == 0)
		return;
	if (--w->copies == 0)
		w->there = w->here = false;
}

static void change_there(struct run *r, struct letter *l, void *ctx)
{
	struct change *c = ctx;
	const char *in = c->in == NULL ? l->home : c->in;
	struct mailbox *b = mail_box(&r->server.mail, in), *to;
	struct message *m = find_there(b, l);
	struct message was;
	uint64_t flags;

	if (m == NULL) {
		unclear(r, "%s is not in %s there", l->name, in);
		return;
	}
	was = *m;
	if (strcmp(c->verb, "flag") == 0) {
		flags = m->flags;
		for (size_t i = 0; i < c->flag_count; i++) {
			uint64_t bit = mail_flag_bit(&r->server.mail, c->flags[i] + 1, true);

			flags = c->flags[i][0] == '-' ? flags & ~bit : flags | bit;
		}
		mail_flag(b, m, flags);
		return;
	}
	if (strcmp(c->verb, "delete") != 0) {
		to = c->to == NULL ? NULL : mail_box(&r->server.mail, c->to);
		if (to == NULL) {
			unclear(r, "there %s LETTERS MAILBOX", c->verb);
			return;
		}
		mail_store(to, was.version, was.flags, was.date);
		want_of(r, l, c->to, true)->copies++;
	}
	if (strcmp(c->verb, "copy") == 0)
		return;
	mail_expunge(b, find_there(b, l));
	unwant(r, l, in);
}

/* All that is wanted in a mailbox is gone with it, or is in another one now. */
static void rewant_box(struct run *r, const char *from, const char *to)
{
	for (struct want *w = r->wants; w != NULL; w = w->next) {
		if (strcmp(w->box, from) != 0)
			continue;
		if (to != NULL) {
			free(w->box);
			w->box = copy_of(to);
			w->was_here = false;
		} else {
			w->there = w->here = false;
			w->copies = 0;
		}
	}
}

/* Of what the server does not have now it has lost nothing by what follows. */
static void forget_there(struct run *r)
{
	for (struct want *w = r->wants; w != NULL; w = w->next)
		w->was_there = find_there(mail_box(&r->server.mail, w->box), w->letter) != NULL;
}

/* The configuration says another user, and the server has an empty account for it. */
void step_account(struct run *r, struct words words)
{
	if (words.n != 1) {
		unclear(r, "account USER");
		return;
	}
	free(r->user);
	r->user = copy_of(words.w[0]);
	while (r->server.mail.boxes != NULL)
		mail_remove(&r->server.mail, r->server.mail.boxes);
	for (struct want *w = r->wants; w != NULL; w = w->next)
		w->there = w->was_there = false;
}

static void change_boxes_there(struct run *r, struct words words)
{
	struct mailbox *b = words.n > 1 ? mail_box(&r->server.mail, words.w[1]) : NULL;

	if (words.n > 1 && strcmp(words.w[0], "create") == 0) {
		mail_create(&r->server.mail, words.w[1]);
	} else if (b != NULL && strcmp(words.w[0], "remove") == 0) {
		mail_remove(&r->server.mail, b);
		rewant_box(r, words.w[1], NULL);
	} else if (b != NULL && words.n > 2 && strcmp(words.w[0], "rename") == 0) {
		free(b->name);
		b->name = copy_of(words.w[2]);
		rewant_box(r, words.w[1], words.w[2]);
	} else if (b != NULL && strcmp(words.w[0], "uidvalidity") == 0) {
		b->uidvalidity = r->server.mail.uidvalidity++;
		b->gone_count = 0;
		for (size_t i = 0; i < b->count; i++)
			b->messages[i].uid = (uint32_t)i + 1;
		b->uidnext = (uint32_t)b->count + 1;
	} else if (b != NULL && strcmp(words.w[0], "save") == 0) {
		r->saved = mail_copy(b);
	} else if (b != NULL && r->saved != NULL && strcmp(words.w[0], "restore") == 0) {
		mail_remove(&r->server.mail, b);
		r->saved->next = r->server.mail.boxes;
		r->server.mail.boxes = r->saved;
		r->saved = NULL;
		forget_there(r);
	} else if (b != NULL && words.n > 2 && strcmp(words.w[0], "view") == 0) {
		b->view = (unsigned)strtoul(words.w[2], NULL, 10);
	} else if (b != NULL && words.n > 2 && strcmp(words.w[0], "readonly") == 0) {
		b->readonly = strcmp(words.w[2], "yes") == 0;
	} else {
		unclear(r, "there what? %s", words.n > 0 ? words.w[0] : "");
	}
}

static bool is_letter_verb(const char *verb)
{
	static const char *const verbs[] = { "delete", "flag", "move", "copy", "rewrite",
		"replace" };

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(verbs[i], verb) == 0)
			return true;
	}
	return false;
}

static void change_of(struct change *c, struct words *words)
{
	*c = (struct change){ .verb = words->w[0], .in = option(words, "in") };
	c->to = words->n > 2 ? words->w[2] : NULL;
	c->flags = words->w + 2;
	c->flag_count = words->n - 2;
}

void step_there(struct run *r, struct words words)
{
	struct change c;

	if (words.n < 2 || !is_letter_verb(words.w[0])) {
		change_boxes_there(r, words);
		return;
	}
	change_of(&c, &words);
	each_letter(r, words.w[1], change_there, &c);
}

/* --- this side ------------------------------------------------------------------------------- */

static void put_here(struct run *r, struct words words)
{
	const char *raw = option(&words, "raw"), *size = option(&words, "size");
	const char *flags = option(&words, "flags");
	bool crlf = flag_word(&words, "crlf"), fresh = flag_word(&words, "new");
	unsigned long n = words.n > 1 ? strtoul(words.w[1], NULL, 10) : 1;

	if (words.n < 1) {
		unclear(r, "here put MAILBOX [N] [flags=FS] [crlf] [new] [size=N] [raw=TEXT]");
		return;
	}
	for (unsigned long i = 0; i < n; i++) {
		struct version *v = new_letter(r, words.w[0], raw, size);
		struct want *w = want_of(r, v->letter, words.w[0], true);
		char *path = printed("%s/%s/%s/17000%05u.M1P1.odd%s%s", r->root,
			dir_of(r, words.w[0]), fresh ? "new" : "cur", v->letter->number,
			fresh ? "" : ":2,", fresh || flags == NULL ? "" : flags);

		if (!tree_make(r->root, dir_of(r, words.w[0])) ||
			!tree_write(path, v->p, v->n, crlf))
			unclear(r, "cannot write %s", path);
		w->copies++;
		w->was_here = true;
		free(path);
	}
}

struct filing {
	const char *box, *flags;
	bool crlf;
};

/* A file of a letter that is known already. */
static void file_letter(struct run *r, struct letter *l, void *ctx)
{
	const struct filing *f = ctx;
	const char *box = f->box == NULL ? l->home : f->box;
	char *path = printed("%s/%s/cur/16000%05u.M1P1.odd:2,%s", r->root, dir_of(r, box),
		l->number, f->flags == NULL ? "" : f->flags);

	if (!tree_make(r->root, dir_of(r, box)) ||
		!tree_write(path, l->current->p, l->current->n, f->crlf))
		unclear(r, "cannot write %s", path);
	want_of(r, l, box, true)->was_here = true;
	free(path);
}

static void file_here(struct run *r, struct words words)
{
	struct filing f = { .box = option(&words, "in"), .flags = option(&words, "flags") };

	f.crlf = flag_word(&words, "crlf");
	if (words.n == 1)
		each_letter(r, words.w[0], file_letter, &f);
	else
		unclear(r, "here file LETTERS [in=BOX] [flags=FS] [crlf]");
}

struct file *find_here(struct run *r, const struct tree *t, const struct letter *l, const char *box)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->files[i].version != NULL && t->files[i].version->letter == l &&
			strcmp(t->files[i].dir, dir_of(r, box)) == 0)
			return &t->files[i];
	}
	return NULL;
}

/* The name with letters added ("+S") and taken away ("-F"), in cur/. */
static char *with_flags(const char *path, char **changes, size_t n)
{
	const char *slash = strrchr(path, '/'), *colon = info_of(path);
	char flags[64] = "";
	size_t length = 0;

	for (int c = 'A'; c <= 'z'; c++) {
		bool has = colon != NULL && strchr(colon + 3, c) != NULL;

		for (size_t i = 0; i < n; i++) {
			if (strchr(changes[i] + 1, c) != NULL)
				has = changes[i][0] == '+';
		}
		if (has)
			flags[length++] = (char)c;
	}
	return printed("%.*s/cur/%.*s%c2,%s", (int)(slash - path) - 4, path,
		(int)(colon == NULL ? strlen(slash + 1) : (size_t)(colon - slash - 1)), slash + 1,
		colon == NULL ? ':' : *colon, flags);
}

static struct version *next_version(struct run *r, struct letter *l)
{
	struct text t;

	l->rewritten++;
	t = mail_compose(l, LETTER_SIZE);
	l->current = mail_version(&r->server.mail, l, t.p, t.n);
	text_free(&t);
	return l->current;
}

static void rewrite(struct run *r, struct letter *l, const char *path, bool by_rename)
{
	const struct version *v = next_version(r, l);
	char *other = printed("%s/tmp-edit", r->dir);

	if (by_rename ? !tree_write(other, v->p, v->n, false) || rename(other, path) != 0
		      : !tree_write(path, v->p, v->n, false))
		unclear(r, "cannot rewrite %s", path);
	free(other);
}

static void change_here(struct run *r, struct letter *l, void *ctx)
{
	struct change *c = ctx;
	const char *in = c->in == NULL ? l->home : c->in;
	struct file *f;
	struct tree tree;
	char *path, *to = NULL;
	bool ok = true;

	tree_read(&tree, r->root, &r->server.mail);
	f = find_here(r, &tree, l, in);
	if (f == NULL) {
		wrong(r, "%s is not in %s here", l->name, in);
		tree_free(&tree);
		return;
	}
	path = printed("%s/%s", r->root, f->path);
	if (strcmp(c->verb, "delete") == 0) {
		ok = unlink(path) == 0;
		unwant(r, l, in);
	} else if (strcmp(c->verb, "flag") == 0) {
		to = with_flags(path, c->flags, c->flag_count);
		ok = rename(path, to) == 0;
	} else if (strcmp(c->verb, "rewrite") == 0 || strcmp(c->verb, "replace") == 0) {
		rewrite(r, l, path, strcmp(c->verb, "replace") == 0);
	} else if (c->to != NULL) {
		to = printed("%s/%s/cur/%s", r->root, dir_of(r, c->to), strrchr(path, '/') + 1);
		ok = tree_make(r->root, dir_of(r, c->to)) &&
		     (strcmp(c->verb, "move") == 0
				     ? rename(path, to) == 0
				     : tree_write(to, f->version->p, f->version->n, false));
		if (strcmp(c->verb, "move") == 0)
			unwant(r, l, in);
		want_of(r, l, c->to, true)->copies++;
	}
	if (!ok)
		wrong(r, "here %s of %s failed", c->verb, l->name);
	free(path);
	free(to);
	tree_free(&tree);
}

void step_here(struct run *r, struct words words)
{
	struct change c;

	if (words.n > 1 && is_letter_verb(words.w[0])) {
		change_of(&c, &words);
		each_letter(r, words.w[1], change_here, &c);
	} else if (words.n > 1 && strcmp(words.w[0], "put") == 0) {
		put_here(r, (struct words){ words.w + 1, words.n - 1 });
	} else if (words.n > 1 && strcmp(words.w[0], "file") == 0) {
		file_here(r, (struct words){ words.w + 1, words.n - 1 });
	} else if (words.n == 2 && strcmp(words.w[0], "mkdir") == 0) {
		if (!tree_make(r->root, words.w[1]))
			wrong(r, "cannot make %s", words.w[1]);
	} else if (words.n == 2 && strcmp(words.w[0], "rmdir") == 0) {
		char *path = printed("%s/%s", r->root, words.w[1]);

		remove_all(path);
		free(path);
		rewant_box(r, words.w[1], NULL);
	} else {
		unclear(r, "here what?");
	}
}

/* --- what is wanted -------------------------------------------------------------------------- */

/* only there LETTERS | only here LETTERS | want LETTERS BOX | unwant LETTERS BOX */
static void change_want(struct run *r, struct letter *l, void *ctx)
{
	const struct change *c = ctx;
	struct want *w = want_of(r, l, c->to == NULL ? l->home : c->to, true);

	if (strcmp(c->verb, "there") == 0) {
		w->here = false;
	} else if (strcmp(c->verb, "here") == 0) {
		w->there = false;
	} else if (strcmp(c->verb, "both") == 0) {
		w->here = w->there = true;
	} else if (strcmp(c->verb, "want") == 0) {
		w->copies++;
		w->here = w->there = true;
	} else {
		unwant(r, l, w->box);
	}
}

void step_want(struct run *r, struct words words)
{
	struct change c;

	if (words.n < 2) {
		unclear(r, "%s LETTERS [MAILBOX]", words.n > 0 ? words.w[0] : "want");
		return;
	}
	c = (struct change){ .verb = words.w[0], .to = words.n > 2 ? words.w[2] : NULL };
	each_letter(r, words.w[1], change_want, &c);
}
