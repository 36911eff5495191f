/* watch/tempo.h - how soon something that a server brings about may be done again.  Pure: times are
 * uv_now()'s milliseconds.
 *
 * What ends soon after it began, or was begun in vain, is begun again ever more slowly.  The count
 * starts anew with something that stood for a while, never with something that only began.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { GW_TEMPO_STOOD_MS = 60 * 1000, GW_TEMPO_FREE = 2, GW_TEMPO_MOST_MS = 300 * 1000 };

struct gw_tempo {
	unsigned in_vain;  /* in a row */
	bool stands;       /* since then */
	uint64_t since_ms; /* that it stands */
};

void gw_tempo_stands(struct gw_tempo *t, uint64_t now_ms);
/* It ended.  Returns how long to wait before it is begun again. */
uint64_t gw_tempo_ended(struct gw_tempo *t, uint64_t now_ms);
/* It was of use. */
void gw_tempo_reset(struct gw_tempo *t);
