/* SPDX-License-Identifier: ISC */
/* smtp/session.h - one SMTP submission connection (RFC 6409) as a state machine: sign-in, then
 * messages one after another, pipelined where the server allows it (RFC 2920, RFC 3030).
 *
 * The moment after the final dot is critical: if the connection is lost there, nobody knows whether
 * the server accepted the message.  Before a message's last bytes leave, its owner is asked
 * (`leaving`); until it agrees, a loss is certainly harmless.
 */
#pragma once

#include "base/sasl.h"
#include "godwit/account.h"
#include "net/stream.h"
#include "smtp/caps.h"
#include "smtp/command.h"
#include "smtp/reply.h"

struct gw_smtp;
struct gw_smtp_message;

/* What a command or answer was about. */
enum gw_smtp_stage {
	GW_SMTP_AT_CONNECT,
	GW_SMTP_AT_GREETING,
	GW_SMTP_AT_EHLO,
	GW_SMTP_AT_TLS,
	GW_SMTP_AT_AUTH,
	GW_SMTP_AT_MAIL,
	GW_SMTP_AT_RCPT,
	GW_SMTP_AT_DATA,
	GW_SMTP_AT_TEXT, /* the message; its last bytes have not left */
	GW_SMTP_AT_DOT,  /* the answer to the whole message */
	GW_SMTP_STAGES
};

/* A stable word for logs: "greeting". */
const char *gw_smtp_stage_name(enum gw_smtp_stage stage);

/* How long an answer may take (RFC 5321 4.5.3.2). */
struct gw_smtp_limits {
	unsigned greeting_ms, command_ms, data_ms, block_ms, final_ms;
};

extern const struct gw_smtp_limits gw_smtp_rfc_limits;

struct gw_smtp_options {
	struct gw_stream_options stream; /* strings are copied; its timeout applies to connecting */
	enum gw_tls_mode tls;
	struct gw_sasl *sasl;  /* the session takes a reference; NULL: do not sign in */
	const char *ehlo_name; /* copied */
	const struct gw_smtp_limits *limits; /* borrowed for the session's life; NULL: the RFC's */
	uint32_t without; /* bits of gw_smtp_cap not to use, whatever the server offers */
	bool hasty;       /* sends a large text's last bytes before the peer has the rest */
};

struct gw_smtp_event {
	enum { GW_SMTP_READY, GW_SMTP_LOST } type; /* READY comes once; LOST is the last */
	enum gw_smtp_stage stage;                  /* LOST: when */
	const struct gw_error *err;                /* LOST */
	const struct gw_smtp_reply *reply;         /* LOST: the answer that ended it, or NULL */
};

/* Called from the loop; every message's end was reported before LOST. */
typedef void gw_smtp_cb(void *ctx, const struct gw_smtp_event *ev);

/* GW_OK: events follow. */
enum gw_code gw_smtp_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_smtp_options *options, gw_smtp_cb *cb, void *ctx, struct gw_smtp **out,
	struct gw_error *err);

/* Sends QUIT if nothing is pending, and closes the connection.  Pending messages end as GONE or
 * DOUBT during the call; no event follows.  Sets *s to NULL; NULL is accepted. */
void gw_smtp_close(struct gw_smtp **s);

/* Valid after READY. */
const struct gw_smtp_caps *gw_smtp_capabilities(const struct gw_smtp *s);
bool gw_smtp_tls(const struct gw_smtp *s, struct gw_tls_facts *out); /* false: in clear */

enum gw_smtp_end {
	GW_SMTP_ACCEPTED,   /* for every recipient not refused */
	GW_SMTP_REFUSED,    /* by reply, at stage */
	GW_SMTP_UNSUITABLE, /* nothing was sent: the server lacks what the message needs; err */
	GW_SMTP_WITHDRAWN,  /* the owner no longer wanted it */
	GW_SMTP_GONE,       /* the connection was lost before the server could accept it; err */
	GW_SMTP_DOUBT,      /* the connection was lost, and the server may have accepted it; err */
};

struct gw_smtp_outcome {
	enum gw_smtp_end end;
	/* Where it failed; GONE, DOUBT: CONNECT if something else was under way when the connection
	 * was lost. */
	enum gw_smtp_stage stage;
	const struct gw_smtp_reply *reply; /* ACCEPTED, REFUSED */
	const struct gw_error *err;
	bool muddled; /* the answers did not add up: ignore every answer reported for a recipient */
};

struct gw_smtp_handlers {
	/* Reads the text as stored in its file, with any line ends.  Returns the number of bytes;
	 * 0: the end; SIZE_MAX: unreadable. */
	size_t (*read)(void *ctx, char *p, size_t n);
	/* Reports the answer to recipient number i. */
	void (*recipient)(void *ctx, size_t i, const struct gw_smtp_reply *reply);
	/* Called at most once, before the server can accept the message: put that on record, then
	 * call gw_smtp_leave(), at once or later. */
	void (*leaving)(void *ctx);
	/* Called directly before the last bytes leave: false withdraws the message. */
	bool (*wanted)(void *ctx);
	void (*done)(void *ctx, const struct gw_smtp_outcome *outcome); /* exactly once */
	void *ctx;
};

/* Sends a message after those that are pending; everything is borrowed until done().  GW_OK: done()
 * is called once, later.  Any other code: never.  GW_ERR_NET: the session is lost. */
enum gw_code gw_smtp_send(struct gw_smtp *s, const struct gw_smtp_sender *sender,
	const struct gw_smtp_recipient *to, size_t to_count,
	const struct gw_smtp_handlers *handlers, struct gw_smtp_message **out);

/* Sends the session's last message: QUIT may travel behind it.  Close the session when it is
 * over. */
enum gw_code gw_smtp_send_last(struct gw_smtp *s, const struct gw_smtp_sender *sender,
	const struct gw_smtp_recipient *to, size_t to_count,
	const struct gw_smtp_handlers *handlers, struct gw_smtp_message **out);

/* Answers leaving(): send the rest, or withdraw. */
void gw_smtp_leave(struct gw_smtp_message *m, bool go);

/* How many messages are worth having pending: 2 lets the next one travel behind the dot. */
unsigned gw_smtp_depth(const struct gw_smtp *s);
