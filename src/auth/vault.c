/* SPDX-License-Identifier: ISC */
/* auth/vault.c - see vault.h.
 *
 * A file that exists is used; what it holds was put there when there was no keyring.
 */
#include "auth/vault.h"

#include "base/fs.h"
#include "base/locked.h"
#include "net/delay.h"
#include "net/proc.h"

#include "godwit/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOOL_MS = 60000, /* a person may have to unlock the keyring */ FILE_MAX_BYTES = 65536 };

struct gw_vault {
	uv_loop_t *loop;
	const struct gw_account *account;
	struct gw_proc *tool;   /* frees itself */
	struct gw_delay *later; /* owned */
	char *path;             /* owned */
	char *text;             /* owned; wiped: what is to be stored */
	struct gw_tokens tokens;
	struct gw_error err;
	gw_vault_cb *cb;
	void *ctx;
};

static void wipe_text(char *text)
{
	gw_wipe(text, text == NULL ? 0 : strlen(text));
}

struct gw_tokens gw_tokens_copy(const struct gw_tokens *t)
{
	return (struct gw_tokens){ .refresh = gw_locked_str(t->refresh),
		.access = gw_locked_str(t->access),
		.expires_at = t->expires_at,
		.address = gw_copy_str(t->address),
		.scope = gw_copy_str(t->scope) };
}

void gw_tokens_deinit(struct gw_tokens *t)
{
	gw_locked_free(t->refresh);
	gw_locked_free(t->access);
	free(t->address);
	free(t->scope);
	*t = (struct gw_tokens){ 0 };
}

static void on_end(void *ctx)
{
	struct gw_vault *v = ctx;

	v->later = NULL;
	v->cb(v->ctx, &v->tokens, v->err.code == GW_OK ? NULL : &v->err);
	gw_tokens_deinit(&v->tokens);
	wipe_text(v->text);
	free(v->path);
	free(v);
}

/* --- form ------------------------------------------------------------------------------------ */

static char *copy_text(const json_t *o, const char *key)
{
	return gw_copy_str(json_string_value(json_object_get(o, key)));
}

static bool parse(const char *text, size_t n, struct gw_tokens *out)
{
	json_error_t ignored;
	json_t *o = json_loadb(text, n, 0, &ignored);

	out->refresh = gw_locked_str(json_string_value(json_object_get(o, "refresh_token")));
	out->access = gw_locked_str(json_string_value(json_object_get(o, "access_token")));
	out->address = copy_text(o, "address");
	out->scope = copy_text(o, "scope");
	out->expires_at = (int64_t)json_integer_value(json_object_get(o, "expires_at"));
	json_decref(o);
	return out->refresh != NULL || out->access != NULL;
}

static char *print(const struct gw_tokens *t)
{
	json_t *o = json_pack("{s:s?, s:s?, s:I, s:s*, s:s*}", "refresh_token", t->refresh,
		"access_token", t->access, "expires_at", (json_int_t)t->expires_at, "address",
		t->address, "scope", t->scope);
	char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);

	json_decref(o);
	return text;
}

/* --- keyring --------------------------------------------------------------------------------- */

static bool has_keyring(void)
{
	const char *path = getenv("PATH"), *bus = getenv("DBUS_SESSION_BUS_ADDRESS");
	char tool[4096];

	if (bus == NULL || *bus == '\0')
		return false;
	for (const char *p = path; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, ":");

		if ((size_t)snprintf(tool, sizeof tool, "%.*s/secret-tool", (int)n, p) <
				sizeof tool &&
			access(tool, X_OK) == 0)
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

enum verb { LOOKUP, STORE, CLEAR };

/* An account's name has no character that means something to a shell. */
bool gw_auth_command(const struct gw_account *account, size_t index, char *out, size_t size)
{
	static const char *const verbs[] = {
		[LOOKUP] = "lookup", [STORE] = "store --label='godwit'", [CLEAR] = "clear"
	};

	if (account->auth != GW_AUTH_OAUTH2 || index >= sizeof verbs / sizeof *verbs)
		return false;
	snprintf(out, size, "secret-tool %s application godwit account '%s'", verbs[index],
		account->name);
	return true;
}

static enum gw_code run_tool(struct gw_vault *v, enum verb verb, const char *input, gw_proc_cb *cb)
{
	char command[512];

	if (!gw_auth_command(v->account, verb, command, sizeof command))
		return gw_fail(&v->err, GW_ERR_CONFIG, "the account signs in without tokens");
	return gw_proc_start(
		v->loop, v->account->runner, command, input, TOOL_MS, cb, v, &v->tool, &v->err);
}

static void on_looked_up(void *ctx, struct gw_slice output, const struct gw_error *err)
{
	struct gw_vault *v = ctx;

	v->tool = NULL;
	if (err == NULL)
		parse(output.p, output.n, &v->tokens);
	else if (err->code == GW_ERR_CANCELLED || err->code == GW_ERR_TIMEOUT)
		v->err = *err;
	on_end(v); /* else: it knows none */
}

static void write_to_file(struct gw_vault *v)
{
	if (gw_mkdirs(v->account->state_dir, &v->err) == GW_OK)
		gw_write_file(v->path, (struct gw_slice){ v->text, strlen(v->text) }, &v->err);
}

static void on_stored(void *ctx, struct gw_slice output, const struct gw_error *err)
{
	struct gw_vault *v = ctx;

	(void)output;
	v->tool = NULL;
	if (err != NULL && err->code == GW_ERR_CANCELLED)
		v->err = *err;
	else if (err != NULL) /* locked, or not running: the tokens must not be lost */
		write_to_file(v);
	on_end(v);
}

/* --------------------------------------------------------------------------------------------- */

static struct gw_vault *new_vault(
	uv_loop_t *loop, const struct gw_account *account, gw_vault_cb *cb, void *ctx)
{
	struct gw_vault *v = calloc(1, sizeof *v);

	if (v == NULL || asprintf(&v->path, "%s/%s.token", account->state_dir, account->name) < 0) {
		free(v);
		return NULL;
	}
	v->loop = loop;
	v->account = account;
	v->cb = cb;
	v->ctx = ctx;
	return v;
}

/* Reports any failure by the callback, later. */
static enum gw_code end_later(struct gw_vault *v, struct gw_vault **out)
{
	*out = v;
	return gw_delay_start(v->loop, 0, on_end, v, &v->later);
}

enum gw_code gw_vault_load(uv_loop_t *loop, const struct gw_account *account, gw_vault_cb *cb,
	void *ctx, struct gw_vault **out, struct gw_error *err)
{
	struct gw_vault *v = new_vault(loop, account, cb, ctx);
	struct gw_buf text;
	bool found = false;

	*out = NULL;
	if (v == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	gw_buf_init_locked(&text, FILE_MAX_BYTES);
	gw_read_file(AT_FDCWD, v->path, FILE_MAX_BYTES, &text, &found, &v->err);
	if (found && v->err.code == GW_OK)
		parse(text.p, text.n, &v->tokens);
	gw_buf_deinit(&text);
	if (found || v->err.code != GW_OK || !has_keyring() ||
		run_tool(v, LOOKUP, "", on_looked_up) != GW_OK)
		return end_later(v, out);
	*out = v;
	return GW_OK;
}

enum gw_code gw_vault_store(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_tokens *tokens, gw_vault_cb *cb, void *ctx, struct gw_vault **out,
	struct gw_error *err)
{
	struct gw_vault *v = new_vault(loop, account, cb, ctx);

	*out = NULL;
	if (v == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	v->text = print(tokens);
	if (v->text != NULL && access(v->path, F_OK) != 0 && has_keyring() &&
		run_tool(v, STORE, v->text, on_stored) == GW_OK) {
		*out = v;
		return GW_OK;
	}
	if (v->text == NULL)
		gw_fail(&v->err, GW_ERR_NOMEM, "out of memory");
	else
		write_to_file(v);
	return end_later(v, out);
}

static void on_cleared(void *ctx, struct gw_slice output, const struct gw_error *err)
{
	struct gw_vault *v = ctx;

	(void)output, (void)err; /* it fails where there is nothing to clear */
	v->tool = NULL;
	on_end(v);
}

enum gw_code gw_vault_remove(uv_loop_t *loop, const struct gw_account *account, gw_vault_cb *cb,
	void *ctx, struct gw_vault **out, struct gw_error *err)
{
	struct gw_vault *v = new_vault(loop, account, cb, ctx);

	*out = NULL;
	if (v == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (unlink(v->path) != 0 && errno != ENOENT)
		gw_fail_sys(&v->err, GW_ERR_DISK, errno, "cannot remove %s", v->path);
	if (!has_keyring() || run_tool(v, CLEAR, "", on_cleared) != GW_OK)
		return end_later(v, out);
	*out = v;
	return GW_OK;
}

void gw_vault_cancel(struct gw_vault *v)
{
	if (v->tool != NULL)
		gw_proc_cancel(v->tool);
	else
		gw_fail(&v->err, GW_ERR_CANCELLED, "cancelled");
}
