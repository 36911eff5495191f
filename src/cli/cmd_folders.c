/* SPDX-License-Identifier: ISC */
/* cli/cmd_folders.c - `godwit folders`: each mailbox, its directory, why it belongs to the account,
 * and what it holds.
 *
 * Asks the server which mailboxes exist; if that fails, lists those that were synchronized.
 */
#include "cli/cli.h"
#include "cli/rehearsal.h"
#include "cli/say.h"

#include "base/text.h"
#include "godwit/json.h"
#include "godwit/status.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	char *name, *dir, *pattern; /* owned; dir, pattern: NULL: none */
	bool wanted, there, here;   /* there: the server has it */
	bool synchronized;
	uint64_t files, unread, fresh, gone, flags, there_only;
	int64_t changed;
};

struct table {
	const struct gw_account *account;
	struct row *list; /* owned */
	size_t count, cap;
	bool failed; /* no memory */
};

static struct row *row_of(struct table *t, const char *name)
{
	struct row *r;

	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->list[i].name, name) == 0)
			return &t->list[i];
	}
	r = gw_array_push((void **)&t->list, &t->count, &t->cap, sizeof *r);
	if (r != NULL && (r->name = strdup(name)) == NULL) {
		t->count--;
		r = NULL;
	}
	t->failed |= r == NULL;
	return r;
}

static void put(struct table *t, char **slot, const char *text)
{
	free(*slot);
	*slot = gw_copy_str(text);
	t->failed |= text != NULL && *slot == NULL;
}

static void on_listed(void *ctx, const struct gw_mailbox_info *info)
{
	struct table *t = ctx;
	struct row *r = row_of(t, info->name);

	if (r == NULL)
		return;
	r->there = true;
	r->wanted = info->wanted;
	put(t, &r->pattern, info->pattern);
	if (info->wanted)
		put(t, &r->dir, info->given != NULL ? info->given : info->dirs[t->account->layout]);
}

/* Notes what the state knows; its directory is where the mailbox is. */
static void on_known(void *ctx, const struct gw_status_mailbox *m)
{
	struct table *t = ctx;
	struct row *r = row_of(t, m->shown);

	if (r == NULL)
		return;
	r->here = true;
	r->synchronized = m->uidvalidity != 0;
	r->files = m->files;
	r->unread = m->unread;
	r->fresh = m->fresh;
	r->gone = m->gone;
	r->flags = m->flags;
	r->there_only = m->there_only;
	r->changed = m->local_changed;
	put(t, &r->dir, m->name);
	if (!r->there) {
		r->wanted = true;
		put(t, &r->pattern, m->pattern);
	}
}

/* --- words ------------------------------------------------------------------------------------- */

static void print_json(const struct gw_account *a, const struct row *r)
{
	json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I}",
		"account", a->name, "name", gw_json_text(r->name), "directory",
		r->dir == NULL ? json_null() : gw_json_text(r->dir), "pattern",
		r->pattern == NULL ? json_null() : gw_json_text(r->pattern), "wanted", r->wanted,
		"on_server", r->there, "synchronized", r->synchronized, "messages",
		(json_int_t)r->files, "unread", (json_int_t)r->unread, "changed",
		(json_int_t)r->changed, "new_here", (json_int_t)r->fresh, "gone_here",
		(json_int_t)r->gone, "flags_here", (json_int_t)r->flags);

	if (o == NULL)
		return;
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

static void print_row(const struct row *r, bool asked)
{
	char when[GW_LOCAL_TIME] = "", why[200] = "", state[120] = "";

	gw_local_time(r->changed, when);
	if (r->pattern != NULL)
		snprintf(why, sizeof why, "  by \"%.150s\"", r->pattern);
	if (!r->wanted) {
		say(stdout, "                                      %s  left out%s", r->name, why);
		return;
	}
	if (!r->here)
		snprintf(state, sizeof state, "  not here yet");
	else if (asked && !r->there)
		snprintf(state, sizeof state, "  not on the server");
	else if (r->fresh + r->gone + r->flags > 0)
		snprintf(state, sizeof state, "  +%llu -%llu, %llu flags",
			(unsigned long long)r->fresh, (unsigned long long)r->gone,
			(unsigned long long)r->flags);
	if (r->there_only > 0) {
		size_t n = strlen(state);

		snprintf(state + n, sizeof state - n, "  %llu there only",
			(unsigned long long)r->there_only);
	}
	say(stdout, "%8llu  %8llu  %-16s  %s%s%s%s%s", (unsigned long long)r->files,
		(unsigned long long)r->unread, when, r->name,
		r->dir != NULL && strcmp(r->dir, r->name) != 0 ? "  in " : "",
		r->dir != NULL && strcmp(r->dir, r->name) != 0 ? r->dir : "", why, state);
}

static int by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	bool x_inbox = strcmp(x->name, "INBOX") == 0, y_inbox = strcmp(y->name, "INBOX") == 0;

	return x_inbox != y_inbox ? (x_inbox ? -1 : 1) : strcmp(x->name, y->name);
}

static void print(const struct table *t, bool json, bool asked)
{
	if (t->count > 0)
		qsort(t->list, t->count, sizeof *t->list, by_name);
	if (!json) {
		say(stdout, "%s: %s", t->account->name, t->account->maildir);
		printf("messages    unread  changed here      mailbox\n");
	}
	for (size_t i = 0; i < t->count; i++) {
		if (json)
			print_json(t->account, &t->list[i]);
		else
			print_row(&t->list[i], asked);
	}
}

struct folders {
	const struct options *options;
	const struct config *config;
	const struct gw_log *log;
};

static int one(void *ctx, size_t account)
{
	const struct folders *f = ctx;
	struct table t = { .account = &f->config->accounts[account] };
	const struct gw_status_sink sink = { .mailbox = on_known, .look = true, .ctx = &t };
	struct gw_error server = { 0 }, err = { 0 };
	bool asked = list_mailboxes(t.account, f->log, on_listed, &t, &server) == GW_OK;
	enum gw_code code = gw_status_read(t.account, &sink, &err);

	if (code == GW_OK && t.failed)
		code = gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	if (code == GW_OK)
		print(&t, f->options->json, asked);
	for (size_t i = 0; i < t.count; i++) {
		free(t.list[i].name);
		free(t.list[i].dir);
		free(t.list[i].pattern);
	}
	free(t.list);
	if (!asked)
		complain(t.account->name, NULL, &server);
	if (code != GW_OK)
		complain(t.account->name, NULL, &err);
	return code != GW_OK ? exit_status(&err) : asked ? 0 : exit_status(&server);
}

int cmd_folders(const struct options *o, const struct config *config, const struct gw_log *log)
{
	struct folders f = { o, config, log };

	return accounts_each(o, config, false, one, &f);
}
