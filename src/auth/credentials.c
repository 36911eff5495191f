/* SPDX-License-Identifier: ISC */
/* auth/credentials.c - see credentials.h. */
#include "auth/credentials.h"

#include "auth/oauth.h"
#include "auth/sasl.h"
#include "auth/secret.h"
#include "net/delay.h"

#include <stdlib.h>

struct gw_credentials {
	const struct gw_account *account;
	struct gw_secret *secret; /* frees itself */
	struct gw_oauth *oauth;   /* frees itself */
	struct gw_delay *later;   /* owned */
	bool cancelled;
	gw_credentials_cb *cb;
	void *ctx;
};

static void end(struct gw_credentials *c, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_error local = { 0 };

	if (err != NULL)
		local = *err;
	if (c->cancelled)
		gw_fail(&local, GW_ERR_CANCELLED, "cancelled");
	else if (sasl == NULL)
		gw_fail(&local, GW_ERR_NOMEM, "out of memory");
	if (sasl != NULL)
		gw_sasl_restrict(sasl, c->account->mechanisms, c->account->mechanism_count);
	if (local.code != GW_OK)
		gw_sasl_unref(&sasl);
	c->cb(c->ctx, sasl, local.code == GW_OK ? NULL : &local);
	free(c);
}

static void on_secret(void *ctx, const char *text, const struct gw_error *err)
{
	struct gw_credentials *c = ctx;
	const struct gw_account *a = c->account;
	struct gw_sasl *sasl = NULL;

	if (err == NULL)
		sasl = a->auth == GW_AUTH_OAUTH2
			       ? gw_sasl_bearer_new(a,
					 &(struct gw_tokens){ .access = (char *)(uintptr_t)text })
			       : gw_sasl_password_new(a->user, text);
	end(c, sasl, err);
}

static void on_token(void *ctx, const struct gw_tokens *tokens, const struct gw_error *err)
{
	struct gw_credentials *c = ctx;

	end(c, err != NULL ? NULL : gw_sasl_bearer_new(c->account, tokens), err);
}

/* A tunnel that knows us, a certificate, or the password is known. */
static void on_none_needed(void *ctx)
{
	struct gw_credentials *c = ctx;
	const char *known = c->account->password;

	c->later = NULL;
	if (c->account->auth == GW_AUTH_CERTIFICATE) {
		end(c, gw_sasl_external_new(c->account->user), NULL);
		return;
	}
	end(c, gw_sasl_password_new(c->account->user, known == NULL ? "" : known), NULL);
}

enum gw_code gw_credentials_start(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, bool refused, gw_credentials_cb *cb, void *ctx,
	struct gw_credentials **out, struct gw_error *err)
{
	struct gw_credentials *c = calloc(1, sizeof *c);
	bool token = account->auth == GW_AUTH_OAUTH2;
	const char *command = token                               ? account->token_command
			      : account->auth == GW_AUTH_PASSWORD ? account->password_command
								  : NULL;
	enum gw_code code;

	*out = NULL;
	if (c == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*c = (struct gw_credentials){ .account = account, .cb = cb, .ctx = ctx };
	if (command != NULL && (token || account->password == NULL))
		code = gw_secret_start(loop, command, token ? "token-command" : "password-command",
			account, on_secret, c, &c->secret, err);
	else if (token)
		code = gw_oauth_start(loop, log, account, refused, on_token, c, &c->oauth, err);
	else
		code = gw_delay_start(loop, 0, on_none_needed, c, &c->later);
	if (code != GW_OK) {
		free(c);
		return gw_fail(err, code, "out of memory");
	}
	*out = c;
	return GW_OK;
}

void gw_credentials_cancel(struct gw_credentials *c)
{
	c->cancelled = true;
	if (c->secret != NULL)
		gw_secret_cancel(c->secret);
	else if (c->oauth != NULL)
		gw_oauth_cancel(c->oauth);
}
