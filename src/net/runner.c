/* SPDX-License-Identifier: ISC */
/* net/runner.c - see godwit/runner.h and net/runner.h.
 *
 * What comes from the confined process may come from whoever took it over: it is bounded, and it is waited for a
 * moment only.
 */
#include "net/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 256, VARIABLES_MAX = 32, PATIENCE_S = 5 };

/* A command that was started, until its channel is closed. */
struct running {
	pid_t pid;
	int channel; /* owned */
	bool own_session, ended;
};

struct server {
	int fd, signals;
	const struct gw_command_table *table;
	const struct gw_runner_host *host;
	struct running list[COMMANDS_MAX];
	size_t count;
	bool gone, waited; /* the confined process: its end of the socket, itself */
	int status;
};

enum gw_code gw_runner_open(const struct gw_command_table *table, struct gw_runner **out,
	int *server, struct gw_error *err)
{
	struct gw_runner *r = calloc(1, sizeof *r);
	int pair[2];

	*out = NULL;
	if (r == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		free(r);
		return gw_fail_sys(err, GW_ERR_BUSY, errno, "no socket for the runner");
	}
	*r = (struct gw_runner){ .fd = pair[0], .table = table };
	*server = pair[1];
	*out = r;
	return GW_OK;
}

void gw_runner_close(struct gw_runner *r)
{
	if (r != NULL)
		close(r->fd);
	free(r);
}

void gw_runner_say(const struct gw_runner *r, const char *text)
{
	struct {
		struct gw_runner_request head;
		char text[GW_RUNNER_TEXT];
	} packet = { .head = { .verb = GW_RUNNER_SAY } };
	size_t n = strnlen(text, sizeof packet.text);

	packet.head.bytes = (uint32_t)n;
	memcpy(packet.text, text, n);
	(void)!send(r->fd, &packet, sizeof packet.head + n, MSG_NOSIGNAL);
}

/* --- a command ------------------------------------------------------------------------------- */

/* In the new process. */
static _Noreturn void become(
	const char *command, const int fds[GW_RUNNER_FDS], bool own_session, char *const *variables)
{
	char shell[] = "/bin/sh", dash_c[] = "-c";
	char *args[] = { shell, dash_c, (char *)(uintptr_t)command, NULL };
	char **environment = variables[0] == NULL ? environ : gw_child_environment(variables);
	int in = fcntl(fds[1], F_DUPFD_CLOEXEC, 3), out = fcntl(fds[2], F_DUPFD_CLOEXEC, 3);
	sigset_t none;

	if (own_session)
		setsid();
	for (int n = 1; n < 32; n++) /* those that cannot be changed are not */
		signal(n, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (in >= 0 && out >= 0 && environment != NULL && dup2(in, STDIN_FILENO) >= 0 &&
		dup2(out, STDOUT_FILENO) >= 0)
		execve(shell, args, environment);
	_exit(127);
}

/* Returns once the shell runs: a signal that comes before would find no session of its own to go to, or be one that is
 * ignored still. */
static pid_t start(
	const char *command, const int fds[GW_RUNNER_FDS], bool own_session, char *const *variables)
{
	int running[2];
	char none;
	pid_t pid;

	if (pipe2(running, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become(command, fds, own_session, variables);
	close(running[1]);
	while (pid > 0 && read(running[0], &none, 1) < 0 && errno == EINTR) /* its end, with exec */
		;
	close(running[0]);
	return pid;
}

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Whoever sends a byte now and then is not waited for, either. */
static bool read_all(int fd, char *p, size_t n)
{
	int64_t end = now_s() + PATIENCE_S;

	while (n > 0) {
		ssize_t got = now_s() > end ? 0 : recv(fd, p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/* Only variables of ours: one such as LD_PRELOAD would make any command run anything. */
static bool split(char *text, size_t bytes, char *list[VARIABLES_MAX + 1])
{
	size_t n = 0;

	for (size_t at = 0; at < bytes; at += strlen(text + at) + 1) {
		if (n == VARIABLES_MAX || strncmp(text + at, "GODWIT_", 7) != 0 ||
			strchr(text + at, '=') == NULL)
			return false;
		list[n++] = text + at;
	}
	list[n] = NULL;
	return true;
}

static void tell_end(int channel, int status)
{
	const struct gw_runner_end end = { .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0 };

	(void)!send(channel, &end, sizeof end, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void run(struct server *s, const struct gw_runner_request *r, const int fds[GW_RUNNER_FDS])
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	char *list[VARIABLES_MAX + 1], *text = calloc(1, (size_t)r->bytes + 1);
	pid_t pid = -1;

	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (text != NULL && read_all(fds[0], text, r->bytes) && split(text, r->bytes, list))
		pid = start(s->table->list[r->index], fds, r->own_session != 0, list);
	free(text);
	if (pid < 0) { /* as a shell says it */
		tell_end(fds[0], 126 << 8);
		close(fds[0]);
		return;
	}
	s->list[s->count++] = (struct running){ pid, fds[0], r->own_session != 0, false };
}

/* The signals that it sends, or its end. */
static void serve_channel(struct server *s, size_t at)
{
	struct running *r = &s->list[at];
	unsigned char signal;
	ssize_t n = recv(r->channel, &signal, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(r->channel);
		*r = s->list[--s->count];
	} else if (signal == SIGTERM || signal == SIGKILL) {
		if (r->own_session)
			kill(-r->pid, signal);
		else if (!r->ended)
			kill(r->pid, signal);
	}
}

/* --- requests -------------------------------------------------------------------------------- */

/* The descriptors of a packet; all of them, or none. */
static bool take_fds(struct msghdr *m, int fds[GW_RUNNER_FDS])
{
	bool found = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		if (!found && c->cmsg_len == CMSG_LEN(sizeof(int) * GW_RUNNER_FDS)) {
			memcpy(fds, CMSG_DATA(c), sizeof(int) * GW_RUNNER_FDS);
			found = true;
			continue;
		}
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int stray;

			memcpy(&stray, CMSG_DATA(c) + i * sizeof stray, sizeof stray);
			close(stray);
		}
	}
	return found;
}

static void serve_request(struct server *s)
{
	struct {
		struct gw_runner_request head;
		char text[GW_RUNNER_TEXT + 1];
	} packet = { 0 };
	union {
		char bytes[CMSG_SPACE(sizeof(int) * GW_RUNNER_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec part = { &packet, sizeof packet - 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control.bytes };
	int fds[GW_RUNNER_FDS] = { -1, -1, -1 };
	ssize_t n = recvmsg(s->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	bool whole = n >= (ssize_t)sizeof packet.head, with_fds;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	with_fds = n > 0 && take_fds(&m, fds);
	s->gone = n <= 0;
	if (whole && packet.head.verb == GW_RUNNER_SAY && !with_fds) {
		if (s->host->said != NULL)
			s->host->said(s->host->ctx, packet.text);
	} else if (whole && packet.head.verb == GW_RUNNER_RUN && with_fds &&
		   packet.head.index < s->table->count &&
		   packet.head.bytes <= GW_RUNNER_VARIABLES && s->count < COMMANDS_MAX) {
		run(s, &packet.head, fds);
		fds[0] = -1; /* it is the command's */
	}
	for (size_t i = 0; i < GW_RUNNER_FDS && with_fds; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

/* --- signals --------------------------------------------------------------------------------- */

static void reap(struct server *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->host->confined) {
			s->waited = true;
			s->status = status;
		}
		for (size_t i = 0; i < s->count; i++) {
			if (s->list[i].pid == pid && !s->list[i].ended) {
				s->list[i].ended = true;
				tell_end(s->list[i].channel, status);
			}
		}
	}
}

static void serve_signal(struct server *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	if (info.ssi_signo == SIGCHLD) {
		reap(s);
	} else if (info.ssi_signo == SIGTSTP) { /* Ctrl-Z stops both */
		kill(s->host->confined, SIGSTOP);
		raise(SIGSTOP);
		kill(s->host->confined, SIGCONT);
	} else if (!s->waited) {
		kill(s->host->confined, (int)info.ssi_signo);
	}
}

static bool begin_signals(struct server *s)
{
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	for (const int *n = s->host->forward; n != NULL && *n != 0; n++)
		sigaddset(&ours, *n);
	if (s->host->confined > 0)
		sigaddset(&ours, SIGTSTP);
	sigprocmask(SIG_SETMASK, &ours, NULL);
	s->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals >= 0;
}

int gw_runner_serve(
	int server, const struct gw_command_table *table, const struct gw_runner_host *host)
{
	struct server s = { .fd = server, .table = table, .host = host };
	struct pollfd polls[COMMANDS_MAX + 2];

	if (!begin_signals(&s))
		return 0;
	while (!s.gone || (host->confined > 0 && !s.waited)) {
		size_t count = s.count;

		polls[0] = (struct pollfd){ .fd = s.signals, .events = POLLIN };
		polls[1] = (struct pollfd){ .fd = s.gone ? -1 : s.fd, .events = POLLIN };
		for (size_t i = 0; i < count; i++)
			polls[i + 2] = (struct pollfd){ .fd = s.list[i].channel, .events = POLLIN };
		if (poll(polls, count + 2, -1) < 0)
			continue;
		for (size_t i = count;
			i-- > 0;) { /* from the end: one that goes is replaced by the last */
			if (polls[i + 2].revents != 0)
				serve_channel(&s, i);
		}
		if (polls[0].revents != 0)
			serve_signal(&s);
		if (polls[1].revents != 0)
			serve_request(&s);
	}
	for (size_t i = 0; i < s.count; i++) /* what runs goes on by itself */
		close(s.list[i].channel);
	close(s.signals);
	close(server);
	return s.status;
}
