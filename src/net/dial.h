/* SPDX-License-Identifier: ISC */
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

/* tcp: connected, from malloc; the callee must uv_close() and free it.  NULL on failure: err gives
 * the reason for each address. */
typedef void gw_dial_cb(void *ctx, uv_tcp_t *tcp, const struct gw_error *err);

/* host is borrowed during the call.  GW_OK: cb is called exactly once, later. */
enum gw_code gw_dial_start(uv_loop_t *loop, const struct gw_log *log, const char *host,
	unsigned port, gw_dial_cb *cb, void *ctx, struct gw_dial **out, struct gw_error *err);

/* Calls cb later, with GW_ERR_CANCELLED.  The dial frees itself. */
void gw_dial_cancel(struct gw_dial *dial);

/* Turns on keep-alive: a peer that vanished silently is noticed within two minutes, even when
 * nothing is awaited, and address translators on the way keep their entry. */
void gw_dial_keep_alive(uv_tcp_t *tcp, unsigned timeout_ms);
