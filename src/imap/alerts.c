/* SPDX-License-Identifier: ISC */
/* imap/alerts.c - see alerts.h. */
#include "imap/alerts.h"

#include <stdio.h>

bool gw_alerts_take(struct gw_alerts *a, struct gw_slice text)
{
	char *to;

	if (text.n >= GW_ALERT_BYTES)
		text.n = GW_ALERT_BYTES - 1;
	for (size_t i = 0; i < a->count; i++) {
		if (gw_slice_eq(text, a->texts[i]))
			return false;
	}
	if (a->count == GW_ALERTS_MAX)
		return false;
	to = a->texts[a->count++];
	memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	return true;
}
