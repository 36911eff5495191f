/* SPDX-License-Identifier: ISC */
/* auth/secret.h - gets a password from a command. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <uv.h>

struct gw_secret;

/* password: NUL-terminated, borrowed, wiped after the call; NULL on failure. */
typedef void gw_secret_cb(void *ctx, const char *password, const struct gw_error *err);

/* Runs command, by account's runner, when it is its turn (turn.h), and takes the first line of its output.  key: what
 * it is in the configuration of the account, for messages; static.  GW_OK: cb is called exactly once, later.
 * GW_ERR_SECRET when the command fails or prints nothing. */
enum gw_code gw_secret_start(uv_loop_t *loop, const char *command, const char *key,
	const struct gw_account *account, gw_secret_cb *cb, void *ctx, struct gw_secret **out,
	struct gw_error *err);

/* Calls cb later, with GW_ERR_CANCELLED. */
void gw_secret_cancel(struct gw_secret *secret);
