/* SPDX-License-Identifier: ISC */
/* cli/cmd_status.c - `godwit status`: what the state says, and the watcher. */
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/say.h"

#include "base/text.h"
#include "godwit/json.h"
#include "godwit/outbox.h"
#include "godwit/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct printer {
	const struct gw_account *account;
	json_t *mailboxes, *held; /* owned; filled for JSON only */
	json_t *watcher;          /* owned; what it tells; NULL: nobody watches */
	FILE *text;               /* lines below the heading */
	uint64_t messages, unread, count, held_count;
	struct gw_last last;
	uint64_t fresh, gone, flags; /* what waits here */
	uint64_t there_only;         /* messages that wait there */
	bool json, known, verbose;
	int64_t changed_at, not_before;
	uint64_t down, up; /* today */
	json_t *outbox;    /* owned; NULL: nothing was ever submitted */
	bool needs_user;   /* a mail in the outbox does */
};

static void on_account(void *ctx, bool known, int64_t changed_at)
{
	struct printer *p = ctx;

	p->known = known;
	p->changed_at = changed_at;
}

static const json_t *watched(const struct printer *p, const char *name)
{
	const json_t *list = json_object_get(p->watcher, "mailboxes");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *other = json_string_value(json_object_get(o, "name"));

		if (other != NULL && strcmp(other, name) == 0)
			return o;
	}
	return NULL;
}

static void on_mailbox(void *ctx, const struct gw_status_mailbox *m)
{
	struct printer *p = ctx;
	const json_t *w = watched(p, m->name);
	time_t changed = (time_t)json_integer_value(json_object_get(w, "changed"));
	char when[32] = "";
	struct tm tm;

	p->messages += m->messages;
	p->unread += m->unread;
	p->count++;
	p->fresh += m->fresh;
	p->gone += m->gone;
	p->flags += m->flags;
	p->there_only += m->there_only;
	if (changed != 0 && localtime_r(&changed, &tm) != NULL)
		strftime(when, sizeof when, "  changed %H:%M:%S", &tm);
	if (p->json)
		json_array_append_new(p->mailboxes,
			json_pack("{s:o, s:o, s:I, s:I, s:b, s:I, s:I, s:I, s:I}", "name",
				gw_json_text(m->shown), "directory", gw_json_text(m->name),
				"messages", (json_int_t)m->messages, "unread",
				(json_int_t)m->unread, "synchronized", m->uidvalidity != 0,
				"new_here", (json_int_t)m->fresh, "gone_here", (json_int_t)m->gone,
				"flags_here", (json_int_t)m->flags, "there_only",
				(json_int_t)m->there_only));
	else if (p->verbose)
		say(p->text, "  %8llu  %6llu unread  %s%s%s\n", (unsigned long long)m->messages,
			(unsigned long long)m->unread, m->shown,
			m->uidvalidity == 0 ? "  (not synchronized yet)" : "", when);
}

static void on_held(void *ctx, const struct gw_status_held *h)
{
	struct printer *p = ctx;

	p->held_count++;
	if (p->json)
		json_array_append_new(p->held,
			json_pack("{s:o, s:I, s:o, s:o}", "mailbox", gw_json_text(h->mailbox),
				"uid", (json_int_t)h->uid, "file", gw_json_text(h->base_name),
				"reason", gw_json_text(h->reason)));
	else if (h->uid == 0 && h->base_name[0] == '\0')
		say(p->text, "  held: %s: %s\n", h->mailbox, h->reason);
	else if (h->uid == 0)
		say(p->text, "  held: %s file %s: %s\n", h->mailbox, h->base_name, h->reason);
	else
		say(p->text, "  held: %s UID %u: %s\n", h->mailbox, h->uid, h->reason);
}

static void on_last(void *ctx, const struct gw_last *last)
{
	struct printer *p = ctx;

	p->last = *last;
}

static void on_day(void *ctx, uint64_t down, uint64_t up, int64_t not_before)
{
	struct printer *p = ctx;

	p->down = down;
	p->up = up;
	p->not_before = not_before;
}

static void print_day(const struct printer *p)
{
	const struct gw_account *a = p->account;
	char when[GW_LOCAL_TIME];

	if (a->daily_download_mb + a->daily_upload_mb > 0 && p->down + p->up > 0)
		say(stdout, "  today: %.1f of %u MB down, %.1f of %u MB up\n",
			(double)p->down / 1e6, a->daily_download_mb, (double)p->up / 1e6,
			a->daily_upload_mb);
	if (p->not_before == 0)
		return;
	gw_local_time(p->not_before, when);
	say(stdout,
		"  the provider refused more for now; it is not asked before %s (`sync --now`)\n",
		when);
}

static void print_heading(const struct printer *p)
{
	/* A first sync that did not end has not said when. */
	char when[64] = "";
	time_t t = (time_t)p->changed_at;
	struct tm tm;

	if (p->changed_at > 0 && localtime_r(&t, &tm) != NULL)
		strftime(when, sizeof when, ", last change %Y-%m-%d %H:%M:%S", &tm);
	if (!p->known)
		say(stdout, "%s: never synchronized\n", p->account->name);
	else if (p->verbose)
		say(stdout, "%s: %llu %s (%llu unread) in %llu %s%s, %llu held\n", p->account->name,
			(unsigned long long)p->messages, p->messages == 1 ? "message" : "messages",
			(unsigned long long)p->unread, (unsigned long long)p->count,
			p->count == 1 ? "mailbox" : "mailboxes", when,
			(unsigned long long)p->held_count);
	else
		say(stdout, "%s: %llu %s in %llu %s%s, %llu held\n", p->account->name,
			(unsigned long long)p->messages, p->messages == 1 ? "message" : "messages",
			(unsigned long long)p->count, p->count == 1 ? "mailbox" : "mailboxes", when,
			(unsigned long long)p->held_count);
}

/* "3 minutes ago": how old what is here may be. */
static void put_age(char *out, size_t size, int64_t at)
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = { { 86400, "day", "days" }, { 3600, "hour", "hours" },
		{ 60, "minute", "minutes" } };
	int64_t age = (int64_t)time(NULL) - at;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		int64_t n = age / units[i].seconds;

		if (n == 0)
			continue;
		snprintf(out, size, "%lld %s ago", (long long)n,
			n == 1 ? units[i].one : units[i].many);
		if (age > 0)
			return;
	}
	snprintf(out, size, "just now");
}

/* When it went well last, and what went wrong since. */
static void print_last(const struct printer *p)
{
	const struct gw_last *l = &p->last;
	char when[GW_LOCAL_TIME], age[40];

	if (l->good > 0) {
		gw_local_time(l->good, when);
		put_age(age, sizeof age, l->good);
		say(stdout, "  last good sync %s, %s\n", when, age);
	}
	gw_local_time(l->tried, when);
	put_age(age, sizeof age, l->tried);
	if (l->failed)
		say(stdout, "  the sync of %s (%s) failed: %s\n", when, age, l->text);
	else if (l->problems == 1)
		say(stdout, "  the sync of %s (%s) left something out: %s\n", when, age, l->text);
	else if (l->problems > 1)
		say(stdout, "  the sync of %s (%s) left %llu things out, the first: %s\n", when,
			age, (unsigned long long)l->problems, l->text);
	if (l->to_come > 0) {
		char bytes[40] = "";

		if (l->bytes_to_come >= 50000) /* else they are not known, or hardly */
			snprintf(bytes, sizeof bytes, " (at least %.1f MB)",
				(double)l->bytes_to_come / 1e6);
		say(stdout, "  %llu %s to come%s: the last sync did not end\n",
			(unsigned long long)l->to_come,
			l->to_come == 1 ? "message is" : "messages are", bytes);
	}
}

static void print_waiting(const struct printer *p)
{
	if (p->account->direction == GW_DIRECTION_PULL && p->fresh + p->gone + p->flags > 0)
		say(stdout,
			"  waiting, as direction = \"pull\": %llu new here, %llu deleted here, %llu "
			"with other flags\n",
			(unsigned long long)p->fresh, (unsigned long long)p->gone,
			(unsigned long long)p->flags);
	if (p->account->direction == GW_DIRECTION_PUSH && p->there_only + p->last.waiting_there > 0)
		say(stdout,
			"  waiting, as direction = \"push\": %llu on the server and not here, %llu "
			"deleted there or with other flags\n",
			(unsigned long long)p->there_only,
			(unsigned long long)p->last.waiting_there);
}

static void print_watcher(const struct printer *p)
{
	char text[900];

	if (p->watcher == NULL)
		return;
	describe_watcher(p->watcher, text, sizeof text);
	say(stdout, "  watched by process %lld: %s\n",
		(long long)json_integer_value(json_object_get(p->watcher, "process")), text);
}

static void print_states(const struct gw_outbox_summary *s)
{
	char text[200] = "";

	for (int i = 0; i <= GW_MAIL_BROKEN; i++) {
		size_t n = strlen(text);

		if (i != GW_MAIL_SENT && s->by_state[i] > 0)
			snprintf(text + n, sizeof text - n, "%s%zu %s", n == 0 ? "" : ", ",
				s->by_state[i], gw_mail_state_name((enum gw_mail_state)i));
	}
	say(stdout, "  outbox: %s (`godwit outbox`)\n", text);
}

/* Prints what waits to be sent. */
static void on_outbox(void *ctx, const struct gw_outbox_summary *s)
{
	struct printer *p = ctx;
	char until[GW_LOCAL_TIME];

	p->needs_user = s->sign_in[0] != '\0' || s->by_state[GW_MAIL_REFUSED] > 0 ||
			s->by_state[GW_MAIL_HELD] > 0 || s->by_state[GW_MAIL_BROKEN] > 0 ||
			s->unfiled > 0;
	if (p->json) {
		p->outbox = json_pack("{s:o, s:I, s:o, s:I}", "sign_in", gw_json_text(s->sign_in),
			"pause_until", (json_int_t)s->pause_until, "pause_reason",
			gw_json_text(s->pause_reason), "unfiled", (json_int_t)s->unfiled);
		for (int i = 0; i <= GW_MAIL_BROKEN && p->outbox != NULL; i++)
			json_object_set_new(p->outbox, gw_mail_state_name((enum gw_mail_state)i),
				json_integer((json_int_t)s->by_state[i]));
		return;
	}
	if (s->count > 0)
		print_states(s);
	if (s->unfiled > 0)
		say(stdout,
			"  outbox: %zu without a copy in Sent, or a notice, that cannot be written "
			"(`godwit outbox log`)\n",
			s->unfiled);
	if (s->sign_in[0] != '\0')
		say(stdout, "  nothing is sent: %s\n", s->sign_in);
	if (s->pause_until > 0) {
		gw_local_time(s->pause_until, until);
		say(stdout, "  sending pauses until %s: %s\n", until, s->pause_reason);
	}
}

static enum gw_code read_outbox(struct printer *p, struct gw_error *err)
{
	return gw_account_sends(p->account) && gw_outbox_exists(p->account)
		       ? gw_outbox_list(p->account, NULL, on_outbox, p, err)
		       : GW_OK;
}

static json_t *last_to_json(const struct gw_last *l)
{
	return json_pack("{s:I, s:I, s:b, s:I, s:o, s:I, s:I, s:I}", "good", (json_int_t)l->good,
		"tried", (json_int_t)l->tried, "failed", l->failed, "problems",
		(json_int_t)l->problems, "text", gw_json_text(l->text), "to_come",
		(json_int_t)l->to_come, "bytes_to_come", (json_int_t)l->bytes_to_come,
		"waiting_there", (json_int_t)l->waiting_there);
}

/* True if there is something that the user should know. */
static bool is_wrong(const struct printer *p)
{
	return p->held_count > 0 || p->needs_user || p->last.failed || p->last.problems > 0 ||
	       p->last.to_come > 0;
}

static void print_json(struct printer *p)
{
	json_t *o = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:O, s:O, s:o}", "account",
		p->account->name, "known", p->known, "messages", (json_int_t)p->messages, "changed",
		(json_int_t)p->changed_at, "bytes_down_today", (json_int_t)p->down,
		"bytes_up_today", (json_int_t)p->up, "not_before", (json_int_t)p->not_before,
		"mailboxes", p->mailboxes, "held", p->held, "watcher",
		p->watcher == NULL ? json_null() : json_incref(p->watcher));

	json_object_set_new(o, "unread", json_integer((json_int_t)p->unread));
	json_object_set_new(o, "last", last_to_json(&p->last));
	if (p->outbox != NULL)
		json_object_set(o, "outbox", p->outbox);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

static enum gw_code read_account(struct printer *p, struct gw_error *err)
{
	const struct gw_status_sink sink = { .account = on_account,
		.mailbox = on_mailbox,
		.day = on_day,
		.held = on_held,
		.last = on_last,
		.look = p->verbose || p->json || p->account->direction == GW_DIRECTION_PULL,
		.ctx = p };
	char *text = NULL;
	size_t n;
	enum gw_code code;

	if (p->account->maildir == NULL && !p->json) {
		say(stdout, "%s: only sends\n", p->account->name);
		return read_outbox(p, err);
	}
	if (p->account->maildir == NULL) {
		code = read_outbox(p, err);
		print_json(p);
		return code;
	}
	code = ask_watcher(p->account, "status", &p->watcher, err);

	p->text = open_memstream(&text, &n); /* the heading, which counts, comes first */
	if (p->text == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (code == GW_OK)
		code = gw_status_read(p->account, &sink, err);
	fclose(p->text);
	if (code == GW_OK && p->json)
		code = read_outbox(p, err);
	if (code == GW_OK && p->json) {
		print_json(p);
	} else if (code == GW_OK) {
		print_heading(p);
		print_last(p);
		print_day(p);
		print_waiting(p);
		print_watcher(p);
		fputs(text, stdout);
		code = read_outbox(p, err);
	}
	free(text);
	return code;
}

static int print_account(const struct options *o, const struct gw_account *a)
{
	struct printer p = { .account = a, .json = o->json, .verbose = o->verbose > 0 };
	struct gw_error err = { 0 };
	enum gw_code code;

	p.mailboxes = json_array();
	p.held = json_array();
	code = read_account(&p, &err);
	json_decref(p.mailboxes);
	json_decref(p.held);
	json_decref(p.watcher);
	json_decref(p.outbox);
	if (code == GW_OK)
		return is_wrong(&p);
	complain(a->name, NULL, &err);
	return exit_status(&err);
}

struct listing {
	const struct options *options;
	const struct config *config;
};

static int print_one(void *ctx, size_t account)
{
	const struct listing *l = ctx;

	return print_account(l->options, &l->config->accounts[account]);
}

int cmd_status(const struct options *o, const struct config *config)
{
	struct listing l = { o, config };

	return o->follow ? cmd_follow(o, config) : accounts_each(o, config, true, print_one, &l);
}
