/* SPDX-License-Identifier: ISC */
/* doctor/endpoint.c - whether another server of the provider can be reached: SMTP (RFC 5321)
 * or POP (RFC 1939), as far as TLS; see doctor_p.h.
 *
 *   CONNECTING --TLS at once--> GREETED
 *   CONNECTING --in clear--> GREETING --220--> HELLO --250--> ASKED --220--> UPGRADING --> done
 *                                     --+OK--> ASKED --+OK--> UPGRADING --> done
 */
#include "base/buf.h"
#include "base/num.h"
#include "doctor/doctor_p.h"
#include "net/delay.h"
#include "net/stream.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 15000, LINE_LIMIT = 16384 };

enum state { CONNECTING, GREETED, GREETING, HELLO, ASKED, UPGRADING, OVER };

struct gw_endpoint {
	enum state state;
	uv_loop_t *loop;
	char *name, *host;        /* owned */
	struct gw_stream *stream; /* owned */
	struct gw_delay *ending;  /* owned */
	struct gw_buf input;
	gw_tell *tell;
	void (*done)(void *ctx);
	void *ctx;
};

static void free_endpoint(struct gw_endpoint *e)
{
	if (e->stream != NULL)
		gw_stream_close(e->stream);
	gw_buf_deinit(&e->input);
	free(e->name);
	free(e->host);
	free(e);
}

static void on_ended(void *ctx)
{
	struct gw_endpoint *e = ctx;

	e->ending = NULL;
	e->done(e->ctx);
	free_endpoint(e);
}

static void end(struct gw_endpoint *e, enum gw_health health, const char *advice, const char *text)
{
	if (e->state == OVER)
		return;
	e->state = OVER;
	if (text != NULL)
		e->tell(e->ctx, e->name, health, advice, text);
	gw_delay_start(e->loop, 0, on_ended, e, &e->ending);
}

static void say(struct gw_endpoint *e, enum state next, const char *line)
{
	e->state = next;
	gw_stream_write(e->stream, line, strlen(line));
}

static void take_line(struct gw_endpoint *e, const char *line)
{
	bool last = strlen(line) < 4 || line[3] != '-'; /* of an answer of several lines */
	bool smtp = strncmp(line, "220", 3) == 0 || strncmp(line, "250", 3) == 0;
	bool pop = strncmp(line, "+OK", 3) == 0;

	if (!last)
		return;
	if (!smtp && !pop) {
		end(e, GW_HEALTH_BAD, "the server is up and refuses; it may say why", line);
	} else if (e->state == GREETED) {
		end(e, GW_HEALTH_GOOD, NULL, "reached, with TLS");
	} else if (e->state == GREETING && smtp) {
		say(e, HELLO, "EHLO localhost\r\n");
	} else if (e->state == HELLO) {
		say(e, ASKED, "STARTTLS\r\n");
	} else if (e->state == GREETING) {
		say(e, ASKED, "STLS\r\n");
	} else if (e->state == ASKED) {
		e->state = UPGRADING;
		gw_buf_reset(&e->input);
		gw_stream_start_tls(e->stream);
	}
}

static void take_data(struct gw_endpoint *e, struct gw_slice data)
{
	const char *nl;

	if (gw_buf_append(&e->input, data.p, data.n) != GW_OK) {
		end(e, GW_HEALTH_BAD, "is the port right?", "it sends something that is not mail");
		return;
	}
	while (e->state != OVER && e->state != UPGRADING &&
		(nl = memchr(gw_buf_cstr(&e->input), '\n', e->input.n)) != NULL) {
		char line[400];
		size_t n = (size_t)(nl - e->input.p);

		snprintf(line, sizeof line, "%.*s", (int)(n > 0 && nl[-1] == '\r' ? n - 1 : n),
			e->input.p);
		gw_buf_consume(&e->input, n + 1);
		take_line(e, line);
	}
}

static void on_stream(void *ctx, const struct gw_stream_event *ev)
{
	struct gw_endpoint *e = ctx;

	switch (ev->type) {
	case GW_STREAM_UP:
		gw_stream_expect(e->stream, true);
		e->state = gw_stream_is_tls(e->stream) ? GREETED : GREETING;
		break;
	case GW_STREAM_TLS_UP:
		end(e, GW_HEALTH_GOOD, NULL, "reached, with TLS after STARTTLS");
		break;
	case GW_STREAM_DATA:
		take_data(e, ev->data);
		break;
	case GW_STREAM_LOST:
		end(e, GW_HEALTH_BAD, "other programs that use it will fail as well",
			ev->err->text);
		break;
	case GW_STREAM_DRAINED:
		break;
	}
}

static bool read_name(struct gw_endpoint *e, const char *endpoint, uint64_t *port)
{
	const char *colon = strrchr(endpoint, ':');

	e->name = strdup(endpoint);
	e->host = colon == NULL
			  ? NULL
			  : gw_slice_dup((struct gw_slice){ endpoint, (size_t)(colon - endpoint) });
	return e->name != NULL && e->host != NULL && e->host[0] != '\0' &&
	       gw_read_u64(gw_slice_str(colon + 1), 65535, port) && *port > 0;
}

enum gw_code gw_endpoint_check(uv_loop_t *loop, const struct gw_log *log, const char *endpoint,
	const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_tell *tell,
	void (*done)(void *ctx), void *ctx, struct gw_endpoint **out, struct gw_error *err)
{
	struct gw_endpoint *e = calloc(1, sizeof *e);
	struct gw_stream_options options = { .proxy = proxy, .tls = tls, .timeout_ms = TIMEOUT_MS };
	struct gw_error local = { 0 };
	uint64_t port = 0;

	*out = NULL;
	if (e == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	e->loop = loop;
	e->tell = tell;
	e->done = done;
	e->ctx = ctx;
	gw_buf_init(&e->input, LINE_LIMIT);
	*out = e;
	if (!read_name(e, endpoint, &port)) {
		end(e, GW_HEALTH_BAD, "write it as \"smtp.example.org:587\" in `also-check`",
			"it is not a host and a port");
		return GW_OK;
	}
	options.host = e->host;
	options.port = (unsigned)port;
	options.tls_at_once = port == 465 || port == 993 || port == 995;
	if (gw_stream_open(loop, log, &options, on_stream, e, &e->stream, &local) != GW_OK)
		end(e, GW_HEALTH_BAD, NULL, local.text);
	return GW_OK;
}

void gw_endpoint_cancel(struct gw_endpoint *e)
{
	end(e, GW_HEALTH_BAD, NULL, NULL);
}
