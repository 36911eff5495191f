/* SPDX-License-Identifier: ISC */
/* sync/core.c - what every part of a sync uses: its phase, what it tells, what crossed the wire, and how
 * a part goes on.  Calls nothing above itself, but through s->machine.
 */
#include "sync/sync_p.h"

#include "godwit/last.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NOTE_MS = 5000 };

void gw_sync_enter(struct gw_sync *s, enum gw_sync_phase next)
{
	assert(gw_sync_may_follow(s->phase, next));
	if (s->phase != next)
		gw_log(s->log, GW_LOG_DEBUG, "%s: %s -> %s", s->account->name,
			gw_sync_phase_name(s->phase), gw_sync_phase_name(next));
	s->phase = next;
}

/* Estimates from the server's counts how many messages of an unexamined mailbox are new; how many
 * are too old for a window is unknown. */
static uint64_t expects(const struct gw_entry *e)
{
	const struct gw_window *w = &e->folder->window;
	uint64_t known = (e->row.uidnext == 0 ? 0 : e->row.messages) + e->got;
	uint64_t more;

	if (e->settled || e->done_once || e->stage >= ENTRY_PLANNED ||
		!(e->folder->items & GW_ITEM_MESSAGES) || w->max_age > 0 || w->since > 0)
		return 0;
	more = e->folder->messages > known ? e->folder->messages - known : 0;
	return w->max_messages > 0 && more > w->max_messages ? w->max_messages : more;
}

static uint64_t expected(const struct gw_sync *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->entry_count; i++)
		n += expects(&s->entries[i]);
	return n;
}

/* Their size.  0: of one of them the server did not tell it. */
static uint64_t bytes_expected(const struct gw_sync *s)
{
	double bytes = 0;

	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_folder *f = s->entries[i].folder;
		uint64_t n = expects(&s->entries[i]);

		if (n > 0 && !(f->items & GW_ITEM_SIZE))
			return 0;
		if (n > 0)
			bytes += (double)f->total_size * (double)n / (double)f->messages;
	}
	return bytes < 0x1p64 ? (uint64_t)bytes : UINT64_MAX; /* the server may tell nonsense */
}

void gw_sync_note_last(const struct gw_sync *s, bool ended)
{
	bool stopped = s->err.code == GW_ERR_CANCELLED;
	struct gw_error ignored = { 0 };
	struct gw_last last;

	if (s->options.dry_run || s->options.verify || s->options.folder_count > 0 ||
		gw_last_read(s->account, &last, &ignored) != GW_OK)
		return;
	last = (struct gw_last){ .good = last.good,
		.tried = (int64_t)time(NULL),
		.failed = ended && s->err.code != GW_OK && !stopped,
		.problems = s->counts.problems,
		.waiting_there = ended && s->err.code == GW_OK ? s->counts.changes_there
							       : last.waiting_there };
	snprintf(last.text, sizeof last.text, "%.599s",
		last.failed ? s->err.text : s->first_problem);
	if (!ended || s->err.code != GW_OK || s->budget.postponed > 0) {
		last.to_come = s->counts.to_download - s->counts.downloaded + expected(s);
		last.bytes_to_come =
			s->counts.bytes_to_download > s->counts.bytes_downloaded
				? s->counts.bytes_to_download - s->counts.bytes_downloaded
				: 0;
	}
	if (ended && s->err.code == GW_OK && last.problems == 0)
		last.good = last.tried;
	gw_last_write(s->account, &last);
}

/* A run that is killed has said how far it was. */
static void note_now_and_then(struct gw_sync *s)
{
	if (s->noted_at != 0 && uv_now(s->loop) - s->noted_at < NOTE_MS)
		return;
	s->noted_at = uv_now(s->loop);
	if (s->counts.to_download > s->counts.downloaded)
		gw_sync_note_last(s, false);
}

/* All mailboxes are asked for it: while mail comes, once in a turn of the loop. */
static void count_expected(struct gw_sync *s, bool progress)
{
	uint64_t now = uv_now(s->loop);

	if (!progress || now != s->expected_at) {
		s->expected = expected(s);
		s->bytes_expected = bytes_expected(s);
	}
	s->expected_at = now;
}

void gw_sync_emit(struct gw_sync *s, struct gw_sync_event ev)
{
	struct gw_sync_counts counts = s->counts;

	if (ev.type == GW_SYNC_PROGRESS)
		note_now_and_then(s);
	count_expected(s, ev.type == GW_SYNC_PROGRESS);
	counts.expected = s->expected;
	counts.bytes_expected = s->bytes_expected;
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

void gw_sync_tell_new(struct gw_sync *s, const char *mailbox, const char *path, bool old)
{
	gw_sync_emit(
		s, (struct gw_sync_event){
			   .type = GW_SYNC_NEW, .mailbox = mailbox, .text = path, .old = old });
}

bool gw_sync_had_problem(const struct gw_sync *s, const char *mailbox)
{
	for (size_t i = s->told_count; i-- > 0;) { /* most are about the last one */
		if (strcmp(s->told[i], mailbox) == 0)
			return true;
	}
	return false;
}

static void note_told(struct gw_sync *s, const char *mailbox)
{
	char *name = gw_sync_had_problem(s, mailbox) ? NULL : strdup(mailbox), **slot;

	if (name == NULL)
		return; /* without memory it may be told twice */
	slot = gw_array_push((void **)&s->told, &s->told_count, &s->told_cap, sizeof *s->told);
	if (slot == NULL)
		free(name);
	else
		*slot = name;
}

void gw_sync_problem(struct gw_sync *s, const char *mailbox, const struct gw_error *err)
{
	if (mailbox != NULL)
		note_told(s, mailbox);
	if (s->counts.problems++ == 0)
		snprintf(s->first_problem, sizeof s->first_problem, "%.200s%s%s",
			mailbox != NULL ? mailbox : "", mailbox != NULL ? ": " : "", err->text);
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
	unsigned learned = gw_session_learned(session) & ~s->quirks;
	unsigned forgotten = gw_session_forgotten(session);
	const char *before = gw_session_caps_before(session);
	bool doubted = gw_session_doubts_before(session) && s->caps_before != NULL;

	if (doubted)
		set_caps_before(s, NULL);
	if (*before != '\0' && (s->caps_before == NULL || strcmp(before, s->caps_before) != 0))
		set_caps_before(s, before);
	s->quirks = (s->quirks | learned) & ~forgotten;
	s->quirks_learned = (s->quirks_learned | learned) & ~forgotten;
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
