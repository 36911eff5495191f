/* net/http.h - one HTTP/1.1 request (RFC 9112), as providers want it. */
#pragma once

#include "base/buf.h"
#include "godwit/account.h"
#include "godwit/log.h"
#include "net/tls.h"

#include <uv.h>

struct gw_http;

/* status and body (borrowed) of the answer, whatever the status is; err: there was none. */
typedef void gw_http_cb(
	void *ctx, unsigned status, struct gw_slice body, const struct gw_error *err);

/* POSTs a form to an "https" URL, or to an "http" one of this machine.  Everything is copied but
 * proxy, which may be NULL, and tls, which outlive the request and are not used for http.  GW_OK: cb is called exactly once,
 * later. GW_ERR_CONFIG: the URL is none of these. */
enum gw_code gw_http_post(uv_loop_t *loop, const struct gw_log *log, const char *url,
	struct gw_slice form, const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_http_cb *cb,
	void *ctx, struct gw_http **out, struct gw_error *err);

/* Likewise; GETs it with an access token (RFC 6750 2.1), or with none (NULL). */
enum gw_code gw_http_get(uv_loop_t *loop, const struct gw_log *log, const char *url,
	const char *token, const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_http_cb *cb,
	void *ctx, struct gw_http **out, struct gw_error *err);

/* cb is called with GW_ERR_CANCELLED, later. */
void gw_http_cancel(struct gw_http *h);

/* Appends "key=value" to a form or a query, percent-encoded, with "&" in between. */
enum gw_code gw_http_add_field(struct gw_buf *form, const char *key, const char *value);
