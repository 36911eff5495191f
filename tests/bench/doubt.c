/* SPDX-License-Identifier: ISC */
/* tests/bench/doubt.c - how long nobody would know whether a mail was taken: from the moment when its last
 * bytes are handed to the kernel to the answer.
 *
 * Usage: doubt PORT BYTES [hasty]     hasty: the last bytes do not wait until the peer has the rest
 */
#include "smtp/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gw_smtp *session;
static struct gw_smtp_message *message;
static size_t left;
static uint64_t leaving_at;

static size_t on_read(void *ctx, char *p, size_t n)
{
	(void)ctx;
	n = n < left ? n : left;
	for (size_t i = 0; i < n; i++)
		p[i] = (left - i) % 72 == 1 ? '\n' : 'x';
	left -= n;
	return n;
}

static void on_recipient(void *ctx, size_t i, const struct gw_smtp_reply *reply)
{
	(void)ctx, (void)i, (void)reply;
}

static void on_leaving(void *ctx)
{
	(void)ctx;
	gw_smtp_leave(message, true);
}

/* Asked directly before the last bytes leave. */
static bool on_wanted(void *ctx)
{
	(void)ctx;
	leaving_at = uv_hrtime();
	return true;
}

static void on_done(void *ctx, const struct gw_smtp_outcome *outcome)
{
	(void)ctx;
	if (outcome->end != GW_SMTP_ACCEPTED)
		exit(1);
	printf("%.0f\n", (double)(uv_hrtime() - leaving_at) / 1e6);
	exit(0);
}

static void on_event(void *ctx, const struct gw_smtp_event *ev)
{
	static const struct gw_smtp_handlers handlers = { .read = on_read,
		.recipient = on_recipient,
		.leaving = on_leaving,
		.wanted = on_wanted,
		.done = on_done };
	static const struct gw_smtp_recipient to = { .address = "a@y" };
	static struct gw_smtp_sender sender = { .address = "me@x.test" };

	(void)ctx;
	sender.size = left;
	if (ev->type != GW_SMTP_READY ||
		gw_smtp_send(session, &sender, &to, 1, &handlers, &message) != GW_OK)
		exit(1);
}

int main(int argc, char **argv)
{
	const struct gw_log log = { 0 };
	struct gw_error err = { 0 };
	struct gw_smtp_options o = { .tls = GW_TLS_NONE, .ehlo_name = "x.test" };
	uv_loop_t loop;

	if (argc < 3)
		return 64;
	o.stream = (struct gw_stream_options){
		.host = "127.0.0.1", .port = (unsigned)atoi(argv[1]), .timeout_ms = 60000
	};
	o.hasty = argc > 3 && strcmp(argv[3], "hasty") == 0;
	left = strtoul(argv[2], NULL, 10);
	uv_loop_init(&loop);
	if (gw_smtp_open(&loop, &log, &o, on_event, NULL, &session, &err) != GW_OK)
		return 1;
	uv_run(&loop, UV_RUN_DEFAULT);
	return 1;
}
