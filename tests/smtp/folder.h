/* SPDX-License-Identifier: ISC */
/* tests/smtp/folder.h - the directory of a server: what it took, its log, its counters. */
#pragma once

#include <stddef.h>

void folder_use(const char *path); /* borrowed; made if need be */
void folder_path(const char *name, char *out, size_t size);

/* A line for DIR/log. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Adds one to the number in a file, under a lock, and returns what it was. */
long count_up(const char *name);

/* A message: its MAIL line, its RCPT lines, its text. */
void store(const char *from, const char *rcpt, const char *text, size_t n);

void write_port(int listener);
