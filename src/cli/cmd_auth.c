/* SPDX-License-Identifier: ISC */
/* cli/cmd_auth.c - `godwit auth`: a person signs an account in. */
#include "cli/cli.h"
#include "cli/terminal.h"

#include "godwit/auth.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

struct run {
	uv_loop_t loop;
	uv_signal_t on_int, on_term;
	uv_poll_t input; /* where an address may be pasted */
	bool has_input;
	uv_process_t browser;
	bool has_browser;
	int input_flags;           /* the terminal is others', too: they get it back as it was */
	struct gw_auth_flow *flow; /* frees itself */
	const struct options *options;
	const struct gw_account *account;
	char typed[16384];
	size_t typed_n;
	bool stopped; /* Ctrl-C */
	struct gw_error err;
};

/* The browser goes on by itself; only its handle is closed. */
static void close_browser(struct run *r)
{
	if (r->has_browser)
		uv_close((uv_handle_t *)&r->browser, NULL);
	r->has_browser = false;
}

static void close_all(struct run *r)
{
	uv_close((uv_handle_t *)&r->on_int, NULL);
	uv_close((uv_handle_t *)&r->on_term, NULL);
	close_browser(r);
	if (r->has_input)
		uv_close((uv_handle_t *)&r->input, NULL);
	if (r->input_flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, r->input_flags);
	r->has_input = false;
}

static void on_browser_exit(uv_process_t *process, int64_t status, int signal)
{
	(void)status, (void)signal; /* the address stands in the terminal as well */
	close_browser(process->data);
}

/* The address is an argument of its own, and no shell sees it. */
static void open_browser(struct run *r, const char *url)
{
	const char *browser = getenv("BROWSER");
	char *program = strdup(browser != NULL && *browser != '\0' ? browser : "xdg-open");
	char *copy = strdup(url);
	char *args[] = { program, copy, NULL };
	uv_stdio_container_t stdio[3] = { { .flags = UV_IGNORE }, { .flags = UV_IGNORE },
		{ .flags = UV_IGNORE } };
	const uv_process_options_t options = { .file = program,
		.args = args,
		.exit_cb = on_browser_exit,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = stdio };

	if (program != NULL && copy != NULL) {
		r->browser.data = r;
		r->has_browser = true; /* its handle is there even if it cannot be started */
		if (uv_spawn(&r->loop, &r->browser, &options) != 0)
			close_browser(r);
	}
	free(program);
	free(copy);
}

static void tell_open(struct run *r, const struct gw_auth_event *ev)
{
	if (ev->code != NULL) {
		printf("Open %s on any device, and type in the code %s\n", ev->url, ev->code);
	} else if (r->options->no_browser) {
		printf("%s\n", ev->url);
	} else {
		printf("Sign in to %s in the browser.  If none opens, go to this address "
		       "yourself:\n\n"
		       "%s\n\n",
			r->account->name, ev->url);
		open_browser(r, ev->url);
	}
	if (ev->code == NULL && r->has_input && !r->options->no_browser)
		printf("With a browser on another machine: it ends at an address that begins with "
		       "http://127.0.0.1 and does not open; paste that here.\n");
	fflush(stdout);
}

static void on_event(void *ctx, const struct gw_auth_event *ev)
{
	struct run *r = ctx;

	switch (ev->type) {
	case GW_AUTH_OPEN:
		tell_open(r, ev);
		break;
	case GW_AUTH_NOTICE:
		fprintf(stderr, "godwit: %s: %s\n", r->account->name, ev->text);
		break;
	case GW_AUTH_DONE:
		r->flow = NULL;
		if (ev->err != NULL)
			r->err = *ev->err;
		else if (r->stopped) /* too late for the flow */
			gw_fail(&r->err, GW_ERR_CANCELLED, "the sign-in was stopped");
		else if (!r->options->quiet)
			printf("%s: signed in\n", r->account->name);
		close_all(r);
		break;
	}
}

static void on_input(uv_poll_t *poll, int status, int events)
{
	struct run *r = poll->data;
	ssize_t n = read(STDIN_FILENO, r->typed + r->typed_n, sizeof r->typed - r->typed_n - 1);
	char *end;

	(void)status, (void)events;
	if (n <= 0) {
		uv_poll_stop(poll);
		return;
	}
	r->typed_n += (size_t)n;
	r->typed[r->typed_n] = '\0';
	end = strchr(r->typed, '\n');
	if (end == NULL && r->typed_n < sizeof r->typed - 1)
		return;
	if (end != NULL)
		*end = '\0';
	if (r->flow != NULL && r->typed[strspn(r->typed, " \t\r")] != '\0')
		gw_auth_paste(r->flow, r->typed);
	explicit_bzero(r->typed, sizeof r->typed);
	r->typed_n = 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct run *r = handle->data;

	(void)number;
	r->stopped = true;
	if (r->flow != NULL)
		gw_auth_cancel(r->flow);
}

static const struct gw_account *find_account(
	const struct options *o, const struct config *config, struct gw_error *err)
{
	if (accounts_check_all(o, config, err) != GW_OK)
		return NULL;
	for (size_t i = 0; i < config->count; i++) {
		if ((o->arg_count == 1 || (o->arg_count == 0 && config->count == 1)) &&
			(config->count == 1 || account_is_chosen(o, &config->accounts[i])))
			return &config->accounts[i];
	}
	gw_fail(err, GW_ERR_CONFIG, "which account?  godwit auth ACCOUNT");
	return NULL;
}

enum gw_code auth_person(const struct options *o, const struct gw_account *account,
	const struct gw_log *log, struct gw_error *err)
{
	struct run r = { .options = o, .account = account };
	sigset_t before;
	struct gw_error local = { 0 };

	uv_loop_init(&r.loop);
	uv_signal_init(&r.loop, &r.on_int);
	uv_signal_init(&r.loop, &r.on_term);
	r.on_int.data = r.on_term.data = r.input.data = &r;
	uv_signal_start(&r.on_int, on_signal, SIGINT);
	uv_signal_start(&r.on_term, on_signal, SIGTERM);
	r.input_flags = fcntl(STDIN_FILENO, F_GETFL);
	r.has_input = uv_poll_init(&r.loop, &r.input, STDIN_FILENO) == 0;
	if (r.has_input)
		uv_poll_start(&r.input, UV_READABLE, on_input);
	if (gw_auth_start(&r.loop, r.account, o->device, log, on_event, &r, &r.flow, &local) !=
		GW_OK)
		on_event(&r, &(struct gw_auth_event){ .type = GW_AUTH_DONE, .err = &local });
	terminal_let_in(&before);
	uv_run(&r.loop, UV_RUN_DEFAULT);
	terminal_shut(&before);
	uv_loop_close(&r.loop);
	*err = r.err;
	return r.err.code;
}

static void on_forgotten(void *ctx, const struct gw_auth_event *ev)
{
	const struct gw_account *account = ctx;

	if (ev->err != NULL)
		complain(account->name, NULL, ev->err);
}

void auth_forget(const struct gw_account *account)
{
	struct gw_error err = { 0 };
	uv_loop_t loop;

	uv_loop_init(&loop);
	if (gw_auth_forget(&loop, account, on_forgotten, (void *)(uintptr_t)account, &err) != GW_OK)
		complain(account->name, NULL, &err);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

int cmd_auth(const struct options *o, const struct config *config, const struct gw_log *log)
{
	struct gw_error err = { 0 };
	const struct gw_account *account = find_account(o, config, &err);

	if (account == NULL) {
		complain(NULL, NULL, &err);
		return err.code == GW_ERR_CONFIG && o->arg_count != 1 ? EX_USAGE
								      : exit_status(&err);
	}
	if (auth_person(o, account, log, &err) != GW_OK)
		complain(account->name, NULL, &err);
	return exit_status(&err);
}
