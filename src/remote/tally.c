/* SPDX-License-Identifier: ISC */
/* remote/tally.c - see tally.h. */
#include "remote/tally.h"

#include "imap/search.h"

#include <stdlib.h>

enum { MARGIN = 4096 }; /* that an answer may name beyond what there is */

void gw_tally_deinit(struct gw_tally *tally)
{
	gw_seqset_deinit(&tally->told);
	gw_seqset_deinit(&tally->left);
	gw_seqset_deinit(&tally->gone);
	free(tally->numbers);
	*tally = (struct gw_tally){ 0 };
}

void gw_tally_reset(struct gw_tally *tally)
{
	if (gw_seqset_add_set(&tally->gone, &tally->left) != GW_OK)
		tally->contradicts = true; /* nobody can tell */
	tally->told.count = tally->left.count = tally->number_count = 0;
	tally->absurd = false;
}

/* Discards an absurdly long answer. */
static void check_length(struct gw_tally *tally, uint32_t exists)
{
	if (tally->told.count <= (size_t)exists + MARGIN)
		return;
	tally->absurd = true;
	gw_seqset_deinit(&tally->told);
}

static enum gw_code sort(struct gw_tally *tally, uint32_t exists)
{
	enum gw_code code = gw_seqset_add_all(&tally->told, tally->numbers, tally->number_count);

	tally->number_count = 0;
	check_length(tally, exists);
	return code;
}

enum gw_code gw_tally_add(struct gw_tally *tally, uint32_t uid, uint32_t exists)
{
	struct gw_range *last =
		tally->number_count == 0 ? NULL : &tally->numbers[tally->number_count - 1];
	enum gw_code code = GW_OK;

	tally->contradicts |= gw_seqset_has(&tally->left, uid);
	if (last != NULL && last->last == uid - 1) {
		last->last = uid;
		return GW_OK;
	}
	if (tally->number_count == tally->number_cap && tally->number_count > MARGIN)
		code = sort(tally, exists);
	if (code != GW_OK || tally->absurd)
		return code;
	last = gw_array_push((void **)&tally->numbers, &tally->number_count, &tally->number_cap,
		sizeof *tally->numbers);
	if (last == NULL)
		return GW_ERR_NOMEM;
	*last = (struct gw_range){ uid, uid };
	return GW_OK;
}

enum gw_code gw_tally_search(struct gw_tally *tally, const struct gw_response *r, uint32_t exists)
{
	enum gw_code code = tally->absurd ? GW_OK : gw_search_take(r, &tally->told);

	check_length(tally, exists);
	return code;
}

enum gw_code gw_tally_settle(struct gw_tally *tally, uint32_t exists)
{
	enum gw_code code = sort(tally, exists);

	tally->contradicts |= gw_seqset_meets(&tally->told, &tally->gone);
	return code == GW_OK ? gw_seqset_subtract(&tally->told, &tally->left) : code;
}
