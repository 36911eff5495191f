/* SPDX-License-Identifier: ISC */
/* sync/listed.h - what the state lists as out of step.
 *
 * One list, for `status` and for the run: what it names, every run reports for as long as it lasts.
 */
#pragma once

#include "godwit/account.h"
#include "store/store.h"

/* What is said of a mailbox that one side lacks; NULL: nothing. */
const char *gw_listed_missing(const struct gw_account *account, const struct gw_mailbox_row *row);

/* Calls cb for each, with the mailbox's name on the wire, or that of a directory; those of one name in
 * any order. */
enum gw_code gw_listed_read(struct gw_store *store, const struct gw_account *account,
	gw_held_cb *cb, void *ctx, struct gw_error *err);
