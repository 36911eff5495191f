/* auth/scram.h - SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): both sides prove that they know the
 * password, and neither says it. */
#pragma once

#include "base/sasl.h"

#define GW_SCRAM "SCRAM-SHA-256"
#define GW_SCRAM_PLUS "SCRAM-SHA-256-PLUS"

/* One exchange, on one connection: next() is to be called for each challenge, and distrust() with the
 * server's last word.  plus: the exchange is tied to the connection by binding; otherwise binding (NULL:
 * there is none) says whether it could have been.  nonce: printable ASCII without ","; NULL: a random one.
 * What is given is copied, and wiped when freed.  The caller has the only reference; NULL: out of memory. */
struct gw_sasl *gw_scram_new(const char *user, const char *password,
	const struct gw_sasl_binding *binding, bool plus, const char *nonce);
