/* SPDX-License-Identifier: ISC */
/* import/other.c - see other.h. */
#include "import/other.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void free_notes(struct gw_other_note *notes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(notes[i].said);
		free(notes[i].became);
	}
	free(notes);
}

static void free_channel(struct gw_other_channel *c)
{
	for (size_t i = 0; i < c->pattern_count; i++)
		free(c->patterns[i]);
	free(c->patterns);
	free(c->far);
	free(c->near);
}

static void free_keys(struct gw_other_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(keys[i].key);
		free(keys[i].value);
	}
	free(keys);
}

static void free_other(struct gw_other *o)
{
	char *const strings[] = { o->name, o->path, o->inbox, o->flatten, o->map_inbox, o->far_path,
		o->sep, o->pythonfile, o->nametrans, o->folderfilter, o->folderincludes,
		o->limits };

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	free_keys(o->keys, o->key_count);
	free_keys(o->asked, o->asked_count);
	for (size_t i = 0; i < o->channel_count; i++)
		free_channel(&o->channels[i]);
	free(o->channels);
	free_notes(o->notes, o->note_count);
}

void gw_others_deinit(struct gw_others *o)
{
	for (size_t i = 0; i < o->count; i++)
		free_other(&o->list[i]);
	free(o->list);
	free_notes(o->notes, o->note_count);
	*o = (struct gw_others){ 0 };
}

void gw_other_text(struct gw_other *o, char **slot, const char *text)
{
	char *fresh = strdup(text);

	if (fresh == NULL) {
		o->failed = true;
		return;
	}
	free(*slot);
	*slot = fresh;
}

const struct gw_other_key *gw_other_key(const struct gw_other *o, const char *key)
{
	for (size_t i = 0; i < o->key_count; i++) {
		if (strcmp(o->keys[i].key, key) == 0)
			return &o->keys[i];
	}
	return NULL;
}

const char *gw_other_get(const struct gw_other *o, const char *key)
{
	const struct gw_other_key *k = gw_other_key(o, key);

	return k == NULL ? NULL : k->value;
}

void gw_other_set(struct gw_other *o, const char *key, bool plain, const char *format, ...)
{
	struct gw_other_key *slot = (struct gw_other_key *)(uintptr_t)gw_other_key(o, key);
	char *value = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&value, format, args) < 0)
		value = NULL;
	va_end(args);
	if (slot == NULL && value != NULL) {
		slot = gw_array_push((void **)&o->keys, &o->key_count, &o->key_cap, sizeof *slot);
		if (slot != NULL && (slot->key = strdup(key)) == NULL) {
			o->key_count--;
			slot = NULL;
		}
	}
	if (slot == NULL || value == NULL) {
		free(value);
		o->failed = true;
		return;
	}
	free(slot->value);
	slot->value = value;
	slot->plain = plain;
}

void gw_other_ask(struct gw_other *o, const char *key, const char *command)
{
	struct gw_other_key *slot =
		gw_array_push((void **)&o->asked, &o->asked_count, &o->asked_cap, sizeof *slot);

	if (slot == NULL) {
		o->failed = true;
		return;
	}
	slot->key = strdup(key);
	slot->value = strdup(command);
	o->failed |= slot->key == NULL || slot->value == NULL;
}

static bool put_note(struct gw_other_note *slot, unsigned line, enum gw_other_fate fate,
	const char *said, char *became)
{
	if (slot == NULL || became == NULL) {
		free(became);
		return false;
	}
	*slot = (struct gw_other_note){
		.line = line, .fate = fate, .said = strdup(said), .became = became
	};
	return slot->said != NULL;
}

void gw_other_note(struct gw_other *o, unsigned line, enum gw_other_fate fate, const char *said,
	const char *format, ...)
{
	char *became = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&became, format, args) < 0)
		became = NULL;
	va_end(args);
	if (!put_note(gw_array_push(
			      (void **)&o->notes, &o->note_count, &o->note_cap, sizeof *o->notes),
		    line, fate, said, became))
		o->failed = true;
}

void gw_others_note(struct gw_others *all, unsigned line, const char *said, const char *became)
{
	if (!put_note(gw_array_push((void **)&all->notes, &all->note_count, &all->note_cap,
			      sizeof *all->notes),
		    line, GW_FATE_HEED, said, strdup(became)))
		all->failed = true;
}

void gw_other_name(struct gw_other *o, const char *text)
{
	char name[64];
	size_t n = 0;

	for (const char *p = text; *p != '\0' && n < sizeof name - 1; p++) {
		bool fits = isalnum((unsigned char)*p) || (n > 0 && strchr("_.@+-", *p) != NULL);

		if (fits)
			name[n++] = *p;
		else if (n > 0 && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n > 0 && name[n - 1] == '-')
		n--;
	name[n] = '\0';
	gw_other_text(o, &o->name, n > 0 ? name : "mail");
}

char *gw_other_path(const char *text, const char *home)
{
	static const char *const homes[] = { "~", "$HOME", "${HOME}" };
	char *out = NULL;

	for (size_t i = 0; i < sizeof homes / sizeof *homes && home != NULL; i++) {
		size_t n = strlen(homes[i]);

		if (strncmp(text, homes[i], n) == 0 && (text[n] == '/' || text[n] == '\0'))
			return asprintf(&out, "%s%s", home, text + n) < 0 ? NULL : out;
	}
	if (*text == '/')
		return strdup(text);
	return asprintf(&out, "%s/%s", home != NULL ? home : "", text) < 0 ? NULL : out;
}
