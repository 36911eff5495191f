/* SPDX-License-Identifier: ISC */
/* cli/config_text.c - see config_text.h. */
#include "cli/config_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, NAME_SIZE = 64 };

struct walk {
	const char *p, *name;
	unsigned line;
	unsigned depth, begun[DEPTH_MAX]; /* lines of the sections that are open */
	bool list;                        /* in a list's braces */
	bool value;                       /* behind a "=" */
	unsigned item;       /* the line of one in a list, whose comma is yet to come; 0: none */
	struct gw_slice key; /* the word before a "=" that is yet to come; .n 0: none */
	struct gw_slice set; /* the one before the last "=" */
	unsigned set_line;   /* its line */
	bool parsed;
	struct gw_error *err;
};

static void blame(struct walk *w, unsigned line, const char *text)
{
	gw_fail(w->err, GW_ERR_CONFIG, "%s line %u: %s", w->name, line, text);
}

static void blame_set(struct walk *w, const char *text)
{
	gw_fail(w->err, GW_ERR_CONFIG, "%s line %u: %.*s%s", w->name, w->set_line, (int)w->set.n,
		w->set.p, text);
}

static void skip_line(struct walk *w)
{
	w->p += strcspn(w->p, "\n");
}

static void skip_block(struct walk *w)
{
	const char *end = strstr(w->p, "*/");

	if (end == NULL) {
		blame(w, w->line, "a comment that begins with /* is not closed with */");
		return;
	}
	for (; w->p < end; w->p++)
		w->line += *w->p == '\n';
	w->p += 2;
}

/* A string in quotes; one that goes over its line has most likely lost the second one. */
static void skip_string(struct walk *w)
{
	char quote = *w->p++;
	unsigned began = w->line;

	for (; *w->p != quote; w->p++) {
		if (*w->p == '\\' && w->p[1] != '\0')
			w->p++;
		w->line += *w->p == '\n';
		if (*w->p == '\0' || (w->line > began && !w->parsed)) {
			blame(w, began,
				quote == '"'
					? "a quote (\") is opened, and not closed on that line"
					: "a quote (') is opened, and not closed on that line");
			return;
		}
	}
	w->p++;
}

static void take_equals(struct walk *w)
{
	w->p++;
	if (!w->parsed && w->list) {
		blame_set(w, ": the list is not closed with }");
	} else if (!w->parsed &&
		   (gw_slice_eq(w->key, "account") || gw_slice_eq(w->key, "folder"))) {
		blame(w, w->line, "no \"=\" stands before the { of a section");
	} else if (!w->parsed && w->key.n == 0 && w->set.n > 0) {
		blame_set(w, w->line == w->set_line ? ": a value with \"=\" in it stands in quotes"
						    : " = has no value");
	} else {
		w->set = w->key;
		w->set_line = w->line;
		w->key.n = 0;
		w->value = true;
	}
}

static void open_brace(struct walk *w)
{
	w->p++;
	w->key.n = 0;
	if (w->value) {
		w->list = true;
		w->item = 0;
	} else if (w->depth < DEPTH_MAX) {
		w->begun[w->depth++] = w->line;
	}
}

static void close_brace(struct walk *w)
{
	w->p++;
	if (w->list)
		w->list = w->value = false;
	else if (w->value && !w->parsed)
		blame_set(w, " = has no value");
	else if (w->depth == 0)
		blame(w, w->line, "there is a } too many");
	else
		w->depth--;
}

static void take_comma(struct walk *w)
{
	w->p++;
	w->item = 0;
	if (!w->parsed && !w->list && w->set.n > 0)
		blame(w, w->line,
			"several values stand in braces, with commas between them: {\"INBOX\", \"Sent\"}");
}

/* In a list: is it the next one without a comma?  On another line more is missing. */
static void take_item(struct walk *w)
{
	if (w->list && w->item == w->line && !w->parsed)
		blame(w, w->line, "a comma is missing between the values of a list");
	w->item = w->list ? w->line : 0;
}

/* Quotes as word processors and web pages write them. */
static bool is_curly(const char *p)
{
	static const char *const quotes[] = { "\u201c", "\u201d", "\u201e", "\u2018", "\u2019",
		"\u00ab", "\u00bb" };

	for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
		if (strncmp(p, quotes[i], strlen(quotes[i])) == 0)
			return true;
	}
	return false;
}

static void take_word(struct walk *w)
{
	size_t n = strcspn(w->p, " \t\r\n=;{}\",'#(");
	struct gw_slice word = { w->p, n };

	if (is_curly(w->p)) {
		blame(w, w->line, "a value stands in straight quotes: \"value\"");
		return;
	}

	if (gw_slice_eq(word, "account") && w->depth > 0 && !w->value) {
		gw_fail(w->err, GW_ERR_CONFIG,
			"%s line %u: an account begins inside the section that began on line %u, whose } is "
			"missing",
			w->name, w->line, w->begun[w->depth - 1]);
		return;
	}
	if (n > 0 && *w->p == '[' && !w->parsed) {
		blame(w, w->line,
			w->value ? "a list stands in braces: {\"*\", \"!Spam\"}"
				 : "an account begins like this: account \"NAME\" {");
		return;
	}
	if (w->value && n > 0 && memchr(word.p, '*', n) != NULL && !w->parsed) {
		blame(w, w->line, "a value with * in it stands in quotes");
		return;
	}
	if (n > 0)
		take_item(w);
	if (!w->value && !gw_slice_eq(word, "+"))
		w->key = word;
	w->p += n > 0 ? n : 1;
	w->value = w->value && w->list;
}

static void take(struct walk *w)
{
	bool was_value = w->value;

	switch (*w->p) {
	case '\n':
		w->line++;
		w->p++;
		break;
	case '#':
		skip_line(w);
		break;
	case ';':
		if (!w->parsed)
			blame(w, w->line, "lines do not end with \";\" here: take it out");
		w->p++;
		break;
	case '"':
	case '\'':
		take_item(w);
		skip_string(w);
		w->value = was_value && w->list;
		break;
	case '=':
		take_equals(w);
		break;
	case '{':
		open_brace(w);
		break;
	case '}':
		close_brace(w);
		break;
	case ',':
		take_comma(w);
		break;
	case '/':
		if (w->p[1] == '/')
			skip_line(w);
		else if (w->p[1] == '*')
			skip_block(w);
		else
			take_word(w);
		break;
	default:
		if (isspace((unsigned char)*w->p))
			w->p++;
		else
			take_word(w);
	}
}

enum gw_code config_text_blame(
	const char *text, const char *name, bool parsed, struct gw_error *err)
{
	struct walk w = { .p = text, .name = name, .line = 1, .parsed = parsed, .err = err };

	while (*w.p != '\0' && err->code == GW_OK)
		take(&w);
	if (err->code == GW_OK && w.list)
		blame(&w, w.line, "a list that begins with { is not closed with }");
	if (err->code == GW_OK && w.depth > 0)
		blame(&w, w.begun[w.depth - 1],
			"the section that begins here is not closed with }");
	return err->code;
}

bool config_text_in_words(const char *said, char *out, size_t size)
{
	static const struct {
		const char *said, *before, *after;
	} words[] = { { "invalid boolean value for option '", "", " is yes or no" },
		{ "invalid integer value for option '", "", " is a number" },
		{ "missing equal sign after option '", "\"=\" is missing behind ", "" },
		{ "missing title for section '", "a name in quotes is missing behind ", "" },
		{ "missing opening brace for section '", "\"{\" is missing behind the name of ",
			"" },
		{ "found duplicate title '", "there are two accounts \"", "\"" },
		{ "unexpected token '", "\"", "\" is out of place here" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *at = strstr(said, words[i].said);

		if (at == NULL)
			continue;
		at += strlen(words[i].said);
		snprintf(out, size, "%s%.*s%s", words[i].before, (int)strcspn(at, "'"), at,
			words[i].after);
		return true;
	}
	return false;
}

/* True if "NAME}" at p has neither a value nor a default (":-"). */
static bool is_unset(const char *p, char out[static NAME_SIZE])
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	if (n == 0 || n >= NAME_SIZE || p[n] != '}')
		return false;
	memcpy(out, p, n);
	out[n] = '\0';
	return getenv(out) == NULL;
}

enum gw_code config_text_variables(const char *text, const char *name, struct gw_error *err)
{
	bool quoted = false;
	unsigned line = 1;

	for (const char *p = text; *p != '\0'; p++) {
		char variable[NAME_SIZE];

		line += *p == '\n';
		if (*p == '#' && !quoted) {
			p += strcspn(p, "\n");
			line += *p == '\n';
			if (*p == '\0')
				break;
		} else if (*p == '\\' && p[1] != '\0') {
			p++;
			line += *p == '\n';
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (quoted && p[0] == '$' && p[1] == '{' && is_unset(p + 2, variable)) {
			return gw_fail(err, GW_ERR_CONFIG,
				"%s line %u: ${%s} is not set in the environment; for a default write "
				"${%s:-default}, for the characters themselves \\${%s}",
				name, line, variable, variable, variable);
		}
	}
	return GW_OK;
}
