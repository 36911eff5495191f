/* SPDX-License-Identifier: ISC */
/* tests/tools/barepop3.c - the bare limit: log in, STAT, RETR of everything, one file each.
 *
 * Usage: barepop3 PORT USER PASSWORD DIR [IN-FLIGHT]
 *
 * IN-FLIGHT: so many RETR are under way at a time (default 64; 1: a server without PIPELINING).  No TLS, no UIDL, no
 * hashing, no database, no flushing: what any program would have to do at least to bring a maildrop into one file a
 * message.  Blocking and simple on purpose.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 65536 };

static int fd;
static char buffer[BUFFER];
static size_t filled, used;

static void die(const char *what)
{
	fprintf(stderr, "barepop3: %s\n", what);
	exit(1);
}

__attribute__((format(printf, 1, 2))) static void ask(const char *fmt, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	if (write(fd, line, (size_t)n) != n)
		die("write");
}

static void fill(void)
{
	ssize_t n = read(fd, buffer, sizeof buffer);

	if (n <= 0)
		die("the connection ended");
	filled = (size_t)n;
	used = 0;
}

static int next(void)
{
	if (used == filled)
		fill();
	return (unsigned char)buffer[used++];
}

/* The status line of an answer; returns the first number in it. */
static unsigned long answer(void)
{
	char line[1024];
	size_t n = 0;
	int c;

	while ((c = next()) != '\n') {
		if (n + 1 < sizeof line)
			line[n++] = (char)c;
	}
	line[n] = '\0';
	if (strncmp(line, "+OK", 3) != 0)
		die(line);
	return strtoul(line + 3, NULL, 10);
}

static char text[BUFFER];
static size_t held;

static void flush_to(int out)
{
	if (write(out, text, held) != (ssize_t)held)
		die("write to disk");
	held = 0;
}

static void put(int out, const char *p, size_t n)
{
	if (held + n > sizeof text)
		flush_to(out);
	memcpy(text + held, p, n);
	held += n;
}

/* The rest of a line, or as much of it as has come; *cr: a CR that may be its end is held back.  Returns true
 * when that was its end. */
static bool copy_some(int out, bool *cr)
{
	const char *p = buffer + used, *end = memchr(p, '\n', filled - used);
	size_t n = end != NULL ? (size_t)(end - p) : filled - used;

	used += n + (end != NULL);
	if (*cr && (end == NULL || n > 0))
		put(out, "\r", 1);
	*cr = n > 0 && p[n - 1] == '\r';
	put(out, p, n - *cr);
	if (end == NULL)
		return false;
	*cr = false;
	put(out, "\n", 1);
	return true;
}

/* A message up to its last line, CRLF made LF, dots unstuffed. */
static void copy_message(const char *dir, unsigned long number)
{
	char path[4096];
	bool start = true, cr = false;
	int out;

	snprintf(path, sizeof path, "%s/%lu.bare", dir, number);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (out < 0)
		die(path);
	for (;;) {
		if (used == filled)
			fill();
		if (start && buffer[used] == '.') {
			used++;
			if (used == filled)
				fill();
			if (buffer[used] == '\r') {
				next();
				next();
				break;
			}
		}
		start = copy_some(out, &cr);
	}
	flush_to(out);
	close(out);
}

/* RETR of those behind `sent`, up to `last`, in one write.  Returns how far it came. */
static unsigned long ask_for(unsigned long sent, unsigned long last)
{
	char lines[BUFFER];
	size_t n = 0;

	while (sent < last && n + 64 < sizeof lines)
		n += (size_t)snprintf(lines + n, sizeof lines - n, "RETR %lu\r\n", ++sent);
	if (n > 0 && write(fd, lines, n) != (ssize_t)n)
		die("write");
	return sent;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	unsigned long count, sent = 0, in_flight = argc > 5 ? strtoul(argv[5], NULL, 10) : 64;
	int one = 1;

	if (argc < 5 || in_flight == 0)
		return 2;
	a.sin_port = htons((uint16_t)atoi(argv[1]));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		die("connect");
	mkdir(argv[4], 0700);
	answer();
	ask("USER %s\r\n", argv[2]);
	answer();
	ask("PASS %s\r\n", argv[3]);
	answer();
	ask("STAT\r\n");
	count = answer();
	for (unsigned long done = 0; done < count; done++) {
		if (sent - done <= in_flight / 2)
			sent = ask_for(sent, done + in_flight < count ? done + in_flight : count);
		answer();
		copy_message(argv[4], done + 1);
	}
	ask("QUIT\r\n");
	answer();
	return 0;
}
