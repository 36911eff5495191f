/* SPDX-License-Identifier: ISC */
/* tests/gmail/store.c - see store.h. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *more(void *list, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return list;
	*cap = *cap == 0 ? 16 : *cap * 2;
	list = realloc(list, *cap * size);
	if (list == NULL)
		exit(1);
	return list;
}

struct box *store_box(const struct store *s, const char *name)
{
	for (size_t i = 0; i < s->box_count; i++) {
		if (strcmp(s->boxes[i]->name, name) == 0 ||
			(strcasecmp(name, "INBOX") == 0 && strcmp(s->boxes[i]->name, "INBOX") == 0))
			return s->boxes[i];
	}
	return NULL;
}

struct box *store_special(const struct store *s, const char *attr)
{
	for (size_t i = 0; i < s->box_count; i++) {
		if (strcmp(s->boxes[i]->attrs, attr) == 0)
			return s->boxes[i];
	}
	return NULL;
}

struct box *store_create(struct store *s, const char *name, const char *attrs)
{
	struct box *b = calloc(1, sizeof *b);

	s->boxes = realloc(s->boxes, (s->box_count + 1) * sizeof(void *));
	if (b == NULL || s->boxes == NULL)
		exit(1);
	s->boxes[s->box_count++] = b;
	b->name = strdup(name);
	b->attrs = attrs;
	b->noselect = strcmp(attrs, "\\Noselect") == 0;
	b->subscribed = true;
	b->serial = b->uidvalidity = s->next_uidvalidity++;
	b->uidnext = 1;
	b->modseq = ++s->modseq;
	return b;
}

void store_init(struct store *s, bool localised)
{
	static const char *const special[][3] = { { "All Mail", "Alle Nachrichten", "\\All" },
		{ "Drafts", "Entw&APw-rfe", "\\Drafts" }, { "Important", "Wichtig", "\\Important" },
		{ "Sent Mail", "Gesendet", "\\Sent" }, { "Spam", "Spam", "\\Junk" },
		{ "Starred", "Markiert", "\\Flagged" }, { "Trash", "Papierkorb", "\\Trash" } };
	char name[100];

	*s = (struct store){
		.modseq = 1000, .next_msgid = 1700000000000000000, .next_uidvalidity = 1
	};
	store_create(s, "INBOX", "");
	store_create(s, "[Gmail]", "\\Noselect");
	for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
		snprintf(name, sizeof name, "[Gmail]/%s", special[i][localised]);
		store_create(s, name, special[i][2]);
	}
}

struct entry *box_entry(const struct box *b, uint32_t uid)
{
	for (size_t lo = 0, hi = b->count; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->entries[mid].uid == uid)
			return &b->entries[mid];
		if (b->entries[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct entry *box_showing(const struct box *b, const struct message *m)
{
	for (size_t i = b->count; i > 0; i--) {
		if (b->entries[i - 1].message == m)
			return &b->entries[i - 1];
	}
	return NULL;
}

static bool is(const struct box *b, const char *attr)
{
	return strcmp(b->attrs, attr) == 0;
}

/* The trash and spam hold what is nowhere else. */
static bool is_exclusive(const struct box *b)
{
	return is(b, "\\Trash") || is(b, "\\Junk");
}

/* A message has one MODSEQ, so a change of its labels is one in each mailbox that shows it. */
static void touch(struct store *s, struct message *m)
{
	m->modseq = ++s->modseq;
	for (size_t i = 0; i < s->box_count; i++) {
		if (box_showing(s->boxes[i], m) != NULL)
			s->boxes[i]->modseq = m->modseq;
	}
}

static uint32_t show(struct store *s, struct box *b, struct message *m)
{
	struct entry *e = box_showing(b, m);

	if (e != NULL)
		return e->uid;
	b->entries = more(b->entries, b->count, &b->cap, sizeof *b->entries);
	e = &b->entries[b->count++];
	*e = (struct entry){ .uid = b->uidnext++, .message = m };
	m->places++;
	touch(s, m);
	return e->uid;
}

static void hide(struct store *s, struct box *b, struct message *m)
{
	struct entry *e = box_showing(b, m);

	if (e == NULL)
		return;
	memmove(e, e + 1, (size_t)(b->entries + b->count - e - 1) * sizeof *e);
	b->count--;
	m->places--;
	touch(s, m);
	b->modseq = m->modseq;
}

static void hide_everywhere(struct store *s, struct message *m, const struct box *but)
{
	for (size_t i = 0; i < s->box_count; i++) {
		if (s->boxes[i] != but)
			hide(s, s->boxes[i], m);
	}
}

uint32_t store_label(struct store *s, struct box *b, struct message *m)
{
	uint32_t uid;

	if (is_exclusive(b)) {
		uid = show(s, b, m);
		hide_everywhere(s, m, b);
		return uid;
	}
	hide(s, store_special(s, "\\Trash"), m);
	hide(s, store_special(s, "\\Junk"), m);
	show(s, store_special(s, "\\All"), m);
	uid = show(s, b, m);
	if (is(b, "\\Flagged") && !(m->flags & FLAGGED))
		store_flags(s, m, m->flags | FLAGGED);
	return uid;
}

void store_unlabel(struct store *s, struct box *b, struct message *m)
{
	if (is(b, "\\All"))
		return;
	if (is(b, "\\Flagged"))
		store_flags(s, m, m->flags & ~(uint32_t)FLAGGED);
	hide(s, b, m);
}

void store_flags(struct store *s, struct message *m, uint32_t flags)
{
	struct box *starred = store_special(s, "\\Flagged");

	if (flags == m->flags)
		return;
	m->flags = flags;
	touch(s, m);
	if (!(flags & FLAGGED))
		hide(s, starred, m);
	else if (box_showing(store_special(s, "\\All"), m) != NULL)
		show(s, starred, m);
}

/* The header's Message-ID, or "". */
static char *message_id(const char *bytes, size_t n)
{
	for (const char *p = bytes; p < bytes + n && *p != '\r' && *p != '\n';) {
		const char *end = memchr(p, '\n', (size_t)(bytes + n - p));

		if (end == NULL)
			break;
		if (strncasecmp(p, "Message-ID:", 11) == 0) {
			for (p += 11; *p == ' '; p++)
				;
			return strndup(p, strcspn(p, "\r\n"));
		}
		p = end + 1;
	}
	return strdup("");
}

static struct message *find_message(const struct store *s, const char *id)
{
	for (size_t i = 0; i < s->box_count && *id != '\0'; i++) {
		for (size_t k = 0; k < s->boxes[i]->count; k++) {
			if (strcmp(s->boxes[i]->entries[k].message->id, id) == 0)
				return s->boxes[i]->entries[k].message;
		}
	}
	return NULL;
}

uint32_t store_append(
	struct store *s, struct box *b, const char *bytes, size_t n, uint32_t flags, time_t date)
{
	char *id = message_id(bytes, n);
	struct message *m = s->twice ? NULL : find_message(s, id);

	if (m != NULL) {
		free(id);
		return store_label(s, b, m);
	}
	m = calloc(1, sizeof *m);
	if (m == NULL || (m->bytes = malloc(n + 1)) == NULL)
		exit(1);
	memcpy(m->bytes, bytes, n);
	m->bytes[n] = '\0';
	m->n = n;
	m->id = id;
	m->date = date;
	m->msgid = m->thrid = s->next_msgid++;
	m->flags = flags & ~(uint32_t)FLAGGED;
	store_label(s, b, m);
	if (flags & FLAGGED)
		store_flags(s, m, flags);
	/* The mailboxes keep it. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	return box_showing(b, m)->uid;
}

void store_delete_box(struct store *s, struct box *b)
{
	size_t at = 0;

	while (s->boxes[at] != b)
		at++;
	for (size_t i = 0; i < b->count; i++)
		b->entries[i].message->places--;
	memmove(&s->boxes[at], &s->boxes[at + 1], (s->box_count - at - 1) * sizeof(void *));
	s->box_count--;
	s->modseq++;
	/* b itself stays: sessions may have it selected. */
}

uint32_t store_keyword(struct store *s, const char *name)
{
	for (size_t i = 0; i < s->keyword_count; i++) {
		if (strcasecmp(s->keywords[i], name) == 0)
			return (uint32_t)KEYWORD << i;
	}
	if (s->keyword_count == KEYWORDS_MAX)
		return 0;
	s->keywords[s->keyword_count] = strdup(name);
	return (uint32_t)KEYWORD << s->keyword_count++;
}

/* --- sample mail ----------------------------------------------------------------------------- */

static uint32_t roll(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static size_t write_sample(char *out, unsigned number, uint64_t *random)
{
	static const char words[] = "the wind is from the north and the sea is grey at night ";
	size_t body = 1000 + roll(random) % (roll(random) % 10 == 0 ? 60000 : 12000);
	size_t n = (size_t)sprintf(out,
		"Received: from mail.example.org by mx.google.com\r\nFrom: Somebody "
		"<a%u@example.org>\r\n"
		"To: somebody@gmail.com\r\nSubject: sample %u\r\nMessage-ID: <fill%u@x>\r\n"
		"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n",
		number % 97, number, number);

	for (size_t i = 0; i < body; i++) {
		if (i % 72 == 70) {
			out[n++] = '\r';
			out[n++] = '\n';
		}
		out[n++] = words[(i + roll(random) % 3) % (sizeof words - 1)];
	}
	out[n++] = '\r';
	out[n++] = '\n';
	return n;
}

void store_fill(struct store *s, unsigned count)
{
	static const char *const names[] = { "INBOX", "Work", "Travel/2026", "Lists", "Family" };
	enum { LABELS = sizeof names / sizeof *names };
	struct box *boxes[LABELS];
	char *text = malloc(100000);
	uint64_t random = 5;

	for (size_t i = 0; i < LABELS && count > 0; i++) {
		boxes[i] = store_box(s, names[i]);
		if (boxes[i] == NULL)
			boxes[i] = store_create(s, names[i], "");
	}
	for (unsigned i = 0; i < count && text != NULL; i++) {
		size_t n = write_sample(text, i, &random);
		struct message *m;
		uint32_t first = roll(&random) % LABELS, more = roll(&random) % 5, uid;

		uid = store_append(s, boxes[first], text, n, roll(&random) % 3 == 0 ? 0 : SEEN,
			1700000000 + (time_t)i * 600);
		m = box_entry(boxes[first], uid)->message;
		for (uint32_t k = 1; k <= (more * 3 + 3) / 6; k++) /* 0, 1, 1, 2, 2 more */
			store_label(s, boxes[(first + k) % LABELS], m);
	}
	free(text);
}
