/* SPDX-License-Identifier: ISC */
/* base/uptime_portable.c - see uptime.h.
 *
 * POSIX has no name for a run of the machine, so all are one: what counts by both clocks counts less over
 * a restart, never more.
 */
#include "base/uptime.h"

#include <stdio.h>
#include <time.h>

int64_t gw_uptime(char run[GW_RUN_SIZE])
{
	struct timespec since = { 0 };

	snprintf(run, GW_RUN_SIZE, "unknown");
	clock_gettime(CLOCK_MONOTONIC, &since);
	return since.tv_sec;
}
