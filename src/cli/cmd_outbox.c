/* SPDX-License-Identifier: ISC */
/* cli/cmd_outbox.c - `godwit outbox`: what waits to be sent, and what is to become of it. */
#include "cli/cli.h"
#include "cli/hooks.h"
#include "cli/say.h"

#include "base/text.h"
#include "godwit/json.h"
#include "godwit/outbox.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { BACKGROUND_LINGER_S = 15 * 60, LOCK_TRIES = 20, LOCK_WAIT_MS = 250 };

/* --- list, show, log ------------------------------------------------------------------------- */

struct listing {
	const struct options *o;
	const struct gw_account *account;
	const char *only; /* show: this one */
	size_t shown;
	bool waits; /* for the user */
};

static json_t *recipients_json(const struct gw_mail *m)
{
	static const char *const fates[] = { "open", "later", "accepted", "refused", "in-doubt" };
	json_t *list = json_array();

	for (size_t i = 0; i < m->recipient_count; i++)
		json_array_append_new(list, json_pack("{s:o, s:s, s:o}", "address",
						    gw_json_text(m->recipients[i].address), "state",
						    fates[m->recipients[i].fate], "answer",
						    gw_json_text(m->recipients[i].answer)));
	return list;
}

static void print_json(json_t *o)
{
	if (o == NULL)
		return;
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

static void mail_json(const struct listing *l, const struct gw_mail *m)
{
	print_json(json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:i, s:o}",
		"account", l->account->name, "id", m->id, "state", gw_mail_state_name(m->state),
		"from", gw_json_text(m->sender), "subject", gw_json_text(m->subject), "file",
		gw_json_text(m->file), "reason", gw_json_text(m->reason), "queued",
		(json_int_t)m->queued_at, "next", (json_int_t)m->next_at, "size",
		(json_int_t)m->size, "tries", (int)m->tries, "recipients", recipients_json(m)));
}

static void print_mail(const struct listing *l, const struct gw_mail *m)
{
	char queued[GW_LOCAL_TIME], next[GW_LOCAL_TIME] = "";

	gw_local_time(m->queued_at, queued);
	if (m->next_at != 0)
		gw_local_time(m->next_at, next);
	say(stdout, "%s  %-8s %s  %llu bytes  %s\n", m->id[0] != '\0' ? m->id : "(no id)    ",
		gw_mail_state_name(m->state), queued, (unsigned long long)m->size,
		m->subject[0] != '\0' ? m->subject : "(no subject)");
	for (size_t i = 0; i < m->recipient_count; i++) {
		const struct gw_mail_recipient *to = &m->recipients[i];

		say(stdout, "              %s%s%s%s\n", to->address,
			to->fate == GW_FATE_ACCEPTED ? ": has it" : "",
			to->fate != GW_FATE_ACCEPTED && to->answer[0] != '\0' ? ": " : "",
			to->fate != GW_FATE_ACCEPTED ? to->answer : "");
	}
	if (next[0] != '\0')
		say(stdout, "              again at %s, after %u tries\n", next, m->tries);
	if (m->reason[0] != '\0' && m->state != GW_MAIL_REFUSED)
		say(stdout, "              %s\n", m->reason);
	if (l->only != NULL || m->state == GW_MAIL_BROKEN)
		say(stdout, "              %s\n", m->file);
}

static void on_mail(void *ctx, const struct gw_mail *m)
{
	struct listing *l = ctx;

	if (l->only != NULL && strcmp(l->only, m->id) != 0)
		return;
	l->shown++;
	l->waits |= m->state == GW_MAIL_REFUSED || m->state == GW_MAIL_HELD ||
		    m->state == GW_MAIL_BROKEN;
	if (l->o->json)
		mail_json(l, m);
	else
		print_mail(l, m);
}

static void on_summary(void *ctx, const struct gw_outbox_summary *s)
{
	struct listing *l = ctx;
	char until[GW_LOCAL_TIME];

	l->waits |= l->only == NULL && s->unfiled > 0;
	l->shown += l->only == NULL && s->unfiled > 0;
	if (l->o->json || l->only != NULL)
		return;
	if (s->unfiled > 0)
		say(stdout,
			"%s: %zu without a copy in Sent, or a notice, that cannot be written: `godwit "
			"outbox log` says why; it is tried again\n",
			l->account->name, s->unfiled);
	if (s->sign_in[0] != '\0')
		say(stdout, "%s does not send: %s\n", l->account->name, s->sign_in);
	if (s->pause_until > 0) {
		gw_local_time(s->pause_until, until);
		say(stdout, "%s pauses until %s: %s\n", l->account->name, until, s->pause_reason);
	}
}

static void on_line(void *ctx, const struct gw_outbox_log_line *line)
{
	struct listing *l = ctx;
	char when[GW_LOCAL_TIME];

	l->shown++;
	if (l->o->json) {
		print_json(json_pack("{s:s, s:I, s:s, s:o, s:s, s:o, s:o}", "account",
			l->account->name, "time", (json_int_t)line->at, "id", line->id, "address",
			gw_json_text(line->address), "what", line->what, "answer",
			gw_json_text(line->answer), "subject", gw_json_text(line->subject)));
		return;
	}
	gw_local_time(line->at, when);
	say(stdout, "%s  %s  %-9s %s: %s\n", when, line->id, line->what, line->address,
		line->answer);
}

static bool names_account(const struct options *o, const struct config *config, const char *word)
{
	(void)o;
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, word) == 0)
			return true;
	}
	return false;
}

/* The accounts among the arguments behind the first; none: all. */
static bool is_chosen(
	const struct options *o, const struct config *config, const struct gw_account *a)
{
	bool any = false;

	for (int i = 1; i < o->arg_count; i++) {
		any |= names_account(o, config, o->args[i]);
		if (strcmp(o->args[i], a->name) == 0)
			return true;
	}
	return !any;
}

static int look(const struct options *o, const struct config *config, const char *what)
{
	struct gw_error err = { 0 };
	size_t shown = 0;
	bool waits = false;

	if (strcmp(what, "show") == 0 && o->arg_count < 2) {
		fputs("godwit: which mail? `godwit outbox` lists them\n", stderr);
		return EX_USAGE;
	}
	for (size_t i = 0; i < config->count; i++) {
		const struct gw_account *a = &config->accounts[i];
		struct listing l = { .o = o, .account = a };
		enum gw_code code;

		if (!gw_account_sends(a) || !is_chosen(o, config, a))
			continue;
		l.only = strcmp(what, "show") == 0 ? o->args[1] : NULL;
		code = strcmp(what, "log") == 0 ? gw_outbox_log(a, on_line, &l, &err)
						: gw_outbox_list(a, on_mail, on_summary, &l, &err);
		if (code != GW_OK) {
			complain(a->name, NULL, &err);
			return exit_status(&err);
		}
		shown += l.shown;
		waits |= l.waits;
	}
	if (shown == 0 && strcmp(what, "show") == 0) {
		say(stderr, "godwit: there is no mail \"%s\" in the outbox\n", o->args[1]);
		return EX_DATAERR;
	}
	if (shown == 0 && !o->json && !o->quiet && strcmp(what, "list") == 0)
		say(stdout, "nothing waits to be sent\n");
	return waits && strcmp(what, "log") != 0 ? 1 : 0;
}

/* --- hold, release, drop --------------------------------------------------------------------- */

struct finder {
	const char *id;
	bool found;
};

static void on_candidate(void *ctx, const struct gw_mail *m)
{
	struct finder *f = ctx;
	const char *name = strrchr(m->file, '/');

	f->found |= strcmp(m->id, f->id) == 0 || (name != NULL && strcmp(name + 1, f->id) == 0);
}

static const struct gw_account *account_of(const struct config *config, const char *id)
{
	for (size_t i = 0; i < config->count; i++) {
		struct finder f = { .id = id };
		struct gw_error err = { 0 };

		if (gw_account_sends(&config->accounts[i]) &&
			gw_outbox_list(&config->accounts[i], on_candidate, NULL, &f, &err) ==
				GW_OK &&
			f.found)
			return &config->accounts[i];
	}
	return NULL;
}

static int change(const struct options *o, const struct config *config, enum gw_outbox_change what)
{
	int status = 0;

	if (o->arg_count < 2) {
		fputs("godwit: which mail? `godwit outbox` lists them\n", stderr);
		return EX_USAGE;
	}
	for (int i = 1; i < o->arg_count; i++) {
		const struct gw_account *a = account_of(config, o->args[i]);
		struct gw_error err = { 0 };

		if (a == NULL) {
			say(stderr, "godwit: there is no mail \"%s\" in the outbox\n", o->args[i]);
			status = EX_DATAERR;
		} else if (gw_outbox_change(a, o->args[i], what, &err) != GW_OK) {
			complain(a->name, NULL, &err);
			status = exit_status(&err);
		}
	}
	return status;
}

/* --- send ------------------------------------------------------------------------------------ */

/* The sender of one account. */
struct one {
	struct sending *all;
	const struct gw_account *account;
	struct gw_sender *sender;
	const char **ids; /* owned */
	size_t id_count;
	int status;
	bool told; /* why the account stands */
};

struct sending {
	uv_loop_t loop;
	uv_signal_t on_int, on_term;
	const struct options *o;
	const struct config *config;
	struct hooks *hooks; /* owned */
	struct one *list;    /* owned */
	size_t count, running;
	struct gw_log log;
};

static void end_signals(struct sending *s)
{
	if (--s->running > 0)
		return;
	uv_close((uv_handle_t *)&s->on_int, NULL);
	uv_close((uv_handle_t *)&s->on_term, NULL);
}

static void tell(const struct one *one, const struct gw_sender_event *ev)
{
	static const char *const words[] = { "sending", "sent", "later", "refused", "in-doubt",
		"problem" };
	const struct options *o = one->all->o;

	if (o->json) {
		print_json(json_pack("{s:s, s:s, s:o, s:o, s:o}", "account", one->account->name,
			"event", words[ev->type], "id", gw_json_text(ev->id), "address",
			gw_json_text(ev->address), "text", gw_json_text(ev->text)));
	} else if (ev->type == GW_SENDER_PROBLEM) {
		say(stderr, "godwit: %s: %s\n", one->account->name, ev->text);
	} else if (!o->quiet || ev->type == GW_SENDER_REFUSED || ev->type == GW_SENDER_DOUBT) {
		say(stdout, "%s  %-8s %s%s%s\n", ev->id, words[ev->type],
			ev->address != NULL   ? ev->address
			: ev->subject != NULL ? ev->subject
					      : "",
			ev->text != NULL ? ": " : "", ev->text != NULL ? ev->text : "");
	}
	fflush(stdout);
}

static void on_sender(void *ctx, const struct gw_sender_event *ev)
{
	struct one *one = ctx;
	const struct sending *s = one->all;

	if (ev->type != GW_SENDER_DONE) {
		tell(one, ev);
		one->told |= ev->type == GW_SENDER_PROBLEM;
		if (ev->type == GW_SENDER_ACCEPTED)
			hooks_sent(s->hooks, one->account,
				&s->config->hooks[one->account - s->config->accounts], ev->id,
				ev->subject);
		return;
	}
	one->sender = NULL;
	if (ev->err != NULL && ev->err->code != GW_ERR_CANCELLED) {
		one->status = exit_status(ev->err);
		if (!one->told)
			complain(one->account->name, NULL, ev->err);
	} else if (ev->counts->waiting > 0 || ev->counts->refused > 0) {
		one->status = 1;
	}
	end_signals(one->all);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct sending *s = handle->data;

	(void)number;
	for (size_t i = 0; i < s->count; i++) {
		if (s->list[i].sender != NULL)
			gw_sender_stop(s->list[i].sender);
	}
}

/* Starts a sender.  Another one about to leave may not have seen what was just queued; one that
 * stays has. */
static enum gw_code start_one(struct one *one, struct gw_error *err)
{
	const struct options *o = one->all->o;
	struct gw_sender_options so = { .ids = one->ids,
		.id_count = one->id_count,
		.now = !o->background && (o->now || one->id_count > 0),
		.linger_s = o->background ? BACKGROUND_LINGER_S : 0 };
	enum gw_code code = GW_ERR_LOCKED;

	for (int i = 0; code == GW_ERR_LOCKED && i < LOCK_TRIES; i++) {
		gw_error_clear(err);
		code = gw_sender_start(&one->all->loop, one->account, &so, &one->all->log,
			on_sender, one, &one->sender, err);
		if (code == GW_ERR_LOCKED)
			usleep(LOCK_WAIT_MS * 1000);
	}
	return code;
}

static int run_senders(struct sending *s)
{
	int status = 0;

	uv_loop_init(&s->loop);
	s->hooks = hooks_new(&s->loop, &s->log);
	if (s->hooks == NULL) {
		uv_loop_close(&s->loop);
		return EX_TEMPFAIL;
	}
	uv_signal_init(&s->loop, &s->on_int);
	uv_signal_init(&s->loop, &s->on_term);
	s->on_int.data = s->on_term.data = s;
	uv_signal_start(&s->on_int, on_signal, SIGINT);
	uv_signal_start(&s->on_term, on_signal, SIGTERM);
	s->running = 1;
	for (size_t i = 0; i < s->count; i++) {
		struct gw_error err = { 0 };

		s->running++;
		s->list[i].all = s;
		if (start_one(&s->list[i], &err) == GW_OK)
			continue;
		if (err.code != GW_ERR_LOCKED || !s->o->background)
			complain(s->list[i].account->name, NULL, &err);
		s->list[i].status = exit_status(&err);
		s->running--;
	}
	end_signals(s);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	hooks_free(s->hooks);
	for (size_t i = 0; i < s->count; i++)
		status = s->list[i].status > status ? s->list[i].status : status;
	return status;
}

static void add_id(struct one *one, const char *id)
{
	const char **grown = realloc(one->ids, (one->id_count + 1) * sizeof *grown);

	if (grown == NULL)
		return;
	one->ids = grown;
	one->ids[one->id_count++] = id;
}

static struct one *one_for(struct sending *s, const struct gw_account *a)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->list[i].account == a)
			return &s->list[i];
	}
	s->list[s->count].account = a;
	return &s->list[s->count++];
}

static int choose(struct sending *s, const struct options *o, const struct config *config)
{
	for (size_t i = 0; i < config->count && o->arg_count < 2; i++) {
		if (gw_account_sends(&config->accounts[i]))
			one_for(s, &config->accounts[i]);
	}
	for (int k = 1; k < o->arg_count; k++) {
		const struct gw_account *a = NULL;

		for (size_t i = 0; i < config->count; i++) {
			if (strcmp(config->accounts[i].name, o->args[k]) == 0)
				a = &config->accounts[i];
		}
		if (a != NULL && gw_account_sends(a)) {
			one_for(s, a);
			continue;
		}
		a = a != NULL ? NULL : account_of(config, o->args[k]);
		if (a == NULL) {
			say(stderr, "godwit: there is no sending account and no mail \"%s\"\n",
				o->args[k]);
			return EX_DATAERR;
		}
		add_id(one_for(s, a), o->args[k]);
	}
	if (s->count == 0) {
		fputs("godwit: no account sends mail: give one of them smtp-host (godwit(5))\n",
			stderr);
		return EX_CONFIG;
	}
	return 0;
}

static int send_mail(const struct options *o, const struct config *config, const struct gw_log *log)
{
	struct sending s = { .o = o, .config = config, .log = *log };
	int status;

	s.list = calloc(config->count + 1, sizeof *s.list);
	if (s.list == NULL)
		return EX_TEMPFAIL;
	status = choose(&s, o, config);
	if (status == 0)
		status = run_senders(&s);
	for (size_t i = 0; i < s.count; i++)
		free(s.list[i].ids);
	free(s.list);
	return status;
}

int outbox_send_one(const struct options *o, const struct config *config,
	const struct gw_account *account, const char *id)
{
	struct sending s = { .o = o, .config = config, .count = 1 };
	struct one one = { .account = account };
	int status;

	add_id(&one, id);
	s.list = &one;
	status = run_senders(&s);
	free(one.ids);
	return status;
}

int cmd_outbox(const struct options *o, const struct config *config, const struct gw_log *log)
{
	static const struct {
		const char *word;
		enum gw_outbox_change what;
	} changes[] = { { "hold", GW_OUTBOX_HOLD }, { "release", GW_OUTBOX_RELEASE },
		{ "drop", GW_OUTBOX_DROP } };
	const char *word = o->arg_count == 0 ? "list" : o->args[0];

	if (strcmp(word, "list") == 0 || strcmp(word, "show") == 0 || strcmp(word, "log") == 0)
		return look(o, config, word);
	if (strcmp(word, "send") == 0)
		return send_mail(o, config, log);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		if (strcmp(word, changes[i].word) == 0)
			return change(o, config, changes[i].what);
	}
	say(stderr,
		"godwit: outbox has no \"%s\": it is list, show, send, hold, release, drop or log\n",
		word);
	return EX_USAGE;
}
