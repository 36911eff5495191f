/* SPDX-License-Identifier: ISC */
/* imap/caps.c - see caps.h. */
#include "imap/caps.h"

static const char *const names[] = {
#define GW_CAP_NAME(id, name) name,
	GW_CAPS(GW_CAP_NAME)
#undef GW_CAP_NAME
};

uint32_t gw_caps_parse(struct gw_slice list)
{
	uint32_t caps = 0;

	while (list.n > 0) {
		const char *space = memchr(list.p, ' ', list.n);
		size_t n = space == NULL ? list.n : (size_t)(space - list.p);

		caps |= gw_slice_bit(
			(struct gw_slice){ list.p, n }, names, 0, sizeof names / sizeof *names);
		if (space == NULL)
			break;
		list.p += n + 1;
		list.n -= n + 1;
	}
	if (caps & GW_CAP_QRESYNC)
		caps |= GW_CAP_CONDSTORE; /* RFC 7162 3.2 */
	return caps;
}
