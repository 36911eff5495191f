/* cli/systemd.h - tells a service manager how we are (sd_notify(3)); nothing without one. */
#pragma once

#include <stdint.h>

/* Lines "KEY=value", as in sd_notify(3). */
void systemd_tell(const char *lines);

/* Within how many microseconds a WATCHDOG=1 is expected, or 0. */
uint64_t systemd_watchdog(void);
