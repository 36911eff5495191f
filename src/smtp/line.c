/* SPDX-License-Identifier: ISC */
/* smtp/line.c - what goes out on a session's line, and the answers that are awaited for it; see session_p.h. */
#include "smtp/session_p.h"

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
	case EXPECT_QUIT: /* the mail was answered: nothing hangs on it any more */
		return s->limits->block_ms / 12;
	case EXPECT_LOGIN:
	case EXPECT_MAIL:
	case EXPECT_RCPT:
	case EXPECT_RSET:
	case EXPECT_NOTHING:
		break;
	}
	return s->limits->command_ms;
}

void smtp_wait(struct gw_smtp *s)
{
	bool sending = s->first != NULL &&
		       (s->first->state == MESSAGE_TEXT || gw_smtp_reader_begun(&s->reader));
	unsigned ms = limit_of(s);

	/* While a small text travels in one flight with its envelope, the answer to the text is
	 * what is waited for in the end; the envelope's come no later. */
	if (s->first != NULL && s->first->state == MESSAGE_DOT && ms < s->limits->final_ms)
		ms = s->limits->final_ms;
	gw_stream_set_timeout(s->stream, ms);
	gw_stream_expect(s->stream, !smtp_idle(s) || sending);
}

enum gw_smtp_stage smtp_stage_of_login(enum login_state at)
{
	static const enum gw_smtp_stage stages[] = { [LOGIN_CONNECT] = GW_SMTP_AT_CONNECT,
		[LOGIN_GREETING] = GW_SMTP_AT_GREETING,
		[LOGIN_EHLO] = GW_SMTP_AT_EHLO,
		[LOGIN_HELO] = GW_SMTP_AT_EHLO,
		[LOGIN_STARTTLS] = GW_SMTP_AT_TLS,
		[LOGIN_HANDSHAKE] = GW_SMTP_AT_TLS,
		[LOGIN_AUTH] = GW_SMTP_AT_AUTH,
		[LOGIN_WORDS] = GW_SMTP_AT_AUTH,
		[LOGIN_DONE] = GW_SMTP_AT_AUTH,
		[LOGIN_REFUSED] = GW_SMTP_AT_AUTH };

	return stages[at];
}

enum gw_smtp_stage smtp_stage_of_answer(enum expected what)
{
	static const enum gw_smtp_stage stages[] = { [EXPECT_MAIL] = GW_SMTP_AT_MAIL,
		[EXPECT_RCPT] = GW_SMTP_AT_RCPT,
		[EXPECT_DATA] = GW_SMTP_AT_DATA,
		[EXPECT_CHUNK] = GW_SMTP_AT_TEXT,
		[EXPECT_DOT] = GW_SMTP_AT_DOT,
		[EXPECT_RSET] = GW_SMTP_AT_MAIL,
		[EXPECT_QUIT] = GW_SMTP_AT_DOT,
		[EXPECT_NOTHING] = GW_SMTP_AT_TEXT };

	return stages[what];
}

enum gw_smtp_stage smtp_stage(const struct gw_smtp *s)
{
	if (s->login.state < LOGIN_DONE)
		return smtp_stage_of_login(s->login.state);
	if (!smtp_idle(s))
		return smtp_stage_of_answer(s->expected[s->head].what);
	return s->first != NULL && s->first->state >= MESSAGE_TEXT ? GW_SMTP_AT_TEXT
								   : GW_SMTP_AT_MAIL;
}
