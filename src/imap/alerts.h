/* SPDX-License-Identifier: ISC */
/* imap/alerts.h - selects which server texts to show to the user ([ALERT], RFC 9051 7.1): each
 * once, and only a few, so that a server that repeats itself fills neither screen nor journal. */
#pragma once

#include "base/buf.h"

enum { GW_ALERTS_MAX = 5, GW_ALERT_BYTES = 200 };

/* Initialized to zeros. */
struct gw_alerts {
	char texts[GW_ALERTS_MAX][GW_ALERT_BYTES]; /* truncated */
	size_t count;
};

/* True if text is to be shown; marks it as shown. */
bool gw_alerts_take(struct gw_alerts *a, struct gw_slice text);
