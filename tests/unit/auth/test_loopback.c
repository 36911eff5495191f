/* SPDX-License-Identifier: ISC */
/* auth/loopback: whoever comes back from a browser is heard, whatever else connects, and only that is
 * answered. */
#include "auth/loopback.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IDLERS = 200 };

struct run {
	uv_loop_t loop;
	struct gw_loopback *loopback;
	unsigned port;
	unsigned asked; /* queries that came */
	char query[200];
};

static const char *on_query(void *ctx, const char *query, bool *good)
{
	struct run *r = ctx;
	char *state = gw_loopback_field(query, "state");
	bool ours = state != NULL && strcmp(state, "own") == 0;

	r->asked++;
	snprintf(r->query, sizeof r->query, "%s", query);
	free(state);
	*good = ours;
	return ours ? "Thank you." : NULL;
}

static void begin(struct run *r)
{
	struct gw_error err = { 0 };

	*r = (struct run){ 0 };
	assert_int_equal(uv_loop_init(&r->loop), 0);
	assert_int_equal(
		gw_loopback_start(&r->loop, on_query, r, &r->loopback, &r->port, &err), GW_OK);
}

static void end(struct run *r)
{
	gw_loopback_stop(r->loopback);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&r->loop), 0);
}

static int dial(struct run *r)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)r->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	uv_run(&r->loop, UV_RUN_NOWAIT);
	return fd;
}

/* What comes for a request until the other side closes. */
static void ask(struct run *r, const char *target, char *answer, size_t room)
{
	char request[300];
	int fd = dial(r),
	    n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
	size_t got = 0;
	ssize_t came = -1;

	assert_int_equal(write(fd, request, (size_t)n), n);
	while (came != 0) {
		uv_run(&r->loop, UV_RUN_NOWAIT);
		came = read(fd, answer + got, room - 1 - got);
		if (came < 0 && errno != EAGAIN)
			break; /* reset */
		got += came > 0 ? (size_t)came : 0;
	}
	answer[got] = '\0';
	close(fd);
}

static void answers_what_is_ours(void **state)
{
	struct run r;
	char answer[2000];

	(void)state;
	begin(&r);
	ask(&r, "/?code=c&state=own", answer, sizeof answer);
	assert_non_null(strstr(answer, "200 OK"));
	assert_non_null(strstr(answer, "Thank you."));
	assert_string_equal(r.query, "code=c&state=own");
	end(&r);
}

static void says_nothing_to_others(void **state)
{
	static const char *const targets[] = { "/", "/favicon.ico", "/?code=c&state=other",
		"/?code=c", "/x?state=own", "/?" };
	struct run r;
	char answer[2000];

	(void)state;
	begin(&r);
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		ask(&r, targets[i], answer, sizeof answer);
		assert_string_equal(answer, "");
	}
	end(&r);
}

static void idlers_keep_nobody_out(void **state)
{
	struct run r;
	char answer[2000];
	int fds[IDLERS];

	(void)state;
	begin(&r);
	for (size_t i = 0; i < IDLERS; i++)
		fds[i] = dial(&r);
	ask(&r, "/?code=c&state=own", answer, sizeof answer);
	assert_non_null(strstr(answer, "200 OK"));
	assert_int_equal(r.asked, 1);
	for (size_t i = 0; i < IDLERS; i++)
		close(fds[i]);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(answers_what_is_ours),
		cmocka_unit_test(says_nothing_to_others),
		cmocka_unit_test(idlers_keep_nobody_out) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
