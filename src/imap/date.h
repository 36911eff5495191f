/* SPDX-License-Identifier: ISC */
/* imap/date.h - date-time of INTERNALDATE (RFC 9051 section 9). */
#pragma once

#include "base/buf.h"

#include <time.h>

/* Parses "17-Jul-1996 02:44:25 -0700"; false if s is not a date. */
bool gw_date_parse(struct gw_slice s, time_t *out);

enum { GW_DATE_TEXT = 27 };

/* Writes t in that form, in UTC; a time outside the years 1 to 9999 becomes 1 January 1970. */
void gw_date_format(time_t t, char out[GW_DATE_TEXT]);
