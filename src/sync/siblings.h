/* sync/siblings.h - in which other mailboxes a message has a file, by what stands for it in all of
 * them (Gmail's labels); a disk job.
 */
#pragma once

#include "sync/batch.h"

struct gw_sibling {
	uint32_t of;     /* the UID asked about */
	int64_t mailbox; /* another one */
	uint32_t uid;    /* there */
};

/* list: borrowed during the call.  err: NULL, or why nothing is known. */
typedef void gw_siblings_cb(
	void *ctx, const struct gw_sibling *list, size_t count, const struct gw_error *err);

/* uids: of place's mailbox; both are borrowed until cb, which is called exactly once, later.
 * GW_ERR_NOMEM: never. */
enum gw_code gw_siblings_start(struct gw_disk *disk, const struct gw_place *place,
	const uint32_t *uids, size_t count, gw_siblings_cb *cb, void *ctx);
