/* SPDX-License-Identifier: ISC */
/* auth/oauth.c - see oauth.h.
 *
 *   LOCKING --it is ours--> LOADING --good for a while yet--> ENDING
 *   LOADING --over, or refused--> RENEWING --granted--> STORING --> ENDING
 *   any --failure, cancelled--> ENDING
 *
 * I1  cb is called once, from end(), which comes from the loop.
 * I2  what the server granted is stored before it is used: with it gone, so might be the sign-in.
 */
#include "auth/oauth.h"

#include "auth/token.h"
#include "auth/vault.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/locked.h"
#include "net/delay.h"
#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MARGIN_S = 300, LOCK_AGAIN_MS = 100, LOCK_TRIES = 600, FORM_MAX = 65536 };

enum state { LOCKING, LOADING, RENEWING, STORING, ENDING };

struct gw_oauth {
	enum state state;
	uv_loop_t *loop;
	const struct gw_log *log;
	const struct gw_account *account;
	bool refused, cancelled;
	int lock_fd;
	char *lock_path; /* owned */
	unsigned tries;
	struct gw_delay *delay; /* owned */
	struct gw_vault *vault; /* frees itself */
	struct gw_token *token; /* frees itself */
	struct gw_tokens tokens;
	struct gw_error err;
	gw_oauth_cb *cb;
	void *ctx;
};

/* I1 */
static void end(void *ctx)
{
	struct gw_oauth *o = ctx;
	const struct gw_tokens none = { 0 };
	bool ok = o->err.code == GW_OK;

	o->delay = NULL;
	o->state = ENDING;
	if (o->lock_fd >= 0)
		close(o->lock_fd);
	o->cb(o->ctx, ok ? &o->tokens : &none, ok ? NULL : &o->err);
	gw_tokens_deinit(&o->tokens);
	free(o->lock_path);
	free(o);
}

static void on_stored(void *ctx, const struct gw_tokens *tokens, const struct gw_error *err)
{
	struct gw_oauth *o = ctx;

	(void)tokens;
	o->vault = NULL;
	if (err != NULL)
		o->err = *err;
	end(o);
}

static char *newer(const char *granted, const char *kept)
{
	return gw_copy_str(granted != NULL ? granted : kept);
}

/* Takes a grant; what the server does not mention stays as it was. */
static bool take_grant(struct gw_oauth *o, const struct gw_tokens *granted)
{
	const struct gw_tokens now = { .access = gw_locked_str(granted->access),
		.refresh = gw_locked_str(
			granted->refresh != NULL ? granted->refresh : o->tokens.refresh),
		.expires_at = granted->expires_at,
		.address = newer(granted->address, o->tokens.address),
		.scope = newer(granted->scope, o->tokens.scope) };

	gw_tokens_deinit(&o->tokens);
	o->tokens = now;
	return now.access != NULL && now.refresh != NULL;
}

/* I2 */
static void on_granted(void *ctx, const struct gw_token_answer *answer, const struct gw_error *err)
{
	struct gw_oauth *o = ctx;

	o->token = NULL;
	if (err != NULL) {
		o->err = *err;
	} else if (!take_grant(o, &answer->tokens)) {
		gw_fail(&o->err, GW_ERR_NOMEM, "out of memory");
	} else { /* also when it was cancelled meanwhile */
		o->state = STORING;
		if (gw_vault_store(o->loop, o->account, &o->tokens, on_stored, o, &o->vault,
			    &o->err) == GW_OK)
			return;
	}
	end(o);
}

static enum gw_code renew(struct gw_oauth *o)
{
	struct gw_buf form;
	enum gw_code code;

	o->state = RENEWING;
	gw_log(o->log, GW_LOG_INFO, "%s: renewing the access token", o->account->name);
	gw_buf_init_locked(&form, FORM_MAX);
	code = gw_http_add_field(&form, "grant_type", "refresh_token");
	if (code == GW_OK)
		code = gw_http_add_field(&form, "refresh_token", o->tokens.refresh);
	if (code == GW_OK)
		code = gw_token_ask(o->loop, o->log, o->account, o->account->oauth2.token_url,
			&form, on_granted, o, &o->token, &o->err);
	gw_buf_deinit(&form);
	return code;
}

static void on_loaded(void *ctx, const struct gw_tokens *tokens, const struct gw_error *err)
{
	struct gw_oauth *o = ctx;
	bool good = tokens->access != NULL && !o->refused &&
		    tokens->expires_at > (int64_t)time(NULL) + MARGIN_S;

	o->vault = NULL;
	o->tokens = gw_tokens_copy(tokens);
	if (err != NULL) {
		o->err = *err;
	} else if (!good && o->tokens.refresh == NULL) {
		gw_fail(&o->err, GW_ERR_AUTH, "nobody has signed in yet: run `godwit auth %s`",
			o->account->name);
	} else if (!good && !o->cancelled) {
		if (renew(o) == GW_OK)
			return;
		gw_fail(&o->err, GW_ERR_NOMEM, "out of memory");
	}
	if (o->cancelled)
		gw_fail(&o->err, GW_ERR_CANCELLED, "cancelled");
	end(o);
}

static void try_lock(void *ctx)
{
	struct gw_oauth *o = ctx;
	struct gw_error err = { 0 };

	o->delay = NULL;
	if (o->cancelled) {
		gw_fail(&o->err, GW_ERR_CANCELLED, "cancelled");
	} else if (gw_lock_take(o->lock_path, "is renewing the token of this account", &o->lock_fd,
			   &err) == GW_OK) {
		o->state = LOADING;
		if (gw_vault_load(o->loop, o->account, on_loaded, o, &o->vault, &o->err) == GW_OK)
			return;
	} else if (err.code == GW_ERR_LOCKED && ++o->tries < LOCK_TRIES) {
		gw_delay_start(o->loop, LOCK_AGAIN_MS, try_lock, o, &o->delay);
		return;
	} else {
		o->err = err;
	}
	end(o);
}

enum gw_code gw_oauth_start(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, bool refused, gw_oauth_cb *cb, void *ctx,
	struct gw_oauth **out, struct gw_error *err)
{
	struct gw_oauth *o = calloc(1, sizeof *o);
	enum gw_code code = gw_mkdirs(account->state_dir, err);

	*out = NULL;
	if (code != GW_OK || o == NULL ||
		asprintf(&o->lock_path, "%s/%s.token.lock", account->state_dir, account->name) <
			0) {
		free(o);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	o->loop = loop;
	o->log = log;
	o->account = account;
	o->refused = refused;
	o->lock_fd = -1;
	o->cb = cb;
	o->ctx = ctx;
	*out = o;
	return gw_delay_start(loop, 0, try_lock, o, &o->delay);
}

void gw_oauth_cancel(struct gw_oauth *o)
{
	o->cancelled = true;
	if (o->state == LOADING && o->vault != NULL)
		gw_vault_cancel(o->vault);
	/* A grant that is under way is waited for, and stored. */
}
