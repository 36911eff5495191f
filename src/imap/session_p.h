/* SPDX-License-Identifier: ISC */
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
	enum login_state state, refused_in; /* refused_in: where, if LOGIN_REFUSED */
	char page[300];    /* from a WEBALERT: where the user has to sign in; "": none */
	bool announced;    /* GW_SESSION_READY was sent */
	bool ran_ahead;    /* commands were sent behind AUTHENTICATE, before its answer */
	bool answered;     /* and some of them were answered */
	unsigned ahead;    /* of them, those still unanswered */
	bool heard;        /* one of them was accepted, or refused only for the moment */
	bool asked_before; /* CAPABILITY was sent before login; session.before has the answer */
	bool by_memory;    /* the choice of mechanism rests on remembered capabilities */
	bool doubtful;     /* and may therefore be why the login was refused */
	uint64_t sent_at;  /* uv_now() when AUTHENTICATE was sent */
	struct gw_delay *doubting; /* owned; before we check whether anything was dropped */
	unsigned challenges;
};

struct command {
	struct command *next;
	struct gw_command line; /* the part not sent yet */
	size_t sent;            /* offset in it */
	unsigned next_break;
	size_t body_at;     /* offset of the streamed literal's place; 0: none */
	uint64_t body_left; /* bytes of it still to be sent */
	bool body_asked;    /* the server allowed it */
	bool idles, idle_over;
	bool ahead;         /* sent before the answer to the login that it needs */
	uint64_t selection; /* the number of the selection it begins; 0: it selects nothing */
	struct gw_handlers handlers;
	char tag[12];
	char name[24]; /* for messages: its first words */
};

/* The last SELECT sent. */
struct selection {
	uint64_t number;      /* see gw_session_selection() */
	char *mailbox;        /* owned; NULL: none, or the sender did not say */
	uint32_t uidvalidity; /* from its answer; 0: not told yet */
	bool may_change;      /* answered with OK, and not READ-ONLY */
};

struct gw_session {
	uv_loop_t *loop;
	const struct gw_log *log;
	struct gw_stream *stream; /* owned */
	struct gw_parser *parser; /* owned; freed with the session, never inside a feed */
	uv_timer_t reaper;        /* frees the session outside of any callback */
	struct login login;
	enum gw_tls_mode tls;
	struct gw_sasl *sasl;  /* referenced */
	const char *mechanism; /* in use; static */
	struct gw_sasl
		*exchange; /* referenced; the dialogue of `mechanism` on this connection, or NULL */
	char *host;        /* owned */
	char *remembered;  /* owned; may be NULL */
	char *before;      /* owned; capabilities before login, remembered or asked; or NULL */
	bool lost, closed;
	bool compress;  /* wanted */
	bool read_only; /* as the options say */
	bool labels;    /* as the options say */

	uint32_t caps;
	unsigned quirks, quirks_given, quirks_forgotten; /* given: by the options */
	bool caps_known; /* from this connection, in its present state */
	struct gw_buf caps_text;
	struct gw_alerts *alerts, own_alerts; /* alerts: where they are recorded */
	bool qresync;
	bool selected; /* by the answers so far */
	struct selection selection;

	struct command *first, *last; /* owned; answered in this order */
	struct command *unsent;       /* the first whose line is not completely sent */
	uint32_t next_tag;
	unsigned strays;   /* answers that match no command of ours */
	uint64_t talk;     /* bytes of responses since the last answer to a command, bodies aside */
	uint32_t exists;   /* as last reported */
	uint32_t messages; /* exists, as of the last answer to a command */
	struct gw_pace pace;
	struct gw_delay *pausing; /* owned; delays the next command */
	bool pace_over;

	gw_session_cb *cb;
	void *ctx;
	void (*push)(void *ctx, const struct gw_response *r);
	void *push_ctx;
	struct gw_error err;
};

enum login_input {
	LOGIN_IN_UP,       /* the connection is up */
	LOGIN_IN_GREETING, /* r: the first untagged response */
	LOGIN_IN_TLS_UP,
	LOGIN_IN_CONTINUE, /* r: "+" */
	LOGIN_IN_ANSWER,   /* r: tagged */
};

/* login.c: the machine that signs a fresh connection in. */
void login_note(struct gw_session *s, const struct gw_response *r); /* untagged, during login */
void login_step(struct gw_session *s, enum login_input input, const struct gw_response *r);
/* Handles the tagged answer to a command that was sent after the login or ahead of its answer. */
void login_answered(struct gw_session *s, const struct command *c, const struct gw_response *r);

/* session.c, for login.c */
void session_take_caps(struct gw_session *s, struct gw_slice list);
void session_lose(struct gw_session *s); /* with s->err filled */
void session_refused(struct gw_session *s, struct gw_error *err, enum gw_code code,
	const struct gw_response *r, const char *what);
/* True if Gmail itself answers, with nobody in between. */
bool session_is_gmail(const struct gw_session *s);
