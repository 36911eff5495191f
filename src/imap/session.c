/* SPDX-License-Identifier: ISC */
/* imap/session.c - see session.h.
 *
 * I1  commands are answered in the order they were sent; `first` is the one that untagged data
 *     belongs to.
 * I2  each command's done() runs once: from take_answer() or from session_lose()/close().
 * I3  the session is freed by its reaper, from the loop, so that callbacks may close it.
 */
#include "imap/refusal.h"
#include "imap/session_p.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { STRAYS_MAX = 16, LOGIN_TIMEOUTS = 3 };

/* Bytes that a server may send before it answers: during login, to any command, and per message of
 * a mailbox, for a bounded number. */
enum {
	TALK_LOGIN = 1 << 20,
	TALK = 64 << 20,
	TALK_EACH = 2048,
	TALK_MESSAGES = 4000000,
	TALK_LINE = 64 /* an empty line costs, too */
};
enum { BODY_CHUNK = 16384, BODY_QUEUE = 256 << 10 };

static void free_command(struct command *c)
{
	gw_command_deinit(&c->line);
	free(c);
}

static struct command *pop(struct gw_session *s)
{
	struct command *c = s->first;

	s->first = c->next;
	if (s->first == NULL)
		s->last = NULL;
	if (s->unsent == c)
		s->unsent = c->next;
	return c;
}

static void answer_all_lost(struct gw_session *s)
{
	while (s->first != NULL) {
		struct command *c = pop(s);

		c->handlers.done(c->handlers.ctx,
			&(struct gw_result){ .kind = GW_RESULT_LOST, .err = &s->err });
		free_command(c);
	}
}

/* Ends the session from our side or after the stream was lost; s->err says why. */
void session_lose(struct gw_session *s)
{
	if (s->lost)
		return;
	s->lost = true;
	if (s->login.ran_ahead && !s->login.answered && s->login.state != LOGIN_REFUSED)
		s->quirks |= GW_QUIRK_NO_AHEAD; /* perhaps that is why */
	gw_delay_cancel(&s->pausing);
	gw_delay_cancel(&s->login.doubting);
	gw_log(s->log, GW_LOG_INFO, "session with %s lost: %s", s->host, s->err.text);
	answer_all_lost(s);
	if (!s->closed)
		s->cb(s->ctx, GW_SESSION_LOST, &s->err);
}

void session_take_caps(struct gw_session *s, struct gw_slice list)
{
	gw_buf_reset(&s->caps_text);
	gw_buf_append(&s->caps_text, list.p, list.n);
	s->caps = gw_quirks_hide(s->quirks, gw_caps_parse(list));
	s->caps_known = true;
}

/* Streams a literal as the connection takes it; true when all of it went out. */
static bool send_body(struct gw_session *s, struct command *c)
{
	char chunk[BODY_CHUNK];

	while (c->body_left > 0) {
		size_t n = c->body_left < sizeof chunk ? (size_t)c->body_left : sizeof chunk;
		struct gw_error err = { 0 };

		if (gw_stream_queued(s->stream) >= BODY_QUEUE)
			return false; /* goes on when that is gone */
		n = c->line.body.read(c->line.body.ctx, chunk, n);
		if (n == 0) { /* what was announced cannot be taken back otherwise */
			gw_fail(&err, GW_ERR_DISK,
				"a message changed while it was sent; the connection was closed");
			gw_stream_abort(s->stream, &err);
			return false;
		}
		gw_stream_write(s->stream, chunk, n);
		c->body_left -= n;
	}
	return true;
}

static void send_queued(struct gw_session *s);

static void on_paused(void *ctx)
{
	struct gw_session *s = ctx;

	s->pausing = NULL;
	s->pace_over = true;
	send_queued(s);
	gw_stream_expect(s->stream, true);
}

/* A server that asks for it gets one command at a time, and a pause before each.  true: not yet. */
static bool must_pause(struct gw_session *s, const struct command *c)
{
	if (s->pace.ms == 0 || c->sent > 0 || s->login.state != LOGIN_DONE)
		return false;
	if (s->pausing != NULL || c != s->first)
		return true;
	if (s->pace_over) {
		s->pace_over = false;
		return false;
	}
	gw_stream_expect(s->stream, false); /* silence is ours now */
	return gw_delay_start(s->loop, s->pace.ms, on_paused, s, &s->pausing) == GW_OK;
}

/* Sends what may go out of the commands from `unsent` on: up to the next literal that must wait. */
static void send_queued(struct gw_session *s)
{
	while (s->unsent != NULL) {
		struct command *c = s->unsent;
		bool waits = c->next_break < c->line.break_count;
		size_t end = waits              ? c->line.breaks[c->next_break]
			     : c->body_left > 0 ? c->body_at
						: c->line.text.n;

		if (must_pause(s, c) || (c->idles && !waits && !c->idle_over))
			return; /* or it idles */
		if (end > c->sent)
			gw_stream_write(s->stream, c->line.text.p + c->sent, end - c->sent);
		c->sent = end;
		if (waits || (c->body_left > 0 && !c->body_asked))
			return;
		if (c->body_left > 0) {
			if (!send_body(s, c))
				return;
			continue;
		}
		s->unsent = c->next;
		gw_command_deinit(&c->line);
	}
}

static void name_command(struct command *c)
{
	const char *text = gw_buf_cstr(&c->line.text);
	size_t n = strcspn(text, " ");

	if (strncmp(text, "UID ", 4) == 0)
		n = 4 + strcspn(text + 4, " ");
	snprintf(c->name, sizeof c->name, "%.*s", (int)n, text);
}

/* Second check: the caller drops these commands long before (plan/direction.h). */
static bool changes_server(const char *name)
{
	static const char *const names[] = { "APPEND", "COPY", "MOVE", "STORE", "EXPUNGE",
		"UID COPY", "UID MOVE", "UID STORE", "UID EXPUNGE", "CREATE", "DELETE", "RENAME",
		"SUBSCRIBE", "UNSUBSCRIBE", "CLOSE" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcasecmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool begins(const struct command *c, const char *word)
{
	return strncmp(c->name, word, strlen(word)) == 0;
}

/* From here on commands reach another mailbox, or none. */
static enum gw_code begin_selection(
	struct gw_session *s, struct command *c, const struct gw_handlers *handlers)
{
	char *mailbox;

	if (!begins(c, "SELECT") && !begins(c, "EXAMINE") && !begins(c, "UNSELECT") &&
		!begins(c, "CLOSE"))
		return GW_OK;
	mailbox = gw_copy_str(handlers->selects);
	if (handlers->selects != NULL && mailbox == NULL)
		return GW_ERR_NOMEM;
	free(s->selection.mailbox);
	s->selection = (struct selection){ .number = s->selection.number + 1, .mailbox = mailbox };
	c->selection = s->selection.number;
	return GW_OK;
}

enum gw_code gw_session_send(
	struct gw_session *s, struct gw_command *line, const struct gw_handlers *handlers)
{
	struct command *c = calloc(1, sizeof *c);
	struct gw_buf tagged;
	enum gw_code code = c == NULL ? GW_ERR_NOMEM : line->code;

	assert(handlers->selection == 0 || handlers->selection == s->selection.number);

	if (line->secret)
		gw_buf_init_locked(&tagged, SIZE_MAX / 2);
	else
		gw_buf_init(&tagged, SIZE_MAX / 2);
	if (code == GW_OK && (s->lost || s->closed))
		code = GW_ERR_NET;
	if (code == GW_OK && handlers->selection != 0 && handlers->selection != s->selection.number)
		code = GW_ERR_BUG;
	if (code == GW_OK) {
		snprintf(c->tag, sizeof c->tag, "g%u", ++s->next_tag);
		c->line = *line;
		name_command(c);
		code = s->read_only && changes_server(c->name)
			       ? GW_ERR_BUG
			       : gw_buf_printf(&tagged, "%s ", c->tag);
	}
	if (code == GW_OK)
		code = gw_buf_append(&tagged, line->text.p, line->text.n);
	if (code == GW_OK)
		code = gw_buf_puts(&tagged, "\r\n");
	if (code == GW_OK && line->body.read != NULL) {
		c->body_at = tagged.n;
		c->body_left = line->body.size;
		c->body_asked = line->body_at_once;
		code = gw_buf_puts(&tagged, "\r\n");
	}
	if (code == GW_OK && line->idles) { /* like a literal: the rest waits for the "+" */
		c->idles = true;
		c->line.breaks[c->line.break_count++] = tagged.n;
		code = gw_buf_puts(&tagged, "DONE\r\n");
	}
	if (code == GW_OK)
		code = begin_selection(s, c, handlers);
	if (code != GW_OK) {
		free(c);
		gw_buf_deinit(&tagged);
		gw_command_deinit(line);
		gw_command_init(line);
		return code;
	}
	for (unsigned i = 0; i < line->break_count; i++)
		c->line.breaks[i] += strlen(c->tag) + 1;
	gw_log(s->log, GW_LOG_WIRE, "C: %s %.*s", c->tag,
		line->secret ? (int)strlen(c->name) : (int)line->text.n, line->text.p);
	c->line.text = tagged;
	gw_command_deinit(line);
	gw_command_init(line);
	c->handlers = *handlers;
	c->ahead = s->login.ran_ahead && s->login.state == LOGIN_AUTHENTICATE &&
		   strcmp(c->name, "ID") != 0; /* which needs no login (RFC 2971) */
	s->login.ahead += c->ahead;
	if (s->last != NULL)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
	if (s->unsent == NULL)
		s->unsent = c;
	send_queued(s);
	if (s->pausing == NULL)
		gw_stream_expect(s->stream, true);
	return GW_OK;
}

static bool is_private(const struct gw_session *s)
{
	return s->tls == GW_TLS_NONE || gw_stream_is_tls(s->stream);
}

bool session_is_gmail(const struct gw_session *s)
{
	return (s->caps & GW_CAP_GMAIL) && is_private(s);
}

/* "what: the server's words; what to do".  Before TLS anybody may have said it: it asks for nothing
 * then. */
void session_refused(struct gw_session *s, struct gw_error *err, enum gw_code code,
	const struct gw_response *r, const char *what)
{
	struct gw_refusal why = gw_refusal_of(r, session_is_gmail(s));
	bool fresh = err->code == GW_OK;

	if (!is_private(s))
		why = (struct gw_refusal){ 0 };
	gw_fail(err, why.busy ? GW_ERR_BUSY : code, "%s: %.*s%s%s", what, (int)r->text.n, r->text.p,
		why.advice == NULL ? "" : "; ", why.advice == NULL ? "" : why.advice);
	if (fresh)
		err->wait_s = why.wait_s;
}

/* RFC 9051 6.3.2: a SELECT that fails leaves nothing selected. */
static void note_selection(
	struct gw_session *s, const struct command *c, const struct gw_response *r)
{
	bool ok = r->status == GW_STATUS_OK;

	if (begins(c, "SELECT") || begins(c, "EXAMINE"))
		s->selected = ok;
	else if (ok && begins(c, "UNSELECT"))
		s->selected = false;
	if (c->selection == s->selection.number && begins(c, "SELECT"))
		s->selection.may_change = ok && r->code != GW_CODE_READ_ONLY;
}

static void note_validity(struct gw_session *s, const struct gw_response *r)
{
	if (s->first != NULL && s->first->selection != 0 &&
		s->first->selection == s->selection.number && r->type == GW_RESP_STATUS_TEXT &&
		r->code == GW_CODE_UIDVALIDITY)
		s->selection.uidvalidity = r->number <= UINT32_MAX ? (uint32_t)r->number : 0;
}

static void note_pace(struct gw_session *s, const struct gw_response *r)
{
	bool slow =
		r->code == GW_CODE_THROTTLED ||
		(session_is_gmail(s) && memmem(r->line.p, r->line.n, "[THROTTLED]", 11) != NULL);

	if (gw_pace_answered(&s->pace, slow))
		gw_log(s->log, GW_LOG_INFO, "%s says [THROTTLED]: one command at a time", s->host);
}

/* An answer to nothing that waits for one, such as the same answer twice, changes nothing.  One to a
 * command whose turn it is not means that the two sides count differently; so does one while commands are open that
 * were sent behind AUTHENTICATE: Cyrus 3.6 reads AUTHENTICATE again then, and as much less of the last one. */
static void take_strange_answer(struct gw_session *s, const struct gw_response *r)
{
	bool ahead = s->login.state == LOGIN_DONE && s->login.ahead > 0;
	bool waits = ahead || s->login.state != LOGIN_DONE || ++s->strays > STRAYS_MAX;

	for (const struct command *c = s->first; c != NULL && !waits; c = c->next)
		waits = gw_slice_eq(r->tag, c->tag);
	if (!waits)
		return;
	if (ahead)
		s->quirks |= GW_QUIRK_NO_AHEAD;
	gw_fail(&s->err, GW_ERR_PROTOCOL, "%s answered a command that was not sent: %.*s", s->host,
		(int)(r->line.n < 80 ? r->line.n : 80), r->line.p);
	session_lose(s);
}

static void take_answer(struct gw_session *s, const struct gw_response *r)
{
	struct gw_result result = { .response = r };
	struct gw_error err = { 0 };
	struct command *c;
	char what[100];
	bool half_sent;

	if (s->first == NULL || !gw_slice_eq(r->tag, s->first->tag)) {
		take_strange_answer(s, r);
		return;
	}
	c = pop(s);
	s->talk = 0;
	s->messages = s->exists;
	gw_stream_answered(s->stream);
	login_answered(s, c, r);
	note_pace(s, r);
	note_selection(s, c, r);
	if (r->status != GW_STATUS_OK) {
		result.kind = r->status == GW_STATUS_NO ? GW_RESULT_NO : GW_RESULT_BAD;
		snprintf(what, sizeof what, "%s was answered with %s", c->name,
			r->status == GW_STATUS_NO ? "NO" : "BAD");
		session_refused(s, &err, GW_ERR_REFUSED, r, what);
		result.err = &err;
	}
	if (err.code ==
		GW_ERR_BUSY) { /* it is not about this command, so nobody shall learn from it */
		result.kind = GW_RESULT_LOST;
		result.response = NULL;
		s->err = s->err.code == GW_OK ? err : s->err;
	}
	/* Announced bytes must be sent, or what follows would be taken for them. */
	half_sent = c->body_left > 0 && c->body_asked;
	/* A server that answers BAD may not have eaten the literal (seen with Dovecot). */
	half_sent |= r->status == GW_STATUS_BAD && c->body_at != 0 && c->body_asked;
	if (half_sent)
		gw_fail(&s->err, GW_ERR_PROTOCOL,
			"%s refused a message half way, so the connection was closed: %.*s",
			s->host, (int)r->text.n, r->text.p);
	else
		send_queued(s);
	c->handlers.done(c->handlers.ctx, &result);
	free_command(c);
	if ((half_sent || err.code == GW_ERR_BUSY) && !s->closed)
		session_lose(s);
	if (!s->lost && !s->closed && s->login.state == LOGIN_DONE)
		gw_stream_expect(s->stream, s->first != NULL && s->pausing == NULL);
}

static void take_untagged(struct gw_session *s, const struct gw_response *r)
{
	char what[300];

	if (r->type == GW_RESP_CAPABILITY)
		session_take_caps(s, r->list);
	if (r->type == GW_RESP_ENABLED && strcasestr(r->list.p, "QRESYNC") != NULL)
		s->qresync = true;
	if (r->type == GW_RESP_BYE) {
		snprintf(what, sizeof what, "%s ended the session", s->host);
		session_refused(s, &s->err, GW_ERR_BYE, r, what);
		session_lose(s);
		return;
	}
	if (r->code == GW_CODE_ALERT && gw_alerts_take(s->alerts, r->text))
		gw_log(s->log, GW_LOG_WARN, "%s says: %.*s", s->host, (int)r->text.n, r->text.p);
	note_validity(s, r);
	if (s->login.state < LOGIN_DONE)
		login_note(s, r);
	if (s->login.state == LOGIN_GREETING)
		login_step(s, LOGIN_IN_GREETING, r);
	else if (s->first != NULL && s->first->handlers.response != NULL)
		s->first->handlers.response(s->first->handlers.ctx, r);
	else if (s->first == NULL && s->push != NULL)
		s->push(s->push_ctx, r);
}

static void take_continue(struct gw_session *s, const struct gw_response *r)
{
	struct command *c = s->unsent;

	if (c != NULL && c->next_break < c->line.break_count) {
		c->next_break++;
		if (c->idles && !c->idle_over) /* silence is no fault now */
			gw_stream_expect(s->stream, false);
		send_queued(s);
	} else if (c != NULL && c->body_left > 0 && !c->body_asked) {
		c->body_asked = true;
		send_queued(s);
	} else {
		login_step(s, LOGIN_IN_CONTINUE, r);
	}
}

/* A server that never stops talking is not silent, and no timeout ends it. */
static bool talks_too_much(struct gw_session *s, const struct gw_response *r)
{
	uint64_t limit =
		s->login.state < LOGIN_DONE ? TALK_LOGIN : TALK + (uint64_t)TALK_EACH * s->messages;

	s->talk += r->line.n + TALK_LINE;
	if (r->type == GW_RESP_EXISTS)
		s->exists = r->number < TALK_MESSAGES ? (uint32_t)r->number : TALK_MESSAGES;
	if (s->talk <= limit)
		return false;
	gw_fail(&s->err, GW_ERR_LIMIT,
		"%s said %llu MB and did not answer %s, so the connection was closed", s->host,
		(unsigned long long)(s->talk >> 20),
		s->first == NULL ? "anything" : s->first->name);
	return true;
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_session *s = ctx;

	if (s->lost || s->closed)
		return;
	if (talks_too_much(s, r)) {
		session_lose(s);
		return;
	}
	gw_log(s->log, GW_LOG_WIRE, "S: %.*s", (int)(r->line.n < 900 ? r->line.n : 900), r->line.p);
	if (r->code == GW_CODE_CAPABILITY)
		session_take_caps(s, r->code_text);
	if (r->type == GW_RESP_TAGGED)
		take_answer(s, r);
	else if (r->type == GW_RESP_OTHER && r->tag.n > 0)
		take_strange_answer(s, r);
	else if (r->type == GW_RESP_CONTINUE)
		take_continue(s, r);
	else
		take_untagged(s, r);
}

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct gw_session *s = ctx;

	if (!s->lost && !s->closed && s->first != NULL && s->first->handlers.body != NULL)
		s->first->handlers.body(s->first->handlers.ctx, ev);
}

static void on_stream(void *ctx, const struct gw_stream_event *ev)
{
	struct gw_session *s = ctx;

	if (s->lost)
		return;
	switch (ev->type) {
	case GW_STREAM_UP:
		gw_stream_expect(s->stream, true);
		login_step(s, LOGIN_IN_UP, NULL);
		break;
	case GW_STREAM_TLS_UP:
		login_step(s, LOGIN_IN_TLS_UP, NULL);
		break;
	case GW_STREAM_DATA:
		if (gw_parser_feed(s->parser, ev->data, &s->err) != GW_OK)
			session_lose(s);
		break;
	case GW_STREAM_DRAINED:
		if (!s->closed)
			send_queued(s);
		break;
	case GW_STREAM_LOST:
		if (s->err.code == GW_OK)
			s->err = *ev->err;
		session_lose(s);
		break;
	}
}

static void on_reaped(uv_handle_t *handle)
{
	struct gw_session *s = handle->data;

	gw_parser_free(s->parser);
	gw_sasl_unref(&s->sasl);
	gw_sasl_unref(&s->exchange);
	gw_buf_deinit(&s->caps_text);
	free(s->selection.mailbox);
	free(s->host);
	free(s->remembered);
	free(s->before);
	free(s);
}

enum gw_code gw_session_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_session_options *options, gw_session_cb *cb, void *ctx,
	struct gw_session **out, struct gw_error *err)
{
	struct gw_session *s = calloc(1, sizeof *s);
	struct gw_stream_options stream = options->stream;
	const struct gw_parser_sink sink = { .response = on_response, .body = on_body, .ctx = s };
	enum gw_code code = GW_ERR_NOMEM;

	*out = NULL;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*s = (struct gw_session){ .loop = loop,
		.log = log,
		.tls = options->tls,
		.cb = cb,
		.ctx = ctx,
		.compress = options->compress,
		.read_only = options->read_only,
		.labels = options->labels,
		.quirks = options->quirks,
		.quirks_given = options->quirks,
		.sasl = gw_sasl_ref(options->sasl) };
	s->alerts = options->alerts != NULL ? options->alerts : &s->own_alerts;
	gw_buf_init(&s->caps_text, 65536);
	uv_timer_init(loop, &s->reaper);
	s->reaper.data = s;
	s->host = strdup(options->stream.host);
	s->remembered = gw_copy_str(options->remembered_caps);
	s->before = gw_copy_str(options->remembered_before);
	s->parser = gw_parser_new(&gw_parser_default_limits, &sink);
	stream.settle_ms = LOGIN_TIMEOUTS * stream.timeout_ms;
	if (s->host != NULL && s->parser != NULL)
		code = gw_stream_open(loop, log, &stream, on_stream, s, &s->stream, err);
	if (code != GW_OK) {
		uv_close((uv_handle_t *)&s->reaper, on_reaped);
		return gw_fail(err, code, "out of memory");
	}
	*out = s;
	return GW_OK;
}

void gw_session_close(struct gw_session **session)
{
	struct gw_session *s = *session;

	*session = NULL;
	if (s == NULL || s->closed)
		return;
	if (!s->lost && s->login.state == LOGIN_DONE && s->unsent == NULL)
		gw_stream_write(s->stream, "zz LOGOUT\r\n", 11);
	s->closed = true;
	gw_delay_cancel(&s->pausing);
	gw_delay_cancel(&s->login.doubting);
	gw_fail(&s->err, GW_ERR_CANCELLED, "the session was closed");
	answer_all_lost(s);
	gw_stream_close(s->stream);
	uv_close((uv_handle_t *)&s->reaper, on_reaped);
}

enum gw_code gw_session_idle(struct gw_session *s, const struct gw_handlers *handlers)
{
	struct gw_command line;
	enum gw_code code;

	gw_command_init(&line);
	gw_command_printf(&line, "IDLE");
	line.idles = true;
	code = gw_session_send(s, &line, handlers);
	gw_command_deinit(&line);
	return code;
}

void gw_session_end_idle(struct gw_session *s)
{
	for (struct command *c = s->first; c != NULL; c = c->next) {
		if (!c->idles || c->idle_over)
			continue;
		c->idle_over = true;
		send_queued(s);
		gw_stream_expect(s->stream, true);
	}
}

void gw_session_on_push(
	struct gw_session *s, void (*push)(void *ctx, const struct gw_response *r), void *ctx)
{
	s->push = push;
	s->push_ctx = ctx;
}

void gw_session_hand_over(struct gw_session *s, gw_session_cb *cb, void *ctx)
{
	if (s->alerts != &s->own_alerts)
		s->own_alerts = *s->alerts; /* the sharing caller may go */
	s->alerts = &s->own_alerts;
	s->cb = cb;
	s->ctx = ctx;
}

bool gw_session_quiet(const struct gw_session *s)
{
	return s->first == NULL;
}

void gw_session_break(struct gw_session *s, const struct gw_error *err)
{
	if (!s->lost && !s->closed)
		gw_stream_abort(s->stream, err);
}

bool gw_session_usable(const struct gw_session *s)
{
	return !s->lost && !s->closed;
}

static bool wants_labels(const struct gw_session *s)
{
	return s->labels && (s->caps & GW_CAP_GMAIL);
}

bool gw_session_tells_flags(const struct gw_session *s, const struct gw_fetch *f)
{
	return f->has_flags && (f->has_labels || !wants_labels(s));
}

const char *gw_session_flag_items(const struct gw_session *s)
{
	return wants_labels(s) ? "FLAGS X-GM-LABELS" : "FLAGS";
}

uint32_t gw_session_caps(const struct gw_session *s)
{
	return s->caps;
}

unsigned gw_session_quirks(const struct gw_session *s)
{
	return s->quirks;
}

void gw_session_learn(struct gw_session *s, unsigned quirks)
{
	s->quirks |= quirks;
	s->quirks_forgotten &= ~quirks;
	s->caps = gw_quirks_hide(s->quirks, s->caps);
}

void gw_session_forget(struct gw_session *s, unsigned quirks)
{
	s->quirks_forgotten |= quirks & s->quirks;
	s->quirks_given &= ~quirks;
	s->quirks &= ~quirks;
}

unsigned gw_session_learned(const struct gw_session *s)
{
	return s->quirks & ~s->quirks_given;
}

unsigned gw_session_forgotten(const struct gw_session *s)
{
	return s->quirks_forgotten;
}

const char *gw_session_caps_text(struct gw_session *s)
{
	return gw_buf_cstr(&s->caps_text);
}

const char *gw_session_caps_before(const struct gw_session *s)
{
	return s->login.asked_before && s->before != NULL ? s->before : "";
}

bool gw_session_doubts_before(const struct gw_session *s)
{
	return s->login.doubtful;
}

bool gw_session_tls(const struct gw_session *s, struct gw_tls_facts *out)
{
	return gw_stream_tls_facts(s->stream, out);
}

bool gw_session_signed_in(const struct gw_session *s)
{
	return s->login.state == LOGIN_DONE;
}

bool gw_session_selected(const struct gw_session *s)
{
	return s->selected;
}

uint64_t gw_session_selection(const struct gw_session *s)
{
	return s->selection.number;
}

bool gw_session_may_change(const struct gw_session *s, const char *mailbox, uint32_t uidvalidity)
{
	const struct selection *x = &s->selection;

	return x->may_change && x->mailbox != NULL && strcmp(x->mailbox, mailbox) == 0 &&
	       uidvalidity != 0 && x->uidvalidity == uidvalidity;
}

bool gw_session_qresync(const struct gw_session *s)
{
	return s->qresync;
}

bool gw_session_slowed(const struct gw_session *s)
{
	return s->pace.ms > 0;
}

void gw_session_pause(struct gw_session *s, bool paused)
{
	gw_stream_pause(s->stream, paused);
}

void gw_session_traffic(const struct gw_session *s, uint64_t *received, uint64_t *sent)
{
	gw_stream_traffic(s->stream, received, sent);
}
