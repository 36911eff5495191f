/* SPDX-License-Identifier: ISC */
/* smtp/message.c - carries messages over a signed-in session; see session.h.
 *
 *   QUEUED -> ENVELOPE -> TEXT -> DRAINING -> ASKING -> DOT -> ANSWERED -> OVER
 *   any up to ASKING --refused, withdrawn--> FAILING --nothing due--> OVER
 *
 * A text that goes out whole (`together`) skips DRAINING and ASKING: its owner agreed before.  The
 * session's last one goes with BDAT where the server knows it: in one flight with its envelope.
 *
 * I1  nothing that could have a message accepted (the final dot, the last chunk) is written before
 *     its owner gave permission, and said that it is still wanted.
 * I2  a text under DATA that is broken off leaves no way but to close the connection: what came
 *     next would be read as part of it, and a dot would have half of it accepted.
 * I3  the next message travels behind the dot of the first one only (RFC 2920 3.1).
 * I4  each message's done() runs once: when it is over, or when the session is lost or closed.
 * I5  an answer is believed to be a text's only where a server that answers once too often, or not at
 *     all, would show: only 354 answers DATA, and only 221 answers QUIT.  So BDAT is used with QUIT
 *     behind it alone; what is answered to a text counts once all that went out behind it was answered
 *     as is due; and the last bytes do not leave while there is half an answer that nobody asked for.
 */
#include "smtp/session_p.h"

#include <stdlib.h>

enum {
	TOGETHER = 16384,  /* a text up to this size goes out whole */
	BLOCK = 16384,     /* read at a time */
	QUEUE = 256 << 10, /* bytes that wait for the kernel */
	LAST = 512,        /* octets in the last chunk */
	POLL_MS = 10,      /* while the peer acknowledges */
	ENVELOPE_MAX = 8 << 20,
	SAID_MAX = 65536
};

static const char *const state_names[] = { "queued", "envelope", "text", "draining", "asking",
	"dot", "answered", "failing", "over" };
_Static_assert(sizeof state_names / sizeof *state_names == MESSAGE_OVER + 1, "one name per state");

static void enter(struct gw_smtp_message *m, enum message_state next)
{
	if (m->state != next)
		gw_log(m->session->log, GW_LOG_DEBUG, "smtp message: %s -> %s",
			state_names[m->state], state_names[next]);
	m->state = next;
}

void smtp_messages_purge(struct gw_smtp *s)
{
	while (s->over != NULL) {
		struct gw_smtp_message *m = s->over;

		s->over = m->next;
		gw_buf_deinit(&m->out);
		gw_buf_deinit(&m->said);
		free(m);
	}
}

/* Takes the message out of the session and tells its end. */
static void finish(struct gw_smtp_message *m, enum gw_smtp_end end)
{
	struct gw_smtp *s = m->session;
	struct gw_smtp_message **at = &s->first, *before = NULL;
	const struct gw_smtp_reply reply = { .code = m->code,
		.status = { m->status[0], m->status[1], m->status[2] },
		.text = { gw_buf_cstr(&m->said), m->said.n } };
	const struct gw_smtp_outcome outcome = { .end = end,
		.stage = m->failed_at,
		.reply = m->code != 0 ? &reply : NULL,
		.err = m->err.code != GW_OK ? &m->err : NULL,
		.muddled = s->muddled && end != GW_SMTP_ACCEPTED && end != GW_SMTP_REFUSED };

	for (; *at != m; at = &(*at)->next)
		before = *at;
	*at = m->next;
	if (s->last == m)
		s->last = before;
	for (size_t i = s->head; i < s->expected_count; i++) {
		if (s->expected[i].message == m)
			s->expected[i].message = NULL;
	}
	enter(m, MESSAGE_OVER);
	m->next = s->over; /* its present user may still look at it */
	s->over = m;
	m->handlers.done(m->handlers.ctx, &outcome);
}

static void keep_reply(struct gw_smtp_message *m, const struct gw_smtp_reply *r)
{
	m->code = r->code;
	memcpy(m->status, r->status, sizeof m->status);
	gw_buf_reset(&m->said);
	gw_buf_append(&m->said, r->text.p, r->text.n < SAID_MAX ? r->text.n : SAID_MAX);
}

/* The first failure counts.  What was sent is still answered. */
static void fail(struct gw_smtp_message *m, enum gw_smtp_end end, enum gw_smtp_stage stage,
	const struct gw_smtp_reply *r)
{
	if (m->state == MESSAGE_FAILING)
		return;
	m->end = end;
	m->failed_at = stage;
	if (r != NULL)
		keep_reply(m, r);
	m->session->needs_reset |= m->commands > 0;
	enter(m, MESSAGE_FAILING);
}

/* I2 */
static void break_off(struct gw_smtp_message *m, enum gw_smtp_end end, enum gw_smtp_stage stage,
	const struct gw_smtp_reply *r)
{
	struct gw_smtp *s = m->session;
	bool closes = m->data_agreed && !m->chunked;

	fail(m, end, stage, r);
	if (!closes)
		return;
	gw_fail(&s->err, GW_ERR_CANCELLED,
		"a message was broken off, and the connection to %s with it", s->host);
	finish(m, m->end);
	if (!s->closed)
		smtp_lose(s, stage, r);
}

static bool suits(struct gw_smtp_message *m)
{
	const struct gw_smtp_caps *caps = &m->session->caps;
	const char *host = m->session->host;

	if (caps->size > 0 && m->sender->size > caps->size)
		gw_fail(&m->err, GW_ERR_LIMIT,
			"the mail has %llu bytes, and %s takes no more than %llu",
			(unsigned long long)m->sender->size, host, (unsigned long long)caps->size);
	else if (m->sender->utf8 && !(caps->bits & GW_SMTP_UTF8))
		gw_fail(&m->err, GW_ERR_REFUSED,
			"%s takes no addresses or headers beyond ASCII (no SMTPUTF8)", host);
	else if (m->sender->eight_bit && !(caps->bits & GW_SMTP_8BITMIME))
		gw_fail(&m->err, GW_ERR_REFUSED,
			"%s takes no 8-bit text (no 8BITMIME): have the mail encoded", host);
	return m->err.code == GW_OK;
}

static void ask(struct gw_smtp_message *m)
{
	if (m->permission != NOT_ASKED)
		return;
	m->permission = ASKED;
	m->handlers.leaving(m->handlers.ctx);
}

/* Reads and converts until `enough` bytes are there, or all.  false: it failed. */
static bool fill(struct gw_smtp_message *m, size_t enough)
{
	char block[BLOCK];

	while (!m->text_over && m->out.n < enough) {
		size_t n = m->handlers.read(m->handlers.ctx, block, sizeof block);
		enum gw_code code = GW_OK;

		if (n == SIZE_MAX) {
			gw_fail(&m->err, GW_ERR_DISK, "the mail cannot be read");
			return false;
		}
		m->text_over = n == 0;
		code = n > 0 ? gw_smtp_text_put(&m->text, (struct gw_slice){ block, n }, &m->out)
			     : gw_smtp_text_end(&m->text, &m->out);
		if (code != GW_OK)
			gw_fail(&m->err, code, "out of memory");
		else if (m->text.bad)
			gw_fail(&m->err, GW_ERR_REFUSED,
				"the mail has a CR without LF, or a NUL: that must not be sent");
		if (m->err.code != GW_OK)
			return false;
	}
	return true;
}

static void write_chunk(struct gw_smtp_message *m, size_t n, bool last, struct gw_buf *flight)
{
	enum gw_code code = gw_buf_printf(flight, "BDAT %zu%s\r\n", n, last ? " LAST" : "");

	gw_log(m->session->log, GW_LOG_WIRE, "C: BDAT %zu%s", n, last ? " LAST" : "");
	if (code == GW_OK)
		code = gw_buf_append(flight, m->out.p, n);
	if (code != GW_OK) {
		gw_fail(&m->session->err, code, "out of memory");
		gw_stream_abort(m->session->stream, &m->session->err);
		return;
	}
	gw_buf_consume(&m->out, n);
	smtp_expect(m->session, last ? EXPECT_DOT : EXPECT_CHUNK, m, 0);
	if (!last)
		return;
	gw_buf_puts(flight, "QUIT\r\n");
	smtp_expect(m->session, EXPECT_QUIT, m, 0);
	m->session->quit_said = true;
}

/* Writes all but the last bytes; with `last`, these. */
static void write_text(struct gw_smtp_message *m, bool last, struct gw_buf *flight)
{
	struct gw_smtp *s = m->session;

	if (m->chunked) {
		write_chunk(m, last || m->out.n < LAST ? m->out.n : m->out.n - LAST, last, flight);
	} else {
		gw_buf_append(flight, m->out.p, m->out.n);
		gw_buf_reset(&m->out);
		if (last) {
			gw_buf_puts(flight, ".\r\n");
			smtp_expect(s, EXPECT_DOT, m, 0);
		}
	}
	m->sent_all |= last;
}

static void send_flight(struct gw_smtp *s, struct gw_buf *flight)
{
	gw_stream_write(s->stream, flight->p, flight->n);
	gw_buf_deinit(flight);
}

/* The last bytes, if they may go; I1, I5.  false: they may not yet, or not at all. */
static bool may_leave(struct gw_smtp_message *m)
{
	ask(m);
	if (m->permission == ASKED || gw_smtp_reader_begun(&m->session->reader))
		return false;
	if (m->permission == GIVEN && m->handlers.wanted(m->handlers.ctx))
		return true;
	break_off(m, GW_SMTP_WITHDRAWN, GW_SMTP_AT_TEXT, NULL);
	return false;
}

/* Appends the envelope's next command; false: none is left. */
static bool put_command(struct gw_smtp_message *m, struct gw_buf *flight)
{
	struct gw_smtp *s = m->session;
	enum gw_code code;

	if (s->needs_reset && m->commands == 0) {
		s->needs_reset = false;
		smtp_expect(s, EXPECT_RSET, NULL, 0);
		return gw_buf_puts(flight, "RSET\r\n") == GW_OK;
	}
	if (m->commands == 0) {
		code = gw_smtp_put_mail(flight, m->sender, &s->caps);
		smtp_expect(s, EXPECT_MAIL, m, 0);
	} else if (m->commands <= m->to_count) {
		code = gw_smtp_put_rcpt(flight, &m->to[m->commands - 1], &s->caps);
		smtp_expect(s, EXPECT_RCPT, m, m->commands - 1);
	} else if (m->commands == m->to_count + 1 && !m->chunked) {
		code = gw_buf_puts(flight, "DATA\r\n");
		smtp_expect(s, EXPECT_DATA, m, 0);
	} else {
		return false;
	}
	m->commands++;
	if (code != GW_OK) { /* addresses were checked when they came in */
		gw_fail(&s->err, GW_ERR_BUG, "an address cannot be sent");
		gw_stream_abort(s->stream, &s->err);
	}
	return code == GW_OK;
}

/* Sends the envelope in one flight if the server pipelines, otherwise one command per answer. */
static void send_envelope(struct gw_smtp_message *m)
{
	struct gw_smtp *s = m->session;
	bool pipelining = s->caps.bits & GW_SMTP_PIPELINING;
	struct gw_buf flight;

	if (!pipelining && !smtp_idle(s))
		return;
	gw_buf_init(&flight, ENVELOPE_MAX);
	while (put_command(m, &flight) && pipelining)
		;
	if (flight.n > 0)
		smtp_write(s, (struct gw_slice){ flight.p, flight.n }, false);
	gw_buf_deinit(&flight);
}

/* MAIL, RCPT and the whole text at once (RFC 3030 4.2). */
static void send_in_one_flight(struct gw_smtp_message *m)
{
	struct gw_smtp *s = m->session;
	struct gw_buf flight;

	if (!fill(m, SIZE_MAX)) {
		fail(m, GW_SMTP_UNSUITABLE, GW_SMTP_AT_TEXT, NULL);
		return;
	}
	gw_buf_init(&flight, ENVELOPE_MAX);
	while (put_command(m, &flight))
		;
	for (size_t at = 0; at < flight.n;) {
		size_t n = (size_t)((const char *)memchr(flight.p + at, '\r', flight.n - at) -
				    flight.p) -
			   at;

		gw_log(s->log, GW_LOG_WIRE, "C: %.*s", (int)n, flight.p + at);
		at += n + 2;
	}
	write_text(m, true, &flight);
	send_flight(s, &flight);
	enter(m, MESSAGE_DOT);
}

static void begin(struct gw_smtp_message *m)
{
	struct gw_smtp *s = m->session;
	bool one_flight;

	m->chunked = m->seals && (s->caps.bits & GW_SMTP_CHUNKING) &&
		     (s->caps.bits & GW_SMTP_PIPELINING);
	m->text.stuff = !m->chunked;
	one_flight = m->chunked && m->together;
	if (!suits(m)) {
		fail(m, GW_SMTP_UNSUITABLE, GW_SMTP_AT_MAIL, NULL);
		return;
	}
	if (m->together)
		ask(m);
	if (s->lost || s->closed || (m != s->first && m->chunked) ||
		(m->permission == ASKED && one_flight))
		return; /* I3 */
	if (m->permission == DENIED || !m->handlers.wanted(m->handlers.ctx)) {
		fail(m, GW_SMTP_WITHDRAWN, GW_SMTP_AT_MAIL, NULL);
	} else if (one_flight) {
		send_in_one_flight(m);
	} else {
		enter(m, MESSAGE_ENVELOPE);
		send_envelope(m);
	}
}

static void send_whole_text(struct gw_smtp_message *m)
{
	struct gw_buf flight;

	if (!fill(m, SIZE_MAX)) {
		break_off(m, GW_SMTP_UNSUITABLE, GW_SMTP_AT_TEXT, NULL);
		return;
	}
	if (!may_leave(m))
		return;
	gw_buf_init(&flight, ENVELOPE_MAX);
	write_text(m, true, &flight);
	send_flight(m->session, &flight);
	enter(m, MESSAGE_DOT);
}

static void send_text(struct gw_smtp_message *m)
{
	struct gw_smtp *s = m->session;

	if (m->together) {
		send_whole_text(m);
		return;
	}
	while (m->state == MESSAGE_TEXT && gw_stream_queued(s->stream) < QUEUE) {
		struct gw_buf flight;

		if (!fill(m, BLOCK + LAST)) {
			break_off(m, GW_SMTP_UNSUITABLE, GW_SMTP_AT_TEXT, NULL);
			return;
		}
		gw_buf_init(&flight, ENVELOPE_MAX);
		if (m->out.n > (m->chunked ? LAST : 0))
			write_text(m, false, &flight);
		send_flight(s, &flight);
		if (m->text_over)
			enter(m, MESSAGE_DRAINING);
	}
}

static void on_poll(void *ctx)
{
	struct gw_smtp *s = ctx;

	s->polling = NULL;
	s->stalled_ms += POLL_MS;
	smtp_pump(s);
}

/* true: the peer has all that was sent, as far as that can be known. */
static bool drained(struct gw_smtp_message *m)
{
	struct gw_smtp *s = m->session;
	size_t unacked = gw_stream_unacked(s->stream);
	struct gw_error err = { 0 };

	if (s->hasty)
		return true;
	if (gw_stream_queued(s->stream) > 0 || (m->chunked && m->due > 0))
		return false; /* DRAINED, or the answers, come */
	if (unacked == 0)
		return true;
	if (unacked != s->unacked)
		s->stalled_ms = 0;
	s->unacked = unacked;
	if (s->stalled_ms > s->limits->block_ms) {
		gw_fail(&err, GW_ERR_TIMEOUT, "%s has not taken anything for %u seconds", s->host,
			s->stalled_ms / 1000);
		gw_stream_abort(s->stream, &err);
	} else if (s->polling == NULL &&
		   gw_delay_start(s->loop, POLL_MS, on_poll, s, &s->polling) != GW_OK) {
		return true; /* a wider window of doubt, no loss */
	}
	return false;
}

static void send_last(struct gw_smtp_message *m)
{
	struct gw_buf flight;

	if (!may_leave(m))
		return;
	gw_buf_init(&flight, ENVELOPE_MAX);
	write_text(m, true, &flight);
	send_flight(m->session, &flight);
	enter(m, MESSAGE_DOT);
}

/* RFC 2920 3.1: a server that says 354 although it refused everybody waits for a text. */
static void send_empty_dot(struct gw_smtp_message *m)
{
	if (!m->data_agreed || m->sent_all || m->empty_dot)
		return;
	m->empty_dot = true;
	smtp_write(m->session, gw_slice_str(".\r\n"), false);
	smtp_expect(m->session, EXPECT_DOT, m, 0);
	m->session->needs_reset = true;
}

/* Goes as far as it can; true: it is over, and gone. */
static bool advance(struct gw_smtp_message *m)
{
	struct gw_smtp *s = m->session;

	if (m->state == MESSAGE_QUEUED)
		begin(m);
	if (m->state == MESSAGE_ENVELOPE)
		send_envelope(m);
	if (m->state == MESSAGE_TEXT && m == s->first)
		send_text(m);
	if (s->lost || s->closed)
		return false;
	if (m->state == MESSAGE_DRAINING && drained(m))
		enter(m, MESSAGE_ASKING);
	if (m->state == MESSAGE_ASKING)
		send_last(m);
	if (s->lost || s->closed)
		return false;
	if (m->state == MESSAGE_FAILING && m->end == GW_SMTP_REFUSED)
		send_empty_dot(m);
	if (m->state == MESSAGE_ANSWERED ? !smtp_idle(s) || gw_smtp_reader_begun(&s->reader)
					 : m->state != MESSAGE_FAILING || m->due > 0)
		return false;
	finish(m, m->end);
	return true;
}

void smtp_pump(struct gw_smtp *s)
{
	struct gw_smtp_message *m;

	s->again = true;
	if (s->pumping || s->lost || s->closed || s->login.state != LOGIN_DONE)
		return;
	s->pumping = true;
	do {
		s->again = false;
		for (m = s->first; m != NULL && !s->lost && !s->closed;) {
			if (advance(m)) {
				m = s->first;
				continue;
			}
			m = s->lost || s->closed ||
					    (m->state != MESSAGE_DOT &&
						    m->state != MESSAGE_ANSWERED)
				    ? NULL
				    : m->next;
		}
	} while (s->again && !s->lost && !s->closed);
	s->pumping = false;
	smtp_messages_purge(s);
	if (!s->lost && !s->closed)
		smtp_wait(s);
}

/* An answer that is neither yes nor no where it was due. */
static void misfit(struct gw_smtp *s, enum gw_smtp_stage stage, const struct gw_smtp_reply *r)
{
	gw_fail(&s->err, GW_ERR_PROTOCOL, "%s answered %s with %u", s->host,
		gw_smtp_stage_name(stage), r->code);
	s->muddled = true;
	s->early = r->code / 100 == 3;
	smtp_lose(s, stage, r);
}

static void take_mail(struct gw_smtp_message *m, const struct gw_smtp_reply *r)
{
	if (r->code / 100 == 2)
		return;
	m->mail_refused = true;
	fail(m, GW_SMTP_REFUSED, GW_SMTP_AT_MAIL, r);
}

static void take_rcpt(struct gw_smtp_message *m, size_t index, const struct gw_smtp_reply *r)
{
	if (m->mail_refused)
		return;
	m->answered++;
	m->refused += r->code / 100 != 2;
	m->handlers.recipient(m->handlers.ctx, index, r);
	if (m->refused == m->to_count)
		fail(m, GW_SMTP_REFUSED, GW_SMTP_AT_RCPT, r);
	else if (m->answered == m->to_count && m->chunked && m->state == MESSAGE_ENVELOPE)
		enter(m, MESSAGE_TEXT);
}

static void take_data(struct gw_smtp_message *m, const struct gw_smtp_reply *r)
{
	m->data_agreed = r->code == 354;
	if (!m->data_agreed)
		fail(m, GW_SMTP_REFUSED, GW_SMTP_AT_DATA, r);
	else if (m->state == MESSAGE_ENVELOPE)
		enter(m, MESSAGE_TEXT);
}

static void take_dot(struct gw_smtp_message *m, const struct gw_smtp_reply *r)
{
	if (m->state == MESSAGE_FAILING) /* for nobody */
		return;
	m->failed_at = GW_SMTP_AT_DOT;
	m->end = r->code / 100 == 2 ? GW_SMTP_ACCEPTED : GW_SMTP_REFUSED;
	keep_reply(m, r);
	enter(m, MESSAGE_ANSWERED);
}

/* I5: whether this can be what it is taken for. */
static bool fits(const struct expectation *to, unsigned code)
{
	unsigned kind = code / 100;

	switch (to->what) {
	case EXPECT_DATA:
		return kind >= 4 || code == 354;
	case EXPECT_DOT:
		return kind >= 4 || (code >= 250 && code <= 259);
	case EXPECT_QUIT:
		return code == 221;
	case EXPECT_NOTHING: /* it does not wait for the end of the text */
		return kind >= 4;
	case EXPECT_MAIL:
	case EXPECT_RCPT:
	case EXPECT_CHUNK:
	case EXPECT_RSET:
	case EXPECT_GREETING:
	case EXPECT_LOGIN:
		break;
	}
	return kind != 3;
}

/* More may come: the right one may be any of them. */
void smtp_muddle(struct gw_smtp *s)
{
	s->muddled = true;
	if (s->first != NULL)
		s->first->yes_since = s->first->no_since = true;
}

void smtp_note_kind(struct gw_smtp *s, const struct gw_smtp_reply *r)
{
	if (s->first == NULL || s->first->state != MESSAGE_ANSWERED)
		return;
	s->first->yes_since |= r->code / 100 == 2;
	s->first->no_since |= r->code >= 400;
}

void smtp_message_reply(
	struct gw_smtp *s, const struct expectation *to, const struct gw_smtp_reply *r)
{
	struct gw_smtp_message *m = to->message;

	if (m == NULL)
		return;
	m->due--;
	if (!fits(to, r->code)) {
		misfit(s, smtp_stage_of_answer(to->what), r);
		return;
	}
	switch (to->what) {
	case EXPECT_MAIL:
		take_mail(m, r);
		break;
	case EXPECT_RCPT:
		take_rcpt(m, to->index, r);
		break;
	case EXPECT_DATA:
		take_data(m, r);
		break;
	case EXPECT_CHUNK:
	case EXPECT_NOTHING:
		if (r->code / 100 != 2)
			break_off(m, GW_SMTP_REFUSED, GW_SMTP_AT_TEXT, r);
		break;
	case EXPECT_DOT:
		take_dot(m, r);
		break;
	case EXPECT_GREETING:
	case EXPECT_LOGIN:
	case EXPECT_RSET:
	case EXPECT_QUIT:
		break;
	}
}

/* True if the server may have accepted it: all of it was sent, and not every recipient was
 * refused. */
static bool in_doubt(const struct gw_smtp_message *m)
{
	return m->sent_all && !m->mail_refused && m->refused < m->to_count;
}

/* True if its outcome holds although the connection is lost.  With an answer too many, the right
 * one is this or a later one: all must say the same.  If 354 came too early, one may be missing,
 * and this may be the next message's: not if its code is not about an address (RFC 3463 X.1). */
static bool stands(const struct gw_smtp_message *m)
{
	const struct gw_smtp *s = m->session;

	if (m->state != MESSAGE_FAILING && m->state != MESSAGE_ANSWERED)
		return false;
	if (!s->muddled || (m->end != GW_SMTP_ACCEPTED && m->end != GW_SMTP_REFUSED))
		return true;
	if (m->end == GW_SMTP_REFUSED)
		return m->state == MESSAGE_ANSWERED && !m->yes_since;
	if (s->early)
		return m->status[0] == 2 && m->status[1] != 1;
	return !m->no_since && !m->chunked;
}

void smtp_messages_lost(struct gw_smtp *s)
{
	bool head = true; /* at which the connection was lost, if none before it was under way */

	while (s->first != NULL) {
		struct gw_smtp_message *m = s->first;

		if (stands(m)) {
			head &= m->state == MESSAGE_ANSWERED;
			finish(m, m->end);
			continue;
		}
		m->err = s->err;
		m->code = 0;
		m->failed_at = head && m->commands > 0 ? s->lost_at : GW_SMTP_AT_CONNECT;
		head = false;
		finish(m, in_doubt(m) ? GW_SMTP_DOUBT : GW_SMTP_GONE);
	}
}

/* I4 */
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

static void on_kick(uv_timer_t *timer)
{
	smtp_pump(timer->data);
}

static enum gw_code send_message(struct gw_smtp *s, const struct gw_smtp_sender *sender,
	const struct gw_smtp_recipient *to, size_t to_count,
	const struct gw_smtp_handlers *handlers, bool last, struct gw_smtp_message **out)
{
	struct gw_smtp_message *m;

	*out = NULL;
	if (s->lost || s->closed || s->sealed || s->login.state != LOGIN_DONE)
		return GW_ERR_NET;
	if (to_count == 0)
		return GW_ERR_BUG;
	m = calloc(1, sizeof *m);
	if (m == NULL)
		return GW_ERR_NOMEM;
	*m = (struct gw_smtp_message){ .session = s,
		.sender = sender,
		.to = to,
		.to_count = to_count,
		.handlers = *handlers,
		.seals = last,
		.together = sender->size <= TOGETHER };
	gw_buf_init(&m->out, ENVELOPE_MAX);
	gw_buf_init(&m->said, SAID_MAX);
	if (s->last != NULL)
		s->last->next = m;
	else
		s->first = m;
	s->last = m;
	s->sealed = last;
	*out = m;
	uv_timer_start(&s->kick, on_kick, 0, 0);
	return GW_OK;
}

enum gw_code gw_smtp_send(struct gw_smtp *s, const struct gw_smtp_sender *sender,
	const struct gw_smtp_recipient *to, size_t to_count,
	const struct gw_smtp_handlers *handlers, struct gw_smtp_message **out)
{
	return send_message(s, sender, to, to_count, handlers, false, out);
}

enum gw_code gw_smtp_send_last(struct gw_smtp *s, const struct gw_smtp_sender *sender,
	const struct gw_smtp_recipient *to, size_t to_count,
	const struct gw_smtp_handlers *handlers, struct gw_smtp_message **out)
{
	return send_message(s, sender, to, to_count, handlers, true, out);
}

void gw_smtp_leave(struct gw_smtp_message *m, bool go)
{
	m->permission = go ? GIVEN : DENIED;
	smtp_pump(m->session);
}
