/* SPDX-License-Identifier: ISC */
/* tests/odd/serve.c - the connections of the server, in one thread with poll. */
#include "serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS_MAX = 64, TRACE_LINE = 300, TRACE_MAX = 4 * 1024 * 1024 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool server_start(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
		listen(s->listener, CONNS_MAX) != 0 ||
		getsockname(s->listener, (struct sockaddr *)&at, &size) != 0)
		return false;
	s->port = ntohs(at.sin_port);
	return true;
}

void server_count_anew(struct server *s)
{
	s->connections = s->logins = s->commands = s->changes = 0;
	memset(s->counts, 0, sizeof s->counts);
}

unsigned server_count(const struct server *s, const char *kind)
{
	if (strcmp(kind, "all") == 0)
		return s->commands;
	if (strcmp(kind, "changes") == 0)
		return s->changes;
	if (strcmp(kind, "logins") == 0)
		return s->logins;
	if (strcmp(kind, "connections") == 0)
		return s->connections;
	for (size_t i = 0; i < sizeof s->counts / sizeof *s->counts && s->counts[i].kind != NULL;
		i++) {
		if (strcmp(s->counts[i].kind, kind) == 0)
			return s->counts[i].n;
	}
	return 0;
}

bool server_has(const struct server *s, const char *cap)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", cap);
	return strstr(s->caps, word) != NULL;
}

/* --- connections ----------------------------------------------------------------------------- */

/* Of a literal only the length is shown. */
static size_t literal_behind(const char *line, size_t n)
{
	const char *open = memrchr(line, '{', n);
	char *end;
	size_t length;

	if (open == NULL || n < 5)
		return 0;
	length = strtoul(open + 1, &end, 10);
	end += *end == '+';
	return strncmp(end, "}\r\n", 3) == 0 && end + 3 == line + n ? length : 0;
}

static void trace(struct server *s, const struct conn *c, const char *who, const char *p, size_t n)
{
	while (n > 0 && s->trace.n <= TRACE_MAX) {
		const char *end = memchr(p, '\n', n);
		size_t line = end == NULL ? n : (size_t)(end - p) + 1;
		size_t shown = line > TRACE_LINE ? TRACE_LINE : line;
		size_t literal = literal_behind(p, line);

		put(&s->trace, "%u%s ", c->number, who);
		for (size_t i = 0; i < shown; i++) {
			if ((unsigned char)p[i] >= ' ')
				put_bytes(&s->trace, p + i, 1);
			else if (p[i] != '\r' && p[i] != '\n')
				put(&s->trace, "\\x%02x", (unsigned char)p[i]);
		}
		put(&s->trace, "%s\n", shown < line ? " ..." : "");
		line += literal < n - line ? literal : n - line;
		p += line;
		n -= line;
	}
}

void conn_send(struct server *s, struct conn *c, const char *p, size_t n)
{
	trace(s, c, "<", p, n);
	put_bytes(&c->out, p, n);
}

void conn_then(struct conn *c, enum and_then then)
{
	if (then == THEN_CLOSE)
		c->closing = true;
	else if (then == THEN_HANG)
		c->hung = true;
}

static void close_conn(struct server *s, struct conn *c)
{
	struct conn **at = &s->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	put(&s->trace, "%u  closed\n", c->number);
	close(c->fd);
	text_free(&c->in);
	text_free(&c->out);
	text_free(&c->written_in);
	stream_free(c->stream);
	answer_free(&c->answer);
	free(c->view);
	free(c->tag);
	free(c);
}

void server_close_all(struct server *s)
{
	while (s->conns != NULL)
		close_conn(s, s->conns);
}

static void accept_conn(struct server *s)
{
	int one = 1;
	struct conn *c;
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c = need(calloc(1, sizeof *c));
	c->fd = fd;
	c->number = ++s->connections;
	c->next = s->conns;
	s->conns = c;
	imap_greet(s, c);
}

/* false: the connection is gone. */
static bool write_stream(struct conn *c, int64_t now)
{
	enum { AT_ONCE = 64 }; /* then it is the others' turn */

	for (unsigned i = 0; i < AT_ONCE && c->stream != NULL && c->not_before <= now; i++) {
		size_t wanted;
		const char *p = stream_next(c->stream, &wanted);
		ssize_t n = wanted == 0 ? 0 : send(c->fd, p, wanted, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		stream_sent(c->stream, (size_t)n);
		c->not_before = now + c->stream->every_ms;
		if (wanted == 0) {
			stream_free(c->stream);
			c->stream = NULL;
		}
	}
	return true;
}

/* false: the connection is gone.  One that is to close waits for the other side's end: else what
 * was sent could be lost with a reset, because commands that nobody reads are still coming. */
static bool write_some(struct conn *c)
{
	while (c->out.n > 0) {
		ssize_t n = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		cut_front(&c->out, (size_t)n);
	}
	if (c->closing) {
		shutdown(c->fd, SHUT_WR);
		c->closing = false;
		c->hung = true;
	}
	return true;
}

static bool read_some(struct server *s, struct conn *c)
{
	char chunk[65536];
	ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (c->hung)
		return true;
	trace(s, c, ">", chunk, (size_t)n);
	put_bytes(&c->in, chunk, (size_t)n);
	return true;
}

static bool serve_conn(struct server *s, struct conn *c, short events, int64_t now)
{
	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_some(s, c))
		return false;
	if (c->not_before > now)
		return true;
	if (c->in.n > 0 && !c->closing && !c->hung && c->out.n == 0 && c->stream == NULL)
		imap_input(s, c);
	if (c->not_before > now)
		return true;
	return c->stream != NULL ? write_stream(c, now) : write_some(c);
}

void server_turn(struct server *s, int timeout_ms, const sigset_t *unblocked)
{
	struct pollfd fds[CONNS_MAX + 1] = { { .fd = s->listener, .events = POLLIN } };
	struct conn *conns[CONNS_MAX + 1];
	struct timespec wait;
	int64_t now = now_ms();
	nfds_t n = 1;

	for (struct conn *c = s->conns; c != NULL && n <= CONNS_MAX; c = c->next) {
		short events = POLLIN;

		if (c->not_before > now && c->not_before - now < timeout_ms)
			timeout_ms = (int)(c->not_before - now) + 1;
		else if (c->not_before <= now && (c->out.n > 0 || c->closing || c->stream != NULL))
			events |= POLLOUT;
		else if (c->not_before <= now && c->in.n > 0 && !c->hung)
			timeout_ms = 0;
		conns[n] = c;
		fds[n++] = (struct pollfd){ .fd = c->fd, .events = events };
	}
	wait = (struct timespec){ timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	if (ppoll(fds, n, &wait, unblocked) < 0)
		return;
	now = now_ms();
	for (nfds_t i = 1; i < n; i++) {
		if (!serve_conn(s, conns[i], fds[i].revents, now))
			close_conn(s, conns[i]);
	}
	if (fds[0].revents != 0 && n <= CONNS_MAX)
		accept_conn(s);
}

void server_tell_idlers(struct server *s)
{
	for (struct conn *c = s->conns; c != NULL; c = c->next) {
		if (c->idling)
			imap_tell_changes(s, c);
	}
}
