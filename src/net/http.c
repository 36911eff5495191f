/* SPDX-License-Identifier: ISC */
/* net/http.c - see http.h. */
#include "net/http.h"

#include "base/text.h"
#include "net/delay.h"
#include "net/stream.h"

#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SKEW_S = 300, DATE_MAX = 40 };
enum { TIMEOUT_MS = 30000, WHOLE_MS = 60000, BODY_MAX = 256 * 1024, REQUEST_MAX = 64 * 1024 };

struct gw_http {
	struct gw_stream *stream; /* owned */
	struct gw_delay *ending;  /* owned; cb is called from the loop */
	http_parser parser;
	struct gw_buf request, body;
	char *host; /* owned */
	bool complete, in_date;
	char date[DATE_MAX]; /* the answer's Date, as it came */
	const struct gw_log *log;
	struct gw_error err;
	gw_http_cb *cb;
	void *ctx;
	uv_loop_t *loop;
};

static void free_http(struct gw_http *h)
{
	if (h->stream != NULL)
		gw_stream_close(h->stream);
	gw_buf_deinit(&h->request);
	gw_buf_deinit(&h->body);
	free(h->host);
	free(h);
}

static void on_ended(void *ctx)
{
	struct gw_http *h = ctx;
	bool ok = h->err.code == GW_OK && h->complete;

	h->ending = NULL;
	if (!ok)
		gw_fail(&h->err, GW_ERR_NET, "%s ended the connection without an answer", h->host);
	h->cb(h->ctx, ok ? h->parser.status_code : 0,
		(struct gw_slice){ gw_buf_cstr(&h->body), ok ? h->body.n : 0 },
		ok ? NULL : &h->err);
	free_http(h);
}

static void end(struct gw_http *h)
{
	if (h->ending == NULL)
		gw_delay_start(h->loop, 0, on_ended, h, &h->ending);
}

/* --- the answer ------------------------------------------------------------------------------ */

static int on_body(http_parser *parser, const char *p, size_t n)
{
	struct gw_http *h = parser->data;

	return gw_buf_append(&h->body, p, n) == GW_OK ? 0 : -1;
}

static int on_field(http_parser *parser, const char *p, size_t n)
{
	struct gw_http *h = parser->data;

	h->in_date = gw_slice_case_eq((struct gw_slice){ p, n }, "Date");
	return 0;
}

static int on_value(http_parser *parser, const char *p, size_t n)
{
	struct gw_http *h = parser->data;

	if (h->in_date)
		snprintf(h->date, sizeof h->date, "%.*s", (int)(n < DATE_MAX ? n : 0), p);
	return 0;
}

/* Tokens and certificates are good for a time only, so a clock that is wrong is often behind what
 * goes wrong.  RFC 9110 5.6.7. */
static void check_clock(const struct gw_http *h)
{
	struct tm tm = { 0 };
	const char *rest = strptime(h->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	long long off;

	if (rest == NULL || *rest != '\0')
		return;
	off = (long long)time(NULL) - (long long)timegm(&tm);
	if (off > SKEW_S || off < -SKEW_S)
		gw_log(h->log, GW_LOG_WARN,
			"the clock of this machine is %lld minutes %s that of %s: set it right, "
			"tokens and certificates are good for a time only",
			(off < 0 ? -off : off) / 60, off < 0 ? "behind" : "ahead of", h->host);
}

static int on_complete(http_parser *parser)
{
	struct gw_http *h = parser->data;

	check_clock(h);
	h->complete = true;
	return 0;
}

static const http_parser_settings settings = { .on_header_field = on_field,
	.on_header_value = on_value,
	.on_body = on_body,
	.on_message_complete = on_complete };

static void parse(struct gw_http *h, const char *p, size_t n)
{
	size_t eaten;

	if (h->complete || h->ending != NULL)
		return;
	eaten = http_parser_execute(&h->parser, &settings, p, n);
	if (!h->complete && (eaten != n || HTTP_PARSER_ERRNO(&h->parser) != HPE_OK))
		gw_fail(&h->err, GW_ERR_PROTOCOL, "%s did not answer in HTTP (%s)", h->host,
			http_errno_name(HTTP_PARSER_ERRNO(&h->parser)));
	if (h->complete || h->err.code != GW_OK)
		end(h);
}

static void on_stream(void *ctx, const struct gw_stream_event *ev)
{
	struct gw_http *h = ctx;

	switch (ev->type) {
	case GW_STREAM_UP:
		gw_stream_expect(h->stream, true);
		gw_stream_write(h->stream, h->request.p, h->request.n);
		break;
	case GW_STREAM_DATA:
		parse(h, ev->data.p, ev->data.n);
		break;
	case GW_STREAM_LOST:
		/* An answer without a length ends with the connection. */
		http_parser_execute(&h->parser, &settings, "", 0);
		if (!h->complete && h->err.code == GW_OK)
			h->err = *ev->err;
		end(h);
		break;
	case GW_STREAM_TLS_UP:
	case GW_STREAM_DRAINED:
		break;
	}
}

/* --- the request ----------------------------------------------------------------------------- */

enum gw_code gw_http_add_field(struct gw_buf *form, const char *key, const char *value)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	enum gw_code code = GW_OK;

	if (form->n > 0 && form->p[form->n - 1] != '?')
		code = gw_buf_puts(form, "&");
	if (code == GW_OK)
		code = gw_buf_puts(form, key);
	if (code == GW_OK)
		code = gw_buf_puts(form, "=");
	for (const char *p = value; *p != '\0' && code == GW_OK; p++) {
		if (strchr(plain, *p) != NULL)
			code = gw_buf_append(form, p, 1);
		else
			code = gw_buf_printf(form, "%%%02X", (unsigned char)*p);
	}
	return code;
}

struct url {
	bool tls;
	char host[256];
	unsigned port;
	const char *path;
};

static bool read_url(const char *text, struct url *u)
{
	struct http_parser_url parts;
	size_t n;

	http_parser_url_init(&parts);
	if (http_parser_parse_url(text, strlen(text), 0, &parts) != 0 ||
		!(parts.field_set & (1 << UF_HOST)))
		return false;
	n = parts.field_data[UF_HOST].len;
	if (n == 0 || n >= sizeof u->host)
		return false;
	memcpy(u->host, text + parts.field_data[UF_HOST].off, n);
	u->host[n] = '\0';
	u->tls = strncmp(text, "https:", 6) == 0;
	if (!u->tls && (strncmp(text, "http:", 5) != 0 || !gw_is_loopback(u->host)))
		return false; /* a secret does not travel in clear */
	u->port = parts.port != 0 ? parts.port : u->tls ? 443 : 80;
	u->path = (parts.field_set & (1 << UF_PATH)) ? text + parts.field_data[UF_PATH].off : "/";
	return true;
}

struct request {
	bool posts; /* the form; else it is a GET */
	struct gw_slice form;
	const char *token; /* of a GET; NULL: none */
};

static enum gw_code write_request(struct gw_http *h, const struct url *u, const struct request *r)
{
	enum gw_code code = gw_buf_printf(&h->request,
		"%s %s HTTP/1.1\r\nHost: %s:%u\r\nUser-Agent: godwit\r\nAccept: "
		"application/json, */*;q=0.1\r\nConnection: close\r\n",
		r->posts ? "POST" : "GET", u->path, u->host, u->port);

	if (code == GW_OK && r->token != NULL)
		code = gw_buf_printf(&h->request, "Authorization: Bearer %s\r\n", r->token);
	if (code == GW_OK && !r->posts)
		return gw_buf_puts(&h->request, "\r\n");
	if (code == GW_OK)
		code = gw_buf_printf(&h->request,
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
			"%zu\r\n\r\n",
			r->form.n);
	return code == GW_OK ? gw_buf_append(&h->request, r->form.p, r->form.n) : code;
}

static enum gw_code start(uv_loop_t *loop, const struct gw_log *log, const char *url,
	const struct request *request, const struct gw_proxy *proxy, struct gw_tls_ctx *tls,
	gw_http_cb *cb, void *ctx, struct gw_http **out, struct gw_error *err)
{
	struct gw_stream_options options = { .timeout_ms = TIMEOUT_MS, .settle_ms = WHOLE_MS };
	struct gw_http *h;
	struct url u;
	enum gw_code code = GW_ERR_NOMEM;

	*out = NULL;
	if (!read_url(url, &u))
		return gw_fail(err, GW_ERR_CONFIG,
			"%s is not a URL that can be used: it has to be https, or http on this "
			"machine",
			url);
	h = calloc(1, sizeof *h);
	if (h == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	h->loop = loop;
	h->log = log;
	h->cb = cb;
	h->ctx = ctx;
	h->host = strdup(u.host);
	gw_buf_init_locked(&h->request, REQUEST_MAX); /* tokens are asked for, and come */
	gw_buf_init_locked(&h->body, BODY_MAX);
	http_parser_init(&h->parser, HTTP_RESPONSE);
	h->parser.data = h;
	options.host = h->host;
	options.port = u.port;
	options.tls = u.tls ? tls : NULL;
	options.tls_at_once = u.tls;
	options.proxy = u.tls ? proxy : NULL; /* http is of this machine */
	if (h->host != NULL && write_request(h, &u, request) == GW_OK)
		code = gw_stream_open(loop, log, &options, on_stream, h, &h->stream, err);
	if (code != GW_OK) {
		free_http(h);
		return gw_fail(err, code, "out of memory");
	}
	*out = h;
	return GW_OK;
}

enum gw_code gw_http_post(uv_loop_t *loop, const struct gw_log *log, const char *url,
	struct gw_slice form, const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_http_cb *cb,
	void *ctx, struct gw_http **out, struct gw_error *err)
{
	return start(loop, log, url, &(struct request){ .posts = true, .form = form }, proxy, tls,
		cb, ctx, out, err);
}

enum gw_code gw_http_get(uv_loop_t *loop, const struct gw_log *log, const char *url,
	const char *token, const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_http_cb *cb,
	void *ctx, struct gw_http **out, struct gw_error *err)
{
	return start(
		loop, log, url, &(struct request){ .token = token }, proxy, tls, cb, ctx, out, err);
}

void gw_http_cancel(struct gw_http *h)
{
	gw_fail(&h->err, GW_ERR_CANCELLED, "cancelled");
	end(h);
}
