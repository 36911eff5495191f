/* SPDX-License-Identifier: ISC */
/* cli/cmd_doctor.c - `godwit doctor`. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/terminal.h"

#include "godwit/doctor.h"
#include "godwit/json.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <uv.h>

struct run {
	uv_loop_t loop;
	uv_signal_t on_int;
	const struct options *options;
	const struct gw_account *account;
	struct gw_doctor *doctor; /* frees itself */
	bool stopped, fair, bad;
};

static void print_json(const struct run *r, const struct gw_finding *f)
{
	static const char *const names[] = { "good", "fair", "bad" };
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:o}", "account", r->account->name, "what",
		f->what, "health", names[f->health], "text", gw_json_text(f->text), "advice",
		gw_json_text(f->advice));

	if (o == NULL)
		return; /* not UTF-8, or out of memory */
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

static void on_finding(void *ctx, const struct gw_finding *f)
{
	static const char *const marks[] = { "ok  ", "note", "BAD " };
	struct run *r = ctx;
	size_t columns = say_columns(stdout);

	if (f == NULL) {
		r->doctor = NULL;
		uv_close((uv_handle_t *)&r->on_int, NULL);
		return;
	}
	r->fair |= f->health == GW_HEALTH_FAIR;
	r->bad |= f->health == GW_HEALTH_BAD;
	if (r->options->json) {
		print_json(r, f);
	} else if (!r->options->quiet || f->health != GW_HEALTH_GOOD) {
		say_folded(stdout, columns, 6, "%s  %s: %s", marks[f->health], f->what, f->text);
		if (f->advice != NULL)
			say_folded(stdout, columns, 9, "      -> %s", f->advice);
	}
	fflush(stdout);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct run *r = handle->data;

	(void)number;
	r->stopped = true;
	if (r->doctor != NULL)
		gw_doctor_stop(r->doctor);
}

static void tell_sandbox(struct run *r, const struct config *config)
{
	char text[300];

	sandbox_words(config, text, sizeof text);
	on_finding(r,
		&(struct gw_finding){ .what = "sandbox", .health = GW_HEALTH_GOOD, .text = text });
}

static int examine(const struct options *o, const struct config *config, const struct gw_account *a,
	const struct end_points *others, const struct gw_log *log)
{
	struct run r = { .options = o, .account = a };
	struct gw_error err = { 0 };
	sigset_t before;

	if (!o->json && !o->quiet)
		printf("%s:\n", a->name);
	tell_sandbox(&r, config);
	uv_loop_init(&r.loop);
	uv_signal_init(&r.loop, &r.on_int);
	r.on_int.data = &r;
	uv_signal_start(&r.on_int, on_signal, SIGINT);
	interrupt_arm();
	if (gw_doctor_start(&r.loop, a, (const char *const *)others->list, others->count, log,
		    on_finding, &r, &r.doctor, &err) != GW_OK) {
		complain(a->name, NULL, &err);
		uv_close((uv_handle_t *)&r.on_int, NULL);
		r.bad = true;
	}
	terminal_let_in(&before);
	uv_run(&r.loop, UV_RUN_DEFAULT);
	terminal_shut(&before);
	uv_loop_close(&r.loop);
	return r.stopped ? EX_TEMPFAIL : r.bad ? EX_UNAVAILABLE : r.fair ? 1 : 0;
}

struct examination {
	const struct options *options;
	const struct config *config;
	const struct gw_log *log;
	bool stopped; /* Ctrl-C */
};

static int examine_one(void *ctx, size_t account)
{
	struct examination *e = ctx;
	int status = EX_TEMPFAIL;

	if (!e->stopped)
		status = examine(e->options, e->config, &e->config->accounts[account],
			&e->config->also_check[account], e->log);
	e->stopped = status == EX_TEMPFAIL;
	return status;
}

int cmd_doctor(const struct options *o, const struct config *config, const struct gw_log *log)
{
	struct examination e = { .options = o, .config = config, .log = log };

	return accounts_each(o, config, true, examine_one, &e);
}
