/* SPDX-License-Identifier: ISC */
/* auth/loopback.c - see loopback.h.
 *
 * Any program on this machine can connect.  Only the end of our sign-in is answered: any other
 * request (a browser's for its icon, a neighbour's guess) is closed without a word.
 *
 * I1  every visitor is heard: of too many the earliest is dropped, since a browser asks as soon as
 *     it is connected, and one that only keeps connections open does not.
 */
#include "auth/loopback.h"

#include <ctype.h>
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { URL_MAX = 16384, VISITORS_MAX = 32, BACKLOG = 128 };

struct gw_loopback {
	uv_tcp_t tcp;                 /* first; freed when it and all visitors are closed */
	struct visitor *first, *last; /* in the order in which they came; each frees itself */
	size_t visitors;
	bool stopped, closed;
	gw_loopback_cb *cb;
	void *ctx;
};

struct visitor {
	uv_tcp_t tcp; /* first; freed when it is closed */
	uv_write_t write;
	struct gw_loopback *owner;
	struct visitor *before, *next;
	http_parser parser;
	struct gw_buf url, answer;
	char chunk[4096];
};

static void maybe_free(struct gw_loopback *l)
{
	if (l->closed && l->visitors == 0)
		free(l);
}

static void enlist(struct gw_loopback *l, struct visitor *v)
{
	v->before = l->last;
	*(l->last == NULL ? &l->first : &l->last->next) = v;
	l->last = v;
	l->visitors++;
}

static void strike_out(struct gw_loopback *l, struct visitor *v)
{
	*(v->before == NULL ? &l->first : &v->before->next) = v->next;
	*(v->next == NULL ? &l->last : &v->next->before) = v->before;
	l->visitors--;
}

static void on_visitor_closed(uv_handle_t *handle)
{
	struct visitor *v = (struct visitor *)handle;

	strike_out(v->owner, v);
	maybe_free(v->owner);
	gw_buf_deinit(&v->url);
	gw_buf_deinit(&v->answer);
	free(v);
}

static void close_visitor(struct visitor *v)
{
	if (!uv_is_closing((uv_handle_t *)&v->tcp))
		uv_close((uv_handle_t *)&v->tcp, on_visitor_closed);
}

static void on_answered(uv_write_t *write, int status)
{
	(void)status;
	close_visitor(write->data);
}

static void answer(struct visitor *v, const char *status, const char *sentence)
{
	uv_buf_t buf;

	gw_buf_printf(&v->answer,
		"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
		"Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\r\n"
		"<!doctype html><title>godwit</title><p>%s\n",
		status, sentence);
	buf = uv_buf_init(v->answer.p, (unsigned)v->answer.n);
	v->write.data = v;
	if (v->answer.n == 0 ||
		uv_write(&v->write, (uv_stream_t *)&v->tcp, &buf, 1, on_answered) != 0)
		close_visitor(v);
}

static int on_url(http_parser *parser, const char *p, size_t n)
{
	struct visitor *v = parser->data;

	return gw_buf_append(&v->url, p, n) == GW_OK ? 0 : -1;
}

static int on_headers_complete(http_parser *parser)
{
	struct visitor *v = parser->data;
	const char *url = gw_buf_cstr(&v->url);
	const char *query = strncmp(url, "/?", 2) == 0 ? url + 2 : NULL;
	const char *sentence = NULL;
	bool good = false;

	if (v->answer.n > 0) /* one answer each */
		return -1;
	if (query != NULL && !v->owner->stopped)
		sentence = v->owner->cb(v->owner->ctx, query, &good);
	if (sentence == NULL)
		return -1; /* which closes it */
	answer(v, good ? "200 OK" : "400 Bad Request", sentence);
	return 0;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct visitor *v = (struct visitor *)handle;

	(void)suggested;
	*buf = uv_buf_init(v->chunk, sizeof v->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	static const http_parser_settings settings = { .on_url = on_url,
		.on_headers_complete = on_headers_complete };
	struct visitor *v = (struct visitor *)stream;

	if (n < 0 || (n > 0 && v->answer.n == 0 &&
			     http_parser_execute(&v->parser, &settings, buf->base, (size_t)n) !=
				     (size_t)n))
		close_visitor(v);
}

/* Closes the oldest connection that is not closing already (I1). */
static void close_oldest(struct gw_loopback *l)
{
	struct visitor *v = l->first;

	while (v != NULL && uv_is_closing((uv_handle_t *)&v->tcp))
		v = v->next;
	if (v != NULL)
		close_visitor(v);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct gw_loopback *l = (struct gw_loopback *)server;
	struct visitor *v = status != 0 ? NULL : calloc(1, sizeof *v);

	if (v == NULL)
		return;
	v->owner = l;
	enlist(l, v);
	gw_buf_init(&v->url, URL_MAX);
	gw_buf_init(&v->answer, URL_MAX);
	http_parser_init(&v->parser, HTTP_REQUEST);
	v->parser.data = v;
	uv_tcp_init(server->loop, &v->tcp);
	if (l->visitors > VISITORS_MAX)
		close_oldest(l);
	if (uv_accept(server, (uv_stream_t *)&v->tcp) != 0 ||
		uv_read_start((uv_stream_t *)&v->tcp, on_alloc, on_read) != 0)
		close_visitor(v);
}

enum gw_code gw_loopback_start(uv_loop_t *loop, gw_loopback_cb *cb, void *ctx,
	struct gw_loopback **out, unsigned *port, struct gw_error *err)
{
	struct gw_loopback *l = calloc(1, sizeof *l);
	struct sockaddr_in address;
	int size = sizeof address, rc;

	*out = NULL;
	if (l == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	l->cb = cb;
	l->ctx = ctx;
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(loop, &l->tcp);
	rc = uv_tcp_bind(&l->tcp, (const struct sockaddr *)&address, 0);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
	if (rc == 0)
		rc = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&address, &size);
	if (rc != 0) {
		gw_loopback_stop(l);
		return gw_fail(err, GW_ERR_NET, "cannot listen on 127.0.0.1 for the browser: %s",
			uv_strerror(rc));
	}
	*out = l;
	*port = ntohs(address.sin_port);
	return GW_OK;
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_loopback *l = (struct gw_loopback *)handle;

	l->closed = true;
	maybe_free(l);
}

void gw_loopback_stop(struct gw_loopback *l)
{
	if (l == NULL)
		return;
	l->stopped = true;
	uv_close((uv_handle_t *)&l->tcp, on_closed);
}

char *gw_loopback_field(const char *query, const char *key)
{
	size_t key_n = strlen(key);

	for (const char *p = query; *p != '\0';
		p += strcspn(p, "&") + (p[strcspn(p, "&")] == '&')) {
		size_t n = strcspn(p, "&#");
		char *out, *to;

		if (n <= key_n || strncmp(p, key, key_n) != 0 || p[key_n] != '=')
			continue;
		out = to = calloc(1, n - key_n);
		for (size_t i = key_n + 1; i < n && out != NULL; i++) {
			unsigned byte = (unsigned char)p[i];

			if (byte == '%' && i + 2 < n && isxdigit((unsigned char)p[i + 1]) &&
				isxdigit((unsigned char)p[i + 2])) {
				char hex[3] = { p[i + 1], p[i + 2], '\0' };

				byte = (unsigned)strtoul(hex, NULL, 16);
				i += 2;
			}
			*to++ = (char)(byte == '+' && p[i] == '+' ? ' ' : byte);
		}
		return out;
	}
	return NULL;
}
