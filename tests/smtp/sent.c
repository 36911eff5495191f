/* SPDX-License-Identifier: ISC */
/* tests/smtp/sent.c - see sent.h. */
#include "sent.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int reach(int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((unsigned short)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void sent_file(const char *settings, const char *text, size_t n)
{
	char mailbox[200], line[300];
	FILE *f = fopen(settings, "r"), *server;
	int port, fd;

	if (f == NULL)
		return;
	fd = fscanf(f, "%d %199[^\n]", &port, mailbox) == 2 ? reach(port) : -1;
	fclose(f);
	server = fd < 0 ? NULL : fdopen(fd, "r+");
	if (server == NULL)
		return;
	fprintf(server, "s WEB DELIVER \"%s\" {%zu+}\r\n", mailbox, n);
	fwrite(text, 1, n, server);
	fprintf(server, "\r\n");
	fflush(server);
	while (fgets(line, sizeof line, server) != NULL && strncmp(line, "s ", 2) != 0)
		;
	fclose(server);
}
