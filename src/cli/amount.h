/* SPDX-License-Identifier: ISC */
/* cli/amount.h - numbers with units, as the configuration has them; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum amount_unit {
	AMOUNT_NUMBER,    /* no unit */
	AMOUNT_SECONDS,   /* s, m (min), h, d (days), w (weeks) */
	AMOUNT_DAYS,      /* d, w, y (365 days) */
	AMOUNT_PERCENT,   /* % */
	AMOUNT_BYTES,     /* k, M, G for 1024 and so on, with B or iB if one likes, in any case */
	AMOUNT_MEGABYTES, /* as bytes, in 10^6 bytes; without a unit: megabytes */
};

/* "90d", "20 %", "25M": digits, then a unit or none, with or without a blank before it.  false: it is not
 * one, or too large. */
bool amount_read(const char *text, enum amount_unit unit, unsigned long long *out);
/* "2024-01-31", to the second at which that day began (UTC).  false: there was no such day since 1970. */
bool amount_read_date(const char *text, int64_t *out);
/* True if word is a unit of any kind. */
bool amount_is_unit(const char *word);
/* Describes the accepted values, for messages: "a number of seconds, or 5m, 2h, 1d". */
const char *amount_words(enum amount_unit unit);
