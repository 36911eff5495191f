/* net/patience.h - for how long a peer is waited for: pure, the clock is the caller's.
 *
 * Three limits: of silence while an answer is awaited; of a byte now and then, which would keep that away
 * for ever; of the time until the connection is of use, however much it moves.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum gw_patience_end {
	GW_PATIENCE_HOLDS,
	GW_PATIENCE_SILENT,   /* nothing for timeout_ms */
	GW_PATIENCE_DRIPPING, /* next to nothing for ten times as long */
	GW_PATIENCE_UNREADY,  /* not settled after settle_ms */
};

/* timeout_ms and settle_ms may be read. */
struct gw_patience {
	unsigned timeout_ms, settle_ms;
	uint64_t progress_ms;  /* when something last moved */
	uint64_t settle_by_ms; /* 0: no limit */
	uint64_t window_ms,
		window_moved; /* since when, and from which count on, drips are looked for */
};

enum { GW_PATIENCE_DRIP_TIMEOUTS = 10 };

/* settle_ms 0: no limit. */
void gw_patience_init(
	struct gw_patience *p, uint64_t now_ms, unsigned timeout_ms, unsigned settle_ms);
/* How long until the first look. */
uint64_t gw_patience_first_look(const struct gw_patience *p);
/* The peer answered, or is asked only now; `moved`: bytes so far, both ways. */
void gw_patience_renew(struct gw_patience *p, uint64_t now_ms, uint64_t moved);
/* From `since_ms` to now we did not move what could have been moved: that is not the peer's fault. */
void gw_patience_excuse(struct gw_patience *p, uint64_t since_ms, uint64_t now_ms, uint64_t moved);
/* `waiting`: it is the peer's turn.  *next_ms: until the next look, if patience holds. */
enum gw_patience_end gw_patience_look(
	struct gw_patience *p, uint64_t now_ms, uint64_t moved, bool waiting, uint64_t *next_ms);
