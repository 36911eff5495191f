/* SPDX-License-Identifier: ISC */
/* cli/progress.c - see progress.h. */
#include "cli/progress.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/progress_line.h"
#include "cli/say.h"
#include "cli/sums.h"
#include "godwit/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
	BAR_WIDTH = 24,
	REDRAW_MS = 100,
	JSON_MS = 1000,
	LINES_MS = 10000,
	RATE_WINDOW_MS = 5000,
	PROBLEMS_MAX = 64,
	UNNOTICED_MS = 1000
};

struct line {
	char name[64];
	char stage[64];
	struct gw_sync_counts counts;
	bool active;
	size_t width; /* of what is on the screen; 0: nothing is */
	uint64_t began_ms, mark_ms, mark_bytes;
	double rate;                 /* bytes a second, smoothed */
	uint64_t told[PROBLEMS_MAX]; /* hashes of the problems of the sync before */
	uint64_t now[PROBLEMS_MAX];  /* and of this one */
	size_t told_count, now_count;
};

struct progress {
	enum progress_style style;
	struct line *lines; /* owned */
	size_t count;
	uint64_t drawn_ms;
	enum progress_task task;
	bool details;
	bool is_watched; /* lines, on a terminal: somebody waits for them */
	bool asking;     /* somebody may have to type below the last line */
	bool is_last;    /* nothing of ours stands below the line that says so */
	uint64_t asking_ms;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct progress *progress_new(enum progress_style style, size_t accounts)
{
	struct progress *p = calloc(1, sizeof *p);

	if (p == NULL || (p->lines = calloc(accounts, sizeof *p->lines)) == NULL) {
		free(p);
		return NULL;
	}
	p->style = style;
	p->count = accounts;
	p->is_watched = style == PROGRESS_LINES && isatty(STDERR_FILENO);
	p->drawn_ms = p->is_watched ? now_ms() : 0;
	return p;
}

void progress_shows(struct progress *p, enum progress_task task, bool details)
{
	p->task = task;
	p->details = details;
}

void progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	progress_clear(p);
	free(p->lines);
	free(p);
}

static void update_rate(struct line *l)
{
	uint64_t bytes = l->counts.bytes_downloaded + l->counts.bytes_uploaded;
	uint64_t now = now_ms(), ms = now - l->mark_ms;
	double rate;

	if (ms < 500)
		return;
	rate = (double)(bytes - l->mark_bytes) * 1000 / (double)ms;
	l->rate = l->rate < 1 ? rate : l->rate + (rate - l->rate) * (double)ms / RATE_WINDOW_MS;
	l->mark_ms = now;
	l->mark_bytes = bytes;
}

static void draw_line(struct line *l, size_t columns)
{
	const struct progress_facts facts = {
		.name = l->name, .stage = l->stage, .counts = &l->counts, .rate = l->rate
	};
	char text[400];

	progress_line(&facts, columns, text, sizeof text);
	say(stderr, "%s\n", text);
	l->width = strlen(text);
}

/* Returns one column less than there are, or terminals wrap the line. */
static size_t columns_of_terminal(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col - 1u
										: 79;
}

/* Terminals that were made narrower since have broken the lines, one made wider have joined them again. */
void progress_clear(struct progress *p)
{
	size_t columns = columns_of_terminal() + 1;

	if (p->asking && p->is_last)
		fputc('\n', stderr); /* a prompt stands on the line */
	for (size_t i = 0; i < p->count; i++) {
		for (size_t row = 0; row < p->lines[i].width; row += columns)
			fputs("\r\033[A\033[J", stderr); /* "^C" may stand behind it */
		p->lines[i].width = 0;
	}
	p->is_last = false;
	fflush(stderr);
}

/* The line of a command that gave its password at once goes again; what a person had to do with stays,
 * and so does what the command may have written of its trouble. */
void progress_asking(void *ctx, const char *what, bool well)
{
	struct progress *p = ctx;

	p->asking = what != NULL;
	if (p->style != PROGRESS_BARS)
		return;
	if (p->is_last && well && now_ms() - p->asking_ms < UNNOTICED_MS)
		fputs("\033[A\033[2K", stderr);
	progress_clear(p);
	p->is_last = what != NULL;
	p->asking_ms = now_ms();
	if (what != NULL)
		say(stderr, "%.*s\n", (int)columns_of_terminal(), what);
	fflush(stderr);
}

/* On a terminal that cannot take a line back there is one every now and then. */
static void print_now_and_then(struct progress *p)
{
	bool due = now_ms() - p->drawn_ms >= LINES_MS;

	for (size_t i = 0; i < p->count; i++) {
		if (!p->lines[i].active)
			continue;
		update_rate(&p->lines[i]);
		if (due)
			draw_line(&p->lines[i], columns_of_terminal());
		p->lines[i].width = 0;
	}
	if (due)
		p->drawn_ms = now_ms();
}

static void draw(struct progress *p, bool force)
{
	uint64_t now = now_ms();
	size_t columns;

	if (p->is_watched && !p->asking)
		print_now_and_then(p);
	if (p->style != PROGRESS_BARS || p->asking || (!force && now - p->drawn_ms < REDRAW_MS))
		return;
	columns = columns_of_terminal();
	progress_clear(p);
	for (size_t i = 0; i < p->count; i++) {
		if (!p->lines[i].active)
			continue;
		update_rate(&p->lines[i]);
		draw_line(&p->lines[i], columns);
	}
	p->drawn_ms = now;
	fflush(stderr);
}

/* How far it is once a second. */
static void print_json(struct progress *p, const char *name, const struct gw_sync_event *ev)
{
	bool progress = ev->type == GW_SYNC_PROGRESS;
	char *line = NULL;

	if (progress && now_ms() - p->drawn_ms < JSON_MS)
		return;
	if (progress)
		p->drawn_ms = now_ms();
	line = gw_event_to_json(name, ev, progress);

	if (line != NULL)
		puts(line);
	fflush(stdout);
	free(line);
}

/* --- words ------------------------------------------------------------------------------------ */

static void print_summary(
	const struct line *l, const struct gw_sync_event *ev, enum progress_task task)
{
	const struct gw_sync_counts *c = ev->counts;
	char text[600];

	sums_text(c, task == PROGRESS_DRY_RUN, text, sizeof text);
	if (task == PROGRESS_VERIFY && c->findings + c->due == 0)
		text[0] = '\0'; /* what was fetched for it is of no interest */
	if (text[0] == '\0')
		snprintf(text, sizeof text,
			task == PROGRESS_VERIFY    ? "everything agrees"
			: task == PROGRESS_DRY_RUN ? "nothing would be done"
						   : "nothing new");
	say(stdout, "%s: %s; %llu %s, %.1f s\n", l->name, text, (unsigned long long)c->mailboxes,
		c->mailboxes == 1 ? "mailbox" : "mailboxes",
		(double)(now_ms() - l->began_ms) / 1000);
	fflush(stdout);
}

/* Prints what was done to a mailbox, or would be. */
static void print_delta(const struct line *l, const struct gw_sync_event *ev)
{
	char text[600];

	if (ev->delta != NULL)
		sums_text(ev->delta, ev->type == GW_SYNC_PLAN, text, sizeof text);
	else
		snprintf(text, sizeof text, "%s", ev->text);
	if (text[0] != '\0')
		say(stdout, "%s: %s: %s\n", l->name, ev->mailbox, text);
	fflush(stdout);
}

/* A watcher does not repeat on every sync what it told on the last. */
static bool is_news(const struct progress *p, struct line *l, const struct gw_sync_event *ev)
{
	uint64_t hash = gw_hash_bytes(gw_slice_str(ev->err->text));
	bool known = false;

	if (p->style != PROGRESS_CHANGES)
		return true;
	for (size_t i = 0; i < l->told_count; i++)
		known |= l->told[i] == hash;
	for (size_t i = 0; i < l->now_count; i++)
		known |= l->now[i] == hash;
	if (l->now_count < PROBLEMS_MAX)
		l->now[l->now_count++] = hash;
	return !known;
}

static void end_problems(struct line *l)
{
	memcpy(l->told, l->now, sizeof l->told);
	l->told_count = l->now_count;
	l->now_count = 0;
}

/* New mail is counted only, or there would be thousands of lines. */
static bool is_shown(const struct progress *p, const struct gw_sync_step *s)
{
	return p->details || (strcmp(s->what, "fetch") != 0 && strcmp(s->what, "join") != 0);
}

void progress_event(
	struct progress *p, size_t index, const char *name, const struct gw_sync_event *ev)
{
	struct line *l = &p->lines[index];

	if (l->began_ms == 0)
		l->began_ms = l->mark_ms = now_ms();
	snprintf(l->name, sizeof l->name, "%s", name);
	l->counts = *ev->counts;
	if (ev->type == GW_SYNC_STAGE)
		snprintf(l->stage, sizeof l->stage, "%s", ev->text);
	l->active = ev->type != GW_SYNC_DONE;
	if (p->style == PROGRESS_JSON)
		print_json(p, name, ev);
	if (ev->type == GW_SYNC_FINDING || ev->type == GW_SYNC_PROBLEM ||
		ev->type == GW_SYNC_DONE || ev->type == GW_SYNC_PLAN || ev->type == GW_SYNC_STEP)
		progress_clear(p);
	if (ev->type == GW_SYNC_PROBLEM && p->style != PROGRESS_JSON && is_news(p, l, ev))
		complain(name, ev->mailbox, ev->err);
	if (ev->type == GW_SYNC_MAILBOX &&
		(p->style == PROGRESS_CHANGES ||
			(p->style == PROGRESS_LINES && p->details && p->task == PROGRESS_SYNC)))
		print_delta(l, ev);
	if (ev->type == GW_SYNC_FINDING && p->style != PROGRESS_JSON)
		say(stdout, "%s: %s: %s\n", name, ev->mailbox, ev->text);
	if (ev->type == GW_SYNC_STEP && p->style != PROGRESS_JSON && is_shown(p, ev->step))
		say(stdout, "%s: %s: %s\n", name, ev->mailbox, ev->text);
	if (ev->type == GW_SYNC_PLAN && p->style != PROGRESS_JSON)
		print_delta(l, ev);
	if (ev->type == GW_SYNC_DONE)
		end_problems(l);
	if (ev->type == GW_SYNC_DONE && ev->err != NULL && p->style != PROGRESS_JSON &&
		p->style != PROGRESS_CHANGES) /* there a watcher tells */
		complain(name, NULL, ev->err);
	if (ev->type == GW_SYNC_DONE && ev->err == NULL &&
		(p->style == PROGRESS_LINES || p->style == PROGRESS_BARS))
		print_summary(l, ev, p->task);
	draw(p, ev->type == GW_SYNC_STAGE);
}
