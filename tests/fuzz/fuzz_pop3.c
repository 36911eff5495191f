/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_pop3.c - a POP3 server's bytes into the parser, in two cuts that must agree, and its
 * lines into listings and capabilities.  The first byte says which answers have lines.
 */
#include "pop3/caps.h"
#include "pop3/listing.h"
#include "pop3/parser.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct digest {
	uint64_t sum, line_sum, pieces;
	unsigned multi;
	struct gw_pop3_lines lines;
	struct gw_pop3_caps caps;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void add(struct digest *d, struct gw_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		d->sum = d->sum * 31 + (unsigned char)s.p[i];
}

static enum gw_code on_line(void *ctx, struct gw_slice line, bool whole)
{
	struct digest *d = ctx;
	struct gw_slice uidl;
	uint32_t number = 0;
	uint64_t octets = 0;

	if (whole)
		gw_pop3_caps_line(&d->caps, line);
	if (gw_pop3_read_uidl(line, &number, &uidl)) {
		require(number != 0 && uidl.n <= GW_POP3_UIDL_MAX);
		require(uidl.n == 0 || uidl.p + uidl.n == line.p + line.n);
	}
	if (gw_pop3_read_size(line, &number, &octets))
		require(number != 0 && octets <= INT64_MAX);
	d->line_sum = d->line_sum * 31 + number + octets + d->caps.bits;
	return GW_OK;
}

static bool on_piece(void *ctx, const struct gw_pop3_piece *p)
{
	struct digest *d = ctx;
	bool multi = false;

	if (p->type == GW_POP3_STATUS || p->type == GW_POP3_CHALLENGE) {
		for (size_t i = 0; i < p->text.n; i++)
			require((unsigned char)p->text.p[i] >= 0x20 && p->text.p[i] != 0x7f);
		multi = d->multi >> (d->pieces % 8) & 1;
	}
	if (p->type != GW_POP3_DATA)
		d->pieces++;
	if (p->type == GW_POP3_STATUS)
		add(d, gw_slice_str(p->code));
	add(d, p->text);
	if (p->type == GW_POP3_DATA)
		require(gw_pop3_lines_feed(&d->lines, p->text, on_line, d) == GW_OK);
	return multi;
}

static enum gw_code feed(const uint8_t *data, size_t size, size_t step, struct digest *d)
{
	struct gw_pop3_parser p;
	struct gw_error err = { 0 };
	enum gw_code code = GW_OK;

	gw_pop3_parser_init(&p);
	gw_pop3_lines_init(&d->lines);
	for (size_t at = 0; at < size && code == GW_OK; at += step) {
		size_t n = size - at < step ? size - at : step;

		code = gw_pop3_parser_feed(
			&p, (struct gw_slice){ (const char *)data + at, n }, on_piece, d, &err);
	}
	gw_pop3_lines_deinit(&d->lines);
	gw_pop3_parser_deinit(&p);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest whole = { 0 }, pieces = { 0 };
	enum gw_code a, b;

	if (size < 2)
		return 0;
	whole.multi = pieces.multi = data[0];
	a = feed(data + 1, size - 1, size - 1, &whole);
	b = feed(data + 1, size - 1, 1, &pieces);
	require(a == b && whole.pieces == pieces.pieces && whole.sum == pieces.sum &&
		whole.line_sum == pieces.line_sum);
	return 0;
}
