/* SPDX-License-Identifier: ISC */
/* tests/unit/pull/pull_world.c - see pull_world.h. */
#include "pull_world.h"

#include "pull/pull.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

struct pop3_server server;
struct gw_account account;
struct gw_sync_counts counts;
char problem[700];
unsigned problems, news_before_problem;

/* --- the world ------------------------------------------------------------------------------- */

void __attribute__((format(printf, 1, 2))) shell(const char *fmt, ...)
{
	char command[2000], line[1500];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	snprintf(command, sizeof command, "cd %s && %s", server.dir, line);
	assert_int_equal(system(command), 0);
}

void put_file(const char *name, const char *text)
{
	pop3_server_put(&server, name, text);
}

void rules(const char *text)
{
	put_file("rules", text);
}

int start_server(void **state)
{
	(void)state;
	pop3_server_start(&server, POP3D);
	account = (struct gw_account){ .name = "p",
		.protocol = GW_PROTOCOL_POP3,
		.host = "127.0.0.1",
		.port = server.port,
		.tls = GW_TLS_NONE,
		.user = "me",
		.password_command = "echo secret",
		.guard = true,
		.timeout_s = 20 };
	if (asprintf(&account.maildir, "%s/Mail", server.dir) < 0 ||
		asprintf(&account.state_dir, "%s/state", server.dir) < 0)
		return -1;
	return 0;
}

int stop_server(void **state)
{
	(void)state;
	free(account.maildir);
	free(account.state_dir);
	return pop3_server_stop(&server);
}

/* A maildrop of n messages, and nothing here. */
void fresh(unsigned n)
{
	shell("rm -rf Mail state mail gone popped log Linked elsewhere && mkdir mail gone popped");
	rules("");
	for (unsigned i = 0; i < n; i++) {
		char name[40], text[400];

		snprintf(name, sizeof name, "mail/m%04u", i);
		snprintf(text, sizeof text,
			"Received: by x id %u\nMessage-ID: <%u@x>\nSubject: %u\n\n.\n..body of %u\n%.*s\n",
			i, i, i, i, (int)(i % 7) * 9,
			"padding padding padding padding padding padding ");
		put_file(name, text);
	}
	account.pop3 = (struct gw_pop3_account){ 0 };
	account.deletes = GW_DELETE_NEVER;
}

static void on_event(void *ctx, const struct gw_sync_event *ev)
{
	enum gw_code *code = ctx;

	news_before_problem += ev->type == GW_SYNC_NEW && problems == 0;
	if (ev->type == GW_SYNC_PROBLEM) {
		problems++;
		snprintf(problem, sizeof problem, "%s", ev->err->text);
	}
	if (ev->type == GW_SYNC_FINDING)
		snprintf(problem, sizeof problem, "%s", ev->text);
	if (ev->type != GW_SYNC_DONE)
		return;
	assert_int_equal((int)*code, -1); /* once */
	*code = ev->err == NULL ? GW_OK : ev->err->code;
	if (ev->err != NULL)
		snprintf(problem, sizeof problem, "%s", ev->err->text);
	counts = *ev->counts;
}

enum gw_code run_with(const struct gw_sync_options *options)
{
	uv_loop_t loop;
	const struct gw_log log = { 0 };
	struct gw_error err = { 0 };
	struct gw_pull *p;
	enum gw_code code = (enum gw_code) - 1, started;

	problems = news_before_problem = 0;
	problem[0] = '\0';
	uv_loop_init(&loop);
	started = gw_pull_start(&loop, &account, options, &log, on_event, &code, &p, &err);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	if (started != GW_OK) {
		snprintf(problem, sizeof problem, "%s", err.text);
		return started;
	}
	assert_int_not_equal((int)code, -1);
	return code;
}

enum gw_code run(void)
{
	return run_with(&(struct gw_sync_options){ 0 });
}

void run_well(void)
{
	rules("");
	if (run() != GW_OK)
		fail_msg("%s", problem);
}

/* --- what must hold -------------------------------------------------------------------------- */

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) < 65535);
	fclose(f);
	return text;
}

/* Regular files in cur/ and new/ anywhere under the Maildir; text: those that hold it; "": all. */
static unsigned files_under(const char *path, const char *text, bool mail)
{
	unsigned n = 0;
	DIR *d = opendir(path);

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		char sub[700];
		bool folder = strcmp(e->d_name, "cur") == 0 || strcmp(e->d_name, "new") == 0;

		if (e->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
		if (e->d_type == DT_DIR) {
			n += files_under(sub, text, folder);
		} else if (mail && *text == '\0') {
			n++;
		} else if (mail) {
			char *have = slurp(sub);

			n += strcmp(have, text) == 0;
			free(have);
		}
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static unsigned copies(const char *text)
{
	return files_under(account.maildir, text, false);
}

unsigned count_files(void)
{
	return files_under(account.maildir, "", false);
}

unsigned count_in(const char *sub)
{
	char path[200];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", server.dir, sub);
	d = opendir(path);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n;
}

unsigned logged(const char *word)
{
	char path[200], line[1000];
	unsigned n = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/log", server.dir);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		n += strncmp(line, word, strlen(word)) == 0;
	if (f != NULL)
		fclose(f);
	return n;
}

/* Each file of mail/ or gone/ is here as often as wanted (once), and gone/ at least that. */
void check(const char *sub, unsigned wanted)
{
	char path[500];
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", server.dir, sub);
	d = opendir(path);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char *text;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s/%s", server.dir, sub, e->d_name);
		text = slurp(path);
		if (copies(text) != wanted)
			fail_msg("%s is here %u times (%s)", e->d_name, copies(text), problem);
		free(text);
	}
	closedir(d);
}

/* Runs of a few hundred octets are cut after each so-many-th. */
unsigned cut_step(void)
{
	const char *text = getenv("PULL_CUT_STEP");

	return text != NULL ? (unsigned)atoi(text) : 53;
}
