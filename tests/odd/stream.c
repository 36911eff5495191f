/* SPDX-License-Identifier: ISC */
/* tests/odd/stream.c - see stream.h. */
#include "stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BURST = 64 * 1024 };

struct stream *stream_new(const char *head, uint64_t count, const char *text, const char *tail)
{
	struct stream *s = need(calloc(1, sizeof *s));

	*s = (struct stream){
		.text = copy_of(text), .tail = copy_of(tail == NULL ? "" : tail), .count = count
	};
	put(&s->burst, "%s", head == NULL ? "" : head);
	return s;
}

struct stream *stream_drip(unsigned every_ms, const char *text)
{
	struct stream *s = stream_new(NULL, 0, text, NULL);

	s->every_ms = every_ms;
	return s;
}

void stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	free(s->text);
	free(s->tail);
	text_free(&s->burst);
	free(s);
}

static void put_once(struct stream *s)
{
	uint64_t n = ++s->done;

	for (const char *p = s->text; *p != '\0'; p++) {
		if (*p == '#')
			put(&s->burst, "%" PRIu64, n);
		else if (*p == '@')
			put(&s->burst, "%" PRIu64, s->count + 1 - n);
		else
			put_bytes(&s->burst, p, 1);
	}
	if (s->done == s->count)
		put(&s->burst, "%s", s->tail);
}

const char *stream_next(struct stream *s, size_t *n)
{
	if (s->sent == s->burst.n) {
		s->sent = s->burst.n = 0;
		while (s->burst.n < BURST && (s->count == 0 || s->done < s->count))
			put_once(s);
	}
	*n = s->burst.n - s->sent;
	if (s->every_ms > 0 && *n > 1)
		*n = 1;
	return s->burst.p + s->sent;
}

void stream_sent(struct stream *s, size_t n)
{
	s->sent += n;
}
