/* SPDX-License-Identifier: ISC */
/* base/buf.h - borrowed bytes (slice) and owned, bounded bytes (buf). */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that belong to somebody else; the lender says until when.  Not NUL-terminated. */
struct gw_slice {
	const char *p;
	size_t n;
};

static inline struct gw_slice gw_slice_str(const char *s)
{
	return (struct gw_slice){ s, strlen(s) };
}

bool gw_slice_eq(struct gw_slice a, const char *b);
bool gw_slice_case_eq(struct gw_slice a, const char *b);          /* ASCII case */
bool gw_slice_case_starts(struct gw_slice a, const char *prefix); /* ASCII case */
/* Cuts off and returns the next word; blanks: the characters between words.  .n 0: none left. */
struct gw_slice gw_slice_cut_word(struct gw_slice *rest, const char *blanks);
/* Returns 1 << i if word is names[i], from <= i < to (ASCII case); 0: none. */
uint32_t gw_slice_bit(struct gw_slice word, const char *const *names, size_t from, size_t to);

/* Returns a NUL-terminated heap copy; NULL: out of memory. */
char *gw_slice_dup(struct gw_slice s);

/* Returns a heap copy; NULL also for NULL. */
char *gw_copy_str(const char *text);

/* Owned bytes with a bound set at creation, so that no peer can make them grow for ever. */
struct gw_buf {
	char *p; /* NULL while nothing was ever appended */
	size_t n;
	size_t cap;
	size_t max;
	bool locked; /* it holds a secret: base/locked.h */
};

void gw_buf_init(struct gw_buf *b, size_t max);
/* For a secret: its memory is locked, and wiped whenever it is given back, also where b grows. */
void gw_buf_init_locked(struct gw_buf *b, size_t max);
void gw_buf_deinit(struct gw_buf *b);
/* Wipes the memory, then frees it as gw_buf_deinit() does. */
void gw_buf_wipe(struct gw_buf *b);
/* Wipes and frees n bytes of the heap; NULL is accepted. */
void gw_wipe(char *secret, size_t n);

/* Empties b and keeps its memory. */
void gw_buf_reset(struct gw_buf *b);

/* Makes room for n more bytes.  GW_ERR_LIMIT beyond max, GW_ERR_NOMEM. */
enum gw_code gw_buf_reserve(struct gw_buf *b, size_t n);
enum gw_code gw_buf_append(struct gw_buf *b, const void *p, size_t n);
enum gw_code gw_buf_puts(struct gw_buf *b, const char *s);
enum gw_code gw_buf_printf(struct gw_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Drops the first n bytes. */
void gw_buf_consume(struct gw_buf *b, size_t n);

/* The content as a C string (a NUL is kept behind the last byte); "" when empty. */
const char *gw_buf_cstr(struct gw_buf *b);

/* An array of fixed-size items that doubles as it grows; *items is realloc'ed.
 * Returns a zeroed slot at index (*count)++, or NULL when out of memory. */
void *gw_array_push(void **items, size_t *count, size_t *cap, size_t item_size);
