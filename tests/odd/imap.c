/* SPDX-License-Identifier: ISC */
/* tests/odd/imap.c - the server's commands; boxes.c and fetch.c have those about mailboxes and messages. */
#include "imap.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* --- answers --------------------------------------------------------------------------------- */

struct text *answer_text(struct conn *c, uint32_t uid)
{
	struct unit *u = answer_add(&c->answer, c->answer.count);

	u->uid = uid;
	put(&u->text, "%s", "");
	return &u->text;
}

static void put_line(struct text *t, const char *format, va_list args)
{
	char *line;

	if (vasprintf(&line, format, args) < 0)
		need(NULL);
	put(t, "%s\r\n", line);
	free(line);
}

void answer_line(struct conn *c, uint32_t uid, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(answer_text(c, uid), format, args);
	va_end(args);
}

void answer_done(struct conn *c, const char *format, ...)
{
	struct text *t = answer_text(c, 0);
	va_list args;

	c->answer.units[c->answer.count - 1].tagged = true;
	put(t, "%s ", c->tag);
	va_start(args, format);
	put_line(t, format, args);
	va_end(args);
}

void put_name(struct text *t, const char *name)
{
	put_quoted(t, name);
}

/* --- the view of a connection ---------------------------------------------------------------- */

size_t view_find(const struct conn *c, uint32_t uid)
{
	size_t i = 0;

	while (i < c->view_count && c->view[i] != uid)
		i++;
	return i;
}

bool view_has(const struct conn *c, const struct request *r, const char *set, size_t at)
{
	uint32_t last = c->view_count == 0 ? 0
			: r->uid           ? c->view[c->view_count - 1]
					   : (uint32_t)c->view_count;

	return in_set(set, r->uid ? c->view[at] : (uint32_t)at + 1, last);
}

void view_look(struct conn *c)
{
	const struct mailbox *b = c->selected;
	size_t first = mail_first(b);

	c->view_count = b->count - first;
	c->view = need(realloc(c->view, (c->view_count + 1) * sizeof *c->view));
	for (size_t i = 0; i < c->view_count; i++)
		c->view[i] = b->messages[first + i].uid;
}

static void tell_expunged(struct conn *c, size_t at)
{
	if (c->qresync)
		answer_line(c, 0, "* VANISHED %u", c->view[at]);
	else
		answer_line(c, 0, "* %zu EXPUNGE", at + 1);
	c->view_count--;
	memmove(c->view + at, c->view + at + 1, (c->view_count - at) * sizeof *c->view);
}

/* What others did to the selected mailbox. */
void view_add_changes(struct conn *c)
{
	size_t before;

	if (c->selected == NULL)
		return;
	for (size_t i = c->view_count; i-- > 0;) {
		if (mail_message(c->selected, c->view[i]) == NULL)
			tell_expunged(c, i);
	}
	before = c->view_count;
	view_look(c);
	if (c->view_count != before)
		answer_line(c, 0, "* %zu EXISTS", c->view_count);
}

void imap_tell_changes(struct server *s, struct conn *c)
{
	struct text t = { 0 };

	view_add_changes(c);
	for (size_t i = 0; i < c->answer.count; i++)
		put_bytes(&t, c->answer.units[i].text.p, c->answer.units[i].text.n);
	conn_send(s, c, t.p == NULL ? "" : t.p, t.n);
	text_free(&t);
	answer_free(&c->answer);
}

/* --- connecting ------------------------------------------------------------------------------ */

static struct text caps_of(const struct server *s)
{
	struct text t = { 0 };

	put(&t, "CAPABILITY%.*s", (int)strlen(s->caps) - 1, s->caps);
	return t;
}

static void send_answer(struct server *s, struct conn *c)
{
	struct text out = { 0 };
	unsigned delay = 0;
	struct timespec now;

	conn_then(c, rules_apply(s->rules, &c->answer, &out, &delay));
	if (c->answer.stream != NULL) {
		c->stream = c->answer.stream;
		c->answer.stream = NULL;
		put(&s->trace, "%u< ... %s ...\n", c->number, c->stream->text);
	}
	conn_send(s, c, out.p == NULL ? "" : out.p, out.n);
	text_free(&out);
	answer_free(&c->answer);
	if (delay > 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		c->not_before = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + delay;
	}
}

void imap_greet(struct server *s, struct conn *c)
{
	struct command command = { .kind = "greeting", .line = "", .mailbox = "", .set = "" };
	struct text caps = caps_of(s), out = { 0 };
	enum and_then then;

	c->tag = copy_of("*");
	rules_begin(s->rules, &command, false);
	if (rules_refuse(s->rules, BEFORE, "*", &out, &then)) {
		conn_send(s, c, out.p == NULL ? "" : out.p, out.n);
		conn_then(c, then);
	} else {
		answer_done(c, "OK [%s] odd", caps.p);
		send_answer(s, c);
	}
	text_free(&out);
	text_free(&caps);
}

static void signed_in(struct server *s, struct conn *c)
{
	struct text caps = caps_of(s);

	c->signed_in = true;
	answer_done(c, "OK [%s] welcome", caps.p);
	text_free(&caps);
}

static void do_login(struct server *s, struct conn *c, struct request *r)
{
	s->logins++;
	if (strncasecmp(r->c.line, "AUTHENTICATE", 12) == 0 && r->t[0].kind == 'w' &&
		r->t[1].kind == 0) {
		c->authenticating = true;
		conn_send(s, c, "+ \r\n", 4);
		return;
	}
	signed_in(s, c);
}

static void do_capability(struct server *s, struct conn *c, struct request *r)
{
	struct text caps = caps_of(s);

	(void)r;
	answer_line(c, 0, "* %s", caps.p);
	answer_done(c, "OK done");
	text_free(&caps);
}

static void do_enable(struct server *s, struct conn *c, struct request *r)
{
	struct text t = { 0 };

	put(&t, "* ENABLED");
	for (size_t i = 0; r->t[i].kind == 'w'; i++) {
		if (!server_has(s, r->t[i].p))
			continue;
		put(&t, " %s", r->t[i].p);
		c->condstore = c->condstore || strcasecmp(r->t[i].p, "CONDSTORE") == 0;
		c->qresync = c->qresync || strcasecmp(r->t[i].p, "QRESYNC") == 0;
	}
	c->condstore = c->condstore || c->qresync;
	answer_line(c, 0, "%s", t.p);
	answer_done(c, "OK enabled");
	text_free(&t);
}

static void do_id(struct server *s, struct conn *c, struct request *r)
{
	(void)s;
	(void)r;
	c->told_id = true;
	answer_line(c, 0, "* ID (\"name\" \"Odd\")");
	answer_done(c, "OK done");
}

static void do_namespace(struct server *s, struct conn *c, struct request *r)
{
	(void)r;
	if (s->namespaces != NULL)
		answer_line(c, 0, "* NAMESPACE %s", s->namespaces);
	else
		answer_line(c, 0, "* NAMESPACE ((\"\" \"%c\")) NIL NIL", s->mail.delimiter);
	answer_done(c, "OK done");
}

static void do_nothing(struct server *s, struct conn *c, struct request *r)
{
	(void)s;
	(void)r;
	answer_done(c, "OK done");
}

static void do_logout(struct server *s, struct conn *c, struct request *r)
{
	(void)s;
	(void)r;
	answer_line(c, 0, "* BYE bye");
	answer_done(c, "OK done");
	c->closing = true;
}

static void do_idle(struct server *s, struct conn *c, struct request *r)
{
	(void)r;
	c->idling = true;
	conn_send(s, c, "+ idling\r\n", 10);
	imap_tell_changes(s, c);
}

/* --- commands -------------------------------------------------------------------------------- */

static const struct {
	const char *word;
	const char *kind; /* what rules call it */
	void (*run)(struct server *s, struct conn *c, struct request *r);
	const char *cap; /* NULL: none is needed */
	bool selected, change;
} commands[] = { { "CAPABILITY", "capability", do_capability, NULL, false, false },
	{ "LOGIN", "login", do_login, NULL, false, false },
	{ "AUTHENTICATE", "login", do_login, NULL, false, false },
	{ "ENABLE", "enable", do_enable, "ENABLE", false, false },
	{ "ID", "id", do_id, "ID", false, false },
	{ "NAMESPACE", "namespace", do_namespace, "NAMESPACE", false, false },
	{ "NOOP", "noop", do_nothing, NULL, false, false },
	{ "LOGOUT", "logout", do_logout, NULL, false, false },
	{ "IDLE", "idle", do_idle, "IDLE", false, false },
	{ "LIST", "list", do_list, NULL, false, false },
	{ "LSUB", "lsub", do_lsub, NULL, false, false },
	{ "STATUS", "status", do_status, NULL, false, false },
	{ "SELECT", "select", do_select, NULL, false, false },
	{ "EXAMINE", "select", do_select, NULL, false, false },
	{ "UNSELECT", "unselect", do_unselect, "UNSELECT", true, false },
	{ "CLOSE", "unselect", do_unselect, NULL, true, false },
	{ "CREATE", "create", do_create, NULL, false, true },
	{ "DELETE", "delete", do_delete, NULL, false, true },
	{ "RENAME", "rename", do_rename, NULL, false, true },
	{ "SUBSCRIBE", "subscribe", do_subscribe, NULL, false, true },
	{ "UNSUBSCRIBE", "subscribe", do_subscribe, NULL, false, true },
	{ "APPEND", "append", do_append, NULL, false, true },
	{ "FETCH", "listing", do_fetch, NULL, true, false },
	{ "STORE", "store", do_store, NULL, true, true },
	{ "SEARCH", "search", do_search, NULL, true, false },
	{ "COPY", "copy", do_copy, NULL, true, true },
	{ "MOVE", "move", do_copy, "MOVE", true, true },
	{ "EXPUNGE", "expunge", do_expunge, NULL, true, true } };

enum { COMMANDS = sizeof commands / sizeof *commands };

static size_t find_command(const char *word)
{
	size_t i = 0;

	while (i < COMMANDS && strcasecmp(commands[i].word, word) != 0)
		i++;
	return i;
}

static const char *kind_of(size_t command, const char *line)
{
	if (command == COMMANDS)
		return "unknown";
	if (strcmp(commands[command].word, "FETCH") != 0)
		return commands[command].kind;
	if (strcasestr(line, "BODY.PEEK[]<") != NULL || strcasestr(line, "BODY[]<") != NULL)
		return "pieces";
	if (strcasestr(line, "BODY.PEEK[]") != NULL || strcasestr(line, "BODY[]") != NULL)
		return "bodies";
	return strcasestr(line, "BODY.PEEK[") != NULL ? "headers" : "listing";
}

/* Cuts a command into words and brackets, in place.  [...] in a word belongs to it. */
static size_t tokenize(char *p, const char *end, struct token *t)
{
	size_t n = 0;

	while (p < end && n + 1 < TOKENS_MAX) {
		char *from = p;

		if (*p == ' ' || *p == '\r' || *p == '\n') {
			p++;
		} else if (*p == '(' || *p == ')') {
			t[n++].kind = *p++;
		} else if (*p == '"') {
			char *out = ++from;

			for (p++; p < end && *p != '"'; p++) {
				if (*p == '\\')
					p++;
				*out++ = *p;
			}
			p++;
			t[n++] = (struct token){ 'w', from, (size_t)(out - from) };
		} else if (*p == '{') {
			size_t length = strtoul(p + 1, NULL, 10);

			from = memchr(p, '\n', (size_t)(end - p));
			from = from == NULL ? p : from + 1;
			length = length > (size_t)(end - from) ? (size_t)(end - from) : length;
			p = from + length;
			t[n++] = (struct token){ 'w', from, length };
		} else {
			int depth = 0;

			for (; p < end && *p != '\r' && *p != '\n'; p++) {
				depth += (*p == '[') - (*p == ']');
				if (depth == 0 && (*p == ' ' || *p == '(' || *p == ')'))
					break;
			}
			t[n++] = (struct token){ 'w', from, (size_t)(p - from) };
		}
	}
	t[n] = (struct token){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (t[i].kind == 'w')
			t[i].p[t[i].n] = '\0';
	}
	return n;
}

/* Reads what came of a command: the tag into c->tag, r filled.  line is owned by the caller. */
static size_t read_command(
	struct conn *c, char *text, size_t n, struct token *t, char **line, struct request *r)
{
	const char *end = memchr(text, '\r', n), *blank = memchr(text, ' ', n);
	size_t command, at = 2;

	if (end == NULL)
		end = text + n;
	*line = blank == NULL || blank > end ? copy_of("")
					     : need(strndup(blank + 1, (size_t)(end - blank - 1)));
	tokenize(text, text + n, t);
	free(c->tag);
	c->tag = copy_of(t[0].kind == 'w' ? t[0].p : "*");
	r->uid = t[0].kind == 'w' && t[1].kind == 'w' && strcasecmp(t[1].p, "UID") == 0;
	if (r->uid)
		at++;
	command = t[0].kind == 'w' && t[1].kind == 'w' && t[at - 1].kind == 'w'
			  ? find_command(t[at - 1].p)
			  : COMMANDS;
	r->t = t[0].kind == 0 || t[1].kind == 0 ? t : t + at;
	r->c = (struct command){ .kind = kind_of(command, *line), .line = *line, .set = "" };
	r->c.whole = text;
	r->c.whole_length = n;
	if (command < COMMANDS && commands[command].selected && r->t[0].kind == 'w') {
		r->c.set = r->t[0].p;
		r->c.exists = c->view_count;
		for (size_t i = 0; i < c->view_count; i++)
			r->c.asked += view_has(c, r, r->c.set, i);
	}
	r->c.mailbox = command < COMMANDS && !commands[command].selected && r->t[0].kind == 'w'
			       ? r->t[0].p
		       : c->selected != NULL ? c->selected->name
					     : "";
	return command;
}

static void count(struct server *s, const char *kind, bool change)
{
	struct count *k = s->counts;

	s->commands++;
	s->changes += change;
	while (k->kind != NULL && strcmp(k->kind, kind) != 0)
		k++;
	k->kind = kind;
	k->n++;
}

/* true: something else was sent instead. */
static bool refused(struct server *s, struct conn *c, enum stage stage)
{
	struct text out = { 0 };
	enum and_then then;
	bool is = rules_refuse(s->rules, stage, c->tag, &out, &then);

	if (is) {
		conn_send(s, c, out.p == NULL ? "" : out.p, out.n);
		conn_then(c, then);
	}
	text_free(&out);
	return is;
}

static void run_command(struct server *s, struct conn *c)
{
	static struct token tokens[TOKENS_MAX];
	struct request r;
	char *line;
	size_t command = read_command(c, c->written_in.p, c->written_in.n, tokens, &line, &r);
	bool known = command < COMMANDS &&
		     (commands[command].cap == NULL || server_has(s, commands[command].cap));

	count(s, r.c.kind, known && commands[command].change);
	rules_begin(s->rules, &r.c, c->begun);
	c->begun = false;
	if (!refused(s, c, BEFORE)) {
		if (!known)
			answer_done(c, "BAD what?");
		else if (commands[command].selected && c->selected == NULL)
			answer_done(c, "BAD nothing is selected");
		else
			commands[command].run(s, c, &r);
		if (c->answer.count > 0)
			send_answer(s, c);
	}
	free(line);
}

/* --- input ----------------------------------------------------------------------------------- */

/* A literal is announced: asked for, or what carries it is refused.  false: refused. */
static bool ask_for_literal(struct server *s, struct conn *c)
{
	static struct token tokens[TOKENS_MAX];
	struct text copy = { 0 };
	struct request r;
	char *line;
	bool ok = true;

	if (!c->begun) {
		put_bytes(&copy, c->written_in.p, c->written_in.n);
		read_command(c, copy.p, copy.n, tokens, &line, &r);
		r.c.whole = NULL;
		rules_begin(s->rules, &r.c, false);
		c->begun = true;
		ok = !refused(s, c, BEFORE_LITERAL);
		if (!ok)
			count(s, r.c.kind, false);
		free(line);
		text_free(&copy);
	}
	if (ok)
		conn_send(s, c, "+ go on\r\n", 9);
	return ok;
}

/* The line that was just read ends in {n} or {n+}. */
static bool literal_follows(const struct text *t, size_t *length, bool *wait)
{
	size_t n = t->n;

	while (n > 0 && (t->p[n - 1] == '\r' || t->p[n - 1] == '\n'))
		n--;
	if (n < 3 || t->p[n - 1] != '}')
		return false;
	*wait = t->p[n - 2] != '+';
	n -= *wait ? 1 : 2;
	while (n > 0 && isdigit((unsigned char)t->p[n - 1]))
		n--;
	if (n == 0 || t->p[n - 1] != '{')
		return false;
	*length = strtoul(t->p + n, NULL, 10);
	return true;
}

/* true: written_in holds a whole command. */
static bool gather(struct server *s, struct conn *c)
{
	while (c->in.n > 0 && !c->closing && !c->hung) {
		const char *end;
		size_t n;
		bool wait;

		if (c->literal_left > 0) {
			n = c->in.n < c->literal_left ? c->in.n : c->literal_left;
			put_bytes(&c->written_in, c->in.p, n);
			cut_front(&c->in, n);
			c->literal_left -= n;
			continue;
		}
		end = memchr(c->in.p, '\n', c->in.n);
		if (end == NULL)
			return false;
		n = (size_t)(end - c->in.p) + 1;
		put_bytes(&c->written_in, c->in.p, n);
		cut_front(&c->in, n);
		if (!literal_follows(&c->written_in, &c->literal_left, &wait))
			return true;
		if (wait && !ask_for_literal(s, c)) {
			c->written_in.n = c->literal_left = 0;
			c->begun = false;
		}
	}
	return false;
}

void imap_input(struct server *s, struct conn *c)
{
	int64_t not_before = c->not_before;

	while (c->not_before == not_before && gather(s, c)) {
		if (c->idling || c->authenticating) {
			if (c->authenticating)
				signed_in(s, c);
			else
				answer_done(c, "OK done");
			c->idling = c->authenticating = false;
			for (size_t i = 0; i < c->answer.count; i++)
				conn_send(
					s, c, c->answer.units[i].text.p, c->answer.units[i].text.n);
			answer_free(&c->answer);
		} else {
			run_command(s, c);
		}
		c->written_in.n = 0;
	}
}
