/* SPDX-License-Identifier: ISC */
/* net/socks.h - the client's side of SOCKS5 (RFC 1928), with user name and password (RFC 1929); no
 * I/O.  The proxy resolves the server's name; it is not looked up here.
 *
 * Reads exactly the proxy's own bytes, so that it never takes any of the server's.
 */
#pragma once

#include "base/buf.h"
#include "godwit/account.h"

struct gw_socks {
	enum gw_socks_state {
		GW_SOCKS_CHOOSING, /* how to sign in */
		GW_SOCKS_SIGNING_IN,
		GW_SOCKS_CONNECTING, /* the first bytes of the answer, which tell its length */
		GW_SOCKS_BOUND,      /* the rest of it, which is ignored */
		GW_SOCKS_DONE,
	} state;
	const struct gw_proxy *proxy; /* borrowed, like host */
	const char *host;
	unsigned port;
	unsigned char in[5]; /* of the current answer, so far */
	size_t have, want;   /* of the current read */
};

/* Begins; appends the first bytes to send to out.  GW_ERR_CONFIG: a name is too long for the
 * protocol; GW_ERR_NOMEM. */
enum gw_code gw_socks_begin(struct gw_socks *s, const struct gw_proxy *proxy, const char *host,
	unsigned port, struct gw_buf *out, struct gw_error *err);

/* Returns the exact number of bytes to read next; 0: done. */
size_t gw_socks_wants(const struct gw_socks *s);

/* Feeds bytes of the proxy, at most as many as wanted; appends what is to be sent to out.
 * GW_ERR_NET: the proxy refuses, or does not speak SOCKS5. */
enum gw_code gw_socks_feed(
	struct gw_socks *s, struct gw_slice bytes, struct gw_buf *out, struct gw_error *err);
