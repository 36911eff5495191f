/* SPDX-License-Identifier: ISC */
/* tests/odd/text.h - text that grows, patterns, words. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *p; /* owned; ends in NUL beyond n */
	size_t n, cap;
};

void *need(void *p); /* ends the program if it is NULL */
char *copy_of(const char *s);
char *printed(const char *format, ...) __attribute__((format(printf, 1, 2)));
void put_bytes(struct text *t, const void *p, size_t n);
void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void put_quoted(struct text *t, const char *s);
void cut_front(struct text *t, size_t n);
void text_free(struct text *t);
struct text file_text(const char *path); /* empty if it cannot be read */

/* "*" stands for anything, "?" for any character; case does not count. */
bool matches(const char *pattern, const char *s);

/* Splits a line of a case at blanks, in place.  "..." knows \" \\ \r \n \t \xHH, '...' nothing. */
enum { WORDS_MAX = 64 };
size_t split_words(char *line, char **words);

/* "3", "3-5", "1,4-6". */
bool in_ranges(const char *ranges, unsigned long n);

/* A set of UIDs or numbers as the protocol has it; last is what "*" stands for. */
bool in_set(const char *set, uint32_t n, uint32_t last);
