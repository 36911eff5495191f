/* SPDX-License-Identifier: ISC */
/* plan/claims.c - see claims.h.  A table with open addressing; a slot that is released stays for
 * its id, so that no search is cut short. */
#include "plan/claims.h"

#include <stdlib.h>

void gw_claims_deinit(struct gw_claims *c)
{
	free(c->slots);
	*c = (struct gw_claims){ 0 };
}

/* Returns the id's slot, or the free one for it; cap is a power of two with room to spare. */
static struct gw_claim *slot_of(struct gw_claim *slots, size_t cap, uint64_t id)
{
	size_t at = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (cap - 1);

	while (slots[at].id != 0 && slots[at].id != id)
		at = (at + 1) & (cap - 1);
	return &slots[at];
}

static bool grow(struct gw_claims *c)
{
	size_t cap = c->cap == 0 ? 64 : c->cap * 2;
	struct gw_claim *slots = calloc(cap, sizeof *slots);

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < c->cap; i++) {
		if (c->slots[i].id != 0)
			*slot_of(slots, cap, c->slots[i].id) = c->slots[i];
	}
	free(c->slots);
	c->slots = slots;
	c->cap = cap;
	return true;
}

bool gw_claims_take(struct gw_claims *c, uint64_t id, const void *owner)
{
	struct gw_claim *slot;

	if (id == 0 || (c->count >= c->cap - c->cap / 4 && !grow(c)))
		return true;
	slot = slot_of(c->slots, c->cap, id);
	if (slot->id == 0) {
		slot->id = id;
		c->count++;
	}
	if (slot->owner == NULL)
		slot->owner = owner;
	return slot->owner == owner;
}

bool gw_claims_held(const struct gw_claims *c, uint64_t id)
{
	return c->cap > 0 && id != 0 && slot_of(c->slots, c->cap, id)->owner != NULL;
}

bool gw_claims_known(const struct gw_claims *c, uint64_t id)
{
	return c->cap > 0 && id != 0 && slot_of(c->slots, c->cap, id)->id == id;
}

void gw_claims_release(struct gw_claims *c, const void *owner)
{
	bool any = false;

	for (size_t i = 0; i < c->cap; i++) {
		if (c->slots[i].owner != owner)
			continue;
		c->slots[i].owner = NULL;
		any = true;
	}
	c->releases += any;
}
