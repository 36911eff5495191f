/* SPDX-License-Identifier: ISC */
/* tests/odd/stream.h - bytes that come before an answer: many, without end, or a few at a time. */
#pragma once

#include "text.h"

struct stream {
	char *text, *tail; /* owned */
	uint64_t count;    /* how often text comes; 0: without end */
	uint64_t done;
	unsigned every_ms; /* a byte at a time, with that pause; 0: as fast as they are taken */
	struct text burst; /* written, not sent yet */
	size_t sent;       /* of it */
};

/* In text "#" is its number, from 1 up, and "@" the same downwards. */
struct stream *stream_new(const char *head, uint64_t count, const char *text, const char *tail);
struct stream *stream_drip(unsigned every_ms, const char *text);
void stream_free(struct stream *s);

/* What is to be sent next; n 0: it has ended. */
const char *stream_next(struct stream *s, size_t *n);
void stream_sent(struct stream *s, size_t n);
