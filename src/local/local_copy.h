/* SPDX-License-Identifier: ISC */
/* local/local_copy.h - copies messages that another mailbox has here already, found by what
 * identifies them in all mailboxes; a disk job.
 */
#pragma once

#include "local/batch.h"
#include "maildir/deliver.h"

struct gw_copy_item {
	uint32_t uid;       /* in the mailbox that gets it */
	uint32_t number;    /* the caller's */
	uint64_t global_id; /* not 0 */

	bool found;               /* out */
	struct gw_delivered file; /* out, if found: in the mailbox's tmp/; the callee's */
	time_t date;              /* out: INTERNALDATE; 0: not known */
};

typedef void gw_local_copy_cb(void *ctx);

/* A copy that cannot be made, or whose content is not what base says, is not found: the message is
 * fetched.  place and items are borrowed until cb, which is called exactly once, later.
 * GW_ERR_NOMEM: never. */
enum gw_code gw_local_copy_start(struct gw_disk *disk, const struct gw_place *place,
	struct gw_copy_item *items, size_t count, gw_local_copy_cb *cb, void *ctx);
