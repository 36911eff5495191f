/* SPDX-License-Identifier: ISC */
/* tests/tools/barefetch.c - the bare limit: log in, SELECT, pipelined ranged FETCHes, one file
 * each.
 *
 * Usage: barefetch PORT CA-FILE USER PASSWORD DIR MAILBOX
 *
 * No hashing, no database, no flushing, no pairing: what any program would have to do at least to
 * bring a mailbox over TLS into one file a message.  Blocking and simple on purpose.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 65536, WINDOW = 2000, IN_FLIGHT = 3 };

static SSL *ssl;
static char buffer[BUFFER];
static int filled, used;

static void die(const char *what)
{
	fprintf(stderr, "barefetch: %s\n", what);
	exit(1);
}

static void send_text(const char *fmt, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	if (SSL_write(ssl, line, n) != n)
		die("write");
}

static void fill(void)
{
	filled = SSL_read(ssl, buffer, BUFFER);
	used = 0;
	if (filled <= 0)
		die("connection ended");
}

static char *read_line(void)
{
	static char line[65536];
	size_t n = 0;

	for (;;) {
		if (used == filled)
			fill();
		if (n + 1 >= sizeof line)
			die("long line");
		line[n] = buffer[used++];
		if (line[n++] == '\n')
			break;
	}
	line[n] = '\0';
	return line;
}

static void expect(const char *tag)
{
	char *line;

	do
		line = read_line();
	while (strncmp(line, tag, strlen(tag)) != 0);
	if (strncmp(line + strlen(tag), " OK", 3) != 0)
		die(line);
}

static void copy_literal(const char *dir, unsigned long uid, size_t size)
{
	char path[4096], out[BUFFER], last = 0;
	int fd;

	snprintf(path, sizeof path, "%s/%lu.bare:2,S", dir, uid);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		die(path);
	while (size > 0) {
		size_t n = 0, take;

		if (used == filled)
			fill();
		take = (size_t)(filled - used) < size ? (size_t)(filled - used) : size;
		for (size_t i = 0; i < take; i++) {
			char c = buffer[used + (int)i];

			if (last == '\r' && c == '\n')
				n--;
			out[n < BUFFER ? n : 0] = c;
			n++;
			last = n == 1 && c == '\r' ? 0 : c;
		}
		used += (int)take;
		size -= take;
		if (write(fd, out, n) != (ssize_t)n)
			die("write to disk");
	}
	close(fd);
}

static void connect_tls(int port, const char *ca)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		die("CA file");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		die("connect");
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		die("TLS");
}

int main(int argc, char **argv)
{
	unsigned long next, sent = 0, done = 0, windows;
	char *line;

	if (argc != 7)
		return 2;
	mkdir(argv[5], 0700);
	connect_tls(atoi(argv[1]), argv[2]);
	read_line();
	send_text("a1 LOGIN %s %s\r\na2 SELECT \"%s\"\r\n", argv[3], argv[4], argv[6]);
	expect("a1");
	next = 1;
	for (line = read_line(); strncmp(line, "a2", 2) != 0; line = read_line()) {
		char *code = strstr(line, "[UIDNEXT ");

		if (code != NULL)
			next = strtoul(code + 9, NULL, 10);
	}
	windows = (next - 1 + WINDOW - 1) / WINDOW;
	while (done < windows) {
		while (sent < windows && sent - done < IN_FLIGHT) {
			send_text("w%lu UID FETCH %lu:%lu (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n",
				sent, sent * WINDOW + 1, (sent + 1) * WINDOW);
			sent++;
		}
		line = read_line();
		if (line[0] == 'w') {
			done++;
		} else {
			char *uid = strstr(line, "UID "), *brace = strrchr(line, '{');

			if (uid != NULL && brace != NULL)
				copy_literal(argv[5], strtoul(uid + 4, NULL, 10),
					strtoul(brace + 1, NULL, 10));
		}
	}
	return 0;
}
