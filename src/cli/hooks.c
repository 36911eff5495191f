/* SPDX-License-Identifier: ISC */
/* cli/hooks.c - see hooks.h.
 *
 * What is to be run waits in a queue; of a kind, an account and a mailbox at most one waits, and
 * gathers what comes meanwhile.
 */
#include "cli/hooks.h"

#include "base/buf.h"
#include "base/header.h"
#include "base/show.h"
#include "base/text.h"

#include "godwit/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
	LINES_MAX = 64 * 1024,
	TOLD_MAX = 64,
	HOOK_MS = 60000,
	KILL_MS = 5000,
	VARIABLES = 12,
	HEADERS = 20,
	HEADER_MAX = 16384
};

enum kind { NEW_MAIL, SYNC, TROUBLE, SENT };

/* A command to be run once. */
struct hook {
	struct hook *next;
	enum kind kind;
	const struct gw_runner *runner;
	char *command, *account, *maildir; /* owned; maildir NULL: it only sends */
	char *folder, *error;              /* owned; NULL: none */
	const char *error_kind;            /* static */
	struct gw_buf lines;               /* NEW_MAIL: paths; SENT: "ID SUBJECT" */
	struct gw_buf senders, subjects;   /* NEW_MAIL: of the first of them, a line each */
	uint64_t count;                    /* NEW_MAIL, SENT: messages */
	struct gw_sync_counts counts;      /* SYNC */
	bool ready;                        /* false: still gathers, for the end of the mailbox */
};

/* The error last reported for an account, so that not every sync repeats it. */
struct told {
	struct told *next;
	char *account; /* owned */
	uint64_t hashes[TOLD_MAX];
	size_t count;
};

struct hooks {
	uv_loop_t *loop;
	const struct gw_log *log;
	struct hook *queue;     /* owned; the first one may be running */
	struct told *told;      /* owned */
	struct gw_child *child; /* owned; NULL: none runs */
	uv_timer_t deadline;
	unsigned open; /* of the one that runs: child and deadline */
	bool killed, stopped;
};

struct hooks *hooks_new(uv_loop_t *loop, const struct gw_log *log)
{
	struct hooks *h = calloc(1, sizeof *h);

	if (h != NULL)
		*h = (struct hooks){ .loop = loop, .log = log };
	return h;
}

static void free_hook(struct hook *k)
{
	free(k->command);
	free(k->account);
	free(k->maildir);
	free(k->folder);
	free(k->error);
	gw_buf_deinit(&k->lines);
	gw_buf_deinit(&k->senders);
	gw_buf_deinit(&k->subjects);
	free(k);
}

void hooks_free(struct hooks *h)
{
	struct hook *next;
	struct told *next_told;

	if (h == NULL)
		return;
	for (struct hook *k = h->queue; k != NULL; k = next) {
		next = k->next;
		free_hook(k);
	}
	for (struct told *t = h->told; t != NULL; t = next_told) {
		next_told = t->next;
		free(t->account);
		free(t);
	}
	free(h);
}

/* --- running --------------------------------------------------------------------------------- */

static void start_next(struct hooks *h);

static void on_part_closed(void *ctx)
{
	struct hooks *h = ctx;
	struct hook *ran = h->queue;

	if (--h->open > 0)
		return;
	h->queue = ran->next;
	free_hook(ran);
	start_next(h);
}

static void on_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

static void close_both(struct hooks *h)
{
	uv_close((uv_handle_t *)&h->deadline, on_closed);
	if (h->child != NULL)
		gw_child_close(h->child, on_part_closed, h);
	h->child = NULL;
}

static void on_exit_status(void *ctx, int status, int signal)
{
	struct hooks *h = ctx;

	if (h->killed)
		gw_log(h->log, GW_LOG_WARN, "%s: `%s` took more than a minute and was ended",
			h->queue->account, h->queue->command);
	else if (signal != 0)
		gw_log(h->log, GW_LOG_WARN, "%s: `%s` was ended by signal %d", h->queue->account,
			h->queue->command, signal);
	else if (status != 0)
		gw_log(h->log, GW_LOG_WARN, "%s: `%s` exited with status %d", h->queue->account,
			h->queue->command, status);
	close_both(h);
}

/* The shell and whatever it started are a process group. */
static void on_deadline(uv_timer_t *timer)
{
	struct hooks *h = timer->data;

	gw_child_signal(h->child, h->killed ? SIGKILL : SIGTERM);
	h->killed = true;
	uv_timer_start(timer, on_deadline, KILL_MS, 0);
}

struct environment {
	char *list[VARIABLES + 1]; /* owned; ends with NULL */
	size_t count;
};

static void set(struct environment *e, const char *name, const char *value)
{
	if (value == NULL || e->count == VARIABLES)
		return;
	if (asprintf(&e->list[e->count], "GODWIT_%s=%s", name, value) >= 0)
		e->count++;
	else
		e->list[e->count] = NULL;
}

static void set_number(struct environment *e, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	set(e, name, text);
}

static void make_environment(struct hook *k, struct environment *e)
{
	static const char *const events[] = { "new-mail", "sync", "error", "sent" };

	set(e, "EVENT", events[k->kind]);
	set(e, "ACCOUNT", k->account);
	set(e, "MAILDIR", k->maildir);
	set(e, "FOLDER", k->folder);
	if (k->kind == NEW_MAIL) {
		set_number(e, "COUNT", k->count);
		set(e, "FILES", gw_buf_cstr(&k->lines));
		set(e, "FROM", gw_buf_cstr(&k->senders));
		set(e, "SUBJECTS", gw_buf_cstr(&k->subjects));
	} else if (k->kind == SENT) {
		set_number(e, "COUNT", k->count);
		set(e, "MAILS", gw_buf_cstr(&k->lines));
	} else if (k->kind == SYNC) {
		set_number(e, "RECEIVED", k->counts.downloaded);
		set_number(e, "SENT", k->counts.uploaded);
		set_number(e, "FLAGS", k->counts.flags_changed + k->counts.flags_sent);
		set_number(e, "DELETED", k->counts.deleted + k->counts.deleted_there);
		set_number(e, "MOVED", k->counts.moved);
	} else {
		set(e, "ERROR", k->error);
		set(e, "ERROR_KIND", k->error_kind);
	}
}

static enum gw_code spawn(
	struct hooks *h, struct hook *k, char *const *environment, struct gw_error *err)
{
	struct gw_child_options o = { .runner = k->runner,
		.command = k->command,
		.variables = environment,
		.in = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.out = STDERR_FILENO, /* stdout may be our JSON */
		.own_session = true };
	enum gw_code code =
		o.in < 0 ? gw_fail_sys(err, GW_ERR_BUSY, errno, "cannot open /dev/null")
			 : gw_child_start(h->loop, &o, on_exit_status, h, &h->child, err);

	if (o.in >= 0)
		close(o.in);
	return code;
}

static void start_next(struct hooks *h)
{
	struct hook *k = h->queue;
	struct environment e = { 0 };
	struct gw_error err = { 0 };

	if (h->stopped || h->open > 0 || k == NULL || !k->ready)
		return;
	h->killed = false;
	uv_timer_init(h->loop, &h->deadline);
	h->deadline.data = h;
	make_environment(k, &e);
	if (spawn(h, k, e.list, &err) == GW_OK)
		uv_timer_start(&h->deadline, on_deadline, HOOK_MS, 0);
	else
		gw_log(h->log, GW_LOG_WARN, "%s: `%s`: %s", k->account, k->command, err.text);
	h->open = h->child == NULL ? 1 : 2;
	if (h->child == NULL)
		close_both(h);
	for (size_t i = 0; i < e.count; i++)
		free(e.list[i]);
}

/* --- what to run ----------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The run of this kind that waits, or a new one at the end; NULL: out of memory. */
static struct hook *waiting(struct hooks *h, enum kind kind, const struct gw_account *account,
	const char *command, const char *folder)
{
	struct hook **at = &h->queue, *k;

	if (h->open > 0) /* the first one runs, and takes nothing in any more */
		at = &h->queue->next;
	for (; (k = *at) != NULL; at = &k->next) {
		if (k->kind == kind && kind != TROUBLE && strcmp(k->account, account->name) == 0 &&
			same(k->folder, folder))
			return k;
	}
	k = calloc(1, sizeof *k);
	if (k == NULL)
		return NULL;
	k->kind = kind;
	k->runner = account->runner;
	gw_buf_init(&k->lines, LINES_MAX);
	gw_buf_init(&k->senders, LINES_MAX);
	gw_buf_init(&k->subjects, LINES_MAX);
	k->command = strdup(command);
	k->account = strdup(account->name);
	k->maildir = gw_copy_str(account->maildir);
	k->folder = gw_copy_str(folder);
	if (k->command == NULL || k->account == NULL ||
		(account->maildir != NULL && k->maildir == NULL) ||
		(folder != NULL && k->folder == NULL)) {
		free_hook(k);
		return NULL;
	}
	*at = k;
	return k;
}

/* Adds one message. */
static void add_line(struct hook *k, const char *line)
{
	k->count++;
	if (k->lines.n + strlen(line) + 1 >= LINES_MAX)
		return; /* an environment has bounds; the count goes on */
	if (k->lines.n > 0)
		gw_buf_puts(&k->lines, "\n");
	gw_buf_puts(&k->lines, line);
}

static void add_field(struct gw_buf *lines, bool first, const char *header, const char *name)
{
	char text[300];

	gw_header_field(header, name, text, sizeof text);
	if (!first)
		gw_buf_puts(lines, "\n");
	gw_buf_puts(lines, text);
}

/* Adds sender and subject, of a few messages only: otherwise much mail would be read twice. */
static void add_header(struct hook *k, const char *path)
{
	char *text = k->count > HEADERS ? NULL : calloc(1, HEADER_MAX + 1);
	int fd = text == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (text == NULL)
		return;
	if (fd < 0 || read(fd, text, HEADER_MAX) < 0)
		text[0] = '\0'; /* its lines stay empty */
	add_field(&k->senders, k->count == 1, text, "From");
	add_field(&k->subjects, k->count == 1, text, "Subject");
	if (fd >= 0)
		close(fd);
	free(text);
}

static void add_file(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const struct gw_sync_event *ev)
{
	struct hook *k = waiting(h, NEW_MAIL, account, commands->on_new_mail, ev->mailbox);

	if (k == NULL)
		return;
	add_line(k, ev->text);
	add_header(k, ev->text);
}

/* Starts the next one that is ready, if none runs. */
static void run_ready(struct hooks *h)
{
	struct hook *gathering = NULL, **at = &h->queue, **end = &gathering, *k;

	while ((k = *at) != NULL) { /* those that still gather do not keep the others back */
		if (k->ready) {
			at = &k->next;
			continue;
		}
		*at = k->next;
		k->next = NULL;
		*end = k;
		end = &k->next;
	}
	*at = gathering;
	start_next(h);
}

/* Releases what was gathered for a mailbox, or for the whole account. */
static void release(struct hooks *h, const struct gw_account *account, const char *folder)
{
	for (struct hook *k = h->queue; k != NULL; k = k->next) {
		if (strcmp(k->account, account->name) == 0 &&
			(folder == NULL || same(k->folder, folder)))
			k->ready = true;
	}
	run_ready(h);
}

static void add_counts(struct gw_sync_counts *sum, const struct gw_sync_counts *c)
{
	sum->downloaded += c->downloaded;
	sum->uploaded += c->uploaded;
	sum->flags_changed += c->flags_changed;
	sum->flags_sent += c->flags_sent;
	sum->deleted += c->deleted;
	sum->deleted_there += c->deleted_there;
	sum->moved += c->moved;
}

static struct told *told_of(struct hooks *h, const struct gw_account *account)
{
	struct told *t = h->told;

	while (t != NULL && strcmp(t->account, account->name) != 0)
		t = t->next;
	if (t != NULL)
		return t;
	t = calloc(1, sizeof *t);
	if (t == NULL || (t->account = strdup(account->name)) == NULL) {
		free(t);
		return NULL;
	}
	t->next = h->told;
	h->told = t;
	return t;
}

static void tell_error(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const char *folder, const struct gw_error *err)
{
	uint64_t hash = gw_hash_bytes(gw_slice_str(err->text));
	struct told *t = commands->on_error == NULL ? NULL : told_of(h, account);
	struct hook *k;

	for (size_t i = 0; t != NULL && i < t->count; i++) {
		if (t->hashes[i] == hash)
			return;
	}
	if (t == NULL)
		return;
	if (t->count < TOLD_MAX)
		t->hashes[t->count++] = hash;
	k = waiting(h, TROUBLE, account, commands->on_error, folder);
	if (k == NULL)
		return;
	k->error = strdup(err->text);
	k->error_kind = gw_code_name(err->code);
	k->ready = true;
}

void hooks_trouble(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const struct gw_error *err)
{
	tell_error(h, account, commands, NULL, err);
	release(h, account, NULL);
}

static void on_done(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const struct gw_sync_event *ev)
{
	struct told *t = told_of(h, account);
	struct hook *k;

	if (ev->err == NULL && ev->counts->problems == 0 && t != NULL)
		t->count = 0;
	if (commands->on_sync != NULL &&
		(gw_sync_changed(ev->counts) || ev->counts->mailboxes_created > 0)) {
		k = waiting(h, SYNC, account, commands->on_sync, NULL);
		if (k != NULL)
			add_counts(&k->counts, ev->counts);
	}
	release(h, account, NULL);
}

void hooks_sync_event(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const struct gw_sync_event *ev)
{
	if (h->stopped)
		return;
	if (ev->type == GW_SYNC_NEW && !ev->old && commands->on_new_mail != NULL)
		add_file(h, account, commands, ev);
	else if (ev->type == GW_SYNC_MAILBOX)
		release(h, account, ev->mailbox);
	else if (ev->type == GW_SYNC_PROBLEM)
		tell_error(h, account, commands, ev->mailbox, ev->err);
	else if (ev->type == GW_SYNC_DONE)
		on_done(h, account, commands, ev);
}

void hooks_sent(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const char *id, const char *subject)
{
	struct gw_buf line;
	struct hook *k;

	if (h->stopped || commands->on_sent == NULL)
		return;
	k = waiting(h, SENT, account, commands->on_sent, NULL);
	if (k == NULL)
		return;
	gw_buf_init(&line, LINES_MAX);
	gw_buf_puts(&line, id);
	gw_buf_puts(&line, " ");
	gw_show(gw_slice_str(subject != NULL ? subject : ""), &line);
	add_line(k, gw_buf_cstr(&line));
	gw_buf_deinit(&line);
	k->ready = true;
	run_ready(h);
}

void hooks_stop(struct hooks *h)
{
	struct hook **keep = h->open > 0 ? &h->queue->next : &h->queue;
	struct hook *next;

	h->stopped = true;
	for (struct hook *k = *keep; k != NULL; k = next) {
		next = k->next;
		free_hook(k);
	}
	*keep = NULL;
}
