/* SPDX-License-Identifier: ISC */
/* watch/tempo.c - see tempo.h. */
#include "watch/tempo.h"

enum { FIRST_MS = 1000, DOUBLINGS = 10 };

void gw_tempo_stands(struct gw_tempo *t, uint64_t now_ms)
{
	t->stands = true;
	t->since_ms = now_ms;
}

uint64_t gw_tempo_ended(struct gw_tempo *t, uint64_t now_ms)
{
	bool stood = t->stands && now_ms - t->since_ms >= GW_TEMPO_STOOD_MS;
	uint64_t ms;

	t->stands = false;
	t->in_vain = stood ? 0 : t->in_vain + 1;
	if (t->in_vain <= GW_TEMPO_FREE)
		return 0;
	if (t->in_vain > GW_TEMPO_FREE + DOUBLINGS)
		return GW_TEMPO_MOST_MS;
	ms = (uint64_t)FIRST_MS << (t->in_vain - GW_TEMPO_FREE - 1);
	return ms < GW_TEMPO_MOST_MS ? ms : GW_TEMPO_MOST_MS;
}

void gw_tempo_reset(struct gw_tempo *t)
{
	t->in_vain = 0;
}
