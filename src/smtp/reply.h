/* SPDX-License-Identifier: ISC */
/* smtp/reply.h - turns bytes from an SMTP server into whole replies (RFC 5321 4.2); sans-IO.
 *
 * Accepts what servers send in practice: a missing text ("250" CR LF), a bare LF, any text.
 * Anything that is not a reply ends the connection.  Memory is bounded whatever arrives.
 */
#pragma once

#include "base/buf.h"

struct gw_smtp_reply {
	unsigned code;            /* 200 to 599; in a reply of several lines, the last line's */
	unsigned short status[3]; /* the enhanced code (RFC 3463); zeros: none */
	struct gw_slice text;     /* lines joined by LF, without codes; NUL-terminated, printable */
};

struct gw_smtp_reader {
	struct gw_buf line; /* the current line so far, up to a bound */
	struct gw_buf text; /* of the lines before it */
	unsigned short status[3];
	size_t lines, bytes; /* of the current reply */
	const char *unread;  /* during a feed: what follows the reply being reported */
	const char *end;
};

typedef void gw_smtp_reply_cb(void *ctx, const struct gw_smtp_reply *reply);

void gw_smtp_reader_init(struct gw_smtp_reader *r);
void gw_smtp_reader_deinit(struct gw_smtp_reader *r);

/* Calls cb for each reply that ends in these bytes; the reply is borrowed during the call.
 * GW_ERR_PROTOCOL: not a reply; GW_ERR_LIMIT: endless; GW_ERR_NOMEM. */
enum gw_code gw_smtp_reader_feed(struct gw_smtp_reader *r, struct gw_slice bytes,
	gw_smtp_reply_cb *cb, void *ctx, struct gw_error *err);

/* True if, during a callback, more bytes have arrived after the reply. */
bool gw_smtp_reader_unread(const struct gw_smtp_reader *r);

/* True if a reply has begun and not ended. */
bool gw_smtp_reader_begun(const struct gw_smtp_reader *r);

/* Appends the reply as one line for people: "550 5.1.1 No such user". */
enum gw_code gw_smtp_reply_format(const struct gw_smtp_reply *reply, struct gw_buf *out);
