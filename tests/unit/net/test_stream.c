/* SPDX-License-Identifier: ISC */
/* tests/unit/net/test_stream.c - a connection under TLS, read by an owner that stops now and then. */
#include "net/stream.h"
#include "selfsigned.h"
#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <unistd.h>

enum { SENT = 4 << 20, CHUNK = 50000 };

/* What the server sends at a place; 251 is prime, so that no record looks like the one before. */
static char byte_at(size_t at)
{
	return (char)(at % 251);
}

struct server {
	SSL_CTX *tls;
	int listener;
	pthread_t thread;
};

/* Sends all at once, as fast as it is taken. */
static void *serve(void *arg)
{
	struct server *server = arg;
	int fd = accept(server->listener, NULL, NULL);
	SSL *ssl = SSL_new(server->tls);
	static char chunk[CHUNK];
	size_t at = 0;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		while (at < SENT) {
			for (size_t i = 0; i < CHUNK; i++)
				chunk[i] = byte_at(at + i);
			if (SSL_write(ssl, chunk, CHUNK) != CHUNK)
				break;
			at += CHUNK;
		}
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(fd);
	return NULL;
}

static unsigned start(struct server *server, const char *cert_path)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof addr;

	server->tls = selfsigned(cert_path);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(server->listener, 1), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&addr, &n), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
	return ntohs(addr.sin_port);
}

static void stop(struct server *server)
{
	pthread_join(server->thread, NULL);
	close(server->listener);
	SSL_CTX_free(server->tls);
}

struct reader {
	struct gw_stream *stream;
	uv_prepare_t between; /* runs before the loop asks for what can be read */
	bool pauses;
	size_t n, wrong;
	struct gw_error why;
};

static void on_event(void *ctx, const struct gw_stream_event *ev)
{
	struct reader *r = ctx;

	if (ev->type == GW_STREAM_DATA) {
		for (size_t i = 0; i < ev->data.n; i++)
			r->wrong += ev->data.p[i] != byte_at(r->n + i);
		r->n += ev->data.n;
		if (r->pauses)
			gw_stream_pause(r->stream, true);
	} else if (ev->type == GW_STREAM_LOST) {
		r->why = *ev->err;
		gw_stream_close(r->stream);
		uv_close((uv_handle_t *)&r->between, NULL);
	}
}

static void on_between(uv_prepare_t *between)
{
	struct reader *r = between->data;

	gw_stream_pause(r->stream, false);
}

static struct reader read_all(unsigned port, const char *cert_path, bool pauses)
{
	struct reader r = { .pauses = pauses };
	struct gw_log quiet = { 0 };
	struct gw_tls_ctx *tls;
	struct gw_error err = { 0 };
	uv_loop_t loop;

	uv_loop_init(&loop);
	assert_int_equal(
		gw_tls_ctx_new(&(struct gw_tls_trust){ .ca_file = cert_path }, &tls, &err), GW_OK);
	assert_int_equal(gw_stream_open(&loop, &quiet,
				 &(struct gw_stream_options){ .host = "127.0.0.1",
					 .port = port,
					 .tls = tls,
					 .tls_at_once = true,
					 .timeout_ms = 60000 },
				 on_event, &r, &r.stream, &err),
		GW_OK);
	uv_prepare_init(&loop, &r.between);
	r.between.data = &r;
	uv_prepare_start(&r.between, on_between);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	gw_tls_ctx_free(tls);
	return r;
}

static void expect_whole(bool pauses)
{
	char dir[] = "/tmp/test_stream.XXXXXX", cert_path[100];
	struct server server;
	struct reader r;
	unsigned port;

	assert_non_null(mkdtemp(dir));
	snprintf(cert_path, sizeof cert_path, "%s/cert.pem", dir);
	port = start(&server, cert_path);
	r = read_all(port, cert_path, pauses);
	stop(&server);
	unlink(cert_path);
	rmdir(dir);
	assert_string_equal(r.why.text, "127.0.0.1 closed the connection");
	assert_int_equal(r.n, (SENT + CHUNK - 1) / CHUNK * CHUNK);
	assert_int_equal(r.wrong, 0);
}

static void all_at_once(void **state)
{
	(void)state;
	expect_whole(false);
}

/* It goes on just before the loop reads again: what was lent to TLS must not be read over. */
static void with_a_pause_after_each_piece(void **state)
{
	(void)state;
	expect_whole(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(with_a_pause_after_each_piece),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
