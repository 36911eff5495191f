/* imap/alerts.h - what a server wants a person to read ([ALERT], RFC 9051 7.1): each once, a few in all, so
 * that a server that repeats itself fills no screen and no journal. */
#pragma once

#include "base/buf.h"

enum { GW_ALERTS_MAX = 5, GW_ALERT_BYTES = 200 };

/* All zero to begin with. */
struct gw_alerts {
	char texts[GW_ALERTS_MAX][GW_ALERT_BYTES]; /* their beginnings */
	size_t count;
};

/* Is it to be shown?  It counts as shown then. */
bool gw_alerts_take(struct gw_alerts *a, struct gw_slice text);
