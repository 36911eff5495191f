/* SPDX-License-Identifier: ISC */
/* cli/interrupt.h - the second Ctrl-C ends the process, whatever it is doing. */
#pragma once

/* Makes a second SIGINT or SIGTERM end the process: libuv reports signals in its loop, which may be
 * busy, so the loop gets only a moment.  Call it after libuv installed its own handlers, which are
 * still called. */
void interrupt_arm(void);
