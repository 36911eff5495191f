/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_reply.c - an SMTP server's bytes into the reply parser, in two cuts that must agree, and
 * its words into the table of extensions and into a line for people.
 */
#include "smtp/caps.h"
#include "smtp/reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct digest {
	uint64_t replies, sum;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void on_reply(void *ctx, const struct gw_smtp_reply *r)
{
	struct digest *d = ctx;
	struct gw_smtp_caps caps = gw_smtp_caps_parse(r->text);
	struct gw_buf line;

	require(r->code >= 200 && r->code <= 599);
	require(r->text.p[r->text.n] == '\0');
	d->replies++;
	d->sum = d->sum * 31 + r->code + r->status[1] * 7 + caps.bits + caps.size;
	for (size_t i = 0; i < r->text.n; i++) {
		unsigned char c = (unsigned char)r->text.p[i];

		require((c >= 0x20 && c != 0x7f) || c == '\n');
		d->sum = d->sum * 31 + c;
	}
	gw_buf_init(&line, 1 << 20);
	require(gw_smtp_reply_format(r, &line) == GW_OK);
	require(line.n > 0 && memchr(line.p, '\n', line.n) == NULL);
	gw_buf_deinit(&line);
}

static enum gw_code feed(const uint8_t *data, size_t size, size_t step, struct digest *d)
{
	struct gw_smtp_reader r;
	struct gw_error err = { 0 };
	enum gw_code code = GW_OK;

	gw_smtp_reader_init(&r);
	for (size_t at = 0; at < size && code == GW_OK; at += step) {
		size_t n = size - at < step ? size - at : step;

		code = gw_smtp_reader_feed(
			&r, (struct gw_slice){ (const char *)data + at, n }, on_reply, d, &err);
	}
	gw_smtp_reader_deinit(&r);
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
	require(a == b && whole.replies == pieces.replies && whole.sum == pieces.sum);
	return 0;
}
