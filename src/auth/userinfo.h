/* SPDX-License-Identifier: ISC */
/* auth/userinfo.h - asks the provider whose token this is (OpenID Connect Core 5.3). */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

#include <uv.h>

struct gw_userinfo;

/* address: borrowed; NULL: not given. */
typedef void gw_userinfo_cb(void *ctx, const char *address);

/* Asks with an access token.  GW_OK: cb is called exactly once, later. */
enum gw_code gw_userinfo_ask(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, const char *token, gw_userinfo_cb *cb, void *ctx,
	struct gw_userinfo **out, struct gw_error *err);

/* Calls cb later, with NULL. */
void gw_userinfo_cancel(struct gw_userinfo *u);
