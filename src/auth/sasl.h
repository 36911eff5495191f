/* SPDX-License-Identifier: ISC */
/* auth/sasl.h - SASL mechanisms behind base/sasl.h.  Arguments are copied, and wiped when freed;
 * the caller has the only reference.  NULL: out of memory. */
#pragma once

#include "auth/vault.h"
#include "base/sasl.h"

/* Password mechanisms: SCRAM-SHA-256 (scram.h), with channel binding where possible, otherwise
 * PLAIN (RFC 4616) and the LOGIN command.  A name or password beyond ASCII is sent by PLAIN first:
 * servers disagree on its SCRAM form. */
struct gw_sasl *gw_sasl_password_new(const char *user, const char *password);

/* Allows only the mechanisms named, in that order; count 0: the default.  SCRAM-SHA-256 includes
 * its -PLUS, and PLAIN includes LOGIN. */
void gw_sasl_restrict(struct gw_sasl *sasl, char *const *names, size_t count);

/* EXTERNAL: the TLS certificate proves the identity, and `user` says whom to act as. */
struct gw_sasl *gw_sasl_external_new(const char *user);

/* OAUTHBEARER (RFC 7628) and XOAUTH2, its predecessor at Google and Microsoft. */
struct gw_sasl *gw_sasl_bearer_new(
	const struct gw_account *account, const struct gw_tokens *tokens);
