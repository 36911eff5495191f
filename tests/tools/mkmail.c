/* SPDX-License-Identifier: ISC */
/* tests/tools/mkmail.c - writes sample messages into a Maildir.
 *
 * Usage: mkmail DIR COUNT [SIZE [SEED]]
 *
 * SIZE is the median of the body in bytes (default 4000); sizes spread from a tenth to about ten
 * times that, so that the mean lies well above.  SIZE "=N" makes every body N bytes.  The same seed
 * gives the same messages.  Flags vary; DIR/cur, new and tmp are made.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;

static uint32_t next(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

static size_t body_size(const char *spec)
{
	size_t median = (size_t)strtoul(spec + (*spec == '='), NULL, 10);
	unsigned roll = next() % 100;

	if (*spec == '=')
		return median;
	if (roll < 50)
		return median / 10 + next() % (median - median / 10 + 1);
	if (roll < 90)
		return median + next() % (2 * median + 1);
	return 3 * median + next() % (7 * median + 1);
}

static size_t write_body(char *out, size_t size)
{
	static const char words[] =
		"godwit flies over the sea at night and the wind is from the north ";
	size_t n = 0, column = 0;

	while (n < size) {
		char c = words[(n + next() % 3) % (sizeof words - 1)];

		out[n++] = c;
		if (++column > 60 + next() % 15) {
			out[n++] = '\n';
			column = 0;
		}
	}
	out[n++] = '\n';
	return n;
}

int main(int argc, char **argv)
{
	static const char *const flags[] = { "", "S", "S", "S", "FS", "RS", "S", "F", "S", "RS" };
	const char *spec = argc > 3 ? argv[3] : "4000";
	unsigned long count, seed = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
	char path[4096], date[64];
	char *buffer;

	if (argc < 3)
		return 2;
	count = strtoul(argv[2], NULL, 10);
	state = seed * 7919 + 17;
	buffer = malloc(12 * strtoul(spec + (*spec == '='), NULL, 10) + 65536);
	for (const char *const *part = (const char *const[]){ "", "/cur", "/new", "/tmp", NULL };
		*part; part++) {
		snprintf(path, sizeof path, "%s%s", argv[1], *part);
		mkdir(path, 0755);
	}
	for (unsigned long i = 0; i < count; i++) {
		time_t t = 1600000000 + (time_t)i * 60;
		const char *f = flags[next() % 10];
		struct tm tm;
		size_t n;
		int fd;

		gmtime_r(&t, &tm);
		strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
		n = (size_t)sprintf(buffer,
			"Return-Path: <s%lu@example.org>\nReceived: from mx%u.example.org by "
			"mail.example.net with ESMTP id %08x;\n\t%s\nFrom: Sender %lu "
			"<s%lu@example.org>\n"
			"To: me@example.net\nSubject: Message %lu of seed %lu\nDate: %s\n"
			"Message-ID: <%lu.%lu@example.org>\nMIME-Version: 1.0\n"
			"Content-Type: text/plain; charset=utf-8\n\n",
			i % 97, next() % 9, next(), date, i, i % 97, i, seed, date, seed, i);
		n += write_body(buffer + n, body_size(spec));
		snprintf(path, sizeof path,
			*f ? "%s/cur/%ld.M%luP%lu.mk,S=%zu:2,%s" : "%s/new/%ld.M%luP%lu.mk,S=%zu",
			argv[1], (long)t, i, seed, n, f);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || write(fd, buffer, n) != (ssize_t)n) {
			perror(path);
			return 1;
		}
		futimens(fd, (struct timespec[2]){ { .tv_sec = t }, { .tv_sec = t } });
		close(fd);
	}
	free(buffer);
	return 0;
}
