/* SPDX-License-Identifier: ISC */
/* tests/unit/net/test_proc.c - helper programs end, whatever they leave behind. */
#include "net/proc.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct outcome {
	unsigned calls;
	char output[100];
	enum gw_code code;
};

static void on_done(void *ctx, struct gw_slice output, const struct gw_error *err)
{
	struct outcome *o = ctx;

	o->calls++;
	snprintf(o->output, sizeof o->output, "%.*s", (int)output.n, output.p);
	o->code = err == NULL ? GW_OK : err->code;
}

static struct outcome run(const char *command, const char *input, unsigned timeout_ms)
{
	struct outcome o = { 0 };
	struct gw_error err = { 0 };
	struct gw_proc *proc;
	uv_loop_t loop;

	uv_loop_init(&loop);
	assert_int_equal(
		gw_proc_start(&loop, NULL, command, input, timeout_ms, on_done, &o, &proc, &err),
		GW_OK);
	uv_run(&loop, UV_RUN_DEFAULT); /* returns when nothing is left */
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(o.calls, 1);
	return o;
}

/* Waits for the end of a process that told its number. */
static void expect_gone(const char *number)
{
	pid_t pid = (pid_t)atol(number);

	assert_true(pid > 1);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void output_and_status(void **state)
{
	struct outcome o = run("echo secret", NULL, 10000);

	(void)state;
	assert_string_equal(o.output, "secret\n");
	assert_int_equal(o.code, GW_OK);
	assert_string_equal(run("cat", "typed", 10000).output, "typed");
	assert_int_equal(run("exit 3", NULL, 10000).code, GW_ERR_AUTH);
	assert_int_equal(run("head -c 100000 /dev/zero", NULL, 10000).code, GW_ERR_LIMIT);
}

static void a_child_that_holds_the_output(void **state)
{
	struct outcome o = run("sleep 1000 & echo $!", NULL, 60000);

	(void)state;
	assert_int_equal(o.code, GW_OK);
	expect_gone(o.output);
}

static void one_that_ignores_sigterm(void **state)
{
	struct outcome o = run("trap '' TERM; echo $$; while :; do sleep 1; done", NULL, 300);

	(void)state;
	assert_int_equal(o.code, GW_ERR_TIMEOUT);
	expect_gone(o.output);
}

static void a_child_that_ignores_it(void **state)
{
	struct outcome o =
		run("(trap '' TERM; while :; do sleep 1; done) & echo $!; wait", NULL, 300);

	(void)state;
	assert_int_equal(o.code, GW_ERR_TIMEOUT);
	expect_gone(o.output);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(output_and_status),
		cmocka_unit_test(a_child_that_holds_the_output),
		cmocka_unit_test(one_that_ignores_sigterm),
		cmocka_unit_test(a_child_that_ignores_it) };
	int null = open("/dev/null", O_RDONLY);

	dup2(null, STDIN_FILENO); /* no terminal to share */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
