/* SPDX-License-Identifier: ISC */
/* pop3/listing.h - assembles the lines of LIST, UIDL and CAPA from arbitrary pieces; sans-IO,
 * bounded.
 */
#pragma once

#include "base/buf.h"

/* Longer UIDLs are ignored (RFC 1939 allows 70 octets). */
enum { GW_POP3_UIDL_MAX = 1024 };

/* The caller's storage. */
struct gw_pop3_lines {
	struct gw_buf line;
	bool too_long; /* the current line */
};

/* Receives one line without its end; whole false: it was too long, and this is its beginning. */
typedef enum gw_code gw_pop3_line_cb(void *ctx, struct gw_slice line, bool whole);

void gw_pop3_lines_init(struct gw_pop3_lines *l);
void gw_pop3_lines_deinit(struct gw_pop3_lines *l);
/* Calls cb for each line that ends in these bytes.  GW_ERR_NOMEM, or what cb returns. */
enum gw_code gw_pop3_lines_feed(
	struct gw_pop3_lines *l, struct gw_slice bytes, gw_pop3_line_cb *cb, void *ctx);

/* Parses "1 whqtswO00WBw418f9t5JxYwZ" into the number and the identity, which may be any bytes;
 * none (.n 0) if missing or too long.  false: not such a line. */
bool gw_pop3_read_uidl(struct gw_slice line, uint32_t *number, struct gw_slice *uidl);

/* Parses "1 120" into the number and the octets, 0 where that is no number.  false: not such a
 * line. */
bool gw_pop3_read_size(struct gw_slice line, uint32_t *number, uint64_t *size);
