/* SPDX-License-Identifier: ISC */
/* outbox/follow.c - what is done about mails that are decided, or in doubt: the latter are looked for in Sent, what
 * was sent is filed there, and what was refused is shown.
 *
 * I1  where Sent can be asked, a mail in doubt is not sent again before it was: no line is no answer.
 * I2  nothing is filed where it may be already: in Sent here, or in Sent there.
 */
#include "outbox/filing.h"
#include "outbox/sender_p.h"

#include <stdlib.h>

enum {
	AT_ONCE = 50,          /* mails that are looked for in one session */
	LOOK_AGAIN_S = 60,     /* when there was no line */
	FILE_UNSEEN_S = 86400, /* a day without a line: Sent here is better than nowhere */
};

/* Asks for these.  false: it cannot be asked; the caller keeps looked_for. */
static bool look_for(
	struct gw_sender *s, struct gw_queued *const *mails, size_t count, gw_evidence_cb *cb)
{
	const char *ids[AT_ONCE];

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	s->looked_for = calloc(count, sizeof *s->looked_for);
	if (s->looked_for == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		s->looked_for[i] = mails[i];
		ids[i] = mails[i]->message_id;
	}
	s->looked_for_count = count;
	if (gw_evidence_start(s->loop, s->log, s->account, ids, count, cb, s, &s->evidence))
		return true;
	free(s->looked_for);
	s->looked_for = NULL;
	return false;
}

static void on_doubt_looked_for(void *ctx, enum gw_evidence_answer answer, const bool *found)
{
	struct gw_sender *s = ctx;
	struct gw_queued *m = s->looked_for[0];

	s->evidence = NULL;
	free(s->looked_for);
	s->looked_for = NULL;
	s->no_look_before = answer == GW_EVIDENCE_KNOWN ? 0 : sender_now() + LOOK_AGAIN_S;
	if (!s->stopping)
		settle_evidence(s, m, answer, found[0]);
	s->step(s);
}

/* When this mail is to be looked for, or sent once more; 0: neither. */
static int64_t doubt_due(const struct gw_sender *s, const struct gw_queued *m, bool can)
{
	int64_t now = sender_now();
	int64_t at = m->item.doubt_at == 0 || m->item.doubts > 1 || m->item.asked
			     ? 0
			     : gw_outbox_next_look(m->item.doubt_at, m->item.looks);

	if (at == 0)
		return 0;
	if (!can && at < m->item.doubt_at + GW_OUTBOX_RESEND_AFTER)
		at = m->item.doubt_at + GW_OUTBOX_RESEND_AFTER;
	if (at > now + GW_OUTBOX_RESEND_AFTER + LOOK_AGAIN_S)
		at = now; /* the clock went back */
	if (can && at < s->no_look_before && s->no_look_before <= now + LOOK_AGAIN_S)
		at = s->no_look_before;
	return at;
}

int64_t follow_doubts(struct gw_sender *s)
{
	bool asks = s->provider->files && gw_evidence_can(s->account);
	int64_t next = 0;

	for (size_t i = 0; i < s->box.count; i++) {
		struct gw_queued *m = s->box.list[i];
		bool can = asks && m->message_id != NULL;
		int64_t at = doubt_due(s, m, can);

		if (at != 0 && at <= sender_now()) {
			if (can && look_for(s, &m, 1, on_doubt_looked_for))
				return 0;
			settle_evidence(s, m, GW_EVIDENCE_NEVER, false);
			s->dirty = true;
		} else if (at != 0 && (next == 0 || at < next)) {
			next = at;
		}
	}
	return next;
}

/* Returns the time from which it may be filed; 0: never. */
static int64_t left_since(const struct gw_queued *m)
{
	if (m->item.sent_at != 0)
		return m->file.place == GW_QUEUE_SENT ? m->item.sent_at : 0;
	return m->item.left & GW_LEFT_COPY ? m->item.decided_at : 0;
}

static void on_sent_looked_for(void *ctx, enum gw_evidence_answer answer, const bool *found)
{
	struct gw_sender *s = ctx;
	int64_t now = sender_now();

	s->evidence = NULL;
	s->no_look_before = answer == GW_EVIDENCE_LATER ? now + LOOK_AGAIN_S : 0;
	for (size_t i = 0; i < s->looked_for_count && !s->stopping; i++) {
		struct gw_queued *m = s->looked_for[i];

		if (answer == GW_EVIDENCE_LATER && now - left_since(m) < FILE_UNSEEN_S)
			continue;
		gw_filing_queue(s, m, found[i]);
		s->dirty = true;
	}
	free(s->looked_for);
	s->looked_for = NULL;
	if (s->dirty)
		gw_records_commit(s->records, NULL, NULL);
	s->step(s);
}

int64_t follow_refused(struct gw_sender *s)
{
	int64_t next = 0, now = sender_now();
	bool queued = false;

	for (size_t i = 0; i < s->box.count; i++) {
		struct gw_queued *m = s->box.list[i];
		int64_t at = gw_item_left_at(&m->item, m->item.decided_at, 0, now);

		if (!(m->item.left & (GW_LEFT_NOTICE | GW_LEFT_SHOW)) || m->item.broken)
			continue;
		if (at > now) {
			next = next == 0 || at < next ? at : next;
			continue;
		}
		gw_notice_queue(s, m);
		queued = true;
	}
	if (queued) {
		gw_records_commit(s->records, NULL, NULL);
		s->dirty = true;
	}
	return next;
}

int64_t follow_sent(struct gw_sender *s)
{
	int64_t next = 0, now = sender_now();
	struct gw_queued *asked[AT_ONCE];
	size_t count = 0;
	bool filed = false;

	for (size_t i = 0; i < s->box.count; i++) {
		struct gw_queued *m = s->box.list[i];
		bool asks = gw_filing_is_wanted(s, m) && gw_evidence_can(s->account);
		int64_t at = gw_item_left_at(&m->item, left_since(m), GW_FILE_AFTER_S, now);

		if (left_since(m) == 0 || m->item.broken)
			continue;
		if (asks && at < s->no_look_before && s->no_look_before <= now + LOOK_AGAIN_S)
			at = s->no_look_before;
		if (at > now) {
			next = next == 0 || at < next ? at : next;
		} else if (asks && count < AT_ONCE) {
			asked[count++] = m;
		} else if (!asks) {
			gw_filing_queue(s, m, false);
			filed = true;
		}
	}
	if (filed) {
		gw_records_commit(s->records, NULL, NULL);
		s->dirty = true;
	} else if (count > 0 && !look_for(s, asked, count, on_sent_looked_for)) {
		next = now + LOOK_AGAIN_S; /* out of memory */
	}
	return next;
}
