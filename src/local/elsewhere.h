/* SPDX-License-Identifier: ISC */
/* local/elsewhere.h - looks for messages gone here in directories that this run cannot bring in
 * step; a disk job.
 *
 * A file there that base knows is another message; one that it does not know, with the content of
 * what is gone, is that message, moved.
 */
#pragma once

#include "local/disk.h"
#include "maildir/fingerprint.h"

struct gw_elsewhere_dir {
	char *dir;       /* owned; relative to the root */
	int64_t mailbox; /* the directory's mailbox in the state; 0: none */
	bool left_out;   /* by what was asked for */
};

struct gw_elsewhere_key {
	uint8_t header[GW_HASH_BYTES], body[GW_HASH_BYTES];
	uint32_t box, action; /* the caller's */
	size_t found;         /* out: the index of its directory, + 1; 0: none */
};

struct gw_elsewhere {
	struct gw_elsewhere_dir *dirs; /* owned, as are the keys */
	size_t dir_count, dir_cap;
	struct gw_elsewhere_key *keys;
	size_t key_count, key_cap;
};

void gw_elsewhere_deinit(struct gw_elsewhere *what);

/* The answer is in `what`, which is the caller's. */
typedef void gw_elsewhere_cb(void *ctx, const struct gw_error *err);

/* what is borrowed until cb, which is called exactly once, later.  A directory that is not there, or
 * cannot be read, holds nothing.  GW_ERR_NOMEM: never. */
enum gw_code gw_elsewhere_start(
	struct gw_disk *disk, struct gw_elsewhere *what, gw_elsewhere_cb *cb, void *ctx);
