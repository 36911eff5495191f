/* SPDX-License-Identifier: ISC */
/* auth/credentials.h - obtains what an account signs in with: a password or a token, from a command
 * or from OAuth 2.0.
 */
#pragma once

#include "base/sasl.h"
#include "godwit/account.h"
#include "godwit/log.h"

#include <uv.h>

struct gw_credentials;

/* sasl: the callee's reference; NULL on failure. */
typedef void gw_credentials_cb(void *ctx, struct gw_sasl *sasl, const struct gw_error *err);

/* Starts obtaining credentials.  refused: the server rejected the stored token.  GW_OK: cb is
 * called exactly once, later.  Any other code: never. */
enum gw_code gw_credentials_start(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, bool refused, gw_credentials_cb *cb, void *ctx,
	struct gw_credentials **out, struct gw_error *err);

/* Calls cb later, with GW_ERR_CANCELLED. */
void gw_credentials_cancel(struct gw_credentials *c);
