/* SPDX-License-Identifier: ISC */
/* pop3/caps.h - what a server offers in its answer to CAPA (RFC 2449). */
#pragma once

#include "base/buf.h"

/* One list yields the enumerators and the table of names; those from PLAIN on are SASL's. */
#define GW_POP3_CAPS(X)                     \
	X(STLS, "STLS")                     \
	X(TOP, "TOP")                       \
	X(UIDL, "UIDL")                     \
	X(USER, "USER")                     \
	X(PIPELINING, "PIPELINING")         \
	X(RESP_CODES, "RESP-CODES")         \
	X(AUTH_RESP_CODE, "AUTH-RESP-CODE") \
	X(EXPIRE, "EXPIRE")                 \
	X(LOGIN_DELAY, "LOGIN-DELAY")       \
	X(SASL, "SASL")                     \
	X(PLAIN, "PLAIN")                   \
	X(EXTERNAL, "EXTERNAL")             \
	X(SCRAM, "SCRAM-SHA-256")           \
	X(SCRAM_PLUS, "SCRAM-SHA-256-PLUS") \
	X(XOAUTH2, "XOAUTH2")               \
	X(BEARER, "OAUTHBEARER")

enum gw_pop3_cap_bit {
#define GW_POP3_CAP_BIT(id, name) GW_POP3_CAP_BIT_##id,
	GW_POP3_CAPS(GW_POP3_CAP_BIT)
#undef GW_POP3_CAP_BIT
};

enum gw_pop3_cap {
#define GW_POP3_CAP_VALUE(id, name) GW_POP3_##id = 1 << GW_POP3_CAP_BIT_##id,
	GW_POP3_CAPS(GW_POP3_CAP_VALUE)
#undef GW_POP3_CAP_VALUE
};

struct gw_pop3_caps {
	bool known; /* the server answered CAPA */
	uint32_t bits;
	uint32_t login_delay; /* seconds between two sessions; 0: not given */
	/* "EXPIRE 0": fetched messages may count as deleted when the session ends (RFC 2449 section
	 * 6.7); Gmail does not list them again. */
	bool expires_at_once;
};

/* Parses one line of the answer; ignores unknown words. */
void gw_pop3_caps_line(struct gw_pop3_caps *caps, struct gw_slice line);

/* Appends the names of the bits, separated by spaces, for people. */
enum gw_code gw_pop3_caps_format(const struct gw_pop3_caps *caps, struct gw_buf *out);
