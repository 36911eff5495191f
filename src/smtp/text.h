/* SPDX-License-Identifier: ISC */
/* smtp/text.h - converts a message's text for the wire; sans-IO.
 *
 * Every line end becomes CR LF, and the last line gets one; for DATA, a dot at the start of a line
 * is doubled (RFC 5321 4.5.2).  All other bytes are unchanged.
 */
#pragma once

#include "base/buf.h"

struct gw_smtp_text {
	bool stuff;           /* for DATA */
	bool in_line;         /* part of a line was written */
	bool after_cr;        /* a CR is withheld until its LF comes */
	bool bad;             /* a CR without LF, or a NUL: must not be sent (RFC 5321 2.3.8) */
	bool eight_bit;       /* an octet above 127 was seen */
	size_t line, longest; /* octets of the current and of the longest line, without CR LF */
	uint64_t size;        /* octets written, stuffed dots not counted (RFC 1870 6.1) */
};

/* Appends the converted bytes; out needs room for 2 * n + 1 at most.  GW_ERR_NOMEM, GW_ERR_LIMIT:
 * out is full, and its contents are undefined. */
enum gw_code gw_smtp_text_put(struct gw_smtp_text *t, struct gw_slice in, struct gw_buf *out);

/* Ends the message, and its last line if necessary. */
enum gw_code gw_smtp_text_end(struct gw_smtp_text *t, struct gw_buf *out);
