/* SPDX-License-Identifier: ISC */
/* local/heads.h - what messages directories hold, by their headers: a disk job for a tree that base
 * does not know.  Nothing is changed.
 */
#pragma once

#include "local/disk.h"
#include "plan/likeness.h"

struct gw_heads {
	const char *dir;         /* relative to the root; borrowed until done */
	struct gw_traces traces; /* out; owned by the caller; settled */
};

typedef void gw_heads_cb(void *ctx, const struct gw_error *err);

/* Reads the heads, skipping unreadable files.  list is borrowed until cb, which is called exactly
 * once, later; err: GW_ERR_NOMEM.  GW_ERR_NOMEM: never. */
enum gw_code gw_heads_start(
	struct gw_disk *disk, struct gw_heads *list, size_t count, gw_heads_cb *cb, void *ctx);
