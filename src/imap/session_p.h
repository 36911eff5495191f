/* imap/session_p.h - what session.c and login.c share; private to them. */
#pragma once

#include "imap/pace.h"
#include "imap/quirks.h"
#include "imap/session.h"
#include "net/delay.h"

enum login_state {
	LOGIN_CONNECT,
	LOGIN_GREETING,
	LOGIN_CAPS,
	LOGIN_STARTTLS,
	LOGIN_HANDSHAKE,
	LOGIN_AUTHENTICATE,
	LOGIN_PASSWORD, /* the LOGIN command */
	LOGIN_CAPS_AGAIN,
	LOGIN_COMPRESS,
	LOGIN_DONE,
	LOGIN_REFUSED,
};

struct login {
	enum login_state state, refused_in; /* the latter with LOGIN_REFUSED: where */
	char page[300];    /* of a WEBALERT: where a person is to sign in; "": there was none */
	bool announced;    /* GW_SESSION_READY was sent */
	bool ran_ahead;    /* what came behind AUTHENTICATE did not wait for its answer */
	bool answered;     /* and some of that was answered */
	unsigned ahead;    /* commands of that which wait for their answer */
	bool heard;        /* one of them was not refused, or only for the moment */
	bool asked_before; /* what the server can do before the login; session.before is its answer */
	bool by_memory;    /* how to sign in was not asked for */
	bool doubtful;     /* and that may be why it was refused */
	uint64_t sent_at;          /* uv_now(): AUTHENTICATE */
	struct gw_delay *doubting; /* owned; until it is asked whether anything was dropped */
	unsigned challenges;
};

struct command {
	struct command *next;
	struct gw_line line; /* what has not been sent yet */
	size_t sent;         /* offset in it */
	unsigned next_break;
	size_t body_at;     /* offset of the streamed literal's place; 0: there is none */
	uint64_t body_left; /* bytes of it that have not gone out */
	bool body_asked;    /* it may go out */
	bool idles, idle_over;
	bool ahead; /* sent before the login was answered, which it needs */
	struct gw_handlers handlers;
	char tag[12];
	char name[24]; /* for messages: the first words */
};

struct gw_session {
	uv_loop_t *loop;
	const struct gw_log *log;
	struct gw_stream *stream; /* owned */
	struct gw_parser *parser; /* owned; freed when the session is, never inside a feed */
	uv_timer_t reaper;        /* frees the session outside of any callback */
	struct login login;
	enum gw_tls_mode tls;
	struct gw_sasl *sasl;  /* referenced */
	const char *mechanism; /* the one that is used; static */
	struct gw_sasl
		*exchange; /* referenced; a dialogue of `mechanism` on this connection, or NULL */
	char *host;        /* owned */
	char *remembered;  /* owned; may be NULL */
	char *before;      /* owned; likewise, before the login: remembered, or as asked for */
	bool lost, closed;
	bool compress;  /* is wanted */
	bool read_only; /* as the options say */
	bool labels;    /* likewise */

	uint32_t caps;
	unsigned quirks, quirks_given, quirks_forgotten; /* given: by the options */
	bool caps_known; /* from this connection, in its present state */
	struct gw_buf caps_text;
	struct gw_alerts *alerts, own_alerts; /* alerts: where they are noted */
	bool qresync;
	bool selected; /* by the answers so far */

	struct command *first, *last; /* answered in this order; owned */
	struct command *unsent;       /* the first whose line has not gone out whole */
	uint32_t next_tag;
	unsigned strays;   /* answers to no command of ours */
	uint64_t talk;     /* bytes of responses since the last answer to a command, bodies aside */
	uint32_t exists;   /* as last told */
	uint32_t messages; /* exists, as of the last answer to a command */
	struct gw_pace pace;
	struct gw_delay *pausing; /* owned; before the next command */
	bool pace_over;

	gw_session_cb *cb;
	void *ctx;
	void (*push)(void *ctx, const struct gw_response *r);
	void *push_ctx;
	struct gw_error err;
};

enum login_input {
	LOGIN_IN_UP,       /* the connection stands */
	LOGIN_IN_GREETING, /* r: the first untagged response */
	LOGIN_IN_TLS_UP,
	LOGIN_IN_CONTINUE, /* r: "+" */
	LOGIN_IN_ANSWER,   /* r: tagged */
};

/* login.c: the machine that takes a fresh connection to signed in. */
void login_note(struct gw_session *s, const struct gw_response *r); /* untagged, meanwhile */
void login_step(struct gw_session *s, enum login_input input, const struct gw_response *r);
/* The tagged answer to this command came, which was sent when the login was over or ahead of that. */
void login_answered(struct gw_session *s, const struct command *c, const struct gw_response *r);

/* session.c, for login.c */
void session_take_caps(struct gw_session *s, struct gw_slice list);
void session_lose(struct gw_session *s); /* with s->err filled */
void session_refused(struct gw_session *s, struct gw_error *err, enum gw_code code,
	const struct gw_response *r, const char *what);
/* Is it Gmail that speaks, and nobody in between? */
bool session_is_gmail(const struct gw_session *s);
