/* SPDX-License-Identifier: ISC */
/* tests/odd/boxes.c - commands about mailboxes, and those that put messages into them or take them out. */
#include "imap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* --- mailboxes ------------------------------------------------------------------------------- */

static void answer_status(
	struct server *s, struct conn *c, const struct mailbox *b, const struct token *items)
{
	struct text *t = answer_text(c, 0);
	const char *blank = "";

	put(t, "* STATUS ");
	put_name(t, b->name);
	put(t, " (");
	for (; items->kind == 'w'; items++) {
		const char *item = items->p;
		unsigned long long n = 0;

		if (strcasecmp(item, "MESSAGES") == 0)
			n = b->count - mail_first(b);
		else if (strcasecmp(item, "UIDNEXT") == 0)
			n = mail_uidnext(&s->mail, b);
		else if (strcasecmp(item, "UIDVALIDITY") == 0)
			n = b->uidvalidity;
		else if (strcasecmp(item, "HIGHESTMODSEQ") == 0)
			n = b->modseq;
		else if (strcasecmp(item, "RECENT") != 0 && strcasecmp(item, "UNSEEN") != 0)
			continue;
		put(t, "%s%s %llu", blank, item, n);
		blank = " ";
	}
	put(t, ")\r\n");
}

static void answer_list(struct server *s, struct conn *c, const struct mailbox *b, bool subscribed)
{
	struct text *t = answer_text(c, 0);

	put(t, "* LIST (%s%s%s%s%s) \"%c\" ", b->noselect ? "\\Noselect" : "\\HasNoChildren",
		subscribed && !b->unsubscribed ? " \\Subscribed" : "", b->use[0] == '\0' ? "" : " ",
		b->use, "", s->mail.delimiter);
	put_name(t, b->name);
	put(t, "\r\n");
}

/* "%" stands for anything without the delimiter. */
static bool list_fits(const char *pattern, const char *name, char delimiter)
{
	for (; *pattern != '\0'; pattern++, name++) {
		if (*pattern == '*' || *pattern == '%') {
			for (const char *p = name;; p++) {
				if (list_fits(pattern + 1, p, delimiter))
					return true;
				if (*p == '\0' || (*pattern == '%' && *p == delimiter))
					return false;
			}
		}
		if (*pattern != *name)
			return false;
	}
	return *name == '\0';
}

void do_list(struct server *s, struct conn *c, struct request *r)
{
	const char *pattern = r->t[0].kind == 'w' && r->t[1].kind == 'w' ? r->t[1].p : "*";
	const struct token *status = NULL;
	bool subscribed = false;

	for (const struct token *t = r->t; t->kind != 0; t++) {
		if (t->kind == 'w' && strcasecmp(t->p, "STATUS") == 0 && t[1].kind == '(')
			status = t + 2;
		else if (t->kind == 'w' && strcasecmp(t->p, "SUBSCRIBED") == 0)
			subscribed = true;
	}
	for (const struct mailbox *b = s->mail.boxes; b != NULL; b = b->next) {
		if (!list_fits(pattern, b->name, s->mail.delimiter) &&
			!(strcasecmp(pattern, "INBOX") == 0 && strcasecmp(b->name, "INBOX") == 0))
			continue;
		answer_list(s, c, b, subscribed);
		if (status != NULL && !b->noselect)
			answer_status(s, c, b, status);
	}
	answer_done(c, "OK listed");
}

void do_lsub(struct server *s, struct conn *c, struct request *r)
{
	(void)r; /* all of them are asked for */
	for (const struct mailbox *b = s->mail.boxes; b != NULL; b = b->next) {
		struct text *t = b->unsubscribed ? NULL : answer_text(c, 0);

		if (t == NULL)
			continue;
		put(t, "* LSUB () \"%c\" ", s->mail.delimiter);
		put_name(t, b->name);
		put(t, "\r\n");
	}
	answer_done(c, "OK listed");
}

static struct mailbox *named(struct server *s, struct conn *c, const struct token *t)
{
	struct mailbox *b = t->kind == 'w' ? mail_box(&s->mail, t->p) : NULL;

	if (b == NULL || b->noselect) {
		answer_done(c, "NO [NONEXISTENT] no such mailbox");
		return NULL;
	}
	return b;
}

void do_status(struct server *s, struct conn *c, struct request *r)
{
	struct mailbox *b = named(s, c, r->t);

	if (b == NULL)
		return;
	answer_status(s, c, b, r->t[1].kind == '(' ? r->t + 2 : r->t + 1);
	answer_done(c, "OK done");
}

static void unselect(struct conn *c)
{
	c->selected = NULL;
	c->view_count = 0;
}

/* RFC 7162, 3.2.5: what vanished and changed since. */
static void answer_qresync(struct server *s, struct conn *c, const struct token *t)
{
	const struct mailbox *b = c->selected;
	uint64_t since;

	if (t[0].kind != 'w' || t[1].kind != 'w' || strtoul(t[0].p, NULL, 10) != b->uidvalidity)
		return;
	since = strtoull(t[1].p, NULL, 10);
	for (size_t i = 0; i < b->gone_count; i++) {
		if (b->gone[i].modseq > since)
			answer_line(c, 0, "* VANISHED (EARLIER) %u", b->gone[i].uid);
	}
	for (size_t i = mail_first(b); i < b->count; i++) {
		if (b->messages[i].modseq > since)
			answer_flags(s, c, &b->messages[i], true);
	}
}

void do_select(struct server *s, struct conn *c, struct request *r)
{
	struct mailbox *b;
	struct text *t;
	const struct token *qresync = NULL;

	unselect(c);
	if (s->wants_id && !c->told_id) {
		answer_done(c, "NO Unsafe Login. Please contact the administrator");
		return;
	}
	b = named(s, c, r->t);
	if (b == NULL)
		return;
	for (struct token *p = r->t + 1; p->kind != 0; p++) {
		if (p->kind == 'w' && strcasecmp(p->p, "CONDSTORE") == 0)
			c->condstore = true;
		else if (p->kind == 'w' && strcasecmp(p->p, "QRESYNC") == 0 && p[1].kind == '(')
			qresync = p + 2;
	}
	c->examined = strncasecmp(r->c.line, "EXAMINE", 7) == 0;
	c->selected = b;
	view_look(c);
	t = answer_text(c, 0);
	put(t, "* FLAGS ");
	mail_put_flags(t, &s->mail, (1ull << (SYSTEM_FLAGS + s->mail.keyword_count)) - 1);
	put(t, "\r\n");
	t = answer_text(c, 0);
	put(t, "* OK [PERMANENTFLAGS ");
	mail_put_flags(t, &s->mail, (1ull << (SYSTEM_FLAGS + s->mail.keyword_count)) - 1);
	t->p[--t->n] = '\0';
	put(t, " \\*)] flags\r\n");
	answer_line(c, 0, "* %zu EXISTS", c->view_count);
	answer_line(c, 0, "* 0 RECENT");
	answer_line(c, 0, "* OK [UIDVALIDITY %u] UIDs", b->uidvalidity);
	answer_line(c, 0, "* OK [UIDNEXT %u] next", mail_uidnext(&s->mail, b));
	if (server_has(s, "CONDSTORE") || server_has(s, "QRESYNC"))
		answer_line(
			c, 0, "* OK [HIGHESTMODSEQ %llu] highest", (unsigned long long)b->modseq);
	if (qresync != NULL)
		answer_qresync(s, c, qresync);
	answer_done(c, "OK [%s] selected", c->examined || b->readonly ? "READ-ONLY" : "READ-WRITE");
}

void do_unselect(struct server *s, struct conn *c, struct request *r)
{
	(void)s;
	(void)r;
	unselect(c);
	answer_done(c, "OK done");
}

void do_create(struct server *s, struct conn *c, struct request *r)
{
	const char *name = r->t[0].kind == 'w' ? r->t[0].p : "";

	if (mail_box(&s->mail, name) != NULL) {
		answer_done(c, "NO [ALREADYEXISTS] it exists");
		return;
	}
	name = rules_created_as(s->rules, name);
	if (name != NULL && mail_box(&s->mail, name) == NULL)
		mail_create(&s->mail, name)->unsubscribed = true;
	answer_done(c, "OK created");
}

void do_delete(struct server *s, struct conn *c, struct request *r)
{
	struct mailbox *b = named(s, c, r->t);

	if (b == NULL)
		return;
	for (struct conn *o = s->conns; o != NULL; o = o->next) {
		if (o->selected == b)
			unselect(o);
	}
	mail_remove(&s->mail, b);
	answer_done(c, "OK deleted");
}

void do_rename(struct server *s, struct conn *c, struct request *r)
{
	struct mailbox *b = named(s, c, r->t);
	const char *to = r->t[1].kind == 'w' ? r->t[1].p : "";
	size_t n;

	if (b == NULL)
		return;
	if (*to == '\0' || mail_box(&s->mail, to) != NULL) {
		answer_done(c, "NO [ALREADYEXISTS] it exists");
		return;
	}
	n = strlen(r->t[0].p);
	for (b = s->mail.boxes; b != NULL; b = b->next) {
		if (strncmp(b->name, r->t[0].p, n) == 0 &&
			(b->name[n] == '\0' || b->name[n] == s->mail.delimiter)) {
			char *name = printed("%s%s", to, b->name + n);

			free(b->name);
			b->name = name;
		}
	}
	answer_done(c, "OK renamed");
}

void do_subscribe(struct server *s, struct conn *c, struct request *r)
{
	struct mailbox *b = r->t[0].kind == 'w' ? mail_box(&s->mail, r->t[0].p) : NULL;

	if (b != NULL)
		b->unsubscribed = strncasecmp(r->c.line, "UNSUBSCRIBE", 11) == 0;
	answer_done(c, "OK done");
}

/* --- changing messages ----------------------------------------------------------------------- */

static int64_t date_of(const char *s)
{
	struct tm tm = { 0 };
	const char *zone = strptime(s, "%d-%b-%Y %H:%M:%S", &tm);
	long shift = zone == NULL ? 0 : strtol(zone, NULL, 10);

	return zone == NULL ? 0 : (int64_t)timegm(&tm) - (shift / 100 * 3600 + shift % 100 * 60);
}

/* What the server keeps of it; NULL: nothing, though it says OK. */
static struct version *to_store(struct server *s, const struct token *literal)
{
	struct version *sent = mail_identify(&s->mail, literal->p, literal->n), *kept;
	struct letter *letter = sent != NULL ? sent->letter : NULL;
	struct text t = { 0 };

	put_bytes(&t, literal->p, literal->n);
	if (!rules_store(s->rules, &t)) {
		text_free(&t);
		return NULL;
	}
	if (letter == NULL)
		letter = mail_letter(&s->mail, "unknown");
	kept = mail_version(&s->mail, letter, t.p, t.n);
	kept->altered = kept->altered || kept != sent;
	text_free(&t);
	return kept;
}

void do_append(struct server *s, struct conn *c, struct request *r)
{
	struct mailbox *b = r->t[0].kind == 'w' ? mail_box(&s->mail, r->t[0].p) : NULL;
	struct token *t = r->t + 1;
	struct text uids = { 0 };

	if (b == NULL) {
		answer_done(c, "NO [TRYCREATE] no such mailbox");
		return;
	}
	while (t->kind != 0) {
		uint64_t flags = 0;
		int64_t date = time(NULL);
		struct version *v;

		if (t->kind == '(') {
			for (t++; t->kind == 'w'; t++)
				flags |= mail_flag_bit(&s->mail, t->p, true);
			t++;
		}
		if (t->kind == 'w' && t[1].kind == 'w' && date_of(t->p) != 0)
			date = date_of((t++)->p);
		if (t->kind != 'w')
			break;
		v = to_store(s, t++);
		if (v == NULL)
			put(&uids, "%s%u", uids.n == 0 ? "" : ",", b->uidnext++);
		else
			put(&uids, "%s%u", uids.n == 0 ? "" : ",",
				mail_store(b, v, flags, date)->uid);
	}
	view_add_changes(c);
	if (server_has(s, "UIDPLUS") && !s->no_appenduid && uids.n > 0)
		answer_done(c, "OK [APPENDUID %u %s] done", b->uidvalidity, uids.p);
	else
		answer_done(c, "OK done");
	text_free(&uids);
}

void do_copy(struct server *s, struct conn *c, struct request *r)
{
	bool move = strcmp(r->c.kind, "move") == 0;
	struct mailbox *to =
		r->t[0].kind == 'w' && r->t[1].kind == 'w' ? mail_box(&s->mail, r->t[1].p) : NULL;
	struct text from_uids = { 0 }, to_uids = { 0 };
	bool skips_copy = rules_skip(s->rules, "copy");
	bool skips_remove = rules_skip(s->rules, "remove");

	if (to == NULL) {
		answer_done(c, "NO [TRYCREATE] no such mailbox");
		return;
	}
	for (size_t i = 0; i < c->view_count; i++) {
		struct message *m = mail_message(c->selected, c->view[i]);
		struct message was;

		if (m == NULL || !view_has(c, r, r->t[0].p, i) ||
			rules_skip_uid(s->rules, c->view[i]))
			continue;
		was = *m;
		if (move && !skips_remove)
			mail_expunge(c->selected, m);
		if (skips_copy)
			continue;
		put(&from_uids, "%s%u", from_uids.n == 0 ? "" : ",", was.uid);
		put(&to_uids, "%s%u", to_uids.n == 0 ? "" : ",",
			mail_store(to, was.version, was.flags, was.date)->uid);
	}
	if (from_uids.n > 0 && server_has(s, "UIDPLUS") && move)
		answer_line(c, 0, "* OK [COPYUID %u %s %s] done", to->uidvalidity, from_uids.p,
			to_uids.p);
	view_add_changes(c);
	if (from_uids.n > 0 && server_has(s, "UIDPLUS") && !move)
		answer_done(
			c, "OK [COPYUID %u %s %s] done", to->uidvalidity, from_uids.p, to_uids.p);
	else
		answer_done(c, "OK done");
	text_free(&from_uids);
	text_free(&to_uids);
}

void do_expunge(struct server *s, struct conn *c, struct request *r)
{
	(void)s;
	for (size_t i = c->view_count; i-- > 0;) {
		struct message *m = mail_message(c->selected, c->view[i]);

		if (m != NULL && (m->flags & DELETED) != 0 &&
			(!r->uid || view_has(c, r, r->t[0].p, i)))
			mail_expunge(c->selected, m);
	}
	view_add_changes(c);
	answer_done(c, "OK done");
}
