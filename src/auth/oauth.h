/* auth/oauth.h - an access token for an account: the one that is kept, or a fresh one (RFC 6749 6).
 *
 * One process at a time renews: some servers give another refresh token each time, and take the one
 * before back.
 */
#pragma once

#include "auth/vault.h"
#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

#include <stdint.h>
#include <uv.h>

struct gw_oauth;

/* tokens: borrowed; empty on failure. */
typedef void gw_oauth_cb(void *ctx, const struct gw_tokens *tokens, const struct gw_error *err);

/* refused: the server did not take the one that is kept.  GW_OK: cb is called exactly once, later.
 * GW_ERR_AUTH: a person has to sign in (`godwit auth`). */
enum gw_code gw_oauth_start(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, bool refused, gw_oauth_cb *cb, void *ctx,
	struct gw_oauth **out, struct gw_error *err);

/* cb is called with GW_ERR_CANCELLED, later. */
void gw_oauth_cancel(struct gw_oauth *o);
