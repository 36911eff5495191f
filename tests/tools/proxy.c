/* SPDX-License-Identifier: ISC */
/* tests/tools/proxy.c - a TCP proxy that delays, counts and cuts.
 *
 * Usage: proxy TARGET-PORT [delay=MS] [down=N] [up=N] [stall] [at=FILE]
 *
 * at: IMAP in clear passes one command at a time, each when the one before is answered.  When FILE
 * appears, with a number N in it, the N-th command from then on is held back and FILE renamed to
 * FILE.now, until that is removed: something can be changed between any two commands of a sync.
 *
 * Listens on a free port of 127.0.0.1 and prints it.  delay holds every byte back for MS in each
 * direction.  down/up cut the connection after N bytes from the server / from the client, counted
 * over all connections; with `stall` nothing flows any more instead.  SIGUSR1 cuts all connections.
 * SIGUSR2 turns them, and those that follow until the next SIGUSR2, into ones that swallow
 * everything for ever.  On SIGHUP, and when it ends on SIGTERM, it prints "connections N up N down
 * N bursts N", where bursts counts how often the client began to send after it had received
 * something: the round trips as seen on the wire.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { CHUNK = 65536 };

struct pair;

struct piece {
	struct piece *next;
	uint64_t due;
	size_t n;
	char bytes[];
};

struct side {
	uv_tcp_t tcp;
	struct pair *pair;
	struct side *peer;
	struct piece *first, *last; /* waiting to be written to this side */
	uv_timer_t timer;
	size_t writing; /* pieces that the socket has not taken yet */
	int eof;
};

/* Of a connection that passes one command at a time. */
struct steps {
	char *held; /* owned; what the client sent, and may not pass yet */
	size_t n;
	size_t literal; /* bytes of one that are to come */
	int inside;     /* a command has begun to pass */
	int talks;      /* the server asked for more: what comes is an answer */
	int resting;    /* FILE.now is there */
	char tag[40];   /* of the command that is not answered yet; "" */
	char line[48];  /* how the server's present line begins */
	size_t line_n;
	uv_timer_t timer;
};

struct pair {
	struct side client, server;
	struct steps steps;
	int open; /* handles */
	int closing, dirty_read, swallows;
	int over; /* the server's part is told to the end; what the client says is thrown away */
	struct pair *next, *previous;
	uv_connect_t request;
	uv_shutdown_t shutdown;
};

struct write {
	uv_write_t request;
	struct side *to;
	struct piece *piece;
};

static uv_loop_t *loop;
static struct sockaddr_in target;
static uint64_t delay_ms, limit_down = UINT64_MAX, limit_up = UINT64_MAX;
static uint64_t total_down, total_up, connections, bursts;
static int stall, swallowing;
static struct pair *pairs;
static const char *at_file; /* NULL: everything passes */
static long commands_left;  /* before the one that is held back; 0: none is */

static void on_closed(uv_handle_t *h)
{
	struct pair *p = h->data;

	if (--p->open > 0)
		return;
	if (p->next != NULL)
		p->next->previous = p->previous;
	*(p->previous != NULL ? &p->previous->next : &pairs) = p->next;
	free(p->steps.held);
	free(p);
}

static void close_pair(struct pair *p)
{
	if (p->closing)
		return;
	p->closing = 1;
	p->client.tcp.data = p->server.tcp.data = p->client.timer.data = p->server.timer.data = p;
	uv_close((uv_handle_t *)&p->client.tcp, on_closed);
	uv_close((uv_handle_t *)&p->server.tcp, on_closed);
	uv_close((uv_handle_t *)&p->client.timer, on_closed);
	uv_close((uv_handle_t *)&p->server.timer, on_closed);
	if (at_file != NULL)
		uv_close((uv_handle_t *)&p->steps.timer, on_closed);
}

/* When one side has ended and the other has all that came of it, the connection ends.  The client is
 * told so by an orderly end: to close at once would be a reset, which takes away what the client
 * has not read yet, and a cut after N bytes would be one after any number up to N. */
static void end_if_told(struct side *to)
{
	struct pair *p = to->pair;

	if (!to->peer->eof || to->first != NULL || to->writing > 0 || p->closing || p->over)
		return;
	p->over = to == &p->client;
	if (!p->over || uv_shutdown(&p->shutdown, (uv_stream_t *)&to->tcp, NULL) != 0)
		close_pair(p);
}

static void on_written(uv_write_t *request, int status)
{
	struct write *w = (struct write *)request;
	struct side *to = w->to;

	(void)status;
	free(w->piece);
	free(w);
	to->writing--;
	end_if_told(to);
}

static void flush(uv_timer_t *timer)
{
	struct side *s = timer->data;

	while (s->first != NULL && s->first->due <= uv_now(loop)) {
		struct write *w = malloc(sizeof *w);
		uv_buf_t buf;

		w->to = s;
		w->piece = s->first;
		s->writing++;
		s->first = s->first->next;
		if (s->first == NULL)
			s->last = NULL;
		buf = uv_buf_init(w->piece->bytes, (unsigned)w->piece->n);
		if (uv_write(&w->request, (uv_stream_t *)&s->tcp, &buf, 1, on_written) != 0)
			on_written(&w->request, 0);
	}
	if (s->first != NULL)
		uv_timer_start(&s->timer, flush, s->first->due - uv_now(loop), 0);
	else
		end_if_told(s);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	(void)h, (void)suggested;
	/* on_read frees it. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	*buf = uv_buf_init(malloc(CHUNK), CHUNK);
}

/* How many of n bytes may still pass. */
static size_t allowed(uint64_t *total, uint64_t limit, size_t n)
{
	size_t left = *total >= limit ? 0 : (limit - *total < n ? (size_t)(limit - *total) : n);

	*total += left;
	return left;
}

/* Bytes for this side, when the delay is over. */
static void pass_on(struct side *to, const char *bytes, size_t n)
{
	struct piece *piece = malloc(sizeof *piece + n);

	*piece = (struct piece){ .due = uv_now(loop) + delay_ms, .n = n };
	memcpy(piece->bytes, bytes, n);
	if (to->last != NULL)
		to->last->next = piece;
	else
		to->first = piece;
	to->last = piece;
}

/* --- one command at a time ------------------------------------------------------------------- */

static void step(struct pair *p);

static void on_rest(uv_timer_t *timer)
{
	struct pair *p = timer->data;
	char name[4096];

	snprintf(name, sizeof name, "%s.now", at_file);
	if (access(name, F_OK) == 0)
		return;
	uv_timer_stop(timer);
	p->steps.resting = 0;
	step(p);
}

/* A command is about to pass: is it the one?  Then it waits. */
static int rests_before(struct pair *p)
{
	char name[4096], text[20];
	FILE *f = fopen(at_file, "r");

	snprintf(name, sizeof name, "%s.now", at_file);
	if (f != NULL && commands_left == 0 && fgets(text, sizeof text, f) != NULL)
		commands_left = strtol(text, NULL, 10);
	if (f != NULL)
		fclose(f);
	if (commands_left == 0 || --commands_left > 0 || rename(at_file, name) != 0)
		return 0;
	p->steps.resting = 1;
	uv_timer_start(&p->steps.timer, on_rest, 2, 2);
	return 1;
}

static void take_held(struct pair *p, size_t n)
{
	struct steps *t = &p->steps;

	pass_on(&p->server, t->held, n);
	memmove(t->held, t->held + n, t->n - n);
	t->n -= n;
}

/* Bytes of the literal that the line announces. */
static size_t announced(const char *line, size_t n)
{
	size_t at = n;

	while (at > 0 && (line[at - 1] == '\n' || line[at - 1] == '\r'))
		at--;
	if (at == 0 || line[at - 1] != '}')
		return 0;
	while (at > 0 && line[at - 1] != '{')
		at--;
	return at == 0 ? 0 : strtoul(line + at, NULL, 10);
}

/* What may pass now, does. */
static void step(struct pair *p)
{
	struct steps *t = &p->steps;

	while (t->n > 0 && !t->resting) {
		const char *nl;
		size_t n;

		if (t->literal > 0) {
			n = t->literal < t->n ? t->literal : t->n;
			t->literal -= n;
			take_held(p, n);
			continue;
		}
		nl = memchr(t->held, '\n', t->n);
		if (nl == NULL || (!t->inside && t->tag[0] != '\0' && !t->talks))
			break;
		if (!t->inside && t->tag[0] == '\0') {
			if (rests_before(p))
				break;
			snprintf(t->tag, sizeof t->tag, "%.*s ", (int)strcspn(t->held, " \r\n"),
				t->held);
			t->talks = 0;
		}
		n = (size_t)(nl - t->held) + 1;
		t->literal = announced(t->held, n);
		t->inside = t->literal > 0;
		take_held(p, n);
	}
	flush(&p->server.timer);
}

/* What the server says: is the command answered? */
static void watch_answers(struct pair *p, const char *bytes, size_t n)
{
	struct steps *t = &p->steps;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (t->line_n + 1 < sizeof t->line)
				t->line[t->line_n++] = bytes[i];
			continue;
		}
		t->line[t->line_n] = '\0';
		t->line_n = 0;
		if (t->line[0] == '+')
			t->talks = !t->inside; /* or it waits for a literal */
		else if (t->tag[0] != '\0' && strncmp(t->line, t->tag, strlen(t->tag)) == 0)
			t->tag[0] = '\0';
	}
	step(p);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct side *s = stream->data;
	struct pair *p = s->pair;
	int from_client = s == &p->client;
	size_t pass;

	if ((p->swallows && (n >= 0 || !from_client)) || (p->over && n >= 0)) {
		free(buf->base);
		if (n < 0)
			uv_read_stop(stream);
		return;
	}
	if (n <= 0) {
		free(buf->base);
		if (n < 0 && p->over)
			close_pair(p);
		else if (n < 0) {
			s->eof = 1;
			end_if_told(s->peer);
		}
		return;
	}
	if (from_client && p->dirty_read)
		bursts++;
	p->dirty_read = !from_client;
	pass = allowed(from_client ? &total_up : &total_down, from_client ? limit_up : limit_down,
		(size_t)n);
	if (at_file != NULL && from_client) {
		p->steps.held = realloc(p->steps.held, p->steps.n + pass + 1);
		memcpy(p->steps.held + p->steps.n, buf->base, pass);
		p->steps.n += pass;
		p->steps.held[p->steps.n] = '\0';
		step(p);
	} else {
		pass_on(s->peer, buf->base, pass);
		if (at_file != NULL)
			watch_answers(p, buf->base, pass);
	}
	free(buf->base);
	if (pass < (size_t)n && stall) {
		uv_read_stop(stream);
		uv_read_stop((uv_stream_t *)&s->peer->tcp);
	} else if (pass < (size_t)n) {
		s->eof = 1;
		uv_read_stop(stream);
	}
	flush(&s->peer->timer);
}

static void on_connected(uv_connect_t *request, int status)
{
	struct pair *p = request->data;

	if (status != 0) {
		close_pair(p);
		return;
	}
	uv_tcp_nodelay(&p->client.tcp, 1);
	uv_tcp_nodelay(&p->server.tcp, 1);
	uv_read_start((uv_stream_t *)&p->client.tcp, on_alloc, on_read);
	uv_read_start((uv_stream_t *)&p->server.tcp, on_alloc, on_read);
}

static void init_side(struct side *s, struct pair *p, struct side *peer)
{
	s->pair = p;
	s->peer = peer;
	uv_tcp_init(loop, &s->tcp);
	uv_timer_init(loop, &s->timer);
	s->tcp.data = s->timer.data = s;
	p->open += 2;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct pair *p = calloc(1, sizeof *p);

	(void)status;
	connections++;
	p->swallows = swallowing;
	p->next = pairs;
	if (pairs != NULL)
		pairs->previous = p;
	pairs = p;
	init_side(&p->client, p, &p->server);
	init_side(&p->server, p, &p->client);
	if (at_file != NULL) {
		uv_timer_init(loop, &p->steps.timer);
		p->steps.timer.data = p;
		p->open++;
	}
	uv_accept(listener, (uv_stream_t *)&p->client.tcp);
	p->request.data = p;
	uv_tcp_connect(&p->request, &p->server.tcp, (struct sockaddr *)&target, on_connected);
}

static void on_term(uv_signal_t *handle, int number)
{
	(void)handle;
	printf("connections %llu up %llu down %llu bursts %llu\n", (unsigned long long)connections,
		(unsigned long long)total_up, (unsigned long long)total_down,
		(unsigned long long)bursts);
	fflush(stdout);
	if (number == SIGTERM)
		exit(0);
}

static void on_cut(uv_signal_t *handle, int number)
{
	(void)handle, (void)number;
	for (struct pair *p = pairs; p != NULL; p = p->next)
		close_pair(p);
}

static void on_swallow(uv_signal_t *handle, int number)
{
	(void)handle, (void)number;
	swallowing = !swallowing;
	for (struct pair *p = pairs; p != NULL && swallowing; p = p->next)
		p->swallows = 1;
}

int main(int argc, char **argv)
{
	uv_tcp_t listener;
	uv_signal_t term, tell, cut, swallow;
	struct sockaddr_in address;
	int size = sizeof address;

	if (argc < 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	loop = uv_default_loop();
	uv_ip4_addr("127.0.0.1", atoi(argv[1]), &target);
	for (int i = 2; i < argc; i++) {
		if (strncmp(argv[i], "delay=", 6) == 0)
			delay_ms = strtoull(argv[i] + 6, NULL, 10);
		else if (strncmp(argv[i], "down=", 5) == 0)
			limit_down = strtoull(argv[i] + 5, NULL, 10);
		else if (strncmp(argv[i], "up=", 3) == 0)
			limit_up = strtoull(argv[i] + 3, NULL, 10);
		else if (strncmp(argv[i], "at=", 3) == 0)
			at_file = argv[i] + 3;
		else if (strcmp(argv[i], "stall") == 0)
			stall = 1;
		else
			return 2;
	}
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(loop, &listener);
	uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
	if (uv_listen((uv_stream_t *)&listener, 64, on_connection) != 0)
		return 1;
	uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	uv_signal_init(loop, &term);
	uv_signal_start(&term, on_term, SIGTERM);
	uv_signal_init(loop, &tell);
	uv_signal_start(&tell, on_term, SIGHUP);
	uv_signal_init(loop, &cut);
	uv_signal_start(&cut, on_cut, SIGUSR1);
	uv_signal_init(loop, &swallow);
	uv_signal_start(&swallow, on_swallow, SIGUSR2);
	return uv_run(loop, UV_RUN_DEFAULT);
}
