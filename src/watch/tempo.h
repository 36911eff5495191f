/* SPDX-License-Identifier: ISC */
/* watch/tempo.h - how soon to repeat what a server causes.  Pure: times are uv_now()'s
 * milliseconds.
 *
 * What ends soon after it began, or fails, is repeated ever more slowly.  Only something that
 * lasted a while resets the count, never something that merely began.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { GW_TEMPO_STOOD_MS = 60 * 1000, GW_TEMPO_FREE = 2, GW_TEMPO_MOST_MS = 300 * 1000 };

struct gw_tempo {
	unsigned in_vain;  /* failures in a row */
	bool stands;       /* running */
	uint64_t since_ms; /* since when it runs */
};

void gw_tempo_stands(struct gw_tempo *t, uint64_t now_ms);
/* Records an end.  Returns how long to wait before beginning again. */
uint64_t gw_tempo_ended(struct gw_tempo *t, uint64_t now_ms);
/* Resets the count: it was useful. */
void gw_tempo_reset(struct gw_tempo *t);
