/* SPDX-License-Identifier: ISC */
/* auth/signin.c - see godwit/auth.h.
 *
 *   browser: WAITING --the browser comes back--> ASKING --granted--> NAMING
 *   device:  ASKING --code--> POLLING <--pending--> ASKING --granted--> NAMING
 *   NAMING (who signed in? left out where that is known, or cannot be) --> STORING --> ENDING
 *   any --failure, cancelled, nobody came--> ENDING
 *
 * I1  GW_AUTH_DONE is sent once, from end(), which comes from the loop.
 * I2  only an answer that carries our `state` counts; whatever else comes to the port is told and
 *     passed over, so that nobody can end or steer a sign-in from outside.
 */
#include "godwit/auth.h"

#include "auth/loopback.h"
#include "auth/token.h"
#include "auth/userinfo.h"
#include "auth/vault.h"
#include "base/text.h"
#include "net/delay.h"
#include "net/http.h"

#include <openssl/base64.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 10 * 60 * 1000, /* for a person with a telephone for the second factor */
	SECRET_BYTES = 32,
	FORM_MAX = 65536,
	SLOW_DOWN_S = 5, /* RFC 8628 3.5 */
	STRANGERS_TOLD = 3,
};

enum state { WAITING, ASKING, POLLING, NAMING, STORING, ENDING };

struct gw_auth_flow {
	enum state state;
	uv_loop_t *loop;
	const struct gw_account *account;
	const struct gw_log *log;
	struct gw_loopback *loopback; /* owned */
	char redirect[64];
	char own_state[64], verifier[64];
	unsigned strangers; /* answers with another state */
	char *device_code;  /* owned */
	unsigned interval_s;
	struct gw_delay *patience, *poll, *ending; /* owned */
	struct gw_token *token;                    /* frees itself */
	struct gw_userinfo *userinfo;              /* frees itself */
	struct gw_vault *vault;                    /* frees itself */
	struct gw_tokens tokens;                   /* owned; while NAMING */
	struct gw_error err;
	gw_auth_cb *cb;
	void *ctx;
};

static void emit(struct gw_auth_flow *f, struct gw_auth_event ev)
{
	f->cb(f->ctx, &ev);
}

/* I1 */
static void end(void *ctx)
{
	struct gw_auth_flow *f = ctx;

	f->ending = NULL;
	gw_delay_cancel(&f->patience);
	gw_delay_cancel(&f->poll);
	gw_loopback_stop(f->loopback);
	emit(f, (struct gw_auth_event){
			.type = GW_AUTH_DONE, .err = f->err.code == GW_OK ? NULL : &f->err });
	explicit_bzero(f->verifier, sizeof f->verifier);
	gw_tokens_deinit(&f->tokens);
	free(f->device_code);
	free(f);
}

static void end_soon(struct gw_auth_flow *f)
{
	f->state = ENDING;
	gw_delay_cancel(&f->poll);
	if (f->ending == NULL)
		gw_delay_start(f->loop, 0, end, f, &f->ending);
}

static void on_no_patience(void *ctx)
{
	struct gw_auth_flow *f = ctx;

	f->patience = NULL;
	if (f->state != WAITING && f->state != POLLING)
		return; /* what is under way has deadlines of its own */
	gw_fail(&f->err, GW_ERR_TIMEOUT,
		"nobody signed in within ten minutes: run `godwit auth %s` again",
		f->account->name);
	end_soon(f);
}

/* --- tokens ---------------------------------------------------------------------------------- */

static void on_stored(void *ctx, const struct gw_tokens *tokens, const struct gw_error *err)
{
	struct gw_auth_flow *f = ctx;

	(void)tokens;
	f->vault = NULL;
	if (err != NULL)
		f->err = *err;
	end_soon(f);
}

static void store(struct gw_auth_flow *f, const struct gw_tokens *tokens)
{
	char text[600];

	f->state = STORING;
	if (tokens->refresh == NULL)
		emit(f, (struct gw_auth_event){ .type = GW_AUTH_NOTICE,
				.text = "the provider gave no refresh token, so this will have to "
					"be done again when the access token is over" });
	if (tokens->address != NULL && !gw_same_address(tokens->address, f->account->user)) {
		snprintf(text, sizeof text,
			"the browser was signed in to \"%s\", and `user` is \"%s\": if the login is "
			"refused, run `godwit auth %s` again and choose \"%s\" there",
			tokens->address, f->account->user, f->account->name, f->account->user);
		emit(f, (struct gw_auth_event){ .type = GW_AUTH_NOTICE, .text = text });
	}
	if (tokens->scope != NULL && !gw_scope_covers(tokens->scope, f->account->oauth2.scope)) {
		snprintf(text, sizeof text,
			"access to mail was not allowed there: run `godwit auth %s` again and allow "
			"all of %s",
			f->account->name, f->account->oauth2.scope);
		emit(f, (struct gw_auth_event){ .type = GW_AUTH_NOTICE, .text = text });
	}
	if (gw_vault_store(f->loop, f->account, tokens, on_stored, f, &f->vault, &f->err) != GW_OK)
		end_soon(f);
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; p != NULL; p = strchr(p, ' ')) {
		p += strspn(p, " ");
		if (strcspn(p, " ") == n && strncmp(p, word, n) == 0)
			return true;
	}
	return false;
}

/* True if the token permits asking who signed in.  A scope that is not mentioned is the one
 * requested (RFC 6749 5.1). */
static bool may_ask_who(const struct gw_auth_flow *f, const struct gw_tokens *tokens)
{
	const char *scope = tokens->scope != NULL ? tokens->scope : f->account->oauth2.scope;

	return tokens->address == NULL && f->account->oauth2.userinfo_url != NULL &&
	       (has_word(scope, "email") ||
		       has_word(scope, "https://www.googleapis.com/auth/userinfo.email"));
}

static void on_named(void *ctx, const char *address)
{
	struct gw_auth_flow *f = ctx;

	f->userinfo = NULL;
	f->tokens.address = gw_copy_str(address);
	if (f->err.code == GW_OK)
		store(f, &f->tokens);
	else
		end_soon(f);
}

static void take_grant(struct gw_auth_flow *f, const struct gw_tokens *granted)
{
	struct gw_error ignored = { 0 };

	f->tokens = gw_tokens_copy(granted);
	f->state = NAMING;
	if (f->tokens.access == NULL || !may_ask_who(f, &f->tokens) ||
		gw_userinfo_ask(f->loop, f->log, f->account, f->tokens.access, on_named, f,
			&f->userinfo, &ignored) != GW_OK)
		store(f, granted);
}

static void ask(struct gw_auth_flow *f, const char *url, struct gw_buf *form, gw_token_cb *cb)
{
	f->state = ASKING;
	if (gw_token_ask(f->loop, f->log, f->account, url, form, cb, f, &f->token, &f->err) !=
		GW_OK)
		end_soon(f);
	gw_buf_wipe(form);
}

static void add(struct gw_buf *form, const char *key, const char *value, struct gw_error *err)
{
	enum gw_code code = gw_http_add_field(form, key, value);

	if (code != GW_OK)
		gw_fail(err, code, "the request would be too long");
}

/* --- with a browser -------------------------------------------------------------------------- */

/* base64url (RFC 4648 5) without padding. */
static void base64url(const uint8_t bytes[SECRET_BYTES], char out[64])
{
	uint8_t text[64];

	EVP_EncodeBlock(text, bytes, SECRET_BYTES);
	snprintf(out, 64, "%s", (char *)text);
	for (char *p = out; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
}

static bool random_text(char out[64])
{
	uint8_t bytes[SECRET_BYTES];

	if (getentropy(bytes, sizeof bytes) != 0)
		return false;
	base64url(bytes, out);
	return true;
}

static void challenge_for(const char *verifier, char out[64])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	_Static_assert(sizeof digest == SECRET_BYTES, "as long as a secret");
	SHA256((const uint8_t *)verifier, strlen(verifier), digest);
	base64url(digest, out);
}

static void on_exchanged(
	void *ctx, const struct gw_token_answer *answer, const struct gw_error *err)
{
	struct gw_auth_flow *f = ctx;

	f->token = NULL;
	if (err == NULL && answer != NULL && f->err.code == GW_OK) {
		take_grant(f, &answer->tokens);
		return;
	}
	if (err != NULL && f->err.code == GW_OK)
		f->err = *err;
	end_soon(f);
}

static void exchange(struct gw_auth_flow *f, const char *code)
{
	struct gw_buf form;

	gw_buf_init_locked(&form, FORM_MAX);
	add(&form, "grant_type", "authorization_code", &f->err);
	add(&form, "code", code, &f->err);
	add(&form, "redirect_uri", f->redirect, &f->err);
	add(&form, "code_verifier", f->verifier, &f->err);
	ask(f, f->account->oauth2.token_url, &form, on_exchanged);
}

static void refuse(struct gw_auth_flow *f, const char *error, const char *description)
{
	if (strcmp(error, "access_denied") == 0)
		gw_fail(&f->err, GW_ERR_AUTH, "access was declined in the browser");
	else
		gw_fail(&f->err, GW_ERR_AUTH, "the provider refused the sign-in: %s %s", error,
			description == NULL ? "" : description);
	end_soon(f);
}

/* A few times: any program of this machine can ask as often as it likes. */
static void note_stranger(struct gw_auth_flow *f)
{
	if (f->state != WAITING || ++f->strangers > STRANGERS_TOLD)
		return;
	emit(f, (struct gw_auth_event){ .type = GW_AUTH_NOTICE,
			.text = "an answer that does not belong to this sign-in (wrong `state`) was "
				"passed over" });
}

static const char *on_browser(void *ctx, const char *query, bool *good)
{
	struct gw_auth_flow *f = ctx;
	char *state = gw_loopback_field(query, "state"), *code = gw_loopback_field(query, "code");
	char *error = gw_loopback_field(query, "error");
	char *description = gw_loopback_field(query, "error_description");
	const char *sentence;

	if (state == NULL || strcmp(state, f->own_state) != 0) { /* I2 */
		sentence = NULL;
		note_stranger(f);
	} else if (f->state != WAITING) {
		sentence = "This sign-in is over already.";
	} else if (error != NULL) {
		sentence = "The sign-in was refused; godwit says more in the terminal.";
		refuse(f, error, description);
	} else if (code == NULL) {
		sentence = "The answer has no code in it.";
		emit(f, (struct gw_auth_event){ .type = GW_AUTH_NOTICE,
				.text = "an answer without a code was passed over" });
	} else {
		*good = true;
		sentence = "godwit has what it needs. You can close this window.";
		exchange(f, code);
	}
	free(state);
	if (code != NULL)
		explicit_bzero(code, strlen(code));
	free(code);
	free(error);
	free(description);
	return sentence;
}

void gw_auth_paste(struct gw_auth_flow *f, const char *url)
{
	const char *query = strchr(url, '?');
	bool good = false;

	if (query == NULL)
		emit(f, (struct gw_auth_event){ .type = GW_AUTH_NOTICE,
				.text = "that is not an address with an answer in it" });
	else
		on_browser(f, query + 1, &good);
}

static void open_browser(void *ctx)
{
	struct gw_auth_flow *f = ctx;
	const struct gw_oauth_provider *p = &f->account->oauth2;
	struct gw_buf url;
	char challenge[64];

	f->poll = NULL;
	challenge_for(f->verifier, challenge);
	gw_buf_init(&url, FORM_MAX);
	gw_buf_printf(&url, "%s?", p->auth_url);
	add(&url, "response_type", "code", &f->err);
	add(&url, "client_id", p->client_id, &f->err);
	add(&url, "redirect_uri", f->redirect, &f->err);
	add(&url, "scope", p->scope, &f->err);
	add(&url, "state", f->own_state, &f->err);
	add(&url, "code_challenge", challenge, &f->err);
	add(&url, "code_challenge_method", "S256", &f->err);
	add(&url, "login_hint", f->account->user, &f->err);
	/* Google gives a refresh token only if asked like this; others pass it over. */
	add(&url, "access_type", "offline", &f->err);
	add(&url, "prompt", "consent", &f->err);
	if (f->err.code == GW_OK)
		emit(f, (struct gw_auth_event){ .type = GW_AUTH_OPEN, .url = gw_buf_cstr(&url) });
	else
		end_soon(f);
	gw_buf_deinit(&url);
}

static enum gw_code begin_browser(struct gw_auth_flow *f, struct gw_error *err)
{
	unsigned port;
	enum gw_code code = gw_loopback_start(f->loop, on_browser, f, &f->loopback, &port, err);

	if (code != GW_OK)
		return code;
	snprintf(f->redirect, sizeof f->redirect, "http://127.0.0.1:%u/", port);
	if (!random_text(f->own_state) || !random_text(f->verifier))
		return gw_fail(err, GW_ERR_DISK, "no random numbers");
	f->state = WAITING;
	return gw_delay_start(f->loop, 0, open_browser, f, &f->poll);
}

/* --- with another device --------------------------------------------------------------------- */

static void poll_device(void *ctx);

static void wait_for_device(struct gw_auth_flow *f)
{
	f->state = POLLING;
	gw_delay_start(f->loop, (uint64_t)f->interval_s * 1000, poll_device, f, &f->poll);
}

static void on_polled(void *ctx, const struct gw_token_answer *answer, const struct gw_error *err)
{
	struct gw_auth_flow *f = ctx;
	const char *refusal = answer == NULL ? NULL : answer->refusal;

	f->token = NULL;
	if (f->err.code != GW_OK) {
		end_soon(f);
	} else if (err == NULL && answer != NULL) {
		take_grant(f, &answer->tokens);
	} else if (refusal != NULL && strcmp(refusal, "authorization_pending") == 0) {
		wait_for_device(f);
	} else if ((refusal != NULL && strcmp(refusal, "slow_down") == 0) ||
		   (err != NULL && (err->code == GW_ERR_NET || err->code == GW_ERR_TIMEOUT))) {
		f->interval_s += SLOW_DOWN_S;
		wait_for_device(f);
	} else if (refusal != NULL && strcmp(refusal, "expired_token") == 0) {
		gw_fail(&f->err, GW_ERR_TIMEOUT,
			"the code was not typed in in time: run `godwit auth --device %s` again",
			f->account->name);
		end_soon(f);
	} else if (refusal != NULL && strcmp(refusal, "access_denied") == 0) {
		refuse(f, refusal, NULL);
	} else {
		if (err != NULL)
			f->err = *err;
		end_soon(f);
	}
}

static void poll_device(void *ctx)
{
	struct gw_auth_flow *f = ctx;
	struct gw_buf form;

	f->poll = NULL;
	gw_buf_init_locked(&form, FORM_MAX);
	add(&form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", &f->err);
	add(&form, "device_code", f->device_code, &f->err);
	ask(f, f->account->oauth2.token_url, &form, on_polled);
}

static void on_device(void *ctx, const struct gw_token_answer *answer, const struct gw_error *err)
{
	struct gw_auth_flow *f = ctx;
	bool whole = err == NULL && answer->device_code != NULL && answer->user_code != NULL &&
		     answer->verification_url != NULL;

	f->token = NULL;
	if (err != NULL && f->err.code == GW_OK)
		f->err = *err;
	else if (!whole)
		gw_fail(&f->err, GW_ERR_PROTOCOL, "the provider gave no code to type in");
	else
		f->device_code = strdup(answer->device_code);
	if (f->device_code == NULL) {
		gw_fail(&f->err, GW_ERR_NOMEM, "out of memory");
		end_soon(f);
		return;
	}
	f->interval_s = answer->interval_s;
	emit(f, (struct gw_auth_event){ .type = GW_AUTH_OPEN,
			.url = answer->verification_url,
			.code = answer->user_code });
	wait_for_device(f);
}

static void begin_device(void *ctx)
{
	struct gw_auth_flow *f = ctx;
	struct gw_buf form;

	f->poll = NULL;
	gw_buf_init_locked(&form, FORM_MAX);
	add(&form, "scope", f->account->oauth2.scope, &f->err);
	ask(f, f->account->oauth2.device_url, &form, on_device);
}

/* --------------------------------------------------------------------------------------------- */

static enum gw_code check(const struct gw_account *a, bool device, struct gw_error *err)
{
	const struct gw_oauth_provider *p = &a->oauth2;

	if (a->auth != GW_AUTH_OAUTH2)
		return gw_fail(err, GW_ERR_CONFIG,
			"it signs in with a password; for OAuth 2.0 set auth = \"oauth2\"");
	if (a->token_command != NULL)
		return gw_fail(err, GW_ERR_CONFIG,
			"its tokens come from `token-command`, so there is nothing to do here");
	if (device && p->device_url == NULL)
		return gw_fail(err, GW_ERR_CONFIG,
			"its provider has no sign-in with another device (oauth2-device-url); "
			"without "
			"--device, the address can be opened on any machine, and what the browser "
			"is "
			"sent to in the end be pasted here");
	return GW_OK;
}

enum gw_code gw_auth_start(uv_loop_t *loop, const struct gw_account *account, bool device,
	const struct gw_log *log, gw_auth_cb *cb, void *ctx, struct gw_auth_flow **out,
	struct gw_error *err)
{
	struct gw_auth_flow *f;
	enum gw_code code = check(account, device, err);

	*out = NULL;
	if (code != GW_OK)
		return code;
	f = calloc(1, sizeof *f);
	if (f == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	f->loop = loop;
	f->account = account;
	f->log = log;
	f->cb = cb;
	f->ctx = ctx;
	code = device ? gw_delay_start(loop, 0, begin_device, f, &f->poll) : begin_browser(f, err);
	if (code == GW_OK)
		code = gw_delay_start(loop, PATIENCE_MS, on_no_patience, f, &f->patience);
	if (code != GW_OK) {
		gw_delay_cancel(&f->poll);
		gw_loopback_stop(f->loopback);
		free(f);
		return gw_fail(err, code, "out of memory");
	}
	*out = f;
	return GW_OK;
}

void gw_auth_cancel(struct gw_auth_flow *f)
{
	gw_fail(&f->err, GW_ERR_CANCELLED, "the sign-in was stopped");
	if (f->state == WAITING || f->state == POLLING)
		end_soon(f);
	else if (f->token != NULL)
		gw_token_cancel(f->token); /* what is being stored is waited for */
	else if (f->userinfo != NULL)
		gw_userinfo_cancel(f->userinfo);
}

/* --- not wanted after all --------------------------------------------------------------------- */

struct forgetting {
	struct gw_vault *vault; /* frees itself */
	gw_auth_cb *cb;
	void *ctx;
};

static void on_forgotten(void *ctx, const struct gw_tokens *tokens, const struct gw_error *err)
{
	struct forgetting *f = ctx;

	(void)tokens;
	f->cb(f->ctx, &(struct gw_auth_event){ .type = GW_AUTH_DONE, .err = err });
	free(f);
}

enum gw_code gw_auth_forget(uv_loop_t *loop, const struct gw_account *account, gw_auth_cb *cb,
	void *ctx, struct gw_error *err)
{
	struct forgetting *f = calloc(1, sizeof *f);
	enum gw_code code;

	if (f == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	f->cb = cb;
	f->ctx = ctx;
	code = gw_vault_remove(loop, account, on_forgotten, f, &f->vault, err);
	if (code != GW_OK)
		free(f);
	return code;
}
