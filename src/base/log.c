/* SPDX-License-Identifier: ISC */
/* base/log.c - see godwit/log.h. */
#include "godwit/log.h"

#include <stdarg.h>
#include <stdio.h>

void gw_log(const struct gw_log *log, enum gw_log_level level, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	if (log == NULL || log->sink == NULL || level > log->level)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	for (char *p = line; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
	log->sink(log->ctx, level, line);
}
