/* SPDX-License-Identifier: ISC */
/* tests/unit/pull/test_pull.c - whole runs of a POP3 account: what is fetched, known again, and told; see
 * pull_world.h.
 */
#include "pull_world.h"

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

/* A session ends when so much came that what its QUIT does should take hold; where that does nothing, it goes on. */
static void test_sessions(void **state)
{
	static const struct {
		enum gw_keep keep;
		const char *rules;
		unsigned sessions;
	} cases[] = {
		{ GW_KEEP_FOREVER, "pipelining\n", 1 },
		{ GW_KEEP_NO, "pipelining\n", 2 },
		{ GW_KEEP_FOREVER, "pipelining\nexpire0\n", 3 }, /* the last one shows nothing */
		{ GW_KEEP_NO, "pipelining\nlogin-delay 60\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fresh(1100);
		account.pop3.keep = cases[i].keep;
		rules(cases[i].rules);
		assert_int_equal(run(), GW_OK);
		assert_int_equal(counts.downloaded, 1100);
		assert_int_equal(count_files(), 1100);
		assert_int_equal(logged("LOGIN"), cases[i].sessions);
		assert_int_equal(logged("RETR"), 1100);
	}
}

/* What came is in its place, and recorded, while the server is silent about another. */
static void test_silence(void **state)
{
	(void)state;
	fresh(4);
	account.timeout_s = 4;
	rules("silent m0001\n");
	run();
	assert_int_equal(news_before_problem, 2);
	account.timeout_s = 20;
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
		"refuse PASS [IN-USE] no\n", "size -20\n", "size 20\n" };

	(void)state;
	for (size_t i = 0; i < sizeof hung / sizeof *hung; i++) {
		fresh(3);
		account.pop3.keep = GW_KEEP_NO;
		rules(hung[i]);
		run();
		if (strcmp(hung[i], "refuse DELE no\n") == 0)
			assert_int_equal(counts.deleted_there, 0);
		check("gone", 1);
		rules("");
		assert_int_equal(run_with(&(struct gw_sync_options){ .now = true }), GW_OK);
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
	/* It never takes QUIT: what is here is fetched again, a few times and not for ever; then all of it comes. */
	fresh(10);
	rules("expire0\nwindow 4\nrefuse QUIT no\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(problems, 1);
	run();
	if (logged("LOGIN") > 6)
		fail_msg("%u sessions", logged("LOGIN"));
	assert_int_equal(count_in("popped"), 0);
	assert_int_equal(count_files(), 4);
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

/* A message that ends too soon, since a line of one dot in it is not stuffed, is none: what follows is no answer. */
static void test_no_dots(void **state)
{
	(void)state;
	fresh(3);
	account.pop3.keep = GW_KEEP_NO;
	rules("nodots\n");
	run();
	run();
	assert_true(problems > 0);
	assert_int_equal(count_in("gone"), 0);
	assert_int_equal(count_files(), 0);
	rules("");
	assert_int_equal(run_with(&(struct gw_sync_options){ .full = true }), GW_OK);
	check("gone", 1);
	assert_int_equal(count_in("mail") + count_files(), 3);
}

/* What cannot be fetched stops nothing, and is set aside. */
static void test_bad_message(void **state)
{
	static const char *const bad[] = { "badmail m0001\n", "silent m0001\n", "nothing m0001\n" };

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

/* The only one that is left: that sessions without it end well is what speaks against it. */
static void test_bad_alone(void **state)
{
	(void)state;
	fresh(1);
	account.timeout_s = 1;
	for (unsigned i = 1; i <= 5; i++) {
		rules("silent m0000\n");
		run();
		assert_int_equal(problems, 1);
		assert_int_equal(logged("RETR"), i < 3 ? i : 3);
	}
	run_with(&(struct gw_sync_options){ .full = true });
	assert_int_equal(logged("RETR"), 4);
	/* A server that is gone meanwhile proves nothing. */
	fresh(1);
	for (unsigned i = 1; i <= 5; i++) {
		rules("silent m0000\nrefuse QUIT no\n");
		run();
		assert_int_equal(logged("RETR"), i);
	}
	account.timeout_s = 20;
	run_well();
	check("mail", 1);
}

/* A header that does not come, or several: the messages do, and are known again by that. */
static void test_bad_header(void **state)
{
	static const char *const bad[] = { "silenthead m0003\n",
		"silenthead m0001\nsilenthead m0003\nsilenthead m0005\n" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		fresh(8);
		run_well();
		account.pop3.keep = GW_KEEP_NO;
		account.timeout_s = 1;
		rules(bad[i]);
		assert_int_equal(run(), GW_OK);
		account.timeout_s = 20;
		assert_int_equal(counts.downloaded, 0);
		assert_int_equal(count_in("gone"), 8);
		assert_int_equal(count_files(), 8);
	}
}

/* The very first answer is that it is too early. */
static void test_first_pause(void **state)
{
	char *const user = account.user;

	(void)state;
	fresh(2);
	rules("refuse PASS [LOGIN-DELAY] later\n");
	assert_int_equal(run(), GW_ERR_BUSY);
	shell("test ! -e Mail && rm log");
	rules("");
	assert_int_equal(run(), GW_ERR_BUSY);
	assert_non_null(strstr(problem, "--now"));
	shell("test ! -e log");
	/* Nothing was proved of whose mail it is. */
	account.user = "you";
	assert_int_equal(run_with(&(struct gw_sync_options){ .now = true }), GW_OK);
	account.user = user;
	check("mail", 1);
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
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_renumbered),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_empty_once),
		cmocka_unit_test(test_reused),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_lost_state),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_no_dots),
		cmocka_unit_test(test_bad_message),
		cmocka_unit_test(test_bad_alone),
		cmocka_unit_test(test_bad_header),
		cmocka_unit_test(test_first_pause),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_max_size),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_cuts),
	};

	signal(SIGPIPE, SIG_IGN);
	if (getenv("TESTS") != NULL)
		cmocka_set_test_filter(getenv("TESTS"));
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
