/* SPDX-License-Identifier: ISC */
/* pop3/session.h - one POP3 connection (RFC 1939) as a state machine: sign-in, then commands one
 * after another, pipelined where the server allows it (RFC 2449 section 6.6).
 *
 * It decides nothing: its owner says what is fetched, what is deleted, and whether to QUIT.
 * Closing the session sends no QUIT.
 */
#pragma once

#include "base/sasl.h"
#include "godwit/account.h"
#include "net/stream.h"
#include "pop3/caps.h"
#include "pop3/state.h"

struct gw_pop3;

/* Capabilities learned in an earlier session, so that CAPA is not sent. */
struct gw_pop3_memory {
	struct gw_pop3_caps before, after; /* signing in (over the final connection) */
};

struct gw_pop3_options {
	struct gw_stream_options stream;     /* strings are copied */
	const struct gw_pop3_memory *memory; /* copied; NULL: ask the server */
	enum gw_tls_mode tls;
	struct gw_sasl *sasl; /* the session takes a reference */
};

struct gw_pop3_event {
	enum { GW_POP3_UP, GW_POP3_GONE } type; /* UP comes once; GONE is the last */
	const struct gw_error *err;             /* GONE; scope and wait_s are set */
};

/* Called from the loop.  Every command's end was reported before GONE. */
typedef void gw_pop3_cb(void *ctx, const struct gw_pop3_event *ev);

/* GW_OK: events follow. */
enum gw_code gw_pop3_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_pop3_options *options, gw_pop3_cb *cb, void *ctx, struct gw_pop3 **out,
	struct gw_error *err);

/* Closes the connection; no event and no answer follows.  Sets *s to NULL; NULL is accepted. */
void gw_pop3_close(struct gw_pop3 **s);

/* Valid after UP. */
const struct gw_pop3_caps *gw_pop3_capabilities(const struct gw_pop3 *s);
/* What may be remembered; false: nothing, because the server does not know CAPA. */
bool gw_pop3_learned(const struct gw_pop3 *s, struct gw_pop3_memory *out);
bool gw_pop3_tls(const struct gw_pop3 *s, struct gw_tls_facts *out); /* false: in clear */
void gw_pop3_traffic(const struct gw_pop3 *s, uint64_t *received, uint64_t *sent);

enum gw_pop3_verb {
	GW_POP3_DO_STAT,
	GW_POP3_DO_UIDL, /* of all, or of one: then text is its line */
	GW_POP3_DO_LIST, /* likewise */
	GW_POP3_DO_TOP,  /* the header */
	GW_POP3_DO_RETR,
	GW_POP3_DO_DELE,
	GW_POP3_DO_NOOP,
	GW_POP3_DO_QUIT,
};

enum gw_pop3_end {
	GW_POP3_DONE,    /* "+OK", and all lines that belong to it */
	GW_POP3_REFUSED, /* "-ERR" */
	GW_POP3_BROKEN,  /* the connection was lost while this was being answered, or was next */
	GW_POP3_UNSENT,  /* the connection was lost earlier; the server may still have done this */
};

struct gw_pop3_answer {
	enum gw_pop3_end end;
	const char *code;           /* DONE, REFUSED: "IN-USE"; or "" */
	struct gw_slice text;       /* DONE, REFUSED: the server's words */
	const struct gw_error *err; /* BROKEN, UNSENT */
};

struct gw_pop3_handlers {
	/* The answer begins: everything asked earlier was validly answered. */
	void (*begin)(void *ctx, uint32_t number, bool ok);
	/* Bytes of the lines that follow, extra dots removed; NULL: dropped. */
	void (*data)(void *ctx, uint32_t number, struct gw_slice bytes);
	void (*done)(
		void *ctx, uint32_t number, const struct gw_pop3_answer *a); /* exactly once, unless
										    * the session is closed */
	void *ctx;
};

/* Queues a command behind the others.  number: the message; 0: none.  octets: estimated size of the
 * answer, counted against the window.  GW_ERR_NOMEM; GW_ERR_NET: the session is lost, or QUIT was
 * sent. */
enum gw_code gw_pop3_ask(struct gw_pop3 *s, enum gw_pop3_verb verb, uint32_t number,
	uint64_t octets, const struct gw_pop3_handlers *handlers);

/* Commands not answered yet. */
size_t gw_pop3_waiting(const struct gw_pop3 *s);

/* How many commands are worth having pending. */
size_t gw_pop3_depth(const struct gw_pop3 *s);

/* Back-pressure, like gw_stream_pause(). */
void gw_pop3_pause(struct gw_pop3 *s, bool paused);
