/* SPDX-License-Identifier: ISC */
/* tests/odd/fetch.c - FETCH, STORE and SEARCH. */
#include "imap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* --- FETCH ----------------------------------------------------------------------------------- */

static void put_date(struct text *t, int64_t date)
{
	char s[64];
	time_t at = (time_t)date;
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(s, sizeof s, "%d-%b-%Y %H:%M:%S +0000", &tm);
	put(t, "\"%s\"", s);
}

static size_t header_length(const struct version *v)
{
	const char *end = memmem(v->p, v->n, "\r\n\r\n", 4);

	return end == NULL ? v->n : (size_t)(end - v->p) + 4;
}

/* The fields that BODY[HEADER.FIELDS (...)] names. */
static struct text header_fields(const struct version *v, const char *item)
{
	struct text t = { 0 };
	const char *p = v->p, *end = v->p + header_length(v);
	bool wanted = false;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *colon = memchr(p, ':', (size_t)(end - p));

		eol = eol == NULL ? end : eol + 1;
		if (*p != ' ' && *p != '\t') {
			char *name = colon == NULL || colon > eol
					     ? copy_of("\n")
					     : need(strndup(p, (size_t)(colon - p)));

			wanted = strcasestr(item, name) != NULL;
			free(name);
		}
		if (wanted)
			put_bytes(&t, p, (size_t)(eol - p));
		p = eol;
	}
	put(&t, "\r\n");
	return t;
}

/* BODY[section]<o.n>, with or without PEEK. */
static void put_body(
	const struct server *s, struct text *t, const struct version *v, const char *item)
{
	const char *section = strchr(item, '[') + 1, *close = strrchr(item, ']');
	const char *part = close == NULL ? NULL : strchr(close, '<');
	struct text fields = { 0 };
	const char *p = v->p;
	size_t n = v->n, offset = 0, header = header_length(v);

	if (strncasecmp(section, "HEADER.FIELDS", 13) == 0) {
		fields = header_fields(v, section);
		p = fields.p;
		n = fields.n;
	} else if (strncasecmp(section, "HEADER", 6) == 0) {
		n = header;
	} else if (strncasecmp(section, "TEXT", 4) == 0) {
		p += header;
		n -= header;
	}
	put(t, "BODY[%.*s]", close == NULL ? 0 : (int)(close - section), section);
	if (part != NULL && !s->whole_pieces) {
		char *dot;
		size_t most;

		offset = strtoul(part + 1, &dot, 10);
		most = *dot == '.' ? strtoul(dot + 1, NULL, 10) : SIZE_MAX;
		put(t, "<%zu>", offset);
		offset = offset < n ? offset : n;
		n = n - offset < most ? n - offset : most;
	}
	put(t, " {%zu}\r\n", n);
	put_bytes(t, p + offset, n);
	text_free(&fields);
}

static bool put_item(
	const struct server *s, struct text *t, const struct message *m, const char *item)
{
	if (strcasecmp(item, "UID") == 0)
		put(t, "UID %u", m->uid);
	else if (strcasecmp(item, "RFC822.SIZE") == 0)
		put(t, "RFC822.SIZE %zu", m->version->n);
	else if (strcasecmp(item, "MODSEQ") == 0)
		put(t, "MODSEQ (%llu)", (unsigned long long)m->modseq);
	else if (strncasecmp(item, "BODY", 4) == 0 && strchr(item, '[') != NULL)
		put_body(s, t, m->version, item);
	else if (strcasecmp(item, "FLAGS") == 0) {
		put(t, "FLAGS ");
		mail_put_flags(t, &s->mail, m->flags);
	} else if (strcasecmp(item, "INTERNALDATE") == 0) {
		put(t, "INTERNALDATE ");
		put_date(t, m->date);
	} else {
		return false;
	}
	return true;
}

static bool asks(const struct token *t, const char *item)
{
	for (; t->kind != 0; t++) {
		if (t->kind == 'w' && strcasecmp(t->p, item) == 0)
			return true;
	}
	return false;
}

static void fetch_one(struct server *s, struct conn *c, struct request *r, size_t at,
	struct message *m, bool with_modseq)
{
	struct text *t = answer_text(c, m->uid);
	const char *blank = "";

	put(t, "* %zu FETCH (", at + 1);
	if (r->uid && !asks(r->t + 1, "UID")) {
		put_item(s, t, m, "UID");
		blank = " ";
	}
	for (const struct token *p = r->t + 1; p->kind != 0; p++) {
		size_t before = t->n;

		if (p->kind == '(' && p > r->t + 1)
			break; /* modifiers */
		if (p->kind != 'w')
			continue;
		put(t, "%s", blank);
		if (put_item(s, t, m, p->p)) {
			blank = " ";
		} else {
			t->n = before;
			t->p[before] = '\0';
		}
	}
	if (with_modseq && !asks(r->t + 1, "MODSEQ")) {
		put(t, "%s", blank);
		put_item(s, t, m, "MODSEQ");
	}
	put(t, ")\r\n");
}

void do_fetch(struct server *s, struct conn *c, struct request *r)
{
	uint64_t since = 0;
	bool vanished = false;

	for (const struct token *t = r->t + 1; t->kind != 0; t++) {
		if (t->kind == 'w' && strcasecmp(t->p, "CHANGEDSINCE") == 0 && t[1].kind == 'w')
			since = strtoull(t[1].p, NULL, 10);
		else if (t->kind == 'w' && strcasecmp(t->p, "VANISHED") == 0)
			vanished = true;
	}
	if (since > 0)
		c->condstore = true;
	for (size_t i = 0; vanished && i < c->selected->gone_count; i++) {
		const struct gone *g = &c->selected->gone[i];

		if (g->modseq > since && in_set(r->t[0].p, g->uid, UINT32_MAX))
			answer_line(c, 0, "* VANISHED (EARLIER) %u", g->uid);
	}
	for (size_t i = 0; i < c->view_count; i++) {
		struct message *m = mail_message(c->selected, c->view[i]);

		if (m != NULL && view_has(c, r, r->t[0].p, i) && m->modseq > since)
			fetch_one(s, c, r, i, m, since > 0);
	}
	answer_done(c, "OK fetched");
}

void answer_flags(struct server *s, struct conn *c, const struct message *m, bool uid)
{
	struct text *t = answer_text(c, m->uid);

	put(t, "* %zu FETCH (", view_find(c, m->uid) + 1);
	if (uid)
		put(t, "UID %u ", m->uid);
	put_item(s, t, m, "FLAGS");
	if (c->condstore)
		put(t, " MODSEQ (%llu)", (unsigned long long)m->modseq);
	put(t, ")\r\n");
}

/* --- STORE ----------------------------------------------------------------------------------- */

void do_store(struct server *s, struct conn *c, struct request *r)
{
	const struct token *t = r->t + 1;
	uint64_t unchanged = UINT64_MAX, flags = 0;
	struct text modified = { 0 };
	char sign;
	bool silent;

	if (t->kind == '(') {
		if (strcasecmp(t[1].p, "UNCHANGEDSINCE") == 0)
			unchanged = strtoull(t[2].p, NULL, 10);
		while (t->kind != ')')
			t++;
		t++;
	}
	if (t->kind != 'w' || strcasestr(t->p, "FLAGS") == NULL) {
		answer_done(c, "BAD store what?");
		return;
	}
	sign = t->p[0];
	silent = strcasestr(t->p, ".SILENT") != NULL;
	for (t++; t->kind != 0; t++)
		flags |= t->kind == 'w' && !rules_skip(s->rules, t->p)
				 ? mail_flag_bit(&s->mail, t->p, true)
				 : 0;
	for (size_t i = 0; i < c->view_count; i++) {
		struct message *m = mail_message(c->selected, c->view[i]);

		if (m == NULL || !view_has(c, r, r->t[0].p, i) ||
			rules_skip_uid(s->rules, c->view[i]))
			continue;
		if (m->modseq > unchanged) {
			put(&modified, "%s%u", modified.n == 0 ? "" : ",", m->uid);
			continue;
		}
		mail_flag(c->selected, m,
			sign == '+'   ? m->flags | flags
			: sign == '-' ? m->flags & ~flags
				      : flags);
		if (!silent || c->condstore)
			answer_flags(s, c, m, true);
	}
	if (modified.n > 0)
		answer_done(c, "OK [MODIFIED %s] some", modified.p);
	else
		answer_done(c, "OK stored");
	text_free(&modified);
}

/* --- SEARCH ---------------------------------------------------------------------------------- */

static bool header_has(const struct version *v, const char *name, const char *value)
{
	char *item = printed("(%s)", name);
	struct text t = header_fields(v, item);
	bool has = strcasestr(t.p, value) != NULL;

	free(item);
	text_free(&t);
	return has;
}

/* One key, moved over.  NULL: it is unknown. */
static const struct token *fits(struct server *s, struct conn *c, struct request *r, size_t at,
	const struct token *t, bool *yes)
{
	const struct message *m = mail_message(c->selected, c->view[at]);
	static const struct {
		const char *word;
		uint64_t flag;
		bool is;
	} flags[] = { { "SEEN", SEEN, true }, { "UNSEEN", SEEN, false },
		{ "DELETED", DELETED, true }, { "UNDELETED", DELETED, false },
		{ "FLAGGED", FLAGGED, true }, { "UNFLAGGED", FLAGGED, false },
		{ "DRAFT", DRAFT, true }, { "ANSWERED", ANSWERED, true } };
	bool uids;

	*yes = true;
	if (m == NULL || t->kind != 'w') {
		*yes = m != NULL;
		return t + 1;
	}
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		if (strcasecmp(t->p, flags[i].word) == 0) {
			*yes = ((m->flags & flags[i].flag) != 0) == flags[i].is;
			return t + 1;
		}
	}
	if (strcasecmp(t->p, "ALL") == 0)
		return t + 1;
	if (strcasecmp(t->p, "NOT") == 0) {
		t = fits(s, c, r, at, t + 1, yes);
		*yes = !*yes;
		return t;
	}
	if (strcasecmp(t->p, "HEADER") == 0 && t[1].kind == 'w' && t[2].kind == 'w') {
		*yes = header_has(m->version, t[1].p, t[2].p);
		return t + 3;
	}
	if ((strcasecmp(t->p, "FROM") == 0 || strcasecmp(t->p, "SUBJECT") == 0) &&
		t[1].kind == 'w') {
		*yes = header_has(m->version, t->p, t[1].p);
		return t + 2;
	}
	if ((strcasecmp(t->p, "KEYWORD") == 0) && t[1].kind == 'w') {
		*yes = (m->flags & mail_flag_bit(&s->mail, t[1].p, false)) != 0;
		return t + 2;
	}
	uids = strcasecmp(t->p, "UID") == 0;
	t += uids;
	if (t->kind == 'w' && strspn(t->p, "0123456789:*,") == t->n && t->n > 0) {
		struct request as = { .uid = uids };

		*yes = view_has(c, &as, t->p, at);
		return t + 1;
	}
	return NULL;
}

static void put_ranges(struct text *t, const uint32_t *found, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t last = i;

		while (last + 1 < n && found[last + 1] == found[last] + 1)
			last++;
		put(t, last == i ? "%s%u" : "%s%u:%u", i == 0 ? "" : ",", found[i], found[last]);
		i = last + 1;
	}
}

static void answer_search(
	struct conn *c, struct request *r, bool extended, const uint32_t *found, size_t n)
{
	struct text *t = answer_text(c, 0);

	if (!extended) {
		put(t, "* SEARCH");
		for (size_t i = 0; i < n; i++)
			put(t, " %u", found[i]);
	} else {
		put(t, "* ESEARCH (TAG \"%s\")%s", c->tag, r->uid ? " UID" : "");
		if (asks(r->t + 1, "COUNT"))
			put(t, " COUNT %zu", n);
		if (n > 0 && (asks(r->t + 1, "ALL") || r->t[2].kind == ')')) {
			put(t, " ALL ");
			put_ranges(t, found, n);
		}
	}
	put(t, "\r\n");
}

void do_search(struct server *s, struct conn *c, struct request *r)
{
	const struct token *keys = r->t;
	bool extended = keys->kind == 'w' && strcasecmp(keys->p, "RETURN") == 0;
	uint32_t *found = need(calloc(c->view_count + 1, sizeof *found));
	size_t n = 0;

	while (extended && keys->kind != 0 && keys->kind != ')')
		keys++;
	if (extended && keys->kind != 0)
		keys++;
	if (extended && !server_has(s, "ESEARCH")) {
		answer_done(c, "BAD no ESEARCH");
		free(found);
		return;
	}
	for (size_t i = 0; i < c->view_count; i++) {
		bool all = true, yes;

		for (const struct token *t = keys; t->kind != 0 && all;) {
			t = fits(s, c, r, i, t, &yes);
			if (t == NULL) {
				answer_done(c, "BAD search for what?");
				free(found);
				return;
			}
			all = yes;
		}
		if (all)
			found[n++] = r->uid ? c->view[i] : (uint32_t)i + 1;
	}
	answer_search(c, r, extended, found, n);
	answer_done(c, "OK searched");
	free(found);
}
