/* SPDX-License-Identifier: ISC */
/* cli/amount.c - see amount.h. */
#include "cli/amount.h"

#include "base/num.h"

#include <strings.h>
#include <time.h>

static const struct {
	enum amount_unit unit;
	const char *name;
	unsigned long long factor;
} units[] = { { AMOUNT_SECONDS, "s", 1 }, { AMOUNT_SECONDS, "sec", 1 },
	{ AMOUNT_SECONDS, "seconds", 1 }, { AMOUNT_SECONDS, "m", 60 },
	{ AMOUNT_SECONDS, "min", 60 }, { AMOUNT_SECONDS, "minutes", 60 },
	{ AMOUNT_SECONDS, "h", 3600 }, { AMOUNT_SECONDS, "hours", 3600 },
	{ AMOUNT_SECONDS, "d", 86400 }, { AMOUNT_SECONDS, "days", 86400 },
	{ AMOUNT_SECONDS, "w", 604800 }, { AMOUNT_DAYS, "d", 1 }, { AMOUNT_DAYS, "days", 1 },
	{ AMOUNT_DAYS, "w", 7 }, { AMOUNT_DAYS, "weeks", 7 }, { AMOUNT_DAYS, "y", 365 },
	{ AMOUNT_DAYS, "years", 365 }, { AMOUNT_PERCENT, "%", 1 }, { AMOUNT_BYTES, "b", 1 },
	{ AMOUNT_BYTES, "k", 1ULL << 10 }, { AMOUNT_BYTES, "m", 1ULL << 20 },
	{ AMOUNT_BYTES, "g", 1ULL << 30 }, { AMOUNT_BYTES, "kb", 1ULL << 10 },
	{ AMOUNT_BYTES, "mb", 1ULL << 20 }, { AMOUNT_BYTES, "gb", 1ULL << 30 },
	{ AMOUNT_BYTES, "kib", 1ULL << 10 }, { AMOUNT_BYTES, "mib", 1ULL << 20 },
	{ AMOUNT_BYTES, "gib", 1ULL << 30 }, { AMOUNT_MEGABYTES, "m", 1 },
	{ AMOUNT_MEGABYTES, "mb", 1 }, { AMOUNT_MEGABYTES, "g", 1000 },
	{ AMOUNT_MEGABYTES, "gb", 1000 } };

bool amount_read(const char *text, enum amount_unit unit, unsigned long long *out)
{
	size_t digits = strspn(text, "0123456789"), at = digits + strspn(text + digits, " ");
	uint64_t n;

	if (!gw_read_u64((struct gw_slice){ text, digits }, UINT32_MAX, &n))
		return false;
	*out = n;
	if (text[at] == '\0')
		return true;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (units[i].unit == unit && strcasecmp(units[i].name, text + at) == 0) {
			*out = n * units[i].factor;
			return true;
		}
	}
	return false;
}

bool amount_is_unit(const char *word)
{
	size_t i = 0;

	while (i < sizeof units / sizeof *units && strcasecmp(units[i].name, word) != 0)
		i++;
	return i < sizeof units / sizeof *units;
}

/* timegm() takes the 31st of February for a day of March, which gives it away. */
bool amount_read_date(const char *text, int64_t *out)
{
	static const char form[] = "dddd-dd-dd";
	struct tm tm = { 0 }, day;
	uint64_t parts[3];

	for (size_t i = 0; i < sizeof form; i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	if (!gw_read_u64((struct gw_slice){ text, 4 }, 9999, &parts[0]) ||
		!gw_read_u64((struct gw_slice){ text + 5, 2 }, 12, &parts[1]) ||
		!gw_read_u64((struct gw_slice){ text + 8, 2 }, 31, &parts[2]))
		return false;
	tm.tm_year = (int)parts[0] - 1900;
	tm.tm_mon = (int)parts[1] - 1;
	tm.tm_mday = (int)parts[2];
	day = tm;
	*out = timegm(&tm);
	return *out > 0 && tm.tm_mon == day.tm_mon && tm.tm_mday == day.tm_mday;
}

const char *amount_words(enum amount_unit unit)
{
	static const char *const words[] = { [AMOUNT_NUMBER] = "a number",
		[AMOUNT_SECONDS] = "a number of seconds, or such as 5m, 2h, 1d",
		[AMOUNT_DAYS] = "a number of days, or such as 90d, 6w, 1y",
		[AMOUNT_PERCENT] = "a number, or such as \"20 %\"",
		[AMOUNT_BYTES] = "a number of bytes, or of k, M or G",
		[AMOUNT_MEGABYTES] = "a number of megabytes, or such as 500M, 2G" };

	return words[unit];
}
