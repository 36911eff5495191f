/* SPDX-License-Identifier: ISC */
/* imap/parser.h - turns bytes into responses and message bodies; no I/O (sans-IO).
 *
 * Grammar: RFC 9051 section 9; RFC 3501 servers are accepted.  The parser can stop at any byte: fed
 * one byte at a time, it yields the same events as fed all at once.
 *
 * The value of a FETCH's BODY[...] item is never held in memory: it goes to the body sink in
 * pieces, before the FETCH response that it belongs to.
 */
#pragma once

#include "imap/response.h"

struct gw_parser;

enum gw_body_event_type { GW_BODY_BEGIN, GW_BODY_DATA, GW_BODY_END };

#define GW_NO_ORIGIN UINT64_MAX

struct gw_body_event {
	enum gw_body_event_type type;
	uint64_t size;           /* BEGIN: bytes that follow */
	struct gw_slice section; /* BEGIN: "" for the whole message, or "HEADER", ... */
	uint64_t origin;         /* BEGIN of a literal BODY[]<origin>; GW_NO_ORIGIN: no origin */
	struct gw_slice data;    /* DATA: never empty */
};

struct gw_parser_sink {
	void (*response)(void *ctx, const struct gw_response *r);
	void (*body)(void *ctx, const struct gw_body_event *ev);
	void *ctx;
};

/* Bounds on what a server can make us hold.  A SEARCH answer longer than search_chunk_bytes
 * arrives as several responses. */
struct gw_parser_limits {
	size_t line_bytes; /* one response, its small literals included */
	size_t search_chunk_bytes;
};

extern const struct gw_parser_limits gw_parser_default_limits;

/* Returns NULL if out of memory. */
struct gw_parser *gw_parser_new(
	const struct gw_parser_limits *limits, const struct gw_parser_sink *sink);
void gw_parser_free(struct gw_parser *p);

/* Feeds bytes (borrowed), all of which are consumed.  Slices in events are valid until the callback
 * returns; the callback must not feed or free the parser.
 *
 * GW_OK            more bytes may follow
 * GW_ERR_PROTOCOL  not IMAP; the connection is unusable and the parser must not be fed again
 * GW_ERR_LIMIT     a bound was exceeded; as above
 * GW_ERR_NOMEM     as above */
enum gw_code gw_parser_feed(struct gw_parser *p, struct gw_slice in, struct gw_error *err);

/* Bytes of the current feed after the response being delivered, for the check that nothing was
 * injected behind the answer to STARTTLS. */
size_t gw_parser_unread(const struct gw_parser *p);
