/* SPDX-License-Identifier: ISC */
/* tests/unit/pull/test_pull_delete.c - whole runs of a POP3 account: what goes on the server because it went here,
 * and what does not; see pull_world.h.
 */
#include "pull_world.h"

#include <dirent.h>
#include <dlfcn.h>

/* --- a reader that is at work while the tree is looked at ------------------------------------- */

static struct {
	enum { RESTS, MOVES, MEDDLES } does;
	bool inbox, other; /* have been listed */
	unsigned times;    /* that it did something */
} reader;

static bool is_at(DIR *dir, const char *end)
{
	char link[64], path[400];
	size_t length = strlen(end);
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd(dir));
	n = readlink(link, path, sizeof path);
	return n > (ssize_t)length && memcmp(path + n - length, end, length) == 0;
}

/* From the folder that is listed now to the one that was listed before. */
static void move(DIR *dir)
{
	bool is_inbox = is_at(dir, "/INBOX/cur");

	reader.inbox |= is_inbox;
	reader.other |= is_at(dir, "/Aaa/cur");
	if (!reader.inbox || !reader.other)
		return;
	reader.does = RESTS;
	reader.times++;
	shell(is_inbox ? "mv Mail/INBOX/new/* Mail/Aaa/cur" : "mv Mail/Aaa/new/* Mail/INBOX/cur");
}

/* Whenever it is listed. */
static void meddle(DIR *dir)
{
	if (!is_at(dir, "/INBOX/cur"))
		return;
	reader.does = RESTS;
	reader.times++;
	usleep(20000); /* so that the directory's time is another one */
	shell("touch Mail/INBOX/cur/x && rm Mail/INBOX/cur/x");
	reader.does = MEDDLES;
}

/* In the place of libc's: what lists the tree is linked with this. */
struct dirent *readdir(DIR *dir)
{
	struct dirent *(*next)(DIR *);

	*(void **)&next = dlsym(RTLD_NEXT, "readdir");
	if (reader.does == MOVES)
		move(dir);
	else if (reader.does == MEDDLES)
		meddle(dir);
	return next(dir);
}

/* --- tests ----------------------------------------------------------------------------------- */

/* n messages that are here, and whose deletion is to go there, too. */
static void fresh_followed(unsigned n)
{
	fresh(n);
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	assert_int_equal(count_files(), n);
	shell("rm -f log");
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

/* A file that is moved from a directory that is to be looked into to one that was: the second look finds it. */
static void test_moved_meanwhile(void **state)
{
	(void)state;
	fresh_followed(4);
	shell("mkdir -p Mail/Aaa/cur Mail/Aaa/new Mail/Aaa/tmp && mv $(ls Mail/INBOX/new/* | head -2) Mail/Aaa/new");
	run_well();
	reader.times = 0;
	reader.does = MOVES;
	run_well();
	assert_int_equal(reader.times, 1);
	assert_int_equal(problems, 0);
	run_well();
	assert_int_equal(logged("DELE"), 0);
	assert_int_equal(count_files(), 4);
}

/* A directory that changes whenever it is listed may hold it: the next look decides. */
static void test_busy_tree(void **state)
{
	(void)state;
	fresh_followed(3);
	shell("rm Mail/INBOX/new/$(ls Mail/INBOX/new | head -1)");
	reader.times = 0;
	reader.does = MEDDLES;
	run_well();
	reader.does = RESTS;
	assert_true(reader.times > 1);
	assert_int_equal(counts.unsettled, 1);
	assert_int_equal(logged("DELE"), 0);
	run_well();
	assert_int_equal(count_in("gone"), 1);
}

/* A copy in another folder, as of what was sent, is another message's file, whatever its Message-ID: it does not
 * stand for the one that was deleted. */
static void test_copy_elsewhere(void **state)
{
	(void)state;
	fresh_followed(3);
	shell("mkdir -p Mail/Sent/cur && sed 's/^Received/X-Sent/' $(ls Mail/INBOX/new/* | head -1) > Mail/Sent/cur/copy:2,S");
	run_well();
	shell("rm $(ls Mail/INBOX/new/* | head -1)");
	run_well();
	assert_int_equal(count_in("gone"), 1);
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
	/* It begins while not all can be looked into, and while much is away. */
	for (int away = 0; away < 2; away++) {
		fresh(30);
		run_well();
		shell("rm -rf new; rm $(ls Mail/INBOX/new/* | head -1)");
		shell(away ? "mv Mail/INBOX/new . && mkdir Mail/INBOX/new"
			   : "mkdir elsewhere && ln -s ../elsewhere Mail/Linked");
		account.deletes = GW_DELETE_EXPUNGE;
		run();
		assert_int_equal(problems, 1);
		shell(away ? "mv new/* Mail/INBOX/new" : "rm Mail/Linked");
		run_well();
		run_well();
		assert_int_equal(logged("DELE"), 0);
	}
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

/* A server that did not delete what it said it had, and shows it under other names: nothing comes twice, and it is
 * deleted again. */
static void test_not_deleted(void **state)
{
	static const unsigned sizes[] = { 3,
		12 }; /* few, and as many as suggest that all were numbered anew */

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		unsigned n = sizes[i];

		fresh(n);
		account.pop3.keep = GW_KEEP_NO;
		rules("undead\n");
		assert_int_equal(run(), GW_OK);
		assert_int_equal(count_in("gone"), 0);
		rules("undead\nuidl new-\n");
		assert_int_equal(run(), GW_OK);
		assert_int_equal(counts.downloaded, 0);
		assert_int_equal(count_files(), n);
		/* Deleted here meanwhile, too: it does not come back. */
		shell("rm $(ls -d Mail/INBOX/new/* | head -1)");
		rules("undead\nuidl newer-\n");
		assert_int_equal(run(), GW_OK);
		assert_int_equal(count_files(), n - 1);
		rules("uidl newest-\n");
		assert_int_equal(run(), GW_OK);
		assert_int_equal(count_files(), n - 1);
		assert_int_equal(count_in("gone"), n);
		/* What comes later is new. */
		put_file("mail/m9",
			"Received: by x id 9\nMessage-ID: <9@y>\nSubject: 1\n\nanother\n");
		run_well();
		assert_int_equal(counts.downloaded, 1);
	}
	/* Of a message that nothing distinguishes another one may be the like. */
	fresh(0);
	put_file("mail/m1", "Subject: report\n\nA\n");
	account.pop3.keep = GW_KEEP_NO;
	run_well();
	put_file("mail/m2", "Subject: report\n\nA\n");
	run_well();
	assert_int_equal(count_files(), 2);
}

/* Neither a Message-ID nor a Received: two messages may share such a header, so nothing goes on the server by it alone. */
static void test_delete_by_header(void **state)
{
	(void)state;
	/* Another one has its name, and its header, and is as long: it comes before anything goes. */
	fresh(0);
	put_file("mail/m1", "Subject: report\n\nA\n");
	run_well();
	put_file("mail/m1", "Subject: report\n\nB\n");
	account.pop3.keep = GW_KEEP_NO;
	run_well();
	check("gone", 1);
	assert_int_equal(count_in("gone"), 1);
	assert_int_equal(count_files(), 2);
	/* One was deleted here and cannot go; then it goes all the same, and one like it comes: that is new. */
	fresh_followed(2);
	put_file("mail/m9", "Subject: report\n\nA\n");
	run_well();
	shell("rm $(grep -l 'Subject: report' Mail/INBOX/new/*)");
	rules("refuse DELE no\n");
	assert_int_equal(run(), GW_OK);
	shell("mv mail/m9 mail/m8");
	run_well();
	assert_int_equal(counts.downloaded, 1);
	check("mail", 1);
	assert_int_equal(count_in("gone"), 0);
	/* The same, where whole messages are all that tells. */
	shell("rm $(grep -l 'Subject: report' Mail/INBOX/new/*)");
	rules("refuse DELE no\n");
	assert_int_equal(run(), GW_OK);
	shell("mv mail/m8 mail/m7");
	rules("notop\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(counts.downloaded, 1);
	check("mail", 1);
	/* What it can do without another one's name: the one that was meant goes. */
	shell("rm $(grep -l 'Subject: report' Mail/INBOX/new/*) log");
	run_well();
	assert_int_equal(count_in("gone"), 1);
	assert_int_equal(logged("RETR"), 1);
}

/* `recent` shows what other clients have as well: nothing is deleted there, whatever else is said. */
static void test_recent(void **state)
{
	(void)state;
	fresh(4);
	account.pop3.recent = true;
	account.pop3.keep = GW_KEEP_NO;
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	shell("rm Mail/INBOX/new/$(ls Mail/INBOX/new | head -1)");
	run_well();
	run_well();
	assert_int_equal(logged("DELE"), 0);
	assert_int_equal(count_files(), 3);
}

/* It went there by `keep`, and is shown again: with a file here it was not deleted here. */
static void test_shown_again(void **state)
{
	(void)state;
	fresh(3);
	account.pop3.keep = GW_KEEP_NO;
	run_well();
	assert_int_equal(count_in("gone"), 3);
	shell("mv gone/* mail; rm log");
	account.pop3.keep = GW_KEEP_FOREVER;
	account.deletes = GW_DELETE_EXPUNGE;
	run_well();
	run_well();
	assert_int_equal(logged("DELE"), 0);
	assert_int_equal(count_files(), 3);
}

/* Less came than was listed: the rest is on the server only. */
static void test_short(void **state)
{
	(void)state;
	fresh(4);
	account.pop3.keep = GW_KEEP_NO;
	rules("short m0002\n");
	assert_int_equal(run(), GW_OK);
	assert_int_equal(problems, 1);
	assert_int_equal(count_in("gone"), 3);
	assert_int_equal(run(), GW_OK);
	assert_int_equal(count_in("mail"), 1);
	/* Nor does it go since it was deleted here. */
	account.pop3.keep = GW_KEEP_FOREVER;
	account.deletes = GW_DELETE_EXPUNGE;
	assert_int_equal(run(), GW_OK);
	shell("rm $(grep -l 'id 2$' Mail/INBOX/new/*)");
	run();
	run();
	assert_int_equal(count_in("mail"), 1);
}

/* Another client deletes something while we are at it, and the server numbers what is left anew. */
static void test_numbers_move(void **state)
{
	(void)state;
	/* What we have not read is under the number of one that was to go. */
	for (int looked = 0; looked < 2; looked++) {
		fresh(5);
		put_file("mail/m0009",
			"Subject: large\n\n0123456789012345678901234567890123456789012345678901234567890\n"
			"0123456789012345678901234567890123456789012345678901234567890123456789012345\n");
		account.pop3.max_size = 150;
		if (looked)
			run_well();
		account.pop3.keep = GW_KEEP_NO;
		rules("vanish m0000\n");
		assert_int_equal(run(), GW_OK);
		assert_int_equal(problems, 1);
		assert_int_equal(count_in("gone"), 0);
		run_well();
		assert_int_equal(count_in("gone"), 4);
		assert_int_equal(count_in("mail"), 1);
	}
	/* What came has another's name: the other comes all the same. */
	fresh(6);
	run_well();
	put_file("mail/m0006", "Message-ID: <6@y>\n\n6\n");
	put_file("mail/m0007", "Message-ID: <7@y>\n\n7\n");
	rules("vanish m0002\n");
	assert_int_equal(run(), GW_OK);
	run_well();
	shell("test $(grep -l 6@y Mail/INBOX/new/* | wc -l) = 1");
	run_well();
	assert_int_equal(counts.downloaded, 0);
}

/* The state is an old copy: what it says of messages may be of others by now. */
static void test_old_state(void **state)
{
	static const char *const later[] = { "mail/n1", "mail/n2", "mail/n3" };

	(void)state;
	fresh(5);
	run_well();
	shell("rm -rf before && cp -r state before");
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		char text[100];

		snprintf(text, sizeof text, "Message-ID: <%zu@n>\n\nn\n", i);
		put_file(later[i], text);
		run_well();
	}
	shell("rm -rf state && mv before state");
	account.pop3.keep = GW_KEEP_NO;
	assert_int_equal(run(), GW_OK);
	assert_int_equal(count_in("gone"), 0);
	check("mail", 1);
	assert_int_equal(count_files(), 8);
	run_well();
	check("gone", 1);
	assert_int_equal(count_in("gone"), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_delete_expunge),
		cmocka_unit_test(test_moved_files),
		cmocka_unit_test(test_moved_meanwhile),
		cmocka_unit_test(test_busy_tree),
		cmocka_unit_test(test_copy_elsewhere),
		cmocka_unit_test(test_unread_tree),
		cmocka_unit_test(test_held_deletions),
		cmocka_unit_test(test_slow_accident),
		cmocka_unit_test(test_delete_begins),
		cmocka_unit_test(test_delete_another),
		cmocka_unit_test(test_delete_by_header),
		cmocka_unit_test(test_not_deleted),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_shown_again),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_old_state),
		cmocka_unit_test(test_numbers_move),
		cmocka_unit_test(test_cuts_of_a_deletion),
	};

	signal(SIGPIPE, SIG_IGN);
	if (getenv("TESTS") != NULL)
		cmocka_set_test_filter(getenv("TESTS"));
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
