/* SPDX-License-Identifier: ISC */
/* auth/vault.h - stores an account's tokens: in the desktop's keyring through secret-tool(1) if
 * available, otherwise in a file that only its user can read.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>
#include <uv.h>

struct gw_tokens {
	char *refresh; /* owned, locked (base/locked.h); NULL: none */
	char *access;  /* owned, locked; NULL: none */
	int64_t expires_at;
	char *address; /* owned; who signed in, according to the provider; NULL: unknown */
	char *scope;   /* owned; what the tokens permit; NULL: unknown */
};

/* Copies all members; those that memory does not suffice for become NULL. */
struct gw_tokens gw_tokens_copy(const struct gw_tokens *t);

/* Wipes and frees. */
void gw_tokens_deinit(struct gw_tokens *t);

struct gw_vault;

/* tokens: empty if there are none (then err is NULL, too); borrowed. */
typedef void gw_vault_cb(void *ctx, const struct gw_tokens *tokens, const struct gw_error *err);

/* GW_OK: cb is called exactly once, later. */
enum gw_code gw_vault_load(uv_loop_t *loop, const struct gw_account *account, gw_vault_cb *cb,
	void *ctx, struct gw_vault **out, struct gw_error *err);
enum gw_code gw_vault_store(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_tokens *tokens, gw_vault_cb *cb, void *ctx, struct gw_vault **out,
	struct gw_error *err);

/* Removes the tokens from wherever they are stored; cb gets none. */
enum gw_code gw_vault_remove(uv_loop_t *loop, const struct gw_account *account, gw_vault_cb *cb,
	void *ctx, struct gw_vault **out, struct gw_error *err);

/* Calls cb later, with GW_ERR_CANCELLED. */
void gw_vault_cancel(struct gw_vault *v);
