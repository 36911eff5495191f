/* SPDX-License-Identifier: ISC */
/* cli/cmd_import.c - `godwit import`: from mbsync's or offlineimap's configuration to ours.
 *
 * Says line by line what became what, asks the server for its mailboxes, says which directory is which
 * mailbox, rehearses the first sync, and writes the account down.  Never syncs.
 */
#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/config_file.h"
#include "cli/import_file.h"
#include "cli/provider.h"
#include "cli/python.h"
#include "cli/rehearsal.h"
#include "cli/say.h"

#include "base/fs.h"
#include "godwit/rivals.h"
#include "import/compose.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 21, PLACEHOLDER_MAX = 16384, SHOWN = 20 };

struct import {
	const struct options *options;
	const struct gw_log *log;
	struct config_file file;
	struct gw_others others;
	struct gw_buf text; /* the configuration as it will be */
	size_t written;     /* accounts in it that are new */
	bool heed;          /* a person has to look at something */
	struct gw_error err;
};

/* The import of one account. */
struct move {
	struct import *in;
	struct gw_other *o;
	struct gw_settle_box *boxes; /* owned */
	size_t count, cap;
	struct gw_settled settled;
	bool failed; /* no memory */
};

/* --- what became what -------------------------------------------------------------------------- */

static void print_notes(const struct gw_other_note *notes, size_t count, bool *heed)
{
	static const char *const marks[] = {
		[GW_FATE_BECAME] = "  ", [GW_FATE_LEFT] = "- ", [GW_FATE_HEED] = "! "
	};

	for (size_t i = 0; i < count; i++) {
		const struct gw_other_note *n = &notes[i];

		say(stdout, "  %s%4u  %s: %s", marks[n->fate], n->line, n->said, n->became);
		*heed |= n->fate == GW_FATE_HEED;
	}
}

/* --- the account's keys ------------------------------------------------------------------------ */

/* Runs a command and takes the first line of its output; false: it failed. */
static bool first_line(const char *command, char *out, size_t size)
{
	/* NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c): the old program ran it, too */
	FILE *f = popen(command, "re");
	bool ok = f != NULL && fgets(out, (int)size, f) != NULL;

	if (f != NULL)
		ok = pclose(f) == 0 && ok;
	if (ok)
		out[strcspn(out, "\r\n")] = '\0';
	return ok;
}

static bool take_sets(struct move *m)
{
	const struct options *o = m->in->options;

	for (size_t i = 0; i < o->set_count; i++) {
		const char *equals = strchr(o->sets[i], '=');
		char key[40];

		if (equals == NULL || (size_t)(equals - o->sets[i]) >= sizeof key) {
			gw_fail(&m->in->err, GW_ERR_CONFIG, "--set %s: it has to be KEY=VALUE",
				o->sets[i]);
			return false;
		}
		snprintf(key, sizeof key, "%.*s", (int)(equals - o->sets[i]), o->sets[i]);
		if (strcmp(key, "name") == 0)
			gw_other_name(m->o, equals + 1);
		else
			gw_other_set(m->o, key, equals[1] == '{', "%s", equals + 1);
	}
	return true;
}

static bool fill_keys(struct move *m)
{
	const struct provider *p;
	char line[1024];

	for (size_t i = 0; i < m->o->asked_count; i++) {
		const struct gw_other_key *k = &m->o->asked[i];

		if (!first_line(k->value, line, sizeof line)) {
			gw_fail(&m->in->err, GW_ERR_CONFIG,
				"account \"%s\": the command that prints `%s` failed: %s",
				m->o->name, k->key, k->value);
			return false;
		}
		gw_other_set(m->o, k->key, false, "%s", line);
	}
	if (!take_sets(m))
		return false;
	p = gw_other_get(m->o, "host") == NULL ? NULL
					       : provider_of_host(gw_other_get(m->o, "host"));
	if (p != NULL && gw_other_get(m->o, "provider") == NULL) {
		gw_other_set(m->o, "provider", false, "%s", p->name);
		gw_other_note(m->o, 0, GW_FATE_BECAME, gw_other_get(m->o, "host"),
			"provider = \"%s\", with what is known of it", p->name);
	}
	if (gw_other_get(m->o, "password-command") == NULL &&
		gw_other_get(m->o, "token-command") == NULL &&
		gw_other_get(m->o, "oauth2-client-id") == NULL &&
		gw_other_get(m->o, "tunnel-command") == NULL) {
		gw_fail(&m->in->err, GW_ERR_CONFIG,
			"account \"%s\": the password was asked for, and godwit wants a command that "
			"prints it: godwit import --set 'password-command=pass show mail'",
			m->o->name);
		return false;
	}
	return true;
}

/* --- mailboxes --------------------------------------------------------------------------------- */

static void on_mailbox(void *ctx, const struct gw_mailbox_info *info)
{
	struct move *m = ctx;
	struct gw_settle_box *b =
		gw_array_push((void **)&m->boxes, &m->count, &m->cap, sizeof *m->boxes);

	if (b == NULL) {
		m->failed = true;
		return;
	}
	b->name = strdup(info->name);
	b->wire = strdup(info->wire);
	b->dirs[0] = strdup(info->dirs[0]);
	b->dirs[1] = strdup(info->dirs[1]);
	b->delimiter = info->delimiter;
	b->repeats = info->repeats;
	m->failed |= b->name == NULL || b->wire == NULL || b->dirs[0] == NULL || b->dirs[1] == NULL;
}

/* The account as far as it goes, to ask its server with. */
static bool ask_server(struct move *m)
{
	struct config config = { 0 };
	struct gw_buf text;
	bool ok;

	gw_buf_init(&text, TEXT_MAX);
	ok = gw_compose(m->o, NULL, 0, NULL, "/nonexistent", &text) == GW_OK &&
	     config_parse(gw_buf_cstr(&text), m->in->file.dir, "what was imported", &config,
		     &m->in->err) == GW_OK &&
	     list_mailboxes(&config.accounts[0], m->in->log, on_mailbox, m, &m->in->err) == GW_OK;
	config_free(&config);
	gw_buf_deinit(&text);
	if (!ok && m->in->err.code != GW_OK)
		gw_error_context(&m->in->err, "account \"%s\"", m->o->name);
	return ok && !m->failed;
}

static bool is_maildir(void *ctx, const char *path)
{
	char cur[4096];
	struct stat st;

	(void)ctx;
	snprintf(cur, sizeof cur, "%s/cur", path);
	return stat(cur, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool settle(struct move *m)
{
	bool python = m->o->nametrans != NULL || m->o->folderfilter != NULL ||
		      m->o->folderincludes != NULL;

	if (python && python_places(m->o, m->boxes, m->count, &m->in->err) != GW_OK)
		return false;
	return gw_settle_places(m->o, m->boxes, m->count, is_maildir, NULL) &&
	       gw_settle(m->o, m->boxes, m->count, is_maildir, NULL, &m->settled, &m->in->err) ==
		       GW_OK;
}

/* Calls each() for every file of a Maildir. */
static size_t each_file(const char *place, void (*each)(void *ctx, const char *path), void *ctx)
{
	static const char *const parts[] = { "cur", "new" };
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		char path[4096 + 300];
		struct dirent *e;
		DIR *d;

		snprintf(path, sizeof path, "%s/%s", place, parts[i]);
		d = opendir(path);
		while (d != NULL && (e = readdir(d)) != NULL) {
			if (e->d_name[0] == '.')
				continue;
			count++;
			snprintf(path, sizeof path, "%s/%s/%s", place, parts[i], e->d_name);
			if (each != NULL)
				each(ctx, path);
		}
		if (d != NULL)
			closedir(d);
	}
	return count;
}

static void print_places(const struct move *m)
{
	printf("\n  mail in %s, layout %s\n", m->settled.root,
		m->settled.layout == GW_LAYOUT_FS ? "fs" : "maildir++");
	for (size_t i = 0; i < m->count; i++) {
		const struct gw_settle_box *b = &m->boxes[i];

		if (!b->in)
			say(stdout, "    %s: left out, as before", b->name);
		else if (b->here)
			say(stdout, "    %s: %s, with %zu %s%s", b->name, b->place,
				each_file(b->place, NULL, NULL),
				each_file(b->place, NULL, NULL) == 1 ? "message" : "messages",
				b->local != NULL ? " (`local`)" : "");
		else
			say(stdout, "    %s: not here yet", b->name);
	}
}

static void print_move(const char *from, const char *to)
{
	size_t n = strlen(from);

	if (strncmp(from, to, n) == 0 && to[n] == '/') /* INBOX in the root itself */
		say(stdout, "    mkdir -p '%s' && mv '%s/cur' '%s/new' '%s/tmp' '%s/'", to, from,
			from, from, to);
	else
		say(stdout, "    mkdir -p \"$(dirname '%s')\" && mv '%s' '%s'", to, from, to);
}

static void print_moves(const struct move *m)
{
	printf("\n  These directories have no place in one tree as they are.  Stop the old program, "
	       "then\n  rename them, and import again:\n");
	for (size_t i = 0; i < m->count; i++) {
		if (m->boxes[i].move != NULL)
			print_move(m->boxes[i].place, m->boxes[i].move);
	}
}

/* --- placeholders ------------------------------------------------------------------------------ */

struct hunt {
	size_t found;
	char first[4096 + 300];
};

static void hunt_placeholder(void *ctx, const char *path)
{
	static const char mark[] = "this message is over the MaxSize limit";
	struct hunt *h = ctx;
	struct stat st;
	struct gw_buf text;
	struct gw_error ignored = { 0 };
	bool found = false;

	if (stat(path, &st) != 0 || st.st_size > PLACEHOLDER_MAX)
		return;
	gw_buf_init(&text, PLACEHOLDER_MAX + 1);
	if (gw_read_file(AT_FDCWD, path, PLACEHOLDER_MAX, &text, &found, &ignored) == GW_OK &&
		found && strstr(gw_buf_cstr(&text), mark) != NULL && h->found++ == 0)
		snprintf(h->first, sizeof h->first, "%s", path);
	gw_buf_deinit(&text);
}

/* mbsync leaves a message in place of each one that is too large: to godwit it is mail of the user's. */
static bool has_placeholders(const struct move *m)
{
	struct hunt h = { 0 };

	for (size_t i = 0; i < m->count && m->o->placeholders; i++) {
		if (m->boxes[i].here)
			each_file(m->boxes[i].place, hunt_placeholder, &h);
	}
	if (h.found == 0)
		return false;
	printf("\n  %zu files are placeholders that mbsync made for messages over MaxSize; the first is\n",
		h.found);
	say(stdout, "    %s", h.first);
	printf("  godwit would send them to the server.  Take them out first, and import again:\n");
	say(stdout,
		"    grep -rlZ 'this message is over the MaxSize limit' '%s' --include='*,U=*' | xargs -0 rm",
		m->settled.root);
	return true;
}

/* --- the rehearsal ----------------------------------------------------------------------------- */

struct report {
	size_t shown, hidden;
};

static void on_plan(
	void *ctx, const char *mailbox, const struct gw_sync_counts *c, const char *text)
{
	struct report *r = ctx;

	if (r->shown == SHOWN) {
		r->hidden++;
		return;
	}
	r->shown++;
	if (c == NULL)
		say(stdout, "    %s: %s", mailbox, text);
	else
		say(stdout,
			"    %s: %llu recognised, %llu would be fetched (%.1f MB), %llu would be sent",
			mailbox, (unsigned long long)c->paired, (unsigned long long)c->to_download,
			(double)c->bytes_to_download / 1e6, (unsigned long long)c->to_upload);
}

static void on_problem(void *ctx, const char *mailbox, const char *text)
{
	(void)ctx;
	say(stdout, "    %s%s%s", mailbox != NULL ? mailbox : "", mailbox != NULL ? ": " : "",
		text);
}

/* Returns false if it failed, which was reported; the account is written all the same. */
static bool look_ahead(struct import *in, const struct gw_account *account)
{
	struct report report = { 0 };
	const struct rehearsal r = { .plan = on_plan, .problem = on_problem, .ctx = &report };
	struct gw_sync_counts sum;
	struct gw_error err = { 0 };
	enum gw_code code;

	printf("\n  The first sync of %s would do this (nothing is done now):\n", account->name);
	fflush(stdout);
	code = rehearse(account, in->log, &r, &sum, &err);
	if (code != GW_OK) {
		complain(account->name, NULL, &err);
		return false;
	}
	if (report.hidden > 0)
		printf("    and %zu more mailboxes\n", report.hidden);
	printf("    together: %llu recognised, %llu would be fetched, %llu would be sent\n",
		(unsigned long long)sum.paired, (unsigned long long)sum.to_download,
		(unsigned long long)sum.to_upload);
	if (sum.to_upload > 0)
		printf("    What would be sent is mail that is here and not on the server: look at it "
		       "with\n    godwit sync -n %s\n",
			account->name);
	return sum.problems == 0;
}

/* --- the accounts ------------------------------------------------------------------------------ */

static bool add_account(struct move *m)
{
	struct import *in = m->in;
	bool ok = gw_buf_printf(&in->text,
			  "# taken over by `godwit import`; `man 5 godwit` explains every key\n") ==
			  GW_OK &&
		  gw_compose(m->o, m->boxes, m->count, &m->settled, NULL, &in->text) == GW_OK &&
		  gw_buf_puts(&in->text, "\n") == GW_OK;

	in->written += ok;
	return ok;
}

/* Returns false if in->err says why or, without a code there, if it waits for the user, which was
 * reported. */
static bool import_account(struct import *in, struct gw_other *o)
{
	struct move m = { .in = in, .o = o };
	bool ok;

	if (o->path == NULL && o->inbox == NULL) { /* no account of ours */
		printf("\n");
		say(stdout, "%s", o->name);
		print_notes(o->notes, o->note_count, &in->heed);
		return true;
	}
	ok = fill_keys(&m);
	printf("\n");
	say(stdout, "Account \"%s\"", o->name);
	print_notes(o->notes, o->note_count, &in->heed);
	fflush(stdout);
	if (ok && config_file_has(&in->file, o->name)) {
		gw_fail(&in->err, GW_ERR_CONFIG,
			"%s has an account \"%s\" already; choose another name (--set name=...)",
			in->file.path, o->name);
		ok = false;
	}
	ok = ok && ask_server(&m) && settle(&m);
	if (ok) {
		print_places(&m);
		if (m.settled.moves > 0)
			print_moves(&m);
		ok = !has_placeholders(&m) && m.settled.moves == 0 && add_account(&m);
	}
	gw_settle_boxes_free(m.boxes, m.count);
	gw_settled_deinit(&m.settled);
	return ok && !o->failed;
}

static void on_rival(void *ctx, const char *what, const char *advice)
{
	size_t *count = ctx;

	if ((*count)++ == 0)
		printf("\nThe old program would run on beside godwit, and the two double each new "
		       "message.  Stop it before the first sync:\n");
	say(stdout, "  %s", what);
	say(stdout, "    %s", advice);
}

/* Rehearses the account, now that everything is known, and writes it. */
static int finish(struct import *in)
{
	struct config config = { 0 };
	size_t rivals = 0;
	bool good = true;

	if (config_parse(gw_buf_cstr(&in->text), in->file.dir, "what was imported", &config,
		    &in->err) != GW_OK)
		return exit_status(&in->err);
	for (size_t i = in->file.present.count; i < config.count; i++)
		good &= look_ahead(in, &config.accounts[i]);
	if (in->options->dry_run) {
		printf("\nThis would be in %s:\n\n%s", in->file.path,
			gw_buf_cstr(&in->text) + in->file.text.n);
	} else if (config_file_write(&in->file, (struct gw_slice){ in->text.p, in->text.n },
			   &in->err) == GW_OK) {
		printf("\n%s has %s now; the old configuration stays as it is.\n", in->file.path,
			in->written == 1 ? "the account" : "the accounts");
	}
	gw_rivals_look(on_rival, &rivals);
	if (in->err.code == GW_OK && !in->options->dry_run)
		printf("\nNext: %s%sgodwit sync\n",
			in->heed ? "look at the lines with \"!\", then " : "",
			rivals > 0 ? "stop the old program, then " : "");
	config_free(&config);
	return in->err.code != GW_OK ? exit_status(&in->err) : good ? 0 : 1;
}

static bool read_old(struct import *in)
{
	char *path = import_file_find(
		in->options->arg_count == 1 ? in->options->args[0] : NULL, &in->err);
	bool ok = path != NULL && import_file_read(path, &in->others, &in->err) == GW_OK;

	if (ok && in->others.count == 0)
		gw_fail(&in->err, GW_ERR_CONFIG, "%s: no account in it can be taken over", path);
	if (ok)
		say(stdout, "%s", path);
	free(path);
	return ok;
}

/* Imports the accounts.  One that cannot be taken over, or not yet, does not stop the others: the
 * worst exit status counts. */
static int import_accounts(struct import *in)
{
	int worst = 0;

	for (size_t i = 0; i < in->others.count; i++) {
		struct gw_other *o = &in->others.list[i];
		int status = import_account(in, o) ? 0 : 1;

		if (in->err.code != GW_OK) {
			fflush(stdout);
			complain(NULL, NULL, &in->err);
			status = exit_status(&in->err);
			gw_error_clear(&in->err);
		}
		if (status != 0)
			say(stdout,
				"  \"%s\" is left out; `godwit import` again takes it over, when that is settled",
				o->name);
		worst = status > worst ? status : worst;
	}
	return worst;
}

int cmd_import(const struct options *o, const struct gw_log *log)
{
	struct import in = { .options = o, .log = log };
	char *path = o->config_path != NULL ? strdup(o->config_path) : config_default_path();
	int status = 0;
	bool ok;

	gw_buf_init(&in.text, TEXT_MAX);
	if (path == NULL)
		gw_fail(&in.err, GW_ERR_CONFIG,
			"HOME is not set; name the configuration with -c FILE");
	ok = path != NULL && config_file_read(path, &in.file, &in.err) == GW_OK && read_old(&in) &&
	     config_file_begin(&in.file, &in.text) == GW_OK;
	if (in.others.note_count > 0)
		print_notes(in.others.notes, in.others.note_count, &in.heed);
	if (ok)
		status = import_accounts(&in);
	if (in.written > 0) {
		int finished = finish(&in);

		status = finished > status ? finished : status;
	}
	if (in.err.code != GW_OK) {
		complain(NULL, NULL, &in.err);
		status = exit_status(&in.err);
	}
	if (in.written == 0 || in.err.code != GW_OK)
		printf("\nNothing was written.\n");
	gw_others_deinit(&in.others);
	gw_buf_deinit(&in.text);
	config_file_deinit(&in.file);
	free(path);
	return status;
}
