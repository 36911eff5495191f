/* SPDX-License-Identifier: ISC */
/* net/stream.c - see stream.h.
 *
 *   DIALING --to a proxy--> PROXYING --it has connected--> as below
 *   DIALING --connected--> HANDSHAKE --done--> OPEN --gw_stream_start_tls--> HANDSHAKE
 *      `------ no TLS at once ----------------> OPEN
 *   any --failure--> LOST --gw_stream_close--> CLOSING --last handle closed--> freed
 *
 * I1  s->state is written by set_state() only.
 * I2  cb is called by emit() only; after it returns the stream may be CLOSING, so every caller
 *     looks at the state again before it goes on.
 * I3  s is freed when `open` is 0: each handle, the dial and each write request count.
 * I4  nothing is read from the peer while TLS has not used up what it was lent: it lies in `raw`.
 * I5  with a bandwidth what is sent passes through `held`; `gate` runs only while a direction waits for
 *     its turn.
 */
#include "net/stream_p.h"

#include "net/tunnel.h"

#include <stdlib.h>

enum { PLAIN_SIZE = 16384, LINGER_MS = 2000 };

static void pump(struct gw_stream *s);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void on_kick(uv_timer_t *timer);
static void on_transport_up(struct gw_stream *s);

static void set_state(struct gw_stream *s, enum state next)
{
	s->state = next;
}

static bool emit(struct gw_stream *s, const struct gw_stream_event *ev)
{
	s->cb(s->ctx, ev);
	return s->state != CLOSING;
}

static uint64_t moved(const struct gw_stream *s)
{
	return s->received + s->sent;
}

void gw_stream_maybe_free(struct gw_stream *s)
{
	if (s->open > 0 || s->state != CLOSING)
		return;
	gw_tls_free(s->tls);
	gw_deflate_free(s->deflate);
	gw_buf_wipe(&s->held);
	free(s->host);
	free(s);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct gw_stream *s = handle->data;

	if (handle != (uv_handle_t *)&s->deadline && handle != (uv_handle_t *)&s->kick &&
		handle != (uv_handle_t *)&s->gate)
		free(handle);
	s->open--;
	gw_stream_maybe_free(s);
}

static void close_handle(void *handle)
{
	if (handle != NULL && !uv_is_closing(handle))
		uv_close(handle, on_handle_closed);
}

static void on_child_closed(void *ctx)
{
	struct gw_stream *s = ctx;

	s->open--;
	gw_stream_maybe_free(s);
}

static void stop_reading(struct gw_stream *s)
{
	if (s->reading)
		uv_read_stop(s->in);
	s->reading = false;
}

void gw_stream_lose(struct gw_stream *s)
{
	if (s->state == LOST || s->state == CLOSING)
		return;
	set_state(s, LOST);
	stop_reading(s);
	uv_timer_stop(&s->deadline);
	uv_timer_stop(&s->gate);
	uv_timer_start(&s->kick, on_kick, 0, 0);
}

static void on_kick(uv_timer_t *timer)
{
	struct gw_stream *s = timer->data;

	if (s->state == LOST)
		emit(s, &(struct gw_stream_event){ .type = GW_STREAM_LOST, .err = &s->err });
	else if (s->state == OPEN || s->state == HANDSHAKE)
		pump(s);
}

void gw_stream_tell_drained(struct gw_stream *s)
{
	if (s->state == OPEN && gw_stream_queued(s) == 0)
		emit(s, &(struct gw_stream_event){ .type = GW_STREAM_DRAINED });
}

void gw_stream_abort(struct gw_stream *s, const struct gw_error *err)
{
	if (s->err.code == GW_OK)
		s->err = *err;
	gw_stream_lose(s);
}

/* Passes decompressed data to the owner, as far as it accepts any.  false: the stream is lost or
 * closed. */
static bool drain_deflate(struct gw_stream *s)
{
	char plain[PLAIN_SIZE];
	size_t got = 1;

	while (got > 0 && s->state == OPEN && !s->paused) {
		if (gw_deflate_read(s->deflate, plain, sizeof plain, &got) != GW_OK) {
			gw_fail(&s->err, GW_ERR_PROTOCOL,
				"what %s sends cannot be decompressed; set compress = no", s->host);
			gw_stream_lose(s);
			return false;
		}
		if (got > 0 && !emit(s, &(struct gw_stream_event){
						.type = GW_STREAM_DATA, .data = { plain, got } }))
			return false;
	}
	return s->state == OPEN;
}

/* false: it is lost, or closed. */
static bool hand_out(struct gw_stream *s, struct gw_slice bytes)
{
	if (s->deflate == NULL)
		return emit(s, &(struct gw_stream_event){ .type = GW_STREAM_DATA, .data = bytes });
	if (gw_deflate_feed(s->deflate, bytes) != GW_OK) {
		gw_fail(&s->err, GW_ERR_NOMEM, "out of memory");
		gw_stream_lose(s);
		return false;
	}
	return drain_deflate(s);
}

static void feed_proxy(struct gw_stream *s, struct gw_slice bytes)
{
	struct gw_buf out;

	gw_buf_init(&out, PLAIN_SIZE);
	if (gw_socks_feed(&s->socks, bytes, &out, &s->err) != GW_OK) {
		gw_stream_lose(s);
	} else {
		gw_stream_send_raw(s, gw_buf_cstr(&out), out.n);
		if (gw_socks_wants(&s->socks) == 0 && s->state == PROXYING)
			on_transport_up(s);
	}
	gw_buf_wipe(&out);
}

/* After a pause the loop may find the peer's next bytes before on_kick() comes: I4. */
static void update_reading(struct gw_stream *s)
{
	bool lent = s->tls != NULL && gw_tls_unread(s->tls) > 0;
	bool want = (s->state == OPEN || s->state == HANDSHAKE || s->state == PROXYING) &&
		    !s->paused && !lent;
	bool early = s->bandwidth != NULL && s->read_at_ms > uv_now(s->loop);

	s->read_waits = want && early;
	if (want && !early && !s->reading)
		s->reading = uv_read_start(s->in, on_alloc, on_read) == 0;
	else if (!want || early)
		stop_reading(s);
	gw_stream_set_gate(s);
}

/* Resumes: the wait was for our own turn, not for a silent peer. */
void gw_stream_on_gate(uv_timer_t *timer)
{
	struct gw_stream *s = timer->data;
	bool sending = gw_stream_may_send(s);

	s->gated_ms += uv_now(s->loop) - s->gate_since_ms;
	gw_patience_excuse(&s->patience, s->gate_since_ms, uv_now(s->loop), moved(s));
	gw_stream_send_held(s);
	update_reading(s);
	if (sending)
		gw_stream_tell_drained(s);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct gw_stream *s = handle->data;
	size_t room = s->bandwidth == NULL ? sizeof s->raw : gw_bandwidth_piece(s->bandwidth);

	(void)suggested;
	/* Leaves what the server sends after the proxy's answer unread. */
	*buf = uv_buf_init(
		s->raw, (unsigned)(s->state == PROXYING ? gw_socks_wants(&s->socks) : room));
}

/* The proxy has not said yet that it reached the host. */
static bool is_at_proxy(const struct gw_stream *s)
{
	return s->proxy != NULL && (s->state == DIALING || s->state == PROXYING);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct gw_stream *s = stream->data;

	if (s->state == LOST || s->state == CLOSING || n == 0)
		return;
	if (n < 0) {
		gw_fail(&s->err, GW_ERR_NET,
			n == UV_EOF ? "%s%s closed the connection"
				    : "the connection to %s%s broke: %s",
			is_at_proxy(s) ? "the proxy " : "",
			is_at_proxy(s) ? s->proxy->host : s->host, uv_strerror((int)n));
		gw_stream_lose(s);
		return;
	}
	s->received += (uint64_t)n;
	s->patience.progress_ms = uv_now(s->loop);
	if (s->bandwidth != NULL) {
		s->read_at_ms = gw_bandwidth_charge(s->bandwidth, uv_now(s->loop), (size_t)n);
		update_reading(s);
	}
	if (s->state == PROXYING) {
		feed_proxy(s, (struct gw_slice){ buf->base, (size_t)n });
		return;
	}
	if (s->tls != NULL) {
		gw_tls_feed(s->tls, (struct gw_slice){ buf->base, (size_t)n });
		pump(s);
		return;
	}
	hand_out(s, (struct gw_slice){ buf->base, (size_t)n });
}

static void announce(struct gw_stream *s)
{
	enum gw_stream_event_type type = s->announced ? GW_STREAM_TLS_UP : GW_STREAM_UP;

	s->announced = true;
	set_state(s, OPEN);
	emit(s, &(struct gw_stream_event){ .type = type });
}

static bool pump_handshake(struct gw_stream *s)
{
	enum gw_tls_result result = gw_tls_handshake(s->tls, &s->err);

	gw_stream_flush_tls(s); /* an alert, too, is worth sending */
	if (result == GW_TLS_DONE) {
		announce(s);
		return s->state == OPEN;
	}
	if (result == GW_TLS_EOF)
		gw_fail(&s->err, GW_ERR_TLS, "%s ended the TLS handshake", s->host);
	if (result != GW_TLS_WANT)
		gw_stream_lose(s);
	return false;
}

/* Moves what is in the raw buffer through TLS to the owner. */
static void pump(struct gw_stream *s)
{
	char plain[PLAIN_SIZE];

	if (s->state == HANDSHAKE && !pump_handshake(s))
		return;
	if (s->deflate != NULL && !drain_deflate(s)) /* what a pause kept back */
		return;
	while (s->state == OPEN && s->tls != NULL && !s->paused) {
		size_t got;
		enum gw_tls_result result = gw_tls_read(s->tls, plain, sizeof plain, &got, &s->err);

		if (result == GW_TLS_WANT)
			break;
		if (result == GW_TLS_EOF)
			gw_fail(&s->err, GW_ERR_NET, "%s closed the connection", s->host);
		if (result != GW_TLS_DONE) {
			gw_stream_lose(s);
			return;
		}
		if (!hand_out(s, (struct gw_slice){ plain, got }))
			return;
	}
	if (s->state == OPEN && s->tls != NULL && gw_tls_out(s->tls)->n > 0)
		gw_stream_flush_tls(s); /* key updates */
	update_reading(s);
}

static void begin_tls(struct gw_stream *s)
{
	set_state(s, HANDSHAKE);
	if (gw_tls_new(s->tls_ctx, s->host, &s->tls, &s->err) != GW_OK) {
		gw_stream_lose(s);
		return;
	}
	update_reading(s);
	pump_handshake(s); /* sends the ClientHello */
}

void gw_stream_start_tls(struct gw_stream *s)
{
	if (s->state == OPEN && s->tls == NULL && s->tls_ctx != NULL)
		begin_tls(s);
}

enum gw_code gw_stream_start_deflate(struct gw_stream *s)
{
	if (s->deflate == NULL)
		s->deflate = gw_deflate_new();
	return s->deflate != NULL ? GW_OK : GW_ERR_NOMEM;
}

bool gw_stream_tls_facts(const struct gw_stream *s, struct gw_tls_facts *out)
{
	if (s->tls != NULL)
		gw_tls_describe(s->tls, out);
	return s->tls != NULL;
}

bool gw_stream_binding(const struct gw_stream *s, struct gw_sasl_binding *out)
{
	return s->tls != NULL && gw_tls_binding(s->tls, out);
}

bool gw_stream_is_tls(const struct gw_stream *s)
{
	return s->tls != NULL;
}

static void on_transport_up(struct gw_stream *s)
{
	s->patience.progress_ms = uv_now(s->loop);
	if (s->bandwidth != NULL) /* behind what others owe */
		s->read_at_ms = s->send_at_ms =
			gw_bandwidth_charge(s->bandwidth, uv_now(s->loop), 0);
	if (s->tls_at_once) {
		begin_tls(s);
		return;
	}
	set_state(s, OPEN);
	update_reading(s);
	announce(s);
}

static void begin_proxy(struct gw_stream *s)
{
	struct gw_buf out;

	gw_buf_init(&out, PLAIN_SIZE);
	set_state(s, PROXYING);
	s->patience.progress_ms = uv_now(s->loop);
	if (gw_socks_begin(&s->socks, s->proxy, s->host, s->port, &out, &s->err) != GW_OK) {
		gw_stream_lose(s);
	} else {
		gw_stream_send_raw(s, gw_buf_cstr(&out), out.n);
		update_reading(s);
	}
	gw_buf_deinit(&out);
}

static void on_dialed(void *ctx, uv_tcp_t *tcp, const struct gw_error *err)
{
	struct gw_stream *s = ctx;

	s->dial = NULL;
	s->open--;
	if (tcp != NULL) {
		tcp->data = s;
		s->in = s->out = (uv_stream_t *)tcp;
		s->open++;
	}
	if (s->state != DIALING) {
		close_handle(s->in);
		gw_stream_maybe_free(s);
		return;
	}
	if (tcp == NULL) {
		s->err = *err;
		if (s->proxy != NULL)
			gw_error_context(&s->err, "the proxy");
		gw_stream_lose(s);
		return;
	}
	uv_tcp_nodelay(tcp, 1);
	gw_dial_keep_alive(tcp, s->patience.timeout_ms);
	if (s->proxy != NULL)
		begin_proxy(s);
	else
		on_transport_up(s);
}

static void give_up(struct gw_stream *s, const char *what, uint64_t ms)
{
	bool proxy = is_at_proxy(s);

	if (s->state == DIALING && s->dial != NULL)
		gw_dial_cancel(s->dial);
	gw_fail(&s->err, GW_ERR_TIMEOUT, "%s%s %s %llu seconds", proxy ? "the proxy " : "",
		proxy ? s->proxy->host : s->host, what, (unsigned long long)ms / 1000);
	gw_stream_lose(s);
}

static void on_deadline(uv_timer_t *timer)
{
	struct gw_stream *s = timer->data;
	struct gw_patience *p = &s->patience;
	bool waiting = !gw_stream_is_gated(s) && (s->state != OPEN || (s->expecting && !s->paused));
	uint64_t next;

	switch (gw_patience_look(p, uv_now(s->loop), moved(s), waiting, &next)) {
	case GW_PATIENCE_HOLDS:
		uv_timer_start(&s->deadline, on_deadline, next, 0);
		break;
	case GW_PATIENCE_SILENT:
		give_up(s, "did not answer for", p->timeout_ms);
		break;
	case GW_PATIENCE_DRIPPING:
		give_up(s, "has sent next to nothing for",
			(uint64_t)GW_PATIENCE_DRIP_TIMEOUTS * p->timeout_ms);
		break;
	case GW_PATIENCE_UNREADY:
		give_up(s, "was not ready after", p->settle_ms);
		break;
	}
}

static void on_child_exit(void *ctx, int status, int signal)
{
	struct gw_stream *s = ctx;

	gw_log(s->log, GW_LOG_INFO, "tunnel command ended: status %d, signal %d", status, signal);
	if (status != 0 && !s->announced)
		gw_fail(&s->err, GW_ERR_NET, "tunnel-command exited with status %d", status);
}

static enum gw_code open_tunnel(
	struct gw_stream *s, const struct gw_stream_options *options, struct gw_error *err)
{
	struct gw_tunnel t;
	enum gw_code code = gw_tunnel_spawn(
		s->loop, options->runner, options->tunnel_command, on_child_exit, s, &t, err);

	s->child = t.child;
	s->in = t.in;
	s->out = t.out;
	s->open += (t.child != NULL ? 1U : 0) + (t.in != NULL ? 1U : 0) + (t.out != NULL ? 1U : 0);
	return code;
}

static void on_tunnel_ready(uv_timer_t *timer)
{
	struct gw_stream *s = timer->data;

	if (s->state == DIALING)
		on_transport_up(s);
	else
		on_kick(timer);
}

enum gw_code gw_stream_open(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_stream_options *options, gw_stream_cb *cb, void *ctx,
	struct gw_stream **out, struct gw_error *err)
{
	struct gw_stream *s = calloc(1, sizeof *s);
	enum gw_code code;

	*out = NULL;
	if (s == NULL || (s->host = strdup(options->host)) == NULL) {
		free(s);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	if (options->tls_at_once && options->tls == NULL) { /* never in clear by mistake */
		free(s->host);
		free(s);
		return gw_fail(err, GW_ERR_BUG, "TLS is asked for, and not set up");
	}
	s->loop = loop;
	s->log = log;
	s->cb = cb;
	s->ctx = ctx;
	s->tls_ctx = options->tls;
	s->port = options->port;
	s->proxy = options->proxy != NULL && options->proxy->host != NULL ? options->proxy : NULL;
	s->bandwidth = options->bandwidth;
	gw_buf_init(&s->held, SIZE_MAX / 2);
	s->tls_at_once = options->tls_at_once;
	gw_patience_init(&s->patience, uv_now(loop), options->timeout_ms, options->settle_ms);
	uv_timer_init(loop, &s->deadline);
	uv_timer_init(loop, &s->kick);
	uv_timer_init(loop, &s->gate);
	s->deadline.data = s->kick.data = s->gate.data = s;
	s->open = 3;
	uv_timer_start(&s->deadline, on_deadline, gw_patience_first_look(&s->patience), 0);
	if (options->tunnel_command != NULL) {
		code = open_tunnel(s, options, err);
		uv_timer_start(&s->kick, on_tunnel_ready, 0, 0);
	} else {
		s->open++;
		code = gw_dial_start(loop, log, s->proxy != NULL ? s->proxy->host : s->host,
			s->proxy != NULL ? s->proxy->port : options->port, on_dialed, s, &s->dial,
			err);
		if (code != GW_OK)
			s->open--;
	}
	if (code != GW_OK) {
		gw_stream_close(s);
		return code;
	}
	*out = s;
	return GW_OK;
}

void gw_stream_set_timeout(struct gw_stream *s, unsigned timeout_ms)
{
	if (s->patience.timeout_ms == timeout_ms || s->state == LOST || s->state == CLOSING)
		return;
	s->patience.timeout_ms = timeout_ms;
	uv_timer_start(&s->deadline, on_deadline, timeout_ms, 0);
}

void gw_stream_pause(struct gw_stream *s, bool paused)
{
	if (s->paused == paused)
		return;
	s->paused = paused;
	s->patience.progress_ms = uv_now(s->loop);
	update_reading(s);
	if (!paused && (s->tls != NULL || s->deflate != NULL) && s->state == OPEN)
		uv_timer_start(&s->kick, on_kick, 0, 0);
}

void gw_stream_expect(struct gw_stream *s, bool expecting)
{
	if (expecting && !s->expecting) {
		s->patience.progress_ms = uv_now(s->loop);
		gw_patience_renew(&s->patience, uv_now(s->loop), moved(s));
	}
	s->expecting = expecting;
}

void gw_stream_settled(struct gw_stream *s)
{
	s->patience.settle_by_ms = 0;
}

void gw_stream_answered(struct gw_stream *s)
{
	gw_patience_renew(&s->patience, uv_now(s->loop), moved(s));
}

void gw_stream_traffic(const struct gw_stream *s, uint64_t *received, uint64_t *sent)
{
	*received = s->received;
	*sent = s->sent;
}

static void on_linger(uv_timer_t *timer)
{
	struct gw_stream *s = timer->data;

	close_handle(s->in);
	close_handle(s->out);
	if (s->child != NULL)
		gw_child_close(s->child, on_child_closed, s);
	s->child = NULL;
	close_handle(timer);
}

void gw_stream_close(struct gw_stream *s)
{
	bool sending;

	if (s->state == CLOSING)
		return;
	if (s->gated_ms > 0)
		gw_log(s->log, GW_LOG_DEBUG, "%s: %llu ms were waited for bandwidth", s->host,
			(unsigned long long)s->gated_ms);
	if (s->state != LOST && s->held.n > 0) /* a last word waits for no turn */
		gw_stream_hand_over(s, s->held.p, s->held.n);
	sending = s->out != NULL && s->state != LOST && uv_stream_get_write_queue_size(s->out) > 0;
	stop_reading(s);
	set_state(s, CLOSING);
	close_handle(&s->gate);
	if (s->dial != NULL)
		gw_dial_cancel(s->dial);
	close_handle(&s->kick);
	if (sending) { /* a LOGOUT may be queued: give it a moment */
		uv_timer_start(&s->deadline, on_linger, LINGER_MS, 0);
		return;
	}
	on_linger(&s->deadline);
}
