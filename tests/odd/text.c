/* SPDX-License-Identifier: ISC */
/* tests/odd/text.c - text that grows, patterns, words. */
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *need(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		exit(2);
	}
	return p;
}

char *copy_of(const char *s)
{
	return need(strdup(s));
}

char *printed(const char *format, ...)
{
	va_list args;
	char *out;

	va_start(args, format);
	if (vasprintf(&out, format, args) < 0)
		out = NULL;
	va_end(args);
	return need(out);
}

void put_bytes(struct text *t, const void *p, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = (t->n + n + 1) * 2;
		t->p = need(realloc(t->p, t->cap));
	}
	if (n > 0)
		memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void put(struct text *t, const char *format, ...)
{
	va_list args;
	char *out;
	int n;

	va_start(args, format);
	n = vasprintf(&out, format, args);
	va_end(args);
	if (n < 0)
		need(NULL);
	put_bytes(t, out, (size_t)n);
	free(out);
}

void put_quoted(struct text *t, const char *s)
{
	put_bytes(t, "\"", 1);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			put_bytes(t, "\\", 1);
		put_bytes(t, s, 1);
	}
	put_bytes(t, "\"", 1);
}

void cut_front(struct text *t, size_t n)
{
	memmove(t->p, t->p + n, t->n - n);
	t->n -= n;
	t->p[t->n] = '\0';
}

void text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}

struct text file_text(const char *path)
{
	struct text t = { 0 };
	FILE *f = fopen(path, "rb");
	char chunk[65536];
	size_t n;

	put_bytes(&t, "", 0);
	if (f == NULL)
		return t;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		put_bytes(&t, chunk, n);
	fclose(f);
	return t;
}

bool matches(const char *pattern, const char *s)
{
	for (; *pattern != '\0'; pattern++, s++) {
		if (*pattern == '*') {
			while (pattern[1] == '*')
				pattern++;
			for (; *s != '\0'; s++) {
				if (matches(pattern + 1, s))
					return true;
			}
			return pattern[1] == '\0';
		}
		if (*s == '\0' || (*pattern != '?' && tolower((unsigned char)*pattern) !=
							      tolower((unsigned char)*s)))
			return false;
	}
	return *s == '\0';
}

/* What stands behind a backslash in "..."; *p is moved to its last character. */
static char escaped(char **p)
{
	char hex[3] = { 0 };

	switch (**p) {
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'x':
		hex[0] = (*p)[1];
		hex[1] = hex[0] == '\0' ? '\0' : (*p)[2];
		*p += strlen(hex);
		return (char)strtoul(hex, NULL, 16);
	default:
		return **p;
	}
}

size_t split_words(char *line, char **words)
{
	size_t n = 0;
	char *p = line, *out, quote;

	while (n < WORDS_MAX) {
		p += strspn(p, " \t");
		if (*p == '\0' || *p == '#')
			break;
		words[n++] = out = p;
		for (quote = '\0'; *p != '\0' && (quote != '\0' || (*p != ' ' && *p != '\t'));
			p++) {
			if (quote == '\0' && (*p == '"' || *p == '\'')) {
				quote = *p;
			} else if (*p == quote) {
				quote = '\0';
			} else if (quote == '"' && *p == '\\' && p[1] != '\0') {
				p++;
				*out++ = escaped(&p);
			} else {
				*out++ = *p;
			}
		}
		if (*p != '\0')
			p++;
		*out = '\0';
	}
	return n;
}

static bool in_list(const char *list, char to, unsigned long n, unsigned long last)
{
	for (const char *p = list; *p != '\0'; p++) {
		char *end = (char *)(uintptr_t)p + 1;
		unsigned long a = *p == '*' ? last : strtoul(p, &end, 10), b = a;

		if (*end == to) {
			p = end + 1;
			end = (char *)(uintptr_t)p + 1;
			b = *p == '*' ? last : strtoul(p, &end, 10);
		}
		if ((n >= a && n <= b) || (n >= b && n <= a))
			return true;
		p = end;
		if (*p != ',')
			break;
	}
	return false;
}

bool in_ranges(const char *ranges, unsigned long n)
{
	return in_list(ranges, '-', n, ~0ul);
}

bool in_set(const char *set, uint32_t n, uint32_t last)
{
	return in_list(set, ':', n, last);
}
