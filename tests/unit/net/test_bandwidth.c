/* SPDX-License-Identifier: ISC */
/* tests/unit/net/test_bandwidth.c - the clock of debts, with a clock of ours; and two connections that share it. */
#include "net/bandwidth.h"
#include "net/stream.h"
#include "test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

enum { RATE = 100000, START_MS = 5000000 };

static void a_second_goes_at_once_then_it_is_paid_for(void **state)
{
	struct gw_bandwidth *b = gw_bandwidth_new(RATE);

	(void)state;
	assert_int_equal(gw_bandwidth_charge(b, START_MS, 0), START_MS - 1000);
	assert_int_equal(gw_bandwidth_charge(b, START_MS, RATE), START_MS);
	assert_int_equal(gw_bandwidth_charge(b, START_MS, RATE / 2), START_MS + 500);
	assert_int_equal(gw_bandwidth_charge(b, START_MS + 500, RATE / 4), START_MS + 750);
	/* after a pause, however long: a second's worth */
	assert_int_equal(
		gw_bandwidth_charge(b, START_MS + 90000, (size_t)RATE * 2), START_MS + 91000);
	gw_bandwidth_free(b);
}

static void no_byte_is_too_small_to_be_counted(void **state)
{
	struct gw_bandwidth *b = gw_bandwidth_new(UINT64_C(3) << 30);
	uint64_t until = 0;

	(void)state;
	for (int i = 0; i < 2000000; i++)
		until = gw_bandwidth_charge(b, START_MS, 1);
	assert_true(
		until >= START_MS + 1000); /* rounded up, a byte is a millionth of a second here */
	assert_int_equal(gw_bandwidth_piece(b), 65536);
	gw_bandwidth_free(b);
	b = gw_bandwidth_new(1024);
	assert_int_equal(gw_bandwidth_piece(b), 1024);
	gw_bandwidth_free(b);
}

/* Each moves a piece as soon as it may; the clock goes on by milliseconds. */
static void greedy_ones_share_and_keep_the_rate(void **state)
{
	enum { OTHERS = 7, SECONDS = 20 };
	struct gw_bandwidth *b = gw_bandwidth_new(RATE);
	size_t piece = gw_bandwidth_piece(b), moved[OTHERS] = { 0 }, sum = 0;
	uint64_t may[OTHERS] = { 0 };

	(void)state;
	for (uint64_t now = START_MS; now < START_MS + SECONDS * 1000; now++) {
		for (size_t i = 0; i < OTHERS; i++) {
			if (may[i] > now)
				continue;
			may[i] = gw_bandwidth_charge(b, now, piece);
			moved[i] += piece;
			sum += piece;
		}
		assert_true(sum <= RATE * (now - START_MS + 1000) / 1000 + OTHERS * piece);
	}
	assert_true(sum >= (size_t)RATE * SECONDS);
	for (size_t i = 0; i < OTHERS; i++)
		assert_in_range(moved[i], sum / OTHERS - 2 * piece, sum / OTHERS + 2 * piece);
	gw_bandwidth_free(b);
}

/* A server that talks and listens at once. */
enum { SENT = 100000, LINK_RATE = 120000 };

struct far_end {
	int fd;
	pthread_t talker, listener;
};

static void *talk(void *arg)
{
	static char chunk[SENT];
	struct far_end *f = arg;

	(void)!write(f->fd, chunk, sizeof chunk);
	return NULL;
}

/* Ends the connection when all is heard and said. */
static void *hear(void *arg)
{
	struct far_end *f = arg;
	char chunk[10000];
	ssize_t n;
	size_t sum = 0;

	while (sum < SENT && (n = read(f->fd, chunk, sizeof chunk)) > 0)
		sum += (size_t)n;
	pthread_join(f->talker, NULL);
	close(f->fd);
	return NULL;
}

struct end {
	struct gw_stream *stream;
	uv_loop_t *loop;
	const struct end *all;
	uint64_t began_ms;
	size_t received, sent;
	bool over;
};

/* What both connections moved, by their own count, against the clock of the loop: a slow machine moves less. */
static void check_rate(struct end *e)
{
	uint64_t moved = 0;

	for (size_t i = 0; i < 2; i++) {
		uint64_t in = e->all[i].received, out = e->all[i].sent;

		if (!e->all[i].over)
			gw_stream_traffic(e->all[i].stream, &in, &out);
		moved += in + out;
	}
	assert_true(moved <= (uint64_t)LINK_RATE * (uv_now(e->loop) - e->began_ms + 1000) / 1000 +
				     4 * ((size_t)LINK_RATE / 8));
}

static void on_event(void *ctx, const struct gw_stream_event *ev)
{
	static const char chunk[SENT];
	struct end *e = ctx;

	if (ev->type == GW_STREAM_UP)
		gw_stream_write(e->stream, chunk, sizeof chunk);
	if (ev->type == GW_STREAM_DATA)
		e->received += ev->data.n;
	check_rate(e);
	if (ev->type == GW_STREAM_DRAINED)
		e->sent = SENT;
	if (ev->type ==
		GW_STREAM_LOST) { /* it has said all, and had all before that was drained here */
		assert_int_equal(e->received, SENT);
		e->over = true;
		gw_stream_close(e->stream);
	}
}

static int listen_somewhere(unsigned *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 2), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &n), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

static void two_connections_share_it(void **state)
{
	struct gw_bandwidth *b = gw_bandwidth_new(LINK_RATE);
	struct gw_log quiet = { 0 };
	struct end ends[2];
	struct far_end far[2];
	int listener;
	uv_loop_t loop;
	struct gw_stream_options options = {
		.host = "127.0.0.1", .bandwidth = b, .timeout_ms = 60000
	};

	(void)state;
	uv_loop_init(&loop);
	listener = listen_somewhere(&options.port);
	for (size_t i = 0; i < 2; i++) {
		struct gw_error err = { 0 };

		ends[i] = (struct end){ .loop = &loop, .all = ends, .began_ms = uv_now(&loop) };
		assert_int_equal(gw_stream_open(&loop, &quiet, &options, on_event, &ends[i],
					 &ends[i].stream, &err),
			GW_OK);
	}
	for (size_t i = 0; i < 2; i++) { /* both are dialed, one after the other, by the loop */
		struct pollfd ready = { .fd = listener, .events = POLLIN };

		while (poll(&ready, 1, 0) == 0)
			uv_run(&loop, UV_RUN_ONCE);
		far[i].fd = accept(listener, NULL, NULL);
		pthread_create(&far[i].talker, NULL, talk, &far[i]);
		pthread_create(&far[i].listener, NULL, hear, &far[i]);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < 2; i++) {
		pthread_join(far[i].listener, NULL);
		assert_true(ends[i].over);
	}
	close(listener);
	assert_int_equal(uv_loop_close(&loop), 0);
	gw_bandwidth_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_goes_at_once_then_it_is_paid_for),
		cmocka_unit_test(no_byte_is_too_small_to_be_counted),
		cmocka_unit_test(greedy_ones_share_and_keep_the_rate),
		cmocka_unit_test(two_connections_share_it),
	};

	return cmocka_run_group_tests_name("bandwidth", tests, NULL, NULL);
}
