/* SPDX-License-Identifier: ISC */
/* tests/odd/mail.c - what the server holds, and the letters that a case knows. */
#include "mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const system_flags[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Draft",
	"\\Deleted" };

/* --- letters --------------------------------------------------------------------------------- */

struct letter *mail_letter(struct mail *m, const char *home)
{
	struct letter *l = need(calloc(1, sizeof *l));

	l->number = 1;
	for (const struct letter *o = m->letters; o != NULL; o = o->next) {
		if (strcmp(o->home, home) == 0 && o->number >= l->number)
			l->number = o->number + 1;
	}
	l->home = copy_of(home);
	l->name = printed("%s:%u", home, l->number);
	l->next = m->letters;
	m->letters = l;
	return l;
}

struct letter *mail_find_letter(struct mail *m, const char *home, unsigned number)
{
	for (struct letter *l = m->letters; l != NULL; l = l->next) {
		if (l->number == number && strcmp(l->home, home) == 0)
			return l;
	}
	return NULL;
}

/* Of the content with LF; several CR before one are as one, as nobody can tell which was meant. */
static uint64_t print_of(const char *p, size_t n)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < n; i++) {
		size_t cr = i;

		while (cr < n && p[cr] == '\r')
			cr++;
		if (cr > i && cr < n && p[cr] == '\n')
			i = cr;
		h = (h ^ (unsigned char)p[i]) * 1099511628211u;
	}
	return h;
}

struct version *mail_identify(struct mail *m, const char *p, size_t n)
{
	uint64_t print = print_of(p, n);

	for (struct version *v = m->versions; v != NULL; v = v->next) {
		if (v->print == print)
			return v;
	}
	return NULL;
}

struct version *mail_version(struct mail *m, struct letter *letter, const char *p, size_t n)
{
	struct version *v = mail_identify(m, p, n);
	struct text t = { 0 };

	if (v != NULL)
		return v;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			put_bytes(&t, "\r", 1);
		put_bytes(&t, p + i, 1);
	}
	put_bytes(&t, "", 0);
	v = need(calloc(1, sizeof *v));
	v->p = t.p;
	v->n = t.n;
	v->print = print_of(t.p, t.n);
	v->letter = letter;
	v->next = m->versions;
	m->versions = v;
	return v;
}

struct text mail_compose(const struct letter *letter, size_t size)
{
	struct text t = { 0 };

	put(&t,
		"Received: from odd.example by odd.example with ESMTP id %s;\r\n"
		"\tTue, 14 Nov 2023 22:13:%02u +0000\r\n"
		"Date: Tue, 14 Nov 2023 22:13:%02u +0000\r\n"
		"From: Somebody <somebody@odd.example>\r\nTo: me@odd.example\r\n"
		"Subject: Letter %s, version %u\r\nMessage-ID: <%zx.%u.%u@odd.example>\r\n\r\n"
		"This is %s, version %u.\r\n",
		letter->name, letter->number % 60, letter->number % 60, letter->name,
		letter->rewritten, strlen(letter->home),
		(unsigned)print_of(letter->home, strlen(letter->home)), letter->number,
		letter->name, letter->rewritten);
	for (unsigned line = 1; t.n < size; line++)
		put(&t,
			"Line %u of a letter that goes on for a while, so that it has some "
			"size.\r\n",
			line);
	return t;
}

/* --- mailboxes ------------------------------------------------------------------------------- */

struct mailbox *mail_box(struct mail *m, const char *name)
{
	for (struct mailbox *b = m->boxes; b != NULL; b = b->next) {
		if (strcmp(b->name, name) == 0 ||
			(strcasecmp(name, "INBOX") == 0 && strcasecmp(b->name, "INBOX") == 0))
			return b;
	}
	return NULL;
}

struct mailbox *mail_create(struct mail *m, const char *name)
{
	struct mailbox *b = need(calloc(1, sizeof *b)), **at = &m->boxes;

	b->name = copy_of(name);
	b->uidvalidity = m->uidvalidity++;
	b->uidnext = 1;
	b->modseq = 1;
	while (*at != NULL)
		at = &(*at)->next;
	*at = b;
	return b;
}

static void free_box(struct mailbox *box)
{
	free(box->messages);
	free(box->gone);
	free(box->name);
	free(box);
}

void mail_remove(struct mail *m, struct mailbox *box)
{
	struct mailbox **at = &m->boxes;

	while (*at != box)
		at = &(*at)->next;
	*at = box->next;
	free_box(box);
}

struct mailbox *mail_copy(const struct mailbox *box)
{
	struct mailbox *b = need(malloc(sizeof *b));

	*b = *box;
	b->next = NULL;
	b->name = copy_of(box->name);
	b->cap = box->count + 1;
	b->messages = need(calloc(b->cap, sizeof *b->messages));
	b->gone = need(calloc(box->gone_count + 1, sizeof *b->gone));
	if (box->count > 0)
		memcpy(b->messages, box->messages, box->count * sizeof *b->messages);
	if (box->gone_count > 0)
		memcpy(b->gone, box->gone, box->gone_count * sizeof *b->gone);
	return b;
}

size_t mail_first(const struct mailbox *box)
{
	return box->view > 0 && box->count > box->view ? box->count - box->view : 0;
}

uint32_t mail_uidnext(const struct mail *m, const struct mailbox *box)
{
	if (m->uidnext_follows)
		return box->count == 0 ? 1 : box->messages[box->count - 1].uid + 1;
	return box->uidnext;
}

struct message *mail_store(struct mailbox *box, struct version *v, uint64_t flags, int64_t date)
{
	struct message *message;

	if (box->count == box->cap) {
		box->cap = box->cap * 2 + 16;
		box->messages = need(realloc(box->messages, box->cap * sizeof *box->messages));
	}
	message = &box->messages[box->count++];
	*message = (struct message){ .uid = box->uidnext++,
		.flags = flags,
		.modseq = ++box->modseq,
		.date = date,
		.version = v };
	return message;
}

struct message *mail_message(struct mailbox *box, uint32_t uid)
{
	for (size_t i = 0; i < box->count; i++) {
		if (box->messages[i].uid == uid)
			return &box->messages[i];
	}
	return NULL;
}

void mail_expunge(struct mailbox *box, struct message *message)
{
	size_t at = (size_t)(message - box->messages);

	box->gone = need(realloc(box->gone, (box->gone_count + 1) * sizeof *box->gone));
	box->gone[box->gone_count++] = (struct gone){ message->uid, ++box->modseq };
	memmove(message, message + 1, (box->count - at - 1) * sizeof *message);
	box->count--;
}

void mail_flag(struct mailbox *box, struct message *message, uint64_t flags)
{
	if (message->flags == flags)
		return;
	message->flags = flags;
	message->modseq = ++box->modseq;
}

/* --- flags ----------------------------------------------------------------------------------- */

uint64_t mail_flag_bit(struct mail *m, const char *name, bool make)
{
	for (size_t i = 0; i < SYSTEM_FLAGS; i++) {
		if (strcasecmp(system_flags[i], name) == 0)
			return 1ull << i;
	}
	for (size_t i = 0; i < m->keyword_count; i++) {
		if (strcasecmp(m->keywords[i], name) == 0)
			return 1ull << (SYSTEM_FLAGS + i);
	}
	if (!make || *name == '\\' || m->keyword_count == KEYWORDS_MAX)
		return 0;
	m->keywords[m->keyword_count] = copy_of(name);
	return 1ull << (SYSTEM_FLAGS + m->keyword_count++);
}

void mail_put_flags(struct text *t, const struct mail *m, uint64_t flags)
{
	const char *space = "";

	put(t, "(");
	for (size_t i = 0; i < SYSTEM_FLAGS + m->keyword_count; i++) {
		if ((flags & 1ull << i) == 0)
			continue;
		put(t, "%s%s", space,
			i < SYSTEM_FLAGS ? system_flags[i] : m->keywords[i - SYSTEM_FLAGS]);
		space = " ";
	}
	put(t, ")");
}
