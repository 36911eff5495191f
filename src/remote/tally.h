/* SPDX-License-Identifier: ISC */
/* remote/tally.h - the UIDs that one answer names: a SEARCH, or the lines of a FETCH. */
#pragma once

#include "base/seqset.h"
#include "imap/response.h"

/* Zeroed: nothing was named. */
struct gw_tally {
	struct gw_seqset told;    /* after gw_tally_settle() */
	struct gw_seqset left;    /* vanished while it came */
	struct gw_seqset gone;    /* vanished while earlier ones came */
	struct gw_range *numbers; /* owned; not sorted yet */
	size_t number_count, number_cap;
	bool absurd;      /* it names more than can exist, and is discarded */
	bool contradicts; /* an answer so far names what was reported vanished */
};

void gw_tally_deinit(struct gw_tally *tally);

/* Starts a new answer. */
void gw_tally_reset(struct gw_tally *tally);

/* exists: messages there are, as far as is known.  GW_ERR_NOMEM. */
enum gw_code gw_tally_add(struct gw_tally *tally, uint32_t uid, uint32_t exists);

/* Counts the numbers of a SEARCH; other responses add nothing.  GW_ERR_NOMEM, GW_ERR_PROTOCOL: not
 * a valid set. */
enum gw_code gw_tally_search(struct gw_tally *tally, const struct gw_response *r, uint32_t exists);

/* The answer has ended.  GW_ERR_NOMEM. */
enum gw_code gw_tally_settle(struct gw_tally *tally, uint32_t exists);
