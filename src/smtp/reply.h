/* smtp/reply.h - bytes from an SMTP server in, whole replies out (RFC 5321 4.2); sans-IO.
 *
 * Accepts what servers send in practice: a missing text ("250" CR LF), a bare LF, any text.  What
 * is not a reply ends the connection.  Memory is bounded whatever comes.
 */
#pragma once

#include "base/buf.h"

struct gw_smtp_reply {
	unsigned code;            /* 200 to 599; of a reply of several lines, the last one's */
	unsigned short status[3]; /* the enhanced code (RFC 3463); zeros when there is none */
	struct gw_slice text;     /* lines joined by LF, without codes; NUL-terminated, printable */
};

struct gw_smtp_reader {
	struct gw_buf line; /* what came of the present line, up to a bound */
	struct gw_buf text; /* of the lines before */
	unsigned short status[3];
	size_t lines, bytes; /* of the present reply */
	const char *unread;  /* during a feed: what follows the reply that is being told */
	const char *end;
};

typedef void gw_smtp_reply_cb(void *ctx, const struct gw_smtp_reply *reply);

void gw_smtp_reader_init(struct gw_smtp_reader *r);
void gw_smtp_reader_deinit(struct gw_smtp_reader *r);

/* Calls cb for each reply that ends in these bytes; the reply is borrowed during the call.
 * GW_ERR_PROTOCOL: this is no reply; GW_ERR_LIMIT: it does not end; GW_ERR_NOMEM. */
enum gw_code gw_smtp_reader_feed(struct gw_smtp_reader *r, struct gw_slice bytes,
	gw_smtp_reply_cb *cb, void *ctx, struct gw_error *err);

/* True if, during a callback, more bytes have arrived behind the reply. */
bool gw_smtp_reader_unread(const struct gw_smtp_reader *r);

/* True if a reply has begun, and not ended. */
bool gw_smtp_reader_begun(const struct gw_smtp_reader *r);

/* Appends the reply as one line for people: "550 5.1.1 No such user". */
enum gw_code gw_smtp_reply_format(const struct gw_smtp_reply *reply, struct gw_buf *out);
