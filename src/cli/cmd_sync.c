/* SPDX-License-Identifier: ISC */
/* cli/cmd_sync.c - `godwit sync`: once, then exit.
 *
 * An account that is being watched is synchronized by its watcher, which sends the events.
 */
#include "cli/cli.h"
#include "cli/deadline.h"
#include "cli/hooks.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/senders.h"
#include "cli/terminal.h"

#include "godwit/auth.h"
#include "godwit/control.h"
#include "godwit/json.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

struct job {
	struct run *run;
	const struct gw_account *account;
	const struct hook_commands *hooks;
	struct gw_sync_options options;
	const char **folders;              /* owned */
	struct gw_sync *sync;              /* frees itself */
	struct gw_control_client *watcher; /* owned; it does the sync */
	bool ended, let_go;
	struct gw_sync_counts counts; /* as last told */
	int status;
};

struct run {
	uv_loop_t loop;
	const struct gw_log *log; /* where our own goes on to */
	struct gw_log own_log;
	uv_signal_t on_int, on_term;
	struct progress *progress;
	struct hooks *hooks; /* owned */
	struct job *jobs;    /* owned */
	size_t count, running;
	unsigned interrupts;
	struct deadline deadline; /* if the options have one */
	const struct options *options;
	struct senders *senders; /* owned; NULL: nothing is sent */
};

static void end_waiting(struct run *r)
{
	if (r->options->deadline_s > 0)
		deadline_end(&r->deadline);
	uv_close((uv_handle_t *)&r->on_int, NULL);
	uv_close((uv_handle_t *)&r->on_term, NULL);
}

static bool is_late(const struct job *j, const struct gw_sync_event *ev)
{
	const struct run *r = j->run;

	return ev->type == GW_SYNC_DONE && ev->err != NULL && ev->err->code == GW_ERR_CANCELLED &&
	       r->options->deadline_s > 0 && r->deadline.state != DEADLINE_AHEAD &&
	       r->interrupts == 0 && !j->let_go;
}

/* late: it had no more time, which is no trouble. */
static void take_event(struct job *j, const struct gw_sync_event *ev, bool late)
{
	struct run *r = j->run;

	progress_event(r->progress, (size_t)(j - r->jobs), j->account->name, ev);
	if (j->watcher == NULL && !j->options.dry_run && !j->options.verify) /* else its own run */
		hooks_sync_event(r->hooks, j->account, j->hooks, ev);
	if (ev->type == GW_SYNC_DONE && ev->err != NULL && !late && j->watcher == NULL &&
		!j->let_go)
		hooks_trouble(r->hooks, j->account, j->hooks, ev->err);
	if (ev->type != GW_SYNC_DONE)
		return;
	j->sync = NULL;
	j->ended = true;
	gw_control_close(&j->watcher);
	if (ev->err != NULL && !late)
		j->status = exit_status(ev->err);
	else
		j->status = late || ev->counts->problems + ev->counts->findings > 0;
	if (--r->running == 0)
		end_waiting(r);
}

static void on_event(void *ctx, const struct gw_sync_event *ev)
{
	struct job *j = ctx;
	struct gw_sync_event own = *ev;
	struct gw_error err;

	j->counts = *ev->counts;
	if (!is_late(j, ev)) {
		take_event(j, ev, false);
		return;
	}
	err = *ev->err;
	deadline_words(ev->counts, err.text, sizeof err.text);
	own.err = &err;
	take_event(j, &own, true);
}

static void fail_job(struct job *j, const struct gw_error *err)
{
	const struct gw_sync_counts none = { 0 };

	on_event(j, &(struct gw_sync_event){ .type = GW_SYNC_DONE, .counts = &none, .err = err });
}

/* --- by the account's watcher ---------------------------------------------------------------- */

static void start_alone(struct job *j)
{
	struct run *r = j->run;
	struct gw_error err = { 0 };

	if (gw_sync_start(&r->loop, j->account, &j->options, &r->own_log, on_event, j, &j->sync,
		    &err) != GW_OK)
		fail_job(j, &err);
}

static void on_line(void *ctx, const char *line, size_t n)
{
	struct job *j = ctx;
	struct gw_parsed_event p;

	if (line == NULL) { /* it was ended, or we ended it */
		j->watcher = NULL;
		if (!j->ended)
			start_alone(j);
		return;
	}
	if (gw_event_parse(line, n, &p))
		on_event(j, &p.ev);
	gw_parsed_event_deinit(&p);
}

/* false: nobody watches the account. */
static bool hand_over(struct job *j)
{
	char *request = gw_control_sync_request(&j->options);
	struct gw_error err = { 0 };
	enum gw_code code = request == NULL ? gw_fail(&err, GW_ERR_NOMEM, "out of memory")
					    : gw_control_open(&j->run->loop, j->account, request,
						      on_line, j, &j->watcher, &err);

	free(request);
	if (code != GW_OK)
		fail_job(j, &err);
	else if (j->watcher != NULL)
		gw_log(&j->run->own_log, GW_LOG_INFO, "%s: handed over to its watcher",
			j->account->name);
	return code != GW_OK || j->watcher != NULL;
}

/* --------------------------------------------------------------------------------------------- */

static void let_go(struct job *j)
{
	struct gw_error err = { 0 };

	gw_control_close(&j->watcher);
	j->let_go = true;
	gw_fail(&err, GW_ERR_CANCELLED, "its watcher goes on with it");
	fail_job(j, &err);
}

static int worst(const struct run *r)
{
	int status = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (status == 0 || (status == 1 && r->jobs[i].status > 1))
			status = r->jobs[i].status;
	}
	return status;
}

static void leave(struct run *r)
{
	if (r->senders != NULL)
		senders_stop(r->senders);
	for (size_t i = 0; i < r->count; i++) {
		if (r->jobs[i].watcher != NULL)
			let_go(&r->jobs[i]);
		else if (r->jobs[i].sync != NULL)
			gw_sync_stop(r->jobs[i].sync);
	}
}

static void on_passed(void *ctx)
{
	leave(ctx);
}

/* Leaves as if killed, which loses nothing. */
static void on_overrun(void *ctx)
{
	struct run *r = ctx;
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_CANCELLED, "the time is over");
	for (size_t i = 0; i < r->count; i++) {
		struct job *j = &r->jobs[i];

		if (!j->ended)
			on_event(j,
				&(struct gw_sync_event){
					.type = GW_SYNC_DONE, .counts = &j->counts, .err = &err });
	}
	fflush(NULL);
	_exit(worst(r) == 0 ? 1 : worst(r));
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct run *r = handle->data;

	(void)number;
	progress_clear(r->progress);
	if (r->interrupts++ > 0) {
		fprintf(stderr, "godwit: stopped at once; the next sync cleans up\n");
		_exit(75);
	}
	fprintf(stderr, "godwit: finishing the batch at hand; once more stops at once (nothing is "
			"lost either way)\n");
	leave(r);
}

static struct job *job_for(struct run *r, const struct config *config, const char *name, size_t n)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strlen(r->jobs[i].account->name) == n &&
			strncmp(r->jobs[i].account->name, name, n) == 0)
			return &r->jobs[i];
	}
	for (size_t i = 0; i < config->count; i++) {
		const struct gw_account *a = &config->accounts[i];

		if (strlen(a->name) == n && strncmp(a->name, name, n) == 0) {
			r->jobs[r->count] =
				(struct job){ .run = r, .account = a, .hooks = &config->hooks[i] };
			return &r->jobs[r->count++];
		}
	}
	return NULL;
}

static bool add_folder(struct job *j, const char *folder)
{
	const char **grown =
		realloc(j->folders, (j->options.folder_count + 1) * sizeof *j->folders);

	if (grown == NULL)
		return false;
	j->folders = grown;
	j->folders[j->options.folder_count++] = folder;
	j->options.folders = j->folders;
	return true;
}

/* "ACCOUNT" or "ACCOUNT:FOLDER"; none: all accounts. */
static enum gw_code choose(struct run *r, const struct config *config, struct gw_error *err)
{
	const struct options *o = r->options;

	r->jobs = calloc(config->count, sizeof *r->jobs);
	if (r->jobs == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < config->count && o->arg_count == 0; i++)
		if (config->accounts[i].maildir != NULL)
			job_for(r, config, config->accounts[i].name,
				strlen(config->accounts[i].name));
	for (int i = 0; i < o->arg_count; i++) {
		const char *colon = strchr(o->args[i], ':');
		size_t n = colon == NULL ? strlen(o->args[i]) : (size_t)(colon - o->args[i]);
		struct job *j = job_for(r, config, o->args[i], n);

		if (j != NULL && j->account->maildir == NULL)
			return gw_fail(err, GW_ERR_CONFIG,
				"account \"%s\" only sends mail: it has no `host` and no `maildir`",
				j->account->name);
		if (j == NULL)
			return accounts_unknown(config, o->args[i], n, err);
		if (colon != NULL && !add_folder(j, colon + 1))
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < r->count; i++) {
		r->jobs[i].options.dry_run = o->dry_run;
		r->jobs[i].options.full = o->full || o->verify;
		r->jobs[i].options.verify = o->verify;
		r->jobs[i].options.verify_bodies = o->bodies;
		r->jobs[i].options.repair = o->repair;
		r->jobs[i].options.now = o->now;
		r->jobs[i].options.accept_deletions = o->accept_deletions;
		r->jobs[i].options.restore_deletions = o->restore_deletions;
		r->jobs[i].options.accept_uploads = o->accept_uploads;
		r->jobs[i].options.newest_first = o->deadline_s > 0;
		r->jobs[i].options.same_account = o->same_account;
	}
	return GW_OK;
}

static enum progress_style style(const struct options *o)
{
	if (o->json)
		return PROGRESS_JSON;
	if (o->quiet)
		return PROGRESS_QUIET;
	return terminal_draws() && o->verbose == 0 ? PROGRESS_BARS : PROGRESS_LINES;
}

static void start(struct run *r)
{
	for (size_t i = 0; i < r->count; i++) {
		r->running++;
		if (!hand_over(&r->jobs[i]))
			start_alone(&r->jobs[i]);
	}
}

/* A line of the log must not land between the bars. */
static void log_line(void *ctx, enum gw_log_level level, const char *text)
{
	struct run *r = ctx;

	progress_clear(r->progress);
	r->log->sink(r->log->ctx, level, text);
}

int cmd_sync(const struct options *o, const struct config *config, const struct gw_log *log)
{
	struct run r = { .options = o, .log = log };
	struct gw_error err = { 0 };
	enum gw_code code = choose(&r, config, &err);
	int status;

	uv_loop_init(&r.loop);
	r.own_log = (struct gw_log){ .level = log->level, .sink = log_line, .ctx = &r };
	r.hooks = hooks_new(&r.loop, &r.own_log);
	r.progress = progress_new(style(o), r.count + 1);
	if (code == GW_OK && (r.hooks == NULL || r.progress == NULL))
		code = gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	if (code != GW_OK) {
		complain(NULL, NULL, &err);
		status = exit_status(&err);
	} else {
		progress_shows(r.progress,
			o->verify    ? PROGRESS_VERIFY
			: o->dry_run ? PROGRESS_DRY_RUN
				     : PROGRESS_SYNC,
			o->verbose > 0);
		uv_signal_init(&r.loop, &r.on_int);
		uv_signal_init(&r.loop, &r.on_term);
		r.on_int.data = r.on_term.data = &r;
		uv_signal_start(&r.on_int, on_signal, SIGINT);
		uv_signal_start(&r.on_term, on_signal, SIGTERM);
		interrupt_arm();
		r.deadline =
			(struct deadline){ .passed = on_passed, .overrun = on_overrun, .ctx = &r };
		if (o->deadline_s > 0)
			deadline_start(&r.deadline, &r.loop, o->deadline_s);
		gw_asking_listen(progress_asking, r.progress);
		r.senders = o->dry_run || o->verify
				    ? NULL
				    : senders_new(&r.loop, &r.own_log, r.hooks, false, NULL, NULL);
		for (size_t i = 0; i < r.count && r.senders != NULL; i++)
			senders_add(r.senders, r.jobs[i].account, r.jobs[i].hooks);
		for (size_t i = 0; i < config->count && r.senders != NULL && o->arg_count == 0;
			i++) {
			if (config->accounts[i].maildir == NULL)
				senders_add(r.senders, &config->accounts[i], &config->hooks[i]);
		}
		r.running = 1; /* so that an account that fails at once does not end the rest */
		start(&r);
		if (--r.running == 0)
			end_waiting(&r);
		uv_run(&r.loop, UV_RUN_DEFAULT);
		status = worst(&r);
		if (r.senders != NULL &&
			(status == 0 || (status == 1 && senders_status(r.senders) > 1)))
			status = senders_status(r.senders);
	}
	gw_asking_listen(NULL, NULL);
	uv_loop_close(&r.loop);
	hooks_free(r.hooks);
	progress_free(r.progress);
	senders_free(r.senders);
	for (size_t i = 0; i < r.count; i++)
		free(r.jobs[i].folders);
	free(r.jobs);
	return status;
}
