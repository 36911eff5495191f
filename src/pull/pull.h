/* SPDX-License-Identifier: ISC */
/* pull/pull.h - the run of an account whose server has POP3 only: fetches what is new into one folder,
 * and deletes there what the account's `keep` lets go.  Nothing goes the other way.
 *
 * The contract is gw_sync_start()'s (godwit/sync.h), which calls it.
 */
#pragma once

#include "godwit/sync.h"

#include <uv.h>

struct gw_pull;

enum gw_code gw_pull_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_sync_options *options, const struct gw_log *log, gw_sync_cb *cb, void *ctx,
	struct gw_pull **out, struct gw_error *err);

void gw_pull_stop(struct gw_pull *p);

/* Seconds that the server wants between two sessions, as it told; 0: it did not. */
unsigned gw_pull_login_delay(const struct gw_pull *p);
