/* SPDX-License-Identifier: ISC */
/* cli/systemd.h - tells a service manager how we are (sd_notify(3)); nothing without one. */
#pragma once

#include "godwit/log.h"

#include <stdint.h>
#include <sys/types.h>

/* Lines "KEY=value", as in sd_notify(3).  A manager listens to its main process alone. */
void systemd_tell(const char *lines);

/* Within how many microseconds the service manager expects a WATCHDOG=1 of this process, or 0. */
uint64_t systemd_watchdog(pid_t main_process);

/* Returns the prefix of a line on stderr: its priority as in sd-daemon(3) if that is the journal,
 * otherwise "". */
const char *systemd_priority(enum gw_log_level level);
