/* auth/credentials.h - what an account signs in with, wherever it comes from: a password or a
 * token, of a command or of OAuth 2.0.
 */
#pragma once

#include "base/sasl.h"
#include "godwit/account.h"
#include "godwit/log.h"

#include <uv.h>

struct gw_credentials;

/* sasl: the callee's reference; NULL on failure. */
typedef void gw_credentials_cb(void *ctx, struct gw_sasl *sasl, const struct gw_error *err);

/* refused: the server did not take the token that is kept.  GW_OK: cb is called exactly once,
 * later. Any other code: never. */
enum gw_code gw_credentials_start(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, bool refused, gw_credentials_cb *cb, void *ctx,
	struct gw_credentials **out, struct gw_error *err);

/* cb is called with GW_ERR_CANCELLED, later. */
void gw_credentials_cancel(struct gw_credentials *c);
