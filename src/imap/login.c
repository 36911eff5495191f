/* SPDX-License-Identifier: ISC */
/* imap/login.c - takes a fresh connection to the signed-in state.
 *
 *   CONNECT --up--> GREETING --OK--> CAPS (unless the greeting told them) --> next_step
 *   next_step: TLS wanted and not up -> STARTTLS --OK--> HANDSHAKE --up--> CAPS
 *              else AUTHENTICATE or PASSWORD --OK--> CAPS_AGAIN (unless told) --> COMPRESS (if
 *              wanted and offered) --> DONE
 *   AUTHENTICATE --refused, and not for the credentials--> AUTHENTICATE by PLAIN, or PASSWORD
 *   GREETING --PREAUTH--> CAPS_AGAIN        any --refuse()--> REFUSED
 *
 * I1  nothing learned in clear survives HANDSHAKE (RFC 9051 6.2.1), and bytes that came behind the
 *     answer to STARTTLS end the connection.
 * I2  a credential goes out only over TLS, through a tunnel, or with `tls = none`, which the
 *     configuration allows for loopback only.
 * I3  where a password is proven (SCRAM), only a server that proved it as well is signed in to, and one that did
 *     not is never told the password.
 * I4  decide() chooses and sends nothing; enter() acts and is the only writer of the state.
 */
#include "imap/refusal.h"
#include "imap/session_p.h"
#include "net/stream_sasl.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHALLENGES_MAX = 4, DOUBT_MS = 1000 };

static const char *const state_names[] = { "connect", "greeting", "caps", "starttls", "handshake",
	"authenticate", "password", "caps-again", "compress", "done", "refused" };
_Static_assert(sizeof state_names / sizeof *state_names == LOGIN_REFUSED + 1, "one name per state");

enum gw_session_stage gw_session_stage(const struct gw_session *s)
{
	switch (s->login.state == LOGIN_REFUSED ? s->login.refused_in : s->login.state) {
	case LOGIN_CONNECT:
		return GW_STAGE_CONNECT;
	case LOGIN_GREETING:
		return GW_STAGE_GREETING;
	case LOGIN_CAPS:
	case LOGIN_STARTTLS:
	case LOGIN_HANDSHAKE:
		return GW_STAGE_STARTTLS;
	case LOGIN_AUTHENTICATE:
	case LOGIN_PASSWORD:
	case LOGIN_CAPS_AGAIN:
	case LOGIN_COMPRESS:
	case LOGIN_REFUSED:
		return GW_STAGE_LOGIN;
	case LOGIN_DONE:
		break;
	}
	return GW_STAGE_OPEN;
}

#define refuse(s, code, ...) (gw_fail(&(s)->err, (code), __VA_ARGS__), LOGIN_REFUSED)

static bool ok(const struct gw_response *r)
{
	return r != NULL && r->status == GW_STATUS_OK;
}

static const char *choose_mechanism(const struct gw_session *s)
{
	static const struct gw_sasl_offer offers[] = { { "PLAIN", GW_CAP_AUTH_PLAIN },
		{ "SCRAM-SHA-256", GW_CAP_AUTH_SCRAM },
		{ "SCRAM-SHA-256-PLUS", GW_CAP_AUTH_SCRAM_PLUS },
		{ "OAUTHBEARER", GW_CAP_AUTH_BEARER }, { "XOAUTH2", GW_CAP_AUTH_XOAUTH2 },
		{ "EXTERNAL", GW_CAP_AUTH_EXTERNAL }, { NULL, 0 } };

	return gw_stream_choose_sasl(s->stream, s->sasl, offers, s->caps);
}

/* AUTHENTICATE is announced, and does not work. */
static bool says_login(const struct gw_session *s)
{
	return (s->quirks & GW_QUIRK_NO_SASL) && s->sasl->takes_login &&
	       !(s->caps & GW_CAP_LOGINDISABLED);
}

/* Notes a downgrade: somebody in between may have removed SCRAM from the list to get the
 * password. */
static void note_downgrade(const struct gw_session *s)
{
	if ((s->quirks & GW_QUIRK_SCRAM) && !(s->quirks & GW_QUIRK_NO_SCRAM))
		gw_log(s->log, GW_LOG_WARN,
			"%s took SCRAM-SHA-256 before and does not offer it any more, so it is told the "
			"password; auth-mechanisms = {\"SCRAM-SHA-256\"} refuses that, and "
			"`godwit sync --full` gets used to it",
			s->host);
}

static enum login_state sign_in(struct gw_session *s)
{
	s->mechanism = choose_mechanism(s);
	if (s->sasl->takes_login && (s->mechanism == NULL || !gw_sasl_has_dialogue(s->mechanism)))
		note_downgrade(s);
	if (s->mechanism != NULL && !says_login(s))
		return LOGIN_AUTHENTICATE;
	if (s->sasl->takes_login && !(s->caps & GW_CAP_LOGINDISABLED))
		return LOGIN_PASSWORD;
	if (s->sasl->password != NULL && !s->sasl->takes_login)
		return refuse(s, GW_ERR_AUTH,
			"%s offers none of `auth-mechanisms`, so it was not told the password; it "
			"announced: %s",
			s->host, gw_buf_cstr(&s->caps_text));
	if (s->sasl->kind == GW_SASL_CERTIFICATE)
		return refuse(s, GW_ERR_AUTH,
			"%s offers no way to sign in with a certificate (AUTH=EXTERNAL); it announced: %s",
			s->host, gw_buf_cstr(&s->caps_text));
	if (s->sasl->password == NULL)
		return refuse(s, GW_ERR_AUTH,
			"%s offers no way to sign in with OAuth 2.0 (AUTH=OAUTHBEARER or XOAUTH2); "
			"it "
			"announced: %s",
			s->host, gw_buf_cstr(&s->caps_text));
	return refuse(s, GW_ERR_AUTH,
		"%s offers no way to sign in with a password (AUTH=SCRAM-SHA-256, AUTH=PLAIN or LOGIN); it "
		"announced: %s",
		s->host, gw_buf_cstr(&s->caps_text));
}

static enum login_state next_step(struct gw_session *s)
{
	if (s->tls == GW_TLS_NONE || gw_stream_is_tls(s->stream))
		return sign_in(s);
	if (s->caps & GW_CAP_STARTTLS)
		return LOGIN_STARTTLS;
	return refuse(s, GW_ERR_SECURITY,
		"%s offers no STARTTLS on this port, so the password was not sent; try tls = "
		"\"implicit\" "
		"with port 993",
		s->host);
}

static enum login_state signed_in(const struct gw_session *s)
{
	return s->compress && (s->caps & GW_CAP_COMPRESS_DEFLATE) ? LOGIN_COMPRESS : LOGIN_DONE;
}

static enum login_state after_login(struct gw_session *s)
{
	return s->caps_known ? signed_in(s) : LOGIN_CAPS_AGAIN;
}

/* RFC 4978: compressed data follows the OK at once.  Nothing was asked of the server, so none can
 * have arrived yet; with any, both sides would disagree on where it begins. */
static enum login_state decide_compress(struct gw_session *s, const struct gw_response *r)
{
	if (!ok(r)) /* it goes without */
		return LOGIN_DONE;
	if (gw_parser_unread(s->parser) > 0)
		return refuse(s, GW_ERR_PROTOCOL,
			"data came from %s behind its answer to COMPRESS; set compress = no",
			s->host);
	if (gw_stream_start_deflate(s->stream) != GW_OK)
		return refuse(s, GW_ERR_NOMEM, "out of memory");
	return LOGIN_DONE;
}

/* A greeting that tells nothing would cost a round trip at each connection.  What the same server
 * said last time only chooses how to sign in: if that was wrong it is refused, and asked then. */
static void believe_memory(struct gw_session *s)
{
	if (s->caps_known || s->before == NULL || s->remembered == NULL ||
		s->tls == GW_TLS_STARTTLS)
		return;
	s->caps = gw_quirks_hide(s->quirks, gw_caps_parse(gw_slice_str(s->before)));
	s->caps_known = (s->caps & GW_CAP_SASL_IR) != 0 && choose_mechanism(s) != NULL;
	s->login.by_memory = s->caps_known;
}

/* Remembers capabilities that were asked for before the login, but not over a clear connection. */
static void keep_before(struct gw_session *s)
{
	if (s->tls == GW_TLS_STARTTLS)
		return;
	free(s->before);
	s->before = strdup(gw_buf_cstr(&s->caps_text));
	s->login.asked_before = true;
}

static enum login_state decide_greeting(struct gw_session *s, const struct gw_response *r)
{
	if (r->type == GW_RESP_STATUS_TEXT && r->status == GW_STATUS_OK) {
		believe_memory(s);
		return s->caps_known ? next_step(s) : LOGIN_CAPS;
	}
	if (r->type == GW_RESP_STATUS_TEXT && r->status == GW_STATUS_PREAUTH) {
		if (s->tls != GW_TLS_NONE && !gw_stream_is_tls(s->stream))
			return refuse(s, GW_ERR_SECURITY,
				"%s says that it knows us already, before TLS: somebody may be in "
				"between",
				s->host);
		return after_login(s);
	}
	return refuse(s, GW_ERR_PROTOCOL, "%s did not greet as an IMAP server does: %.*s", s->host,
		(int)(r->line.n < 80 ? r->line.n : 80), r->line.p);
}

/* "* NO [WEBALERT https://accounts.google.com/...] Web login required." comes before the NO. */
void login_note(struct gw_session *s, const struct gw_response *r)
{
	static const char code[] = "[WEBALERT https://";
	const char *at = memmem(r->line.p, r->line.n, code, sizeof code - 1);
	const char *end = at == NULL ? NULL : memchr(at, ']', r->line.n - (size_t)(at - r->line.p));

	at = at == NULL ? NULL : strchr(at, 'h');
	if (end == NULL || (size_t)(end - at) >= sizeof s->login.page)
		return;
	for (const char *p = at; p < end; p++) {
		if (*p <= ' ' || *p >= 0x7f)
			return;
	}
	snprintf(s->login.page, sizeof s->login.page, "%.*s", (int)(end - at), at);
}

/* Says what the user can do: from the server's page, its words, or the token. */
static const char *login_advice(struct gw_session *s, const struct gw_response *r, char out[400])
{
	const char *known = gw_refusal_of(r, session_is_gmail(s)).advice;

	if (s->login.page[0] != '\0') {
		snprintf(out, 400, "open %s in a browser, sign in there, and try again",
			s->login.page);
		return out;
	}
	if (known != NULL)
		return known;
	if (s->sasl->advice != NULL)
		return s->sasl->advice(s->sasl);
	if (s->sasl->password != NULL && (s->caps & GW_CAP_GMAIL))
		return "Gmail does not take the account's own password here but an app password: "
		       "make one at https://myaccount.google.com/apppasswords (it needs 2-Step "
		       "Verification) and have `password-command` print it; and check `user`";
	if (s->mechanism != NULL && gw_sasl_has_dialogue(s->mechanism))
		return "check `user` and what `password-command` prints; if both are right, the server "
		       "cannot check them by SCRAM-SHA-256: auth-mechanisms = {\"PLAIN\"}";
	return "check `user` and what `password-command` prints";
}

/* Perhaps it is not who signs in that was refused, but how. */
static bool may_be_the_way(const struct gw_session *s, const struct gw_response *r)
{
	return s->login.state == LOGIN_AUTHENTICATE && !gw_refusal_is_of_credentials(r->code) &&
	       !gw_refusal_passes(r->code) && r->code != GW_CODE_ALERT &&
	       gw_refusal_of(r, session_is_gmail(s)).advice == NULL;
}

/* True if LOGIN may work: some servers announce AUTH=PLAIN and understand only LOGIN.  What was
 * sent behind AUTHENTICATE was refused with it, so that connection is useless. */
static bool may_say_it_otherwise(const struct gw_session *s, const struct gw_response *r)
{
	return may_be_the_way(s, r) && s->sasl->takes_login &&
	       !(s->caps & (GW_CAP_LOGINDISABLED | GW_CAP_GMAIL));
}

/* True if the password may be sent: not every server that announces SCRAM stores what it needs for
 * each user. */
static bool may_be_told(const struct gw_session *s, const struct gw_response *r)
{
	return may_be_the_way(s, r) && gw_sasl_has_dialogue(s->mechanism) && s->sasl->takes_login &&
	       (s->caps & GW_CAP_AUTH_PLAIN);
}

static enum login_state decide_refusal(struct gw_session *s, const struct gw_response *r)
{
	struct gw_refusal why = gw_refusal_of(r, session_is_gmail(s));
	char advice[400];

	s->login.doubtful = s->login.by_memory && may_be_the_way(s, r);
	if (may_be_told(s, r)) {
		s->quirks |= GW_QUIRK_NO_SCRAM;
		s->caps = gw_quirks_hide(s->quirks, s->caps);
		s->mechanism = choose_mechanism(s);
		return LOGIN_AUTHENTICATE;
	}
	s->quirks &= ~(unsigned)GW_QUIRK_NO_SCRAM; /* PLAIN did no better */
	if (may_say_it_otherwise(s, r)) {
		s->quirks |= GW_QUIRK_NO_SASL;
		if (!s->login.ran_ahead)
			return LOGIN_PASSWORD;
		return refuse(s, GW_ERR_AUTH, "%s refused AUTHENTICATE: %.*s", s->host,
			(int)r->text.n, r->text.p);
	}
	if (gw_refusal_passes(r->code))
		return refuse(s, GW_ERR_NET,
			"%s cannot sign anybody in right now: %.*s; try again later", s->host,
			(int)r->text.n, r->text.p);
	gw_fail(&s->err, why.busy ? GW_ERR_BUSY : GW_ERR_AUTH,
		"%s refused the %s of \"%s\": %.*s; %s", s->host,
		s->sasl->kind == GW_SASL_TOKEN && !why.busy ? "token" : "login", s->sasl->user,
		(int)r->text.n, r->text.p, login_advice(s, r, advice));
	s->err.wait_s = why.wait_s;
	return LOGIN_REFUSED;
}

static enum login_state decide_authenticated(struct gw_session *s, const struct gw_response *r)
{
	const char *why =
		s->exchange == NULL ? NULL : s->exchange->distrust(s->exchange, ok(r)); /* I3 */

	if (why != NULL)
		return refuse(s, GW_ERR_SECURITY,
			"%s %s, so the sign-in was broken off: somebody may be in between", s->host,
			why);
	if (s->exchange != NULL && ok(r))
		s->quirks |= GW_QUIRK_SCRAM;
	return ok(r) ? after_login(s) : decide_refusal(s, r);
}

static enum login_state decide(
	struct gw_session *s, enum login_input input, const struct gw_response *r)
{
	bool answer = input == LOGIN_IN_ANSWER;

	switch (s->login.state) {
	case LOGIN_CONNECT:
		if (input == LOGIN_IN_UP)
			return LOGIN_GREETING;
		break;
	case LOGIN_GREETING:
		if (input == LOGIN_IN_GREETING)
			return decide_greeting(s, r);
		break;
	case LOGIN_CAPS:
		if (answer && ok(r)) {
			keep_before(s);
			return next_step(s);
		}
		break;
	case LOGIN_STARTTLS:
		if (answer && ok(r) && gw_parser_unread(s->parser) > 0)
			return refuse(s, GW_ERR_SECURITY,
				"data came from %s behind its answer to STARTTLS: somebody may be "
				"in between",
				s->host);
		if (answer && ok(r))
			return LOGIN_HANDSHAKE;
		break;
	case LOGIN_HANDSHAKE:
		if (input == LOGIN_IN_TLS_UP)
			return LOGIN_CAPS;
		break;
	case LOGIN_AUTHENTICATE:
	case LOGIN_PASSWORD:
		if (answer)
			return decide_authenticated(s, r);
		if (input == LOGIN_IN_CONTINUE && ++s->login.challenges <= CHALLENGES_MAX)
			return s->login.state;
		break;
	case LOGIN_CAPS_AGAIN:
		if (answer)
			return signed_in(s);
		break;
	case LOGIN_COMPRESS:
		if (answer)
			return decide_compress(s, r);
		break;
	case LOGIN_DONE:
	case LOGIN_REFUSED:
		return s->login.state;
	}
	return refuse(s, GW_ERR_PROTOCOL, "%s answered unexpectedly during %s: %.*s", s->host,
		state_names[s->login.state], r == NULL ? 0 : (int)(r->line.n < 80 ? r->line.n : 80),
		r == NULL ? "" : r->line.p);
}

static void on_answer(void *ctx, const struct gw_result *result)
{
	if (result->kind != GW_RESULT_LOST)
		login_step(ctx, LOGIN_IN_ANSWER, result->response);
}

static void send_line(struct gw_session *s, struct gw_command *line)
{
	gw_session_send(s, line, &(struct gw_handlers){ .done = on_answer, .ctx = s });
}

static void send_word(struct gw_session *s, const char *word)
{
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "%s", word);
	send_line(s, &line);
}

static void on_ignored(void *ctx, const struct gw_result *result)
{
	(void)ctx, (void)result;
}

/* Sends what a fresh session wants without waiting for answers. */
static void send_extras(struct gw_session *s)
{
	const struct gw_handlers ignore = { .done = on_ignored, .ctx = s };
	struct gw_command line;

	gw_command_init(&line);
	/* Gmail's documentation asks for it, contact included; others let nobody SELECT without. */
	if (s->caps & GW_CAP_ID) {
		gw_command_printf(&line, "ID (\"name\" \"godwit\" \"version\" \"" GODWIT_VERSION
					 "\" \"contact\" \"" GODWIT_CONTACT "\")");
		gw_session_send(s, &line, &ignore);
	}
	if ((s->caps & GW_CAP_ENABLE) && (s->caps & GW_CAP_CONDSTORE)) {
		gw_command_printf(
			&line, "ENABLE %s", s->caps & GW_CAP_QRESYNC ? "QRESYNC" : "CONDSTORE");
		gw_session_send(s, &line, &ignore);
	}
	gw_command_deinit(&line);
}

static void announce(struct gw_session *s)
{
	if (s->login.announced)
		return;
	s->login.announced = true;
	send_extras(s);
	s->cb(s->ctx, GW_SESSION_READY, NULL);
}

/* Sends the next commands without waiting for the login, if capabilities are remembered. */
static void run_ahead(struct gw_session *s)
{
	if (s->remembered == NULL || !(s->caps & GW_CAP_SASL_IR) || s->compress ||
		s->exchange != NULL || (s->quirks & GW_QUIRK_NO_AHEAD))
		return;
	s->login.ran_ahead = true;
	s->login.sent_at = uv_now(s->loop);
	s->caps = gw_quirks_hide(s->quirks, gw_caps_parse(gw_slice_str(s->remembered)));
	s->caps_known = false;
	announce(s);
}

/* Gmail shows its app passwords in groups of letters, which are pasted with all kinds of blanks. */
static void tidy_password(struct gw_session *s)
{
	if ((s->caps & GW_CAP_GMAIL) && s->sasl->close_up != NULL)
		s->sasl->close_up(s->sasl);
}

/* Tagged answers come in order: if this one's does and one before it is missing, that was dropped
 * (take_answer() sees it).  A server that is only slow is asked one thing more. */
static void on_doubt(void *ctx)
{
	struct gw_session *s = ctx;
	struct gw_command line;

	s->login.doubting = NULL;
	gw_command_init(&line);
	gw_command_printf(&line, "NOOP");
	gw_session_send(s, &line, &(struct gw_handlers){ .done = on_ignored, .ctx = s });
	gw_command_deinit(&line);
}

/* A server that refuses all of what came too early, rather than drop it, costs a run its short ways:
 * no ENABLE, no LIST with counts.  One that refuses some of it means that. */
static void note_ahead(struct gw_session *s, const struct command *c, const struct gw_response *r)
{
	if (!c->ahead)
		return;
	s->login.ahead--;
	s->login.heard |= r->status == GW_STATUS_OK || gw_refusal_passes(r->code);
	if (s->login.ahead == 0 && !s->login.heard)
		s->quirks |= GW_QUIRK_NO_AHEAD;
}

void login_answered(struct gw_session *s, const struct command *c, const struct gw_response *r)
{
	bool is_ahead = s->login.ran_ahead && s->login.state != LOGIN_AUTHENTICATE;

	if (is_ahead && !s->login.answered) {
		s->login.answered = true;
		gw_delay_cancel(&s->login.doubting);
	}
	note_ahead(s, c, r);
}

static void begin_doubt(struct gw_session *s)
{
	uint64_t round_trip = uv_now(s->loop) - s->login.sent_at;

	if (s->login.ran_ahead && s->first != NULL)
		gw_delay_start(s->loop, DOUBT_MS + 4 * round_trip, on_doubt, s, &s->login.doubting);
}

static void send_authenticate(struct gw_session *s)
{
	bool initial = s->caps & GW_CAP_SASL_IR;
	struct gw_command line;
	enum gw_code code;

	tidy_password(s);
	code = gw_stream_begin_sasl(s->stream, s->sasl, s->mechanism, &s->exchange);
	s->login.challenges = 0;
	gw_command_init_secret(&line);
	gw_command_printf(&line, "AUTHENTICATE %s%s", s->mechanism, initial ? " " : "");
	if (code != GW_OK)
		line.code = code;
	if (initial && line.code == GW_OK)
		line.code = gw_sasl_answer(
			s->sasl, s->exchange, s->mechanism, (struct gw_slice){ "", 0 }, &line.text);
	s->caps_known = false;
	send_line(s, &line);
	run_ahead(s);
}

static void send_login(struct gw_session *s)
{
	struct gw_command line;

	tidy_password(s);
	gw_command_init_secret(&line);
	gw_command_printf(&line, "LOGIN ");
	gw_command_string(&line, gw_slice_str(s->sasl->user), s->caps);
	gw_command_printf(&line, " ");
	gw_command_string(&line, gw_slice_str(s->sasl->password), s->caps);
	s->caps_known = false;
	send_line(s, &line);
}

static void answer_challenge(struct gw_session *s, const struct gw_response *r)
{
	struct gw_buf out;

	gw_buf_init_locked(&out, 65536);
	if (gw_sasl_answer(s->sasl, s->exchange, s->mechanism, r->text, &out) == GW_OK &&
		gw_buf_puts(&out, "\r\n") == GW_OK)
		gw_stream_write(s->stream, out.p, out.n);
	gw_buf_deinit(&out);
}

static void enter(struct gw_session *s, enum login_state next, const struct gw_response *r)
{
	bool again = s->login.state == next && (r == NULL || r->type != GW_RESP_TAGGED),
	     signed_in = s->login.state == LOGIN_AUTHENTICATE;

	gw_log(s->log, GW_LOG_DEBUG, "login: %s -> %s", state_names[s->login.state],
		state_names[next]);
	if (next == LOGIN_REFUSED && !again)
		s->login.refused_in = s->login.state;
	s->login.state = next;
	switch (next) {
	case LOGIN_CONNECT:
	case LOGIN_GREETING: /* the server speaks first */
		break;
	case LOGIN_CAPS:
	case LOGIN_CAPS_AGAIN:
		send_word(s, "CAPABILITY");
		break;
	case LOGIN_STARTTLS:
		send_word(s, "STARTTLS");
		break;
	case LOGIN_COMPRESS:
		send_word(s, "COMPRESS DEFLATE");
		break;
	case LOGIN_HANDSHAKE:
		s->caps = 0; /* I1 */
		s->caps_known = false;
		gw_buf_reset(&s->caps_text);
		gw_stream_start_tls(s->stream);
		break;
	case LOGIN_AUTHENTICATE:
		if (again)
			answer_challenge(s, r);
		else
			send_authenticate(s);
		break;
	case LOGIN_PASSWORD:
		if (!again)
			send_login(s);
		break;
	case LOGIN_DONE:
		gw_stream_settled(s->stream);
		if (signed_in)
			begin_doubt(s);
		announce(s);
		break;
	case LOGIN_REFUSED:
		session_lose(s);
		break;
	}
}

void login_step(struct gw_session *s, enum login_input input, const struct gw_response *r)
{
	if (s->login.state == LOGIN_DONE || s->login.state == LOGIN_REFUSED)
		return;
	enter(s, decide(s, input, r), r);
}
