/* SPDX-License-Identifier: ISC */
/* net/http.h - one HTTP/1.1 request (RFC 9112), as providers want it. */
#pragma once

#include "base/buf.h"
#include "godwit/account.h"
#include "godwit/log.h"
#include "net/tls.h"

#include <uv.h>

struct gw_http;

/* Receives status and body (borrowed) of the answer, whatever the status; err: there was no
 * answer. */
typedef void gw_http_cb(
	void *ctx, unsigned status, struct gw_slice body, const struct gw_error *err);

/* POSTs a form to an "https" URL, or to an "http" one on this machine.  Everything is copied except
 * proxy, which may be NULL, and tls; both outlive the request and are unused for http.  GW_OK: cb
 * is called exactly once, later.  GW_ERR_CONFIG: any other URL. */
enum gw_code gw_http_post(uv_loop_t *loop, const struct gw_log *log, const char *url,
	struct gw_slice form, const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_http_cb *cb,
	void *ctx, struct gw_http **out, struct gw_error *err);

/* GETs the URL on the same terms, with an access token (RFC 6750 2.1) or without (NULL). */
enum gw_code gw_http_get(uv_loop_t *loop, const struct gw_log *log, const char *url,
	const char *token, const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_http_cb *cb,
	void *ctx, struct gw_http **out, struct gw_error *err);

/* Calls cb later, with GW_ERR_CANCELLED. */
void gw_http_cancel(struct gw_http *h);

/* Appends "key=value" to a form or a query, percent-encoded, with "&" in between. */
enum gw_code gw_http_add_field(struct gw_buf *form, const char *key, const char *value);
