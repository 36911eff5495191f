/* SPDX-License-Identifier: ISC */
/* net/patience.h - how long to wait for a peer; pure: the caller supplies the time.
 *
 * Three limits: on silence while an answer is awaited; on a trickle of bytes, which would postpone
 * the first for ever; on the time until the connection is of use, whatever it moves.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum gw_patience_end {
	GW_PATIENCE_HOLDS,
	GW_PATIENCE_SILENT,   /* nothing for timeout_ms */
	GW_PATIENCE_DRIPPING, /* next to nothing for ten times timeout_ms */
	GW_PATIENCE_UNREADY,  /* not settled after settle_ms */
};

/* timeout_ms and settle_ms may be read by others. */
struct gw_patience {
	unsigned timeout_ms, settle_ms;
	uint64_t progress_ms;  /* when something last moved */
	uint64_t settle_by_ms; /* 0: no limit */
	uint64_t window_ms,
		window_moved; /* where trickling is measured from: time, and byte count */
};

enum { GW_PATIENCE_DRIP_TIMEOUTS = 10 };

/* settle_ms 0: no limit. */
void gw_patience_init(
	struct gw_patience *p, uint64_t now_ms, unsigned timeout_ms, unsigned settle_ms);
/* Returns the time until the first look. */
uint64_t gw_patience_first_look(const struct gw_patience *p);
/* Restarts the wait: the peer answered, or is asked only now.  moved: bytes so far, both
 * directions. */
void gw_patience_renew(struct gw_patience *p, uint64_t now_ms, uint64_t moved);
/* Excludes the time from since_ms to now, when we ourselves held back traffic. */
void gw_patience_excuse(struct gw_patience *p, uint64_t since_ms, uint64_t now_ms, uint64_t moved);
/* Judges the peer.  waiting: it is the peer's turn.  *next_ms: time until the next look, if
 * patience holds. */
enum gw_patience_end gw_patience_look(
	struct gw_patience *p, uint64_t now_ms, uint64_t moved, bool waiting, uint64_t *next_ms);
