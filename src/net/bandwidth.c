/* SPDX-License-Identifier: ISC */
/* net/bandwidth.c - see bandwidth.h. */
#include "net/bandwidth.h"

#include <stdlib.h>

enum { PIECES_A_SECOND = 8, PIECE_LEAST = 1024, PIECE_MOST = 65536 };
#define SECOND_US UINT64_C(1000000)

struct gw_bandwidth {
	uint64_t per_second; /* bytes; not 0 */
	uint64_t paid_us;    /* when everything that was moved is paid for */
};

struct gw_bandwidth *gw_bandwidth_new(unsigned long long per_second)
{
	struct gw_bandwidth *b = per_second == 0 ? NULL : calloc(1, sizeof *b);

	if (b != NULL)
		b->per_second = per_second;
	return b;
}

void gw_bandwidth_free(struct gw_bandwidth *b)
{
	free(b);
}

size_t gw_bandwidth_piece(const struct gw_bandwidth *b)
{
	uint64_t piece = b->per_second / PIECES_A_SECOND;

	return piece < PIECE_LEAST ? PIECE_LEAST : piece > PIECE_MOST ? PIECE_MOST : (size_t)piece;
}

/* Credit of a second is all that a pause gives. */
uint64_t gw_bandwidth_charge(struct gw_bandwidth *b, uint64_t now_ms, size_t n)
{
	uint64_t now_us = now_ms * 1000;
	uint64_t least = now_us < SECOND_US ? 0 : now_us - SECOND_US;

	if (b->paid_us < least)
		b->paid_us = least;
	b->paid_us += (n * SECOND_US + b->per_second - 1) / b->per_second;
	return (b->paid_us + 999) / 1000;
}
