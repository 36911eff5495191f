/* SPDX-License-Identifier: ISC */
/* cli/restore_pop3.c - `godwit restore` of an account over POP3: there is no attic, since nothing is deleted here for the
 * server's sake; what was deleted here comes once more from the server, as long as that has it.
 */
#include "cli/cli.h"
#include "cli/say.h"

#include "godwit/json.h"
#include "godwit/sync.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uv.h>

struct restore {
	const struct options *o;
	const struct gw_account *account;
	char *const *ids;
	int id_count;
	bool *hits; /* by id */
	unsigned long restorable, gone, back;
	int status;
};

static void print_json(const struct restore *r, const struct gw_sync_event *ev)
{
	const struct gw_sync_step *s = ev->step;
	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:s}", "account",
		r->account->name, "id", s->id, "folder", gw_json_text(ev->mailbox), "from",
		gw_json_text(s->sender), "subject", gw_json_text(s->subject), "fetched",
		(json_int_t)s->at, "size", (json_int_t)s->size, "what", s->what);

	if (o != NULL) {
		json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
	}
	json_decref(o);
}

static void print_line(const struct gw_sync_event *ev)
{
	const struct gw_sync_step *s = ev->step;
	time_t at = (time_t)s->at;
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&at, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
	say(stdout, "%6s  %s  %-8s  %-24.24s  %s\n", s->id, when, ev->mailbox,
		*s->sender != '\0' ? s->sender : "?", *s->subject != '\0' ? s->subject : "?");
	if (strcmp(s->what, "aside") == 0)
		say(stdout, "        %s\n", s->text);
}

static void take_step(struct restore *r, const struct gw_sync_event *ev)
{
	const struct gw_sync_step *s = ev->step;
	bool gone = strcmp(s->what, "gone") == 0, named = false;
	struct gw_error err = { 0 };

	for (int i = 0; i < r->id_count; i++) {
		if (strcmp(r->ids[i], s->id) == 0)
			r->hits[i] = named = true;
	}
	r->gone += gone;
	r->restorable += !gone;
	if (r->o->json && strcmp(s->what, "restore") != 0) {
		print_json(r, ev);
	} else if (gone && named) {
		gw_fail(&err, GW_ERR_REFUSED,
			"the server does not list message %s any more, so it cannot be fetched again",
			s->id);
		complain(r->account->name, ev->mailbox, &err);
		r->status = 1;
	} else if (!gone && strcmp(s->what, "restore") != 0) {
		print_line(ev);
	}
}

static void on_event(void *ctx, const struct gw_sync_event *ev)
{
	struct restore *r = ctx;

	switch (ev->type) {
	case GW_SYNC_STEP:
		take_step(r, ev);
		break;
	case GW_SYNC_NEW:
		r->back++;
		if (!r->o->quiet && !r->o->json)
			say(stdout, "%s: %s: back as %s\n", r->account->name, ev->mailbox,
				ev->text);
		break;
	case GW_SYNC_PROBLEM:
		complain(r->account->name, ev->mailbox, ev->err);
		r->status = 1;
		break;
	case GW_SYNC_DONE:
		if (ev->err == NULL)
			break;
		complain(r->account->name, NULL, ev->err);
		r->status = exit_status(ev->err);
		break;
	case GW_SYNC_STAGE:
	case GW_SYNC_PROGRESS:
	case GW_SYNC_MAILBOX:
	case GW_SYNC_PLAN:
	case GW_SYNC_FINDING:
		break;
	}
}

/* Answers the questions that a listing leaves. */
static void say_rest(const struct restore *r)
{
	const char *name = r->account->name;

	if (r->o->json || r->o->quiet)
		return;
	if (r->restorable == 0)
		say(stderr, "%s: the server has nothing that was deleted here\n", name);
	else if (r->id_count == 0 && !r->o->all)
		say(stderr, "%s: `godwit restore %s ID...` fetches them again, or --all\n", name,
			name);
	if (r->gone > 0 && r->id_count == 0)
		say(stderr,
			"%s: %lu %s deleted here that the server does not list any more: only a backup "
			"has %s\n",
			name, r->gone, r->gone == 1 ? "message was" : "messages were",
			r->gone == 1 ? "it" : "them");
}

static void check_ids(struct restore *r)
{
	for (int i = 0; i < r->id_count; i++) {
		struct gw_error err = { 0 };

		if (r->hits[i])
			continue;
		gw_fail(&err, GW_ERR_CONFIG, "no message %s was deleted here", r->ids[i]);
		complain(r->account->name, NULL, &err);
		r->status = 1;
	}
}

int restore_pop3(const struct options *o, const struct gw_account *account, char *const *ids,
	int id_count, const struct gw_log *log)
{
	bool hits[64] = { false };
	struct restore r = {
		.o = o, .account = account, .ids = ids, .id_count = id_count, .hits = hits
	};
	const struct gw_sync_restore wish = { .ids = (const char *const *)ids,
		.id_count = o->dry_run ? 0 : (size_t)id_count,
		.all = o->all && id_count == 0 && !o->dry_run };
	const struct gw_sync_options options = { .restore = &wish, .now = o->now };
	struct gw_error err = { 0 };
	struct gw_sync *sync;
	uv_loop_t loop;

	uv_loop_init(&loop);
	if (gw_sync_start(&loop, account, &options, log, on_event, &r, &sync, &err) != GW_OK) {
		complain(account->name, NULL, &err);
		r.status = exit_status(&err);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	if (r.status > 1)
		return r.status;
	check_ids(&r);
	say_rest(&r);
	return r.status;
}
