/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_http.c - a provider's bytes, over a connection, into the HTTP client and into what reads
 * the answers of OAuth 2.0: each question ends once, with an answer or a reason.
 *
 * The first byte says who asks, and how the answer is cut; what follows is the answer, or its JSON.
 */
#include "auth/token.h"
#include "auth/userinfo.h"
#include "net/http.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOKEN = 1, USERINFO = 2, AS_JSON = 4, CUT = 8, ANSWER_MAX = 256 * 1024 };

static struct {
	uv_loop_t loop;
	uv_tcp_t listener, peer;
	struct gw_account account;
	struct gw_log log;
	char url[64];
	char head[128]; /* before the answer, where that is JSON */
	uv_buf_t bufs[3];
	unsigned buf_count, written;
	unsigned answers;
	char chunk[4096];
	uv_write_t write;
	uv_shutdown_t shutdown;
} world;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void on_peer_closed(uv_handle_t *handle)
{
	handle->data = NULL;
}

static void close_peer(void)
{
	if (world.peer.data != NULL && !uv_is_closing((uv_handle_t *)&world.peer))
		uv_close((uv_handle_t *)&world.peer, on_peer_closed);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	(void)request;
	(void)status;
	close_peer();
}

/* Piece by piece, each when the one before has gone out. */
static void on_written(uv_write_t *request, int status)
{
	(void)request;
	if (status == 0 && world.written < world.buf_count &&
		uv_write(&world.write, (uv_stream_t *)&world.peer, &world.bufs[world.written++], 1,
			on_written) == 0)
		return;
	if (uv_shutdown(&world.shutdown, (uv_stream_t *)&world.peer, on_shutdown) != 0)
		close_peer();
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(world.chunk, sizeof world.chunk);
}

static void on_question(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)buf;
	if (n < 0)
		close_peer();
	else if (n > 0 && uv_read_stop(stream) == 0)
		on_written(&world.write, 0);
}

static void on_connection(uv_stream_t *server, int status)
{
	require(status == 0 && world.peer.data == NULL);
	uv_tcp_init(&world.loop, &world.peer);
	world.peer.data = &world;
	require(uv_accept(server, (uv_stream_t *)&world.peer) == 0);
	uv_read_start((uv_stream_t *)&world.peer, on_alloc, on_question);
}

static void begin(void)
{
	struct sockaddr_storage at;
	struct sockaddr_in any;
	int n = sizeof at;

	world.log.level = GW_LOG_ERROR;
	uv_loop_init(&world.loop);
	uv_ip4_addr("127.0.0.1", 0, &any);
	uv_tcp_init(&world.loop, &world.listener);
	uv_tcp_bind(&world.listener, (struct sockaddr *)&any, 0);
	require(uv_listen((uv_stream_t *)&world.listener, 8, on_connection) == 0);
	uv_unref((uv_handle_t *)&world.listener);
	uv_tcp_getsockname(&world.listener, (struct sockaddr *)&at, &n);
	snprintf(world.url, sizeof world.url, "http://127.0.0.1:%d/token",
		ntohs(((struct sockaddr_in *)&at)->sin_port));
	world.account.oauth2.client_id = (char *)"client";
	world.account.oauth2.userinfo_url = world.url;
}

static void on_http(void *ctx, unsigned status, struct gw_slice body, const struct gw_error *err)
{
	(void)ctx;
	require(err == NULL ? status < 1000 && body.n <= ANSWER_MAX : err->text[0] != '\0');
	world.answers++;
}

static void on_token(void *ctx, const struct gw_token_answer *answer, const struct gw_error *err)
{
	(void)ctx;
	require(err == NULL || err->text[0] != '\0');
	if (err == NULL)
		require(answer != NULL && answer->refusal == NULL &&
			(answer->tokens.access != NULL || answer->device_code != NULL));
	world.answers++;
}

static void on_address(void *ctx, const char *address)
{
	(void)ctx;
	world.answers += address == NULL || strlen(address) <= ANSWER_MAX;
}

static enum gw_code ask(uint8_t how)
{
	struct gw_error err = { 0 };
	struct gw_userinfo *userinfo;
	struct gw_token *token;
	struct gw_http *http;
	struct gw_buf fields;
	enum gw_code code;

	if (how & USERINFO)
		return gw_userinfo_ask(&world.loop, &world.log, &world.account, "token", on_address,
			NULL, &userinfo, &err);
	if (!(how & TOKEN))
		return gw_http_get(&world.loop, &world.log, world.url, "token", NULL, NULL, on_http,
			NULL, &http, &err);
	gw_buf_init(&fields, 4096);
	code = gw_token_ask(&world.loop, &world.log, &world.account, world.url, &fields, on_token,
		NULL, &token, &err);
	gw_buf_deinit(&fields);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how = size == 0 ? 0 : data[0];
	char *text = size == 0 ? NULL : (char *)data + 1;
	size_t n = size == 0 ? 0 : size - 1, cut = how & CUT ? n / 2 : n;

	if (world.url[0] == '\0')
		begin();
	world.buf_count = world.written = world.answers = 0;
	if (how & AS_JSON) {
		snprintf(world.head, sizeof world.head,
			"HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n",
			how & 16 ? "400 Bad Request" : "200 OK", n);
		world.bufs[world.buf_count++] =
			uv_buf_init(world.head, (unsigned)strlen(world.head));
	}
	if (cut > 0)
		world.bufs[world.buf_count++] = uv_buf_init(text, (unsigned)cut);
	if (n > cut)
		world.bufs[world.buf_count++] = uv_buf_init(text + cut, (unsigned)(n - cut));
	require(ask(how) == GW_OK);
	uv_run(&world.loop, UV_RUN_DEFAULT);
	require(world.answers == 1);
	return 0;
}
