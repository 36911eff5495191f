/* SPDX-License-Identifier: ISC */
/* auth/token.h - one request to an OAuth 2.0 token endpoint (RFC 6749), or to the device
 * authorization endpoint (RFC 8628).
 */
#pragma once

#include "auth/vault.h"
#include "base/buf.h"
#include "godwit/log.h"

struct gw_token;

struct gw_token_answer {
	struct gw_tokens tokens; /* refresh NULL: keep the previous one */
	/* RFC 6749 5.2, RFC 8628 3.5: "invalid_grant", "authorization_pending" ...; NULL: granted.
	 * err explains it to people. */
	const char *refusal;
	/* From the device endpoint; NULL elsewhere. */
	const char *device_code, *user_code, *verification_url;
	unsigned interval_s, lifetime_s;
};

/* answer: borrowed; NULL if none came.  err NULL: granted. */
typedef void gw_token_cb(
	void *ctx, const struct gw_token_answer *answer, const struct gw_error *err);

/* Sends a request.  fields: a form without client_id and client_secret, which are added.  GW_OK: cb
 * is called exactly once, later.  Its err: GW_ERR_AUTH: refused; GW_ERR_CONFIG: the client or the
 * scope was refused; GW_ERR_NET, GW_ERR_TIMEOUT ...: may work later. */
enum gw_code gw_token_ask(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, const char *url, struct gw_buf *fields, gw_token_cb *cb,
	void *ctx, struct gw_token **out, struct gw_error *err);

/* Calls cb later, with GW_ERR_CANCELLED. */
void gw_token_cancel(struct gw_token *t);
