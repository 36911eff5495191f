/* SPDX-License-Identifier: ISC */
/* tests/odd/script.c - the case files. */
#include "script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "for NAME label=value ..." */
struct loop {
	char *name;
	char *labels[WORDS_MAX], *values[WORDS_MAX];
	size_t count;
};

struct reading {
	const char *path;
	unsigned number;
	struct script *now; /* the case that is being read */
	struct loop loops[LABELS_MAX];
	size_t loop_count;
	char *red; /* which variants are red; "": all; NULL: none */
	struct script **end;
	bool bad;
};

static void free_lines(struct script *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->lines[i].text);
	free(s->lines);
}

void script_free(struct script *s)
{
	while (s != NULL) {
		struct script *next = s->next;

		free_lines(s);
		free(s->name);
		free(s->base);
		free(s->title);
		free(s->does);
		free(s->sees);
		free(s->who);
		free(s);
		s = next;
	}
}

static void add_line(struct script *s, unsigned number, char *text)
{
	s->lines = need(realloc(s->lines, (s->count + 1) * sizeof *s->lines));
	s->lines[s->count++] = (struct line){ number, text };
}

/* --- variants -------------------------------------------------------------------------------- */

/* $NAME in text becomes the value that was chosen. */
static char *fill_in(const char *text, const struct loop *loops, size_t n, const size_t *chosen)
{
	struct text t = { 0 };

	put(&t, "%s", "");
	while (*text != '\0') {
		size_t i = 0, length = 0;

		for (i = 0; *text == '$' && i < n; i++) {
			length = strlen(loops[i].name);
			if (strncmp(text + 1, loops[i].name, length) == 0 &&
				!isalnum((unsigned char)text[length + 1]))
				break;
		}
		if (*text != '$' || i == n) {
			put_bytes(&t, text++, 1);
			continue;
		}
		put(&t, "%s", loops[i].values[chosen[i]]);
		text += length + 1;
	}
	return t.p;
}

/* One of the words names only labels that the variant has: "bare", "nil+bare". */
static bool is_red(const char *red, const struct reading *r, const size_t *chosen)
{
	char *words, *rest, *save;
	bool is = false;

	if (red == NULL || *red == '\0')
		return red != NULL;
	rest = words = copy_of(red);
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		bool all = *word != '\0';

		for (char *label = strtok_r(word, "+", &save); label != NULL;
			label = strtok_r(NULL, "+", &save)) {
			bool has = false;

			for (size_t i = 0; i < r->loop_count; i++)
				has = has || strcmp(label, r->loops[i].labels[chosen[i]]) == 0;
			all = all && has;
		}
		is = is || all;
	}
	free(words);
	return is;
}

static char *filled_or_null(const char *text, const struct reading *r, const size_t *chosen)
{
	return text == NULL ? NULL : fill_in(text, r->loops, r->loop_count, chosen);
}

static void emit(struct reading *r, const size_t *chosen)
{
	const struct script *from = r->now;
	struct script *s = need(calloc(1, sizeof *s));
	struct text name = { 0 };

	put(&name, "%s", from->base);
	for (size_t i = 0; i < r->loop_count; i++)
		put(&name, "@%s", r->loops[i].labels[chosen[i]]);
	s->name = name.p;
	s->base = copy_of(from->base);
	s->title = filled_or_null(from->title, r, chosen);
	s->does = filled_or_null(from->does, r, chosen);
	s->sees = filled_or_null(from->sees, r, chosen);
	s->who = filled_or_null(from->who, r, chosen);
	s->known_red = is_red(r->red, r, chosen);
	for (size_t i = 0; i < from->count; i++)
		add_line(s, from->lines[i].number,
			fill_in(from->lines[i].text, r->loops, r->loop_count, chosen));
	*r->end = s;
	r->end = &s->next;
}

static void emit_all(struct reading *r, size_t loop, size_t *chosen)
{
	if (loop == r->loop_count || loop == LABELS_MAX) {
		emit(r, chosen);
		return;
	}
	for (chosen[loop] = 0; chosen[loop] < r->loops[loop].count; chosen[loop]++)
		emit_all(r, loop + 1, chosen);
}

static void end_case(struct reading *r)
{
	size_t chosen[LABELS_MAX] = { 0 };

	if (r->now == NULL)
		return;
	emit_all(r, 0, chosen);
	for (size_t i = 0; i < r->loop_count; i++) {
		free(r->loops[i].name);
		for (size_t k = 0; k < r->loops[i].count; k++) {
			free(r->loops[i].labels[k]);
			free(r->loops[i].values[k]);
		}
	}
	script_free(r->now);
	free(r->red);
	r->now = NULL;
	r->red = NULL;
	r->loop_count = 0;
}

/* --- lines ----------------------------------------------------------------------------------- */

static void complain(struct reading *r, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", r->path, r->number, what);
	r->bad = true;
}

static void begin_case(struct reading *r, char *rest)
{
	char *colon = strchr(rest, ':');

	end_case(r);
	if (colon == NULL || colon == rest) {
		complain(r, "case NAME: title");
		return;
	}
	*colon++ = '\0';
	r->now = need(calloc(1, sizeof *r->now));
	r->now->base = copy_of(rest);
	r->now->title = copy_of(colon + strspn(colon, " "));
}

static void read_loop(struct reading *r, char *rest)
{
	char *words[WORDS_MAX];
	size_t n = split_words(rest, words);
	struct loop *loop;

	if (n < 2 || r->loop_count == LABELS_MAX) {
		complain(r, "for NAME label=value ...");
		return;
	}
	loop = &r->loops[r->loop_count++];
	*loop = (struct loop){ .name = copy_of(words[0]) };
	for (size_t i = 1; i < n; i++) {
		char *equal = strchr(words[i], '=');

		if (equal != NULL)
			*equal = '\0';
		loop->labels[loop->count] = copy_of(words[i]);
		loop->values[loop->count++] = copy_of(equal == NULL ? words[i] : equal + 1);
	}
}

/* true: the line begins with that word, and *rest is what follows. */
static bool is_word(char *line, const char *word, char **rest)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] != '\0' && line[n] != ' ' && line[n] != ':'))
		return false;
	*rest = line + n + strspn(line + n, ": ");
	return true;
}

static void read_line(struct reading *r, char *line)
{
	char *rest;

	line += strspn(line, " \t");
	if (*line == '\0' || *line == '#')
		return;
	if (is_word(line, "case", &rest))
		begin_case(r, rest);
	else if (r->now == NULL)
		complain(r, "this stands in no case");
	else if (is_word(line, "does", &rest))
		r->now->does = copy_of(rest);
	else if (is_word(line, "sees", &rest))
		r->now->sees = copy_of(rest);
	else if (is_word(line, "who", &rest))
		r->now->who = copy_of(rest);
	else if (is_word(line, "known-red", &rest))
		r->red = copy_of(rest);
	else if (is_word(line, "for", &rest))
		read_loop(r, rest);
	else
		add_line(r->now, r->number, copy_of(line));
}

struct script *script_read(const char *path)
{
	struct script *first = NULL;
	struct reading r = { .path = path, .end = &first };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		return NULL;
	}
	while ((n = getline(&line, &size, f)) >= 0) {
		r.number++;
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == ' ' || line[n - 1] == '\t'))
			line[--n] = '\0';
		read_line(&r, line);
	}
	end_case(&r);
	free(line);
	fclose(f);
	if (!r.bad && first != NULL)
		return first;
	script_free(first);
	return NULL;
}
