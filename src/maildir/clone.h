/* SPDX-License-Identifier: ISC */
/* maildir/clone.h - a file that shares its content with another until one of them is changed.
 *
 * Implemented twice: clone_linux.c and clone_portable.c.
 */
#pragma once

/* Makes the empty file behind `to` a clone of that behind `from`.  Returns 0 or errno. */
int gw_clone(int from, int to);
