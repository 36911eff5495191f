/* SPDX-License-Identifier: ISC */
/* cli/trial.c - see trial.h.  It is the doctor, sent away when enough is known. */
#include "cli/trial.h"

#include "cli/say.h"
#include "cli/terminal.h"

#include "godwit/doctor.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

struct run {
	uv_loop_t loop;
	uv_signal_t on_int;
	uv_timer_t sending; /* the doctor away: not from his own call */
	enum trial_depth depth;
	struct gw_doctor *doctor; /* frees itself */
	enum trial_result result;
	bool over;
};

/* Topics of findings; those about the machine come first. */
static const struct part {
	const char *what;
	enum trial_depth depth;
	enum trial_result bad;
	bool last;  /* of its depth, if it is good */
	bool plain; /* worth a line, if it is good */
} parts[] = { { "maildir", TRIAL_MAILDIR, TRIAL_BAD_MAILDIR, false, false },
	{ "name", TRIAL_SERVER, TRIAL_BAD_SERVER, false, false },
	{ "connection", TRIAL_SERVER, TRIAL_BAD_SERVER, true, true },
	{ "tls", TRIAL_LOGIN, TRIAL_BAD_SERVER, false, true },
	{ "server", TRIAL_LOGIN, TRIAL_BAD_SERVER, false, false },
	{ "login", TRIAL_LOGIN, TRIAL_BAD_LOGIN, false, true },
	{ "mailboxes", TRIAL_LOGIN, TRIAL_BAD_LOGIN, true, true },
	{ "sending", TRIAL_SENDING, TRIAL_BAD_SENDING, false, true } };

static const struct part *part_of(const char *what)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strcmp(parts[i].what, what) == 0)
			return &parts[i];
	}
	return NULL;
}

static void on_sending(uv_timer_t *timer)
{
	struct run *r = timer->data;

	if (r->doctor != NULL)
		gw_doctor_stop(r->doctor);
}

static void end(struct run *r, enum trial_result result)
{
	r->result = result;
	r->over = true;
	uv_timer_start(&r->sending, on_sending, 0, 0);
}

static void close_handles(struct run *r)
{
	uv_close((uv_handle_t *)&r->on_int, NULL);
	uv_close((uv_handle_t *)&r->sending, NULL);
}

static void on_finding(void *ctx, const struct gw_finding *f)
{
	static const char *const marks[] = { "ok  ", "note", "BAD " };
	struct run *r = ctx;
	const struct part *part;

	if (f == NULL) {
		r->doctor = NULL;
		close_handles(r);
		return;
	}
	part = part_of(f->what);
	if (part == NULL || r->over)
		return;
	if (part->depth > r->depth) {
		end(r, TRIAL_GOOD);
		return;
	}
	if (part->depth == r->depth ? part->plain || f->health != GW_HEALTH_GOOD
				    : f->health == GW_HEALTH_BAD && part->depth != TRIAL_MAILDIR) {
		say_folded(stdout, say_columns(stdout), 8, "  %s  %s: %s", marks[f->health],
			f->what, f->text);
		if (f->advice != NULL)
			say_folded(stdout, say_columns(stdout), 11, "        -> %s", f->advice);
	}
	/* A directory that is yet to be named is no reason to ask for the server again. */
	if (f->health == GW_HEALTH_BAD &&
		(part->depth != TRIAL_MAILDIR || r->depth == TRIAL_MAILDIR))
		end(r, part->bad);
	else if (f->health == GW_HEALTH_GOOD && part->last && part->depth == r->depth)
		end(r, TRIAL_GOOD);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct run *r = handle->data;

	(void)number;
	end(r, TRIAL_STOPPED);
}

enum trial_result trial(
	const struct gw_account *account, enum trial_depth depth, const struct gw_log *log)
{
	struct run r = { .depth = depth };
	struct gw_error err = { 0 };
	sigset_t before;

	fflush(stdout);
	uv_loop_init(&r.loop);
	uv_signal_init(&r.loop, &r.on_int);
	r.on_int.data = &r;
	uv_signal_start(&r.on_int, on_signal, SIGINT);
	uv_timer_init(&r.loop, &r.sending);
	r.sending.data = &r;
	if (gw_doctor_start(&r.loop, account, NULL, 0, log, on_finding, &r, &r.doctor, &err) !=
		GW_OK)
		close_handles(&r);
	terminal_let_in(&before);
	uv_run(&r.loop, UV_RUN_DEFAULT);
	terminal_shut(&before);
	uv_loop_close(&r.loop);
	return r.result;
}
