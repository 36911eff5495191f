/* SPDX-License-Identifier: ISC */
/* auth/loopback.h - waits on 127.0.0.1 for the browser to return from a sign-in (RFC 8252 7.3).
 */
#pragma once

#include "base/buf.h"
#include "godwit/error.h"

#include <uv.h>

struct gw_loopback;

/* query: the part of the address after "?", NUL-terminated.  Returns one sentence for the user, and
 * whether it is good news; NULL: not our sign-in, which gets no answer. */
typedef const char *gw_loopback_cb(void *ctx, const char *query, bool *good);

/* Starts listening; port: where.  GW_ERR_NET, GW_ERR_NOMEM. */
enum gw_code gw_loopback_start(uv_loop_t *loop, gw_loopback_cb *cb, void *ctx,
	struct gw_loopback **out, unsigned *port, struct gw_error *err);

/* Stops listening: cb is not called any more; pending answers are still sent.  NULL is accepted. */
void gw_loopback_stop(struct gw_loopback *l);

/* Returns the percent-decoded value of a query's field, heap; NULL: none. */
char *gw_loopback_field(const char *query, const char *key);
