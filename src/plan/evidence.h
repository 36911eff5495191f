/* plan/evidence.h - what a server's answers prove about which messages there are; pure.
 *
 * A listing proves absence only if it is complete by the server's own numbers.  One line that was
 * left out, or that could not be read, would otherwise be a deletion.
 */
#pragma once

#include "plan/plan.h"

/* One answer that was to name every message of a mailbox. */
struct gw_answer {
	uint64_t told;     /* distinct UIDs, less those that vanished since */
	uint32_t exists;   /* messages there are, as it ended */
	uint32_t expunged; /* that went while it came, and nobody knows which: they may be told */
	bool refused;      /* it did not end OK */
};

bool gw_answer_is_complete(const struct gw_answer *answer);

/* How many messages there should be, by what base knows and was told of it since. */
uint64_t gw_evidence_expected(const struct gw_base_msg *base, size_t base_count,
	const struct gw_remote_msg *remote, size_t remote_count, const struct gw_seqset *vanished);

/* Does a UID that base knows stand for another message now?  size, date: 0 when not told.  The date
 * decides where both know it: some servers count sizes now so, now so. */
bool gw_evidence_is_another(const struct gw_base_msg *base, uint32_t size, int64_t date);
