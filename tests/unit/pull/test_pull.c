/* tests/unit/pull/test_pull.c - whole runs of a POP3 account against a server that fails (pop3d).
 *
 * What must hold after any of them: each message is here once, byte for byte; nothing went on the
 * server that is not here.  Runs may fail; a good one afterwards brings what is missing.
 */
#include "test.h"

#include "pop3_server.h"
#include "pull/pull.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static struct pop3_server server;
static struct gw_account account;
static struct gw_sync_counts counts;
static char problem[700];
static unsigned problems;

/* --- the world ------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 1, 2))) shell(const char *fmt, ...)
{
	char command[2000], line[1500];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	snprintf(command, sizeof command, "cd %s && %s", server.dir, line);
	assert_int_equal(system(command), 0);
}

static void put_file(const char *name, const char *text)
{
	pop3_server_put(&server, name, text);
}

static void rules(const char *text)
{
	put_file("rules", text);
}

static int start_server(void **state)
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

static int stop_server(void **state)
{
	(void)state;
	free(account.maildir);
	free(account.state_dir);
	return pop3_server_stop(&server);
}

/* A maildrop of n messages, and nothing here. */
static void fresh(unsigned n)
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

static enum gw_code run_with(const struct gw_sync_options *options)
{
	uv_loop_t loop;
	const struct gw_log log = { 0 };
	struct gw_error err = { 0 };
	struct gw_pull *p;
	enum gw_code code = (enum gw_code) - 1, started;

	problems = 0;
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

static enum gw_code run(void)
{
	return run_with(&(struct gw_sync_options){ 0 });
}

static void run_well(void)
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

static unsigned count_files(void)
{
	return files_under(account.maildir, "", false);
}

static unsigned count_in(const char *sub)
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

static unsigned logged(const char *word)
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
static void check(const char *sub, unsigned wanted)
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

/* n messages that are here, and whose deletion is to go there, too. */
static void fresh_followed(unsigned n)
{
	fresh(n);
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	assert_int_equal(count_files(), n);
	shell("rm -f log");
}

/* --- tests ----------------------------------------------------------------------------------- */

static void test_keeps(void **state)
{
	(void)state;
	fresh(5);
	run_well();
	assert_int_equal(counts.downloaded, 5);
	check("mail", 1);
	run_well();
	assert_int_equal(counts.downloaded, 0);
	assert_int_equal(logged("RETR"), 5);
	assert_int_equal(logged("DELE"), 0);
	fresh(5);
	account.pop3.keep = GW_KEEP_NO;
	run_well();
	assert_int_equal(count_in("mail"), 0);
	check("gone", 1);
	assert_int_equal(count_files(), 5);
}

static void cut_at(const char *more, enum gw_keep keep, const char *word, const char *how,
	unsigned first, unsigned step, unsigned timeout_s)
{
	bool ended = false;

	for (unsigned n = first; !ended; n += step) {
		char text[300];

		fresh(3);
		account.pop3.keep = keep;
		account.timeout_s = timeout_s;
		snprintf(text, sizeof text, "%s%s %u %s\n", more, word, n, how);
		rules(text);
		ended = run() == GW_OK && problems == 0;
		check("gone", 1);
		run_well();
		check("gone", 1);
		check("mail", 1);
		assert_int_equal(count_files(), 3);
		assert_int_equal(count_in("mail"), keep == GW_KEEP_NO ? 0 : 3);
		assert_true(n < 3000);
	}
	account.timeout_s = 20;
}

/* Runs of a few hundred octets are cut after each so-many-th. */
static unsigned cut_step(void)
{
	const char *text = getenv("PULL_CUT_STEP");

	return text != NULL ? (unsigned)atoi(text) : 53;
}

/* A deletion that is to go there: nothing else goes, and it goes in the end. */
static void test_cuts_of_a_deletion(void **state)
{
	static const char *const ways[][2] = { { "cut", "fin" }, { "cut", "rst" },
		{ "cutread", "fin" } };
	unsigned step = cut_step();

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		bool ended = false;

		for (unsigned n = 1 + (unsigned)i * 7; !ended; n += step) {
			char text[100];

			fresh_followed(3);
			shell("rm Mail/INBOX/new/$(ls Mail/INBOX/new | head -1)");
			snprintf(text, sizeof text, "%s %u %s\n", ways[i][0], n, ways[i][1]);
			rules(text);
			ended = run() == GW_OK && problems == 0;
			run_well();
			assert_int_equal(count_in("gone"), 1);
			check("mail", 1);
			check("gone", 0);
			assert_int_equal(count_files(), 2);
			assert_true(n < 3000);
		}
	}
}

static void test_cuts(void **state)
{
	unsigned step = cut_step();

	(void)state;
	cut_at("", GW_KEEP_NO, "cut", "fin", 1, step, 20);
	cut_at("pipelining\n", GW_KEEP_NO, "cut", "rst", 5, step, 20);
	cut_at("pipelining\n", GW_KEEP_FOREVER, "cut", "fin", 9, step, 20);
	cut_at("", GW_KEEP_NO, "cutread", "fin", 1, step / 2 + 1, 20);
	cut_at("pipelining\n", GW_KEEP_NO, "cutread", "rst", 3, step / 2 + 1, 20);
	cut_at("", GW_KEEP_FOREVER, "cutread", "fin", 2, step / 2 + 1, 20);
	/* Silence costs a second each time, and three tries. */
	cut_at("", GW_KEEP_NO, "cut", "silence", 7, step * 8, 1);
	cut_at("pipelining\n", GW_KEEP_NO, "cutread", "silence", 7, step * 4, 1);
}

static void test_hangs(void **state)
{
	static const char *const hung[] = { "hang UIDL fin\n", "hang LIST rst\n", "hang RETR fin\n",
		"hang NOOP fin\n", "hang DELE fin\n", "hang QUIT fin\n", "refuse UIDL no\n",
		"refuse LIST no\n", "refuse RETR no\n", "refuse NOOP no\n", "refuse DELE no\n",
		"refuse QUIT no\n", "refuse CAPA no\n", "refuse TOP no\n",
		"refuse PASS [IN-USE] no\n", "size -20\n", "size 20\n", "nodots\n" };

	(void)state;
	for (size_t i = 0; i < sizeof hung / sizeof *hung; i++) {
		fresh(3);
		account.pop3.keep = GW_KEEP_NO;
		rules(hung[i]);
		run();
		if (strcmp(hung[i], "nodots\n") != 0)
			check("gone", 1);
		run_well();
		if (strcmp(hung[i], "nodots\n") == 0)
			continue;
		check("gone", 1);
		check("mail", 1);
		assert_int_equal(count_files(), 3);
	}
}

static void test_renumbered(void **state)
{
	const char *text = getenv("RENUMBERED");
	unsigned n = text != NULL ? (unsigned)atoi(text) : 30;

	(void)state;
	fresh(n);
	run_well();
	shell("rm log");
	rules("uidl new-\npipelining\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(counts.downloaded, 0);
	assert_int_equal(logged("RETR"), 0);
	assert_int_equal(logged("TOP"), n);
	assert_int_equal(count_files(), n);
	shell("rm log");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(logged("TOP"), 0);
	/* A few only: bodies, compared. */
	fresh(3);
	run_well();
	rules("uidl new-\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(count_files(), 3);
}

static void test_odd_names(void **state)
{
	static const char *const odd[] = { "uidl same\n", "nouidl\n", "nouidl\nnotop\n",
		"reverse\n", "uidl two  blanks \n", "nocapa\n", "notop\n", "size 5\n" };

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		fresh(10);
		rules(odd[i]);
		assert_int_equal(run(), GW_OK);
		check("mail", 1);
		assert_int_equal(run(), GW_OK);
		assert_int_equal(counts.downloaded, 0);
		run_well();
		assert_int_equal(counts.downloaded, 0);
		rules(odd[i]);
		assert_int_equal(run(), GW_OK);
		assert_int_equal(counts.downloaded, 0);
		assert_int_equal(count_files(), 10);
	}
}

static void test_empty_once(void **state)
{
	(void)state;
	fresh(10);
	run_well();
	rules("empty\n");
	assert_int_equal(run(), GW_OK);
	rules("");
	run_well();
	assert_int_equal(counts.downloaded, 0);
	assert_int_equal(count_files(), 10);
}

/* The same UIDL for another message: it comes, and is not deleted for the old one's sake. */
static void test_reused(void **state)
{
	(void)state;
	fresh(3);
	run_well();
	put_file("mail/m0001",
		"Message-ID: <other@x>\nSubject: other\n\nquite another one, and longer\n");
	run_well();
	assert_int_equal(counts.downloaded, 1);
	check("mail", 1);
	assert_int_equal(count_files(), 4);
	/* Of the same size: it is seen when it would be deleted. */
	fresh(1);
	put_file("mail/m0000", "Message-ID: <a@x>\n\nA\n");
	run_well();
	put_file("mail/m0000", "Message-ID: <b@x>\n\nB\n");
	account.pop3.keep = GW_KEEP_NO;
	run_well();
	check("gone", 1);
	assert_int_equal(count_files(), 2);
}

/* Two that are equal stay two. */
static void test_twins(void **state)
{
	(void)state;
	fresh(2);
	shell("cp mail/m0001 mail/m0002");
	run_well();
	assert_int_equal(counts.downloaded, 3);
	shell("cp mail/m0001 mail/m0003");
	run_well();
	assert_int_equal(counts.downloaded, 1);
	shell("rm -rf state");
	run_well();
	assert_int_equal(counts.downloaded, 0);
	assert_int_equal(counts.paired, 4);
	assert_int_equal(count_files(), 4);
}

static void test_lost_state(void **state)
{
	(void)state;
	fresh(12);
	run_well();
	/* The reader has moved half of them, one under another name. */
	shell("mkdir -p Mail/Old/cur Mail/Old/new Mail/Old/tmp && for f in $(ls Mail/INBOX/new | head -6); do "
	      "mv Mail/INBOX/new/$f Mail/Old/cur/renamed.$f:2,S; done; rm -rf state log");
	run_well();
	assert_int_equal(counts.downloaded, 0);
	assert_int_equal(counts.paired, 12);
	assert_int_equal(logged("RETR"), 0);
	assert_int_equal(count_files(), 12);
	/* Another program filled it, and added to the headers. */
	fresh(5);
	run_well();
	shell("for f in Mail/INBOX/new/*; do (printf 'Return-Path: <x@y>\\nDelivered-To: me\\nReceived: from a\\n'; cat $f) > "
	      "$f.x; rm $f; done; rm -rf state Mail/.godwit");
	run_well();
	assert_int_equal(counts.downloaded, 0);
	assert_int_equal(count_files(), 5);
}

/* Gmail shows the oldest that were not fetched, and takes QUIT for the mark. */
static void test_marks(void **state)
{
	(void)state;
	fresh(10);
	rules("expire0\nwindow 4\n");
	assert_int_equal(run(), GW_OK);
	check("mail", 1);
	assert_int_equal(count_in("popped"), 10);
	assert_int_equal(count_files(), 10);
	/* A session that was dropped left all of them unmarked: they are fetched again, and dropped. */
	fresh(10);
	rules("expire0\nwindow 4\nhang QUIT fin\n");
	run();
	check("mail", 1);
	rules("expire0\nwindow 4\nrefuse QUIT no\n");
	run();
	rules("expire0\nwindow 4\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(count_in("popped"), 10);
	assert_int_equal(count_files(), 10);
	/* A server that only says so is found out. */
	fresh(3);
	rules("expire0lie\n");
	assert_int_equal(run(), GW_OK);
	shell("rm log");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(logged("RETR"), 0);
	assert_int_equal(count_files(), 3);
}

/* What cannot be fetched stops nothing, and is set aside. */
static void test_bad_message(void **state)
{
	static const char *const bad[] = { "badmail m0001\n", "silent m0001\n" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		fresh(4);
		account.pop3.keep = GW_KEEP_NO;
		account.timeout_s = 1;
		rules(bad[i]);
		run();
		assert_int_equal(problems, 1);
		assert_non_null(strstr(problem, "m0001"));
		assert_int_equal(count_files(), 3);
		assert_int_equal(count_in("mail"), 1);
		for (int k = 0; k < 3; k++) {
			run();
			assert_int_equal(problems, 1);
		}
		account.timeout_s = 20;
		rules("");
		shell("rm log");
		assert_int_equal(run_with(&(struct gw_sync_options){ .full = true }), GW_OK);
		assert_int_equal(count_files(), 4);
		check("gone", 1);
		assert_int_equal(count_in("mail"), 0);
	}
}

static void test_disk(void **state)
{
	(void)state;
	fresh(3);
	account.pop3.keep = GW_KEEP_NO;
	account.min_free_space = UINT64_MAX / 4; /* the disk counts as full */
	assert_int_equal(run(), GW_ERR_DISK);
	assert_int_equal(logged("DELE"), 0);
	assert_int_equal(logged("QUIT"), 0);
	account.min_free_space = 0;
	run_well();
	check("gone", 1);
	assert_int_equal(count_files(), 3);
}

static void test_guard(void **state)
{
	(void)state;
	fresh(5);
	run_well();
	shell("rm -f Mail/INBOX/new/*");
	account.pop3.keep = GW_KEEP_NO;
	assert_int_equal(run(), GW_OK);
	assert_int_equal(problems, 1);
	assert_non_null(strstr(problem, "--accept-deletions"));
	assert_int_equal(count_in("gone"), 0);
	assert_int_equal(run_with(&(struct gw_sync_options){ .accept_deletions = true }), GW_OK);
	assert_int_equal(count_in("gone"), 5);
	/* A tree that is gone, or another one's. */
	fresh(5);
	run_well();
	shell("mv Mail Mail.away");
	account.pop3.keep = GW_KEEP_NO;
	assert_int_equal(run(), GW_ERR_HELD);
	shell("mkdir -p Mail/INBOX/cur Mail/INBOX/new Mail/INBOX/tmp");
	assert_int_equal(run(), GW_ERR_HELD);
	assert_int_equal(count_in("gone"), 0);
	shell("rm -rf Mail && mv Mail.away Mail");
	run_well();
	assert_int_equal(count_in("gone"), 5);
}

static void test_delete_expunge(void **state)
{
	(void)state;
	fresh_followed(5);
	run_well();
	assert_int_equal(logged("TOP") + logged("RETR") + logged("DELE"), 0);
	shell("rm Mail/INBOX/new/$(ls Mail/INBOX/new | head -1)");
	assert_int_equal(run_with(&(struct gw_sync_options){ .dry_run = true }), GW_OK);
	assert_int_equal(counts.deleted_there, 1);
	assert_int_equal(count_in("gone"), 0);
	run_well();
	assert_int_equal(counts.deleted_there, 1);
	assert_int_equal(count_in("gone"), 1);
	check("mail", 1);
	shell("rm log");
	run_well();
	assert_int_equal(counts.downloaded, 0);
	assert_int_equal(logged("TOP") + logged("RETR") + logged("DELE"), 0);
	/* Numbered anew between the wish and its end: it does not come back. */
	fresh_followed(20);
	shell("rm Mail/INBOX/new/$(ls Mail/INBOX/new | head -1)");
	rules("uidl new-\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(count_files(), 19);
	run();
	assert_int_equal(count_files(), 19);
	assert_int_equal(count_in("gone"), 1);
}

/* What the reader does with files is its own business, as long as they are here. */
static void test_moved_files(void **state)
{
	static const char *const moves[] = {
		"mv Mail/INBOX/new/$f Mail/INBOX/cur/$f:2,S",
		"mv Mail/INBOX/new/$f Mail/INBOX/cur/other.name:2,S",
		"mkdir -p Mail/Old/2024/cur && mv Mail/INBOX/new/$f Mail/Old/2024/cur/other:2,S",
		"mkdir -p Mail/.Old/cur && mv Mail/INBOX/new/$f Mail/.Old/cur/other:2,S",
		"mkdir -p Mail/cur && mv Mail/INBOX/new/$f Mail/cur/$f",
		"mv Mail/INBOX/new/$f elsewhere && ln -s ../../../elsewhere Mail/INBOX/cur/$f:2,",
		"mv Mail/INBOX/new/$f elsewhere && mkdir Mail/INBOX/cur/$f",
		/* an edit: the same Message-ID in the same folder, and another text */
		"(echo X-Label: a; sed s/body/edited/ Mail/INBOX/new/$f) > Mail/INBOX/cur/edit:2,S && rm Mail/INBOX/new/$f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		fresh_followed(3);
		shell("f=$(ls Mail/INBOX/new | head -1); %s", moves[i]);
		for (int k = 0; k < 2; k++) {
			assert_int_equal(run(), GW_OK);
			if (problems > 0 || logged("DELE") > 0 || counts.downloaded > 0)
				fail_msg("%s: %s", moves[i], problem);
		}
	}
}

/* What cannot be looked into may hold it. */
static void test_unread_tree(void **state)
{
	(void)state;
	fresh_followed(4);
	shell("rm Mail/INBOX/new/$(ls Mail/INBOX/new | head -1) && mkdir away && ln -s ../away Mail/Linked");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(problems, 1);
	assert_non_null(strstr(problem, "Linked"));
	assert_int_equal(logged("DELE"), 0);
	shell("rm Mail/Linked && mkdir -p Mail/Shut/cur && chmod 0 Mail/Shut");
	assert_int_equal(run(), GW_OK);
	if (geteuid() != 0) { /* whom nothing is shut to */
		assert_int_equal(problems, 1);
		assert_int_equal(logged("DELE"), 0);
	}
	shell("chmod 700 Mail/Shut && rm -rf Mail/Shut away");
	run_well();
	assert_int_equal(count_in("gone"), 1);
}

/* More than a fifth, all, or a directory: a person is asked, and decides on what was told. */
static void test_held_deletions(void **state)
{
	static const char *const accidents[] = {
		"rm Mail/INBOX/new/*",
		"mv Mail/INBOX Mail-INBOX",
		"mkdir Mail/Old; mkdir Mail/Old/cur; mv Mail/INBOX/new/$(ls Mail/INBOX/new | head -1) Mail/Old/cur",
	};

	(void)state;
	for (size_t i = 0; i < sizeof accidents / sizeof *accidents; i++) {
		fresh_followed(30);
		shell("rm -rf Mail-INBOX Mail-Old; %s", accidents[i]);
		if (i == 2) {
			run_well();
			shell("mv Mail/Old Mail-Old");
		}
		for (int k = 0; k < 2; k++) {
			assert_int_equal(run(), GW_OK);
			if (problems != 1 || logged("DELE") > 0 || counts.downloaded > 0 ||
				strstr(problem, "--accept-deletions") == NULL)
				fail_msg("%s: %s", accidents[i], problem);
		}
		/* One more than was told of, and enough to be an accident by themselves or not. */
		assert_int_equal(
			run_with(&(struct gw_sync_options){ .accept_deletions = true }), GW_OK);
		assert_int_equal(count_in("gone"), i == 2 ? 1 : 30);
		run_well();
		assert_int_equal(counts.downloaded, 0);
	}
	/* What was not told of is not accepted. */
	fresh_followed(60);
	shell("rm $(ls Mail/INBOX/new/* | head -25)");
	run();
	assert_int_equal(problems, 1);
	shell("rm $(ls Mail/INBOX/new/* | head -30)");
	run_with(&(struct gw_sync_options){ .accept_deletions = true });
	assert_int_equal(problems, 1);
	assert_int_equal(count_in("gone"), 0);
	run_with(&(struct gw_sync_options){ .accept_deletions = true });
	assert_int_equal(problems, 0);
	assert_int_equal(count_in("gone"), 55);
	/* The other answer. */
	fresh_followed(30);
	shell("rm Mail/INBOX/new/*");
	run();
	assert_int_equal(run_with(&(struct gw_sync_options){ .restore_deletions = true }), GW_OK);
	assert_int_equal(counts.downloaded, 30);
	check("mail", 1);
	run_well();
	assert_int_equal(problems, 0);
	assert_int_equal(logged("DELE"), 0);
	/* Files that come back are just there. */
	fresh_followed(30);
	shell("rm -rf safe && mv Mail/INBOX/new safe && mkdir Mail/INBOX/new");
	run();
	assert_int_equal(problems, 1);
	shell("rmdir Mail/INBOX/new && mv safe Mail/INBOX/new");
	run_well();
	assert_int_equal(problems, 0);
	shell("rm $(ls Mail/INBOX/new/* | head -1)");
	run_well();
	assert_int_equal(count_in("gone"), 1);
}

/* Bit by bit is no less. */
static void test_slow_accident(void **state)
{
	(void)state;
	fresh_followed(60);
	for (int i = 0; i < 3; i++) {
		shell("rm $(ls Mail/INBOX/new/* | head -10)");
		run();
	}
	assert_int_equal(problems, 1);
	assert_int_equal(count_in("gone"), 20);
}

/* What went here before `delete` said so stays there. */
static void test_delete_begins(void **state)
{
	(void)state;
	fresh(6);
	run_well();
	shell("rm $(ls Mail/INBOX/new/* | head -1)");
	run_well();
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	run_well();
	assert_int_equal(logged("DELE"), 0);
	shell("rm $(ls Mail/INBOX/new/* | head -1)");
	run_well();
	assert_int_equal(count_in("gone"), 1);
	/* It ends, and begins again. */
	account.deletes = GW_DELETE_NEVER;
	run_well();
	shell("rm $(ls Mail/INBOX/new/* | head -1)");
	run_well();
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	run_well();
	assert_int_equal(count_in("gone"), 1);
	assert_int_equal(count_in("mail"), 5);
	/* From the first day on, of an empty maildrop, too. */
	fresh(0);
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	put_file("mail/m1", "Message-ID: <q@x>\n\nq\n");
	run_well();
	shell("rm Mail/INBOX/new/*");
	run_well();
	assert_int_equal(count_in("gone"), 1);
}

/* The same name, and another message by now: it is not the one that was deleted here. */
static void test_delete_another(void **state)
{
	(void)state;
	fresh(2);
	put_file("mail/m0000", "Message-ID: <a@x>\n\nA\n");
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	put_file("mail/m0000", "Message-ID: <b@x>\n\nB\n");
	shell("rm $(grep -l a@x Mail/INBOX/new/*)");
	run_well();
	assert_int_equal(logged("DELE"), 0);
	check("mail", 1);
}

static void test_verify(void **state)
{
	const struct gw_sync_options verify = { .verify = true, .full = true };
	const struct gw_sync_options repair = { .verify = true, .full = true, .repair = true };
	const struct gw_sync_options bodies = {
		.verify = true, .full = true, .verify_bodies = true
	};

	(void)state;
	fresh(4);
	run_well();
	shell("rm log; cp -r state before");
	assert_int_equal(run_with(&verify), GW_OK);
	assert_int_equal(counts.findings + counts.due + problems, 0);
	assert_int_equal(logged("TOP"), 4);
	assert_int_equal(logged("RETR") + logged("DELE"), 0);
	/* One is new, one is another one of the same size by now, one has no file. */
	put_file("mail/m0009", "Message-ID: <q@x>\n\nq\n");
	shell("sed s/Subject/Betreff/ mail/m0001 > x && mv x mail/m0001; rm $(ls Mail/INBOX/new/* | head -1)");
	assert_int_equal(run_with(&verify), GW_OK);
	assert_int_equal(counts.findings, 1);
	assert_int_equal(counts.due, 2);
	shell("cmp before/p.db state/p.db; rm -r before");
	assert_int_equal(count_files(), 3);
	assert_int_equal(run_with(&repair), GW_OK);
	assert_int_equal(counts.findings, 1);
	run_well();
	assert_int_equal(counts.downloaded, 2);
	assert_int_equal(count_files(), 5);
	assert_int_equal(run_with(&verify), GW_OK);
	assert_int_equal(counts.findings, 0);
	/* The header is the same: bodies tell. */
	fresh(3);
	run_well();
	shell("sed s/body/yard/ mail/m0001 > x && mv x mail/m0001");
	assert_int_equal(run_with(&verify), GW_OK);
	assert_int_equal(counts.findings, 0);
	assert_int_equal(run_with(&bodies), GW_OK);
	assert_int_equal(counts.findings, 1);
	/* No TOP: that is told.  Equal names: headers tell. */
	rules("notop\n");
	assert_int_equal(run_with(&verify), GW_OK);
	assert_int_equal(problems, 1);
	rules("uidl same\n");
	assert_int_equal(run_with(&verify), GW_OK);
	if (counts.findings + counts.due > 0)
		fail_msg("%s", problem);
	/* Gmail counts what was fetched when QUIT is said. */
	fresh(3);
	rules("expire0\nhang QUIT fin\n");
	run();
	rules("expire0\n");
	shell("rm -f popped/*");
	assert_int_equal(run_with(&bodies), GW_OK);
	assert_int_equal(count_in("popped"), 0);
}

/* What the server offers is asked once a day, and when it does not keep it. */
static void test_offer(void **state)
{
	(void)state;
	fresh(2);
	rules("pipelining\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(logged("CAPA"), 2);
	shell("rm log");
	run_well();
	assert_int_equal(logged("CAPA"), 0);
	assert_int_equal(logged("LOGIN"), 1);
	/* A refusal may mean that it offers something else by now; one of the password does not. */
	rules("refuse PASS no\n");
	assert_int_equal(run(), GW_ERR_AUTH);
	assert_int_equal(logged("CAPA"), 1);
	run_well();
	shell("rm log");
	rules("refuse PASS [AUTH] no\n");
	assert_int_equal(run(), GW_ERR_AUTH);
	assert_int_equal(logged("CAPA"), 0);
	/* It had UIDL, and has it no more. */
	rules("nouidl\n");
	run();
	shell("rm log");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(logged("CAPA"), 2);
	assert_int_equal(count_files(), 2);
	/* Another server. */
	run_well();
	shell("rm log");
	account.port++;
	assert_int_not_equal(run(), GW_OK);
	account.port--;
	run_well();
	assert_int_equal(logged("CAPA"), 0);
}

/* A token goes with the command if that stays short, else by itself; one that is refused is asked for once
 * more. */
static void test_tokens(void **state)
{
	static const char *const mechanisms[] = { "XOAUTH2", "OAUTHBEARER" };
	char *const command = account.token_command;

	(void)state;
	account.auth = GW_AUTH_OAUTH2;
	assert_true(asprintf(&account.token_command, "cd %s && cat token && cp next token",
			    server.dir) > 0);
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
		for (unsigned length = 20; length < 5000; length += 4076) {
			char line[100], *token = malloc(length + 1), *rule = NULL;

			memset(token, 'a', length);
			token[length] = '\0';
			fresh(2);
			put_file("token", token);
			put_file("next", token);
			assert_true(asprintf(&rule, "auth %s %s\n", mechanisms[i], token) > 0);
			rules(rule);
			if (run() != GW_OK)
				fail_msg("%s, %u octets: %s", mechanisms[i], length, problem);
			snprintf(line, sizeof line, "AUTH %s %s", mechanisms[i],
				length < 100 ? "at once" : "in two steps");
			assert_int_equal(logged(line), 1);
			check("mail", 1);
			/* What was remembered of the server does the same. */
			assert_int_equal(run(), GW_OK);
			assert_int_equal(logged(line), 2);
			put_file("token", "old");
			assert_int_equal(run(), GW_OK);
			assert_int_equal(logged("LOGIN"), 3);
			put_file("token", "old");
			put_file("next", "old");
			assert_int_equal(run(), GW_ERR_AUTH);
			free(token);
			free(rule);
		}
	}
	free(account.token_command);
	account.token_command = command;
	account.auth = GW_AUTH_PASSWORD;
}

static void test_dry_run(void **state)
{
	(void)state;
	fresh(3);
	account.pop3.keep = GW_KEEP_NO;
	assert_int_equal(run_with(&(struct gw_sync_options){ .dry_run = true }), GW_OK);
	assert_int_equal(logged("RETR") + logged("DELE") + logged("TOP"), 0);
	shell("test ! -e Mail && test ! -e state");
}

static void test_max_size(void **state)
{
	(void)state;
	fresh(3);
	put_file("mail/m0007",
		"Subject: large\n\n0123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789\n");
	account.pop3.max_size = 150;
	account.pop3.keep = GW_KEEP_NO;
	run_well();
	assert_int_equal(count_files(), 3);
	assert_int_equal(count_in("mail"), 1);
	account.pop3.max_size = 0;
	run_well();
	assert_int_equal(count_in("mail"), 0);
	check("gone", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps),
		cmocka_unit_test(test_renumbered),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_empty_once),
		cmocka_unit_test(test_reused),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_lost_state),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_bad_message),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_delete_expunge),
		cmocka_unit_test(test_moved_files),
		cmocka_unit_test(test_unread_tree),
		cmocka_unit_test(test_held_deletions),
		cmocka_unit_test(test_slow_accident),
		cmocka_unit_test(test_delete_begins),
		cmocka_unit_test(test_delete_another),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_max_size),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_cuts_of_a_deletion),
	};

	signal(SIGPIPE, SIG_IGN);
	if (getenv("TESTS") != NULL)
		cmocka_set_test_filter(getenv("TESTS"));
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
