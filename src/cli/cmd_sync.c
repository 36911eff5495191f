/* cli/cmd_sync.c - `godwit sync`: once, then exit. */
#include "cli/cli.h"
#include "cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

struct job {
	struct run *run;
	const struct gw_account *account;
	struct gw_sync_options options;
	const char **folders; /* owned */
	struct gw_sync *sync; /* frees itself */
	int status;
};

struct run {
	uv_loop_t loop;
	const struct gw_log *log; /* where our own goes on to */
	uv_signal_t on_int, on_term;
	struct progress *progress;
	struct job *jobs; /* owned */
	size_t count, running;
	unsigned interrupts;
	const struct options *options;
};

static void end_signals(struct run *r)
{
	uv_close((uv_handle_t *)&r->on_int, NULL);
	uv_close((uv_handle_t *)&r->on_term, NULL);
}

static void on_event(void *ctx, const struct gw_sync_event *ev)
{
	struct job *j = ctx;
	struct run *r = j->run;

	progress_event(r->progress, (size_t)(j - r->jobs), j->account->name, ev);
	if (ev->type != GW_SYNC_DONE)
		return;
	j->sync = NULL;
	j->status = ev->err != NULL ? exit_status(ev->err)
				    : ev->counts->problems + ev->counts->findings > 0;
	if (--r->running == 0)
		end_signals(r);
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
	for (size_t i = 0; i < r->count; i++) {
		if (r->jobs[i].sync != NULL)
			gw_sync_stop(r->jobs[i].sync);
	}
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
			r->jobs[r->count] = (struct job){ .run = r, .account = a };
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
		job_for(r, config, config->accounts[i].name, strlen(config->accounts[i].name));
	for (int i = 0; i < o->arg_count; i++) {
		const char *colon = strchr(o->args[i], ':');
		size_t n = colon == NULL ? strlen(o->args[i]) : (size_t)(colon - o->args[i]);
		struct job *j = job_for(r, config, o->args[i], n);

		if (j == NULL)
			return gw_fail(err, GW_ERR_CONFIG,
				"the configuration has no account \"%.*s\"", (int)n, o->args[i]);
		if (colon != NULL && !add_folder(j, colon + 1))
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < r->count; i++) {
		r->jobs[i].options.dry_run = o->dry_run;
		r->jobs[i].options.full = o->full || o->verify;
		r->jobs[i].options.verify = o->verify;
		r->jobs[i].options.verify_bodies = o->bodies;
		r->jobs[i].options.repair = o->repair;
		r->jobs[i].options.accept_deletions = o->accept_deletions;
		r->jobs[i].options.restore_deletions = o->restore_deletions;
	}
	return GW_OK;
}

static enum progress_style style(const struct options *o)
{
	if (o->json)
		return PROGRESS_JSON;
	if (o->quiet)
		return PROGRESS_QUIET;
	return isatty(STDERR_FILENO) && o->verbose == 0 ? PROGRESS_BARS : PROGRESS_LINES;
}

static void start(struct run *r, const struct gw_log *log)
{
	for (size_t i = 0; i < r->count; i++) {
		struct job *j = &r->jobs[i];
		struct gw_error err = { 0 };
		struct gw_sync_counts none = { 0 };

		r->running++;
		if (gw_sync_start(&r->loop, j->account, &j->options, log, on_event, j, &j->sync,
			    &err) != GW_OK)
			on_event(j, &(struct gw_sync_event){
					    .type = GW_SYNC_DONE, .counts = &none, .err = &err });
	}
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
	const struct gw_log own = { .level = log->level, .sink = log_line, .ctx = &r };
	struct gw_error err = { 0 };
	int status = 0;

	if (choose(&r, config, &err) != GW_OK ||
		(r.progress = progress_new(style(o), r.count)) == NULL) {
		gw_fail(&err, GW_ERR_NOMEM, "out of memory");
		complain(NULL, NULL, &err);
		status = exit_status(&err);
	} else {
		progress_shows(r.progress,
			o->verify    ? PROGRESS_VERIFY
			: o->dry_run ? PROGRESS_DRY_RUN
				     : PROGRESS_SYNC,
			o->verbose > 0);
		uv_loop_init(&r.loop);
		uv_signal_init(&r.loop, &r.on_int);
		uv_signal_init(&r.loop, &r.on_term);
		r.on_int.data = r.on_term.data = &r;
		uv_signal_start(&r.on_int, on_signal, SIGINT);
		uv_signal_start(&r.on_term, on_signal, SIGTERM);
		r.running = 1; /* so that an account that fails at once does not end the rest */
		start(&r, &own);
		if (--r.running == 0)
			end_signals(&r);
		uv_run(&r.loop, UV_RUN_DEFAULT);
		uv_loop_close(&r.loop);
		status = worst(&r);
	}
	progress_free(r.progress);
	for (size_t i = 0; i < r.count; i++)
		free(r.jobs[i].folders);
	free(r.jobs);
	return status;
}
