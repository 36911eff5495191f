/* auth/trust.h - whom an account trusts at the other end of TLS. */
#pragma once

#include "godwit/account.h"
#include "net/tls.h"

/* As gw_tls_ctx_new(), for each of its servers. */
enum gw_code gw_trust_imap(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err);
enum gw_code gw_trust_smtp(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err);
/* Further servers of the provider, such as those that give tokens: pins are not theirs. */
enum gw_code gw_trust_others(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err);
