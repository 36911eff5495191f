/* SPDX-License-Identifier: ISC */
/* base/buf.c - see buf.h. */
#include "base/buf.h"

#include "base/locked.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

bool gw_slice_eq(struct gw_slice a, const char *b)
{
	return a.n == strlen(b) && memcmp(a.p, b, a.n) == 0;
}

bool gw_slice_case_eq(struct gw_slice a, const char *b)
{
	return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

bool gw_slice_case_starts(struct gw_slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && strncasecmp(a.p, prefix, n) == 0;
}

static bool is_one_of(char c, const char *bytes)
{
	return c != '\0' && strchr(bytes, c) != NULL;
}

struct gw_slice gw_slice_cut_word(struct gw_slice *rest, const char *blanks)
{
	struct gw_slice word;

	while (rest->n > 0 && is_one_of(*rest->p, blanks))
		rest->p++, rest->n--;
	word = (struct gw_slice){ rest->p, 0 };
	while (word.n < rest->n && !is_one_of(word.p[word.n], blanks))
		word.n++;
	rest->p += word.n;
	rest->n -= word.n;
	return word;
}

uint32_t gw_slice_bit(struct gw_slice word, const char *const *names, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (gw_slice_case_eq(word, names[i]))
			return UINT32_C(1) << i;
	}
	return 0;
}

char *gw_copy_str(const char *text)
{
	return text == NULL ? NULL : strdup(text);
}

char *gw_slice_dup(struct gw_slice s)
{
	char *copy = malloc(s.n + 1);

	if (copy == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

void gw_buf_init(struct gw_buf *b, size_t max)
{
	*b = (struct gw_buf){ .max = max };
}

void gw_buf_init_locked(struct gw_buf *b, size_t max)
{
	*b = (struct gw_buf){ .max = max, .locked = true };
}

void gw_buf_deinit(struct gw_buf *b)
{
	if (b->locked)
		gw_locked_free(b->p);
	else
		free(b->p);
	*b = (struct gw_buf){ .max = b->max, .locked = b->locked };
}

void gw_buf_wipe(struct gw_buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	gw_buf_deinit(b);
}

void gw_wipe(char *secret, size_t n)
{
	if (secret != NULL)
		explicit_bzero(secret, n);
	free(secret);
}

void gw_buf_reset(struct gw_buf *b)
{
	b->n = 0;
	if (b->p != NULL)
		b->p[0] = '\0';
}

static char *grow_locked(const struct gw_buf *b, size_t cap)
{
	char *p = gw_locked_alloc(cap);

	if (p == NULL)
		return NULL;
	if (b->p != NULL)
		memcpy(p, b->p, b->n + 1);
	gw_locked_free(b->p);
	return p;
}

enum gw_code gw_buf_reserve(struct gw_buf *b, size_t n)
{
	size_t cap;
	char *p;

	if (n > b->max || b->n > b->max - n)
		return GW_ERR_LIMIT;
	if (b->p != NULL && b->cap - b->n > n)
		return GW_OK;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap - b->n <= n) /* one byte more for the NUL */
		cap = cap > b->max / 2 ? b->max + 1 : cap * 2;
	p = b->locked ? grow_locked(b, cap) : realloc(b->p, cap);
	if (p == NULL)
		return GW_ERR_NOMEM;
	b->p = p;
	b->cap = cap;
	return GW_OK;
}

enum gw_code gw_buf_append(struct gw_buf *b, const void *p, size_t n)
{
	enum gw_code code = gw_buf_reserve(b, n);

	if (code != GW_OK)
		return code;
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
	return GW_OK;
}

enum gw_code gw_buf_puts(struct gw_buf *b, const char *s)
{
	return gw_buf_append(b, s, strlen(s));
}

enum gw_code gw_buf_printf(struct gw_buf *b, const char *fmt, ...)
{
	va_list args;
	int n;
	enum gw_code code;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		return GW_ERR_BUG;
	code = gw_buf_reserve(b, (size_t)n);
	if (code != GW_OK)
		return code;
	va_start(args, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, args);
	va_end(args);
	b->n += (size_t)n;
	return GW_OK;
}

void gw_buf_consume(struct gw_buf *b, size_t n)
{
	if (n >= b->n) {
		gw_buf_reset(b);
		return;
	}
	memmove(b->p, b->p + n, b->n - n + 1);
	b->n -= n;
}

const char *gw_buf_cstr(struct gw_buf *b)
{
	return b->p == NULL ? "" : b->p;
}

void *gw_array_push(void **items, size_t *count, size_t *cap, size_t item_size)
{
	char *slot;

	if (*count == *cap) {
		size_t want = *cap == 0 ? 16 : *cap + *cap / 2;
		void *grown;

		if (want > SIZE_MAX / item_size)
			return NULL;
		grown = realloc(*items, want * item_size);
		if (grown == NULL)
			return NULL;
		*items = grown;
		*cap = want;
	}
	slot = (char *)*items + *count * item_size;
	memset(slot, 0, item_size);
	(*count)++;
	return slot;
}
