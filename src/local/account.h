/* SPDX-License-Identifier: ISC */
/* local/account.h - what a state and a tree say of the account that they are of, whatever its protocol: its lock, its
 * id, whose mail it is.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"
#include "store/store.h"

/* Takes the account's lock, and makes the state's directory for it.  A dry run makes nothing, and locks nothing where
 * there is no state. */
enum gw_code gw_account_lock(
	const struct gw_account *account, bool dry_run, int *fd, struct gw_error *err);

/* Makes up an id for an account that has none. */
enum gw_code gw_account_new_id(char out[33], struct gw_error *err);

/* True if this user or host (NULL or "": not told) is another than the account's. */
bool gw_account_is_other(const struct gw_account *account, const char *user, const char *host);

/* Fails with GW_ERR_HELD, because `what` (a state or a tree) is that other account's: its mail would be joined with
 * this one's. */
enum gw_code gw_account_fail_other(const struct gw_account *account, const char *what,
	const char *user, const char *host, struct gw_error *err);

/* Closes a damaged state and sets it aside, which costs time and no mail.  *store becomes NULL; err, cleared first,
 * tells only of a failure of that. */
enum gw_code gw_account_set_aside(const char *db_path, struct gw_store **store,
	const struct gw_log *log, struct gw_error *err);
