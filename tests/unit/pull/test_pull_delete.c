/* tests/unit/pull/test_pull_delete.c - whole runs of a POP3 account: what goes on the server because it went here,
 * and what does not; see pull_world.h.
 */
#include "pull_world.h"

/* n messages that are here, and whose deletion is to go there, too. */
static void fresh_followed(unsigned n)
{
	fresh(n);
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	assert_int_equal(count_files(), n);
	shell("rm -f log");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_delete_expunge),
		cmocka_unit_test(test_moved_files),
		cmocka_unit_test(test_unread_tree),
		cmocka_unit_test(test_held_deletions),
		cmocka_unit_test(test_slow_accident),
		cmocka_unit_test(test_delete_begins),
		cmocka_unit_test(test_delete_another),
		cmocka_unit_test(test_cuts_of_a_deletion),
	};

	signal(SIGPIPE, SIG_IGN);
	if (getenv("TESTS") != NULL)
		cmocka_set_test_filter(getenv("TESTS"));
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
