/* SPDX-License-Identifier: ISC */
/* auth/oauth.h - obtains an access token for an account: the stored one, or a fresh one (RFC 6749
 * 6).
 *
 * Only one process renews at a time: some servers issue a new refresh token each time and revoke
 * the previous one.
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

/* Starts obtaining a token.  refused: the server rejected the stored one.  GW_OK: cb is called
 * exactly once, later.  GW_ERR_AUTH: the user must sign in (`godwit auth`). */
enum gw_code gw_oauth_start(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, bool refused, gw_oauth_cb *cb, void *ctx,
	struct gw_oauth **out, struct gw_error *err);

/* Calls cb later, with GW_ERR_CANCELLED. */
void gw_oauth_cancel(struct gw_oauth *o);
