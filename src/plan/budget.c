/* SPDX-License-Identifier: ISC */
/* plan/budget.c - see budget.h. */
#include "plan/budget.h"

enum { BULK_PERCENT = 95 };

static uint64_t bulk(uint64_t limit)
{
	return limit / 100 * BULK_PERCENT;
}

static bool take(
	struct gw_budget *b, uint64_t most, uint64_t overhead, uint64_t *used, uint64_t bytes)
{
	uint64_t taken = *used + overhead;

	if (most != 0 && (taken >= most || bytes > most - taken)) {
		b->postponed++;
		return false;
	}
	*used += bytes;
	return true;
}

bool gw_budget_fetch(struct gw_budget *b, uint64_t bytes, bool in_bulk)
{
	return take(b, in_bulk ? bulk(b->down_limit) : b->down_limit, b->overhead, &b->down, bytes);
}

bool gw_budget_send(struct gw_budget *b, uint64_t bytes)
{
	return take(b, bulk(b->up_limit), 0, &b->up, bytes);
}

bool gw_budget_spent(const struct gw_budget *b)
{
	return b->down_limit != 0 && b->down + b->overhead >= bulk(b->down_limit);
}
