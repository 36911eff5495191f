/* SPDX-License-Identifier: ISC */
/* net/tls.h - TLS as a filter between two byte streams: no sockets (sans-IO).
 *
 * Ciphertext is lent with gw_tls_feed() and read in place through a BIO of our own, which is
 * several times cheaper than copying it through a memory BIO.
 */
#pragma once

#include "base/buf.h"
#include "base/sasl.h"

#include <stdint.h>

struct gw_tls_ctx; /* trust anchors and versions, shared by an account's connections */
struct gw_tls;     /* one connection */

enum gw_tls_result {
	GW_TLS_DONE,  /* succeeded */
	GW_TLS_WANT,  /* feed more ciphertext */
	GW_TLS_EOF,   /* the peer closed in an orderly way */
	GW_TLS_ERROR, /* err is filled */
};

/* Which servers to trust.  With pins, the key alone decides: not who signed the certificate, nor
 * the name and dates in it; with pins and a ca_file, both must match. */
struct gw_tls_trust {
	const char *ca_file; /* PEM file of the only authorities to trust; NULL: the system's */
	char *const *pins;   /* keys of the server, as in net/pin.h */
	size_t pin_count;    /* 0: any key */
	/* PEM files that identify us to a server that asks: certificates, ours first, and the
	 * private key; NULL: none. */
	const char *client_cert, *client_key;
	const char *setting; /* the one that pins keys, for advice; static; NULL: none */
};

/* Makes a context for TLS 1.2 or later.  GW_ERR_CONFIG: a file or pin is unusable; GW_ERR_TLS: the
 * system has no certificates.  Of trust, only `setting` is kept. */
enum gw_code gw_tls_ctx_new(
	const struct gw_tls_trust *trust, struct gw_tls_ctx **out, struct gw_error *err);
void gw_tls_ctx_free(struct gw_tls_ctx *ctx);

/* host: the name (or address) that the certificate must carry; also sent as SNI unless an address.
 * ctx may be freed before the result. */
enum gw_code gw_tls_new(
	struct gw_tls_ctx *ctx, const char *host, struct gw_tls **out, struct gw_error *err);
void gw_tls_free(struct gw_tls *tls);

/* Lends ciphertext, which must stay in place until GW_TLS_WANT says that it is used up. */
void gw_tls_feed(struct gw_tls *tls, struct gw_slice ciphertext);

/* Bytes lent and not used yet. */
size_t gw_tls_unread(const struct gw_tls *tls);

enum gw_tls_result gw_tls_handshake(struct gw_tls *tls, struct gw_error *err);

/* Reads up to n bytes of plaintext; GW_TLS_DONE sets *got > 0. */
enum gw_tls_result gw_tls_read(
	struct gw_tls *tls, char *p, size_t n, size_t *got, struct gw_error *err);

/* Encrypts all n bytes into gw_tls_out(). */
enum gw_code gw_tls_write(struct gw_tls *tls, const char *p, size_t n, struct gw_error *err);

struct gw_tls_facts {
	const char *version; /* static: "TLSv1.3" */
	char issuer[200];    /* of the server's certificate, for people */
	char pin[52];        /* of its key; "": unknown */
	int64_t expires_at;  /* seconds since the epoch; 0: unknown */
};

/* Describes the connection; valid after the handshake. */
void gw_tls_describe(const struct gw_tls *tls, struct gw_tls_facts *out);

/* Finds what a sign-in can be bound to: keying material with TLS 1.3, otherwise the server's
 * certificate.  false: nothing that both sides would agree on. */
bool gw_tls_binding(const struct gw_tls *tls, struct gw_sasl_binding *out);

/* Ciphertext to be sent; the caller sends it and resets the buffer. */
struct gw_buf *gw_tls_out(struct gw_tls *tls);
