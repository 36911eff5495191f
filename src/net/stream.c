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
 */
#include "net/stream.h"

#include "net/deflate.h"
#include "net/dial.h"
#include "net/socks.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { READ_SIZE = 65536, PLAIN_SIZE = 16384, LINGER_MS = 2000 };
enum { DRIP_TIMEOUTS = 10, DRIP_BYTES = 4096 };
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
	struct gw_deflate *deflate; /* owned; NULL: as it is */
	bool tls_at_once;
	bool announced; /* GW_STREAM_UP was sent */

	struct gw_dial *dial;         /* owned while DIALING */
	const struct gw_proxy *proxy; /* borrowed; NULL: none */
	struct gw_socks socks;        /* PROXYING */
	unsigned port;                /* of host, for it */
	uv_stream_t *in, *out;        /* owned; the same handle for TCP */
	uv_process_t *child;          /* owned; tunnel only */
	uv_timer_t deadline;
	uv_timer_t
		kick;  /* continues a pump that was paused in the middle of a read, reports LOST */
	unsigned open; /* I3 */

	unsigned timeout_ms, settle_ms;
	uint64_t last_progress_ms;
	uint64_t settle_by_ms;              /* uv_now(); 0: no limit */
	uint64_t drip_since_ms, drip_bytes; /* see is_dripping() */
	bool expecting, paused, reading;

	char raw[READ_SIZE]; /* what uv read; lent to TLS */
	struct gw_error err;
	uint64_t received, sent;
};

struct write_request {
	uv_write_t request;
	struct gw_stream *stream;
	char bytes[];
};

static void pump(struct gw_stream *s);
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

static void maybe_free(struct gw_stream *s)
{
	if (s->open > 0 || s->state != CLOSING)
		return;
	gw_tls_free(s->tls);
	gw_deflate_free(s->deflate);
	free(s->host);
	free(s);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct gw_stream *s = handle->data;

	if (handle != (uv_handle_t *)&s->deadline && handle != (uv_handle_t *)&s->kick)
		free(handle);
	s->open--;
	maybe_free(s);
}

static void close_handle(void *handle)
{
	if (handle != NULL && !uv_is_closing(handle))
		uv_close(handle, on_handle_closed);
}

static void stop_reading(struct gw_stream *s)
{
	if (s->reading)
		uv_read_stop(s->in);
	s->reading = false;
}

/* The failure is told from the loop, never from inside the call that met it. */
static void lose(struct gw_stream *s)
{
	if (s->state == LOST || s->state == CLOSING)
		return;
	set_state(s, LOST);
	stop_reading(s);
	uv_timer_stop(&s->deadline);
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

static void on_written(uv_write_t *request, int status)
{
	struct write_request *w = (struct write_request *)request;
	struct gw_stream *s = w->stream;

	free(w);
	s->open--;
	s->last_progress_ms = uv_now(s->loop);
	if (status < 0 && s->state != CLOSING) {
		gw_fail(&s->err, GW_ERR_NET, "sending to %s failed: %s", s->host,
			uv_strerror(status));
		lose(s);
	} else if (s->state == OPEN && gw_stream_queued(s) == 0) {
		emit(s, &(struct gw_stream_event){ .type = GW_STREAM_DRAINED });
	}
	maybe_free(s);
}

static void send_raw(struct gw_stream *s, const char *p, size_t n)
{
	uv_buf_t buf;
	struct write_request *w;
	int done = 0, rc;

	if (n == 0 || s->out == NULL)
		return;
	s->sent += n;
	if (uv_stream_get_write_queue_size(s->out) == 0) {
		buf = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);
		done = uv_try_write(s->out, &buf, 1);
		if (done < 0)
			done = 0; /* let uv_write say it in its callback */
	}
	if ((size_t)done == n)
		return;
	w = malloc(sizeof *w + n - (size_t)done);
	if (w == NULL) {
		gw_fail(&s->err, GW_ERR_NOMEM, "out of memory");
		lose(s);
		return;
	}
	w->stream = s;
	memcpy(w->bytes, p + done, n - (size_t)done);
	buf = uv_buf_init(w->bytes, (unsigned)(n - (size_t)done));
	rc = uv_write(&w->request, s->out, &buf, 1, on_written);
	if (rc != 0) {
		free(w);
		gw_fail(&s->err, GW_ERR_NET, "sending to %s failed: %s", s->host, uv_strerror(rc));
		lose(s);
		return;
	}
	s->open++;
}

static void flush_tls(struct gw_stream *s)
{
	struct gw_buf *out = gw_tls_out(s->tls);

	send_raw(s, gw_buf_cstr(out), out->n);
	gw_buf_reset(out);
}

size_t gw_stream_queued(const struct gw_stream *s)
{
	return s->out == NULL ? 0 : uv_stream_get_write_queue_size(s->out);
}

size_t gw_stream_unacked(const struct gw_stream *s)
{
	uv_os_fd_t fd;
	int n = 0;

#ifdef SIOCOUTQ
	if (s->out == NULL || s->child != NULL || uv_fileno((uv_handle_t *)s->out, &fd) != 0 ||
		ioctl(fd, SIOCOUTQ, &n) != 0 || n < 0)
		return 0;
#endif
	return (size_t)n;
}

void gw_stream_abort(struct gw_stream *s, const struct gw_error *err)
{
	if (s->err.code == GW_OK)
		s->err = *err;
	lose(s);
}

static void write_plain(struct gw_stream *s, const char *p, size_t n)
{
	if (s->tls == NULL) {
		send_raw(s, p, n);
		return;
	}
	if (gw_tls_write(s->tls, p, n, &s->err) != GW_OK) {
		lose(s);
		return;
	}
	flush_tls(s);
}

void gw_stream_write(struct gw_stream *s, const char *p, size_t n)
{
	struct gw_buf out;

	if (s->state != OPEN || n == 0)
		return;
	if (s->deflate == NULL) {
		write_plain(s, p, n);
		return;
	}
	gw_buf_init(&out, SIZE_MAX / 2);
	if (gw_deflate_write(s->deflate, p, n, &out) == GW_OK) {
		write_plain(s, out.p, out.n);
	} else {
		gw_fail(&s->err, GW_ERR_NOMEM, "out of memory");
		lose(s);
	}
	gw_buf_deinit(&out);
}

/* What was fed goes to the owner, as far as it takes it.  false: it is lost, or closed. */
static bool drain_deflate(struct gw_stream *s)
{
	char plain[PLAIN_SIZE];
	size_t got = 1;

	while (got > 0 && s->state == OPEN && !s->paused) {
		if (gw_deflate_read(s->deflate, plain, sizeof plain, &got) != GW_OK) {
			gw_fail(&s->err, GW_ERR_PROTOCOL,
				"what %s sends cannot be decompressed; set compress = no", s->host);
			lose(s);
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
		lose(s);
		return false;
	}
	return drain_deflate(s);
}

static void feed_proxy(struct gw_stream *s, struct gw_slice bytes)
{
	struct gw_buf out;

	gw_buf_init(&out, PLAIN_SIZE);
	if (gw_socks_feed(&s->socks, bytes, &out, &s->err) != GW_OK) {
		lose(s);
	} else {
		send_raw(s, gw_buf_cstr(&out), out.n);
		if (gw_socks_wants(&s->socks) == 0 && s->state == PROXYING)
			on_transport_up(s);
	}
	gw_buf_wipe(&out);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct gw_stream *s = handle->data;

	(void)suggested;
	/* What the server says behind the proxy's answer stays where it is. */
	*buf = uv_buf_init(
		s->raw, s->state == PROXYING ? (unsigned)gw_socks_wants(&s->socks) : sizeof s->raw);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct gw_stream *s = stream->data;

	if (s->state == LOST || s->state == CLOSING || n == 0)
		return;
	if (n < 0) {
		gw_fail(&s->err, GW_ERR_NET,
			n == UV_EOF ? "%s closed the connection" : "the connection to %s broke: %s",
			s->host, uv_strerror((int)n));
		lose(s);
		return;
	}
	s->received += (uint64_t)n;
	s->last_progress_ms = uv_now(s->loop);
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

/* After a pause the loop may find the peer's next bytes before on_kick() comes: I4. */
static void update_reading(struct gw_stream *s)
{
	bool lent = s->tls != NULL && gw_tls_unread(s->tls) > 0;
	bool want = (s->state == OPEN || s->state == HANDSHAKE || s->state == PROXYING) &&
		    !s->paused && !lent;

	if (want && !s->reading)
		s->reading = uv_read_start(s->in, on_alloc, on_read) == 0;
	else if (!want)
		stop_reading(s);
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

	flush_tls(s); /* an alert, too, is worth sending */
	if (result == GW_TLS_DONE) {
		announce(s);
		return s->state == OPEN;
	}
	if (result == GW_TLS_EOF)
		gw_fail(&s->err, GW_ERR_TLS, "%s ended the TLS handshake", s->host);
	if (result != GW_TLS_WANT)
		lose(s);
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
			lose(s);
			return;
		}
		if (!hand_out(s, (struct gw_slice){ plain, got }))
			return;
	}
	if (s->state == OPEN && s->tls != NULL && gw_tls_out(s->tls)->n > 0)
		flush_tls(s); /* key updates */
	update_reading(s);
}

static void begin_tls(struct gw_stream *s)
{
	set_state(s, HANDSHAKE);
	if (gw_tls_new(s->tls_ctx, s->host, &s->tls, &s->err) != GW_OK) {
		lose(s);
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

enum gw_code gw_stream_begin_sasl(const struct gw_stream *s, struct gw_sasl *sasl,
	const char *mechanism, struct gw_sasl **exchange)
{
	struct gw_sasl_binding binding;

	gw_sasl_unref(exchange);
	if (!gw_sasl_has_dialogue(mechanism))
		return GW_OK;
	*exchange = sasl->begin(sasl, mechanism, gw_stream_binding(s, &binding) ? &binding : NULL);
	return *exchange == NULL ? GW_ERR_NOMEM : GW_OK;
}

bool gw_stream_is_tls(const struct gw_stream *s)
{
	return s->tls != NULL;
}

static void on_transport_up(struct gw_stream *s)
{
	s->last_progress_ms = uv_now(s->loop);
	if (s->tls_at_once) {
		begin_tls(s);
		return;
	}
	set_state(s, OPEN);
	update_reading(s);
	announce(s);
}

/* A peer that went without a word is noticed within two minutes, also when nothing is awaited; and
 * address translators on the way keep their entry. */
static void keep_alive(uv_tcp_t *tcp, unsigned timeout_ms)
{
	const int interval = 10, probes = 6;
	const unsigned unanswered_ms = timeout_ms > 60000 ? timeout_ms : 60000;
	uv_os_fd_t fd;

	uv_tcp_keepalive(tcp, 1, 60);
	if (uv_fileno((uv_handle_t *)tcp, &fd) != 0)
		return;
	/* Where the system knows none of these, its own defaults hold. */
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
}

static void begin_proxy(struct gw_stream *s)
{
	struct gw_buf out;

	gw_buf_init(&out, PLAIN_SIZE);
	set_state(s, PROXYING);
	s->last_progress_ms = uv_now(s->loop);
	if (gw_socks_begin(&s->socks, s->proxy, s->host, s->port, &out, &s->err) != GW_OK) {
		lose(s);
	} else {
		send_raw(s, gw_buf_cstr(&out), out.n);
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
		maybe_free(s);
		return;
	}
	if (tcp == NULL) {
		s->err = *err;
		if (s->proxy != NULL)
			gw_error_context(&s->err, "the proxy");
		lose(s);
		return;
	}
	uv_tcp_nodelay(tcp, 1);
	keep_alive(tcp, s->timeout_ms);
	if (s->proxy != NULL)
		begin_proxy(s);
	else
		on_transport_up(s);
}

static void begin_drip_window(struct gw_stream *s)
{
	s->drip_since_ms = uv_now(s->loop);
	s->drip_bytes = s->received + s->sent;
}

/* A byte now and then keeps the deadline of silence away for ever. */
static bool is_dripping(struct gw_stream *s)
{
	uint64_t moved = s->received + s->sent - s->drip_bytes;

	if (uv_now(s->loop) - s->drip_since_ms < (uint64_t)DRIP_TIMEOUTS * s->timeout_ms)
		return false;
	begin_drip_window(s);
	return moved < DRIP_BYTES;
}

static void give_up(struct gw_stream *s, const char *what, uint64_t ms)
{
	if (s->state == DIALING && s->dial != NULL)
		gw_dial_cancel(s->dial);
	gw_fail(&s->err, GW_ERR_TIMEOUT, "%s %s %llu seconds", s->host, what,
		(unsigned long long)ms / 1000);
	lose(s);
}

static void on_deadline(uv_timer_t *timer)
{
	struct gw_stream *s = timer->data;
	uint64_t idle = uv_now(s->loop) - s->last_progress_ms;
	bool waiting = s->state != OPEN || (s->expecting && !s->paused);

	uint64_t next = waiting && idle < s->timeout_ms ? s->timeout_ms - idle + 1 : s->timeout_ms;
	uint64_t now = uv_now(s->loop);

	if (!waiting) {
		s->last_progress_ms = now;
		begin_drip_window(s);
	} else if (idle >= s->timeout_ms) {
		give_up(s, "did not answer for", s->timeout_ms);
		return;
	} else if (is_dripping(s)) {
		give_up(s, "has sent next to nothing for", (uint64_t)DRIP_TIMEOUTS * s->timeout_ms);
		return;
	}
	if (s->settle_by_ms != 0 && now >= s->settle_by_ms) {
		give_up(s, "was not ready after", s->settle_ms);
		return;
	}
	if (s->settle_by_ms != 0 && next > s->settle_by_ms - now)
		next = s->settle_by_ms - now;
	uv_timer_start(&s->deadline, on_deadline, next, 0);
}

static void on_child_exit(uv_process_t *child, int64_t status, int signal)
{
	struct gw_stream *s = child->data;

	gw_log(s->log, GW_LOG_INFO, "tunnel command ended: status %d, signal %d", (int)status,
		signal);
	if (status != 0 && !s->announced)
		gw_fail(&s->err, GW_ERR_NET, "tunnel-command exited with status %d", (int)status);
}

static uv_pipe_t *new_pipe(struct gw_stream *s, int fd)
{
	uv_pipe_t *pipe = malloc(sizeof *pipe);

	if (pipe == NULL)
		return NULL;
	uv_pipe_init(s->loop, pipe, 0);
	pipe->data = s;
	s->open++;
	uv_pipe_open(pipe, fd);
	return pipe;
}

/* Real pipes and not uv's socket pair: some IMAP servers run as a filter mistake the latter. */
static enum gw_code spawn_tunnel(struct gw_stream *s, const char *command, struct gw_error *err)
{
	char shell[] = "/bin/sh", dash_c[] = "-c";
	char *copy = strdup(command);
	char *args[] = { shell, dash_c, copy, NULL };
	int to_child[2] = { -1, -1 }, from_child[2] = { -1, -1 };
	uv_stdio_container_t stdio[3] = { { .flags = UV_INHERIT_FD }, { .flags = UV_INHERIT_FD },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 } };
	uv_process_options_t options = { .file = shell,
		.args = args,
		.exit_cb = on_child_exit,
		.stdio_count = 3,
		.stdio = stdio };
	int rc = UV_ENOMEM;

	s->child = malloc(sizeof *s->child);
	if (copy != NULL && s->child != NULL &&
		(rc = uv_pipe(to_child, 0, UV_NONBLOCK_PIPE)) == 0 &&
		(rc = uv_pipe(from_child, UV_NONBLOCK_PIPE, 0)) == 0) {
		stdio[0].data.fd = to_child[0];
		stdio[1].data.fd = from_child[1];
		rc = uv_spawn(s->loop, s->child, &options);
		s->child->data = s;
		s->open++;
		s->out = (uv_stream_t *)new_pipe(s, to_child[1]);
		s->in = (uv_stream_t *)new_pipe(s, from_child[0]);
		close(to_child[0]);
		close(from_child[1]);
	} else {
		free(s->child);
		s->child = NULL;
	}
	free(copy);
	if (rc != 0 || s->in == NULL || s->out == NULL)
		return gw_fail(
			err, GW_ERR_NET, "tunnel-command cannot be started: %s", uv_strerror(rc));
	return GW_OK;
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
	s->tls_at_once = options->tls_at_once;
	s->timeout_ms = options->timeout_ms;
	s->last_progress_ms = s->drip_since_ms = uv_now(loop);
	s->settle_ms = options->settle_ms;
	s->settle_by_ms = s->settle_ms == 0 ? 0 : uv_now(loop) + s->settle_ms;
	uv_timer_init(loop, &s->deadline);
	uv_timer_init(loop, &s->kick);
	s->deadline.data = s->kick.data = s;
	s->open = 2;
	uv_timer_start(&s->deadline, on_deadline,
		s->settle_ms != 0 && s->settle_ms < s->timeout_ms ? s->settle_ms : s->timeout_ms,
		0);
	if (options->tunnel_command != NULL) {
		code = spawn_tunnel(s, options->tunnel_command, err);
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
	if (s->timeout_ms == timeout_ms || s->state == LOST || s->state == CLOSING)
		return;
	s->timeout_ms = timeout_ms;
	uv_timer_start(&s->deadline, on_deadline, timeout_ms, 0);
}

void gw_stream_pause(struct gw_stream *s, bool paused)
{
	if (s->paused == paused)
		return;
	s->paused = paused;
	s->last_progress_ms = uv_now(s->loop);
	update_reading(s);
	if (!paused && (s->tls != NULL || s->deflate != NULL) && s->state == OPEN)
		uv_timer_start(&s->kick, on_kick, 0, 0);
}

void gw_stream_expect(struct gw_stream *s, bool expecting)
{
	if (expecting && !s->expecting) {
		s->last_progress_ms = uv_now(s->loop);
		begin_drip_window(s);
	}
	s->expecting = expecting;
}

void gw_stream_settled(struct gw_stream *s)
{
	s->settle_by_ms = 0;
}

void gw_stream_answered(struct gw_stream *s)
{
	begin_drip_window(s);
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
	close_handle(s->child);
	close_handle(timer);
}

void gw_stream_close(struct gw_stream *s)
{
	bool sending =
		s->out != NULL && s->state != LOST && uv_stream_get_write_queue_size(s->out) > 0;

	if (s->state == CLOSING)
		return;
	stop_reading(s);
	set_state(s, CLOSING);
	if (s->dial != NULL)
		gw_dial_cancel(s->dial);
	close_handle(&s->kick);
	if (sending) { /* a LOGOUT may be queued: give it a moment */
		uv_timer_start(&s->deadline, on_linger, LINGER_MS, 0);
		return;
	}
	on_linger(&s->deadline);
}
