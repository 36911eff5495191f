/* SPDX-License-Identifier: ISC */
/* net/stream.h - one connection: TCP or a tunnel command, in clear or under TLS.
 *
 * What lies beneath is invisible to the owner: events come, bytes go.  The callback is only ever
 * called from the loop, never from inside a function of this header, and never after
 * gw_stream_close().
 */
#pragma once

#include "base/buf.h"
#include "godwit/account.h"
#include "godwit/log.h"
#include "net/tls.h"

#include <uv.h>

struct gw_bandwidth;
struct gw_runner;
struct gw_stream;

enum gw_stream_event_type {
	GW_STREAM_UP,      /* connected; with tls_at_once the handshake is done as well */
	GW_STREAM_TLS_UP,  /* the handshake asked for by gw_stream_start_tls() is done */
	GW_STREAM_DATA,    /* plaintext came */
	GW_STREAM_DRAINED, /* everything written so far is with the kernel */
	GW_STREAM_LOST,    /* the connection failed or ended; the last event */
};

struct gw_stream_event {
	enum gw_stream_event_type type;
	struct gw_slice data;       /* DATA; valid during the call */
	const struct gw_error *err; /* LOST; valid during the call */
};

typedef void gw_stream_cb(void *ctx, const struct gw_stream_event *ev);

struct gw_stream_options {
	const char *host; /* also the name that the certificate must carry */
	unsigned port;
	const char *tunnel_command;     /* run with `sh -c` in place of a TCP connection; or NULL */
	const struct gw_runner *runner; /* of tunnel_command; NULL: this process runs it */
	const struct gw_proxy
		*proxy; /* borrowed, outlives the stream; NULL, or without a host: none */
	struct gw_bandwidth
		*bandwidth; /* shared with other connections, outlives the stream; NULL: no limit */
	struct gw_tls_ctx *tls; /* borrowed, outlives the stream; NULL: never TLS */
	bool tls_at_once;       /* implicit TLS */
	unsigned timeout_ms;    /* without progress while something is awaited */
	unsigned
		settle_ms; /* from the start to gw_stream_settled(), however it drips; 0: no limit */
};

/* Strings are copied.  GW_OK: events follow, from the loop. */
enum gw_code gw_stream_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_stream_options *options, gw_stream_cb *cb, void *ctx,
	struct gw_stream **out, struct gw_error *err);

/* Begins TLS on a connection in clear.  The caller has made sure that no plaintext is pending
 * (RFC 9051 6.2.1); whatever the peer sent beyond is read as part of the handshake. */
void gw_stream_start_tls(struct gw_stream *s);
/* Compresses everything from here on with DEFLATE, in both directions (RFC 4978).  What arrived
 * before was handed out. */
enum gw_code gw_stream_start_deflate(struct gw_stream *s);
bool gw_stream_is_tls(const struct gw_stream *s);
/* Returns false in clear. */
bool gw_stream_tls_facts(const struct gw_stream *s, struct gw_tls_facts *out);
/* Returns false in clear, and where TLS has nothing to bind to. */
bool gw_stream_binding(const struct gw_stream *s, struct gw_sasl_binding *out);

/* Sends n bytes (copied).  A failure arrives as GW_STREAM_LOST. */
void gw_stream_write(struct gw_stream *s, const char *p, size_t n);

/* Bytes written that the kernel has not taken yet, including those delayed by the bandwidth limit.
 * Once above 0, DRAINED reports 0. */
size_t gw_stream_queued(const struct gw_stream *s);

/* Bytes that the kernel has taken and the peer has not acknowledged; 0 also where that is unknown
 * (through a tunnel, on some systems). */
size_t gw_stream_unacked(const struct gw_stream *s);

/* Replaces options.timeout_ms from now on. */
void gw_stream_set_timeout(struct gw_stream *s, unsigned timeout_ms);

/* Ends the connection from our side: GW_STREAM_LOST follows with this error. */
void gw_stream_abort(struct gw_stream *s, const struct gw_error *err);

/* Back-pressure: while paused nothing is read; at most the data already in hand (64 KiB) comes. */
void gw_stream_pause(struct gw_stream *s, bool paused);

/* Tells whether an answer is awaited: only then does silence count against timeout_ms. */
void gw_stream_expect(struct gw_stream *s, bool expecting);

/* Ends settle_ms: what the connection was opened for has begun. */
void gw_stream_settled(struct gw_stream *s);
/* Records an answer: that is progress, however few bytes it took.  While something is awaited, a
 * peer that neither answers nor moves a few kilobytes within ten times timeout_ms is only
 * trickling, and the connection is lost. */
void gw_stream_answered(struct gw_stream *s);

/* Bytes on the wire so far, TLS overhead included. */
void gw_stream_traffic(const struct gw_stream *s, uint64_t *received, uint64_t *sent);

/* Sends what was written before, then closes; s is freed later.  No event follows. */
void gw_stream_close(struct gw_stream *s);
