/* SPDX-License-Identifier: ISC */
/* plan/evidence.h - what a server's answers prove about which messages there are; pure.
 *
 * A listing proves absence only if it is complete by the server's own numbers.  One line that was
 * left out, or that could not be read, would otherwise be a deletion.
 */
#pragma once

#include "plan/plan.h"

/* An answer that should have named every message of a mailbox. */
struct gw_answer {
	uint64_t told;     /* distinct UIDs, less those that vanished since */
	uint32_t exists;   /* messages there are, as it ended */
	uint32_t expunged; /* gone while the answer came, nobody knows which: may be among those
			    * reported */
	bool refused;      /* the answer did not end OK */
};

bool gw_answer_is_complete(const struct gw_answer *answer);

/* Counts the messages that should exist, by what base knows and the server has reported since. */
uint64_t gw_evidence_expected(const struct gw_base_msg *base, size_t base_count,
	const struct gw_remote_msg *remote, size_t remote_count, const struct gw_seqset *vanished);

/* Cursors of a mailbox, then and now. */
struct gw_evidence_span {
	uint32_t before; /* UIDNEXT of the look before: below it only what base knows can be */
	uint32_t next;   /* UIDNEXT of this one, as it began; 0: not told */
	uint32_t late;   /* messages that came since it began: they are beyond it */
};

/* Counts the reported UIDs that cannot exist. */
uint64_t gw_evidence_strangers(const struct gw_base_msg *base, size_t base_count,
	const struct gw_remote_msg *remote, size_t remote_count,
	const struct gw_evidence_span *span);

/* True if a complete listing lacks a message that base knows. */
bool gw_evidence_lacks(const struct gw_base_msg *base, size_t base_count,
	const struct gw_remote_msg *remote, size_t remote_count);

/* True if a UID that base knows is now another message's.  size, date: 0 when not given.  The date
 * decides where both are known: some servers change how they count sizes. */
bool gw_evidence_is_another(const struct gw_base_msg *base, uint32_t size, int64_t date);

/* Names of messages, as numbers, in a mailbox whose listing does not add up.  What seems to be gone
 * from another one may have come there, untold.  Both lists are sorted. */
struct gw_doubt {
	uint64_t *files; /* owned; what stands there here */
	size_t file_count;
	uint64_t *
		announced; /* owned; what was sent, or moved, there, and is not known to have arrived */
	size_t announced_count;
	bool any; /* nobody knows the names */
};

void gw_doubt_sort(struct gw_doubt *doubt);
void gw_doubt_deinit(struct gw_doubt *doubt);

/* True if the message `name`, gone here or only there, may be in that mailbox.  Announced messages
 * may have arrived, whatever became of their files. */
bool gw_doubt_covers(const struct gw_doubt *doubt, uint64_t name, bool gone_here);
