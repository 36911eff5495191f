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
	unsigned answers;      /* to challenges */
};

/* Where a message stands.  Written by message.c's enter() only. */
enum message_state {
	MESSAGE_QUEUED,   /* behind another one */
	MESSAGE_ENVELOPE, /* MAIL, RCPT and DATA go out and are answered */
	MESSAGE_TEXT,     /* its text goes out */
	MESSAGE_DRAINING, /* all but the last bytes went out; the peer has not acknowledged them */
	MESSAGE_ASKING,   /* the owner has to agree to the last bytes */
	MESSAGE_DOT,      /* all of it went out */
	MESSAGE_ANSWERED, /* and was answered; answers to what went out behind it are to come */
	MESSAGE_FAILING,  /* it is refused; answers to what was sent are still to come */
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

	bool together;            /* its text goes out whole */
	bool seals;               /* the session's last */
	bool chunked;             /* with BDAT, and QUIT behind it */
	size_t commands;          /* of the envelope that were sent */
	size_t answered, refused; /* recipients */
	unsigned due;             /* answers to come */
	bool mail_refused, rcpt_sent;
	bool data_agreed;         /* 354 came */
	bool sent_all;            /* the last bytes may be with the peer */
	bool empty_dot;           /* nobody is to get it, but the server waits for a text */
	bool yes_since, no_since; /* what was answered since it is ANSWERED */

	struct gw_smtp_text text;
	struct gw_buf out; /* converted, not sent */
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
	EXPECT_NOTHING, /* an answer that nobody asked for, while a text goes out */
};

struct expectation {
	enum expected what;
	struct gw_smtp_message *message; /* NULL: nobody's */
	size_t index;                    /* RCPT */
};

struct gw_smtp {
	uv_loop_t *loop;
	const struct gw_log *log;
	struct gw_stream *stream; /* owned */
	struct gw_smtp_reader reader;
	uv_timer_t kick; /* pumps, and frees the session, outside of any callback */
	struct login login;
	enum gw_tls_mode tls;
	struct gw_sasl *sasl; /* referenced */
	struct gw_sasl
		*exchange; /* likewise; a dialogue of its mechanism on this connection, or NULL */
	char *host, *name; /* owned; name: for EHLO */
	const struct gw_smtp_limits *limits;
	bool hasty;
	struct gw_smtp_caps caps;
	uint32_t without; /* of them */

	struct expectation *expected; /* owned; answered in this order from `head` on */
	size_t head, expected_count, expected_cap;
	struct gw_smtp_message *first, *last; /* owned */
	struct gw_smtp_message *over;         /* owned; told, to be freed */
	struct gw_delay *polling;             /* owned; while a message drains */
	size_t unacked;                       /* at the last poll */
	unsigned stalled_ms;
	bool needs_reset; /* a transaction was broken off */
	bool sealed;      /* the message that was sent last is the last one */
	bool quit_said;
	bool muddled; /* the answers do not add up: which is whose is not known */
	bool early;   /* 354 came where it was not due */
	bool lost, closed, pumping, again;

	gw_smtp_cb *cb;
	void *ctx;
	enum gw_smtp_stage lost_at;
	struct gw_error err;
};

enum login_input { LOGIN_IN_UP, LOGIN_IN_TLS_UP, LOGIN_IN_REPLY };

/* login.c: takes a fresh connection to signed in. */
void smtp_login_step(struct gw_smtp *s, enum login_input input, const struct gw_smtp_reply *reply);

/* message.c: carries the messages. */
void smtp_pump(struct gw_smtp *s); /* sends what may go out now */
void smtp_message_reply(
	struct gw_smtp *s, const struct expectation *to, const struct gw_smtp_reply *reply);
void smtp_messages_lost(struct gw_smtp *s);
/* An answer came: what it says while the first message waits for those behind its own. */
void smtp_note_kind(struct gw_smtp *s, const struct gw_smtp_reply *r);
void smtp_muddle(struct gw_smtp *s);         /* an answer came that nobody asked for */
void smtp_messages_purge(struct gw_smtp *s); /* frees those that are over */
/* Tells every message, then the owner. */
void smtp_lose(struct gw_smtp *s, enum gw_smtp_stage stage, const struct gw_smtp_reply *reply);

/* line.c: what was said, and what is awaited.  It knows nobody above it. */
void smtp_expect(
	struct gw_smtp *s, enum expected what, struct gw_smtp_message *message, size_t index);
bool smtp_idle(const struct gw_smtp *s);                                /* no answer is due */
void smtp_write(struct gw_smtp *s, struct gw_slice lines, bool secret); /* whole commands */
void smtp_wait(struct gw_smtp *s); /* sets the time limit for what is awaited */
enum gw_smtp_stage smtp_stage(const struct gw_smtp *s); /* what is being said */
enum gw_smtp_stage smtp_stage_of_login(enum login_state at);
enum gw_smtp_stage smtp_stage_of_answer(enum expected what); /* of a message's */
