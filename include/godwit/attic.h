/* SPDX-License-Identifier: ISC */
/* godwit/attic.h - lists locally deleted mail that is kept for a while, and restores it.
 *
 * Works on files alone: no connection, no state.  Blocking.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>
#include <time.h>

struct gw_attic_message {
	const char *folder; /* the directory relative to the root */
	const char *name;   /* file name; identifies the message together with folder */
	time_t deleted;     /* when it was moved to the attic */
	uint64_t size;      /* bytes of the file */
	char from[128], subject[256], date[64]; /* from the header; printable, cut to fit; "" if
						 * missing */
	char id[13];                            /* short name for people, derived from folder and
						 * name */
};

/* Strings are borrowed and valid during the call.  Returning false ends the listing. */
typedef bool gw_attic_cb(void *ctx, const struct gw_attic_message *message);

/* Lists every message in the attic, folder by folder; no attic: none.  GW_ERR_DISK,
 * GW_ERR_NOMEM. */
enum gw_code gw_attic_list(
	const struct gw_account *account, gw_attic_cb *cb, void *ctx, struct gw_error *err);

/* Moves a message back into its folder's cur/, without the flag T; the next sync uploads it.  Never
 * overwrites a file.  Durable.  GW_ERR_DISK; GW_ERR_HELD if the folder no longer exists. */
enum gw_code gw_attic_restore(const struct gw_account *account,
	const struct gw_attic_message *message, struct gw_error *err);
