/* maildir/room.h - the reserve of free space that new mail never touches (`min-free-space`): a full
 * disk is everybody's trouble.
 */
#pragma once

#include "maildir/folder.h"

/* Who writes counts here; zero at first. */
struct gw_room {
	uint64_t granted; /* bytes that may be written before the file system is asked again */
};

/* n more bytes will go to the mailbox's file system.  GW_ERR_DISK when they, and what may follow
 * before the next question, would come out of m->reserve. */
enum gw_code gw_room_take(
	struct gw_room *room, const struct gw_maildir *m, uint64_t n, struct gw_error *err);
