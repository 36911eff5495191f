/* SPDX-License-Identifier: ISC */
/* auth/scram.h - SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): both sides prove that
 * they know the password, and neither sends it. */
#pragma once

#include "base/sasl.h"

#define GW_SCRAM "SCRAM-SHA-256"
#define GW_SCRAM_PLUS "SCRAM-SHA-256-PLUS"

/* One exchange on one connection: call next() for each challenge, and distrust() with the server's
 * last message.  plus: ties the exchange to the connection by binding; otherwise binding (NULL:
 * none) says whether that was possible.  nonce: printable ASCII without ","; NULL: random.
 * Arguments are copied, and wiped when freed.  The caller has the only reference; NULL: out of
 * memory. */
struct gw_sasl *gw_scram_new(const char *user, const char *password,
	const struct gw_sasl_binding *binding, bool plus, const char *nonce);
