/* SPDX-License-Identifier: ISC */
/* tests/support/command_grammar.h - reads what imap/command wrote, by a grammar of its own (RFC 9051
 * section 9, "command" and what it is made of), which shares no code with the writer.
 *
 * A server's view of one line: arguments with one blank between them, each an atom, a string or a
 * list.  Anything else is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum grammar_kind { GRAMMAR_ATOM, GRAMMAR_STRING, GRAMMAR_OPEN, GRAMMAR_CLOSE, GRAMMAR_BODY };

struct grammar_token {
	enum grammar_kind kind;
	char *text; /* owned by the command; without quotes, NUL-terminated */
	size_t n;
};

enum { GRAMMAR_TOKENS = 512 };

struct grammar_command {
	struct grammar_token tokens[GRAMMAR_TOKENS];
	size_t count;
};

static inline void grammar_free(struct grammar_command *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->tokens[i].text);
	c->count = 0;
}

static inline bool grammar_push(
	struct grammar_command *c, enum grammar_kind kind, const char *p, size_t n)
{
	struct grammar_token *t = &c->tokens[c->count];

	if (c->count == GRAMMAR_TOKENS)
		return false;
	t->text = malloc(n + 1);
	if (t->text == NULL)
		return false;
	memcpy(t->text, p, n);
	t->text[n] = '\0';
	t->kind = kind;
	t->n = n;
	c->count++;
	return true;
}

/* Also the words that commands have of their own: "UID", "+FLAGS.SILENT", "BODY.PEEK[]<0.1>", "1:*". */
static inline bool grammar_is_word_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && strchr("(){\"\\", c) == NULL;
}

static inline size_t grammar_atom(struct grammar_command *c, const char *p, size_t n)
{
	size_t at = n > 0 && *p == '\\';

	while (at < n && grammar_is_word_char((unsigned char)p[at]))
		at++;
	return at > (size_t)(*p == '\\') && grammar_push(c, GRAMMAR_ATOM, p, at) ? at : 0;
}

static inline size_t grammar_quoted(struct grammar_command *c, const char *p, size_t n)
{
	char *text = malloc(n + 1);
	size_t to = 0, at = 1;
	bool ok = text != NULL;

	while (ok && at < n && p[at] != '"') {
		ok = (unsigned char)p[at] >= 0x20 && (unsigned char)p[at] < 0x7f;
		if (p[at] == '\\') {
			at++;
			ok = at < n && (p[at] == '"' || p[at] == '\\');
		}
		if (ok)
			text[to++] = p[at++];
	}
	ok = ok && at < n && grammar_push(c, GRAMMAR_STRING, text, to);
	free(text);
	return ok ? at + 1 : 0;
}

/* "{n}" CRLF bytes, or the command's last argument, whose bytes follow apart. */
static inline size_t grammar_literal(struct grammar_command *c, const char *p, size_t n)
{
	size_t size = 0, at = 1;

	while (at < n && p[at] >= '0' && p[at] <= '9' && size < 1u << 26)
		size = size * 10 + (size_t)(p[at++] - '0');
	if (at == 1)
		return 0;
	at += at < n && p[at] == '+';
	if (at >= n || p[at] != '}')
		return 0;
	at++;
	if (at == n)
		return grammar_push(c, GRAMMAR_BODY, p, 0) ? at : 0;
	if (n - at < 2 + size || memcmp(p + at, "\r\n", 2) != 0 ||
		memchr(p + at + 2, '\0', size) != NULL)
		return 0;
	return grammar_push(c, GRAMMAR_STRING, p + at + 2, size) ? at + 2 + size : 0;
}

/* false: it is no command.  grammar_free() in either case. */
static inline bool grammar_read(struct grammar_command *c, const char *p, size_t n)
{
	size_t depth = 0;
	bool begins = true; /* an argument may begin here */

	c->count = 0;
	while (n > 0) {
		size_t took = 0;

		if (*p == ')') {
			took = depth-- > 0 && grammar_push(c, GRAMMAR_CLOSE, p, 1);
			begins = false;
		} else if (*p == ' ') {
			took = !begins && n > 1 && p[1] != ')';
			begins = true;
		} else if (!begins) {
			return false;
		} else if (*p == '(') {
			took = grammar_push(c, GRAMMAR_OPEN, p, 1);
			depth++;
		} else {
			took = *p == '"'   ? grammar_quoted(c, p, n)
			       : *p == '{' ? grammar_literal(c, p, n)
					   : grammar_atom(c, p, n);
			begins = false;
		}
		if (took == 0)
			return false;
		p += took;
		n -= took;
	}
	return depth == 0 && !begins;
}
