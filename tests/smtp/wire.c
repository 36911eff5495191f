/* SPDX-License-Identifier: ISC */
/* tests/smtp/wire.c - see wire.h. */
#include "wire.h"

#include "folder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct wire_pace pace;
static char how[16];
static long cut_in, cut_out;
static bool cutting;

static int fd;
static SSL *ssl;
static char in[LINE];
static size_t in_at, in_n;
static char out[1 << 20];
static size_t out_n;
static long got, sent, batches;

void end_by(const char *way)
{
	note("answered in %ld batches", batches);
	note("end %s %ld %ld", way, got, sent);
	if (strcmp(way, "silence") == 0) {
		for (;;)
			pause();
	}
	if (strcmp(way, "rst") == 0) {
		struct linger l = { 1, 0 };

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	}
	close(fd);
	_exit(0);
}

static void raw_write(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = ssl != NULL ? SSL_write(ssl, p, (int)n) : write(fd, p, n);

		if (done <= 0)
			end_by("lost");
		p += done;
		n -= (size_t)done;
	}
}

void flush_out(void)
{
	size_t n = out_n;
	bool cut = cutting && cut_out > 0 && sent + (long)n >= cut_out;

	if (n == 0)
		return;
	if (pace.lag > 0)
		usleep((useconds_t)pace.lag * 1000);
	if (cut)
		n = (size_t)(cut_out - sent);
	out_n = 0;
	batches++;
	raw_write(out, n);
	sent += (long)n;
	if (cut)
		end_by(how);
}

void say(const char *fmt, ...)
{
	va_list args;
	int n;

	if (out_n > sizeof out - 8192)
		flush_out();
	va_start(args, fmt);
	n = vsnprintf(out + out_n, 8000, fmt, args);
	va_end(args);
	if (pace.terse && n > 3 && out[out_n + 3] == ' ')
		n = 3;
	out_n += (size_t)n;
	out_n += (size_t)sprintf(out + out_n, "\r\n");
}

void say_bytes(const char *p, size_t n)
{
	memcpy(out + out_n, p, n);
	out_n += n;
}

/* Reads what is there, no further than to where the connection is cut. */
static bool fill(void)
{
	size_t want = sizeof in;
	ssize_t n;

	flush_out();
	if (pace.rate > 0 && want > (size_t)pace.rate / 20 + 1) {
		want = (size_t)pace.rate / 20 + 1;
		usleep(50000);
	}
	if (cutting && cut_in > 0 && (long)want > cut_in - got)
		want = (size_t)(cut_in - got);
	n = ssl != NULL ? SSL_read(ssl, in, (int)want) : read(fd, in, want);
	if (n <= 0)
		return false;
	in_at = 0;
	in_n = (size_t)n;
	got += n;
	return true;
}

/* The byte that completes the count is still acted upon, unless nothing more may follow it. */
int get_byte(void)
{
	if (in_at == in_n) {
		if (cutting && cut_in > 0 && got >= cut_in)
			end_by(how);
		if (!fill())
			return -1;
	}
	return (unsigned char)in[in_at++];
}

bool get_line(char *line, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = get_byte()) >= 0) {
		if (c == '\n') {
			if (n > 0 && line[n - 1] == '\r')
				n--;
			line[n] = '\0';
			return true;
		}
		if (n < size - 1)
			line[n++] = (char)c;
	}
	return false;
}

void drop_input(void)
{
	in_at = in_n;
}

static void read_cut(void)
{
	char path[4096], way[8] = "";
	long n = 0, count = 0;
	FILE *f;

	folder_path("cut", path, sizeof path);
	f = fopen(path, "r");
	if (f == NULL)
		return;
	if (fscanf(f, "%7s %ld %15s %ld", way, &n, how, &count) == 4 && count_up("cuts") < count) {
		cutting = true;
		cut_in = strcmp(way, "in") == 0 ? n : 0;
		cut_out = strcmp(way, "out") == 0 ? n : 0;
	}
	fclose(f);
}

void wire_use(int socket, const struct wire_pace *p)
{
	fd = socket;
	pace = *p;
	read_cut();
}

void start_tls(SSL_CTX *ctx)
{
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		end_by("tls-failed");
}

bool is_tls(void)
{
	return ssl != NULL;
}
