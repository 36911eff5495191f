/* SPDX-License-Identifier: ISC */
/* imap/cursor.c - see cursor.h. */
#include "imap/cursor.h"

#include "base/num.h"

enum { LITERAL_HEAD = 24 }; /* "{18446744073709551615+}" is the longest */

bool gw_cursor_at(const struct gw_cursor *c, char ch)
{
	return c->p < c->end && *c->p == ch;
}

bool gw_cursor_eat(struct gw_cursor *c, char ch)
{
	if (!gw_cursor_at(c, ch))
		return false;
	c->p++;
	return true;
}

void gw_cursor_spaces(struct gw_cursor *c)
{
	while (gw_cursor_eat(c, ' '))
		;
}

struct gw_slice gw_cursor_atom(struct gw_cursor *c)
{
	char *start = c->p;

	while (c->p < c->end && *c->p != ' ' && *c->p != '(' && *c->p != ')')
		c->p++;
	return (struct gw_slice){ start, (size_t)(c->p - start) };
}

static enum gw_value quoted(struct gw_cursor *c, struct gw_slice *out)
{
	char *to = ++c->p;

	out->p = to;
	while (c->p < c->end && *c->p != '"') {
		if (*c->p == '\\' && c->p + 1 < c->end)
			c->p++;
		*to++ = *c->p++;
	}
	out->n = (size_t)(to - out->p);
	return gw_cursor_eat(c, '"') ? GW_VALUE_STRING : GW_VALUE_BAD;
}

/* "{n}" CR LF, put there by the parser, and n bytes unless they were streamed. */
static enum gw_value literal(struct gw_cursor *c, struct gw_slice *out)
{
	size_t offset = (size_t)(c->p - c->start), left = (size_t)(c->end - c->p);
	char *close = memchr(c->p, '}', left < LITERAL_HEAD ? left : LITERAL_HEAD);
	struct gw_slice digits;
	uint64_t size;

	if (close == NULL || c->end - close < 3 || close[1] != '\r' || close[2] != '\n')
		return GW_VALUE_BAD;
	digits = (struct gw_slice){ c->p + 1, (size_t)(close - c->p - 1) };
	if (digits.n > 0 && digits.p[digits.n - 1] == '+')
		digits.n--;
	c->p = close + 3;
	while (c->streamed_next < c->streamed_count &&
		c->streamed[c->streamed_next].offset < offset)
		c->streamed_next++;
	if (c->streamed_next < c->streamed_count && c->streamed[c->streamed_next].offset == offset)
		return GW_VALUE_STREAMED;
	if (!gw_read_u64(digits, (uint64_t)(c->end - c->p), &size))
		return GW_VALUE_BAD;
	*out = (struct gw_slice){ c->p, (size_t)size };
	c->p += size;
	return GW_VALUE_STRING;
}

enum gw_value gw_cursor_string(struct gw_cursor *c, struct gw_slice *out)
{
	if (gw_cursor_at(c, '"'))
		return quoted(c, out);
	if (gw_cursor_at(c, '~') && c->p + 1 < c->end && c->p[1] == '{')
		c->p++; /* literal8, RFC 3516 */
	if (gw_cursor_at(c, '{'))
		return literal(c, out);
	*out = gw_cursor_atom(c);
	if (out->n == 0)
		return GW_VALUE_BAD;
	return gw_slice_case_eq(*out, "NIL") ? GW_VALUE_NIL : GW_VALUE_STRING;
}

bool gw_cursor_u64(struct gw_cursor *c, uint64_t *out)
{
	return gw_read_u64(gw_cursor_atom(c), INT64_MAX, out);
}

bool gw_cursor_skip(struct gw_cursor *c)
{
	struct gw_slice ignored;
	bool ok = true;

	if (!gw_cursor_eat(c, '('))
		return gw_cursor_string(c, &ignored) != GW_VALUE_BAD;
	if (++c->depth > GW_CURSOR_MAX_DEPTH)
		return false;
	gw_cursor_spaces(c);
	while (ok && !gw_cursor_at(c, ')')) {
		ok = gw_cursor_skip(c);
		gw_cursor_spaces(c);
	}
	c->depth--;
	return ok && gw_cursor_eat(c, ')');
}

struct gw_slice gw_cursor_rest(struct gw_cursor *c)
{
	struct gw_slice rest = { c->p, (size_t)(c->end - c->p) };

	c->p = c->end;
	return rest;
}
