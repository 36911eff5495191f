/* SPDX-License-Identifier: ISC */
/* cli/ask.h - one question to the watcher of an account. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <jansson.h>

/* what: as for gw_control_request().  *out: the answer, the caller's; NULL when nobody watches the
 * account, or the watcher does not answer. */
enum gw_code ask_watcher(
	const struct gw_account *account, const char *what, json_t **out, struct gw_error *err);

/* "in step since 14:03; next look at 14:08 ...": a "watcher" object in words. */
void describe_watcher(const json_t *watcher, char *out, size_t size);
