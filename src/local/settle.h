/* SPDX-License-Identifier: ISC */
/* local/settle.h - flushes what a look saw before the server is told anything that rests on it; a
 * disk job. */
#pragma once

#include "local/batch.h"

typedef void gw_settle_cb(void *ctx, const struct gw_error *err);

/* Rows of what the server is about to be told; borrowed. */
struct gw_announcement {
	const struct gw_pending_row *pending; /* to be uploaded, moved or copied here */
	size_t pending_count;
	const struct gw_trashing_row *trashing; /* to be moved to the trash from here */
	size_t trashing_count;
};

/* Makes sure that what a look saw is on disk and that the state can be written: a power cut must
 * not undo what the server was told, so this precedes the first command that rests on the look.
 * Also stores what is announced (NULL: nothing).  place, and what `what` points to, are borrowed
 * until cb, which is called exactly once, later.  GW_ERR_NOMEM: never. */
enum gw_code gw_settle_start(struct gw_disk *disk, const struct gw_place *place,
	const struct gw_announcement *what, gw_settle_cb *cb, void *ctx);
