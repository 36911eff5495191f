/* SPDX-License-Identifier: ISC */
/* tests/odd/program.c - runs godwit and serves it. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LONGEST =
		400, /* seconds; one that takes longer is stuck, on a slow and busy machine, too */
	FAR_TOO_MANY = 20 /* times what a case allows: it will not end by itself */
};

static void write_config(struct run *r)
{
	struct text t = { 0 };
	char *path = printed("%s/config", r->dir);

	put(&t,
		"state-dir = \"%s/state\"\naccount \"odd\" {\n\thost = \"127.0.0.1\"\n\tport = %u\n"
		"\ttls = \"none\"\n\tuser = \"%s\"\n\tpassword-command = \"echo secret\"\n"
		"\tmaildir = \"%s\"\n",
		r->dir, r->server.port, r->user, r->root);
	if (r->config.p == NULL || strstr(r->config.p, "timeout =") == NULL)
		put(&t, "\ttimeout = 30\n");
	if (r->config.p == NULL || strstr(r->config.p, "delete =") == NULL)
		put(&t, "\tdelete = \"expunge\"\n");
	put(&t, "%s}\n", r->config.p == NULL ? "" : r->config.p);
	if (!tree_write(path, t.p, t.n, true))
		wrong(r, "cannot write %s", path);
	chmod(path, 0600);
	text_free(&t);
	free(path);
}

static void redirect(int fd, const char *dir, const char *name)
{
	char *path = printed("%s/%s", dir, name);
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (to < 0 || dup2(to, fd) < 0)
		_exit(126);
	free(path);
}

/* Under a sanitizer, whose library wants to be the first. */
static void load_disk(const struct run *r)
{
	const char *options = getenv("ASAN_OPTIONS");
	char *all = printed("%s:verify_asan_link_order=0", options == NULL ? "" : options);

	if (r->disk.n > 0) {
		setenv("ODD_DISK", r->disk.p, 1);
		setenv("LD_PRELOAD", ODD_DISK_LIBRARY, 1);
		setenv("ASAN_OPTIONS", all, 1);
	}
	free(all);
}

static void become_program(const struct run *r, char **args, size_t count)
{
	char *config = printed("%s/config", r->dir), *runtime = printed("%s/run", r->dir);
	char *argv[WORDS_MAX + 4] = { (char *)(uintptr_t)r->godwit, (char[]){ "-c" }, config };
	sigset_t none;

	for (size_t i = 0; i < count; i++)
		argv[i + 3] = args[i];
	setenv("HOME", r->dir, 1);
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	load_disk(r);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	redirect(1, r->dir, "out");
	redirect(2, r->dir, "err");
	execv(r->godwit, argv);
	_exit(127);
}

static void take_output(struct run *r)
{
	static const char *const names[] = { "out", "err" };

	text_free(&r->output);
	for (size_t i = 0; i < 2; i++) {
		char *path = printed("%s/%s", r->dir, names[i]);
		struct text t = file_text(path);

		put_bytes(&r->output, t.p, t.n);
		text_free(&t);
		free(path);
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_storm(const struct run *r)
{
	return server_count(&r->server, "all") > r->max_commands * FAR_TOO_MANY ||
	       r->server.connections > r->max_logins * FAR_TOO_MANY;
}

static void look_at_disk(struct run *r)
{
	unsigned mb = r->max_disk == 0 ? 0 : (unsigned)(size_below(r->dir) >> 20);

	if (mb <= r->max_disk)
		return;
	wrong(r, "%u MB on the disk", mb);
	r->max_disk = UINT_MAX;
}

/* Serves the program until it ends; its status as of wait.  It is asked to end term_ms after it first called, before
 * which it may not have begun to listen to signals. */
static int serve_until_end(struct run *r, pid_t pid, unsigned term_ms)
{
	int64_t began = now_ms(), called = 0;
	sigset_t none;
	bool told = false, stopped = false;
	struct rusage usage;
	int status;

	sigemptyset(&none);
	while (wait4(pid, &status, WNOHANG, &usage) == 0) {
		bool storm = is_storm(r);

		server_turn(&r->server, 100, &none);
		look_at_disk(r);
		if (called == 0 && r->server.connections > 0)
			called = now_ms();
		if (term_ms > 0 && !told && called > 0 && now_ms() - called > term_ms) {
			kill(pid, SIGTERM);
			told = true;
		}
		if (stopped || (!storm && now_ms() - began < (int64_t)LONGEST * 1000))
			continue;
		wrong(r, storm ? "a storm: ended by force" : "stuck: ended by force");
		kill(-pid, SIGKILL);
		stopped = true;
	}
	r->memory_kb = usage.ru_maxrss;
	return status;
}

static bool names_nothing(char **args, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (args[i][0] != '-')
			return false;
	}
	return true;
}

/* What `status` lists as out of step, a run of all reports, and the reverse (R4). */
static void judge_status(struct run *r)
{
	char *args[] = { (char[]){ "status" } };
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		become_program(r, args, 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		wrong(r, "fork: %s", strerror(errno));
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1 && WEXITSTATUS(status) != r->status) {
		char *path = printed("%s/out", r->dir);
		struct text t = file_text(path);

		wrong(r, "exit status %d, and `status` has %d: %.*s", r->status,
			WEXITSTATUS(status), (int)t.n, t.p);
		text_free(&t);
		free(path);
	}
}

static bool has(char **args, size_t count, const char *arg)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(args[i], arg) == 0)
			return true;
	}
	return false;
}

void run_program(struct run *r, char **args, size_t count, int expected, unsigned term_ms)
{
	struct tree tree;
	pid_t pid;
	int status;

	write_config(r);
	r->of_all = names_nothing(args, count);
	tree_read(&tree, r->root, &r->server.mail);
	free(r->stamps_before);
	r->stamps_before = copy_of(tree.stamps.p);
	tree_free(&tree);
	server_count_anew(&r->server);
	put(&r->server.trace, "== godwit %s (line %u)\n", args[0], r->line);
	pid = fork();
	if (pid == 0)
		become_program(r, args, count);
	if (pid < 0) {
		wrong(r, "fork: %s", strerror(errno));
		return;
	}
	status = serve_until_end(r, pid, term_ms);
	server_close_all(&r->server);
	take_output(r);
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	put(&r->server.trace, "== status %d\n%s", r->status, r->output.p);
	if (!WIFEXITED(status))
		wrong(r, "ended by signal %d", WTERMSIG(status));
	else if (expected >= 0 && r->status != expected)
		wrong(r, "exit status %d, not %d", r->status, expected);
	judge_run(r);
	if (strcmp(args[0], "sync") == 0 && r->of_all && r->status <= 1 && !has(args, count, "-n"))
		judge_status(r);
}
