/* SPDX-License-Identifier: ISC */
/* tests/tools/socksd.c PORT [NAME PASSWORD] - a SOCKS5 proxy that leads everybody to PORT of this machine.
 *
 * Prints its own port, and then what each client asks for: "name HOST PORT" or "address PORT".
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool get(int fd, unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool get_text(int fd, char *out)
{
	unsigned char n;

	if (!get(fd, &n, 1) || !get(fd, (unsigned char *)out, n))
		return false;
	out[n] = '\0';
	return true;
}

static bool say(int fd, const char *p, size_t n)
{
	return write(fd, p, n) == (ssize_t)n;
}

static bool let_in(int fd, char **argv)
{
	unsigned char head[2], methods[255];
	char name[256], password[256];
	bool wants = argv[2] != NULL, offered = false;

	if (!get(fd, head, 2) || head[0] != 5 || !get(fd, methods, head[1]))
		return false;
	for (int i = 0; i < head[1]; i++)
		offered |= methods[i] == (wants ? 2 : 0);
	if (!offered) {
		(void)say(fd, "\5\377", 2);
		return false;
	}
	if (!say(fd, wants ? "\5\2" : "\5\0", 2) || !wants)
		return !wants;
	if (!get(fd, head, 1) || !get_text(fd, name) || !get_text(fd, password))
		return false;
	if (strcmp(name, argv[2]) != 0 || strcmp(password, argv[3]) != 0) {
		(void)say(fd, "\1\1", 2);
		return false;
	}
	return say(fd, "\1\0", 2);
}

static bool asked(int fd)
{
	unsigned char head[4], address[16], port[2];
	char name[256] = "";

	if (!get(fd, head, 4) || head[0] != 5 || head[1] != 1)
		return false;
	if (head[3] == 3 ? !get_text(fd, name) : !get(fd, address, head[3] == 1 ? 4 : 16))
		return false;
	if (!get(fd, port, 2))
		return false;
	printf("%s %s%s%d\n", head[3] == 3 ? "name" : "address", name, head[3] == 3 ? " " : "",
		port[0] * 256 + port[1]);
	fflush(stdout);
	return true;
}

static void carry(int a, int b)
{
	struct pollfd fds[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
	char bytes[65536];

	while (poll(fds, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t n = fds[i].revents == 0 ? 1 : read(fds[i].fd, bytes, sizeof bytes);

			if (n <= 0)
				return;
			for (ssize_t done = 0; fds[i].revents != 0 && done < n;) {
				ssize_t w = write(fds[1 - i].fd, bytes + done, (size_t)(n - done));

				if (w <= 0)
					return;
				done += w;
			}
		}
	}
}

static void serve(int fd, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(argv[1])) };
	int out = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!let_in(fd, argv) || !asked(fd))
		return;
	if (connect(out, (struct sockaddr *)&to, sizeof to) != 0) {
		(void)say(fd, "\5\5\0\1\0\0\0\0\0\0", 10);
		return;
	}
	/* A long answer, and its end apart: what is behind it is the server's. */
	if (say(fd, "\5\0\0\3\11proxy.lan", 14) && say(fd, "\0\1", 2))
		carry(fd, out);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 2 && argc != 4)
		return 2;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 16) != 0 ||
		getsockname(listener, (struct sockaddr *)&at, &n) != 0)
		return 1;
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && fork() == 0) {
			close(listener);
			serve(fd, argv);
			_exit(0);
		}
		close(fd);
	}
}
