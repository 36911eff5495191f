/* SPDX-License-Identifier: ISC */
/* tests/support/test.h - what every unit test includes: cmocka, and reproducible random numbers. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* GODWIT_SEED in the environment replays; otherwise the time.  Printed either way. */
static inline uint64_t test_seed(void)
{
	const char *text = getenv("GODWIT_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);

	printf("seed %llu (GODWIT_SEED=%llu replays)\n", (unsigned long long)seed,
		(unsigned long long)seed);
	return seed;
}

/* xorshift64*; state must not be 0. */
static inline uint32_t test_random(uint64_t *state, uint32_t below)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * UINT64_C(2685821657736338717) >> 33) % below;
}
