/* SPDX-License-Identifier: ISC */
/* outbox/header.h - the header of a message, field by field (RFC 5322 2.2, 4.5), as it is. */
#pragma once

#include "base/buf.h"

struct gw_field {
	struct gw_slice raw;  /* with its folded lines and their ends */
	struct gw_slice name; /* without blanks before the colon */
	struct gw_slice body; /* behind the colon, folded as it is, without the last line end */
};

/* Takes the next field off.  false: the header is over: `rest` stands at the empty line, at a line
 * that is no field, or at the end. */
bool gw_field_next(struct gw_slice *rest, struct gw_field *out);

/* True if the field has this name, in any case. */
bool gw_field_is(const struct gw_field *f, const char *name);

/* True if the name begins so, in any case. */
bool gw_field_starts(const struct gw_field *f, const char *prefix);

/* Looks for the header's end in bytes that may go on.  false: it has not come yet.  *n: the header's
 * length, without the empty line; *skip: the bytes of the empty line (0: a line that is no field, or
 * the end of the message, ends it). */
bool gw_header_end(struct gw_slice bytes, bool all_there, size_t *n, size_t *skip);

/* Appends a body unfolded, blanks at its ends cut off. */
enum gw_code gw_field_unfold(struct gw_slice body, struct gw_buf *out);
