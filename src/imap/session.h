/* imap/session.h - one IMAP connection as a state machine: sign-in, then a pipeline of commands.
 *
 * Commands go out in the order given; their answers come in that order.  Untagged data belongs to
 * the oldest command that has not been answered, which is how a server works through a pipeline.
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
	GW_SESSION_READY, /* commands may be sent; comes once */
	GW_SESSION_LOST,  /* the last event; err says why.  Every command was answered before. */
};

typedef void gw_session_cb(void *ctx, enum gw_session_event event, const struct gw_error *err);

/* How far a session has come, for who wants to say where it ended. */
enum gw_session_stage {
	GW_STAGE_CONNECT,  /* TCP, and TLS where it comes first */
	GW_STAGE_GREETING, /* the server is to speak */
	GW_STAGE_STARTTLS,
	GW_STAGE_LOGIN,
	GW_STAGE_OPEN,
};
enum gw_session_stage gw_session_stage(const struct gw_session *s);

struct gw_session_options {
	struct gw_stream_options stream; /* strings are copied */
	enum gw_tls_mode tls;
	struct gw_sasl *sasl; /* the session takes a reference */

	/* What this server announced after login the last time, or NULL.  With it the first
	 * commands go out behind the login without waiting for its answer. */
	const char *remembered_caps;
	/* And before it, where its greeting said nothing of them, or NULL: then it is not asked. */
	const char *remembered_before;
	unsigned quirks; /* imap/quirks.h: what was found out about it */
	bool read_only;  /* no command that changes anything there is sent */
	bool labels;     /* X-GM-LABELS belong to a message's flags, where the server has them */
	struct gw_alerts
		*alerts; /* shared with other sessions; outlives them, or until each is handed
				   * over; NULL: its own */
	bool compress;   /* COMPRESS=DEFLATE (RFC 4978), where it is offered; takes a round trip */
};

enum gw_result_kind { GW_RESULT_OK, GW_RESULT_NO, GW_RESULT_BAD, GW_RESULT_LOST };

struct gw_result {
	enum gw_result_kind kind;
	const struct gw_response *response; /* the tagged answer; NULL when lost */
	const struct gw_error *err; /* NULL when OK; names the command and the server's text */
};

/* Any but done may be NULL. */
struct gw_handlers {
	void (*response)(void *ctx, const struct gw_response *r);
	void (*body)(void *ctx, const struct gw_body_event *ev);
	void (*done)(void *ctx, const struct gw_result *result); /* exactly once */
	void *ctx;
};

/* GW_OK: events follow, from the loop. */
enum gw_code gw_session_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_session_options *options, gw_session_cb *cb, void *ctx,
	struct gw_session **out, struct gw_error *err);

/* Sends LOGOUT without waiting for its answer if that is possible, and closes.  Commands under way
 * are answered with GW_RESULT_LOST during the call; no event follows.  Sets *s to NULL. */
void gw_session_close(struct gw_session **s);

/* What to FETCH so that a message's flags are told: "FLAGS", with labels "FLAGS X-GM-LABELS". */
const char *gw_session_flag_items(const struct gw_session *s);
/* Does it tell them, all of them?  A server that tells flags unasked leaves the labels out. */
bool gw_session_tells_flags(const struct gw_session *s, const struct gw_fetch *f);

/* Sends a command; line is emptied.  GW_OK: handlers->done is called once, later.  Any other code:
 * it is never called (GW_ERR_NET when the session is lost, or what went wrong with the line). */
enum gw_code gw_session_send(
	struct gw_session *s, struct gw_line *line, const struct gw_handlers *handlers);

/* IDLE (RFC 2177): what the server pushes goes to handlers->response, until gw_session_end_idle().
 * Commands sent meanwhile go out behind the DONE. */
enum gw_code gw_session_idle(struct gw_session *s, const struct gw_handlers *handlers);
void gw_session_end_idle(struct gw_session *s);

/* What comes while no command is under way (NOTIFY, RFC 5465) goes to push.  NULL: nowhere. */
void gw_session_on_push(
	struct gw_session *s, void (*push)(void *ctx, const struct gw_response *r), void *ctx);

/* Its events go to another from now on; commands under way keep their handlers. */
void gw_session_hand_over(struct gw_session *s, gw_session_cb *cb, void *ctx);

/* Is no command under way? */
bool gw_session_quiet(const struct gw_session *s);

/* Can commands be sent?  false once it is lost, also before that was told. */
bool gw_session_usable(const struct gw_session *s);

/* Ends it because of what the server sent (err is kept): the commands under way are lost, later and
 * not during the call. */
void gw_session_break(struct gw_session *s, const struct gw_error *err);

/* Less those that the server announces and does not do. */
uint32_t gw_session_caps(const struct gw_session *s);
/* What is known of it by now; also of a session that is lost. */
unsigned gw_session_quirks(const struct gw_session *s);
void gw_session_learn(struct gw_session *s, unsigned quirks);
/* They do not hold any more. */
void gw_session_forget(struct gw_session *s, unsigned quirks);
/* Of those, what was found out on this connection: that they hold, and that they do not. */
unsigned gw_session_learned(const struct gw_session *s);
unsigned gw_session_forgotten(const struct gw_session *s);
const char *gw_session_caps_text(struct gw_session *s); /* as announced after login; "" unknown */
/* As announced before login because it was asked; "": it was not, or over STARTTLS. */
const char *gw_session_caps_before(const struct gw_session *s);
/* Was the login refused as it would be if remembered_before held no more? */
bool gw_session_doubts_before(const struct gw_session *s);
bool gw_session_tls(const struct gw_session *s, struct gw_tls_facts *out); /* false: in clear */
bool gw_session_signed_in(const struct gw_session *s); /* the server has said so */
bool gw_session_selected(const struct gw_session *s);  /* a mailbox, by the answers so far */
bool gw_session_qresync(const struct gw_session *s);   /* ENABLED said so (RFC 7162 3.2.3) */

bool gw_session_slowed(const struct gw_session *s); /* the server asks us to be slower */

void gw_session_pause(struct gw_session *s, bool paused);
void gw_session_traffic(const struct gw_session *s, uint64_t *received, uint64_t *sent);
