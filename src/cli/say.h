/* cli/say.h - a line for people.
 *
 * Most lines quote something from outside: a server's words, a mailbox's name, a path.  They go
 * through here, so that nothing of it reaches the terminal but text (base/show.h).
 */
#pragma once

#include <stdio.h>

/* Prints one line; a line end at the end of fmt may be there.  What is longer than 8 KB is cut. */
void say(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
