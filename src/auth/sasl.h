/* auth/sasl.h - SASL mechanisms behind base/sasl.h.  What is given is copied, and wiped when freed;
 * the caller has the only reference.  NULL: out of memory. */
#pragma once

#include "auth/vault.h"
#include "base/sasl.h"

/* PLAIN (RFC 4616). */
struct gw_sasl *gw_sasl_plain_new(const char *user, const char *password);

/* OAUTHBEARER (RFC 7628) and XOAUTH2, its predecessor at Google and Microsoft. */
struct gw_sasl *gw_sasl_bearer_new(
	const struct gw_account *account, const struct gw_tokens *tokens);
