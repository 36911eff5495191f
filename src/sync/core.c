/* sync/core.c - what every part of a sync uses: its phase, what it tells, what crossed the wire, and how
 * a part goes on.  Calls nothing above itself, but through s->machine.
 */
#include "sync/sync_p.h"

#include <assert.h>
#include <stdlib.h>

void gw_sync_enter(struct gw_sync *s, enum gw_sync_phase next)
{
	assert(gw_sync_may_follow(s->phase, next));
	if (s->phase != next)
		gw_log(s->log, GW_LOG_DEBUG, "%s: %s -> %s", s->account->name,
			gw_sync_phase_name(s->phase), gw_sync_phase_name(next));
	s->phase = next;
}

void gw_sync_emit(struct gw_sync *s, struct gw_sync_event ev)
{
	struct gw_sync_counts counts = s->counts;

	gw_sync_wire(s, &counts.wire_received, &counts.wire_sent);
	counts.postponed = s->budget.postponed;
	ev.counts = &counts;
	s->cb(s->ctx, &ev);
}

void gw_sync_stage(struct gw_sync *s, const char *text)
{
	gw_sync_emit(s, (struct gw_sync_event){ .type = GW_SYNC_STAGE, .text = text });
}

void gw_sync_tell_plan(struct gw_sync *s, const char *mailbox, const char *text)
{
	gw_sync_emit(s,
		(struct gw_sync_event){ .type = GW_SYNC_PLAN, .mailbox = mailbox, .text = text });
}

bool gw_sync_changed(const struct gw_sync_counts *c)
{
	return c->downloaded + c->uploaded + c->flags_changed + c->flags_sent + c->deleted +
		       c->deleted_there + c->moved + c->copied + c->paired + c->expired +
		       c->mailboxes_made + c->mailboxes_renamed + c->mailboxes_deleted >
	       0;
}

void gw_sync_tell_new(struct gw_sync *s, const char *mailbox, const char *path)
{
	gw_sync_emit(
		s, (struct gw_sync_event){ .type = GW_SYNC_NEW, .mailbox = mailbox, .text = path });
}

void gw_sync_problem(struct gw_sync *s, const char *mailbox, const struct gw_error *err)
{
	s->counts.problems++;
	gw_sync_emit(s,
		(struct gw_sync_event){ .type = GW_SYNC_PROBLEM, .mailbox = mailbox, .err = err });
}

void gw_sync_wire(const struct gw_sync *s, uint64_t *received, uint64_t *sent)
{
	*received = s->received;
	*sent = s->sent;
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		uint64_t in, out;

		if (s->conns[i].session == NULL)
			continue;
		gw_session_traffic(s->conns[i].session, &in, &out);
		*received += in - s->conns[i].received_before;
		*sent += out - s->conns[i].sent_before;
	}
}

static void set_caps_before(struct gw_sync *s, const char *text)
{
	free(s->caps_before);
	s->caps_before = gw_copy_str(text);
	s->caps_before_changed = true;
}

bool gw_sync_learn(struct gw_sync *s, const struct gw_session *session)
{
	unsigned learned = gw_session_quirks(session) & ~s->quirks;
	const char *before = gw_session_caps_before(session);
	bool doubted = gw_session_doubts_before(session) && s->caps_before != NULL;

	if (doubted)
		set_caps_before(s, NULL);
	if (*before != '\0' && (s->caps_before == NULL || strcmp(before, s->caps_before) != 0))
		set_caps_before(s, before);
	s->quirks |= learned;
	s->quirks_learned |= learned;
	return learned != 0 || doubted;
}

void gw_sync_count_traffic(struct gw_conn *c)
{
	struct gw_sync *s = c->sync;
	uint64_t received, sent;

	gw_sync_learn(s, c->session);
	gw_session_traffic(c->session, &received, &sent);
	s->received += received - c->received_before;
	s->sent += sent - c->sent_before;
	c->received_before = c->sent_before = 0;
	c->ready = false;
}

bool gw_sync_is_blocked(const struct gw_sync *s, const char *wire)
{
	for (size_t i = 0; i < s->blocked_count; i++) {
		if (strcmp(s->blocked[i], wire) == 0)
			return true;
	}
	return false;
}

bool gw_sync_block(struct gw_sync *s, const char *wire)
{
	char **slot = gw_array_push(
		(void **)&s->blocked, &s->blocked_count, &s->blocked_cap, sizeof *s->blocked);

	if (slot != NULL && (*slot = strdup(wire)) == NULL)
		s->blocked_count--;
	return slot != NULL && *slot != NULL;
}

/* --- going on -------------------------------------------------------------------------------- */

void gw_sync_pump(struct gw_sync *s)
{
	s->machine->pump(s);
}

void gw_sync_fail(struct gw_sync *s, const struct gw_error *err)
{
	s->machine->fail(s, err);
}

void gw_sync_fail_nomem(struct gw_sync *s)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	gw_sync_fail(s, &err);
}

void gw_sync_maybe_finish(struct gw_sync *s)
{
	s->machine->maybe_finish(s);
}

void gw_sync_work(struct gw_sync *s)
{
	s->machine->work(s);
}

void gw_sync_finished(struct gw_sync *s)
{
	s->machine->finished(s);
}

void gw_sync_list(struct gw_sync *s)
{
	s->machine->list(s);
}

void gw_sync_listed(struct gw_sync *s)
{
	s->machine->listed(s);
}

void gw_sync_list_again(struct gw_sync *s)
{
	s->machine->list_again(s);
}

void gw_sync_entries_known(struct gw_sync *s)
{
	s->machine->entries_known(s);
}

void gw_sync_counts_came(struct gw_sync *s)
{
	s->machine->counts_came(s);
}

void gw_sync_on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_conn *c = ctx;

	c->sync->machine->on_session(c, event, err);
}
