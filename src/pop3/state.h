/* SPDX-License-Identifier: ISC */
/* pop3/state.h - the order of a POP3 connection: a table, and nothing else.
 *
 * A state says what is awaited.  REFUSED and LOST may follow any that is before CLOSED.
 */
#pragma once

#include <stdbool.h>

/* clang-format off */
#define GW_POP3_STATES(STATE)                                                                     \
	STATE(CONNECT,   "connect")    /* a connection; with implicit TLS, the handshake */       \
	STATE(GREETING,  "greeting")                                                              \
	STATE(CAPA,      "capa")                                                                  \
	STATE(STLS,      "stls")                                                                  \
	STATE(HANDSHAKE, "handshake")                                                             \
	STATE(AUTH,      "auth")       /* a mechanism of the SASL object (RFC 5034) */            \
	STATE(USER,      "user")                                                                  \
	STATE(PASS,      "pass")                                                                  \
	STATE(CAPA_IN,   "capa-in")    /* once more: it may be another answer after signing in */ \
	STATE(READY,     "ready")      /* commands are carried out */                             \
	STATE(QUIT,      "quit")       /* the answer to QUIT; nothing can be asked any more */    \
	STATE(OVER,      "over")       /* it was answered */                                      \
	STATE(REFUSED,   "refused")    /* the server does not want us, or we it */                \
	STATE(LOST,      "lost")                                                                  \
	STATE(CLOSED,    "closed")     /* by the owner */

#define GW_POP3_ARROWS(ARROW)                                                                     \
	ARROW(CONNECT,   GREETING)                                                                \
	ARROW(GREETING,  CAPA)                                                                    \
	ARROW(GREETING,  STLS)       /* what it offers is known from before */                    \
	ARROW(GREETING,  AUTH)                                                                    \
	ARROW(GREETING,  USER)                                                                    \
	ARROW(HANDSHAKE, AUTH)                                                                    \
	ARROW(HANDSHAKE, USER)                                                                    \
	ARROW(CAPA,      STLS)       /* TLS is wanted, and not up */                              \
	ARROW(STLS,      HANDSHAKE)                                                               \
	ARROW(HANDSHAKE, CAPA)       /* what was said in clear does not count */                  \
	ARROW(CAPA,      AUTH)                                                                    \
	ARROW(CAPA,      USER)       /* no mechanism that we know is offered */                   \
	ARROW(AUTH,      AUTH)       /* a challenge, or another mechanism */                      \
	ARROW(USER,      PASS)                                                                    \
	ARROW(AUTH,      CAPA_IN)                                                                 \
	ARROW(PASS,      CAPA_IN)                                                                 \
	ARROW(AUTH,      READY)      /* it does not know CAPA */                                  \
	ARROW(PASS,      READY)                                                                   \
	ARROW(CAPA_IN,   READY)                                                                   \
	ARROW(READY,     QUIT)                                                                    \
	ARROW(QUIT,      OVER)
/* clang-format on */

enum gw_pop3_state {
#define GW_POP3_STATE(state, name) POP3_##state,
	GW_POP3_STATES(GW_POP3_STATE)
#undef GW_POP3_STATE
};

/* True if the table leads from one to the other. */
bool gw_pop3_may_follow(enum gw_pop3_state from, enum gw_pop3_state to);

/* A word for logs and messages. */
const char *gw_pop3_state_name(enum gw_pop3_state state);
