/* SPDX-License-Identifier: ISC */
/* import/mbsyncrc.c - see mbsyncrc.h. */
#include "import/mbsyncrc.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static void free_item(struct gw_mbsync_item *item)
{
	free(item->key);
	for (size_t i = 0; i < item->arg_count; i++)
		free(item->args[i]);
	free(item->args);
}

void gw_mbsync_deinit(struct gw_mbsync_file *f)
{
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = 0; k < f->list[i].count; k++)
			free_item(&f->list[i].items[k]);
		free(f->list[i].items);
		free(f->list[i].name);
	}
	free(f->list);
	*f = (struct gw_mbsync_file){ 0 };
}

enum word { WORD, NO_WORD, COMMENT, OPEN_QUOTE, OPEN_ESCAPE, NO_MEMORY };

/* Reads one word at p, before end, undoing quotes and backslashes. */
static enum word take_word(const char **p, const char *end, char **out)
{
	bool escaped = false, quoted = false;
	char *word;
	size_t n = 0;

	while (*p < end && isspace((unsigned char)**p))
		++*p;
	if (*p == end)
		return NO_WORD;
	if (**p == '#')
		return COMMENT;
	word = malloc((size_t)(end - *p) + 1);
	if (word == NULL)
		return NO_MEMORY;
	for (; *p < end; ++*p) {
		char c = **p;

		if (escaped) {
			word[n++] = c;
			escaped = false;
		} else if (c == '\\') {
			escaped = true;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && isspace((unsigned char)c)) {
			break;
		} else {
			word[n++] = c;
		}
	}
	word[n] = '\0';
	if (!quoted && !escaped) {
		*out = word;
		return WORD;
	}
	free(word);
	return quoted ? OPEN_QUOTE : OPEN_ESCAPE;
}

static const char *const problems[] = { [OPEN_QUOTE] = "a quote (\") is not closed",
	[OPEN_ESCAPE] = "it ends with a backslash",
	[NO_MEMORY] = "out of memory" };

/* Splits a line into words; key NULL: none.  *comment: it is a comment. */
static enum word take_line(struct gw_slice line, struct gw_mbsync_item *item, bool *comment)
{
	const char *p = line.p, *end = line.p + line.n;
	enum word result = take_word(&p, end, &item->key);

	*comment = result == COMMENT;
	while (result == WORD) {
		char *word = NULL, **slot;

		result = take_word(&p, end, &word);
		if (result != WORD)
			break;
		slot = gw_array_push(
			(void **)&item->args, &item->arg_count, &item->arg_cap, sizeof *slot);
		if (slot == NULL) {
			free(word);
			return NO_MEMORY;
		}
		*slot = word;
	}
	return result == COMMENT ? NO_WORD : result;
}

static bool starts_section(const char *key, enum gw_mbsync_kind *kind)
{
	static const struct {
		const char *key;
		enum gw_mbsync_kind kind;
	} starts[] = { { "IMAPAccount", GW_MBSYNC_ACCOUNT }, { "IMAPStore", GW_MBSYNC_IMAP },
		{ "MaildirStore", GW_MBSYNC_MAILDIR }, { "Channel", GW_MBSYNC_CHANNEL },
		{ "Group", GW_MBSYNC_GROUP } };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		if (strcasecmp(starts[i].key, key) == 0) {
			*kind = starts[i].kind;
			return true;
		}
	}
	return false;
}

static bool begin(
	struct gw_mbsync_file *f, enum gw_mbsync_kind kind, const char *name, unsigned line)
{
	struct gw_mbsync_section *s =
		gw_array_push((void **)&f->list, &f->count, &f->cap, sizeof *s);

	if (s == NULL)
		return false;
	s->kind = kind;
	s->line = line;
	s->name = gw_copy_str(name);
	return name == NULL || s->name != NULL;
}

/* Puts a line where it belongs.  *at: the section that is open. */
static bool place(struct gw_mbsync_file *f, size_t *at, struct gw_mbsync_item *item)
{
	enum gw_mbsync_kind kind = GW_MBSYNC_GLOBAL;
	struct gw_mbsync_section *s = &f->list[*at];
	struct gw_mbsync_item *slot;

	/* In a group, "Channel" names one of its members. */
	if (starts_section(item->key, &kind) &&
		!(s->kind == GW_MBSYNC_GROUP && kind == GW_MBSYNC_CHANNEL)) {
		if (!begin(f, kind, item->args[0], item->line))
			return false;
		*at = f->count - 1;
		s = &f->list[*at];
		if (item->arg_count < 2)
			return true;
	}
	slot = gw_array_push((void **)&s->items, &s->count, &s->cap, sizeof *slot);
	if (slot == NULL)
		return false;
	*slot = *item;
	*item = (struct gw_mbsync_item){ 0 };
	return true;
}

enum gw_code gw_mbsync_read(
	struct gw_slice text, const char *file, struct gw_mbsync_file *out, struct gw_error *err)
{
	size_t at = 0;
	unsigned number = 0;
	enum word result = WORD;

	*out = (struct gw_mbsync_file){ 0 };
	if (!begin(out, GW_MBSYNC_GLOBAL, NULL, 0))
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	while (text.n > 0) {
		const char *newline = memchr(text.p, '\n', text.n);
		struct gw_slice line = { text.p,
			newline == NULL ? text.n : (size_t)(newline - text.p) };
		struct gw_mbsync_item item = { .line = ++number };
		bool comment = false, ok = memchr(line.p, '\0', line.n) == NULL;

		text.p += line.n + (newline != NULL);
		text.n -= line.n + (newline != NULL);
		result = take_line(line, &item, &comment);
		if (result > COMMENT)
			gw_fail(err, result == NO_MEMORY ? GW_ERR_NOMEM : GW_ERR_CONFIG,
				"%s line %u: %s", file, number, problems[result]);
		else if (!ok)
			gw_fail(err, GW_ERR_CONFIG, "%s line %u: a NUL byte", file, number);
		else if (item.key == NULL && !comment)
			at = 0; /* an empty line ends a section */
		else if (item.key != NULL && item.arg_count == 0)
			gw_fail(err, GW_ERR_CONFIG, "%s line %u: `%s` has no value", file, number,
				item.key);
		else if (item.key != NULL && !place(out, &at, &item))
			gw_fail(err, GW_ERR_NOMEM, "out of memory");
		free_item(&item);
		if (err->code != GW_OK) {
			gw_mbsync_deinit(out);
			return err->code;
		}
	}
	return GW_OK;
}

const struct gw_mbsync_section *gw_mbsync_find(
	const struct gw_mbsync_file *f, enum gw_mbsync_kind kind, const char *name)
{
	for (size_t i = 1; i < f->count && name != NULL; i++) {
		if (f->list[i].kind == kind && strcmp(f->list[i].name, name) == 0)
			return &f->list[i];
	}
	return NULL;
}

const struct gw_mbsync_item *gw_mbsync_item(const struct gw_mbsync_section *s, const char *key)
{
	const struct gw_mbsync_item *found = NULL;

	for (size_t i = 0; s != NULL && i < s->count; i++) {
		if (strcasecmp(s->items[i].key, key) == 0)
			found = &s->items[i];
	}
	return found;
}
