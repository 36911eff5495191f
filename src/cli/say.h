/* SPDX-License-Identifier: ISC */
/* cli/say.h - a line for people.
 *
 * Most lines quote something from outside: a server's words, a mailbox's name, a path.  They go
 * through here, so that nothing of it reaches the terminal but text (base/show.h).
 */
#pragma once

#include <stdio.h>

/* Prints one line; a line end at the end of fmt may be there.  What is longer than 8 KB is cut. */
void say(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The width of its terminal; 0: it is none. */
size_t say_columns(FILE *to);
/* Prints one line, broken at blanks where it is wider than columns, with further lines indented; columns 0: not at all. */
void say_folded(FILE *to, size_t columns, size_t indent, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
