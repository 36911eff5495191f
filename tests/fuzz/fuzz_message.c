/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_message.c - a message has one fingerprint, wherever its bytes are cut, and whichever of CR LF and
 * LF ends its lines. */
#include "maildir/fingerprint.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_fingerprint of(const char *p, size_t n, size_t piece)
{
	struct gw_printer printer;
	struct gw_fingerprint print;

	gw_printer_init(&printer);
	for (size_t at = 0; at < n; at += piece)
		gw_printer_update(&printer, p + at, piece < n - at ? piece : n - at);
	gw_printer_final(&printer, &print);
	return print;
}

static void check_same(const struct gw_fingerprint *a, const struct gw_fingerprint *b)
{
	if (memcmp(a->header, b->header, sizeof a->header) != 0 ||
		memcmp(a->body, b->body, sizeof a->body) != 0 ||
		memcmp(a->msgid, b->msgid, sizeof a->msgid) != 0 || a->about != b->about ||
		a->has_received != b->has_received || a->left_out != b->left_out)
		abort();
}

/* Every LF that has no CR before it gets one. */
static struct gw_buf with_crs(const char *p, size_t n)
{
	struct gw_buf out;

	gw_buf_init(&out, 1 << 24);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			gw_buf_append(&out, "\r", 1);
		gw_buf_append(&out, p + i, 1);
	}
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct gw_fingerprint whole = of(p, size, size + 1), other;
	struct gw_buf wire = with_crs(p, size);

	other = of(p, size, 1);
	check_same(&whole, &other);
	if (size > 0) {
		other = of(p, size, 1 + data[0] % 61);
		check_same(&whole, &other);
	}
	other = of(wire.p, wire.n, 7);
	check_same(&whole, &other);
	gw_buf_deinit(&wire);
	return 0;
}
