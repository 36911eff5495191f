/* SPDX-License-Identifier: ISC */
/* net/deflate.h - a connection's bytes under DEFLATE (RFC 4978: raw, RFC 1951), both ways; no I/O.
 */
#pragma once

#include "base/buf.h"
#include "godwit/error.h"

struct gw_deflate;

/* Returns NULL if out of memory. */
struct gw_deflate *gw_deflate_new(void);
void gw_deflate_free(struct gw_deflate *d); /* NULL is accepted */

/* Appends the compressed form of n bytes, complete: the peer can read all of them.  GW_ERR_NOMEM,
 * GW_ERR_LIMIT: out is full. */
enum gw_code gw_deflate_write(struct gw_deflate *d, const char *p, size_t n, struct gw_buf *out);

/* Takes compressed bytes (copied); they must be read before more are fed.  GW_ERR_NOMEM,
 * GW_ERR_LIMIT. */
enum gw_code gw_deflate_feed(struct gw_deflate *d, struct gw_slice bytes);

/* Reads up to n decompressed bytes; *got 0: more must be fed.  GW_ERR_PROTOCOL: invalid data. */
enum gw_code gw_deflate_read(struct gw_deflate *d, char *p, size_t n, size_t *got);
