/* SPDX-License-Identifier: ISC */
/* smtp/caps.h - what a server offers in its answer to EHLO. */
#pragma once

#include "base/buf.h"

/* One list yields the enumerators and the table of names. */
#define GW_SMTP_CAPS(X)                        \
	X(STARTTLS, "STARTTLS")                \
	X(PIPELINING, "PIPELINING")            \
	X(CHUNKING, "CHUNKING")                \
	X(8BITMIME, "8BITMIME")                \
	X(UTF8, "SMTPUTF8")                    \
	X(DSN, "DSN")                          \
	X(STATUS_CODES, "ENHANCEDSTATUSCODES") \
	X(SIZE, "SIZE")                        \
	X(AUTH, "AUTH")                        \
	X(LIMITS, "LIMITS")                    \
	X(PLAIN, "PLAIN")                      \
	X(LOGIN, "LOGIN")                      \
	X(XOAUTH2, "XOAUTH2")                  \
	X(EXTERNAL, "EXTERNAL")                \
	X(SCRAM, "SCRAM-SHA-256")              \
	X(SCRAM_PLUS, "SCRAM-SHA-256-PLUS")    \
	X(BEARER, "OAUTHBEARER")

enum gw_smtp_cap_bit {
#define GW_SMTP_CAP_BIT(id, name) GW_SMTP_CAP_BIT_##id,
	GW_SMTP_CAPS(GW_SMTP_CAP_BIT)
#undef GW_SMTP_CAP_BIT
};

enum gw_smtp_cap {
#define GW_SMTP_CAP_VALUE(id, name) GW_SMTP_##id = 1 << GW_SMTP_CAP_BIT_##id,
	GW_SMTP_CAPS(GW_SMTP_CAP_VALUE)
#undef GW_SMTP_CAP_VALUE
};

struct gw_smtp_caps {
	uint32_t bits;
	uint64_t size;     /* octets allowed in a message (RFC 1870); 0: no limit known */
	uint32_t rcpt_max; /* recipients per transaction (RFC 9422); 0: not given */
	uint32_t mail_max; /* transactions per connection; 0: not given */
};

/* Parses the text of the answer, lines joined by LF: the greeting, then one extension per line.
 * Ignores unknown words. */
struct gw_smtp_caps gw_smtp_caps_parse(struct gw_slice text);

/* Appends the names of the bits, separated by spaces, for people. */
enum gw_code gw_smtp_caps_format(const struct gw_smtp_caps *caps, struct gw_buf *out);
