/* SPDX-License-Identifier: ISC */
/* mailbox/look.c - what each side says of a mailbox: its directory and rows, then the server; part of
 * the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include "imap/quirks.h"

#include <strings.h>

void gw_box_drop_views(struct gw_box *box)
{
	gw_place_unref(box->place);
	box->place = NULL;
	gw_local_view_deinit(&box->local);
	gw_keywords_deinit(&box->keywords);
}

static void take_keywords(struct gw_box *box)
{
	gw_keywords_deinit(&box->keywords);
	box->keywords = box->local.keywords;
	box->local.keywords = (struct gw_keywords){ 0 };
	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) { /* those that only the file knew */
		struct gw_op op = { .kind = GW_OP_KEYWORD, .uid = i };

		if (box->keywords.names[i] == NULL || box->place == NULL || box->env->dry_run ||
			(box->local.keywords_stored & GW_FLAG_KEYWORD(i)))
			continue;
		op.to = strdup(box->keywords.names[i]);
		if (op.to == NULL)
			box->incomplete = true;
		else
			gw_box_add(box, &op);
	}
}

static void fail_gone(struct gw_box *box)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_HELD,
		"its directory %s/%s is gone, so nothing was done: bring it back, or, to fetch "
		"everything "
		"anew, move the state %s/%s.db away (mail that is here is then recognised)",
		box->env->account->maildir, box->folder->dir, box->env->account->state_dir,
		box->env->account->name);
	err.scope = GW_SCOPE_MAILBOX;
	gw_box_fail(box, &err);
}

/* Neither mail nor absence: nothing is done about these until they are files again, or gone. */
static void tell_covered(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (box->local.covered_count == 0 || box->state != BOX_LOOKING)
		return;
	box->plan.look_again = true;
	gw_fail(&err, GW_ERR_REFUSED,
		"where the file of message UID %u was (and of %zu others) there is something else "
		"now: a link, a pipe or a directory; nothing is done about it until the file is "
		"back, or the entry gone",
		box->local.covered_uid, box->local.covered_count - 1);
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

/* Reports files too damaged to replace the text on the server. */
static void tell_wrecks(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (box->local.wreck_count == 0 || box->state != BOX_LOOKING)
		return;
	gw_fail(&err, GW_ERR_REFUSED,
		"the file of message UID %u (and of %zu others) was written to, and is empty now or "
		"holds NUL bytes: the server keeps its text; `godwit verify --bodies --repair` fetches "
		"that, and then the file can go",
		box->local.wreck_uid, box->local.wreck_count - 1);
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

/* The flags are agreed on, and stand on the server and in the state alone. */
static void tell_crowded(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (box->local.crowded_count == 0 || box->state != BOX_LOOKING)
		return;
	box->plan.look_again = true;
	gw_fail(&err, GW_ERR_HELD,
		"the name of the file of message UID %u (and of %zu others) has no room for the flags that "
		"the message has on the server; give it a shorter one",
		box->local.crowded_uid, box->local.crowded_count - 1);
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

static bool is_other_inode(uint64_t inode, uint64_t before)
{
	return before != 0 && inode != before;
}

static void on_looked(
	void *ctx, struct gw_place *place, struct gw_local_view *view, const struct gw_error *err)
{
	struct gw_box *box = ctx;

	box->place = place;
	box->saw_at = ++*box->env->moments;
	if (view != NULL)
		box->local = *view;
	if (!box->local.scan.trusted && !box->local.missing)
		box->fresh_from = 0;
	if (err != NULL) {
		gw_box_fail(box, err);
	} else if (box->stopped) {
		gw_box_end_lost(box, NULL);
	} else if (box->local.missing && box->row->uidvalidity != 0) {
		fail_gone(box);
	} else {
		take_keywords(box);
		tell_covered(box);
		tell_wrecks(box);
		tell_crowded(box);
		/* Another directory stands in its place, or in that of a part, which was made again. */
		box->copies_differ |= is_other_inode(box->local.inode, box->row->inode);
		box->lacks_files |= is_other_inode(box->local.cur_inode, box->row->cur.inode) ||
				    is_other_inode(box->local.new_inode, box->row->new.inode);
		if (box->state == BOX_LOOKING) {
			box->same = box->remote_same && !box->copies_differ &&
				    !gw_box_changed_here(box);
			if (!box->same && !box->folder->to_be_made) {
				if (gw_box_bars_look(box))
					return;
				box->env->counts->mailboxes_changed += box->remote_same;
			}
		}
		gw_box_step(box);
	}
}

void gw_box_look(struct gw_box *box)
{
	/* Rows' prints serve is_another(), and renumbered UIDs. */
	bool with_prints = box->state == BOX_LOOKING_AT_PRINTS ||
			   (box->state == BOX_LOOKING &&
				   (box->env->verify ||
					   (box->row->uidvalidity != 0 && box->row->full_at == 0)));

	const struct gw_look_options options = { .dir = box->folder->dir,
		.name = box->folder->name,
		.mailbox = box->row->id,
		.create = box->row->uidvalidity == 0,
		.reserve = box->env->account->min_free_space,
		.separator = box->env->account->info_separator,
		.oldest = box->oldest,
		.max_size = box->folder->window.max_size,
		.retry_refused = box->env->full,
		.retry_kept = box->env->restore_deletions,
		.accept_held = box->env->accept_uploads,
		.tags = box->env->tags,
		.is_label = box->env->is_label,
		.ctx = box->env->ctx,
		.with_prints = with_prints,
		.find_edits =
			!box->env->verify && (box->env->full || gw_box_full_look_due(box->row) ||
						     (box->folder->attrs & GW_LIST_DRAFTS)),
		.edits_since = box->row->full_at };

	gw_box_drop_views(box);
	box->fresh_from = ++*box->env->moments;
	if (gw_look_start(box->env->disk, &options, on_looked, box) != GW_OK)
		gw_box_fail_nomem(box);
}

/* A mailbox that was recognised by its UIDVALIDITY under another name is believed only if its
 * messages are as large as base's. */
static bool is_another(const struct gw_box *box)
{
	const struct gw_remote_view *v = &box->remote;
	size_t compared = 0, differ = 0, r = 0;

	for (size_t i = 0; i < box->local.print_count && v->full; i++) {
		const struct gw_pair_local *p = &box->local.prints[i];

		while (r < v->count && v->messages[r].uid < p->index)
			r++;
		if (r == v->count || v->messages[r].uid != p->index || v->messages[r].size == 0 ||
			p->size == 0)
			continue;
		compared++;
		differ += v->messages[r].size != p->size;
	}
	return differ * 10 > compared; /* some servers count a few wrongly */
}

/* True if MAILBOXID (RFC 8474) differs: another mailbox under the same name, perhaps with the same
 * UIDVALIDITY. */
static bool has_another_id(const struct gw_box *box)
{
	return box->row->uidvalidity != 0 && box->row->object_id != 0 &&
	       box->folder->object_id != 0 && box->row->object_id != box->folder->object_id &&
	       strcasecmp(box->folder->wire, "INBOX") != 0; /* which RENAME leaves where it is */
}

/* From its SELECT on, with nothing behind it. */
static void look_once_more(struct gw_box *box)
{
	if (box->stopped) {
		gw_box_end_lost(box, NULL);
		return;
	}
	gw_log(box->env->log, GW_LOG_DEBUG, "%s: more is to be asked; looking again, alone",
		box->folder->shown);
	box->looks_alone = true;
	box->then = BOX_OBSERVING;
	gw_box_ask_session(box);
}

static void on_observed(
	void *ctx, struct gw_remote_view *view, bool plain, const struct gw_error *err)
{
	struct gw_box *box = ctx;

	box->env->plain_select |= plain;
	if (err != NULL) {
		gw_box_fail(box, err);
		return;
	}
	if (view == NULL) {
		look_once_more(box);
		return;
	}
	box->remote = *view;
	if (box->looks_at_few)
		gw_session_learn(box->session, GW_QUIRK_FEW);
	if (box->superseded) /* another mailbox is at work there */
		gw_box_release(box);
	gw_box_looked_there(box);
	if (!box->env->verify && (is_another(box) || has_another_id(box)))
		box->remote.restarted = true;
	gw_box_step(box);
}

bool gw_box_is_renumbered(struct gw_box *box)
{
	return box->remote.restarted && box->local.base_count > 0;
}

/* A server that ended the connection twice when it was asked for all messages, or is known to, is asked
 * for some at a time. */
static size_t choose_few(struct gw_box *box)
{
	bool known = (gw_session_quirks(box->session) & GW_QUIRK_FEW) != 0;

	box->looks_at_few = known || gw_box_broke_looking(box);
	if (known && box->env->fetch_most == 0)
		box->env->fetch_most = GW_FEW;
	return box->looks_at_few ? GW_FEW : 0;
}

static void observe_server(struct gw_box *box)
{
	const struct gw_observe_options options = { .session = box->session,
		.mailbox = box->folder->wire,
		.full = box->env->full || box->copies_differ || gw_box_full_look_due(box->row) ||
			(box->env->retry_unfetchable && box->row->set_aside > 0) ||
			gw_box_window_key(box->env->account, box->folder, box->env->now) !=
				box->row->window,
		.list = box->local.held_gone.count > 0 ||
			(box->env->accept_hidden && box->row->shows > 0),
		.oldest = box->oldest,
		.plain_select = box->env->plain_select,
		.few = choose_few(box),
		.uidvalidity = box->row->uidvalidity,
		.uidnext = box->row->uidnext,
		.highestmodseq = box->row->highestmodseq,
		.base = box->local.base,
		.base_count = box->local.base_count,
		.flags = gw_box_flags,
		.storable = gw_box_storable_of,
		.done = on_observed,
		.ctx = box };
	enum gw_code code;

	box->session_used = true;
	box->selected = true;
	box->asked_full = options.full;
	code = gw_observe_remote(&options);
	box->selection = gw_session_selection(box->session);
	if (code != GW_OK)
		gw_box_end_unsent(box, code);
	else if (options.few == 0 && !box->looks_alone)
		gw_box_drain(box);
}

bool gw_box_is_looking(const struct gw_box *box)
{
	return box->state == BOX_LOOKING;
}

void gw_box_observe(struct gw_box *box)
{
	if (!box->folder->to_be_made) {
		observe_server(box);
		return;
	}
	/* A dry run: the real one would make it first. */
	box->remote = (struct gw_remote_view){
		.uidvalidity = 1, .uidnext = 1, .storable = GW_FLAGS_ALL, .full = true
	};
	gw_box_step(box);
}
