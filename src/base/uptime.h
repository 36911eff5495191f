/* SPDX-License-Identifier: ISC */
/* base/uptime.h - for how long this machine has been running.
 *
 * Implemented twice: uptime_linux.c and uptime_portable.c.
 */
#pragma once

#include <stdint.h>

enum { GW_RUN_SIZE = 40 };

/* Returns the seconds since the machine began; run: the name of this run of it. */
int64_t gw_uptime(char run[GW_RUN_SIZE]);
