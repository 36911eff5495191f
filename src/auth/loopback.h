/* auth/loopback.h - waits on 127.0.0.1 for a browser that comes back from a sign-in (RFC 8252 7.3).
 */
#pragma once

#include "base/buf.h"
#include "godwit/error.h"

#include <uv.h>

struct gw_loopback;

/* query: what stood behind "?" in the address, NUL-terminated.  Returns what the person is to read
 * (one sentence), and whether that is good news; NULL: it is not from our sign-in, and gets no
 * answer. */
typedef const char *gw_loopback_cb(void *ctx, const char *query, bool *good);

/* port: on which it listens.  GW_ERR_NET, GW_ERR_NOMEM. */
enum gw_code gw_loopback_start(uv_loop_t *loop, gw_loopback_cb *cb, void *ctx,
	struct gw_loopback **out, unsigned *port, struct gw_error *err);

/* cb is not called any more; answers under way still go out.  NULL is accepted. */
void gw_loopback_stop(struct gw_loopback *l);

/* The value of a query's field, percent-decoded, to be freed; NULL: there is none. */
char *gw_query_field(const char *query, const char *key);
