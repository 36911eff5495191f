/* SPDX-License-Identifier: ISC */
/* net/child.c - see godwit/child.h. */
#include "godwit/child.h"

#include "net/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

struct gw_child {
	const struct gw_runner *runner; /* NULL: process is in use, else poll and channel */
	uv_process_t process;
	uv_poll_t poll;
	int channel; /* owned */
	bool own_session, ended;
	gw_child_cb *cb;
	void *ctx;
	void (*closed)(void *ctx);
	void *closed_ctx;
};

char **gw_child_environment(char *const *variables)
{
	size_t own = 0, inherited = 0, n = 0;
	char **list;

	while (variables[own] != NULL)
		own++;
	while (environ[inherited] != NULL)
		inherited++;
	list = calloc(own + inherited + 1, sizeof *list);
	for (size_t i = 0; i < own && list != NULL; i++)
		list[n++] = variables[i];
	for (size_t i = 0; i < inherited && list != NULL; i++) {
		if (strncmp(environ[i], "GODWIT_", 7) != 0)
			list[n++] = environ[i];
	}
	return list;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct gw_child *c = handle->data;

	if (c->channel >= 0)
		close(c->channel);
	if (c->closed != NULL)
		c->closed(c->closed_ctx);
	free(c);
}

/* --- by this process -------------------------------------------------------------------------- */

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
	struct gw_child *c = process->data;

	c->ended = true;
	c->cb(c->ctx, (int)status, signal);
}

static int spawn(struct gw_child *c, uv_loop_t *loop, const struct gw_child_options *o)
{
	char shell[] = "/bin/sh", dash_c[] = "-c";
	char *copy = strdup(o->command);
	char *args[] = { shell, dash_c, copy, NULL };
	char **environment = o->variables == NULL ? NULL : gw_child_environment(o->variables);
	uv_stdio_container_t stdio[3] = { { .flags = UV_INHERIT_FD, .data.fd = o->in },
		{ .flags = UV_INHERIT_FD, .data.fd = o->out },
		{ .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO } };
	const uv_process_options_t options = { .file = shell,
		.args = args,
		.env = environment,
		.exit_cb = on_exit_status,
		.flags = o->own_session ? UV_PROCESS_DETACHED : 0,
		.stdio_count = 3,
		.stdio = stdio };
	int rc = UV_ENOMEM;

	c->process.data = c;
	if (copy != NULL && (o->variables == NULL || environment != NULL))
		rc = uv_spawn(loop, &c->process, &options);
	free(environment);
	free(copy);
	return rc;
}

/* --- by its runner ---------------------------------------------------------------------------- */

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct gw_child *c = poll->data;
	struct gw_runner_end end = { .signal = SIGKILL }; /* if there is no runner any more */
	ssize_t n = recv(c->channel, &end, sizeof end, MSG_DONTWAIT);

	(void)status, (void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	uv_poll_stop(poll);
	c->ended = true;
	c->cb(c->ctx, end.status, end.signal);
}

static bool find(const struct gw_command_table *table, const char *command, uint32_t *index)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->list[i], command) == 0) {
			*index = (uint32_t)i;
			return true;
		}
	}
	return false;
}

static bool send_request(int to, const struct gw_runner_request *r, const int fds[GW_RUNNER_FDS])
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * GW_RUNNER_FDS)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { (void *)(uintptr_t)r, sizeof *r };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control.bytes };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * GW_RUNNER_FDS);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * GW_RUNNER_FDS);
	do
		n = sendmsg(to, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof *r;
}

static bool send_bytes(int to, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(to, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static size_t size_of(char *const *variables)
{
	size_t n = 0;

	for (size_t i = 0; variables != NULL && variables[i] != NULL; i++)
		n += strlen(variables[i]) + 1;
	return n;
}

/* The variables are sent by a socket that waits: the runner reads them at once. */
static int ask(
	struct gw_child *c, uv_loop_t *loop, const struct gw_child_options *o, uint32_t index)
{
	size_t bytes = size_of(o->variables);
	const struct gw_runner_request request = { .verb = GW_RUNNER_RUN,
		.index = index,
		.own_session = o->own_session,
		.bytes = (uint32_t)bytes };
	int pair[2], fds[GW_RUNNER_FDS], rc = 0;
	bool ok;

	if (bytes > GW_RUNNER_VARIABLES)
		return UV_E2BIG;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	fds[0] = pair[1];
	fds[1] = o->in;
	fds[2] = o->out;
	ok = send_request(c->runner->fd, &request, fds);
	for (size_t i = 0; ok && o->variables != NULL && o->variables[i] != NULL; i++)
		ok = send_bytes(pair[0], o->variables[i], strlen(o->variables[i]) + 1);
	if (!ok)
		rc = errno == 0 ? UV_EPIPE : -errno;
	close(pair[1]);
	c->channel = pair[0];
	c->poll.data = c;
	if (rc == 0)
		rc = uv_poll_init(loop, &c->poll, c->channel);
	if (rc == 0)
		uv_poll_start(&c->poll, UV_READABLE, on_readable);
	else
		close(c->channel);
	return rc;
}

/* ---------------------------------------------------------------------------------------------- */

static void free_child(uv_handle_t *handle)
{
	free(handle->data);
}

enum gw_code gw_child_start(uv_loop_t *loop, const struct gw_child_options *o, gw_child_cb *cb,
	void *ctx, struct gw_child **out, struct gw_error *err)
{
	struct gw_child *c = calloc(1, sizeof *c);
	uint32_t index = 0;
	int rc;

	*out = NULL;
	if (c == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*c = (struct gw_child){ .runner = o->runner,
		.channel = -1,
		.own_session = o->own_session,
		.cb = cb,
		.ctx = ctx };
	if (o->runner != NULL && !find(o->runner->table, o->command, &index)) {
		free(c);
		return gw_fail(err, GW_ERR_CONFIG, "it is no command of the configuration");
	}
	rc = o->runner == NULL ? spawn(c, loop, o) : ask(c, loop, o, index);
	if (rc != 0) {
		if (c->process.type == UV_PROCESS) /* a handle even if there is no process */
			uv_close((uv_handle_t *)&c->process, free_child);
		else
			free(c);
		return gw_fail_sys(err, GW_ERR_BUSY, -rc, "it cannot be started");
	}
	*out = c;
	return GW_OK;
}

void gw_child_signal(struct gw_child *c, int signal)
{
	unsigned char byte = (unsigned char)signal;

	if (c->runner != NULL)
		(void)!send(c->channel, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (c->own_session)
		kill(-c->process.pid, signal);
	else if (!c->ended)
		uv_process_kill(&c->process, signal);
}

void gw_child_close(struct gw_child *c, void (*closed)(void *ctx), void *ctx)
{
	c->closed = closed;
	c->closed_ctx = ctx;
	uv_close(c->runner == NULL ? (uv_handle_t *)&c->process : (uv_handle_t *)&c->poll,
		on_handle_closed);
}
