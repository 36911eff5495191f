/* SPDX-License-Identifier: ISC */
/* pop3/parser.h - turns a POP3 server's bytes into answers (RFC 1939 section 3), sans-IO.
 *
 * Each answer begins with a status line; the callback that receives it says whether lines follow.
 * Those are passed on as they arrive, in pieces of any size, with the protocol's extra dots removed
 * and line ends as on the wire.  Only a bounded status line is ever stored, whatever the server
 * sends.
 */
#pragma once

#include "base/buf.h"

enum gw_pop3_piece_type {
	GW_POP3_STATUS,    /* "+OK" or "-ERR" */
	GW_POP3_CHALLENGE, /* "+ " (RFC 5034 section 4); text is the rest of the line */
	GW_POP3_DATA,      /* bytes of the lines that follow */
	GW_POP3_END,       /* the line with the dot */
};

enum { GW_POP3_CODE_MAX = 32 };

struct gw_pop3_piece {
	enum gw_pop3_piece_type type;
	bool ok; /* STATUS: "+OK" */
	const char *
		code; /* STATUS: "IN-USE" of "[IN-USE] ..." (RFC 2449 section 8), in upper case; or "" */
	struct gw_slice text; /* STATUS, CHALLENGE: the words, printable; DATA: the bytes */
};

/* Storage of the caller; private to the functions below. */
struct gw_pop3_parser {
	enum {
		GW_POP3_IN_LINE,
		GW_POP3_AT_LINE_START,
		GW_POP3_BEHIND_DOT,
		GW_POP3_BEHIND_DOT_CR,
		GW_POP3_IN_TEXT,
	} state;
	struct gw_buf line;
	size_t line_bytes; /* of the status line, including what was not stored */
	bool after_cr;     /* in text: the last byte was a CR */
	bool knows_ends;   /* the first status line showed how this server ends lines */
	bool bare_lf;      /* ... by LF alone */
	size_t unread;     /* during a feed: bytes after the piece being reported */
};

/* Returns, for a STATUS, true if lines follow; otherwise the result is ignored. */
typedef bool gw_pop3_piece_cb(void *ctx, const struct gw_pop3_piece *piece);

void gw_pop3_parser_init(struct gw_pop3_parser *p);
void gw_pop3_parser_deinit(struct gw_pop3_parser *p);

/* Calls cb for each piece, borrowed during the call.  GW_ERR_PROTOCOL: not an answer; GW_ERR_LIMIT:
 * endless status line; GW_ERR_NOMEM.  After an error nothing more may be fed. */
enum gw_code gw_pop3_parser_feed(struct gw_pop3_parser *p, struct gw_slice bytes,
	gw_pop3_piece_cb *cb, void *ctx, struct gw_error *err);

/* True if, during a callback, more bytes have arrived after the piece. */
bool gw_pop3_parser_unread(const struct gw_pop3_parser *p);
