/* SPDX-License-Identifier: ISC */
/* plan/modseq.h - which mailboxes are to be looked at where HIGHESTMODSEQ is the account's: a pure
 * function.
 *
 * At Gmail one changed flag may move the HIGHESTMODSEQ of every label.  Equal MESSAGES and UIDNEXT
 * say that nothing came or went, so only flags can have changed; and all mail can tell, in one
 * answer, which messages did, and which labels they have.  Where it is out of sight, and in the trash
 * and spam, which it does not hold, one mailbox is looked at in each quiet run, in turn.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gw_modseq_verdict {
	GW_MODSEQ_SAME,
	GW_MODSEQ_LOOK,
	GW_MODSEQ_ASK,   /* all mail knows whether it has to be looked at */
	GW_MODSEQ_LATER, /* not in this run */
};

struct gw_modseq_mailbox {
	bool told;        /* the server told its counts */
	bool same_counts; /* counts are base's but HIGHESTMODSEQ; nothing else calls for a look */
	bool apart;       /* all mail does not hold it */
	bool first;       /* never left for later */
	uint64_t there, base;           /* HIGHESTMODSEQ now, and of the last look */
	enum gw_modseq_verdict verdict; /* out */
};

struct gw_modseq {
	bool all_in_sight;
	uint64_t seen; /* up to here all mail was asked in an earlier run, and nothing left open */
};

struct gw_modseq_answer {
	bool account; /* the number is the account's; otherwise all that moved are looked at */
	size_t asks;  /* number of GW_MODSEQ_ASK, for which All Mail is asked for changes after */
	uint64_t since;
	uint64_t seen; /* the value for `seen`, once all of this was done */
};

struct gw_modseq_answer gw_modseq_judge(
	const struct gw_modseq *in, struct gw_modseq_mailbox *list, size_t count);
