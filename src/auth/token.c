/* SPDX-License-Identifier: ISC */
/* auth/token.c - see token.h. */
#include "auth/token.h"

#include "auth/trust.h"
#include "net/http.h"

#include <jansson.h>
#include <openssl/base64.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ID_TOKEN_MAX = 16384 };

struct gw_token {
	const struct gw_account *account;
	char *address;          /* owned; of the id token in the answer */
	struct gw_http *http;   /* frees itself */
	struct gw_tls_ctx *tls; /* owned */
	gw_token_cb *cb;
	void *ctx;
};

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static unsigned number_of(const json_t *o, const char *key, unsigned otherwise)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 && n < 1 << 30 ? (unsigned)n : otherwise;
}

/* Whom an id token (OpenID Connect Core 2) names.  It came from the token endpoint itself, so its
 * signature says no more.  Heap; NULL: nobody. */
static char *address_in(const char *id_token)
{
	const char *dot = id_token == NULL ? NULL : strchr(id_token, '.');
	size_t n = dot == NULL ? 0 : strcspn(dot + 1, "."), decoded_n = 0;
	uint8_t *text = n == 0 || n > ID_TOKEN_MAX ? NULL : malloc(2 * (n + 4));
	char *address = NULL;
	json_error_t ignored;
	json_t *o;

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) /* base64url (RFC 4648 5) */
		text[i] = dot[i + 1] == '-' ? '+' : dot[i + 1] == '_' ? '/' : (uint8_t)dot[i + 1];
	while (n % 4 != 0)
		text[n++] = '=';
	if (EVP_DecodeBase64(text + n, &decoded_n, n, text, n)) {
		o = json_loadb((char *)text + n, decoded_n, 0, &ignored);
		if (text_of(o, "email") != NULL)
			address = strdup(text_of(o, "email"));
		json_decref(o);
	}
	free(text);
	return address;
}

/* Borrowed strings throughout, so nothing is freed. */
static void read_answer(const json_t *o, char *address, struct gw_token_answer *a)
{
	const char *access = text_of(o, "access_token"), *refresh = text_of(o, "refresh_token");
	const char *url = text_of(o, "verification_uri");

	*a = (struct gw_token_answer){ .refusal = text_of(o, "error"),
		.device_code = text_of(o, "device_code"),
		.user_code = text_of(o, "user_code"),
		.verification_url = url != NULL ? url : text_of(o, "verification_url"),
		.interval_s = number_of(o, "interval", 5),
		.lifetime_s = number_of(o, "expires_in", 3600) };
	a->tokens.access = (char *)(uintptr_t)access;
	a->tokens.refresh = (char *)(uintptr_t)refresh;
	a->tokens.address = address;
	a->tokens.scope = (char *)(uintptr_t)text_of(o, "scope");
	a->tokens.expires_at = (int64_t)time(NULL) + a->lifetime_s;
}

static void explain(const struct gw_token *t, const json_t *o, const struct gw_token_answer *a,
	struct gw_error *err)
{
	const char *name = t->account->name, *details = text_of(o, "error_description");

	if (details == NULL)
		details = "";
	if (strcmp(a->refusal, "invalid_grant") == 0)
		gw_fail(err, GW_ERR_AUTH,
			"its sign-in has expired or was revoked (%s): run `godwit auth %s`%s",
			*details != '\0' ? details : a->refusal, name,
			strstr(t->account->oauth2.token_url, "googleapis.com") == NULL
				? ""
				: "; Google ends it after seven days while the client's project is "
				  "in \"Testing\", and when the password was changed");
	else if (strcmp(a->refusal, "invalid_client") == 0 ||
		 strcmp(a->refusal, "unauthorized_client") == 0)
		gw_fail(err, GW_ERR_CONFIG,
			"the token server does not accept oauth2-client-id and "
			"oauth2-client-secret: "
			"%s %s",
			a->refusal, details);
	else if (strcmp(a->refusal, "invalid_scope") == 0)
		gw_fail(err, GW_ERR_CONFIG, "the token server does not accept oauth2-scope: %s",
			details);
	else
		gw_fail(err, GW_ERR_AUTH, "the token server refused: %s %s", a->refusal, details);
}

static void judge(const struct gw_token *t, unsigned status, const json_t *o,
	const struct gw_token_answer *a, struct gw_error *err)
{
	if (status >= 500 || status == 429)
		gw_fail(err, GW_ERR_NET, "the token server answers with %u now; try again later",
			status);
	else if (a->refusal != NULL)
		explain(t, o, a, err);
	else if (a->tokens.access == NULL && a->device_code == NULL)
		gw_fail(err, GW_ERR_PROTOCOL,
			"the token server answered with %u and without a token: is the URL right?",
			status);
}

static void on_http(void *ctx, unsigned status, struct gw_slice body, const struct gw_error *err)
{
	struct gw_token *t = ctx;
	json_error_t ignored;
	json_t *o = NULL;
	struct gw_token_answer answer;
	struct gw_error local = { 0 };

	if (err != NULL) {
		local = *err;
	} else {
		o = json_loadb(body.p, body.n, 0, &ignored);
		t->address = address_in(text_of(o, "id_token"));
		read_answer(o, t->address, &answer);
		judge(t, status, o, &answer, &local);
	}
	t->cb(t->ctx, err != NULL ? NULL : &answer, local.code == GW_OK ? NULL : &local);
	json_decref(o);
	gw_tls_ctx_free(t->tls);
	free(t->address);
	free(t);
}

enum gw_code gw_token_ask(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, const char *url, struct gw_buf *fields, gw_token_cb *cb,
	void *ctx, struct gw_token **out, struct gw_error *err)
{
	const struct gw_oauth_provider *p = &account->oauth2;
	struct gw_token *t = calloc(1, sizeof *t);
	enum gw_code code;

	*out = NULL;
	if (t == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	t->account = account;
	t->cb = cb;
	t->ctx = ctx;
	code = gw_http_add_field(fields, "client_id", p->client_id);
	if (code == GW_OK && p->client_secret != NULL)
		code = gw_http_add_field(fields, "client_secret", p->client_secret);
	if (code == GW_OK && strncmp(url, "https:", 6) == 0)
		code = gw_trust_others(account, &t->tls, err);
	if (code == GW_OK)
		code = gw_http_post(loop, log, url, (struct gw_slice){ fields->p, fields->n },
			&account->proxy, t->tls, on_http, t, &t->http, err);
	if (code != GW_OK) {
		gw_tls_ctx_free(t->tls);
		free(t);
		return gw_fail(err, code, "out of memory");
	}
	*out = t;
	return GW_OK;
}

void gw_token_cancel(struct gw_token *t)
{
	gw_http_cancel(t->http);
}
