/* SPDX-License-Identifier: ISC */
/* cli/cmd_follow.c - `godwit status --follow`: what the watchers do and what happens to outgoing
 * mail, as it happens, until interrupted.  Waits for a watcher that does not run; looks at the
 * outbox whoever sends from it.
 */
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/say.h"

#include "godwit/control.h"
#include "godwit/json.h"
#include "godwit/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { AGAIN_MS = 2000 };

struct followed {
	struct run *run;
	const struct gw_account *account;
	struct gw_control_client *client; /* owned */
	bool told_absent;
	int64_t stamp;    /* of the outbox when it was looked at; 0: not yet */
	size_t log_lines; /* of its log, that were seen */
	char states[200]; /* last reported state */
	size_t line;      /* of the log, while it is read */
	bool first;       /* what is in the log already is not told */
};

struct run {
	uv_loop_t loop;
	uv_timer_t again;
	const struct options *options;
	struct progress *progress; /* owned */
	struct followed *list;     /* owned */
	size_t count;
};

static void tell_absent(struct followed *f)
{
	if (f->told_absent)
		return;
	f->told_absent = true;
	if (f->run->options->json)
		printf("{\"account\":\"%s\",\"event\":\"watcher\",\"state\":\"none\"}\n",
			f->account->name);
	else
		say(stdout, "%s: no `godwit watch` runs for this account\n", f->account->name);
	fflush(stdout);
}

static void tell_watcher(const struct followed *f, const char *line, size_t n)
{
	json_error_t ignored;
	json_t *o = json_loadb(line, n, 0, &ignored);
	const char *event = json_string_value(json_object_get(o, "event"));
	char text[900];

	if (event != NULL && strcmp(event, "watcher") == 0) {
		describe_watcher(o, text, sizeof text);
		say(stdout, "%s: %s\n", f->account->name, text);
		fflush(stdout);
	}
	json_decref(o);
}

static void on_line(void *ctx, const char *line, size_t n)
{
	struct followed *f = ctx;
	struct run *r = f->run;
	struct gw_parsed_event p;

	if (line == NULL) {
		f->client = NULL; /* the timer tries again */
		tell_absent(f);
		return;
	}
	f->told_absent = false;
	if (gw_event_parse(line, n, &p))
		progress_event(r->progress, (size_t)(f - r->list), f->account->name, &p.ev);
	else if (r->options->json)
		printf("%.*s\n", (int)n, line);
	else
		tell_watcher(f, line, n);
	fflush(stdout);
	gw_parsed_event_deinit(&p);
}

/* --- the outbox ------------------------------------------------------------------------------ */

static void on_log_line(void *ctx, const struct gw_outbox_log_line *l)
{
	struct followed *f = ctx;

	if (++f->line <= f->log_lines || f->first)
		return;
	if (f->run->options->json) {
		json_t *o = json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "account",
			f->account->name, "event", "outbox", "time", (json_int_t)l->at, "id",
			gw_json_text(l->id), "address", gw_json_text(l->address), "what",
			gw_json_text(l->what), "answer", gw_json_text(l->answer));

		if (o != NULL)
			json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
		json_decref(o);
	} else {
		say(stdout, "%s: mail %s %s %s: %s\n", f->account->name, l->id, l->what, l->address,
			l->answer);
	}
}

static void on_summary(void *ctx, const struct gw_outbox_summary *s)
{
	struct followed *f = ctx;
	char text[sizeof f->states] = "";
	json_t *o;

	for (int i = 0; i <= GW_MAIL_BROKEN; i++) {
		size_t n = strlen(text);

		if (i != GW_MAIL_SENT && s->by_state[i] > 0)
			snprintf(text + n, sizeof text - n, "%s%zu %s", n == 0 ? "" : ", ",
				s->by_state[i], gw_mail_state_name((enum gw_mail_state)i));
	}
	if (strcmp(text, f->states) == 0)
		return;
	snprintf(f->states, sizeof f->states, "%s", text);
	if (!f->run->options->json) {
		say(stdout, "%s: outbox: %s\n", f->account->name,
			text[0] != '\0' ? text : "nothing waits");
		return;
	}
	o = json_pack("{s:s, s:s}", "account", f->account->name, "event", "outbox");
	for (int i = 0; i <= GW_MAIL_BROKEN && o != NULL; i++)
		json_object_set_new(o, gw_mail_state_name((enum gw_mail_state)i),
			json_integer((json_int_t)s->by_state[i]));
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

/* Looks at an outbox that has changed. */
static void follow_outbox(struct followed *f)
{
	struct gw_error err = { 0 };
	int64_t stamp = gw_account_sends(f->account) ? gw_outbox_stamp(f->account) : 0;

	if (stamp == f->stamp)
		return;
	f->first = f->stamp == 0;
	f->stamp = stamp;
	f->line = 0;
	if (gw_outbox_log(f->account, on_log_line, f, &err) != GW_OK ||
		gw_outbox_list(f->account, NULL, on_summary, f, &err) != GW_OK)
		complain(f->account->name, NULL, &err);
	f->log_lines = f->line;
	fflush(stdout);
}

static void on_again(uv_timer_t *timer)
{
	struct run *r = timer->data;
	char *request = gw_control_request("follow");

	for (size_t i = 0; i < r->count && request != NULL; i++) {
		struct followed *f = &r->list[i];
		struct gw_error err = { 0 };

		follow_outbox(f);
		if (f->account->maildir == NULL)
			continue;
		if (f->client == NULL && gw_control_open(&r->loop, f->account, request, on_line, f,
						 &f->client, &err) != GW_OK)
			complain(f->account->name, NULL, &err);
		if (f->client == NULL)
			tell_absent(f);
	}
	free(request);
}

int cmd_follow(const struct options *o, const struct config *config)
{
	struct run r = { .options = o };
	struct gw_error err = { 0 };

	r.list = calloc(config->count, sizeof *r.list);
	r.progress = progress_new(o->json ? PROGRESS_JSON : PROGRESS_CHANGES, config->count);
	if (r.list == NULL || r.progress == NULL) {
		gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	} else if (accounts_check_all(o, config, &err) == GW_OK) {
		for (size_t i = 0; i < config->count; i++) {
			if (o->arg_count == 0 || account_is_chosen(o, &config->accounts[i]))
				r.list[r.count++] = (struct followed){ .run = &r,
					.account = &config->accounts[i] };
		}
		uv_loop_init(&r.loop);
		uv_timer_init(&r.loop, &r.again);
		r.again.data = &r;
		uv_timer_start(&r.again, on_again, 0, AGAIN_MS);
		uv_run(&r.loop, UV_RUN_DEFAULT); /* until a signal ends the process */
	}
	if (err.code != GW_OK)
		complain(NULL, NULL, &err);
	progress_free(r.progress);
	free(r.list);
	return exit_status(&err);
}
