/* SPDX-License-Identifier: ISC */
/* tests/smtp/folder.c - see folder.h. */
#include "folder.h"

#include "sent.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dir;

void folder_use(const char *path)
{
	char msgs[4096];

	dir = path;
	mkdir(dir, 0700);
	folder_path("msgs", msgs, sizeof msgs);
	mkdir(msgs, 0700);
}

void folder_path(const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/%s", dir, name);
}

void note(const char *fmt, ...)
{
	char path[4096], line[3000];
	va_list args;
	int log, n;

	snprintf(path, sizeof path, "%s/log", dir);
	va_start(args, fmt);
	n = vsnprintf(line, sizeof line - 1, fmt, args);
	va_end(args);
	if (n >= (int)sizeof line - 1)
		n = sizeof line - 2;
	line[n++] = '\n';
	log = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (log >= 0) {
		if (write(log, line, (size_t)n) < 0)
			perror(path);
		close(log);
	}
}

long count_up(const char *name)
{
	char path[4096], text_number[32] = "";
	long n;
	int f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = open(path, O_RDWR | O_CREAT, 0600);
	if (f < 0)
		return 0;
	flock(f, LOCK_EX);
	if (read(f, text_number, sizeof text_number - 1) < 0)
		perror(path);
	n = atol(text_number);
	snprintf(text_number, sizeof text_number, "%ld\n", n + 1);
	if (pwrite(f, text_number, strlen(text_number), 0) < 0)
		perror(path);
	close(f);
	return n;
}

void store(const char *from, const char *rcpt, const char *text, size_t n)
{
	char path[4200], tmp[4200];
	FILE *f;

	snprintf(tmp, sizeof tmp, "%s/tmp.%d", dir, (int)getpid());
	f = fopen(tmp, "w");
	if (f == NULL)
		abort();
	fprintf(f, "%s\n%s\n", from, rcpt);
	fwrite(text, 1, n, f);
	fclose(f);
	snprintf(path, sizeof path, "%s/msgs/%ld", dir, count_up("count"));
	if (rename(tmp, path) != 0)
		abort();
	note("took %s", strrchr(path, '/') + 1);
	folder_path("files-in", path, sizeof path);
	sent_file(path, text, n);
}

void write_port(int listener)
{
	struct sockaddr_in addr = { 0 };
	socklen_t n = sizeof addr;
	char tmp[4096], path[4096];
	FILE *f;

	if (getsockname(listener, (struct sockaddr *)&addr, &n) != 0)
		abort();
	snprintf(tmp, sizeof tmp, "%s/port.new", dir);
	snprintf(path, sizeof path, "%s/port", dir);
	f = fopen(tmp, "w");
	if (f == NULL)
		abort();
	fprintf(f, "%d\n", ntohs(addr.sin_port));
	fclose(f);
	rename(tmp, path);
}
