/* SPDX-License-Identifier: ISC */
/* imap/pace.c - see pace.h. */
#include "imap/pace.h"

bool gw_pace_answered(struct gw_pace *p, bool throttled)
{
	bool first = throttled && p->ms == 0;

	if (throttled)
		p->ms = first                         ? GW_PACE_FIRST_MS
			: p->ms > GW_PACE_MOST_MS / 2 ? GW_PACE_MOST_MS
						      : p->ms * 2;
	else
		p->ms -= p->ms / 4;
	if (p->ms < GW_PACE_FIRST_MS)
		p->ms = 0;
	return first;
}
