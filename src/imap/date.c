/* SPDX-License-Identifier: ISC */
/* imap/date.c - see date.h. */
#include "imap/date.h"

#include "base/num.h"

#include <stdio.h>
#include <strings.h>

static bool number(const char *p, size_t n, int max, int *out)
{
	uint64_t value;
	size_t skip = n > 0 && *p == ' ' ? 1 : 0; /* date-day-fixed pads with a space */

	if (!gw_read_u64((struct gw_slice){ p + skip, n - skip }, (uint64_t)max, &value))
		return false;
	*out = (int)value;
	return true;
}

static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool month(const char *p, int *out)
{
	for (size_t i = 0; i < 12; i++) {
		if (strncasecmp(p, names + 3 * i, 3) == 0) {
			*out = (int)i;
			return true;
		}
	}
	return false;
}

bool gw_date_parse(struct gw_slice s, time_t *out)
{
	struct tm tm = { 0 };
	int zone_hours, zone_minutes, offset;
	const char *p = s.p;

	if (s.n == 25) /* one-digit day without padding, seen in the wild */
		p--;
	else if (s.n != 26)
		return false;
	if (!number(s.n == 25 ? p + 1 : p, s.n == 25 ? 1 : 2, 31, &tm.tm_mday) ||
		!month(p + 3, &tm.tm_mon) || !number(p + 7, 4, 9999, &tm.tm_year) ||
		!number(p + 12, 2, 23, &tm.tm_hour) || !number(p + 15, 2, 59, &tm.tm_min) ||
		!number(p + 18, 2, 60, &tm.tm_sec) || !number(p + 22, 2, 23, &zone_hours) ||
		!number(p + 24, 2, 59, &zone_minutes) || (p[21] != '+' && p[21] != '-'))
		return false;
	tm.tm_year -= 1900;
	offset = (zone_hours * 60 + zone_minutes) * 60;
	*out = timegm(&tm) - (p[21] == '-' ? -offset : offset);
	return true;
}

void gw_date_format(time_t t, char out[GW_DATE_TEXT])
{
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1899 || tm.tm_year > 9999 - 1900) {
		t = 0;
		gmtime_r(&t, &tm);
	}
	snprintf(out, GW_DATE_TEXT, "%02u-%.3s-%04u %02u:%02u:%02u +0000",
		(unsigned)tm.tm_mday % 32u, names + (size_t)3 * (size_t)tm.tm_mon,
		(unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)tm.tm_hour % 24u,
		(unsigned)tm.tm_min % 60u, (unsigned)tm.tm_sec % 61u);
}
