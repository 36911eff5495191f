/* SPDX-License-Identifier: ISC */
/* plan/claims.h - which mailbox fetches a message that several of them get: the first to claim it.
 * The others wait for it, and copy it.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_claim {
	uint64_t id;       /* 0: the slot is free */
	const void *owner; /* NULL: released */
};

/* Zero to begin with. */
struct gw_claims {
	struct gw_claim *slots; /* owned */
	size_t count, cap;
	uint64_t releases; /* how often an owner released its claims */
};

void gw_claims_deinit(struct gw_claims *c);

/* false: it is another's.  (Out of memory it is anybody's: it is fetched once more than needed.) */
bool gw_claims_take(struct gw_claims *c, uint64_t id, const void *owner);

/* True while a mailbox holds a claim on this id. */
bool gw_claims_held(const struct gw_claims *c, uint64_t id);

/* True if a mailbox ever held a claim on this id. */
bool gw_claims_known(const struct gw_claims *c, uint64_t id);

/* Releases all claims of an owner. */
void gw_claims_release(struct gw_claims *c, const void *owner);
