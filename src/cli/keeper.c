/* SPDX-License-Identifier: ISC */
/* cli/keeper.c - see keeper.h. */
#include "cli/keeper.h"

#include "cli/systemd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

struct keeper {
	const struct options *options;
	const struct gw_log *log;
	bool again;
};

/* A service manager is told what a watcher has to say, and nothing such as MAINPID=. */
static void on_said(void *ctx, const char *text)
{
	static const char *const known[] = { "READY=1\n", "RELOADING=1\n", "STOPPING=1\n",
		"WATCHDOG=1\n" };
	struct keeper *k = ctx;
	const char *status = strstr(text, "STATUS="), *end;
	char lines[GW_RUNNER_TEXT + 100] = "";

	if (strcmp(text, KEEPER_AGAIN) == 0) {
		k->again = true;
		return;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strncmp(text, known[i], strlen(known[i])) == 0)
			snprintf(lines, sizeof lines, "%s", known[i]);
	}
	if (status != NULL && (status == text || status[-1] == '\n')) {
		end = status + strcspn(status, "\n");
		snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%.*s\n",
			(int)(end - status), status);
	}
	if (lines[0] != '\0')
		systemd_tell(lines);
}

/* In the new process.  It has a process group of its own, so that each signal comes once, from its keeper. */
static void begin_watcher(pid_t keeper)
{
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	if (getppid() != keeper)
		_exit(EX_TEMPFAIL);
}

static int status_of(int status)
{
	sigset_t none;

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL); /* as if it had been ours */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	raise(WTERMSIG(status));
	return EX_SOFTWARE;
}

/* A configuration that cannot be read leaves the one before in force. */
static void read_again(const struct keeper *k, struct config *config)
{
	struct config fresh;
	struct gw_error err = { 0 };

	if (config_read(k->options->config_path, &fresh, &err) != GW_OK) {
		gw_error_context(&err, "the configuration stays as it was");
		complain(NULL, NULL, &err);
		return;
	}
	config_free(config);
	*config = fresh;
}

int keeper_run(const struct options *o, struct config *config, const struct gw_log *log,
	int (*work)(const struct options *o, struct config *config, const struct gw_log *log,
		struct sandbox *sandbox))
{
	static const int forward[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, 0 };
	sigset_t shut;
	struct keeper k = { .options = o, .log = log, .again = true };
	struct gw_runner_host host = { .forward = forward, .said = on_said, .ctx = &k };
	struct gw_error err = { 0 };
	struct sandbox s;
	pid_t self = getpid();
	int status = 0;

	sigemptyset(&shut);
	for (size_t i = 0; forward[i] != 0; i++)
		sigaddset(&shut, forward[i]);
	sigprocmask(SIG_BLOCK, &shut, NULL); /* until the watcher listens to them */
	while (k.again) {
		k.again = false;
		if (sandbox_prepare(&s, o, config, SANDBOX_WATCH, &err) != GW_OK)
			break;
		host.confined = fork();
		if (host.confined == 0) {
			begin_watcher(self);
			close(s.server);
			s.server = -1;
			sandbox_enter(&s, config, log);
			status = work(o, config, log, &s);
			sandbox_end(&s);
			return status;
		}
		gw_runner_close(s.runner);
		s.runner = NULL;
		if (host.confined < 0)
			gw_fail_sys(&err, GW_ERR_BUSY, errno, "no process for the watcher");
		else
			status = gw_runner_serve(s.server, &s.table, &host);
		s.server = -1;
		sandbox_tidy(&s);
		sandbox_end(&s);
		if (k.again)
			read_again(&k, config);
	}
	if (err.code != GW_OK) {
		complain(NULL, NULL, &err);
		return exit_status(&err);
	}
	return status_of(status);
}
