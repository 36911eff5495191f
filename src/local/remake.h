/* SPDX-License-Identifier: ISC */
/* local/remake.h - mailboxes that are gone on the server, and have mail here that it never had.
 *
 * Only that mail makes such a mailbox again, and only that mail is uploaded: the rest stays here as
 * it is, and is recorded as not to be uploaded before the server is told anything.
 */
#pragma once

#include "local/disk.h"

struct gw_remake {
	const char *dir;  /* borrowed until done */
	const char *name; /* UTF-8; borrowed until done */
	int64_t mailbox;
	bool known; /* base still has it as it was */
	bool fresh; /* out: it has such mail, and base has forgotten the rest */
};

typedef void gw_remake_cb(void *ctx, const struct gw_error *err);

/* Looks into the directories, one after the other; count is not 0.  keep: what base knows of those
 * that have such mail becomes files that are kept here; without it nothing is changed.  list is
 * borrowed until cb, which is called exactly once, later.  GW_ERR_NOMEM: never. */
enum gw_code gw_remake_start(struct gw_disk *disk, struct gw_remake *list, size_t count, bool keep,
	gw_remake_cb *cb, void *ctx);
