/* SPDX-License-Identifier: ISC */
/* imap/cursor.h - reads values from one complete response held in memory.
 *
 * Lenient where servers are known to be sloppy: an atom ends only at a space, a parenthesis or the
 * end, whatever it contains.
 */
#pragma once

#include "base/buf.h"

/* A literal streamed past memory: the text keeps its header, not its bytes. */
struct gw_streamed {
	size_t offset; /* of its '{' */
};

struct gw_cursor {
	char *p; /* the next byte; the text is ours: quoted strings are unescaped in place */
	char *end;
	const char *start;
	const struct gw_streamed *streamed; /* in order of offset */
	size_t streamed_count, streamed_next;
	unsigned depth; /* nesting of lists while skipping */
};

enum { GW_CURSOR_MAX_DEPTH = 32 };

bool gw_cursor_at(const struct gw_cursor *c, char ch);
/* Steps over ch if it is next. */
bool gw_cursor_eat(struct gw_cursor *c, char ch);
void gw_cursor_spaces(struct gw_cursor *c);

/* Reads up to a space, a parenthesis or the end; may be empty. */
struct gw_slice gw_cursor_atom(struct gw_cursor *c);

enum gw_value {
	GW_VALUE_BAD, /* no string */
	GW_VALUE_NIL,
	GW_VALUE_STRING,   /* *out is set */
	GW_VALUE_STREAMED, /* a literal whose bytes went to the body sink */
};

/* Reads an atom, quoted string, literal or NIL. */
enum gw_value gw_cursor_string(struct gw_cursor *c, struct gw_slice *out);

bool gw_cursor_u64(struct gw_cursor *c, uint64_t *out);

/* Skips one value of any kind, lists included; false if it does not end. */
bool gw_cursor_skip(struct gw_cursor *c);

/* Returns everything that is left. */
struct gw_slice gw_cursor_rest(struct gw_cursor *c);
