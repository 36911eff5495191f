/* SPDX-License-Identifier: ISC */
/* cli/typed_password: a password is told from a command, and kept where a command finds it. */
#include "cli/typed_password.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_known(const char *word)
{
	return strcmp(word, "my-password-program") == 0;
}

static void what_looks_like_a_password(void **state)
{
	static const struct {
		const char *line;
		bool typed;
	} cases[] = {
		{ "hunter2", true },
		{ "Tr0ub4dor&3", true },
		{ "pa$$w0rd", true },
		{ "ab/cd+3=", false }, /* one cannot know */
		{ "ab/cd+3", true },
		{ "$MYCOMMAND", false },
		{ "my-password-program<x", false },
		{ "x=\"$\";echo", false },
		{ "correct-horse", true },
		{ "abcd efgh ijkl mnop", true }, /* Google's */
		{ "abcd efgh ijkl mnopq", false },
		{ "abcdefghijklmnop", true },
		{ "my-password-program", false },
		{ "pass show mail/work", false },
		{ "echo secret", false },
		{ "/usr/bin/mypass", false },
		{ "./mypass", false },
		{ "x=1", false },
		{ "gpg -q -d ~/.pw.gpg", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (password_is_typed(cases[i].line, is_known) != cases[i].typed)
			fail_msg("%s", cases[i].line);
	}
}

static void programs_are_found(void **state)
{
	char dir[] = "/tmp/godwit-unit-XXXXXX", path[100];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/tool", dir);
	fclose(fopen(path, "w"));
	chmod(path, 0755);
	setenv("PATH", "/nonexistent::/nowhere", 1);
	assert_false(program_exists("tool"));
	assert_true(program_exists(path));
	setenv("PATH", dir, 1);
	assert_true(program_exists("tool"));
	assert_false(program_exists("other"));
	unlink(path);
	rmdir(dir);
}

/* What a command prints. */
static void assert_prints(const char *command, const char *want)
{
	FILE *from = popen(command, "r");
	char line[100] = "";

	assert_non_null(from);
	assert_non_null(fgets(line, sizeof line, from));
	pclose(from);
	assert_string_equal(line, want);
}

static void a_file_is_its_owners(void **state)
{
	char dir[] = "/tmp/godwit unit' $x-XXXXXX", path[100], command[400];
	struct gw_error err = { 0 };
	struct stat st;

	(void)state;
	setenv("PATH", "/usr/bin:/bin", 1);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(
		password_keep(STORE_FILE, "work", dir, "p'w", false, command, sizeof command, &err),
		GW_OK);
	snprintf(path, sizeof path, "%s/work.password", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_prints(command, "p'w");
	/* It was there; but one that was mistyped is another's. */
	assert_int_not_equal(
		password_keep(STORE_FILE, "work", dir, "no", false, command, sizeof command, &err),
		GW_OK);
	assert_prints(command, "p'w");
	assert_int_equal(
		password_keep(STORE_FILE, "work", dir, "new", true, command, sizeof command, &err),
		GW_OK);
	assert_prints(command, "new");
	unlink(path);
	rmdir(dir);
}

/* A program of PATH that keeps its standard input. */
static void make_program(const char *dir, const char *name, const char *body)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	chmod(path, 0755);
}

static void stores_get_it_on_their_input(void **state)
{
	char dir[] = "/tmp/godwit-unit-XXXXXX", command[400], path[200];
	struct gw_error err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s:/usr/bin:/bin", dir);
	setenv("PATH", path, 1);
	setenv("PASSWORD_STORE_DIR", dir, 1);
	assert_false(password_store_is_here(STORE_PASS));
	make_program(dir, "pass", "cat > \"$(dirname \"$0\")/$4.gpg\"");
	make_program(dir, "secret-tool", "exit 1");
	snprintf(path, sizeof path, "%s/.gpg-id", dir);
	fclose(fopen(path, "w"));
	assert_true(password_store_is_here(STORE_PASS));
	snprintf(path, sizeof path, "%s/mail", dir);
	mkdir(path, 0700);
	assert_int_equal(
		password_keep(STORE_PASS, "work", dir, "pw", false, command, sizeof command, &err),
		GW_OK);
	assert_string_equal(command, "pass show mail/work");
	snprintf(command, sizeof command, "cat %s/mail/work.gpg", dir);
	assert_prints(command, "pw");
	assert_int_equal(
		password_keep(STORE_PASS, "work", dir, "no", false, command, sizeof command, &err),
		GW_ERR_SECRET);
	assert_int_equal(password_keep(STORE_KEYRING, "work", dir, "no", false, command,
				 sizeof command, &err),
		GW_ERR_SECRET);
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_looks_like_a_password),
		cmocka_unit_test(programs_are_found),
		cmocka_unit_test(a_file_is_its_owners),
		cmocka_unit_test(stores_get_it_on_their_input),
	};

	signal(SIGPIPE, SIG_IGN); /* as the program does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
