/* cli/terminal.c - see terminal.h.
 *
 * The signals are blocked, and read from a descriptor while somebody is asked.
 */
#include "cli/terminal.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <uv.h>

bool terminal_draws(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

static void held_signals(sigset_t *out)
{
	sigemptyset(out);
	sigaddset(out, SIGINT);
	sigaddset(out, SIGTERM);
	sigaddset(out, SIGHUP);
}

static void do_nothing(uv_work_t *work)
{
	(void)work;
}

/* The threads of libuv's pool begin with its first work, all of them, and each inherits the mask:
 * one that begins while a loop lets SIGINT in would take it in place of the next question. */
static void start_pool(void)
{
	uv_work_t work;
	uv_loop_t loop;

	if (uv_loop_init(&loop) != 0)
		return;
	if (uv_queue_work(&loop, &work, do_nothing, NULL) == 0)
		uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

void terminal_hold_signals(void)
{
	sigset_t mask;

	held_signals(&mask);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	start_pool();
}

void terminal_let_in(sigset_t *before)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_UNBLOCK, &mask, before);
}

void terminal_shut(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* Reads one byte of input; false: it ended, or a signal came. */
static bool read_byte(int signals, char *out)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo taken;

	if (poll(fds, signals < 0 ? 1 : 2, -1) < 0)
		return false;
	if (signals >= 0 && fds[1].revents != 0) {
		/* Taken, or it would end the program when it is no longer blocked. */
		(void)!read(signals, &taken, sizeof taken);
		return false;
	}
	return read(STDIN_FILENO, out, 1) == 1;
}

static enum gw_code read_line(int signals, char *line, size_t size, struct gw_error *err)
{
	size_t n = 0;
	char c;

	for (;;) {
		if (!read_byte(signals, &c))
			return gw_fail(err, GW_ERR_CANCELLED, "stopped; nothing was written");
		if (c == '\n')
			break;
		if (n < size)
			line[n] = c;
		n++;
	}
	if (n >= size)
		return gw_fail(err, GW_ERR_LIMIT, "that is too long");
	line[n] = '\0';
	return GW_OK;
}

static void trim(char *line)
{
	static const char blanks[] = " \t\r";
	size_t lead = strspn(line, blanks), n = strlen(line);

	while (n > lead && strchr(blanks, line[n - 1]) != NULL)
		n--;
	memmove(line, line + lead, n - lead);
	line[n - lead] = '\0';
}

enum gw_code terminal_ask(const char *prompt, char *line, size_t size, struct gw_error *err)
{
	sigset_t mask, before;
	enum gw_code code;
	int signals;

	held_signals(&mask);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	fputs(prompt, stdout);
	fflush(stdout);
	code = read_line(signals, line, size, err);
	if (code == GW_OK)
		trim(line);
	else if (code == GW_ERR_CANCELLED)
		putchar('\n'); /* behind "^C" */
	if (signals >= 0)
		close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}
