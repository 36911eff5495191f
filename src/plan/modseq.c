/* SPDX-License-Identifier: ISC */
/* plan/modseq.c - see modseq.h. */
#include "plan/modseq.h"

enum { FEW = 3 }; /* up to this number, looking is as fast as asking */

static bool moved(const struct gw_modseq_mailbox *m)
{
	return m->same_counts && m->there != m->base;
}

/* True if most mailboxes report one number, the highest: it is the account's.  Where each mailbox
 * counts by itself, they do not. */
static bool is_of_account(const struct gw_modseq_mailbox *list, size_t count)
{
	uint64_t highest = 0;
	size_t told = 0, at_highest = 0, suspects = 0;

	for (size_t i = 0; i < count; i++) {
		if (list[i].told && list[i].there > highest)
			highest = list[i].there;
	}
	for (size_t i = 0; i < count; i++) {
		told += list[i].told;
		at_highest += list[i].told && list[i].there == highest;
		suspects += moved(&list[i]);
	}
	return suspects >= FEW && highest > 0 && 2 * at_highest >= told;
}

/* Picks, of those left for later, the one not looked at for the longest time. */
static void take_turn(struct gw_modseq_mailbox *list, size_t count)
{
	struct gw_modseq_mailbox *oldest = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!list[i].same_counts)
			return; /* there is enough to do */
		if (list[i].verdict == GW_MODSEQ_LATER &&
			(oldest == NULL || list[i].base < oldest->base))
			oldest = &list[i];
	}
	if (oldest != NULL)
		oldest->verdict = GW_MODSEQ_LOOK;
}

static enum gw_modseq_verdict judge(
	const struct gw_modseq *in, const struct gw_modseq_mailbox *m, bool account)
{
	if (!m->same_counts)
		return GW_MODSEQ_LOOK;
	if (!moved(m))
		return GW_MODSEQ_SAME;
	if (!account || m->there < m->base || m->there < in->seen) /* the last: a restored server */
		return GW_MODSEQ_LOOK;
	if (in->all_in_sight && !m->apart)
		return m->there == in->seen ? GW_MODSEQ_SAME : GW_MODSEQ_ASK;
	return m->first ? GW_MODSEQ_LOOK : GW_MODSEQ_LATER;
}

struct gw_modseq_answer gw_modseq_judge(
	const struct gw_modseq *in, struct gw_modseq_mailbox *list, size_t count)
{
	struct gw_modseq_answer out = { .account = is_of_account(list, count) };

	for (size_t i = 0; i < count; i++) {
		struct gw_modseq_mailbox *m = &list[i];
		uint64_t known = m->base > in->seen ? m->base : in->seen;

		m->verdict = judge(in, m, out.account);
		if (m->told && !m->apart && (out.seen == 0 || m->there < out.seen))
			out.seen = m->there;
		if (m->verdict != GW_MODSEQ_ASK)
			continue;
		if (out.asks++ == 0 || known < out.since)
			out.since = known;
	}
	if (out.account)
		take_turn(list, count);
	return out;
}
