/* SPDX-License-Identifier: ISC */
/* cli/cmd_restore.c - `godwit restore`: what rests in the attic, and back again. */
#include "cli/cli.h"
#include "cli/say.h"

#include "godwit/attic.h"
#include "godwit/json.h"
#include "godwit/status.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct restore {
	const struct options *o;
	const struct gw_log *log;
	const struct gw_account *account;
	const char *folder; /* NULL: any */
	char *const *ids;   /* to be put back; none: list */
	int id_count;
	unsigned *hits; /* by id */
	unsigned long listed, restored;
	int status;
};

struct trash {
	char name[200], dir[400]; /* "": none */
	bool sure;                /* the server says that it is the trash */
};

static void print_message(const struct restore *r, const struct gw_attic_message *m)
{
	char when[32] = "";
	struct tm tm;

	if (r->o->json) {
		json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I}", "account",
			r->account->name, "id", m->id, "folder", gw_json_text(m->folder), "from",
			gw_json_text(m->from), "subject", gw_json_text(m->subject), "deleted",
			(json_int_t)m->deleted, "size", (json_int_t)m->size);

		if (o != NULL) {
			json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
			putchar('\n');
		}
		json_decref(o);
		return;
	}
	if (localtime_r(&m->deleted, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
	say(stdout, "%s  %s  %-16s  %-30.30s  %s\n", m->id, when, m->folder, m->from, m->subject);
}

static bool on_message(void *ctx, const struct gw_attic_message *m)
{
	struct restore *r = ctx;
	struct gw_error err = { 0 };
	bool wanted = r->id_count == 0 && r->o->all;

	if (r->folder != NULL && strcmp(r->folder, m->folder) != 0)
		return true;
	for (int i = 0; i < r->id_count; i++) {
		if (strncmp(r->ids[i], m->id, strlen(r->ids[i])) == 0) {
			r->hits[i]++;
			wanted = true;
		}
	}
	if (wanted ? r->o->dry_run : r->id_count == 0) {
		print_message(r, m);
		r->listed++;
	}
	if (!wanted || r->o->dry_run)
		return true;
	if (gw_attic_restore(r->account, m, &err) != GW_OK) {
		complain(r->account->name, m->folder, &err);
		r->status = exit_status(&err);
		return true;
	}
	r->restored++;
	if (!r->o->quiet)
		say(stdout, "%s: %s: %s is back; the next sync uploads it\n", r->account->name,
			m->folder, m->subject[0] != '\0' ? m->subject : m->name);
	return true;
}

static const struct gw_account *find(
	const struct config *config, const char *arg, const char **rest)
{
	const char *colon = strchr(arg, ':');
	size_t n = colon == NULL ? strlen(arg) : (size_t)(colon - arg);

	*rest = colon == NULL ? NULL : colon + 1;
	for (size_t i = 0; i < config->count; i++) {
		const char *name = config->accounts[i].name;

		if (strlen(name) == n && strncmp(name, arg, n) == 0)
			return &config->accounts[i];
	}
	return NULL;
}

/* Where it is that was deleted here: the server has it, and it comes back from there. */
static void on_mailbox(void *ctx, const struct gw_status_mailbox *m)
{
	static const char *const usual[] = { "Trash", "Deleted Items", "Deleted Messages" };
	struct trash *t = ctx;
	bool named = false;

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		named = named || strcmp(m->shown, usual[i]) == 0;
	if (m->uidvalidity == 0 || (!m->trash && (!named || t->sure)))
		return;
	t->sure = m->trash;
	snprintf(t->name, sizeof t->name, "%s", m->shown);
	snprintf(t->dir, sizeof t->dir, "%s", m->name);
}

/* The attic is empty, or lacks what is looked for. */
static void say_where(const struct restore *r)
{
	struct trash t = { .sure = false };
	const struct gw_status_sink sink = { .mailbox = on_mailbox, .ctx = &t };
	struct gw_error err = { 0 };
	const struct gw_account *a = r->account;

	if (r->o->json || r->o->quiet || a->maildir == NULL)
		return;
	say(stderr,
		"%s: the attic has what was deleted on the server and then here, for %u %s; nothing of "
		"%s is in it\n",
		a->name, a->attic_days, a->attic_days == 1 ? "day" : "days",
		r->folder != NULL ? r->folder : "this account");
	if (a->deletes != GW_DELETE_TRASH)
		return;
	if (gw_status_read(a, &sink, &err) == GW_OK && t.name[0] != '\0')
		say(stderr,
			"%s: what was deleted here is in the trash, the mailbox \"%s\" (%s/%s): move "
			"it back from there\n",
			a->name, t.name, a->maildir, t.dir);
	else
		say(stderr,
			"%s: what was deleted here is in the server's trash, which is not here\n",
			a->name);
}

struct wanted {
	const char *name;
	bool found;
};

static void on_name(void *ctx, const struct gw_status_mailbox *m)
{
	struct wanted *w = ctx;

	w->found |= strcmp(m->shown, w->name) == 0 || strcmp(m->name, w->name) == 0;
}

/* Does the state know the mailbox that was named?  Where nothing can be said, it may. */
static bool has_mailbox(const struct restore *r)
{
	struct wanted w = { .name = r->folder };
	const struct gw_status_sink sink = { .mailbox = on_name, .ctx = &w };
	struct gw_error err = { 0 };

	return r->folder == NULL || gw_status_read(r->account, &sink, &err) != GW_OK || w.found;
}

static int run(struct restore *r)
{
	struct gw_error err = { 0 };

	if (r->account->protocol == GW_PROTOCOL_POP3 && r->folder != NULL) {
		gw_fail(&err, GW_ERR_CONFIG,
			"it is fetched over POP3: there is one mailbox, so none can be chosen");
		complain(r->account->name, NULL, &err);
		return exit_status(&err);
	}
	if (r->account->protocol == GW_PROTOCOL_POP3)
		return restore_pop3(r->o, r->account, r->ids, r->id_count, r->log);
	r->listed = 0;
	if (gw_attic_list(r->account, on_message, r, &err) != GW_OK) {
		complain(r->account->name, NULL, &err);
		return exit_status(&err);
	}
	if (r->listed + r->restored == 0 && r->id_count == 0 && !has_mailbox(r)) {
		gw_fail(&err, GW_ERR_CONFIG,
			"there is no mailbox of this name, and nothing of one in the attic; `godwit status -v` "
			"lists the mailboxes");
		complain(r->account->name, r->folder, &err);
		return exit_status(&err);
	}
	if (r->listed + r->restored == 0 && r->id_count == 0)
		say_where(r);
	return r->status;
}

int cmd_restore(const struct options *o, const struct config *config, const struct gw_log *log)
{
	struct restore r = { .o = o, .log = log };
	unsigned hits[64] = { 0 };
	struct gw_error err = { 0 };
	int status = 0;

	r.hits = hits;
	if (o->arg_count == 0) {
		for (size_t i = 0; i < config->count && status == 0; i++) {
			r.account = &config->accounts[i];
			status = run(&r);
		}
		return status;
	}
	r.account = find(config, o->args[0], &r.folder);
	if (r.account == NULL || o->arg_count > 64) {
		if (r.account == NULL)
			accounts_unknown(config, o->args[0], strcspn(o->args[0], ":"), &err);
		else
			gw_fail(&err, GW_ERR_CONFIG,
				"no more than 63 messages at a time, or --all");
		complain(NULL, NULL, &err);
		return exit_status(&err);
	}
	r.ids = o->args + 1;
	r.id_count = o->arg_count - 1;
	status = run(&r);
	for (int i = 0; i < r.id_count; i++) {
		if (hits[i] > 0 || r.account->protocol == GW_PROTOCOL_POP3)
			continue;
		gw_fail(&err, GW_ERR_CONFIG, "there is no message %s in the attic", r.ids[i]);
		complain(r.account->name, NULL, &err);
		gw_error_clear(&err);
		status = 1;
	}
	return status;
}
