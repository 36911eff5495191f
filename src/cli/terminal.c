/* SPDX-License-Identifier: ISC */
/* cli/terminal.c - see terminal.h.
 *
 * The signals are blocked, and let in only while a question waits for the next byte: the wait ends
 * with them, and not the program.
 */
#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>
#include <uv.h>

enum { HELD = 3 };
static const int held[HELD] = { SIGINT, SIGTERM, SIGHUP };

bool terminal_draws(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

static void held_signals(sigset_t *out)
{
	sigemptyset(out);
	for (size_t i = 0; i < HELD; i++)
		sigaddset(out, held[i]);
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

static void on_signal(int signal)
{
	(void)signal; /* it ends the wait */
}

/* Sets what the held signals do; before: what they did, or NULL. */
static void set_actions(const struct sigaction *to, struct sigaction *before)
{
	for (size_t i = 0; i < HELD; i++)
		sigaction(held[i], &to[i], before == NULL ? NULL : &before[i]);
}

/* Reads one byte of input; false: it ended, or a signal came.  open: the mask that lets them in. */
static bool read_byte(const sigset_t *open, char *out)
{
	fd_set input;

	FD_ZERO(&input);
	FD_SET(STDIN_FILENO, &input);
	return pselect(STDIN_FILENO + 1, &input, NULL, NULL, NULL, open) > 0 &&
	       read(STDIN_FILENO, out, 1) == 1;
}

static enum gw_code read_line(const sigset_t *open, char *line, size_t size, struct gw_error *err)
{
	size_t n = 0;
	char c;

	for (;;) {
		if (!read_byte(open, &c))
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
	struct sigaction waking[HELD], actions[HELD];
	sigset_t mask, before, open;
	enum gw_code code;

	held_signals(&mask);
	sigprocmask(SIG_BLOCK, &mask, &before);
	open = before;
	for (size_t i = 0; i < HELD; i++) {
		sigdelset(&open, held[i]);
		waking[i] = (struct sigaction){ .sa_handler = on_signal };
	}
	set_actions(waking, actions);
	fputs(prompt, stdout);
	fflush(stdout);
	code = read_line(&open, line, size, err);
	if (code == GW_OK)
		trim(line);
	else if (code == GW_ERR_CANCELLED)
		putchar('\n'); /* behind "^C" */
	set_actions(actions, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}
