/* SPDX-License-Identifier: ISC */
/* cli/cmd_why.c - `godwit why`: what was done with a message, why, and what would be done now.
 *
 * Log and state say the first (godwit/why.h); the last is a dry run of the mailboxes in question,
 * of whose steps those of the message are shown.
 */
#include "cli/cli.h"
#include "cli/say.h"

#include "base/num.h"
#include "base/text.h"
#include "godwit/json.h"
#include "godwit/sync.h"
#include "godwit/why.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

enum { PLACES_MAX = 16 };

struct place {
	char *mailbox, *file; /* owned; file NULL: none */
	uint32_t uid;
};

struct why {
	const struct options *o;
	const struct gw_account *account;
	const struct gw_log *log;
	struct gw_why_query query;
	struct place places[PLACES_MAX]; /* where it stands, or stood last */
	size_t place_count;
	size_t told; /* lines and places */
	bool stepped;
	int status;
};

static void print_json(const struct why *w, const char *event, int64_t at, const char *mailbox,
	uint32_t uid, const char *file, const char *what, const char *text)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:o, s:I, s:o, s:o, s:o}", "account",
		w->account->name, "event", event, "at", (json_int_t)at, "mailbox",
		gw_json_text(mailbox), "uid", (json_int_t)uid, "file", gw_json_text(file), "what",
		gw_json_text(what), "text", gw_json_text(text));

	if (o != NULL) {
		json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
	}
	json_decref(o);
}

static void add_place(struct why *w, const char *mailbox, uint32_t uid, const char *file)
{
	struct place *p;

	for (size_t i = 0; i < w->place_count; i++) {
		p = &w->places[i];
		if (strcmp(p->mailbox, mailbox) == 0 && p->uid == uid)
			return;
	}
	if (w->place_count == PLACES_MAX)
		return;
	p = &w->places[w->place_count];
	*p = (struct place){ .mailbox = strdup(mailbox), .file = gw_copy_str(file), .uid = uid };
	if (p->mailbox == NULL) { /* out of memory: one place less is looked at */
		free(p->file);
		return;
	}
	w->place_count++;
}

static void on_line(void *ctx, const struct gw_why_line *line)
{
	struct why *w = ctx;
	char when[GW_LOCAL_TIME];

	w->told++;
	if (w->o->json) {
		print_json(w, "did", line->at, line->mailbox, line->uid, line->file, line->what,
			line->text);
		return;
	}
	gw_local_time(line->at, when);
	say(stdout, "%s  %s  %s  %s: %s", w->account->name, when, line->mailbox, line->what,
		line->text);
}

static void on_place(void *ctx, const struct gw_why_place *place)
{
	struct why *w = ctx;

	w->told++;
	add_place(w, place->mailbox, place->uid, place->file);
	if (w->o->json)
		print_json(
			w, "stands", 0, place->mailbox, place->uid, place->file, NULL, place->text);
	else
		say(stdout, "%s  %s  UID %u%s%s: %s", w->account->name, place->mailbox, place->uid,
			place->file != NULL ? ", " : "", place->file != NULL ? place->file : "",
			place->text);
}

/* --- what would be done now ------------------------------------------------------------------ */

static bool same_base(const char *file, const char *base)
{
	size_t n = strlen(base);

	return strncmp(file, base, n) == 0 &&
	       (file[n] == '\0' || strchr(GW_INFO_SEPARATORS, file[n]) != NULL);
}

static bool is_step_of(const struct why *w, const struct gw_sync_event *ev)
{
	for (size_t i = 0; i < w->place_count; i++) {
		const struct place *p = &w->places[i];

		if (ev->step->uid != 0 && ev->step->uid == p->uid &&
			strcmp(ev->mailbox, p->mailbox) == 0)
			return true;
		if (ev->step->file != NULL && p->file != NULL && same_base(ev->step->file, p->file))
			return true;
	}
	return false;
}

static void on_event(void *ctx, const struct gw_sync_event *ev)
{
	struct why *w = ctx;

	if (ev->type == GW_SYNC_STEP && is_step_of(w, ev)) {
		w->stepped = true;
		if (w->o->json)
			print_json(w, "next", 0, ev->mailbox, ev->step->uid, ev->step->file,
				ev->step->what, ev->text);
		else
			say(stdout, "%s  next sync  %s  %s: %s", w->account->name, ev->mailbox,
				ev->step->what, ev->text);
	}
	if (ev->type != GW_SYNC_DONE)
		return;
	if (ev->err != NULL) {
		complain(w->account->name, "what the next sync would do", ev->err);
		w->status = exit_status(ev->err);
	} else if (!w->stepped && !w->o->json) {
		say(stdout, "%s  next sync  nothing would be done with it", w->account->name);
	}
}

/* Looks at the mailboxes that it is in. */
static void ask_what_now(struct why *w)
{
	const char *folders[PLACES_MAX];
	struct gw_sync_options options = {
		.dry_run = true, .folders = folders, .folder_count = w->place_count
	};
	struct gw_error err = { 0 };
	struct gw_sync *sync;
	uv_loop_t loop;

	for (size_t i = 0; i < w->place_count; i++)
		folders[i] = w->places[i].mailbox;
	uv_loop_init(&loop);
	if (gw_sync_start(&loop, w->account, &options, w->log, on_event, w, &sync, &err) != GW_OK) {
		complain(w->account->name, "what the next sync would do", &err);
		w->status = exit_status(&err);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

/* --------------------------------------------------------------------------------------------- */

/* "ACCOUNT:FOLDER:UID"; mailbox is a copy that the caller frees. */
static const struct gw_account *read_uid(
	const struct config *config, const char *arg, struct gw_why_query *q, char **mailbox)
{
	const char *first = strchr(arg, ':'), *last = strrchr(arg, ':');
	uint32_t uid = 0;

	if (first == NULL || last == first || !gw_read_u32(gw_slice_str(last + 1), &uid) ||
		uid == 0)
		return NULL;
	for (size_t i = 0; i < config->count; i++) {
		const struct gw_account *a = &config->accounts[i];

		if (strlen(a->name) != (size_t)(first - arg) ||
			strncmp(a->name, arg, (size_t)(first - arg)) != 0)
			continue;
		*mailbox = strndup(first + 1, (size_t)(last - first - 1));
		*q = (struct gw_why_query){ .mailbox = *mailbox, .uid = uid };
		return *mailbox == NULL ? NULL : a;
	}
	return NULL;
}

static int why_one(struct why *w)
{
	const struct gw_why_sink sink = { .line = on_line, .place = on_place, .ctx = w };
	struct gw_error err = { 0 };

	if (gw_why(w->account, &w->query, &sink, &err) != GW_OK) {
		complain(w->account->name, NULL, &err);
		w->status = exit_status(&err);
	} else if (w->place_count > 0) {
		ask_what_now(w);
	}
	for (size_t i = 0; i < w->place_count; i++) {
		free(w->places[i].mailbox);
		free(w->places[i].file);
	}
	return w->status;
}

int cmd_why(const struct options *o, const struct config *config, const struct gw_log *log)
{
	const char *arg = o->arg_count == 1 ? o->args[0] : "";
	struct gw_why_query query = { 0 };
	const struct gw_account *only;
	char *mailbox = NULL;
	size_t told = 0;
	int worst = 0;

	if (*arg == '\0') {
		say(stderr, "godwit: why wants one FILE, MESSAGE-ID or ACCOUNT:FOLDER:UID");
		return EX_USAGE;
	}
	only = read_uid(config, arg, &query, &mailbox);
	if (only == NULL && strchr(arg, '@') != NULL && access(arg, F_OK) != 0)
		query.message_id = arg;
	else if (only == NULL)
		query.file = arg;
	for (size_t i = 0; i < config->count; i++) {
		struct why w = {
			.o = o, .account = &config->accounts[i], .log = log, .query = query
		};
		int status = only == NULL || only == w.account ? why_one(&w) : 0;

		told += w.told;
		worst = status > worst ? status : worst;
	}
	free(mailbox);
	if (told == 0 && worst == 0) {
		say(stderr,
			"godwit: neither log nor state knows \"%s\"; mail that was fetched is not "
			"logged, and the log reaches back some thousand steps",
			arg);
		return 1;
	}
	return worst;
}
