/* SPDX-License-Identifier: ISC */
/* doctor/system.h - what the doctor asks this machine about that each system tells in its own way.
 *
 * Implemented twice: system_linux.c and system_portable.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the file system of path is called if it lies on another machine; NULL: here, or nobody knows. */
const char *gw_system_remote_fs(const char *path);

/* How many directories may be watched for changes; 0: none can.  false: there is no such limit. */
bool gw_system_watch_limit(uint64_t *out);

/* Calls cb for each process of this user. */
void gw_system_processes(void (*cb)(void *ctx, const char *pid, const char *name), void *ctx);
