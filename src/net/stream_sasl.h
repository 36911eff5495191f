/* SPDX-License-Identifier: ISC */
/* net/stream_sasl.h - which SASL mechanism a connection signs in with, and the beginning of its dialogue. */
#pragma once

#include "base/sasl.h"
#include "net/stream.h"

/* Chooses like gw_sasl_choose(), but a binding mechanism ("-PLUS") only where there is something to
 * bind to. */
const char *gw_stream_choose_sasl(const struct gw_stream *s, const struct gw_sasl *sasl,
	const struct gw_sasl_offer *offers, uint32_t caps);

/* Makes ready to sign in on this connection: *exchange, given up first, becomes the dialogue of `mechanism`, or NULL
 * where that has none.  GW_ERR_NOMEM. */
enum gw_code gw_stream_begin_sasl(const struct gw_stream *s, struct gw_sasl *sasl,
	const char *mechanism, struct gw_sasl **exchange);
