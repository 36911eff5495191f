/* SPDX-License-Identifier: ISC */
/* maildir/room.c - see room.h. */
#include "maildir/room.h"

#include <sys/statvfs.h>

enum { GRANT = 4 << 20 };

enum gw_code gw_room_take(
	struct gw_room *room, const struct gw_maildir *m, uint64_t n, struct gw_error *err)
{
	uint64_t want = n + GRANT, free_bytes;
	struct statvfs fs;

	if (n <= room->granted) {
		room->granted -= n;
		return GW_OK;
	}
	if (m->reserve == 0 || fstatvfs(m->tmp, &fs) != 0)
		return GW_OK;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes < want || free_bytes - want < m->reserve)
		return gw_fail(err, GW_ERR_DISK,
			"no more mail is fetched to %s: %llu MB are free, and min-free-space keeps %llu "
			"MB so; free some, or lower it",
			m->path, (unsigned long long)(free_bytes >> 20),
			(unsigned long long)(m->reserve >> 20));
	room->granted = GRANT;
	return GW_OK;
}
