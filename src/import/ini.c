/* SPDX-License-Identifier: ISC */
/* import/ini.c - see ini.h. */
#include "import/ini.h"

#include <ctype.h>
#include <stdlib.h>

enum { DEPTH_MAX = 10, VALUE_MAX = 65536 }; /* as configparser has it */

void gw_ini_deinit(struct gw_ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		for (size_t k = 0; k < ini->list[i].count; k++) {
			free(ini->list[i].items[k].key);
			free(ini->list[i].items[k].value);
		}
		free(ini->list[i].items);
		free(ini->list[i].name);
	}
	free(ini->list);
	*ini = (struct gw_ini){ 0 };
}

static struct gw_slice trim(struct gw_slice s)
{
	while (s.n > 0 && isspace((unsigned char)s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && isspace((unsigned char)s.p[s.n - 1]))
		s.n--;
	return s;
}

static size_t indent_of(struct gw_slice line)
{
	size_t n = 0;

	while (n < line.n && isspace((unsigned char)line.p[n]))
		n++;
	return n;
}

struct reader {
	struct gw_ini *ini;
	size_t section;
	bool in_value; /* the last line's option may go on */
	size_t indent; /* of that */
};

static enum gw_code begin(struct gw_ini *ini, struct gw_slice name, unsigned line, size_t *at)
{
	struct gw_ini_section *s;

	for (size_t i = 0; i < ini->count; i++) {
		if (gw_slice_eq(name, ini->list[i].name)) {
			*at = i;
			return GW_OK;
		}
	}
	s = gw_array_push((void **)&ini->list, &ini->count, &ini->cap, sizeof *s);
	if (s == NULL)
		return GW_ERR_NOMEM;
	s->line = line;
	s->name = gw_slice_dup(name);
	*at = ini->count - 1;
	if (s->name == NULL) {
		ini->count--;
		return GW_ERR_NOMEM;
	}
	return GW_OK;
}

static enum gw_code take_option(struct reader *r, struct gw_slice text, unsigned line)
{
	struct gw_ini_section *s = &r->ini->list[r->section];
	struct gw_ini_item *slot;
	size_t n = 0;

	while (n < text.n && text.p[n] != '=' && text.p[n] != ':')
		n++;
	if (n == text.n || n == 0)
		return GW_ERR_CONFIG;
	slot = gw_array_push((void **)&s->items, &s->count, &s->cap, sizeof *slot);
	if (slot == NULL)
		return GW_ERR_NOMEM;
	slot->line = line;
	slot->key = gw_slice_dup(trim((struct gw_slice){ text.p, n }));
	slot->value = gw_slice_dup(trim((struct gw_slice){ text.p + n + 1, text.n - n - 1 }));
	if (slot->key == NULL || slot->value == NULL)
		return GW_ERR_NOMEM;
	for (char *p = slot->key; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	r->in_value = true;
	return GW_OK;
}

static enum gw_code go_on(struct reader *r, struct gw_slice text)
{
	struct gw_ini_section *s = &r->ini->list[r->section];
	struct gw_ini_item *item = &s->items[s->count - 1];
	size_t n = strlen(item->value);
	char *grown;

	if (n + text.n + 2 > VALUE_MAX)
		return GW_ERR_CONFIG;
	grown = realloc(item->value, n + text.n + 2);
	if (grown == NULL)
		return GW_ERR_NOMEM;
	item->value = grown;
	grown[n] = '\n';
	memcpy(grown + n + 1, text.p, text.n);
	grown[n + 1 + text.n] = '\0';
	return GW_OK;
}

static enum gw_code take_line(struct reader *r, struct gw_slice line, unsigned number)
{
	struct gw_slice text = trim(line);
	size_t indent = indent_of(line);

	if (text.n == 0 || text.p[0] == '#' || text.p[0] == ';')
		return GW_OK; /* inside a value, too */
	if (r->in_value && indent > r->indent)
		return go_on(r, text);
	r->in_value = false;
	r->indent = indent;
	if (text.p[0] == '[') {
		const char *end = memchr(text.p, ']', text.n);

		if (end == NULL)
			return GW_ERR_CONFIG;
		return begin(r->ini, (struct gw_slice){ text.p + 1, (size_t)(end - text.p) - 1 },
			number, &r->section);
	}
	return r->section == 0 && r->ini->list[0].line == 0 ? GW_ERR_CONFIG
							    : take_option(r, text, number);
}

enum gw_code gw_ini_read(
	struct gw_slice text, const char *file, struct gw_ini *out, struct gw_error *err)
{
	struct reader r = { .ini = out };
	unsigned number = 0;
	enum gw_code code;

	*out = (struct gw_ini){ 0 };
	code = begin(out, gw_slice_str("DEFAULT"), 0, &r.section);
	while (text.n > 0 && code == GW_OK) {
		const char *newline = memchr(text.p, '\n', text.n);
		struct gw_slice line = { text.p,
			newline == NULL ? text.n : (size_t)(newline - text.p) };

		text.p += line.n + (newline != NULL);
		text.n -= line.n + (newline != NULL);
		code = memchr(line.p, '\0', line.n) != NULL ? GW_ERR_CONFIG
							    : take_line(&r, line, ++number);
		if (gw_slice_eq(trim(line), "[DEFAULT]"))
			out->list[0].line = number;
	}
	if (code == GW_OK)
		return GW_OK;
	gw_ini_deinit(out);
	return code == GW_ERR_NOMEM
		       ? gw_fail(err, code, "out of memory")
		       : gw_fail(err, code,
				 "%s line %u is neither a [section], nor `key = value`, nor goes on "
				 "with one",
				 file, number);
}

const struct gw_ini_section *gw_ini_find(const struct gw_ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->count; i++) {
		if (strcmp(ini->list[i].name, name) == 0)
			return &ini->list[i];
	}
	return NULL;
}

static const char *raw(
	const struct gw_ini *ini, const struct gw_ini_section *s, struct gw_slice key)
{
	const struct gw_ini_section *in[] = { s, &ini->list[0] };

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = in[k]->count; i > 0; i--) {
			if (gw_slice_case_eq(key, in[k]->items[i - 1].key))
				return in[k]->items[i - 1].value;
		}
	}
	return NULL;
}

static bool expand(const struct gw_ini *ini, const struct gw_ini_section *s, const char *value,
	unsigned depth, struct gw_buf *out)
{
	bool ok = depth < DEPTH_MAX;

	for (const char *p = value; *p != '\0' && ok; p++) {
		const char *end, *other;

		if (*p != '%') {
			ok = gw_buf_append(out, p, 1) == GW_OK;
		} else if (p[1] == '%') {
			ok = gw_buf_append(out, p++, 1) == GW_OK;
		} else {
			end = p[1] == '(' ? strstr(p, ")s") : NULL;
			other = end == NULL ? NULL
					    : raw(ini, s,
						      (struct gw_slice){
							      p + 2, (size_t)(end - p) - 2 });
			ok = other != NULL && expand(ini, s, other, depth + 1, out);
			p = end == NULL ? p : end + 1;
		}
	}
	return ok;
}

char *gw_ini_get(const struct gw_ini *ini, const struct gw_ini_section *s, const char *key)
{
	const char *value = s == NULL ? NULL : raw(ini, s, gw_slice_str(key));
	char *text = NULL;
	struct gw_buf out;

	if (value == NULL)
		return NULL;
	gw_buf_init(&out, VALUE_MAX);
	if (expand(ini, s, value, 0, &out))
		text = strdup(gw_buf_cstr(&out));
	gw_buf_deinit(&out);
	return text;
}
