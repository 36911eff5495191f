/* SPDX-License-Identifier: ISC */
/* auth/userinfo.c - see userinfo.h. */
#include "auth/userinfo.h"

#include "auth/trust.h"
#include "net/http.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct gw_userinfo {
	struct gw_http *http;   /* frees itself */
	struct gw_tls_ctx *tls; /* owned */
	gw_userinfo_cb *cb;
	void *ctx;
};

static void on_http(void *ctx, unsigned status, struct gw_slice body, const struct gw_error *err)
{
	struct gw_userinfo *u = ctx;
	json_error_t ignored;
	json_t *o = err == NULL && status == 200 ? json_loadb(body.p, body.n, 0, &ignored) : NULL;

	u->cb(u->ctx, json_string_value(json_object_get(o, "email")));
	json_decref(o);
	gw_tls_ctx_free(u->tls);
	free(u);
}

enum gw_code gw_userinfo_ask(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, const char *token, gw_userinfo_cb *cb, void *ctx,
	struct gw_userinfo **out, struct gw_error *err)
{
	const char *url = account->oauth2.userinfo_url;
	struct gw_userinfo *u = calloc(1, sizeof *u);
	enum gw_code code = GW_OK;

	*out = NULL;
	if (u == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	u->cb = cb;
	u->ctx = ctx;
	if (strncmp(url, "https:", 6) == 0)
		code = gw_trust_others(account, &u->tls, err);
	if (code == GW_OK)
		code = gw_http_get(
			loop, log, url, token, &account->proxy, u->tls, on_http, u, &u->http, err);
	if (code != GW_OK) {
		gw_tls_ctx_free(u->tls);
		free(u);
		return code;
	}
	*out = u;
	return GW_OK;
}

void gw_userinfo_cancel(struct gw_userinfo *u)
{
	gw_http_cancel(u->http);
}
