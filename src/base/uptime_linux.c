/* SPDX-License-Identifier: ISC */
/* base/uptime_linux.c - see uptime.h. */
#include "base/uptime.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t gw_uptime(char run[GW_RUN_SIZE])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	struct timespec boot = { 0 };

	run[0] = '\0';
	if (f != NULL) {
		if (fgets(run, GW_RUN_SIZE, f) == NULL)
			run[0] = '\0';
		fclose(f);
	}
	run[strcspn(run, "\n")] = '\0';
	if (run[0] == '\0')
		snprintf(run, GW_RUN_SIZE, "unknown");
	clock_gettime(CLOCK_BOOTTIME, &boot); /* sleep is part of it */
	return boot.tv_sec;
}
