/* SPDX-License-Identifier: ISC */
/* maildir/crlf.h - CR LF to LF, in any cuts, where a CR or LF alone stays what it is; and LF to
 * CR LF, where only an LF alone gets a CR. */
#pragma once

#include "base/buf.h"

struct gw_crlf {
	bool pending; /* a CR ended the last piece */
};

/* Converts in to out, which has room for in.n + 1 bytes; returns how many were written. */
size_t gw_crlf_convert(struct gw_crlf *state, struct gw_slice in, char *out);

/* The way back: in to out, which has room for 2 * in.n bytes.  *after_cr (false at first): the last
 * piece ended in a CR. */
size_t gw_crlf_restore(bool *after_cr, struct gw_slice in, char *out);

/* Writes what is pending at the end of the input: at most 1 byte. */
size_t gw_crlf_end(struct gw_crlf *state, char *out);
