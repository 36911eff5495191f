/* smtp/text.h - a message's text as it goes over the wire; sans-IO.
 *
 * Line ends become CR LF whatever they were, and the last line gets one; for DATA a dot at the head
 * of a line is doubled (RFC 5321 4.5.2).  Everything else goes out byte for byte.
 */
#pragma once

#include "base/buf.h"

struct gw_smtp_text {
	bool stuff;           /* for DATA */
	bool in_line;         /* something of a line went out */
	bool after_cr;        /* a CR is kept back until its LF comes */
	bool bad;             /* a CR without LF, or a NUL: this must not go out (RFC 5321 2.3.8) */
	bool eight_bit;       /* an octet above 127 was seen */
	size_t line, longest; /* octets of the present line, of the longest one, without CR LF */
	uint64_t size;        /* octets out, stuffed dots not counted (RFC 1870 6.1) */
};

/* Appends what these bytes become.  GW_ERR_NOMEM, GW_ERR_LIMIT: out is full; then nothing is
 * known of it.  out needs room for 2 * n + 1 bytes at most. */
enum gw_code gw_smtp_text_put(struct gw_smtp_text *t, struct gw_slice in, struct gw_buf *out);

/* The message ends: ends its last line. */
enum gw_code gw_smtp_text_end(struct gw_smtp_text *t, struct gw_buf *out);
