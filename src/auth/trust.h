/* SPDX-License-Identifier: ISC */
/* auth/trust.h - whom an account trusts at the other end of TLS. */
#pragma once

#include "godwit/account.h"
#include "net/tls.h"

/* Like gw_tls_ctx_new(), for each of the account's servers. */
enum gw_code gw_trust_imap(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err);
enum gw_code gw_trust_smtp(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err);
/* For the provider's other servers, such as those that issue tokens: pins do not apply. */
enum gw_code gw_trust_others(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err);
