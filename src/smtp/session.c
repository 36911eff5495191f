/* SPDX-License-Identifier: ISC */
/* smtp/session.c - see session.h.
 *
 * I1  answers come in the order of `expected`; one that nothing expects ends the session.  What is
 *     read at once was said before anything that is written next: nothing is sent in between.
 * I2  the session is freed when its timer is closed, from the loop, so that callbacks may close it.
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

/* True if its last message is over and QUIT was sent: nothing that arrives matters. */
static bool is_over(const struct gw_smtp *s)
{
	return s->quit_said && s->first == NULL && smtp_idle(s);
}

static void on_reply(void *ctx, const struct gw_smtp_reply *reply)
{
	struct gw_smtp *s = ctx;
	enum gw_smtp_stage stage = smtp_stage(s);
	struct expectation e = { 0 };

	if (s->lost || s->closed || is_over(s))
		return;
	gw_log(s->log, GW_LOG_WIRE, "S: %u %.*s", reply->code,
		(int)(reply->text.n < SHOWN ? reply->text.n : SHOWN), reply->text.p);
	if (smtp_idle(s) && is_sending(s)) {
		e = (struct expectation){ EXPECT_NOTHING, s->first, 0 }; /* it had enough of it */
		s->first->due++;
	} else if (smtp_idle(s)) {
		if (reply->code != 421)
			smtp_muddle(s);
		lose_by_reply(s, reply, stage, reply->code == 421 ? GW_ERR_BUSY : GW_ERR_PROTOCOL,
			reply->code == 421 ? "closes the connection" : "answered to nothing");
		return;
	} else {
		e = s->expected[s->head++];
		smtp_note_kind(s, reply);
	}
	if (e.what == EXPECT_GREETING || e.what == EXPECT_LOGIN)
		smtp_login_step(s, LOGIN_IN_REPLY, reply);
	else
		smtp_message_reply(s, &e, reply);
	if (s->lost || s->closed)
		return;
	if (reply->code == 421) {
		lose_by_reply(s, reply, stage, GW_ERR_BUSY, "closes the connection");
	}
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
			smtp_lose(s, smtp_stage(s), NULL);
		}
		smtp_pump(s);
		break;
	case GW_STREAM_DRAINED:
		smtp_pump(s);
		break;
	case GW_STREAM_LOST:
		if (is_over(s))
			break;
		if (s->err.code == GW_OK)
			s->err = *ev->err;
		smtp_lose(s, smtp_stage(s), NULL);
		break;
	}
}

static void on_reaped(uv_handle_t *handle)
{
	struct gw_smtp *s = handle->data;

	smtp_messages_purge(s);
	gw_smtp_reader_deinit(&s->reader);
	gw_sasl_unref(&s->sasl);
	gw_sasl_unref(&s->exchange);
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
	if (!s->lost && !s->quit_said && s->login.state == LOGIN_DONE && smtp_idle(s) &&
		s->first == NULL)
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
