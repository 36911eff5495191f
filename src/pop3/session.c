/* SPDX-License-Identifier: ISC */
/* pop3/session.c - see session.h.
 *
 * I1  answers come in the order of `commands`; an unexpected one ends the session.
 * I2  the session is freed when its timer is closed, from the loop, so that callbacks may close
 *     it.
 * I3  each command's end is reported once; when the connection is lost, those left are reported in
 *     their order, and only the first of them was being answered.
 */
#include "pop3/session_p.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Limits on what is in flight: commands, and octets of their answers beyond the first. */
enum {
	FLIGHT_COMMANDS = 64,
	FLIGHT_OCTETS = 1 << 20,
	COMMAND_MAX = 32, /* octets of a command */
	SHOWN = 300,
	SAID_MAX = 1024
};

void pop3_enter(struct gw_pop3 *s, enum gw_pop3_state next)
{
	assert(gw_pop3_may_follow(s->state, next));
	gw_log(s->log, GW_LOG_DEBUG, "pop3: %s -> %s", gw_pop3_state_name(s->state),
		gw_pop3_state_name(next));
	s->state = next;
}

void pop3_write(struct gw_pop3 *s, struct gw_slice line, bool secret)
{
	if (secret)
		gw_log(s->log, GW_LOG_WIRE, "C: (a secret)");
	else
		gw_log(s->log, GW_LOG_WIRE, "C: %.*s", (int)line.n - 2, line.p);
	gw_stream_write(s->stream, line.p, line.n);
}

static bool is_over(const struct gw_pop3 *s)
{
	return s->state >= POP3_OVER;
}

static struct pop3_command *first(struct gw_pop3 *s)
{
	return s->head < s->count ? &s->commands[s->head] : NULL;
}

/* --- ending ---------------------------------------------------------------------------------- */

void pop3_lose(struct gw_pop3 *s, enum gw_pop3_state as)
{
	enum gw_pop3_end end = GW_POP3_BROKEN;

	pop3_enter(s, as);
	s->err.scope = GW_SCOPE_ACCOUNT;
	while (s->state != POP3_CLOSED && s->head < s->count) {
		const struct pop3_command c = s->commands[s->head++];
		const struct gw_pop3_answer a = { .end = end, .code = "", .err = &s->err };

		end = GW_POP3_UNSENT;
		c.handlers.done(c.handlers.ctx, c.number, &a);
	}
	if (s->state != POP3_CLOSED)
		s->cb(s->ctx, &(struct gw_pop3_event){ .type = GW_POP3_GONE, .err = &s->err });
}

static void on_reaped(uv_handle_t *handle)
{
	struct gw_pop3 *s = handle->data;

	gw_pop3_parser_deinit(&s->parser);
	gw_pop3_lines_deinit(&s->lines);
	gw_buf_deinit(&s->said);
	gw_sasl_unref(&s->exchange);
	gw_sasl_unref(&s->sasl);
	free(s->commands);
	free(s->host);
	free(s);
}

void gw_pop3_close(struct gw_pop3 **session)
{
	struct gw_pop3 *s = *session;

	*session = NULL;
	if (s == NULL)
		return;
	pop3_enter(s, POP3_CLOSED);
	gw_stream_close(s->stream);
	uv_close((uv_handle_t *)&s->kick, on_reaped);
}

/* --- commands -------------------------------------------------------------------------------- */

static bool is_multi_line(const struct pop3_command *c)
{
	bool lists = c->verb == GW_POP3_DO_UIDL || c->verb == GW_POP3_DO_LIST;

	return (lists && c->number == 0) || c->verb == GW_POP3_DO_TOP || c->verb == GW_POP3_DO_RETR;
}

/* Writes its line to `line`, to be sent; returns its length. */
static size_t take_command(struct gw_pop3 *s, struct pop3_command *c, char line[static COMMAND_MAX])
{
	static const char *const verbs[] = { "STAT", "UIDL", "LIST", "TOP", "RETR", "DELE", "NOOP",
		"QUIT" };
	char number[16] = "";
	int n;

	if (c->number != 0)
		snprintf(number, sizeof number, " %" PRIu32, c->number);
	n = snprintf(line, COMMAND_MAX, "%s%s%s\r\n", verbs[c->verb], number,
		c->verb == GW_POP3_DO_TOP ? " 0" : "");
	c->sent = true;
	s->in_flight++;
	s->octets_in_flight += c->octets;
	gw_log(s->log, GW_LOG_WIRE, "C: %.*s", n - 2, line);
	if (c->verb == GW_POP3_DO_QUIT)
		pop3_enter(s, POP3_QUIT);
	return (size_t)n;
}

/* True if nothing travels behind QUIT, and QUIT behind nothing: what it commits must be known
 * before. */
static bool may_send(const struct gw_pop3 *s, const struct pop3_command *c)
{
	if (s->in_flight == 0)
		return true;
	return (s->caps.bits & GW_POP3_PIPELINING) && c->verb != GW_POP3_DO_QUIT &&
	       s->in_flight < FLIGHT_COMMANDS && s->octets_in_flight < FLIGHT_OCTETS;
}

void pop3_pump(struct gw_pop3 *s)
{
	char lines[FLIGHT_COMMANDS * COMMAND_MAX];
	size_t n = 0;

	if (s->feeding) /* what its answers lead to is sent in one piece, behind them */
		return;
	for (size_t i = s->head + s->in_flight; s->state == POP3_READY && i < s->count; i++) {
		if (!may_send(s, &s->commands[i]))
			break;
		n += take_command(s, &s->commands[i], lines + n);
	}
	gw_stream_write(s->stream, lines, n);
	if (s->state == POP3_READY || s->state == POP3_QUIT)
		gw_stream_expect(s->stream, s->in_flight > 0);
}

enum gw_code gw_pop3_ask(struct gw_pop3 *s, enum gw_pop3_verb verb, uint32_t number,
	uint64_t octets, const struct gw_pop3_handlers *handlers)
{
	struct pop3_command *c;

	if (s->state != POP3_READY)
		return GW_ERR_NET;
	if (s->head == s->count) {
		s->head = s->count = 0;
	} else if (s->head >= FLIGHT_COMMANDS && s->head >= s->count / 2) {
		s->count -= s->head;
		memmove(s->commands, s->commands + s->head, s->count * sizeof *s->commands);
		s->head = 0;
	}
	c = gw_array_push((void **)&s->commands, &s->count, &s->cap, sizeof *c);
	if (c == NULL)
		return GW_ERR_NOMEM;
	*c = (struct pop3_command){
		.verb = verb, .number = number, .octets = octets, .handlers = *handlers
	};
	pop3_pump(s);
	return GW_OK;
}

size_t gw_pop3_waiting(const struct gw_pop3 *s)
{
	return s->count - s->head;
}

size_t gw_pop3_depth(const struct gw_pop3 *s)
{
	return s->caps.bits & GW_POP3_PIPELINING ? FLIGHT_COMMANDS : 1;
}

static void end_command(struct gw_pop3 *s, bool ok)
{
	const struct pop3_command c = s->commands[s->head++];
	const struct gw_pop3_answer a = { .end = ok ? GW_POP3_DONE : GW_POP3_REFUSED,
		.code = s->code,
		.text = { gw_buf_cstr(&s->said), s->said.n } };

	s->in_flight--;
	s->octets_in_flight -= c.octets;
	if (c.verb == GW_POP3_DO_QUIT)
		pop3_enter(s, POP3_OVER);
	c.handlers.done(c.handlers.ctx, c.number, &a);
}

/* Returns true if lines follow. */
static bool on_status(struct gw_pop3 *s, const struct gw_pop3_piece *p)
{
	struct pop3_command *c = first(s);
	size_t n = p->text.n < SAID_MAX ? p->text.n : SAID_MAX;

	if (c == NULL || !c->sent || p->type == GW_POP3_CHALLENGE) {
		gw_fail(&s->err, GW_ERR_PROTOCOL, "%s %s: %.*s", s->host,
			c == NULL || !c->sent ? "says something unasked" : "answered unexpectedly",
			(int)(p->text.n < SHOWN ? p->text.n : SHOWN), p->text.p);
		pop3_lose(s, POP3_LOST);
		return false;
	}
	gw_stream_answered(s->stream);
	snprintf(s->code, sizeof s->code, "%s", p->code);
	gw_buf_reset(&s->said);
	if (gw_buf_append(&s->said, p->text.p, n) != GW_OK)
		gw_buf_reset(&s->said); /* words for people only */
	c->begun = true;
	if (c->handlers.begin != NULL)
		c->handlers.begin(c->handlers.ctx, c->number, p->ok);
	if (is_over(s))
		return false;
	if (p->ok && is_multi_line(c))
		return true;
	end_command(s, p->ok);
	return false;
}

static enum gw_code on_caps_line(void *ctx, struct gw_slice line, bool whole)
{
	struct gw_pop3 *s = ctx;

	if (whole)
		gw_pop3_caps_line(&s->caps, line);
	return GW_OK;
}

static void on_lines(struct gw_pop3 *s, const struct gw_pop3_piece *p)
{
	const struct pop3_command *c = first(s);

	if (s->state < POP3_READY) {
		gw_pop3_lines_feed(&s->lines, p->text, on_caps_line,
			s); /* bounded: a line too long is passed over */
		if (p->type == GW_POP3_END)
			pop3_login_step(s, POP3_IN_END, p);
		return;
	}
	if (c == NULL)
		return;
	if (p->type == GW_POP3_END)
		end_command(s, true);
	else if (c->handlers.data != NULL)
		c->handlers.data(c->handlers.ctx, c->number, p->text);
}

static bool on_piece(void *ctx, const struct gw_pop3_piece *p)
{
	struct gw_pop3 *s = ctx;

	if (is_over(s))
		return false;
	if (p->type == GW_POP3_DATA || p->type == GW_POP3_END) {
		on_lines(s, p);
		return false;
	}
	gw_log(s->log, GW_LOG_WIRE, "S: %s%s%s%s %.*s",
		p->type == GW_POP3_CHALLENGE ? "+"
		: p->ok                      ? "+OK"
					     : "-ERR",
		*p->code != '\0' ? " [" : "", p->code, *p->code != '\0' ? "]" : "",
		(int)(p->text.n < SHOWN ? p->text.n : SHOWN), p->text.p);
	if (s->state < POP3_READY)
		return pop3_login_step(
			s, p->type == GW_POP3_CHALLENGE ? POP3_IN_CHALLENGE : POP3_IN_STATUS, p);
	return on_status(s, p);
}

static void take_bytes(struct gw_pop3 *s, struct gw_slice bytes)
{
	enum gw_code code;

	s->feeding = true;
	code = gw_pop3_parser_feed(&s->parser, bytes, on_piece, s, &s->err);
	s->feeding = false;
	if (is_over(s))
		return;
	if (code == GW_OK) {
		pop3_pump(s);
	} else {
		gw_error_context(&s->err, "%s", s->host);
		pop3_lose(s, POP3_LOST);
	}
}

static void on_stream(void *ctx, const struct gw_stream_event *ev)
{
	static const struct gw_pop3_piece nothing = { .code = "" };
	struct gw_pop3 *s = ctx;

	if (is_over(s))
		return;
	switch (ev->type) {
	case GW_STREAM_UP:
		pop3_login_step(s, POP3_IN_UP, &nothing);
		break;
	case GW_STREAM_TLS_UP:
		pop3_login_step(s, POP3_IN_TLS_UP, &nothing);
		break;
	case GW_STREAM_DATA:
		take_bytes(s, ev->data);
		break;
	case GW_STREAM_DRAINED:
		break;
	case GW_STREAM_LOST:
		if (s->err.code == GW_OK)
			s->err = *ev->err;
		pop3_lose(s, POP3_LOST);
		break;
	}
}

enum gw_code gw_pop3_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_pop3_options *options, gw_pop3_cb *cb, void *ctx, struct gw_pop3 **out,
	struct gw_error *err)
{
	struct gw_pop3 *s = calloc(1, sizeof *s);
	enum gw_code code = GW_ERR_NOMEM;

	*out = NULL;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*s = (struct gw_pop3){ .loop = loop,
		.log = log,
		.tls = options->tls,
		.sasl = gw_sasl_ref(options->sasl),
		.timeout_ms = options->stream.timeout_ms,
		.remembers = options->memory != NULL,
		.cb = cb,
		.ctx = ctx };
	if (s->remembers)
		s->memory = *options->memory;
	gw_pop3_parser_init(&s->parser);
	gw_pop3_lines_init(&s->lines);
	gw_buf_init(&s->said, SAID_MAX);
	uv_timer_init(loop, &s->kick);
	s->kick.data = s;
	s->host = strdup(options->stream.host);
	if (s->host != NULL)
		code = gw_stream_open(loop, log, &options->stream, on_stream, s, &s->stream, err);
	if (code != GW_OK) {
		uv_close((uv_handle_t *)&s->kick, on_reaped);
		return gw_fail(err, code, "out of memory");
	}
	gw_stream_expect(s->stream, true);
	*out = s;
	return GW_OK;
}

const struct gw_pop3_caps *gw_pop3_capabilities(const struct gw_pop3 *s)
{
	return &s->caps;
}

bool gw_pop3_learned(const struct gw_pop3 *s, struct gw_pop3_memory *out)
{
	*out = s->memory;
	return s->memory.before.known && s->memory.after.known;
}

bool gw_pop3_tls(const struct gw_pop3 *s, struct gw_tls_facts *out)
{
	return gw_stream_tls_facts(s->stream, out);
}

void gw_pop3_traffic(const struct gw_pop3 *s, uint64_t *received, uint64_t *sent)
{
	gw_stream_traffic(s->stream, received, sent);
}

void gw_pop3_pause(struct gw_pop3 *s, bool paused)
{
	if (!is_over(s))
		gw_stream_pause(s->stream, paused);
}
