/* SPDX-License-Identifier: ISC */
/* pop3/session_p.h - what session.c and login.c share; private to them. */
#pragma once

#include "pop3/listing.h"
#include "pop3/parser.h"
#include "pop3/session.h"

struct pop3_command {
	enum gw_pop3_verb verb;
	uint32_t number;
	uint64_t octets;
	bool sent, begun;
	struct gw_pop3_handlers handlers;
};

struct gw_pop3 {
	uv_loop_t *loop;
	const struct gw_log *log;
	struct gw_stream *stream; /* owned */
	struct gw_pop3_parser parser;
	struct gw_pop3_lines lines; /* of CAPA */
	uv_timer_t kick;            /* frees the session, outside any callback */
	enum gw_pop3_state state;   /* set only by pop3_enter() */
	enum gw_tls_mode tls;
	struct gw_sasl *sasl; /* referenced */
	struct gw_sasl
		*exchange; /* referenced; its mechanism's dialogue on this connection, or NULL */
	char *host;        /* owned */
	const char *mechanism; /* static; AUTH */
	unsigned challenges;   /* answered ones */
	bool held_back; /* the initial response, too long for its line, waits for a challenge */
	unsigned timeout_ms;
	struct gw_pop3_caps caps;
	struct gw_pop3_memory memory; /* remembered, or learned in this session */
	bool remembers;               /* true if remembered */

	struct pop3_command *commands; /* owned; answered in this order, from `head` on */
	size_t head, count, cap;
	bool feeding; /* an answer is being read, and its owner told */
	size_t in_flight;
	uint64_t octets_in_flight;
	char code[GW_POP3_CODE_MAX]; /* of the answer whose lines are arriving */
	struct gw_buf said;          /* the words of that answer */

	gw_pop3_cb *cb;
	void *ctx;
	struct gw_error err;
};

enum pop3_input { POP3_IN_UP, POP3_IN_TLS_UP, POP3_IN_STATUS, POP3_IN_CHALLENGE, POP3_IN_END };

/* Sets s->state, and is the only function that does; traces. */
void pop3_enter(struct gw_pop3 *s, enum gw_pop3_state next);
void pop3_write(struct gw_pop3 *s, struct gw_slice line, bool secret); /* writes a whole command */
/* Ends the session with s->err: reports that to every command, then to the owner. */
void pop3_lose(struct gw_pop3 *s, enum gw_pop3_state as);
/* Sends what may be under way; while an answer is read, later. */
void pop3_pump(struct gw_pop3 *s);

/* login.c: takes a fresh connection to READY.  Returns true if lines follow that it wants. */
bool pop3_login_step(struct gw_pop3 *s, enum pop3_input input, const struct gw_pop3_piece *piece);
