/* cli/interrupt.h - the second Ctrl-C ends the process, whatever it is doing. */
#pragma once

/* libuv tells of signals in its loop, which something may keep busy.  After this a second SIGINT or
 * SIGTERM leaves the loop a moment, and then ends the process.  Call it when libuv has its own
 * handlers in place, which go on to be called. */
void interrupt_arm(void);
