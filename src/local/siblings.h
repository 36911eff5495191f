/* SPDX-License-Identifier: ISC */
/* local/siblings.h - finds a message's rows in all mailboxes, by its identity in all of them
 * (Gmail's labels); a disk job.
 */
#pragma once

#include "local/batch.h"
#include "maildir/fingerprint.h"

struct gw_sibling {
	size_t of;                    /* index of what was asked about */
	int64_t mailbox;              /* any; also the one that asked */
	uint32_t uid;                 /* there */
	bool has_file, copied;        /* see store/store.h */
	uint64_t size;                /* as base has it */
	struct gw_fingerprint *print; /* owned by the job; if prints were asked for; NULL: none */
};

/* Messages by their UIDs in place's mailbox, or by their global ids; the other is NULL. */
struct gw_siblings_query {
	const struct gw_place *place;
	const uint32_t *uids;
	const uint64_t *ids;
	size_t count;
	bool prints;
};

/* list: in the order of the question; borrowed during the call.  err: NULL, or why nothing is
 * known. */
typedef void gw_siblings_cb(
	void *ctx, const struct gw_sibling *list, size_t count, const struct gw_error *err);

/* Runs a query; what it points to is borrowed until cb, which is called exactly once, later.
 * GW_ERR_NOMEM: never. */
enum gw_code gw_siblings_start(
	struct gw_disk *disk, const struct gw_siblings_query *query, gw_siblings_cb *cb, void *ctx);
