/* auth/sasl.h - SASL mechanisms behind base/sasl.h.  What is given is copied, and wiped when freed;
 * the caller has the only reference.  NULL: out of memory. */
#pragma once

#include "auth/vault.h"
#include "base/sasl.h"

/* With a password: SCRAM-SHA-256 (scram.h), with the connection bound where that can be, else PLAIN (RFC 4616)
 * and the LOGIN command.  A name or a password beyond ASCII goes by PLAIN first: what SCRAM makes of it is
 * not the same everywhere. */
struct gw_sasl *gw_sasl_password_new(const char *user, const char *password);

/* Only those named are used, in that order; count 0: as they come.  SCRAM-SHA-256 stands for its -PLUS, too, and
 * PLAIN for LOGIN. */
void gw_sasl_restrict(struct gw_sasl *sasl, char *const *names, size_t count);

/* EXTERNAL: the certificate that was shown to TLS says who it is, and `user` whom to act as. */
struct gw_sasl *gw_sasl_external_new(const char *user);

/* OAUTHBEARER (RFC 7628) and XOAUTH2, its predecessor at Google and Microsoft. */
struct gw_sasl *gw_sasl_bearer_new(
	const struct gw_account *account, const struct gw_tokens *tokens);
