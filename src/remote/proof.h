/* SPDX-License-Identifier: ISC */
/* remote/proof.h - proof that messages left the selected mailbox, and that another one got them.
 *
 * OK is no proof.  EXPUNGE and VANISHED report that they left; COPYUID, or the growth of another
 * mailbox, that they arrived there.
 */
#pragma once

#include "base/seqset.h"
#include "imap/response.h"

struct gw_proof {
	uint64_t expunged;     /* EXPUNGE lines: they name no UID */
	struct gw_seqset gone; /* as VANISHED says */
	struct gw_seqset came; /* to another mailbox, as COPYUID says: their UIDs here */
};

void gw_proof_deinit(struct gw_proof *p);

/* Takes what a response tells; most tell nothing.  What is not understood proves nothing. */
void gw_proof_note(struct gw_proof *p, const struct gw_response *resp);

/* True if this message has left, of the number that should have.  false: ask the server. */
bool gw_proof_has_left(const struct gw_proof *p, uint64_t should, uint32_t uid);

/* A mailbox, as STATUS (MESSAGES UIDNEXT) says before and after it was to get messages. */
struct gw_growth {
	struct gw_counts {
		unsigned items; /* GW_ITEM_... that were told */
		uint32_t messages, uidnext;
	} before, after;
};

void gw_growth_note(struct gw_counts *counts, const struct gw_response *resp);

/* Returns by how many messages the mailbox has grown, by the larger of two counts. */
uint32_t gw_growth_by(const struct gw_growth *g);
