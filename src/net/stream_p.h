/* SPDX-License-Identifier: ISC */
/* net/stream_p.h - a stream as shared by stream.c (opens, reads, closes) and stream_send.c (writes,
 * in turn) alone; states and invariants: stream.c.
 */
#pragma once

#include "net/bandwidth.h"
#include "net/deflate.h"
#include "net/dial.h"
#include "net/patience.h"
#include "net/socks.h"
#include "net/stream.h"

enum { READ_SIZE = 65536 };
enum state { DIALING, PROXYING, HANDSHAKE, OPEN, LOST, CLOSING };

struct gw_stream {
	enum state state;
	uv_loop_t *loop;
	const struct gw_log *log;
	gw_stream_cb *cb;
	void *ctx;

	char *host;                 /* owned */
	struct gw_tls_ctx *tls_ctx; /* borrowed */
	struct gw_tls *tls;         /* owned; NULL in clear */
	struct gw_deflate *deflate; /* owned; NULL: uncompressed */
	bool tls_at_once;
	bool announced; /* GW_STREAM_UP was sent */

	struct gw_dial *dial;         /* owned while DIALING */
	const struct gw_proxy *proxy; /* borrowed; NULL: none */
	struct gw_socks socks;        /* PROXYING */
	unsigned port;                /* of host, for the proxy */
	uv_stream_t *in, *out;        /* owned; the same handle for TCP */
	struct gw_child *child;       /* owned; tunnel only */
	uv_timer_t deadline;
	uv_timer_t
		kick; /* continues a pump that was paused in the middle of a read, reports LOST */
	uv_timer_t gate; /* I5 */
	unsigned open;   /* I3 */

	struct gw_bandwidth *bandwidth;   /* borrowed; NULL: no limit */
	uint64_t read_at_ms, send_at_ms;  /* with bandwidth: when each direction may go on */
	uint64_t gate_since_ms, gated_ms; /* start of the present wait; total of earlier ones */
	struct gw_buf held;               /* written, not yet with the kernel */

	struct gw_patience patience;
	bool expecting, paused, reading;
	bool read_waits; /* for its turn */

	char raw[READ_SIZE]; /* what uv read; lent to TLS */
	struct gw_error err;
	uint64_t received, sent;
};

/* --- stream.c -------------------------------------------------------------------------------- */

/* Reports the failure from the loop, never from inside the call that met it. */
void gw_stream_lose(struct gw_stream *s);

/* Tells the owner once nothing waits to be sent. */
void gw_stream_tell_drained(struct gw_stream *s);

/* Frees a closed stream once none of its handles is open. */
void gw_stream_maybe_free(struct gw_stream *s);

/* Continues a direction whose turn it is. */
void gw_stream_on_gate(uv_timer_t *timer);

/* --- stream_send.c --------------------------------------------------------------------------- */

/* Gives bytes to the kernel, ignoring the bandwidth limit. */
void gw_stream_hand_over(struct gw_stream *s, const char *p, size_t n);

/* Sends bytes unchanged: plain ones, or TLS records. */
void gw_stream_send_raw(struct gw_stream *s, const char *p, size_t n);

/* Sends as much of what was written as the bandwidth limit permits and the kernel takes. */
void gw_stream_send_held(struct gw_stream *s);

/* Sends the records that TLS has produced. */
void gw_stream_flush_tls(struct gw_stream *s);

/* True if something is held and the kernel would take it. */
bool gw_stream_may_send(const struct gw_stream *s);

/* True while a direction would go on, and waits for its turn. */
bool gw_stream_is_gated(const struct gw_stream *s);

/* Waits for the next turn of a direction that would go on. */
void gw_stream_set_gate(struct gw_stream *s);
