/* SPDX-License-Identifier: ISC */
/* maildir/room.h - the reserve of free space that new mail never touches (`min-free-space`): a full
 * disk is everybody's trouble.
 */
#pragma once

#include "maildir/folder.h"

/* Accounting of one writer; initialized to zeros. */
struct gw_room {
	uint64_t granted; /* bytes that may be written before the file system is asked again */
};

/* Reserves n more bytes on the mailbox's file system.  GW_ERR_DISK: they, and what may follow
 * before the next check, would come out of m->reserve. */
enum gw_code gw_room_take(
	struct gw_room *room, const struct gw_maildir *m, uint64_t n, struct gw_error *err);
