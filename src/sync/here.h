/* SPDX-License-Identifier: ISC */
/* sync/here.h - what stands in a mailbox's directory, compared with base; blocking, changes nothing. */
#pragma once

#include "godwit/account.h"
#include "store/store.h"

struct gw_here {
	uint64_t files, unread;
	uint64_t fresh, gone,
		flags;   /* that base does not know, has and are not here, differ in flags */
	int64_t changed; /* seconds: when something last came, went or was renamed; 0: never */
};

/* A directory that is not there has nothing in it, and nothing of it is gone.  GW_ERR_DISK,
 * GW_ERR_STATE, GW_ERR_NOMEM. */
enum gw_code gw_here_look(struct gw_store *store, const struct gw_account *account,
	const struct gw_mailbox_row *row, struct gw_here *out, struct gw_error *err);
