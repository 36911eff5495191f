/* smtp/session.c - see session.h.
 *
 * I1  answers come in the order of `expected`; one that nothing expects ends the session.
 * I2  each message's done() runs once: when it is over, or from smtp_lose() or gw_smtp_close().
 * I3  the session is freed when its timer is closed, from the loop, so that callbacks may close it.
 */
#include "smtp/session_p.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE = 60000, SHOWN = 300 };

const struct gw_smtp_limits gw_smtp_rfc_limits = { .greeting_ms = 5 * MINUTE,
	.command_ms = 5 * MINUTE,
	.data_ms = 2 * MINUTE,
	.block_ms = 3 * MINUTE,
	.final_ms = 10 * MINUTE };

const char *gw_smtp_stage_name(enum gw_smtp_stage stage)
{
	static const char *const names[] = { "connecting", "greeting", "EHLO", "TLS", "AUTH",
		"MAIL", "RCPT", "DATA", "text", "final dot" };
	_Static_assert(sizeof names / sizeof *names == GW_SMTP_STAGES, "one name per stage");

	return names[stage];
}

void smtp_expect(
	struct gw_smtp *s, enum expected what, struct gw_smtp_message *message, size_t index)
{
	struct expectation *e;

	if (s->head == s->expected_count)
		s->head = s->expected_count = 0;
	e = gw_array_push((void **)&s->expected, &s->expected_count, &s->expected_cap, sizeof *e);
	if (e == NULL) { /* the answers could not be told apart any more */
		gw_fail(&s->err, GW_ERR_NOMEM, "out of memory");
		gw_stream_abort(s->stream, &s->err);
		return;
	}
	*e = (struct expectation){ what, message, index };
	if (message != NULL)
		message->due++;
}

bool smtp_idle(const struct gw_smtp *s)
{
	return s->head == s->expected_count;
}

void smtp_write(struct gw_smtp *s, struct gw_slice lines, bool secret)
{
	for (size_t at = 0; at < lines.n && !secret;) {
		const char *cr = memchr(lines.p + at, '\r', lines.n - at);
		size_t n = cr == NULL ? lines.n - at : (size_t)(cr - lines.p) - at;

		gw_log(s->log, GW_LOG_WIRE, "C: %.*s", (int)n, lines.p + at);
		at += n + 2;
	}
	if (secret)
		gw_log(s->log, GW_LOG_WIRE, "C: (a secret)");
	gw_stream_write(s->stream, lines.p, lines.n);
}

static unsigned limit_of(const struct gw_smtp *s)
{
	if (smtp_idle(s))
		return s->limits->block_ms;
	switch (s->expected[s->head].what) {
	case EXPECT_GREETING:
		return s->limits->greeting_ms;
	case EXPECT_DATA:
		return s->limits->data_ms;
	case EXPECT_CHUNK:
		return s->limits->block_ms;
	case EXPECT_DOT:
		return s->limits->final_ms;
	case EXPECT_LOGIN:
	case EXPECT_MAIL:
	case EXPECT_RCPT:
	case EXPECT_RSET:
		break;
	}
	return s->limits->command_ms;
}

void smtp_wait(struct gw_smtp *s)
{
	bool sending = s->first != NULL && s->first->state == MESSAGE_TEXT;
	unsigned ms = limit_of(s);

	/* While a small text travels in one flight with its envelope, the answer to the text is
	 * what is waited for in the end; the envelope's come no later. */
	if (s->first != NULL && s->first->state == MESSAGE_DOT && ms < s->limits->final_ms)
		ms = s->limits->final_ms;
	gw_stream_set_timeout(s->stream, ms);
	gw_stream_expect(s->stream, !smtp_idle(s) || sending);
}

void smtp_lose(struct gw_smtp *s, enum gw_smtp_stage stage, const struct gw_smtp_reply *reply)
{
	const struct gw_smtp_event ev = {
		.type = GW_SMTP_LOST, .stage = stage, .err = &s->err, .reply = reply
	};

	if (s->lost)
		return;
	s->lost = true;
	s->lost_at = reply != NULL && reply->code == 421 ? GW_SMTP_AT_CONNECT
							 : stage; /* nobody's fault */
	gw_delay_cancel(&s->polling);
	gw_log(s->log, GW_LOG_INFO, "session with %s lost at %s: %s", s->host,
		gw_smtp_stage_name(stage), s->err.text);
	smtp_messages_lost(s);
	if (!s->closed)
		s->cb(s->ctx, &ev);
}

static enum gw_smtp_stage stage_of(const struct gw_smtp *s)
{
	static const enum gw_smtp_stage of_login[] = { [LOGIN_CONNECT] = GW_SMTP_AT_CONNECT,
		[LOGIN_GREETING] = GW_SMTP_AT_GREETING,
		[LOGIN_EHLO] = GW_SMTP_AT_EHLO,
		[LOGIN_HELO] = GW_SMTP_AT_EHLO,
		[LOGIN_STARTTLS] = GW_SMTP_AT_TLS,
		[LOGIN_HANDSHAKE] = GW_SMTP_AT_TLS,
		[LOGIN_AUTH] = GW_SMTP_AT_AUTH,
		[LOGIN_WORDS] = GW_SMTP_AT_AUTH };
	static const enum gw_smtp_stage of_answer[] = { [EXPECT_MAIL] = GW_SMTP_AT_MAIL,
		[EXPECT_RCPT] = GW_SMTP_AT_RCPT,
		[EXPECT_DATA] = GW_SMTP_AT_DATA,
		[EXPECT_CHUNK] = GW_SMTP_AT_TEXT,
		[EXPECT_DOT] = GW_SMTP_AT_DOT,
		[EXPECT_RSET] = GW_SMTP_AT_MAIL };

	if (s->login.state < LOGIN_DONE)
		return of_login[s->login.state];
	if (!smtp_idle(s))
		return of_answer[s->expected[s->head].what];
	return s->first != NULL && s->first->state >= MESSAGE_TEXT ? GW_SMTP_AT_TEXT
								   : GW_SMTP_AT_MAIL;
}

static void lose_by_reply(struct gw_smtp *s, const struct gw_smtp_reply *reply,
	enum gw_smtp_stage stage, enum gw_code code, const char *what)
{
	struct gw_buf line;

	gw_buf_init(&line, 4096);
	gw_smtp_reply_format(reply, &line);
	gw_fail(&s->err, code, "%s %s: %.*s", s->host, what, SHOWN, gw_buf_cstr(&line));
	gw_buf_deinit(&line);
	smtp_lose(s, stage, reply);
}

static bool is_sending(const struct gw_smtp *s)
{
	return s->first != NULL && s->first->state >= MESSAGE_TEXT &&
	       s->first->state <= MESSAGE_ASKING;
}

static void on_reply(void *ctx, const struct gw_smtp_reply *reply)
{
	struct gw_smtp *s = ctx;
	enum gw_smtp_stage stage = stage_of(s);
	struct expectation e = { 0 };

	if (s->lost || s->closed)
		return;
	gw_log(s->log, GW_LOG_WIRE, "S: %u %.*s", reply->code,
		(int)(reply->text.n < SHOWN ? reply->text.n : SHOWN), reply->text.p);
	if (smtp_idle(s) && is_sending(s)) {
		e = (struct expectation){ EXPECT_CHUNK, s->first, 0 }; /* it had enough of it */
		s->first->due++;
	} else if (smtp_idle(s)) {
		lose_by_reply(s, reply, stage, reply->code == 421 ? GW_ERR_BUSY : GW_ERR_PROTOCOL,
			reply->code == 421 ? "closes the connection" : "answered to nothing");
		return;
	} else {
		e = s->expected[s->head++];
	}
	if (e.what == EXPECT_GREETING || e.what == EXPECT_LOGIN)
		smtp_login_step(s, LOGIN_IN_REPLY, reply);
	else
		smtp_message_reply(s, &e, reply);
	if (s->lost || s->closed)
		return;
	if (reply->code == 421) {
		lose_by_reply(s, reply, stage, GW_ERR_BUSY, "closes the connection");
		return;
	}
	smtp_pump(s);
}

static void on_stream(void *ctx, const struct gw_stream_event *ev)
{
	struct gw_smtp *s = ctx;

	if (s->lost || s->closed)
		return;
	switch (ev->type) {
	case GW_STREAM_UP:
		smtp_login_step(s, LOGIN_IN_UP, NULL);
		break;
	case GW_STREAM_TLS_UP:
		smtp_login_step(s, LOGIN_IN_TLS_UP, NULL);
		break;
	case GW_STREAM_DATA:
		if (gw_smtp_reader_feed(&s->reader, ev->data, on_reply, s, &s->err) != GW_OK) {
			gw_error_context(&s->err, "%s", s->host);
			smtp_lose(s, stage_of(s), NULL);
		}
		break;
	case GW_STREAM_DRAINED:
		smtp_pump(s);
		break;
	case GW_STREAM_LOST:
		if (s->err.code == GW_OK)
			s->err = *ev->err;
		smtp_lose(s, stage_of(s), NULL);
		break;
	}
}

static void on_reaped(uv_handle_t *handle)
{
	struct gw_smtp *s = handle->data;

	smtp_messages_purge(s);
	gw_smtp_reader_deinit(&s->reader);
	gw_sasl_unref(&s->sasl);
	free(s->expected);
	free(s->host);
	free(s->name);
	free(s);
}

enum gw_code gw_smtp_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_smtp_options *options, gw_smtp_cb *cb, void *ctx, struct gw_smtp **out,
	struct gw_error *err)
{
	struct gw_smtp *s = calloc(1, sizeof *s);
	enum gw_code code = GW_ERR_NOMEM;

	*out = NULL;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*s = (struct gw_smtp){ .loop = loop,
		.log = log,
		.tls = options->tls,
		.sasl = gw_sasl_ref(options->sasl),
		.limits = options->limits != NULL ? options->limits : &gw_smtp_rfc_limits,
		.hasty = options->hasty,
		.without = options->without,
		.cb = cb,
		.ctx = ctx };
	gw_smtp_reader_init(&s->reader);
	uv_timer_init(loop, &s->kick);
	s->kick.data = s;
	s->host = strdup(options->stream.host);
	s->name = strdup(options->ehlo_name);
	if (s->host != NULL && s->name != NULL)
		code = gw_stream_open(loop, log, &options->stream, on_stream, s, &s->stream, err);
	if (code != GW_OK) {
		uv_close((uv_handle_t *)&s->kick, on_reaped);
		return gw_fail(err, code, "out of memory");
	}
	*out = s;
	return GW_OK;
}

void gw_smtp_close(struct gw_smtp **session)
{
	struct gw_smtp *s = *session;

	*session = NULL;
	if (s == NULL || s->closed)
		return;
	if (!s->lost && s->login.state == LOGIN_DONE && smtp_idle(s) && s->first == NULL)
		smtp_write(s, gw_slice_str("QUIT\r\n"), false);
	s->closed = true;
	gw_delay_cancel(&s->polling);
	gw_fail(&s->err, GW_ERR_CANCELLED, "the session was closed");
	smtp_messages_lost(s);
	gw_stream_close(s->stream);
	uv_close((uv_handle_t *)&s->kick, on_reaped);
}

const struct gw_smtp_caps *gw_smtp_capabilities(const struct gw_smtp *s)
{
	return &s->caps;
}

bool gw_smtp_tls(const struct gw_smtp *s, struct gw_tls_facts *out)
{
	return gw_stream_tls_facts(s->stream, out);
}

unsigned gw_smtp_depth(const struct gw_smtp *s)
{
	return s->caps.bits & GW_SMTP_PIPELINING ? 2 : 1;
}
