/* net/dial.h - a TCP connection to a name: all its addresses, in happy-eyeballs order (RFC 8305).
 *
 * IPv6 and IPv4 addresses alternate; the next attempt starts 250 ms after the last one, or at once
 * when that has failed; the first to connect wins.
 */
#pragma once

#include "godwit/error.h"
#include "godwit/log.h"

#include <uv.h>

struct gw_dial;

/* tcp: connected, heap-allocated with malloc, now the callee's to uv_close() and free; NULL on
 * failure, then err says why, address by address. */
typedef void gw_dial_cb(void *ctx, uv_tcp_t *tcp, const struct gw_error *err);

/* host is borrowed during the call.  GW_OK: cb is called exactly once, later. */
enum gw_code gw_dial_start(uv_loop_t *loop, const struct gw_log *log, const char *host,
	unsigned port, gw_dial_cb *cb, void *ctx, struct gw_dial **out, struct gw_error *err);

/* cb is called with GW_ERR_CANCELLED, later.  The dial frees itself. */
void gw_dial_cancel(struct gw_dial *dial);

/* A peer that went without a word is noticed within two minutes, also when nothing is awaited; and
 * address translators on the way keep their entry. */
void gw_dial_keep_alive(uv_tcp_t *tcp, unsigned timeout_ms);
