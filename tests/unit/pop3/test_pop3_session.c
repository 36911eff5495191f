/* SPDX-License-Identifier: ISC */
/* tests/unit/pop3/test_pop3_session.c - the session against a server that fails at any byte (pop3d).
 *
 * What must hold: a command that is told DONE was answered, whole; every command is told once, in
 * its order; GONE comes once, last; nothing waits for ever.
 */
#include "test.h"

#include "auth/sasl.h"
#include "pop3/session.h"
#include "pop3_server.h"

#include <sys/stat.h>

enum { MESSAGES = 3 };

static const char *const texts[MESSAGES] = { "Subject: a\n\n.\n..dots\nlast\n", "Subject: b\n\n",
	"Subject: c\n\nbody of c\n" };
static const char *const wires[MESSAGES] = { "Subject: a\r\n\r\n.\r\n..dots\r\nlast\r\n",
	"Subject: b\r\n\r\n", "Subject: c\r\n\r\nbody of c\r\n" };

static struct pop3_server server;

struct run {
	struct gw_pop3 *session;
	bool up, gone, quit;
	enum gw_code gone_code;
	unsigned wait_s;
	char gone_text[600];
	char told[64]; /* a letter for each command, in the order of their ends */
	size_t told_n;
	uint32_t next_number;
	size_t bodies_done, asked;
	bool close_when_up, close_at_body;
	struct gw_buf body;
};

static int start_server(void **state)
{
	char name[40];

	(void)state;
	pop3_server_start(&server, POP3D);
	for (int i = 0; i < MESSAGES; i++) {
		snprintf(name, sizeof name, "mail/m%d", i);
		pop3_server_put(&server, name, texts[i]);
	}
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	return pop3_server_stop(&server);
}

static void tell(struct run *r, char letter, enum gw_pop3_end end)
{
	assert_false(r->gone);
	r->told[r->told_n++] = end == GW_POP3_DONE      ? letter
			       : end == GW_POP3_REFUSED ? '-'
			       : end == GW_POP3_BROKEN  ? '!'
							: '?';
}

static void on_body(void *ctx, uint32_t number, struct gw_slice bytes)
{
	struct run *r = ctx;

	assert_int_equal(number, r->next_number);
	gw_buf_append(&r->body, bytes.p, bytes.n);
	if (r->close_at_body)
		gw_pop3_close(&r->session);
}

static void on_body_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct run *r = ctx;

	assert_int_equal(number, r->next_number++);
	tell(r, 'r', a->end);
	if (a->end == GW_POP3_DONE) {
		assert_string_equal(gw_buf_cstr(&r->body), wires[number - 1]);
		r->bodies_done++;
	}
	gw_buf_reset(&r->body);
}

static void on_other_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	(void)number;
	tell(ctx, 'o', a->end);
}

static void on_quit_done(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct run *r = ctx;

	(void)number;
	tell(r, 'q', a->end);
	r->quit = a->end == GW_POP3_DONE;
	if (r->quit)
		gw_pop3_close(&r->session);
}

static void ask(struct run *r, enum gw_pop3_verb verb, uint32_t number,
	void (*done)(void *ctx, uint32_t number, const struct gw_pop3_answer *a))
{
	const struct gw_pop3_handlers h = {
		.data = done == on_body_done ? on_body : NULL, .done = done, .ctx = r
	};

	r->asked += gw_pop3_ask(r->session, verb, number, 100, &h) == GW_OK;
}

static void on_event(void *ctx, const struct gw_pop3_event *ev)
{
	struct run *r = ctx;

	assert_false(r->gone);
	if (ev->type == GW_POP3_GONE) {
		r->gone = true;
		r->gone_code = ev->err->code;
		r->wait_s = ev->err->wait_s;
		snprintf(r->gone_text, sizeof r->gone_text, "%s", ev->err->text);
		assert_int_equal(ev->err->scope, GW_SCOPE_ACCOUNT);
		gw_pop3_close(&r->session);
		return;
	}
	assert_false(r->up);
	r->up = true;
	if (r->close_when_up) {
		gw_pop3_close(&r->session);
		return;
	}
	ask(r, GW_POP3_DO_STAT, 0, on_other_done);
	ask(r, GW_POP3_DO_UIDL, 0, on_other_done);
	ask(r, GW_POP3_DO_LIST, 0, on_other_done);
	ask(r, GW_POP3_DO_TOP, 2, on_other_done);
	for (uint32_t i = 1; i <= MESSAGES; i++)
		ask(r, GW_POP3_DO_RETR, i, on_body_done);
	ask(r, GW_POP3_DO_RETR, 77, on_other_done);
	ask(r, GW_POP3_DO_QUIT, 0, on_quit_done);
}

static void run_with(struct run *r, const char *rules, enum gw_tls_mode tls, unsigned timeout_ms)
{
	uv_loop_t loop;
	struct gw_error err = { 0 };
	const struct gw_log log = { 0 };
	struct gw_sasl *sasl = gw_sasl_password_new("me", "secret");
	const struct gw_pop3_options o = {
		.stream = { .host = "127.0.0.1", .port = server.port, .timeout_ms = timeout_ms },
		.tls = tls,
		.sasl = sasl,
	};

	pop3_server_put(&server, "rules", rules);
	r->next_number = 1;
	gw_buf_init(&r->body, 1 << 16);
	uv_loop_init(&loop);
	assert_int_equal(gw_pop3_open(&loop, &log, &o, on_event, r, &r->session, &err), GW_OK);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_null(r->session);
	gw_sasl_unref(&sasl);
	gw_buf_deinit(&r->body);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_whole(void **state)
{
	static const char *const rules[] = { "", "pipelining\n", "pipelining\nsize -5\n" };

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		struct run r = { 0 };

		run_with(&r, rules[i], GW_TLS_NONE, 10000);
		assert_true(r.up && r.quit && !r.gone);
		assert_string_equal(r.told, "ooo"
					    "o"
					    "rrr"
					    "-"
					    "q");
	}
}

/* After every step-th byte that the server sends, or reads. */
static void cut_everywhere(
	const char *more, const char *word, const char *how, unsigned step, unsigned timeout_ms)
{
	bool ended = false;

	for (unsigned n = 0; !ended; n += step) {
		struct run r = { 0 };
		char rules[200];

		snprintf(rules, sizeof rules, "%s%s %u %s\n", more, word, n, how);
		run_with(&r, rules, GW_TLS_NONE, timeout_ms);
		ended = r.quit;
		if (ended)
			break;
		assert_true(r.gone);
		assert_int_equal(r.told_n, r.up ? r.asked : 0);
		assert_true(n < 3000);
		if (r.told_n > 0) { /* what was answered, one that broke, and what came after it */
			size_t done = strspn(r.told, "orq-");

			assert_true(r.told[done] == '!');
			assert_int_equal(done + 1 + strspn(r.told + done + 1, "?"), r.told_n);
		}
	}
}

static void test_cuts(void **state)
{
	(void)state;
	cut_everywhere("", "cut", "fin", 5, 10000);
	cut_everywhere("pipelining\n", "cut", "fin", 2, 10000);
	cut_everywhere("pipelining\n", "cut", "rst", 11, 10000);
	cut_everywhere("", "cutread", "fin", 1, 10000);
	cut_everywhere("pipelining\n", "cutread", "rst", 3, 10000);
	cut_everywhere("pipelining\n", "cut", "silence", 61, 150);
	cut_everywhere("", "cutread", "silence", 29, 150);
}

static void test_refused(void **state)
{
	static const struct {
		const char *rules;
		enum gw_tls_mode tls;
		enum gw_code code;
		unsigned wait_s;
		const char *text;
	} rows[] = {
		{ "refuse PASS [AUTH] no\n", GW_TLS_NONE, GW_ERR_AUTH, 0,
			"refused the sign-in: [AUTH] no" },
		{ "refuse PASS no\n", GW_TLS_NONE, GW_ERR_AUTH, 0, "no" },
		{ "refuse PASS [IN-USE] busy\n", GW_TLS_NONE, GW_ERR_BUSY, 60, "[IN-USE] busy" },
		{ "login-delay 77\nrefuse PASS [LOGIN-DELAY] soon\n", GW_TLS_NONE, GW_ERR_BUSY, 77,
			"soon" },
		{ "refuse USER [SYS/PERM] gone\n", GW_TLS_NONE, GW_ERR_REFUSED, 0, "gone" },
		{ "", GW_TLS_STARTTLS, GW_ERR_SECURITY, 0, "offers no STLS" },
		{ "nocapa\n", GW_TLS_STARTTLS, GW_ERR_SECURITY, 0, "does not begin TLS" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct run r = { 0 };

		run_with(&r, rows[i].rules, rows[i].tls, 10000);
		assert_true(r.gone && !r.up);
		assert_int_equal(r.gone_code, rows[i].code);
		assert_int_equal(r.wait_s, rows[i].wait_s);
		assert_non_null(strstr(r.gone_text, rows[i].text));
	}
}

/* Without CAPA it goes on with what RFC 1939 has. */
static void test_no_capa(void **state)
{
	struct run r = { 0 };

	(void)state;
	run_with(&r, "nocapa\nnotop\n", GW_TLS_NONE, 10000);
	assert_true(r.quit);
	assert_string_equal(r.told, "ooo-rrr-q");
}

static void test_close(void **state)
{
	struct run at_up = { .close_when_up = true }, at_body = { .close_at_body = true };

	(void)state;
	run_with(&at_up, "", GW_TLS_NONE, 10000);
	assert_true(at_up.up && !at_up.gone && at_up.told_n == 0);
	run_with(&at_body, "pipelining\n", GW_TLS_NONE, 10000);
	assert_true(!at_body.gone && at_body.told_n == 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_capa),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_cuts),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
