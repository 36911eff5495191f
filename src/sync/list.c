/* SPDX-License-Identifier: ISC */
/* sync/list.c - which mailboxes there are and which have changed; part of sync_p.h. */
#include "sync/sync_p.h"

#include "imap/quirks.h"
#include "local/look.h"
#include "maildir/folder.h"
#include "maildir/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

static void fail(struct gw_sync *s, enum gw_code code)
{
	struct gw_error err = { 0 };

	gw_fail(&err, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	gw_sync_fail(s, &err);
}

static struct gw_session *session(const struct gw_sync *s)
{
	return s->conns[0].session;
}

static uint32_t caps(const struct gw_sync *s)
{
	return session(s) == NULL ? 0 : gw_session_caps(session(s));
}

/* Adds a mailbox that no LIST reported. */
static enum gw_code take_name(struct gw_sync *s, struct gw_slice wire, char delimiter,
	unsigned attrs, struct gw_error *err)
{
	const struct gw_response r = {
		.type = GW_RESP_LIST, .mailbox = wire, .delimiter = delimiter, .attrs = attrs
	};

	return gw_folders_find(&s->folders, wire) != NULL
		       ? GW_OK
		       : gw_folders_take_list(&s->folders, &r, s->account, err);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_sync *s = ctx;
	struct gw_error err = { 0 };

	switch (r->type) {
	case GW_RESP_NAMESPACE:
		gw_folders_take_namespace(&s->folders, r);
		break;
	case GW_RESP_LIST:
		if (s->phase != SYNC_LISTING) /* the entries point into the list */
			break;
		if (gw_folders_take_list(&s->folders, r, s->account, &err) != GW_OK)
			gw_sync_problem(s, NULL, &err);
		break;
	case GW_RESP_LSUB:
		if (s->list_way == GW_LIST_USUAL || s->phase != SYNC_LISTING)
			gw_folders_take_lsub(&s->folders, r);
		else if (take_name(s, r->mailbox, r->delimiter, r->attrs, &err) != GW_OK)
			gw_sync_problem(s, NULL, &err);
		break;
	case GW_RESP_STATUS:
		gw_folders_take_status(&s->folders, r);
		break;
	case GW_RESP_CONTINUE:
	case GW_RESP_TAGGED:
	case GW_RESP_STATUS_TEXT:
	case GW_RESP_BYE:
	case GW_RESP_CAPABILITY:
	case GW_RESP_ENABLED:
	case GW_RESP_SEARCH:
	case GW_RESP_ESEARCH:
	case GW_RESP_VANISHED:
	case GW_RESP_EXISTS:
	case GW_RESP_EXPUNGE:
	case GW_RESP_FETCH:
	case GW_RESP_OTHER:
		break;
	}
}

/* --- entries --------------------------------------------------------------------------------- */

/* with_modseq false: whatever became of its HIGHESTMODSEQ. */
static bool remote_unchanged(const struct gw_sync *s, const struct gw_entry *e, bool with_modseq)
{
	const unsigned all =
		GW_ITEM_MESSAGES | GW_ITEM_UIDNEXT | GW_ITEM_UIDVALIDITY | GW_ITEM_HIGHESTMODSEQ;
	const struct gw_folder *f = e->folder;
	const struct gw_mailbox_row *row = &e->row;

	if (s->options.full || s->copies_differ || row->uidvalidity == 0 ||
		gw_box_full_look_due(row))
		return false;
	if (s->remembered) /* what it did not report did not change */
		return !f->touched;
	if (!(caps(s) & GW_CAP_CONDSTORE) || (f->items & all) != all || f->highestmodseq == 0)
		return false; /* without CONDSTORE equal counts say only "maybe" */
	return f->messages == row->messages && f->uidnext == row->uidnext &&
	       f->uidvalidity == row->uidvalidity &&
	       (f->highestmodseq == row->highestmodseq || !with_modseq);
}

/* Deletions that an earlier run held back: told on every run, until a person decides.  Of what was
 * gone there, the server is asked first whether it still is. */
static void look_at_held(struct gw_sync *s, struct gw_entry *e)
{
	bool decided = s->options.accept_deletions || s->options.restore_deletions;
	struct gw_error err = { 0 };

	if (decided || e->row.held_gone > 0)
		e->remote_same = false;
	if (decided || e->row.held_here == 0)
		return;
	gw_box_held_error(e->row.held_here, true, s->options.dry_run, &err);
	gw_sync_problem(s, e->folder->shown, &err);
}

static void look_at_held_uploads(struct gw_sync *s, struct gw_entry *e)
{
	struct gw_error err = { 0 };

	if (s->options.accept_uploads) {
		e->remote_same = false;
		return;
	}
	gw_box_held_uploads_error(e->row.held_uploads, s->options.dry_run, &err);
	gw_sync_problem(s, e->folder->shown, &err);
}

/* True unless, by the counts, every message that base knows, and every new one, is accounted
 * for. */
static bool may_lose_there(const struct gw_entry *e)
{
	const unsigned counts = GW_ITEM_MESSAGES | GW_ITEM_UIDNEXT;
	const struct gw_folder *f = e->folder;
	uint64_t most = (uint64_t)e->row.messages + f->uidnext - e->row.uidnext;

	return f->stale || (f->items & counts) != counts || f->uidnext < e->row.uidnext ||
	       f->messages < most;
}

/* True if a refused message is due: tried again after a day, even if nothing else happens. */
static bool is_refused_due(const struct gw_sync *s, const struct gw_entry *e)
{
	return (e->row.refused > 0 &&
		       (s->options.full || e->row.refused_at + GW_REFUSED_SECONDS <= s->env.now)) ||
	       (e->row.keywords_refused > 0 &&
		       (s->options.full ||
			       e->row.keywords_refused_at + GW_KEYWORD_SECONDS <= s->env.now));
}

static bool add_entry(struct gw_sync *s, const struct gw_folder *f)
{
	struct gw_entry *e = gw_array_push(
		(void **)&s->entries, &s->entry_count, &s->entry_cap, sizeof *s->entries);
	struct gw_mailbox_row *row = gw_sync_find_row(s, f->wire);
	struct gw_error err = { 0 };
	bool local_same;

	if (e == NULL)
		return false;
	e->folder = f;
	e->conn = -1;
	if (row != NULL) {
		e->row = *row;
		row->remote_name = row->local_dir = NULL; /* the entry's now */
	} else {
		e->row = (struct gw_mailbox_row){ .remote_name = strdup(f->wire),
			.local_dir = strdup(f->dir),
			.delimiter = f->delimiter,
			.special_use = f->attrs };
		if (e->row.remote_name == NULL || e->row.local_dir == NULL)
			return false;
		s->counts.mailboxes_created++;
	}
	e->suspect = e->row.suspects > 0;
	if (f->object_id != 0 && (e->row.object_id == 0 || e->row.uidvalidity == 0))
		e->row.object_id = f->object_id;
	e->remote_same = e->row.pending == 0 && remote_unchanged(s, e, true) &&
			 (f->object_id == 0 || f->object_id == e->row.object_id);
	e->only_modseq = !e->remote_same && s->env.merges && e->row.pending == 0 &&
			 e->row.held_gone + e->row.held_here == 0 &&
			 gw_box_window_key(s->account, f, s->env.now) == e->row.window &&
			 remote_unchanged(s, e, false);
	if (e->row.held_gone + e->row.held_here > 0)
		look_at_held(s, e);
	if (e->row.held_uploads > 0)
		look_at_held_uploads(s, e);
	e->remote_same &= (e->row.set_aside + e->row.unstored == 0 || !s->env.retry_unfetchable) &&
			  gw_box_window_key(s->account, f, s->env.now) == e->row.window &&
			  (e->row.hidden == 0 || !s->options.accept_deletions ||
				  s->options.folder_count == 0);
	local_same = gw_sync_local_unchanged(s, e) && !gw_notmuch_list_has_dir(&s->tags, f->dir);
	e->local_same = local_same;
	e->dirty = !e->remote_same || !local_same ||
		   s->options.restore_deletions || /* kept files */
		   (e->row.unstored_due > 0 && s->account->direction != GW_DIRECTION_PULL) ||
		   is_refused_due(s, e);
	e->may_lose =
		e->row.uidvalidity != 0 && (!local_same || (!e->remote_same && may_lose_there(e)));
	if (strcmp(e->row.local_dir, f->dir) != 0) {
		gw_fail(&err, GW_ERR_HELD,
			"it is in %s, and would be in %s by the present configuration (`layout`): "
			"change that "
			"back, or move the directory and the state %s",
			e->row.local_dir, f->dir, s->db_path);
		e->dirty = false;
		gw_sync_problem(s, f->shown, &err);
	}
	return true;
}

static const char *all_mail(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		if (s->folders.list[i].attrs & GW_LIST_ALL)
			return s->folders.list[i].wire;
	}
	return NULL;
}

static void tell_of_missing(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].remote_name != NULL && s->options.folder_count == 0)
			gw_log(s->log, GW_LOG_INFO,
				"%s is not among the server's mailboxes that are wanted; it is "
				"left as it is",
				s->rows[i].local_dir);
	}
}

/* Most likely misspelled.  A watcher's syncs do not repeat it. */
static void tell_of_idle_patterns(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->account->folder_count && s->options.warm == NULL; i++) {
		const char *pattern = s->account->folders[i];

		if (*pattern != '!' && !gw_folders_match(&s->folders, pattern))
			gw_log(s->log, GW_LOG_WARN,
				"%s: `folders` has \"%s\", which no mailbox of the server matches",
				s->account->name, pattern);
	}
}

static void on_done(void *ctx, const struct gw_result *result);
static bool send_line(
	struct gw_sync *s, struct gw_command *line, void (*done)(void *, const struct gw_result *));

/* INBOX exists, whatever the list says (RFC 9051 5.1). */
static bool add_inbox(struct gw_sync *s)
{
	struct gw_response r = { .type = GW_RESP_LIST, .mailbox = gw_slice_str("INBOX") };
	struct gw_error err = { 0 };

	for (size_t i = 0; i < s->folders.count && r.delimiter == '\0'; i++)
		r.delimiter = s->folders.list[i].delimiter;
	if (gw_folders_take_list(&s->folders, &r, s->account, &err) != GW_OK)
		return false;
	gw_folders_choose(&s->folders, s->account, s->options.folders, s->options.folder_count);
	return true;
}

/* A list without INBOX is not whole.  It is asked for by name: that tells its attributes. */
static bool ask_for_inbox(struct gw_sync *s)
{
	struct gw_command line;

	s->list_cut = s->inbox_asked = true;
	gw_command_init(&line);
	gw_command_printf(&line, "LIST \"\" INBOX");
	return send_line(s, &line, on_done);
}

/* The list is complete. */
static void on_listed(struct gw_sync *s)
{
	if (gw_folders_find(&s->folders, gw_slice_str("INBOX")) == NULL) {
		if (!s->inbox_asked) {
			ask_for_inbox(s);
			return;
		}
		if (!add_inbox(s)) {
			fail(s, GW_ERR_NOMEM);
			return;
		}
	} else if (s->inbox_asked) {
		gw_folders_choose(
			&s->folders, s->account, s->options.folders, s->options.folder_count);
	}
	if (gw_sync_check_mailboxes(s))
		gw_sync_settle_folders(s);
}

void gw_list_again(struct gw_sync *s)
{
	bool plain = s->folders.plain;

	gw_folders_deinit(&s->folders);
	s->inbox_asked = false;
	s->folders.plain = plain;
	s->remembered = false;
	gw_sync_list(s);
}

enum { LARGE = 2000, LIST_BREAKS = 2 };

/* True for a large mailbox that was never completed: it would be listed each time, only to wait. */
static bool waits_for_tomorrow(struct gw_sync *s, const struct gw_entry *e)
{
	bool waits = gw_budget_spent(&s->budget) && e->folder->messages >= LARGE &&
		     e->row.uidnext == 0 && e->row.id != 0 &&
		     strcasecmp(e->folder->wire, "INBOX") != 0 && !s->options.dry_run &&
		     !s->options.verify;

	s->budget.postponed += waits ? e->folder->messages : 0;
	return waits;
}

/* Reports what an earlier run set aside, in every run while it lasts; the mailbox does so if it is
 * looked at. */
static void tell_set_aside(struct gw_sync *s, const struct gw_entry *e)
{
	struct gw_error err = { 0 };

	if (e->row.set_aside > 0) {
		gw_box_aside_error(e->row.set_aside, false, &err);
		gw_sync_problem(s, e->folder->shown, &err);
		gw_error_clear(&err);
	}
	if (e->row.refused > 0) {
		gw_box_aside_error(e->row.refused, true, &err);
		gw_sync_problem(s, e->folder->shown, &err);
		gw_error_clear(&err);
	}
	if (e->row.unstored > 0 && s->account->direction != GW_DIRECTION_PULL) {
		gw_box_unstored_error(e->row.unstored, &err);
		gw_sync_problem(s, e->folder->shown, &err);
		gw_error_clear(&err);
	}
	if (e->row.hidden > 0) {
		gw_box_hidden_error(e->row.shows, e->row.hidden, &err);
		gw_sync_problem(s, e->folder->shown, &err);
		gw_error_clear(&err);
	}
	if (e->row.keywords_refused > 0) {
		gw_box_keywords_error(e->row.keywords_refused, &err);
		gw_sync_problem(s, e->folder->shown, &err);
	}
}

void gw_list_settled(struct gw_sync *s)
{
	const char *text = gw_session_caps_text(session(s));
	bool write_now = false;

	s->env.merges = (caps(s) & GW_CAP_GMAIL) != 0;
	s->env.all = s->env.merges ? all_mail(s) : NULL;
	s->env.archive = s->folders.archive;
	s->env.labels = s->env.merges && s->account->labels != GW_LABELS_NONE;
	if (gw_sync_reads_tags(s))
		return; /* and comes back */
	if (s->account->labels != GW_LABELS_NONE && !s->env.merges)
		gw_log(s->log, GW_LOG_WARN,
			"%s has no labels (X-GM-EXT-1), so `labels` changes nothing",
			s->account->host);
	if (*text != '\0' && (s->caps == NULL || strcmp(text, s->caps) != 0)) {
		s->env.retry_unfetchable |= s->caps != NULL; /* another one may give them */
		free(s->caps);
		s->caps = strdup(text);
		s->quirks = s->quirks_learned; /* it is not the server that it was */
		gw_session_forget(session(s), ~(s->quirks | gw_session_learned(session(s))));
		write_now = true; /* remembered, so that the next run need not ask */
	}
	gw_sync_learn(s, session(s));
	write_now |= s->quirks != s->quirks_stored || s->caps_before_changed || s->muted_changed;
	s->counts.waiting_there += s->left_there;
	for (size_t i = 0; i < s->folders.count; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		if (f->wanted && f->not_here)
			s->counts.waiting_there++;
		else if (f->wanted && !gw_sync_is_blocked(s, f->wire) && !add_entry(s, f)) {
			fail(s, GW_ERR_NOMEM);
			return;
		}
	}
	if (!gw_sync_choose_trash(s)) {
		fail(s, GW_ERR_NOMEM);
		return;
	}
	s->must_write = write_now;
	if (!gw_sync_ask_modseq(s))
		gw_sync_entries_known(s);
}

void gw_list_ready(struct gw_sync *s)
{
	bool write_now = s->must_write;

	tell_of_missing(s);
	tell_of_idle_patterns(s);
	s->counts.mailboxes = s->entry_count;
	gw_sync_wake_archive(s);
	for (size_t i = 0; i < s->entry_count; i++) {
		s->counts.mailboxes_changed += s->entries[i].dirty && !s->entries[i].remote_same;
		s->entries[i].settled =
			!s->entries[i].dirty || waits_for_tomorrow(s, &s->entries[i]);
		if (s->entries[i].settled)
			tell_set_aside(s, &s->entries[i]);
		write_now |=
			s->entries[i].row.id == 0; /* it needs a row before its first message */
	}
	if (s->entry_count == 0 && s->options.folder_count > 0 && s->blocked_count == 0 &&
		s->counts.waiting_there == 0) {
		struct gw_error err = { 0 };

		gw_fail(&err, GW_ERR_CONFIG,
			"there is no mailbox \"%s\"%s; `godwit folders %s` lists them",
			s->options.folders[0],
			s->options.folder_count > 1 ? " and none of the others named" : "",
			s->account->name);
		gw_sync_fail(s, &err);
	} else if (write_now && !s->options.dry_run) {
		gw_sync_prepare(s);
	} else {
		gw_sync_work(s);
	}
}

/* --- asking ---------------------------------------------------------------------------------- */

static void on_done(void *ctx, const struct gw_result *result)
{
	struct gw_sync *s = ctx;

	s->list_pending--;
	if (result->kind == GW_RESULT_LOST)
		return; /* the session's own event follows */
	if (result->kind !=
		GW_RESULT_OK) /* of one mailbox: its state is unknown, so it is looked at */
		gw_log(s->log, GW_LOG_INFO, "%s", result->err->text);
	if (s->list_pending == 0 && s->phase == SYNC_LISTING)
		on_listed(s);
}

static bool send_line(
	struct gw_sync *s, struct gw_command *line, void (*done)(void *, const struct gw_result *))
{
	enum gw_code code = gw_session_send(session(s), line,
		&(struct gw_handlers){ .response = on_response, .done = done, .ctx = s });

	if (code != GW_OK) {
		fail(s, code);
		return false;
	}
	s->list_pending++;
	return true;
}

/* How much the first sync is to fetch is told from its beginning (RFC 8438).  A server that does not know it by heart
 * looks at each message for it: one that is too slow for that is not asked a second time. */
static bool asks_sizes(const struct gw_sync *s)
{
	return (caps(s) & GW_CAP_STATUS_SIZE) && s->row_count == 0 && s->list_breaks == 0 &&
	       s->phase == SYNC_LISTING;
}

/* RFC 5819; Dovecot refuses the whole LIST for one item that it does not know. */
static const char *status_items(const struct gw_sync *s)
{
	bool ids = caps(s) & GW_CAP_OBJECTID, modseq = caps(s) & GW_CAP_CONDSTORE;

	if (asks_sizes(s))
		return modseq && ids ? "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ MAILBOXID SIZE)"
		       : modseq      ? "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE)"
		       : ids         ? "(MESSAGES UIDNEXT UIDVALIDITY MAILBOXID SIZE)"
				     : "(MESSAGES UIDNEXT UIDVALIDITY SIZE)";
	return modseq && ids ? "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ MAILBOXID)"
	       : modseq      ? "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
	       : ids         ? "(MESSAGES UIDNEXT UIDVALIDITY MAILBOXID)"
			     : "(MESSAGES UIDNEXT UIDVALIDITY)";
}

static bool has_list_status(const struct gw_sync *s)
{
	const uint32_t both = GW_CAP_LIST_STATUS | GW_CAP_LIST_EXTENDED;

	return !s->folders.plain && (caps(s) & both) == both;
}

/* True if STATUS matters: with CONDSTORE the counts tell what changed; without, which mailbox was
 * renamed. */
static bool status_matters(struct gw_sync *s, const struct gw_folder *f)
{
	if (caps(s) & GW_CAP_CONDSTORE)
		return true;
	if (s->folders_settled || gw_sync_find_row(s, f->wire) != NULL)
		return false;
	for (size_t i = 0; i < s->row_count; i++) {
		if (gw_folders_find(&s->folders, gw_slice_str(s->rows[i].remote_name)) == NULL)
			return true;
	}
	return false;
}

static bool asks_status_of(struct gw_sync *s, const struct gw_folder *f)
{
	return f->wanted && !gw_sync_is_muted(s, f->wire) && status_matters(s, f);
}

static void on_status(void *ctx, const struct gw_result *result)
{
	struct gw_sync *s = ctx;

	s->status_answers += result->kind != GW_RESULT_LOST;
	on_done(ctx, result);
}

/* The list is there.  Without LIST-STATUS each mailbox is asked for, all in one flight; without
 * CONDSTORE the answers would decide nothing. */
static void ask_status(struct gw_sync *s)
{
	s->folders.archive = s->account->archive && (caps(s) & GW_CAP_GMAIL) != 0;
	gw_folders_choose(&s->folders, s->account, s->options.folders, s->options.folder_count);
	if (has_list_status(s))
		return;
	for (size_t i = 0; i < s->folders.count; i++) {
		struct gw_command line;

		if (!asks_status_of(s, &s->folders.list[i]))
			continue;
		gw_command_init(&line);
		gw_command_printf(&line, "STATUS ");
		gw_command_string(&line, gw_slice_str(s->folders.list[i].wire), caps(s));
		gw_command_printf(&line, " %s", status_items(s));
		if (!send_line(s, &line, on_status))
			return;
	}
}

/* Servers answer in the order in which they are asked: it is the first that has no answer. */
static bool mute_next(struct gw_sync *s)
{
	size_t left = s->status_answers;

	for (size_t i = 0; i < s->folders.count; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		if (asks_status_of(s, f) && left-- == 0)
			return gw_sync_mute(s, gw_slice_str(f->wire));
	}
	return false;
}

bool gw_sync_list_broke(struct gw_sync *s)
{
	if (s->phase != SYNC_LISTING || s->folders_settled || s->remembered)
		return false;
	if (s->list_came)
		return mute_next(s);
	if (s->list_way != GW_LIST_USUAL) {
		bool more = s->list_way == GW_LIST_BY_LSUB && s->row_count > 0;

		s->list_way = GW_LIST_BY_STATE;
		return more && gw_sync_mute(s, gw_slice_str(""));
	}
	if (++s->list_breaks < LIST_BREAKS)
		return true; /* perhaps it was the line */
	if (s->list_extended) {
		s->quirks |= GW_QUIRK_PLAIN_LIST;
		s->quirks_learned |= GW_QUIRK_PLAIN_LIST;
		return true;
	}
	s->list_way = GW_LIST_BY_LSUB;
	return gw_sync_mute(s, gw_slice_str(""));
}

static void on_counts(void *ctx, const struct gw_result *result)
{
	struct gw_sync *s = ctx;

	if (result->kind == GW_RESULT_LOST)
		gw_log(s->log, GW_LOG_DEBUG, "the second look at the counts was lost");
	if (--s->count_pending > 0)
		return;
	gw_sync_counts_came(s);
	if (result->kind != GW_RESULT_LOST)
		gw_sync_pump(s);
}

static bool ask_again(struct gw_sync *s, struct gw_session *on, struct gw_command *line)
{
	enum gw_code code = gw_session_send(on, line,
		&(struct gw_handlers){ .response = on_response, .done = on_counts, .ctx = s });

	gw_command_deinit(line);
	s->count_pending += code == GW_OK;
	return code == GW_OK;
}

/* A connection on which nothing is going on. */
static struct gw_session *idle_session(const struct gw_sync *s)
{
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		const struct gw_conn *c = &s->conns[i];

		if (c->session != NULL && c->ready && c->box_count == 0 &&
			gw_session_usable(c->session))
			return c->session;
	}
	return NULL;
}

bool gw_sync_ask_counts(struct gw_sync *s)
{
	struct gw_session *on;
	struct gw_command line;
	bool asked = false;

	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			gw_box_yield(s->entries[i].box);
	}
	on = idle_session(s);
	if (on == NULL)
		return false;
	gw_command_init(&line);
	/* STATUS of the selected one may be stale. */
	if (gw_session_selected(on) && (gw_session_caps(on) & GW_CAP_UNSELECT)) {
		gw_command_printf(&line, "UNSELECT");
		asked |= ask_again(s, on, &line);
		gw_command_init(&line);
	}
	if (has_list_status(s)) {
		gw_command_printf(&line, "LIST \"\" \"*\" RETURN (STATUS %s)", status_items(s));
		return ask_again(s, on, &line) || asked;
	}
	for (size_t i = 0; i < s->entry_count; i++) {
		if (gw_sync_is_muted(s, s->entries[i].folder->wire))
			continue;
		gw_command_init(&line);
		gw_command_printf(&line, "STATUS ");
		gw_command_string(&line, gw_slice_str(s->entries[i].folder->wire), caps(s));
		gw_command_printf(&line, " %s", status_items(s));
		asked |= ask_again(s, on, &line);
	}
	return asked;
}

static void send_list(struct gw_sync *s);

/* Adds what the state knows to what LSUB reported; it proves nothing. */
static void take_known(struct gw_sync *s)
{
	struct gw_error err = { 0 };

	s->list_cut = s->inbox_asked = true;
	for (size_t i = 0; i < s->row_count; i++) {
		const struct gw_mailbox_row *row = &s->rows[i];

		if (take_name(s, gw_slice_str(row->remote_name), row->delimiter, row->special_use,
			    &err) != GW_OK)
			gw_sync_problem(s, NULL, &err);
		gw_error_clear(&err);
	}
	gw_fail(&err, GW_ERR_PROTOCOL,
		"the server ends the connection when it is asked for its mailboxes: those that are "
		"subscribed, and those that were there before, are synchronized (`sync --full` asks once more)");
	err.scope = GW_SCOPE_MAILBOX;
	gw_sync_problem(s, NULL, &err);
}

static void on_names(struct gw_sync *s)
{
	s->list_came = true;
	ask_status(s);
	if (s->list_pending == 0 && s->phase == SYNC_LISTING)
		on_listed(s);
}

static void on_list_done(void *ctx, const struct gw_result *result)
{
	struct gw_sync *s = ctx;
	struct gw_error err = { 0 };

	s->list_pending--;
	if (result->kind == GW_RESULT_LOST)
		return;
	if (s->list_way == GW_LIST_BY_LSUB) { /* also where that was refused */
		take_known(s);
		on_names(s);
		return;
	}
	if (result->kind == GW_RESULT_OK) {
		on_names(s);
		return;
	}
	if (!s->folders.plain) {
		s->folders.plain = true; /* some servers announce more than they understand */
		send_list(s);
		return;
	}
	err = *result->err;
	gw_sync_fail(s, &err);
}

static void send_list(struct gw_sync *s)
{
	bool extended = !s->folders.plain && (caps(s) & GW_CAP_LIST_EXTENDED);
	struct gw_command line;

	s->list_extended = extended;
	if (s->list_way == GW_LIST_BY_STATE) {
		take_known(s);
		on_names(s);
		return;
	}
	if (s->list_way == GW_LIST_BY_LSUB) {
		gw_command_init(&line);
		gw_command_printf(&line, "LSUB \"\" \"*\"");
		send_line(s, &line, on_list_done);
		return;
	}
	if (s->account->subscribed && !extended) {
		gw_command_init(&line);
		gw_command_printf(&line, "LIST \"\" \"*\"");
		if (!send_line(s, &line, on_done)) /* names first: LSUB only marks them */
			return;
		gw_command_printf(&line, "LSUB \"\" \"*\"");
		send_line(s, &line, on_list_done);
		return;
	}
	gw_command_init(&line);
	gw_command_printf(&line, "LIST \"\" \"*\"");
	if (extended)
		gw_command_printf(&line, " RETURN (%sSUBSCRIBED%s%s)",
			caps(s) & GW_CAP_SPECIAL_USE ? "SPECIAL-USE " : "",
			has_list_status(s) ? " STATUS " : "",
			has_list_status(s) ? status_items(s) : "");
	send_line(s, &line, on_list_done);
}

void gw_list_begin(struct gw_sync *s)
{
	struct gw_command line;

	gw_sync_enter(s, SYNC_LISTING);
	if (s->remembered) {
		on_listed(s);
		return;
	}
	s->list_came = false;
	s->status_answers = 0;
	if (s->list_way == GW_LIST_USUAL && gw_sync_muted_lists(s) > 0)
		s->list_way = gw_sync_muted_lists(s) > 1 ? GW_LIST_BY_STATE : GW_LIST_BY_LSUB;
	gw_sync_stage(s, "listing mailboxes");
	/* Gmail's has no prefix and no others. */
	if ((caps(s) & GW_CAP_NAMESPACE) && !(caps(s) & GW_CAP_GMAIL)) {
		gw_command_init(&line);
		gw_command_printf(&line, "NAMESPACE");
		if (!send_line(s, &line, on_done))
			return;
	}
	send_list(s);
}
