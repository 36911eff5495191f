/* SPDX-License-Identifier: ISC */
/* tests/odd/odd.c - runs godwit against a server that is odd in ways that case files describe.
 *
 * Usage: odd [-v] [-k] [-j N] [-s N] [-g GODWIT] FILE... [-- CASE...]
 *        odd -t FILE...     the table of what odd servers do, in Markdown
 *
 * -v names each case; -k keeps the folders of failed ones; -j: so many at once (2).  CASE is the
 * name of a case, or of a variant (name@label).  The exit status is 1 if a case failed, or if one
 * that is marked known-red did not.
 *
 * Each case runs in a process of its own: the server is in it, in memory, and godwit is its child.
 */
#include "run.h"
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 16, TRACE_SHOWN = 12000 };

struct options {
	const char *godwit;
	bool verbose, keep, table;
	unsigned jobs;
	unsigned every, from; /* of each case's variants every so many, beginning by chance */
	char **names;
	size_t name_count;
};

struct job {
	pid_t pid; /* 0: free */
	const struct script *script;
	char *dir;
};

struct totals {
	unsigned green, red, failed;
};

static void on_child(int signal)
{
	(void)signal;
}

/* --- one case -------------------------------------------------------------------------------- */

/* In the child.  Its report is in DIR/report; the status is 0 if all is well, else 1. */
static int play(const struct options *o, const struct script *script, const char *dir)
{
	struct run r = { .script = script, .godwit = o->godwit };
	char *path = printed("%s/report", dir);
	FILE *report = fopen(path, "w");
	size_t from;

	if (report == NULL)
		return 2;
	r.dir = copy_of(dir);
	run_case(&r);
	if (r.wrong.n > 0) {
		from = r.server.trace.n > TRACE_SHOWN && !o->keep ? r.server.trace.n - TRACE_SHOWN
								  : 0;
		fprintf(report, "%s", r.wrong.p);
		if (!script->known_red || o->verbose || r.is_unclear)
			fprintf(report, "---- what was said%s\n%s----\n",
				from > 0 ? ", its end" : "",
				r.server.trace.p == NULL ? "" : r.server.trace.p + from);
	}
	fclose(report);
	free(path);
	return r.is_unclear ? 2 : r.wrong.n > 0;
}

static void begin(const struct options *o, struct job *job, const struct script *script)
{
	const char *base = getenv("TMPDIR");

	if (base == NULL)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	job->script = script;
	job->dir = printed("%s/godwit-odd.XXXXXX", base);
	if (mkdtemp(job->dir) == NULL) {
		perror(job->dir);
		exit(2);
	}
	fflush(NULL);
	job->pid = fork();
	if (job->pid < 0) {
		perror("fork");
		exit(2);
	}
	if (job->pid == 0)
		_exit(play(o, script, job->dir));
}

static void end(const struct options *o, struct job *job, int status, struct totals *totals)
{
	const struct script *s = job->script;
	bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool failed = ok == s->known_red || !WIFEXITED(status) || WEXITSTATUS(status) > 1;
	char *path = printed("%s/report", job->dir);
	struct text report = file_text(path);

	if (failed)
		printf("FAILED %s: %s\n%s\n", s->name, s->title,
			ok ? "it is green: take known-red away" : report.p);
	else if (o->verbose)
		printf("%s %s: %s\n%s", ok ? "ok    " : "red   ", s->name, s->title, report.p);
	else if (!ok)
		printf("red (known) %s: %.*s\n", s->name, (int)strcspn(report.p, "\n"), report.p);
	fflush(stdout);
	*(failed ? &totals->failed : ok ? &totals->green : &totals->red) += 1;
	if (o->keep && !ok)
		printf("kept: %s\n", job->dir);
	else
		remove_all(job->dir);
	text_free(&report);
	free(path);
	free(job->dir);
	*job = (struct job){ 0 };
}

/* --- all of them ----------------------------------------------------------------------------- */

static bool is_chosen(const struct options *o, const struct script *s)
{
	for (size_t i = 0; i < o->name_count; i++) {
		if (strcmp(o->names[i], s->name) == 0 || strcmp(o->names[i], s->base) == 0)
			return true;
	}
	return o->name_count == 0;
}

/* Which of its case's variants is it, and how many are there? */
static void count_variants(
	const struct script *first, const struct script *s, unsigned *at, unsigned *count)
{
	*at = *count = 0;
	for (const struct script *other = first; other != NULL; other = other->next) {
		if (other == s)
			*at = *count;
		*count += strcmp(other->base, s->base) == 0;
	}
}

/* At least one of each case is. */
static bool is_sampled(const struct options *o, const struct script *first, const struct script *s)
{
	unsigned at, count, every;

	count_variants(first, s, &at, &count);
	every = o->every < count ? o->every : count;
	return at % every == o->from % every;
}

static void wait_for_one(const struct options *o, struct job *jobs, struct totals *totals)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	for (unsigned i = 0; i < o->jobs; i++) {
		if (pid > 0 && jobs[i].pid == pid)
			end(o, &jobs[i], status, totals);
	}
}

static void play_all(const struct options *o, const struct script *first, struct job *jobs,
	struct totals *totals)
{
	for (const struct script *s = first; s != NULL; s = s->next) {
		unsigned i = 0;

		if (!is_chosen(o, s) || !is_sampled(o, first, s))
			continue;
		while (i < o->jobs && jobs[i].pid != 0)
			i++;
		if (i == o->jobs) {
			wait_for_one(o, jobs, totals);
			for (i = 0; jobs[i].pid != 0;)
				i++;
		}
		begin(o, &jobs[i], s);
	}
	for (unsigned i = 0; i < o->jobs; i++) {
		while (jobs[i].pid != 0)
			wait_for_one(o, jobs, totals);
	}
}

static int usage(void)
{
	fputs("usage: odd [-v] [-k] [-j N] [-g GODWIT] FILE... [-- CASE...]\n", stderr);
	return 64;
}

int main(int argc, char **argv)
{
	struct options o = { .godwit = "./godwit", .jobs = 2, .every = 1 };
	struct job jobs[JOBS_MAX] = { 0 };
	struct totals totals = { 0 };
	sigset_t child;
	char *godwit;
	int c, files = 0;

	while ((c = getopt(argc, argv, "+vktj:s:g:")) != -1) {
		if (c == 'v')
			o.verbose = true;
		else if (c == 'k')
			o.keep = true;
		else if (c == 't')
			o.table = true;
		else if (c == 'j')
			o.jobs = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			o.every = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'g')
			o.godwit = optarg;
		else
			return usage();
	}
	while (optind + files < argc && strcmp(argv[optind + files], "--") != 0)
		files++;
	o.names = argv + optind + files + 1;
	o.name_count = optind + files < argc ? (size_t)(argc - optind - files - 1) : 0;
	godwit = realpath(o.godwit, NULL);
	if (files == 0 || o.every == 0 || o.jobs == 0 || o.jobs > JOBS_MAX ||
		(godwit == NULL && !o.table))
		return usage();
	o.godwit = godwit;
	if (o.every > 1) {
		const char *seed = getenv("GODWIT_SEED");

		o.from = seed == NULL ? (unsigned)time(NULL) : (unsigned)strtoul(seed, NULL, 10);
		printf("every %u. variant, seed %u (GODWIT_SEED=%u replays)\n", o.every, o.from,
			o.from);
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	signal(SIGCHLD, on_child);
	for (int i = 0; i < files; i++) {
		struct script *scripts = script_read(argv[optind + i]);

		if (scripts == NULL)
			return 2;
		if (o.table)
			table_print(argv[optind + i], scripts);
		else
			play_all(&o, scripts, jobs, &totals);
		script_free(scripts);
	}
	if (!o.table)
		printf("%u green, %u red and known to be, %u failed\n", totals.green, totals.red,
			totals.failed);
	free(godwit);
	return totals.failed > 0;
}
