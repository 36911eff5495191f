/* SPDX-License-Identifier: ISC */
/* smtp/login.c - takes a fresh connection to signed in.
 *
 *   CONNECT --up--> GREETING --220--> EHLO --250--> next_step
 *   next_step: TLS wanted and not up -> STARTTLS --220--> HANDSHAKE --up--> EHLO
 *              no sign-in wanted -> DONE       else AUTH or WORDS --235--> DONE
 *   AUTH or WORDS --504, it was offered and is unknown--> another mechanism
 *   EHLO --5xx, neither TLS nor sign-in to come--> HELO --250--> DONE
 *   any --refuse()--> REFUSED
 *
 * I1  nothing learned in clear survives HANDSHAKE, and bytes that came behind the answer to
 * STARTTLS end the connection (RFC 3207 4.2, 6). I2  a credential goes out only over TLS, through a
 * tunnel, or with `smtp-tls = none`, which the configuration allows for loopback only; and where
 * signing in is wanted, nothing goes without. I3  decide() chooses and sends nothing; enter() acts
 * and is the only writer of the state.  I4  where a password is proven (SCRAM), only a server that proved it
 * as well is signed in to, and one that did not is never told the password.
 */
#include "smtp/session_p.h"

#include "base/text.h"
#include "net/stream_sasl.h"

#include <stdio.h>
#include <strings.h>

static const char *const state_names[] = { "connect", "greeting", "ehlo", "helo", "starttls",
	"handshake", "auth", "auth-login", "done", "refused" };
_Static_assert(sizeof state_names / sizeof *state_names == LOGIN_REFUSED + 1, "one name per state");

#define refuse(s, code, ...) (gw_fail(&(s)->err, (code), __VA_ARGS__), LOGIN_REFUSED)

static const struct gw_sasl_offer offers[] = { { "PLAIN", GW_SMTP_PLAIN },
	{ "SCRAM-SHA-256", GW_SMTP_SCRAM }, { "SCRAM-SHA-256-PLUS", GW_SMTP_SCRAM_PLUS },
	{ "OAUTHBEARER", GW_SMTP_BEARER }, { "XOAUTH2", GW_SMTP_XOAUTH2 },
	{ "EXTERNAL", GW_SMTP_EXTERNAL }, { NULL, 0 } };

static enum login_state sign_in(struct gw_smtp *s)
{
	static const char *const what[] = { [GW_SASL_PASSWORD] = "a password",
		[GW_SASL_TOKEN] = "OAuth 2.0",
		[GW_SASL_CERTIFICATE] = "a certificate" };

	s->login.answers = 0;
	if (s->sasl->close_up != NULL && strcasecmp(s->host, "smtp.gmail.com") == 0)
		s->sasl->close_up(s->sasl);
	s->login.mechanism = gw_stream_choose_sasl(s->stream, s->sasl, offers, s->caps.bits);
	if (s->login.mechanism != NULL)
		return LOGIN_AUTH;
	if (s->sasl->takes_login && (s->caps.bits & GW_SMTP_LOGIN))
		return LOGIN_WORDS;
	if (s->sasl->password != NULL && !s->sasl->takes_login)
		return refuse(s, GW_ERR_AUTH,
			"%s offers none of `auth-mechanisms`, so it was not told the password and nothing "
			"was sent",
			s->host);
	return refuse(s, GW_ERR_AUTH,
		"%s offers no way to sign in with %s (%s), so nothing was sent; look at "
		"`smtp-port` "
		"and `smtp-tls`",
		s->host, what[s->sasl->kind],
		s->caps.bits & GW_SMTP_AUTH ? "AUTH names others" : "no AUTH");
}

static enum login_state next_step(struct gw_smtp *s)
{
	if (s->tls == GW_TLS_NONE || gw_stream_is_tls(s->stream))
		return s->sasl == NULL ? LOGIN_DONE : sign_in(s);
	if (s->caps.bits & GW_SMTP_STARTTLS)
		return LOGIN_STARTTLS;
	return refuse(s, GW_ERR_SECURITY,
		"%s offers no STARTTLS on this port, so nothing was sent; try smtp-tls = "
		"\"implicit\" with smtp-port = 465",
		s->host);
}

/* "HOST what: 535 5.7.8 the server's words" */
static enum login_state refused(
	struct gw_smtp *s, enum gw_code code, const struct gw_smtp_reply *r, const char *what)
{
	struct gw_buf line;

	gw_buf_init(&line, 4096);
	gw_smtp_reply_format(r, &line);
	gw_fail(&s->err, code, "%s %s: %.400s", s->host, what, gw_buf_cstr(&line));
	gw_buf_deinit(&line);
	return LOGIN_REFUSED;
}

static enum login_state decide_ehlo(struct gw_smtp *s, const struct gw_smtp_reply *r)
{
	if (r->code / 100 == 2) {
		s->caps = gw_smtp_caps_parse(r->text);
		s->caps.bits &= ~s->without;
		return next_step(s);
	}
	if (r->code / 100 == 5 && s->sasl == NULL &&
		(s->tls == GW_TLS_NONE || gw_stream_is_tls(s->stream)))
		return LOGIN_HELO;
	return refused(s, r->code / 100 == 4 ? GW_ERR_BUSY : GW_ERR_REFUSED, r,
		"does not take our greeting");
}

static enum login_state decide_starttls(struct gw_smtp *s, const struct gw_smtp_reply *r)
{
	if (r->code / 100 != 2)
		return refused(s, r->code / 100 == 4 ? GW_ERR_BUSY : GW_ERR_SECURITY, r,
			"does not begin TLS, so nothing was sent");
	if (gw_smtp_reader_unread(&s->reader))
		return refuse(s, GW_ERR_SECURITY,
			"data came from %s behind its answer to STARTTLS: somebody may be in "
			"between",
			s->host);
	return LOGIN_HANDSHAKE;
}

/* Tries another mechanism after the server refused one that it offered (RFC 4954 4: 504). */
static enum login_state try_another(struct gw_smtp *s)
{
	s->caps.bits &= s->login.state == LOGIN_WORDS ? ~(uint32_t)GW_SMTP_LOGIN : ~(uint32_t)0;
	for (const struct gw_sasl_offer *o = offers;
		o->name != NULL && s->login.state == LOGIN_AUTH; o++) {
		if (strcmp(o->name, s->login.mechanism) == 0)
			s->caps.bits &= ~o->cap;
	}
	return sign_in(s);
}

static enum login_state decide_auth(struct gw_smtp *s, const struct gw_smtp_reply *r)
{
	const char *advice, *why = NULL;
	size_t n;

	if (s->exchange != NULL && r->code != 334)
		why = s->exchange->distrust(s->exchange, r->code == 235); /* I4 */
	if (why != NULL)
		return refuse(s, GW_ERR_SECURITY,
			"%s %s, so the sign-in was broken off and nothing was sent: somebody may be in "
			"between",
			s->host, why);
	if (r->code == 235)
		return LOGIN_DONE;
	if (r->code == 334 && s->login.answers < 8)
		return s->login.state;
	if (r->code == 504)
		return try_another(s);
	if (r->code / 100 == 4)
		return refused(s, GW_ERR_BUSY, r, "cannot sign anybody in right now");
	if (r->code / 100 != 5)
		return refused(s, GW_ERR_PROTOCOL, r, "answered AUTH unexpectedly");
	refused(s, GW_ERR_AUTH, r, "refused the sign-in");
	if (s->sasl->advice != NULL && (advice = s->sasl->advice(s->sasl)) != NULL) {
		n = strlen(s->err.text);
		snprintf(s->err.text + n, sizeof s->err.text - n, "; %s", advice);
	}
	return LOGIN_REFUSED;
}

static enum login_state decide(
	struct gw_smtp *s, enum login_input input, const struct gw_smtp_reply *r)
{
	bool reply = input == LOGIN_IN_REPLY;

	switch (s->login.state) {
	case LOGIN_CONNECT:
		if (input == LOGIN_IN_UP)
			return LOGIN_GREETING;
		break;
	case LOGIN_GREETING:
		if (reply && r->code / 100 == 2)
			return LOGIN_EHLO;
		if (reply && r->code / 100 >= 4)
			return refused(s, r->code / 100 == 4 ? GW_ERR_BUSY : GW_ERR_REFUSED, r,
				"does not want our connection");
		break;
	case LOGIN_EHLO:
		if (reply && r->code / 100 != 3)
			return decide_ehlo(s, r);
		break;
	case LOGIN_HELO:
		if (reply && r->code / 100 == 2)
			return LOGIN_DONE;
		if (reply && r->code / 100 >= 4)
			return refused(s, r->code / 100 == 4 ? GW_ERR_BUSY : GW_ERR_REFUSED, r,
				"does not take our greeting");
		break;
	case LOGIN_STARTTLS:
		if (reply && r->code / 100 != 3)
			return decide_starttls(s, r);
		break;
	case LOGIN_HANDSHAKE:
		if (input == LOGIN_IN_TLS_UP)
			return LOGIN_EHLO;
		break;
	case LOGIN_AUTH:
	case LOGIN_WORDS:
		if (reply)
			return decide_auth(s, r);
		break;
	case LOGIN_DONE:
	case LOGIN_REFUSED:
		return s->login.state;
	}
	if (reply)
		return refused(s, GW_ERR_PROTOCOL, r, "answered unexpectedly");
	return refuse(s, GW_ERR_PROTOCOL, "%s: TLS began out of place", s->host);
}

static void send_line(struct gw_smtp *s, struct gw_buf *line, bool secret)
{
	smtp_write(s, (struct gw_slice){ line->p, line->n }, secret);
	smtp_expect(s, EXPECT_LOGIN, NULL, 0);
}

static void send_hello(struct gw_smtp *s, const char *verb)
{
	struct gw_buf line;
	struct gw_error err = { 0 };

	gw_buf_init(&line, 1024);
	if (gw_smtp_put_hello(&line, verb, s->name) == GW_OK) {
		send_line(s, &line, false);
	} else {
		gw_fail(&err, GW_ERR_CONFIG, "ehlo-name \"%s\" is not a host name", s->name);
		gw_stream_abort(s->stream, &err);
	}
	gw_buf_deinit(&line);
}

static enum gw_code put_answer(struct gw_smtp *s, struct gw_slice challenge, struct gw_buf *out)
{
	return gw_sasl_answer(s->sasl, s->exchange, s->login.mechanism, challenge, out);
}

static void out_of_memory(struct gw_smtp *s)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	gw_stream_abort(s->stream, &err);
}

/* RFC 4954 4: an initial response that makes the line too long waits for the challenge. */
static void send_auth(struct gw_smtp *s)
{
	struct gw_buf line;
	size_t alone;

	if (gw_stream_begin_sasl(s->stream, s->sasl, s->login.mechanism, &s->exchange) != GW_OK) {
		out_of_memory(s);
		return;
	}
	gw_buf_init_locked(&line, 1 << 20);
	gw_buf_printf(&line, "AUTH %s", s->login.mechanism);
	alone = line.n;
	gw_buf_puts(&line, " ");
	if (put_answer(s, (struct gw_slice){ "", 0 }, &line) == GW_OK &&
		line.n + 2 <= GW_SMTP_LINE_MAX)
		s->login.answers++;
	else
		line.n = alone;
	gw_buf_puts(&line, "\r\n");
	send_line(s, &line, true);
	gw_buf_deinit(&line);
}

static void answer_challenge(struct gw_smtp *s, const struct gw_smtp_reply *r)
{
	struct gw_slice challenge = s->login.answers == 0 ? (struct gw_slice){ "", 0 } : r->text;
	struct gw_buf line;
	enum gw_code code;

	gw_buf_init_locked(&line, 1 << 20);
	if (s->login.state == LOGIN_AUTH)
		code = put_answer(s, challenge, &line);
	else if (s->login.answers < 2)
		code = gw_base64_put(&line,
			gw_slice_str(s->login.answers == 0 ? s->sasl->user : s->sasl->password));
	else
		code = gw_buf_puts(&line, "*");
	s->login.answers++;
	if (code == GW_OK)
		code = gw_buf_puts(&line, "\r\n");
	if (code == GW_OK) {
		send_line(s, &line, true);
	} else {
		out_of_memory(s);
	}
	gw_buf_deinit(&line);
}

static void send_word(struct gw_smtp *s, const char *line)
{
	smtp_write(s, gw_slice_str(line), false);
	smtp_expect(s, EXPECT_LOGIN, NULL, 0);
}

static void enter(struct gw_smtp *s, enum login_state next, const struct gw_smtp_reply *r)
{
	enum login_state before = s->login.state;

	gw_log(s->log, GW_LOG_DEBUG, "smtp login: %s -> %s", state_names[before],
		state_names[next]);
	s->login.state = next;
	switch (next) {
	case LOGIN_CONNECT:
		break;
	case LOGIN_GREETING: /* the server speaks first */
		smtp_expect(s, EXPECT_GREETING, NULL, 0);
		break;
	case LOGIN_EHLO:
		send_hello(s, "EHLO");
		break;
	case LOGIN_HELO:
		send_hello(s, "HELO");
		break;
	case LOGIN_STARTTLS:
		send_word(s, "STARTTLS\r\n");
		break;
	case LOGIN_HANDSHAKE:
		s->caps = (struct gw_smtp_caps){ 0 }; /* I1 */
		gw_stream_start_tls(s->stream);
		break;
	case LOGIN_AUTH:
		if (r->code == 334)
			answer_challenge(s, r);
		else
			send_auth(s);
		break;
	case LOGIN_WORDS:
		if (r->code == 334)
			answer_challenge(s, r);
		else
			send_word(s, "AUTH LOGIN\r\n");
		break;
	case LOGIN_DONE:
		s->cb(s->ctx, &(struct gw_smtp_event){ .type = GW_SMTP_READY });
		break;
	case LOGIN_REFUSED:
		smtp_lose(s, smtp_stage_of_login(before), r);
		break;
	}
}

void smtp_login_step(struct gw_smtp *s, enum login_input input, const struct gw_smtp_reply *r)
{
	enter(s, decide(s, input, r), r);
	if (!s->lost && !s->closed)
		smtp_wait(s);
}
