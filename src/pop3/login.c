/* SPDX-License-Identifier: ISC */
/* pop3/login.c - takes a fresh connection to READY; the order of its states is in state.h.
 *
 * I1  nothing learned in clear survives HANDSHAKE, and bytes that came behind the answer to STLS end
 *     the connection (RFC 2595 section 4).
 * I2  a credential goes out only over TLS, through a tunnel, or with `tls = none`, which the
 *     configuration allows for loopback only.
 * I3  decide() chooses and sends nothing; act() sends.
 * I4  where a password is proven (SCRAM, by RFC 5034), only a server that proved it as well is signed in to.
 */
#include "pop3/session_p.h"

#include "net/stream_sasl.h"
#include "pop3/refusal.h"

#include <stdio.h>

/* Octets of a command, CR LF included (RFC 2449 section 4).  A server may close the connection over
 * a longer one, so an initial answer that would make it longer waits for a challenge. */
enum { COMMAND_MAX = 255, CHALLENGES_MAX = 8 };

#define refuse(s, code, ...) (gw_fail(&(s)->err, (code), __VA_ARGS__), POP3_REFUSED)

static const struct gw_sasl_offer offers[] = { { "PLAIN", GW_POP3_PLAIN },
	{ "SCRAM-SHA-256", GW_POP3_SCRAM }, { "SCRAM-SHA-256-PLUS", GW_POP3_SCRAM_PLUS },
	{ "OAUTHBEARER", GW_POP3_BEARER }, { "XOAUTH2", GW_POP3_XOAUTH2 },
	{ "EXTERNAL", GW_POP3_EXTERNAL }, { NULL, 0 } };

/* A line end in it would be a command of its own. */
static bool fits_line(const char *text)
{
	return text != NULL && strpbrk(text, "\r\n") == NULL;
}

static enum gw_pop3_state sign_in(struct gw_pop3 *s)
{
	s->mechanism = gw_stream_choose_sasl(s->stream, s->sasl, offers, s->caps.bits);
	s->challenges = 0;
	if (s->mechanism != NULL)
		return POP3_AUTH;
	if (s->sasl->password == NULL)
		return refuse(s, GW_ERR_AUTH,
			"%s offers no way to sign in with a %s over POP3, so nothing was sent",
			s->host, s->sasl->kind == GW_SASL_TOKEN ? "token" : "certificate");
	if (!s->sasl->takes_login)
		return refuse(s, GW_ERR_AUTH,
			"%s offers none of `auth-mechanisms` that can be used over POP3, so it "
			"was not told the password",
			s->host);
	if (!fits_line(s->sasl->user) || !fits_line(s->sasl->password))
		return refuse(s, GW_ERR_CONFIG,
			"the user name or the password holds a line end, which POP3 cannot carry");
	return POP3_USER;
}

static enum gw_pop3_state after_capa(struct gw_pop3 *s)
{
	if (s->tls == GW_TLS_NONE || gw_stream_is_tls(s->stream)) {
		s->memory.before = s->caps;
		return sign_in(s);
	}
	/* STLS may work even where CAPA does not; the session never goes on without. */
	if ((s->caps.bits & GW_POP3_STLS) || !s->caps.known)
		return POP3_STLS;
	return refuse(s, GW_ERR_SECURITY,
		"%s offers no STLS on this port, so nothing was sent; try tls = \"implicit\" with "
		"port = 995",
		s->host);
}

static void say_when(struct gw_error *err, unsigned wait_s)
{
	size_t n = strlen(err->text);
	unsigned minutes = (wait_s + 59) / 60;

	if (minutes > 1)
		snprintf(err->text + n, sizeof err->text - n, "; try again in %u minutes", minutes);
	else
		snprintf(err->text + n, sizeof err->text - n, "; try again in a minute");
}

/* "-ERR", said to an attempt to sign in (what: "refused the sign-in"). */
static enum gw_pop3_state refused(
	struct gw_pop3 *s, const struct gw_pop3_piece *p, const char *what, enum gw_code otherwise)
{
	struct gw_pop3_refusal r = gw_pop3_refusal_of(p->code, p->text, s->caps.login_delay);
	enum gw_code code = r.kind == GW_POP3_LATER   ? GW_ERR_BUSY
			    : r.kind == GW_POP3_CREDS ? GW_ERR_AUTH
			    : r.kind == GW_POP3_NEVER ? GW_ERR_REFUSED
						      : otherwise;
	bool coded = *p->code != '\0';

	gw_fail(&s->err, code, "%s %s: %s%s%s%.*s", s->host,
		code == GW_ERR_BUSY ? "does not let us in now" : what, coded ? "[" : "", p->code,
		coded ? "] " : "", (int)(p->text.n < 300 ? p->text.n : 300), p->text.p);
	s->err.wait_s = r.wait_s;
	if (code == GW_ERR_BUSY)
		say_when(&s->err, r.wait_s);
	return POP3_REFUSED;
}

/* True if SCRAM may be the reason: not every server that announces it stores what it needs for each
 * user.  PLAIN comes next. */
static bool may_be_the_way(struct gw_pop3 *s, const struct gw_pop3_piece *p)
{
	if (s->exchange == NULL || *p->code != '\0' || !(s->caps.bits & GW_POP3_PLAIN) ||
		!s->sasl->takes_login)
		return false;
	s->caps.bits &= ~(uint32_t)(GW_POP3_SCRAM | GW_POP3_SCRAM_PLUS);
	gw_sasl_unref(&s->exchange);
	return true;
}

/* Skips CAPA, whose answer is known: TLS first, or the sign-in at once. */
static enum gw_pop3_state with_memory(struct gw_pop3 *s)
{
	if (s->tls != GW_TLS_NONE && !gw_stream_is_tls(s->stream))
		return POP3_STLS;
	s->caps = s->memory.before;
	return sign_in(s);
}

static enum gw_pop3_state signed_in(struct gw_pop3 *s)
{
	if (!s->remembers)
		return s->caps.known ? POP3_CAPA_IN : POP3_READY;
	s->caps = s->memory.after;
	return POP3_READY;
}

static enum gw_pop3_state decide_auth(struct gw_pop3 *s, const struct gw_pop3_piece *p)
{
	const char *advice, *why = NULL;
	size_t n;

	if (s->exchange != NULL)
		why = s->exchange->distrust(s->exchange, p->ok); /* I4 */
	if (why != NULL)
		return refuse(s, GW_ERR_SECURITY,
			"%s %s, so the sign-in was broken off: somebody may be in between", s->host,
			why);
	if (!p->ok && may_be_the_way(s, p))
		return sign_in(s);
	if (p->ok)
		return signed_in(s);
	refused(s, p, "refused the sign-in", GW_ERR_AUTH);
	if (s->err.code == GW_ERR_AUTH && s->sasl->advice != NULL &&
		(advice = s->sasl->advice(s->sasl)) != NULL) {
		n = strlen(s->err.text);
		snprintf(s->err.text + n, sizeof s->err.text - n, "; %s", advice);
	}
	return POP3_REFUSED;
}

static enum gw_pop3_state decide_stls(struct gw_pop3 *s, const struct gw_pop3_piece *p)
{
	if (!p->ok)
		return refuse(s, GW_ERR_SECURITY,
			"%s does not begin TLS (%.*s), so nothing was sent; try tls = \"implicit\" "
			"with port = 995",
			s->host, (int)(p->text.n < 200 ? p->text.n : 200), p->text.p);
	if (gw_pop3_parser_unread(&s->parser))
		return refuse(s, GW_ERR_SECURITY,
			"data came from %s behind its answer to STLS: somebody may be in between",
			s->host);
	return POP3_HANDSHAKE;
}

/* The state that follows; the present one: nothing changes yet. */
static enum gw_pop3_state decide(
	struct gw_pop3 *s, enum pop3_input input, const struct gw_pop3_piece *p)
{
	bool status = input == POP3_IN_STATUS;

	switch (s->state) {
	case POP3_CONNECT:
		if (input == POP3_IN_UP)
			return POP3_GREETING;
		break;
	case POP3_GREETING:
		if (status && p->ok)
			return s->remembers ? with_memory(s) : POP3_CAPA;
		if (status)
			return refused(s, p, "does not want our connection", GW_ERR_REFUSED);
		break;
	case POP3_CAPA:
	case POP3_CAPA_IN:
		if (status && p->ok)
			return s->state; /* its lines are to come */
		if (status || input == POP3_IN_END)
			return s->state == POP3_CAPA_IN ? POP3_READY : after_capa(s);
		break;
	case POP3_STLS:
		if (status)
			return decide_stls(s, p);
		break;
	case POP3_HANDSHAKE:
		if (input == POP3_IN_TLS_UP)
			return s->remembers ? with_memory(s) : POP3_CAPA;
		break;
	case POP3_USER:
		if (status && p->ok)
			return POP3_PASS;
		if (status)
			return decide_auth(s, p);
		break;
	case POP3_AUTH:
		if (input == POP3_IN_CHALLENGE && s->challenges < CHALLENGES_MAX)
			return POP3_AUTH;
		if (status)
			return decide_auth(s, p);
		break;
	case POP3_PASS:
		if (status)
			return decide_auth(s, p);
		break;
	case POP3_READY:
	case POP3_QUIT:
	case POP3_OVER:
	case POP3_REFUSED:
	case POP3_LOST:
	case POP3_CLOSED:
		return s->state;
	}
	return refuse(s, GW_ERR_PROTOCOL, "%s answered unexpectedly (%s)", s->host,
		gw_pop3_state_name(s->state));
}

static void write_line(struct gw_pop3 *s, const char *verb, const char *text, bool secret)
{
	struct gw_buf line;

	gw_buf_init_locked(&line, 1 << 16);
	if (gw_buf_printf(&line, "%s %s\r\n", verb, text) == GW_OK) {
		pop3_write(s, (struct gw_slice){ line.p, line.n }, secret);
	} else {
		struct gw_error err = { 0 };

		gw_fail(&err, GW_ERR_LIMIT, "what to sign in with is too long");
		gw_stream_abort(s->stream, &err);
	}
	gw_buf_deinit(&line);
}

static void out_of_memory(struct gw_pop3 *s)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	gw_stream_abort(s->stream, &err);
}

static void send_auth(struct gw_pop3 *s)
{
	struct gw_buf line;
	struct gw_slice none = { "", 0 };
	size_t alone;

	if (gw_stream_begin_sasl(s->stream, s->sasl, s->mechanism, &s->exchange) != GW_OK) {
		out_of_memory(s);
		return;
	}
	gw_buf_init_locked(&line, 1 << 20);
	gw_buf_printf(&line, "AUTH %s", s->mechanism);
	alone = line.n;
	gw_buf_puts(&line, " ");
	s->held_back = gw_sasl_answer(s->sasl, s->exchange, s->mechanism, none, &line) != GW_OK ||
		       line.n + 2 > COMMAND_MAX;
	if (s->held_back)
		line.n = alone;
	gw_buf_puts(&line, "\r\n");
	pop3_write(s, (struct gw_slice){ line.p, line.n }, true);
	gw_buf_deinit(&line);
}

static void answer_challenge(struct gw_pop3 *s, const struct gw_pop3_piece *p)
{
	struct gw_buf line;
	enum gw_code code;

	gw_buf_init_locked(&line, 1 << 20);
	code = gw_sasl_answer(s->sasl, s->exchange, s->mechanism,
		s->held_back ? (struct gw_slice){ "", 0 } : p->text, &line);
	s->held_back = false;
	s->challenges++;
	if (code == GW_OK)
		code = gw_buf_puts(&line, "\r\n");
	if (code == GW_OK) {
		pop3_write(s, (struct gw_slice){ line.p, line.n }, true);
	} else {
		out_of_memory(s);
	}
	gw_buf_deinit(&line);
}

/* The state was entered, or one more challenge came in it. */
static void act(struct gw_pop3 *s, const struct gw_pop3_piece *p)
{
	switch (s->state) {
	case POP3_CAPA:
	case POP3_CAPA_IN:
		s->caps = (struct gw_pop3_caps){ 0 };
		pop3_write(s, gw_slice_str("CAPA\r\n"), false);
		break;
	case POP3_STLS:
		pop3_write(s, gw_slice_str("STLS\r\n"), false);
		break;
	case POP3_HANDSHAKE:
		s->caps = (struct gw_pop3_caps){ 0 }; /* I1 */
		gw_stream_start_tls(s->stream);
		break;
	case POP3_AUTH:
		if (p->type == GW_POP3_CHALLENGE)
			answer_challenge(s, p);
		else
			send_auth(s);
		break;
	case POP3_USER:
		write_line(s, "USER", s->sasl->user, false);
		break;
	case POP3_PASS:
		write_line(s, "PASS", s->sasl->password, true);
		break;
	case POP3_READY:
		s->memory.after = s->caps;
		gw_stream_settled(s->stream);
		gw_stream_expect(s->stream, false);
		s->cb(s->ctx, &(struct gw_pop3_event){ .type = GW_POP3_UP });
		break;
	case POP3_CONNECT:
	case POP3_GREETING:
	case POP3_QUIT:
	case POP3_OVER:
	case POP3_REFUSED:
	case POP3_LOST:
	case POP3_CLOSED:
		break;
	}
}

bool pop3_login_step(struct gw_pop3 *s, enum pop3_input input, const struct gw_pop3_piece *p)
{
	enum gw_pop3_state next = decide(s, input, p);

	if (next == POP3_REFUSED) {
		pop3_lose(s, POP3_REFUSED);
		return false;
	}
	gw_stream_expect(s->stream, true);
	if (next == s->state && next != POP3_AUTH) {
		s->caps.known = true; /* CAPA's lines follow */
		return true;
	}
	pop3_enter(s, next);
	act(s, p);
	return false;
}
