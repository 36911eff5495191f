/* SPDX-License-Identifier: ISC */
/* imap/session.h - one IMAP connection as a state machine: sign-in, then a pipeline of commands.
 *
 * Commands are sent in the order given and answered in that order.  Untagged data belongs to the
 * oldest unanswered command, since that is how a server works through a pipeline.
 */
#pragma once

#include "base/sasl.h"
#include "godwit/account.h"
#include "imap/alerts.h"
#include "imap/caps.h"
#include "imap/command.h"
#include "imap/parser.h"
#include "net/stream.h"

struct gw_session;

enum gw_session_event {
	GW_SESSION_READY, /* commands may be sent; reported once */
	GW_SESSION_LOST,  /* the last event; err says why.  Every command was answered before. */
};

typedef void gw_session_cb(void *ctx, enum gw_session_event event, const struct gw_error *err);

/* How far a session has come, for reporting where it ended. */
enum gw_session_stage {
	GW_STAGE_CONNECT,  /* TCP, and TLS where it comes first */
	GW_STAGE_GREETING, /* waiting for the server's greeting */
	GW_STAGE_STARTTLS,
	GW_STAGE_LOGIN,
	GW_STAGE_OPEN,
};
enum gw_session_stage gw_session_stage(const struct gw_session *s);

struct gw_session_options {
	struct gw_stream_options stream; /* strings are copied */
	enum gw_tls_mode tls;
	struct gw_sasl *sasl; /* the session takes a reference */

	/* What this server announced after login last time, or NULL.  With it, the first commands
	 * go out behind the login without waiting for its answer. */
	const char *remembered_caps;
	/* What it announced before login, if its greeting listed none, or NULL.  With it,
	 * CAPABILITY is not asked. */
	const char *remembered_before;
	unsigned quirks; /* imap/quirks.h: what is known about the server */
	bool read_only;  /* send no command that changes anything on the server */
	bool labels;     /* count X-GM-LABELS as flags of a message, where the server has them */
	struct gw_alerts
		*alerts; /* shared with other sessions; outlives them, or until each is handed over;
			  * NULL: its own */
	bool compress;   /* COMPRESS=DEFLATE (RFC 4978), where offered; costs a round trip */
};

enum gw_result_kind { GW_RESULT_OK, GW_RESULT_NO, GW_RESULT_BAD, GW_RESULT_LOST };

struct gw_result {
	enum gw_result_kind kind;
	const struct gw_response *response; /* the tagged answer; NULL: connection lost */
	const struct gw_error *err; /* NULL when OK; names the command and the server's text */
};

/* Every member but done may be NULL. */
struct gw_handlers {
	void (*response)(void *ctx, const struct gw_response *r);
	void (*body)(void *ctx, const struct gw_body_event *ev);
	void (*done)(void *ctx, const struct gw_result *result); /* exactly once */
	void *ctx;
	/* For a SELECT: the mailbox it names, as on the wire; or NULL. */
	const char *selects;
	/* The gw_session_selection() whose mailbox the command is meant for; it is not sent to
	 * another (GW_ERR_BUG).  0: for none, or checked by the sender. */
	uint64_t selection;
};

/* GW_OK: events follow, from the loop. */
enum gw_code gw_session_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_session_options *options, gw_session_cb *cb, void *ctx,
	struct gw_session **out, struct gw_error *err);

/* Sends LOGOUT without waiting for its answer, if possible, and closes the connection.  Pending
 * commands get GW_RESULT_LOST during the call; no event follows.  Sets *s to NULL. */
void gw_session_close(struct gw_session **s);

/* What to FETCH for a message's flags: "FLAGS", with labels "FLAGS X-GM-LABELS". */
const char *gw_session_flag_items(const struct gw_session *s);
/* True if this FETCH has everything that we count as flags (labels, too, where wanted).  A server
 * that reports flags unasked leaves the labels out. */
bool gw_session_tells_flags(const struct gw_session *s, const struct gw_fetch *f);

/* Sends a command and empties line.  GW_OK: handlers->done is called once, later.  Any other code:
 * never (GW_ERR_NET: the session is lost; else what is wrong with the line). */
enum gw_code gw_session_send(
	struct gw_session *s, struct gw_command *line, const struct gw_handlers *handlers);

/* Sends IDLE (RFC 2177): what the server pushes goes to handlers->response until
 * gw_session_end_idle().  Commands given meanwhile are sent after DONE. */
enum gw_code gw_session_idle(struct gw_session *s, const struct gw_handlers *handlers);
void gw_session_end_idle(struct gw_session *s);

/* Sets who receives what arrives while no command is pending (NOTIFY, RFC 5465).  NULL: nobody. */
void gw_session_on_push(
	struct gw_session *s, void (*push)(void *ctx, const struct gw_response *r), void *ctx);

/* Sends all further events to another callback; pending commands keep their handlers. */
void gw_session_hand_over(struct gw_session *s, gw_session_cb *cb, void *ctx);

/* True if no command is pending. */
bool gw_session_quiet(const struct gw_session *s);

/* True if commands can be sent; false once the session is lost, even before that is reported. */
bool gw_session_usable(const struct gw_session *s);

/* Ends the session because of what the server sent (err is kept).  Pending commands are lost later,
 * not during the call. */
void gw_session_break(struct gw_session *s, const struct gw_error *err);

/* The capabilities, without those that the server announces but does not have. */
uint32_t gw_session_caps(const struct gw_session *s);
/* The quirks known by now; also of a lost session. */
unsigned gw_session_quirks(const struct gw_session *s);
void gw_session_learn(struct gw_session *s, unsigned quirks);
/* Drops quirks that no longer hold. */
void gw_session_forget(struct gw_session *s, unsigned quirks);
/* The quirks that this connection confirmed, and those that it disproved. */
unsigned gw_session_learned(const struct gw_session *s);
unsigned gw_session_forgotten(const struct gw_session *s);
const char *gw_session_caps_text(struct gw_session *s); /* as announced after login; "": unknown */
/* Capabilities announced before login in answer to CAPABILITY; "": not asked, or over STARTTLS. */
const char *gw_session_caps_before(const struct gw_session *s);
/* True if the login was refused in a way that an outdated remembered_before would explain. */
bool gw_session_doubts_before(const struct gw_session *s);
bool gw_session_tls(const struct gw_session *s, struct gw_tls_facts *out); /* false: in clear */
bool gw_session_signed_in(const struct gw_session *s); /* the server confirmed the login */
bool gw_session_selected(const struct gw_session *s);  /* selected a mailbox, by answers so far */
/* Number of SELECTs (and of commands that undo one) sent so far: while it stays the same, commands reach
 * the mailbox of the last one. */
uint64_t gw_session_selection(const struct gw_session *s);
/* True if a change sent now reaches this mailbox: the last SELECT sent was answered with OK, this
 * UIDVALIDITY, and not READ-ONLY. */
bool gw_session_may_change(const struct gw_session *s, const char *mailbox, uint32_t uidvalidity);
bool gw_session_qresync(const struct gw_session *s); /* ENABLED listed it (RFC 7162 3.2.3) */

bool gw_session_slowed(const struct gw_session *s); /* the server asked us to slow down */

void gw_session_pause(struct gw_session *s, bool paused);
void gw_session_traffic(const struct gw_session *s, uint64_t *received, uint64_t *sent);
