/* SPDX-License-Identifier: ISC */
/* remote/proof.c - see proof.h. */
#include "remote/proof.h"

void gw_proof_deinit(struct gw_proof *p)
{
	gw_seqset_deinit(&p->gone);
	gw_seqset_deinit(&p->came);
}

void gw_proof_note(struct gw_proof *p, const struct gw_response *resp)
{
	p->expunged += resp->type == GW_RESP_EXPUNGE;
	if (resp->type == GW_RESP_VANISHED && !resp->earlier)
		(void)gw_seqset_parse(&p->gone, resp->list);
	if (resp->code == GW_CODE_COPYUID)
		(void)gw_seqset_parse(&p->came, resp->copied_from);
}

bool gw_proof_has_left(const struct gw_proof *p, uint64_t should, uint32_t uid)
{
	return p->expunged >= should || gw_seqset_has(&p->gone, uid);
}

void gw_growth_note(struct gw_counts *counts, const struct gw_response *resp)
{
	if (resp->type == GW_RESP_STATUS)
		*counts = (struct gw_counts){ resp->items, resp->messages, resp->uidnext };
}

uint32_t gw_growth_by(const struct gw_growth *g)
{
	unsigned both = g->before.items & g->after.items;
	uint32_t by = 0;

	if ((both & GW_ITEM_UIDNEXT) && g->after.uidnext > g->before.uidnext)
		by = g->after.uidnext - g->before.uidnext;
	if ((both & GW_ITEM_MESSAGES) && g->after.messages > g->before.messages &&
		g->after.messages - g->before.messages > by)
		by = g->after.messages - g->before.messages;
	return by;
}
