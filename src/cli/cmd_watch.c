/* SPDX-License-Identifier: ISC */
/* cli/cmd_watch.c - `godwit watch`: until it is told to stop.
 *
 * SIGINT and SIGTERM finish the batch at hand and leave, SIGHUP reads the configuration again,
 * SIGUSR1 asks for a sync now.  In a sandbox it is a process of its own, below its keeper (keeper.h).
 */
#include "cli/cli.h"
#include "cli/hooks.h"
#include "cli/interrupt.h"
#include "cli/keeper.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/senders.h"
#include "cli/systemd.h"

#include "godwit/watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

enum { SIGNALS = 4, LOOK_MS = 50 };

struct job {
	struct run *run;
	const struct gw_account *account;
	const struct hook_commands *hooks;
	struct gw_watch *watch; /* frees itself; NULL: it has ended */
	bool told;              /* whether it works, for READY=1 */
	bool troubled;          /* since trouble was reported */
};

struct run {
	uv_loop_t loop;
	const struct options *options;
	const struct gw_log *log;
	struct config config; /* owned */
	uv_signal_t signals[SIGNALS];
	uv_timer_t watchdog;
	uv_prepare_t look;         /* at the sandbox */
	uint64_t looked_ms;        /* when that was done last */
	struct progress *progress; /* owned */
	struct hooks *hooks;       /* owned */
	struct senders *senders;   /* owned; they count as one that runs */
	struct job *jobs;          /* owned */
	size_t count, running;
	unsigned interrupts;
	bool reload, ready;
	struct sandbox *sandbox; /* borrowed; NULL: there is none, and no keeper */
	int status;
};

static void tell_manager(const struct run *r, const char *lines)
{
	if (r->sandbox != NULL)
		gw_runner_say(r->sandbox->runner, lines);
	else
		systemd_tell(lines);
}

static void stop_all(struct run *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->jobs[i].watch != NULL)
			gw_watch_stop(r->jobs[i].watch);
	}
	if (r->senders != NULL)
		senders_stop(r->senders);
}

/* systemd waits with what depends on us until every account had its first sync, or cannot have it.
 */
static void tell_ready(struct job *j, const char *text)
{
	struct run *r = j->run;
	char lines[400];
	bool all = true;

	j->told = true;
	for (size_t i = 0; i < r->count; i++)
		all &= r->jobs[i].told;
	snprintf(lines, sizeof lines, "%sSTATUS=%s: %.300s\n", all && !r->ready ? "READY=1\n" : "",
		j->account->name, text);
	r->ready |= all;
	tell_manager(r, lines);
}

static void start_all(struct run *r);

static void on_all_ended(struct run *r)
{
	if (r->reload && r->interrupts == 0 && r->sandbox == NULL) {
		start_all(r);
		return;
	}
	if (r->reload && r->interrupts == 0) /* what is let in is settled for this process */
		gw_runner_say(r->sandbox->runner, KEEPER_AGAIN);
	for (size_t i = 0; i < SIGNALS; i++)
		uv_close((uv_handle_t *)&r->signals[i], NULL);
	uv_close((uv_handle_t *)&r->watchdog, NULL);
	uv_close((uv_handle_t *)&r->look, NULL);
}

static void begin_anew(struct run *r)
{
	r->reload = true;
	stop_all(r);
}

/* Before the loop waits.  A Maildir that was moved away and copied back, or a disk that came, is not what was let in. */
static void look_at_sandbox(uv_prepare_t *look)
{
	struct run *r = look->data;

	if (r->sandbox == NULL || r->reload || uv_now(&r->loop) - r->looked_ms < LOOK_MS)
		return;
	r->looked_ms = uv_now(&r->loop);
	if (!sandbox_is_stale(r->sandbox))
		return;
	gw_log(r->log, GW_LOG_INFO, "directories of the accounts are others now: beginning anew");
	begin_anew(r);
}

static void on_event(void *ctx, const struct gw_watch_event *ev)
{
	struct job *j = ctx;
	struct run *r = j->run;
	char text[200];

	switch (ev->type) {
	case GW_WATCH_SYNC:
		progress_event(r->progress, (size_t)(j - r->jobs), j->account->name, ev->sync);
		hooks_sync_event(r->hooks, j->account, j->hooks, ev->sync);
		break;
	case GW_WATCH_STANDS:
		if (!j->told)
			gw_log(r->log, GW_LOG_INFO, "%s: watching; %s", j->account->name, ev->text);
		if (j->troubled && !r->options->quiet)
			say(stderr, "%sgodwit: %s: all is well again\n",
				systemd_priority(GW_LOG_INFO), j->account->name);
		j->troubled = false;
		snprintf(text, sizeof text, "in step; %s", ev->text);
		tell_ready(j, text);
		break;
	case GW_WATCH_TROUBLE:
		say(stderr, "%sgodwit: %s: %s; trying again in %u s\n",
			systemd_priority(GW_LOG_WARN), j->account->name, ev->err->text,
			ev->seconds);
		j->troubled = true;
		tell_ready(j, ev->err->text);
		hooks_trouble(r->hooks, j->account, j->hooks, ev->err);
		break;
	case GW_WATCH_PAUSED:
		gw_log(r->log, GW_LOG_INFO, "%s: paused, until `godwit resume`", j->account->name);
		tell_ready(j, "paused");
		break;
	case GW_WATCH_DONE:
		j->watch = NULL;
		if (--r->running == 0)
			on_all_ended(r);
		break;
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct run *r = handle->data;

	if (number == SIGUSR1) {
		for (size_t i = 0; i < r->count; i++) {
			if (r->jobs[i].watch != NULL)
				gw_watch_poke(r->jobs[i].watch);
		}
		return;
	}
	if (number == SIGHUP) {
		tell_manager(r, "RELOADING=1\n");
		begin_anew(r);
		return;
	}
	if (r->interrupts++ > 0)
		_exit(EX_TEMPFAIL); /* nothing is lost; the next run cleans up */
	tell_manager(r, "STOPPING=1\n");
	hooks_stop(r->hooks);
	stop_all(r);
}

static void on_watchdog(uv_timer_t *timer)
{
	tell_manager(timer->data, "WATCHDOG=1\n");
}

/* A configuration that cannot be read leaves the one before in force. */
static void read_again(struct run *r)
{
	struct config fresh;
	struct gw_error err = { 0 };

	r->reload = false;
	if (config_read(r->options->config_path, &fresh, &err) != GW_OK) {
		gw_error_context(&err, "the configuration stays as it was");
		complain(NULL, NULL, &err);
		return;
	}
	config_free(&r->config);
	r->config = fresh;
}

static bool make_jobs(struct run *r)
{
	if (r->reload)
		read_again(r);
	free(r->jobs);
	progress_free(r->progress);
	r->jobs = calloc(r->config.count, sizeof *r->jobs);
	r->progress =
		progress_new(r->options->json ? PROGRESS_JSON : PROGRESS_CHANGES, r->config.count);
	r->count = 0;
	return r->jobs != NULL && r->progress != NULL;
}

static void on_senders_ended(void *ctx)
{
	struct run *r = ctx;

	if (--r->running == 0)
		on_all_ended(r);
}

/* Every account's that sends, also of those that are not watched. */
static void start_senders(struct run *r)
{
	bool any = false;

	senders_free(r->senders);
	r->senders = senders_new(&r->loop, r->log, r->hooks, true, on_senders_ended, r);
	for (size_t i = 0; i < r->config.count && r->senders != NULL; i++) {
		const struct gw_account *a = &r->config.accounts[i];

		if (account_is_chosen(r->options, a) ||
			(r->options->arg_count == 0 && a->maildir == NULL))
			any |= senders_add(r->senders, a, &r->config.hooks[i]);
	}
	r->running += any;
}

static void start_all(struct run *r)
{
	struct gw_error err = { 0 };
	bool ok = r->hooks != NULL && make_jobs(r) &&
		  accounts_check(r->options, &r->config, &err) == GW_OK;

	r->ready = false;
	for (size_t i = 0; i < r->config.count && ok; i++) {
		struct job *j = &r->jobs[r->count];

		if (!account_is_chosen(r->options, &r->config.accounts[i]))
			continue;
		*j = (struct job){
			.run = r, .account = &r->config.accounts[i], .hooks = &r->config.hooks[i]
		};
		ok = gw_watch_start(&r->loop, j->account, r->log, on_event, j, &j->watch, &err) ==
		     GW_OK;
		r->running += ok;
		r->count++;
	}
	if (ok)
		start_senders(r);
	if (ok && r->running > 0) {
		if (r->count == 0) /* it only sends: there is no first sync to wait for */
			tell_manager(r, "READY=1\nSTATUS=sending\n");
		return;
	}
	if (ok && r->senders != NULL)
		gw_fail(&err, GW_ERR_CONFIG,
			"there is nothing to watch: no account has a `maildir`, and none sends by "
			"itself (send = \"manual\")");
	gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	complain(NULL, NULL, &err);
	r->status = exit_status(&err);
	r->interrupts++;
	stop_all(r);
	if (r->running == 0)
		on_all_ended(r);
}

static void begin_signals(struct run *r)
{
	static const int numbers[SIGNALS] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	sigset_t none;
	pid_t main_process = r->sandbox != NULL ? getppid() : getpid();
	uint64_t watchdog_ms =
		systemd_watchdog(main_process) / 2000; /* twice as often as asked for */

	for (size_t i = 0; i < SIGNALS; i++) {
		uv_signal_init(&r->loop, &r->signals[i]);
		r->signals[i].data = r;
		uv_signal_start(&r->signals[i], on_signal, numbers[i]);
	}
	interrupt_arm();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* the keeper's watcher begins with them shut out */
	uv_timer_init(&r->loop, &r->watchdog);
	uv_prepare_init(&r->loop, &r->look);
	r->watchdog.data = r->look.data = r;
	uv_prepare_start(&r->look, look_at_sandbox);
	uv_unref((uv_handle_t *)&r->look);
	if (watchdog_ms > 0)
		uv_timer_start(&r->watchdog, on_watchdog, watchdog_ms, watchdog_ms);
}

/* sandbox NULL: none. */
static int watch(const struct options *o, struct config *config, const struct gw_log *log,
	struct sandbox *sandbox)
{
	struct run r = { .options = o, .log = log, .config = *config, .sandbox = sandbox };

	*config = (struct config){ 0 }; /* ours: a SIGHUP replaces it */
	uv_loop_init(&r.loop);
	r.hooks = hooks_new(&r.loop, log);
	begin_signals(&r);
	start_all(&r);
	uv_run(&r.loop, UV_RUN_DEFAULT);
	uv_loop_close(&r.loop);
	hooks_free(r.hooks);
	senders_free(r.senders);
	progress_free(r.progress);
	free(r.jobs);
	config_free(&r.config);
	return r.status;
}

int cmd_watch(const struct options *o, struct config *config, const struct gw_log *log)
{
	return sandbox_is_possible(config) ? keeper_run(o, config, log, watch)
					   : watch(o, config, log, NULL);
}
