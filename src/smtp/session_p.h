/* SPDX-License-Identifier: ISC */
/* smtp/session_p.h - what session.c, login.c, message.c and line.c share; private to them. */
#pragma once

#include "net/delay.h"
#include "smtp/session.h"
#include "smtp/text.h"

enum login_state {
	LOGIN_CONNECT,
	LOGIN_GREETING,
	LOGIN_EHLO,
	LOGIN_HELO,
	LOGIN_STARTTLS,
	LOGIN_HANDSHAKE,
	LOGIN_AUTH,  /* a mechanism of the SASL object */
	LOGIN_WORDS, /* AUTH LOGIN: the user's name, then the password */
	LOGIN_DONE,
	LOGIN_REFUSED,
};

struct login {
	enum login_state state;
	const char *mechanism; /* static */
	unsigned answers;      /* answers to challenges */
};

/* States of a message, set only by message.c's enter(). */
enum message_state {
	MESSAGE_QUEUED,   /* behind another one */
	MESSAGE_ENVELOPE, /* MAIL, RCPT and DATA go out and are answered */
	MESSAGE_TEXT,     /* its text goes out */
	MESSAGE_DRAINING, /* all but the last bytes was sent; the peer has not acknowledged it */
	MESSAGE_ASKING,   /* the owner must agree to the last bytes */
	MESSAGE_DOT,      /* all of it was sent */
	MESSAGE_ANSWERED, /* and was answered; answers to what was sent behind it are due */
	MESSAGE_FAILING,  /* refused; answers to what was sent are still due */
	MESSAGE_OVER,
};

enum permission { NOT_ASKED, ASKED, GIVEN, DENIED };

struct gw_smtp_message {
	struct gw_smtp_message *next;
	struct gw_smtp *session;
	enum message_state state;
	enum permission permission;
	const struct gw_smtp_sender *sender;
	const struct gw_smtp_recipient *to;
	size_t to_count;
	struct gw_smtp_handlers handlers;

	bool together;            /* its text is sent in one piece */
	bool seals;               /* last of the session */
	bool chunked;             /* with BDAT, and QUIT behind it */
	size_t commands;          /* sent, of the envelope */
	size_t answered, refused; /* recipients */
	unsigned due;             /* answers still expected */
	bool mail_refused, rcpt_sent;
	bool data_agreed;         /* 354 came */
	bool sent_all;            /* the peer may have the last bytes */
	bool empty_dot;           /* all recipients were refused, but the server waits for a text */
	bool yes_since, no_since; /* answers received since it is ANSWERED */

	struct gw_smtp_text text;
	struct gw_buf out; /* converted, not yet sent */
	bool text_over;    /* everything was read */

	enum gw_smtp_stage failed_at;
	enum gw_smtp_end end;
	unsigned code;
	unsigned short status[3];
	struct gw_buf said;
	struct gw_error err;
};

enum expected {
	EXPECT_GREETING,
	EXPECT_LOGIN, /* the answer to a command of login.c */
	EXPECT_MAIL,
	EXPECT_RCPT,
	EXPECT_DATA,
	EXPECT_CHUNK,
	EXPECT_DOT,
	EXPECT_RSET,
	EXPECT_QUIT,
	EXPECT_NOTHING, /* an unexpected answer while a text is sent */
};

struct expectation {
	enum expected what;
	struct gw_smtp_message *message; /* NULL: belongs to none */
	size_t index;                    /* RCPT */
};

struct gw_smtp {
	uv_loop_t *loop;
	const struct gw_log *log;
	struct gw_stream *stream; /* owned */
	struct gw_smtp_reader reader;
	uv_timer_t kick; /* pumps and frees the session, outside any callback */
	struct login login;
	enum gw_tls_mode tls;
	struct gw_sasl *sasl; /* referenced */
	struct gw_sasl
		*exchange; /* referenced; its mechanism's dialogue on this connection, or NULL */
	char *host, *name; /* owned; name: for EHLO */
	const struct gw_smtp_limits *limits;
	bool hasty;
	struct gw_smtp_caps caps;
	uint32_t without; /* of them */

	struct expectation *expected; /* owned; answered in this order, from `head` on */
	size_t head, expected_count, expected_cap;
	struct gw_smtp_message *first, *last; /* owned */
	struct gw_smtp_message *over;         /* owned; reported, to be freed */
	struct gw_delay *polling;             /* owned; while a message drains */
	size_t unacked;                       /* at the last poll */
	unsigned stalled_ms;
	bool needs_reset; /* a transaction was broken off */
	bool sealed;      /* the message sent last is the session's last */
	bool quit_said;
	bool muddled; /* the answers do not add up: nobody knows which belongs to what */
	bool early;   /* 354 came too early */
	bool lost, closed, pumping, again;

	gw_smtp_cb *cb;
	void *ctx;
	enum gw_smtp_stage lost_at;
	struct gw_error err;
};

enum login_input { LOGIN_IN_UP, LOGIN_IN_TLS_UP, LOGIN_IN_REPLY };

/* login.c: signs a fresh connection in. */
void smtp_login_step(struct gw_smtp *s, enum login_input input, const struct gw_smtp_reply *reply);

/* message.c: transfers the messages. */
void smtp_pump(struct gw_smtp *s); /* sends whatever may be sent now */
void smtp_message_reply(
	struct gw_smtp *s, const struct expectation *to, const struct gw_smtp_reply *reply);
void smtp_messages_lost(struct gw_smtp *s);
/* Notes what an answer says while the first message waits for those behind its own. */
void smtp_note_kind(struct gw_smtp *s, const struct gw_smtp_reply *r);
void smtp_muddle(struct gw_smtp *s);         /* handles an answer to nothing that was asked */
void smtp_messages_purge(struct gw_smtp *s); /* frees finished messages */
/* Reports the end to every message, then to the owner. */
void smtp_lose(struct gw_smtp *s, enum gw_smtp_stage stage, const struct gw_smtp_reply *reply);

/* line.c: what was sent, and what is expected.  Calls nothing above it. */
void smtp_expect(
	struct gw_smtp *s, enum expected what, struct gw_smtp_message *message, size_t index);
bool smtp_idle(const struct gw_smtp *s);                                /* no answer is due */
void smtp_write(struct gw_smtp *s, struct gw_slice lines, bool secret); /* whole commands */
void smtp_wait(struct gw_smtp *s); /* sets the time limit for the expected answer */
enum gw_smtp_stage smtp_stage(const struct gw_smtp *s); /* what is under way */
enum gw_smtp_stage smtp_stage_of_login(enum login_state at);
enum gw_smtp_stage smtp_stage_of_answer(enum expected what); /* answers of a message */
