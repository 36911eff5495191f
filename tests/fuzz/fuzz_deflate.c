/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_deflate.c - compressed bytes of a server are bytes, or an error, in pieces of any size; and what we
 * compress comes out as it was. */
#include "net/deflate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all that what was fed stands for, up to a bound; false: it stands for nothing. */
static bool drain(struct gw_deflate *d, struct gw_buf *out)
{
	char piece[1021];
	size_t got = 1;

	while (got > 0 && out->n < 1 << 22) {
		if (gw_deflate_read(d, piece, sizeof piece, &got) != GW_OK)
			return false;
		if (got > sizeof piece || gw_buf_append(out, piece, got) != GW_OK)
			abort();
	}
	return got == 0;
}

static void check_hostile(const char *p, size_t n)
{
	struct gw_deflate *d = gw_deflate_new();
	size_t piece = n == 0 ? 1 : 1 + (unsigned char)p[0] % 97u;
	struct gw_buf out;

	gw_buf_init(&out, 1 << 23);
	for (size_t at = 0; at < n; at += piece) {
		if (gw_deflate_feed(d, (struct gw_slice){ p + at,
					       piece < n - at ? piece : n - at }) != GW_OK ||
			!drain(d, &out))
			break;
	}
	gw_buf_deinit(&out);
	gw_deflate_free(d);
}

static void check_round_trip(const char *p, size_t n)
{
	struct gw_deflate *ours = gw_deflate_new(), *theirs = gw_deflate_new();
	struct gw_buf wire, out;

	gw_buf_init(&wire, 1 << 23);
	gw_buf_init(&out, 1 << 23);
	if (gw_deflate_write(ours, p, n, &wire) != GW_OK ||
		gw_deflate_feed(theirs, (struct gw_slice){ wire.p, wire.n }) != GW_OK ||
		!drain(theirs, &out) || out.n != n || (n > 0 && memcmp(out.p, p, n) != 0))
		abort();
	gw_buf_deinit(&wire);
	gw_buf_deinit(&out);
	gw_deflate_free(ours);
	gw_deflate_free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_hostile((const char *)data, size);
	check_round_trip((const char *)data, size);
	return 0;
}
