/* SPDX-License-Identifier: ISC */
/* tests/unit/auth/test_secret.c - commands that give a password: one after another, told of, and ended. */
#include "auth/secret.h"
#include "godwit/auth.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 4 };

/* Several accounts that ask at once. */
struct run {
	uv_loop_t loop;
	char dir[40];
	struct gw_secret *secrets[MOST];
	struct one {
		struct run *run;
		unsigned calls;
		char password[40];
		enum gw_code code;
	} ones[MOST];
	char heard[400]; /* by the listener */
	size_t ended;
	bool cancels; /* the first that ends cancels the others */
};

static void on_secret(void *ctx, const char *password, const struct gw_error *err)
{
	struct one *o = ctx;
	struct run *r = o->run;

	o->calls++;
	o->code = err == NULL ? GW_OK : err->code;
	snprintf(o->password, sizeof o->password, "%s", password == NULL ? "" : password);
	r->secrets[o - r->ones] = NULL;
	r->ended++;
	for (size_t i = 0; r->cancels && i < MOST; i++) {
		if (r->secrets[i] != NULL)
			gw_secret_cancel(r->secrets[i]);
	}
}

static void on_asking(void *ctx, const char *what, bool well)
{
	struct run *r = ctx;
	size_t n = strlen(r->heard);

	snprintf(r->heard + n, sizeof r->heard - n, "%s%s; ", what == NULL ? "none" : what,
		well ? "" : " (failed)");
}

/* Each runs `command` in the directory of the run. */
static struct run *ask(size_t count, const char *command, bool cancels)
{
	struct run *r = calloc(1, sizeof *r);
	struct gw_error err = { 0 };
	char full[400], name[2] = "a";
	struct gw_account account = { .name = name };

	strcpy(r->dir, "/tmp/test_secret.XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->cancels = cancels;
	uv_loop_init(&r->loop);
	gw_asking_listen(on_asking, r);
	snprintf(full, sizeof full, "cd %s; %s", r->dir, command);
	for (size_t i = 0; i < count; i++) {
		r->ones[i].run = r;
		name[0] = (char)('a' + i);
		assert_int_equal(gw_secret_start(&r->loop, full, "password-command", &account,
					 on_secret, &r->ones[i], &r->secrets[i], &err),
			GW_OK);
	}
	uv_run(&r->loop, UV_RUN_DEFAULT);
	gw_asking_listen(NULL, NULL);
	assert_int_equal(uv_loop_close(&r->loop), 0);
	assert_int_equal(r->ended, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(r->ones[i].calls, 1);
	return r;
}

static void end(struct run *r)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", r->dir);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path of our own */
	free(r);
}

/* One that began while another runs would find its directory. */
static void one_after_another(void **state)
{
	struct run *r = ask(3, "mkdir busy && sleep 0.1 && rmdir busy && echo secret", false);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(r->ones[i].code, GW_OK);
		assert_string_equal(r->ones[i].password, "secret");
	}
	assert_string_equal(r->heard, "a: waiting for password-command; none; "
				      "b: waiting for password-command; none; "
				      "c: waiting for password-command; none; ");
	end(r);
}

static void a_failure_is_no_refusal(void **state)
{
	static const char *const commands[] = { "exit 3", "true", "echo", "kill -9 $$" };

	(void)state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct run *r = ask(2, commands[i], false);

		assert_int_equal(r->ones[0].code, GW_ERR_SECRET);
		assert_int_equal(r->ones[1].code, GW_ERR_SECRET);
		assert_string_equal(r->heard, "a: waiting for password-command; none (failed); "
					      "b: waiting for password-command; none (failed); ");
		end(r);
	}
}

static void those_that_wait_can_be_cancelled(void **state)
{
	struct run *r = ask(4, "touch began-$$; echo secret", true);

	(void)state;
	assert_int_equal(r->ones[0].code, GW_OK);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(r->ones[i].code, GW_ERR_CANCELLED);
	assert_string_equal(r->heard, "a: waiting for password-command; none; ");
	end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_another),
		cmocka_unit_test(a_failure_is_no_refusal),
		cmocka_unit_test(those_that_wait_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
