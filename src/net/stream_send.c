/* SPDX-License-Identifier: ISC */
/* net/stream_send.c - what a stream sends: through compression and TLS, then at its turn (I5 of stream.c) to the
 * kernel.
 */
#include "net/socket.h"
#include "net/stream_p.h"

#include <stdlib.h>

struct write_request {
	uv_write_t request;
	struct gw_stream *stream;
	char bytes[];
};

static void on_written(uv_write_t *request, int status)
{
	struct write_request *w = (struct write_request *)request;
	struct gw_stream *s = w->stream;

	free(w);
	s->open--;
	s->patience.progress_ms = uv_now(s->loop);
	if (status < 0 && s->state != CLOSING) {
		gw_fail(&s->err, GW_ERR_NET, "sending to %s failed: %s", s->host,
			uv_strerror(status));
		gw_stream_lose(s);
	} else {
		gw_stream_send_held(s);
		gw_stream_tell_drained(s);
	}
	gw_stream_maybe_free(s);
}

void gw_stream_hand_over(struct gw_stream *s, const char *p, size_t n)
{
	uv_buf_t buf;
	struct write_request *w;
	int done = 0, rc;

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
		gw_stream_lose(s);
		return;
	}
	w->stream = s;
	memcpy(w->bytes, p + done, n - (size_t)done);
	buf = uv_buf_init(w->bytes, (unsigned)(n - (size_t)done));
	rc = uv_write(&w->request, s->out, &buf, 1, on_written);
	if (rc != 0) {
		free(w);
		gw_fail(&s->err, GW_ERR_NET, "sending to %s failed: %s", s->host, uv_strerror(rc));
		gw_stream_lose(s);
		return;
	}
	s->open++;
}

bool gw_stream_may_send(const struct gw_stream *s)
{
	return s->held.n > 0 && uv_stream_get_write_queue_size(s->out) == 0;
}

bool gw_stream_is_gated(const struct gw_stream *s)
{
	return uv_is_active((const uv_handle_t *)&s->gate);
}

void gw_stream_set_gate(struct gw_stream *s)
{
	uint64_t now = uv_now(s->loop), next = UINT64_MAX;

	if (s->bandwidth == NULL || s->state == LOST || s->state == CLOSING)
		return;
	if (gw_stream_may_send(s))
		next = s->send_at_ms;
	if (s->read_waits && s->read_at_ms < next)
		next = s->read_at_ms;
	if (next == UINT64_MAX) {
		uv_timer_stop(&s->gate);
		return;
	}
	if (!gw_stream_is_gated(s))
		s->gate_since_ms = now;
	uv_timer_start(&s->gate, gw_stream_on_gate, next > now ? next - now : 0, 0);
}

void gw_stream_send_held(struct gw_stream *s)
{
	while (s->bandwidth != NULL && s->state != LOST && s->state != CLOSING &&
		gw_stream_may_send(s) && s->send_at_ms <= uv_now(s->loop)) {
		size_t piece = gw_bandwidth_piece(s->bandwidth);
		size_t n = s->held.n < piece ? s->held.n : piece;

		gw_stream_hand_over(s, s->held.p, n);
		gw_buf_consume(&s->held, n);
		s->send_at_ms = gw_bandwidth_charge(s->bandwidth, uv_now(s->loop), n);
	}
	gw_stream_set_gate(s);
}

void gw_stream_send_raw(struct gw_stream *s, const char *p, size_t n)
{
	if (n == 0 || s->out == NULL)
		return;
	if (s->bandwidth == NULL) {
		gw_stream_hand_over(s, p, n);
	} else if (gw_buf_append(&s->held, p, n) == GW_OK) {
		gw_stream_send_held(s);
	} else {
		gw_fail(&s->err, GW_ERR_NOMEM, "out of memory");
		gw_stream_lose(s);
	}
}

void gw_stream_flush_tls(struct gw_stream *s)
{
	struct gw_buf *out = gw_tls_out(s->tls);

	gw_stream_send_raw(s, gw_buf_cstr(out), out->n);
	gw_buf_reset(out);
}

size_t gw_stream_queued(const struct gw_stream *s)
{
	return s->out == NULL ? 0 : s->held.n + uv_stream_get_write_queue_size(s->out);
}

size_t gw_stream_unacked(const struct gw_stream *s)
{
	uv_os_fd_t fd;

	if (s->out == NULL || s->child != NULL || uv_fileno((uv_handle_t *)s->out, &fd) != 0)
		return 0;
	return gw_socket_unacked(fd);
}

static void write_plain(struct gw_stream *s, const char *p, size_t n)
{
	if (s->tls == NULL) {
		gw_stream_send_raw(s, p, n);
		return;
	}
	if (gw_tls_write(s->tls, p, n, &s->err) != GW_OK) {
		gw_stream_lose(s);
		return;
	}
	gw_stream_flush_tls(s);
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
		gw_stream_lose(s);
	}
	gw_buf_deinit(&out);
}
