/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_parser.c - server bytes into the response parser, in two cuts that must agree. */
#include "imap/parser.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct digest {
	uint64_t responses;
	uint64_t bytes; /* of bodies */
	uint64_t sum;
};

static void on_response(void *ctx, const struct gw_response *r)
{
	struct digest *d = ctx;

	d->responses++;
	d->sum = d->sum * 31 + (uint64_t)r->type + r->fetch.uid + r->number + r->mailbox.n +
		 r->list.n;
	for (size_t i = 0; i < r->mailbox.n; i++)
		d->sum += (unsigned char)r->mailbox.p[i];
}

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct digest *d = ctx;

	if (ev->type == GW_BODY_DATA)
		d->bytes += ev->data.n;
}

static enum gw_code feed(const uint8_t *data, size_t size, size_t step, struct digest *d)
{
	const struct gw_parser_limits limits = { .line_bytes = 8192, .search_chunk_bytes = 8192 };
	const struct gw_parser_sink sink = { on_response, on_body, d };
	struct gw_parser *p = gw_parser_new(&limits, &sink);
	struct gw_error err = { 0 };
	enum gw_code code = GW_OK;

	for (size_t at = 0; at < size && code == GW_OK; at += step) {
		size_t n = size - at < step ? size - at : step;

		code = gw_parser_feed(p, (struct gw_slice){ (const char *)data + at, n }, &err);
	}
	gw_parser_free(p);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest whole = { 0 }, pieces = { 0 };
	enum gw_code a, b;

	if (size == 0)
		return 0;
	a = feed(data, size, size, &whole);
	b = feed(data, size, 1, &pieces);
	if (a != b || whole.responses != pieces.responses || whole.bytes != pieces.bytes ||
		whole.sum != pieces.sum)
		abort();
	return 0;
}
