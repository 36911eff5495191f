/* SPDX-License-Identifier: ISC */
/* tests/gmail/wire.c - settings, output and arguments; see gmaild.c. */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- output ---------------------------------------------------------------------------------- */

void put_bytes(struct text *t, const void *p, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = (t->n + n + 1) * 2;
		t->p = realloc(t->p, t->cap);
		if (t->p == NULL)
			exit(1);
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void put(struct text *t, const char *format, ...)
{
	char line[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	put_bytes(t, line, strlen(line));
}

void done(struct session *s, const char *status, const char *text)
{
	uint64_t now = uv_now(s->tcp.loop);
	bool slow = s->signed_in && strcmp(status, "OK") == 0 &&
		    s->asked_at < s->answered_at + (uint64_t)number("throttled", 0);

	s->answered_at = now;
	answers++;
	slow_answers += slow;

	put(&s->out, "%s %s %s%s\r\n", s->tag, status, text, slow ? " [THROTTLED]" : "");
}

void put_flags(struct text *t, uint32_t flags, bool deleted)
{
	static const char *const names[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Draft" };
	const char *space = "";

	put(t, "(");
	for (size_t i = 0; i < 4; i++) {
		if (flags & 1u << i) {
			put(t, "%s%s", space, names[i]);
			space = " ";
		}
	}
	for (size_t i = 0; i < store.keyword_count; i++) {
		if (flags & (uint32_t)KEYWORD << i) {
			put(t, "%s%s", space, store.keywords[i]);
			space = " ";
		}
	}
	put(t, "%s)", deleted ? (*space != '\0' ? " \\Deleted" : "\\Deleted") : "");
}

/* Is word one of those, with blanks between, of a setting? */
bool has_word(const char *name, const char *word)
{
	char words[300];

	if (!setting(name, words, sizeof words))
		return false;
	for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " ")) {
		if (strcmp(w, word) == 0)
			return true;
	}
	return false;
}

/* "Show in IMAP" is off. */
bool hidden(const struct box *b)
{
	return has_word("hidden", *b->attrs != '\0' ? b->attrs : b->name);
}

void put_name(struct text *t, const char *name)
{
	put(t, "\"");
	for (; *name != '\0'; name++)
		put(t, *name == '"' || *name == '\\' ? "\\%c" : "%c", *name);
	put(t, "\"");
}

/* --- arguments ------------------------------------------------------------------------------- */

void skip_space(char **p)
{
	while (**p == ' ')
		(*p)++;
}

/* An atom, quoted string or literal, copied to out and ended by NUL.  false: there is none. */
bool word(char **p, char *out, size_t size)
{
	size_t n = 0;

	skip_space(p);
	if (**p == '"') {
		for ((*p)++; **p != '"' && **p != '\0' && n + 1 < size; (*p)++) {
			if (**p == '\\')
				(*p)++;
			out[n++] = **p;
		}
		if (**p == '"')
			(*p)++;
	} else if (**p == '{') {
		size_t length = strtoul(*p + 1, NULL, 10);

		*p = strchr(*p, '\n') + 1;
		n = length + 1 < size ? length : size - 1;
		memcpy(out, *p, n);
		*p += length;
	} else {
		while (**p != '\0' && strchr(" ()\r\n", **p) == NULL && n + 1 < size)
			out[n++] = *(*p)++;
		if (n == 0)
			return false;
	}
	out[n] = '\0';
	return true;
}

bool in_set(const char *set, uint32_t uid, uint32_t last)
{
	for (const char *p = set; *p != '\0'; p++) {
		char *end;
		unsigned long a =
			*p == '*' ? (end = (char *)(uintptr_t)p + 1, last) : strtoul(p, &end, 10);
		unsigned long b = a;

		if (*end == ':')
			b = end[1] == '*' ? (end += 2, last) : strtoul(end + 1, &end, 10);
		if ((uid >= a && uid <= b) || (uid >= b && uid <= a))
			return true;
		p = end;
		if (*p == '\0')
			break;
	}
	return false;
}

static uint32_t flag_bit(const char *name)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} system[] = { { "\\Seen", SEEN }, { "\\Answered", ANSWERED }, { "\\Flagged", FLAGGED },
		{ "\\Draft", DRAFT }, { "\\Deleted", DELETED } };

	for (size_t i = 0; i < sizeof system / sizeof *system; i++) {
		if (strcasecmp(system[i].name, name) == 0)
			return system[i].bit;
	}
	if (*name == '\\' || setting("no-star", NULL, 0))
		return 0;
	return store_keyword(&store, name);
}

/* "(a b)"; the bits of flags. */
uint32_t flags_in(char **p)
{
	char name[200];
	uint32_t flags = 0;

	skip_space(p);
	if (**p == '(')
		(*p)++;
	while (word(p, name, sizeof name))
		flags |= flag_bit(name);
	if (**p == ')')
		(*p)++;
	return flags;
}
