/* SPDX-License-Identifier: ISC */
/* cli/itself.h - the program starts itself again.
 *
 * Implemented twice: itself_linux.c and itself_portable.c.
 */
#pragma once

/* Replaces the process by this program, with these arguments.  Returns if it fails. */
void itself_run(char *const argv[]);
