/* SPDX-License-Identifier: ISC */
/* sync/modseq.c - asks all mail what changed where HIGHESTMODSEQ is the account's (plan/modseq.h); part
 * of sync_p.h.
 */
#include "sync/sync_p.h"

#include "local/siblings.h"
#include "plan/modseq.h"
#include "remote/changed_labels.h"

#include <stdlib.h>

enum { MANY = 20000 }; /* changes looked for in every mailbox */

struct gw_modseq_job {
	struct gw_sync *sync;
	struct gw_modseq_mailbox *list; /* owned; as the entries */
	uint64_t *ids;                  /* owned; of what changed */
	size_t id_count, id_cap;
	bool whole; /* and all of it */
};

static const unsigned counts =
	GW_ITEM_MESSAGES | GW_ITEM_UIDNEXT | GW_ITEM_UIDVALIDITY | GW_ITEM_HIGHESTMODSEQ;

static struct gw_modseq_mailbox mailbox_of(const struct gw_entry *e)
{
	const struct gw_folder *f = e->folder;

	return (struct gw_modseq_mailbox){ .told = (f->items & counts) == counts &&
						   f->highestmodseq > 0,
		.same_counts = e->only_modseq || e->remote_same,
		.apart = (f->attrs & (GW_LIST_TRASH | GW_LIST_JUNK)) != 0,
		.first = strcasecmp(f->wire, "INBOX") == 0,
		.there = f->highestmodseq,
		.base = e->row.highestmodseq };
}

/* Treats a mailbox that is not to be looked at as if its HIGHESTMODSEQ had not moved. */
static void carry_out(struct gw_sync *s, const struct gw_modseq_mailbox *list)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		struct gw_entry *e = &s->entries[i];

		if (!e->only_modseq || list[i].verdict == GW_MODSEQ_LOOK ||
			list[i].verdict == GW_MODSEQ_ASK)
			continue;
		e->remote_same = true;
		e->dirty = !e->local_same || s->options.restore_deletions;
		e->may_lose = e->row.uidvalidity != 0 && !e->local_same;
	}
}

static void end(struct gw_modseq_job *job)
{
	struct gw_sync *s = job->sync;

	carry_out(s, job->list);
	free(job->list);
	free(job->ids);
	free(job);
	if (s->phase == SYNC_ENDING)
		gw_sync_pump(s);
	else
		gw_sync_entries_known(s);
}

static void on_label(void *ctx, struct gw_slice label)
{
	struct gw_modseq_job *job = ctx;

	for (size_t i = 0; i < job->sync->entry_count; i++) {
		if (job->list[i].verdict == GW_MODSEQ_ASK &&
			gw_sync_shows_label(job->sync->entries[i].folder, label))
			job->list[i].verdict = GW_MODSEQ_LOOK;
	}
}

static void on_message(void *ctx, uint64_t id)
{
	struct gw_modseq_job *job = ctx;
	uint64_t *slot = id == 0 || job->id_count == MANY
				 ? NULL
				 : gw_array_push((void **)&job->ids, &job->id_count, &job->id_cap,
					   sizeof *job->ids);

	job->whole &= slot != NULL;
	if (slot != NULL)
		*slot = id;
}

static void settle(struct gw_modseq_job *job)
{
	struct gw_sync *s = job->sync;

	for (size_t i = 0; i < s->entry_count; i++) {
		if (job->list[i].verdict == GW_MODSEQ_ASK)
			job->list[i].verdict = job->whole ? GW_MODSEQ_SAME : GW_MODSEQ_LOOK;
		/* All mail itself: it is what changed. */
		if ((s->entries[i].folder->attrs & GW_LIST_ALL) != 0 && s->entries[i].only_modseq)
			job->list[i].verdict = GW_MODSEQ_LOOK;
	}
	if (!job->whole)
		s->modseq_now = 0;
	end(job);
}

/* Where base has what changed, it may have left: of a mailbox that shows its newest messages only,
 * the counts do not say that. */
static void on_siblings(
	void *ctx, const struct gw_sibling *list, size_t count, const struct gw_error *err)
{
	struct gw_modseq_job *job = ctx;

	job->whole &= err == NULL;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < job->sync->entry_count; k++) {
			if (job->list[k].verdict == GW_MODSEQ_ASK &&
				job->sync->entries[k].row.id == list[i].mailbox)
				job->list[k].verdict = GW_MODSEQ_LOOK;
		}
	}
	settle(job);
}

static void on_asked(void *ctx, bool whole, const struct gw_error *lost)
{
	struct gw_modseq_job *job = ctx;

	job->whole &= whole && lost == NULL;
	if (job->whole && job->id_count > 0 &&
		gw_siblings_start(&job->sync->disk,
			&(struct gw_siblings_query){ .ids = job->ids, .count = job->id_count },
			on_siblings, job) == GW_OK)
		return;
	job->whole &= job->id_count == 0;
	settle(job);
}

bool gw_sync_ask_modseq(struct gw_sync *s)
{
	const struct gw_modseq in = { .all_in_sight = s->env.all != NULL, .seen = s->modseq_seen };
	struct gw_modseq_job *job;
	struct gw_modseq_answer answer;
	struct gw_changed_labels_options ask;

	if (!s->env.merges || s->remembered || s->options.folder_count > 0)
		return false;
	job = calloc(1, sizeof *job);
	if (job == NULL || (job->list = calloc(s->entry_count + 1, sizeof *job->list)) == NULL) {
		free(job);
		return false; /* every one is looked at */
	}
	job->sync = s;
	job->whole = true;
	for (size_t i = 0; i < s->entry_count; i++)
		job->list[i] = mailbox_of(&s->entries[i]);
	answer = gw_modseq_judge(&in, job->list, s->entry_count);
	s->modseq_now = answer.account && s->env.all != NULL ? answer.seen : 0;
	ask = (struct gw_changed_labels_options){ .session = s->conns[0].session,
		.all = s->env.all,
		.since = answer.since,
		.label = on_label,
		.message = on_message,
		.done = on_asked,
		.ctx = job };
	if (answer.asks > 0 && answer.since > 0 && ask.session != NULL &&
		gw_changed_labels_start(&ask) == GW_OK)
		return true;
	if (answer.asks > 0)
		s->modseq_now = 0;
	carry_out(s, job->list);
	free(job->list);
	free(job);
	return false;
}

bool gw_sync_modseq_is_done(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count && s->modseq_now > 0; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (!e->remote_same && !(e->folder->attrs & (GW_LIST_TRASH | GW_LIST_JUNK)) &&
			e->row.highestmodseq < s->modseq_now)
			return false;
	}
	return s->modseq_now > s->modseq_seen;
}
