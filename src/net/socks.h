/* net/socks.h - the client's part of SOCKS5 (RFC 1928), signing in with a name and a password (RFC 1929); without
 * I/O.  The proxy resolves the name: nothing of it is asked here.
 *
 * The proxy is asked for exactly the bytes that are its own, so that none of the server's are taken for them.
 */
#pragma once

#include "base/buf.h"
#include "godwit/account.h"

struct gw_socks {
	enum gw_socks_state {
		GW_SOCKS_CHOOSING, /* how to sign in */
		GW_SOCKS_SIGNING_IN,
		GW_SOCKS_CONNECTING, /* the first bytes of the answer, which tell how long it is */
		GW_SOCKS_BOUND,      /* the rest of it, which is of no interest */
		GW_SOCKS_DONE,
	} state;
	const struct gw_proxy *proxy; /* borrowed, like host */
	const char *host;
	unsigned port;
	unsigned char in[5]; /* of an answer, so far */
	size_t have, want;   /* of what is read now */
};

/* What is to be sent first goes to out.  GW_ERR_CONFIG: a name is too long for the protocol; GW_ERR_NOMEM. */
enum gw_code gw_socks_begin(struct gw_socks *s, const struct gw_proxy *proxy, const char *host,
	unsigned port, struct gw_buf *out, struct gw_error *err);

/* As many bytes may be read now, and not more; 0: it is done. */
size_t gw_socks_wants(const struct gw_socks *s);

/* Bytes of the proxy, at most as many as it wants; what is to be sent goes to out.  GW_ERR_NET: the proxy refuses,
 * or says what is no SOCKS5. */
enum gw_code gw_socks_feed(
	struct gw_socks *s, struct gw_slice bytes, struct gw_buf *out, struct gw_error *err);
