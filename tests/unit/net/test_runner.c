/* SPDX-License-Identifier: ISC */
/* tests/unit/net/test_runner.c - commands by a runner, for a confined process, and for one that was taken over. */
#include "godwit/child.h"
#include "net/runner.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

static const char *commands[] = { "echo \"$GODWIT_WORD,$PATH_SEEN\"; exit 3", "cat",
	"sleep 1000 & wait", "kill -ABRT $$" };
enum { WORDS, CATS, SLEEPS, ABORTS };

struct fixture {
	struct gw_command_table table;
	struct gw_runner *runner;
	pid_t pid;
	uv_loop_t loop;
	int pipe[2]; /* what a command writes */
	bool ended;
	int status, signal;
};

static void on_end(void *ctx, int status, int signal)
{
	struct fixture *f = ctx;

	assert_false(f->ended);
	f->ended = true;
	f->status = status;
	f->signal = signal;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	const struct gw_runner_host host = { 0 };
	struct gw_error err = { 0 };
	int server;

	f->table = (struct gw_command_table){ commands, 4, 4 };
	assert_int_equal(gw_runner_open(&f->table, &f->runner, &server, &err), GW_OK);
	f->pid = fork();
	if (f->pid == 0) {
		gw_runner_close(f->runner);
		setenv("GODWIT_WORD", "the runner's own", 1);
		setenv("PATH_SEEN", "kept", 1);
		gw_runner_serve(server, &f->table, &host);
		_exit(0);
	}
	close(server);
	uv_loop_init(&f->loop);
	assert_int_equal(pipe2(f->pipe, O_CLOEXEC), 0);
	*state = f;
	return 0;
}

/* The runner ends with the one whom it serves. */
static int tear_down(void **state)
{
	struct fixture *f = *state;
	int status;

	gw_runner_close(f->runner);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_int_equal(status, 0);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	close(f->pipe[0]);
	if (f->pipe[1] >= 0)
		close(f->pipe[1]);
	free(f);
	return 0;
}

static struct gw_child *start(struct fixture *f, const char *command, char *const *variables)
{
	const struct gw_child_options o = { .runner = f->runner,
		.command = command,
		.variables = variables,
		.in = STDIN_FILENO,
		.out = f->pipe[1],
		.own_session = true };
	struct gw_error err = { 0 };
	struct gw_child *c;

	f->ended = false;
	if (gw_child_start(&f->loop, &o, on_end, f, &c, &err) != GW_OK)
		return NULL;
	return c;
}

static void finish(struct fixture *f, struct gw_child *c)
{
	while (!f->ended)
		uv_run(&f->loop, UV_RUN_ONCE);
	gw_child_close(c, NULL, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
}

static void read_text(struct fixture *f, char *text, size_t size)
{
	ssize_t n = read(f->pipe[0], text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
}

static void a_command(void **state)
{
	struct fixture *f = *state;
	char *variables[] = { (char[]){ "GODWIT_WORD=two words" }, NULL };
	char text[100];

	finish(f, start(f, commands[WORDS], variables));
	read_text(f, text, sizeof text);
	assert_string_equal(text, "two words,kept\n");
	assert_int_equal(f->status, 3);
	assert_int_equal(f->signal, 0);
	finish(f, start(f, commands[ABORTS], NULL));
	assert_int_equal(f->signal, SIGABRT);
}

static void large_variables(void **state)
{
	struct fixture *f = *state;
	char *text = calloc(1, 120001), *variables[] = { text, text, text, NULL };

	memset(text, 'x', 120000);
	for (size_t i = 0; i < strlen("GODWIT_A="); i++)
		text[i] = "GODWIT_A="[i];
	finish(f, start(f, commands[WORDS], variables));
	assert_int_equal(f->status, 3);
	free(text);
}

static void ended_with_its_own(void **state)
{
	struct fixture *f = *state;
	struct gw_child *c = start(f, commands[SLEEPS], NULL);
	char text[10];

	gw_child_signal(c, SIGTERM);
	finish(f, c);
	assert_int_equal(f->signal, SIGTERM);
	close(f->pipe[1]);
	f->pipe[1] = -1;
	read_text(f, text, sizeof text); /* returns when nobody can write any more */
}

static void what_is_no_command(void **state)
{
	struct fixture *f = *state;

	assert_null(start(f, "rm -rf ~", NULL));
}

/* --- taken over ------------------------------------------------------------------------------- */

/* A request as it should not be; the end of the channel that we keep. */
static int forge(struct fixture *f, const struct gw_runner_request *request, size_t fd_count)
{
	int pair[2], fds[8];
	union {
		char bytes[CMSG_SPACE(sizeof fds)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { (void *)(uintptr_t)request, sizeof *request };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *c;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t i = 0; i < 8; i++)
		fds[i] = i == 0 ? pair[1] : f->pipe[1];
	if (fd_count > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	assert_int_equal(sendmsg(f->runner->fd, &m, MSG_NOSIGNAL), sizeof *request);
	close(pair[1]);
	return pair[0];
}

static void expect_closed(int channel)
{
	struct gw_runner_end end;

	assert_int_equal(read(channel, &end, sizeof end), 0);
	close(channel);
}

static void expect_refused(int channel, const char *variables, size_t n)
{
	struct gw_runner_end end;

	assert_int_equal(write(channel, variables, n), n);
	assert_int_equal(read(channel, &end, sizeof end), sizeof end);
	assert_int_equal(end.status, 126);
	close(channel);
}

static void forged_requests(void **state)
{
	struct fixture *f = *state;
	static const char preload[] = "LD_PRELOAD=/tmp/evil.so", none[] = "GODWIT_WORD";
	char many[33 * 10];
	size_t n = 0;
	struct gw_runner_request r = { .verb = GW_RUNNER_RUN, .index = 4 };

	expect_closed(forge(f, &r, 3)); /* beyond the table */
	r.index = UINT32_MAX;
	expect_closed(forge(f, &r, 3));
	r.index = WORDS;
	expect_closed(forge(f, &r, 0)); /* without descriptors, with too few, with too many */
	expect_closed(forge(f, &r, 2));
	expect_closed(forge(f, &r, 8));
	r.verb = 77;
	expect_closed(forge(f, &r, 3));
	r = (struct gw_runner_request){ .verb = GW_RUNNER_SAY, .bytes = 5 };
	expect_closed(forge(f, &r, 3));
	r = (struct gw_runner_request){ .verb = GW_RUNNER_RUN, .bytes = UINT32_MAX };
	expect_closed(forge(f, &r, 3));
	r.bytes = sizeof preload;
	expect_refused(forge(f, &r, 3), preload, sizeof preload);
	r.bytes = sizeof none;
	expect_refused(forge(f, &r, 3), none, sizeof none);
	for (size_t i = 0; i < 33; i++, n += 9)
		memcpy(many + n, "GODWIT_=", 9);
	r.bytes = (uint32_t)n;
	expect_refused(forge(f, &r, 3), many, n);
	assert_int_equal(send(f->runner->fd, "x", 1, MSG_NOSIGNAL), 1); /* no whole request */
	finish(f, start(f, commands[WORDS], NULL));                     /* it serves on */
	assert_int_equal(f->status, 3);
}

/* Only a command, and only so may it be ended. */
static void forged_signals(void **state)
{
	struct fixture *f = *state;
	const struct gw_runner_request r = {
		.verb = GW_RUNNER_RUN, .index = SLEEPS, .own_session = 1
	};
	int channel = forge(f, &r, 3);
	const unsigned char signals[] = { SIGSTOP, 0, 255, SIGKILL };
	struct gw_runner_end end;

	assert_int_equal(write(channel, signals, sizeof signals), sizeof signals);
	assert_int_equal(read(channel, &end, sizeof end), sizeof end);
	assert_int_equal(end.signal, SIGKILL);
	close(channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_variables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_with_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forged_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forged_signals, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
