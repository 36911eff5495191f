/* mailbox/box.c - see box.h; states and invariants: box_p.h. */
#include "mailbox/box_p.h"

#include <stdlib.h>
#include <time.h>

/* Names of states, for the trace. */
static const char *const state_names[] = {
	[BOX_LOOKING] = "looking",
	[BOX_READY] = "ready",
	[BOX_OBSERVING] = "observing",
	[BOX_HEADS_OF_ALL] = "heads of all",
	[BOX_LOOKING_AT_PRINTS] = "looking at prints",
	[BOX_REKEYING] = "rekeying",
	[BOX_LOOKING_AGAIN] = "looking again",
	[BOX_PAIRING] = "pairing",
	[BOX_PLANNED] = "planned",
	[BOX_CONFIRMING] = "confirming",
	[BOX_HEADS_FOR_MOVES] = "heads for moves",
	[BOX_ASKING_ALL] = "asking all",
	[BOX_SIFTING] = "sifting",
	[BOX_READY_AGAIN] = "ready again",
	[BOX_SELECTING] = "selecting",
	[BOX_COPYING] = "copying",
	[BOX_DOWNLOADING] = "downloading",
	[BOX_AWAITING] = "awaiting",
	[BOX_SEEKING] = "seeking",
	[BOX_CARRYING] = "carrying",
	[BOX_UPLOADING] = "uploading",
	[BOX_PUSHING] = "pushing",
	[BOX_CREATED] = "created",
	[BOX_REMOVING] = "removing",
	[BOX_VERIFYING] = "verifying",
	[BOX_WAITING] = "waiting",
	[BOX_COMMITTING] = "committing",
	[BOX_DONE] = "done",
};
_Static_assert(sizeof state_names / sizeof *state_names == BOX_STATES, "each state has a name");

void gw_box_enter(struct gw_box *box, enum gw_box_state next)
{
	if (box->state != next)
		gw_log(box->env->log, GW_LOG_DEBUG, "%s: %s -> %s", box->folder->shown,
			state_names[box->state], state_names[next]);
	box->state = next;
}

enum { FULL_LOOK_SECONDS = 7 * 86400, NAME_LIMIT = 8192 };

bool gw_box_full_look_due(const struct gw_mailbox_row *row)
{
	return row->full_at + FULL_LOOK_SECONDS < (int64_t)time(NULL);
}

uint32_t gw_box_window_key(const struct gw_folder *folder, int64_t now)
{
	const struct gw_window *w = &folder->window;
	uint64_t key = w->max_age;

	if (w->max_age == 0 && w->max_messages == 0 && w->max_size == 0 && !w->labels)
		return 0;
	key += (uint64_t)w->labels << 40;
	key = key * 1000003 + w->max_messages;
	key = key * 1000003 + w->max_size;
	if (w->max_age > 0) /* messages grow older by the day */
		key = key * 1000003 + (uint64_t)now / 86400;
	return (uint32_t)(key ^ key >> 32) | 1;
}

const struct gw_folder *gw_box_folder(const struct gw_box *box)
{
	return box->folder;
}

bool gw_box_brought(const struct gw_box *box)
{
	return box->delta.downloaded > 0;
}

struct gw_box *gw_box_new(struct gw_box_env *env, const struct gw_folder *folder,
	struct gw_mailbox_row *row, bool remote_same, bool again)
{
	struct gw_box *box = calloc(1, sizeof *box);

	if (box == NULL)
		return NULL;
	box->env = env;
	box->folder = folder;
	box->row = row;
	box->copies_differ = env->copies_differ;
	box->remote_same = remote_same;
	box->again = again;
	if (folder->window.max_age > 0)
		box->oldest = env->now - (int64_t)folder->window.max_age * 86400;
	return box;
}

static void drop_views(struct gw_box *box)
{
	gw_place_unref(box->place);
	box->place = NULL;
	gw_local_view_deinit(&box->local);
	gw_keywords_deinit(&box->keywords);
}

void gw_box_free(struct gw_box *box)
{
	if (box == NULL)
		return;
	gw_delay_cancel(&box->delay);
	drop_views(box);
	gw_remote_view_deinit(&box->remote);
	gw_plan_deinit(&box->plan);
	free(box->heads);
	free(box->prints);
	free(box->pairs);
	free(box->items);
	free(box->waiting);
	free(box->copies);
	free(box->push_items);
	free(box->uploads);
	gw_box_drop_known(box);
	gw_box_forget_moves(box);
	free(box->gone);
	free(box->gone_actions);
	free(box->renumbered);
	free(box->takes);
	free(box->carries);
	free(box->carry_items);
	gw_box_forget_orphans(box);
	free(box->orphans);
	free(box->removals);
	free(box->leaving_uids);
	free(box->leaving);
	free(box->suspects);
	free(box->archived);
	free(box->archive_ids);
	free(box->labelled);
	free(box);
}

void gw_box_release(struct gw_box *box)
{
	if (box->session == NULL)
		return;
	box->session = NULL;
	box->selected = false;
	box->env->released(box->env->ctx, box);
}

/* What its labels do, its tags will have to do. */
static void note_tags(const struct gw_box *box, struct gw_op *op)
{
	uint64_t labels = gw_box_tags(box), old = op->flags;
	size_t b;

	switch (op->kind) {
	case GW_OP_DELIVER:
	case GW_OP_JOIN:
	case GW_OP_TAKE:
		old = 0;
		op->own = box->env->is_label(box->env->ctx, gw_slice_str(box->folder->name));
		break;
	case GW_OP_FLAGS:
	case GW_OP_BASE_FLAGS:
		b = gw_base_find(box->local.base, box->local.base_count, op->uid);
		if (b < box->local.base_count)
			old = box->local.base[b].flags;
		break;
	default:
		break;
	}
	op->gains = op->flags & ~old & labels;
	op->loses = old & ~op->flags & labels;
}

void gw_box_add(struct gw_box *box, struct gw_op *op)
{
	op->place = box->place;
	if (box->env->tags != NULL)
		note_tags(box, op);
	if (op->global_id == 0)
		op->global_id = gw_remote_view_id(&box->remote, op->uid);
	if (gw_batcher_add(box->env->batcher, op) != GW_OK)
		box->incomplete = true;
}

void gw_box_finish(struct gw_box *box, enum gw_box_outcome outcome)
{
	if (box->state == BOX_DONE)
		return;
	if (outcome == GW_BOX_LOST && !box->unsent)
		gw_box_blame(box);
	gw_box_release(box);
	gw_box_enter(box, BOX_DONE);
	box->env->done(box->env->ctx, box, outcome, &box->delta,
		box->err.code == GW_OK ? NULL : &box->err);
}

void gw_box_fail(struct gw_box *box, const struct gw_error *err)
{
	if (box->err.code == GW_OK)
		box->err = *err;
	gw_box_finish(box, box->err.scope == GW_SCOPE_ACCOUNT ? GW_BOX_LOST : GW_BOX_FAILED);
}

static void fail_memory(struct gw_box *box)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	err.scope = GW_SCOPE_MAILBOX;
	gw_box_fail(box, &err);
}

/* Where the connection stands, another one would not help: that is the mailbox's own failure. */
static enum gw_scope scope_of(enum gw_code code)
{
	return code == GW_ERR_LIMIT || code == GW_ERR_BUG || code == GW_ERR_NOMEM
		       ? GW_SCOPE_MAILBOX
		       : GW_SCOPE_ACCOUNT;
}

void gw_box_end_lost(struct gw_box *box, const struct gw_error *why)
{
	struct gw_error err = { 0 };

	if (why != NULL)
		err = *why;
	gw_fail(&err, GW_ERR_CANCELLED, "stopped");
	err.scope = scope_of(err.code);
	gw_box_fail(box, &err);
}

void gw_box_end_unsent(struct gw_box *box, enum gw_code code)
{
	box->unsent = true;
	gw_fail(&box->err, code,
		code == GW_ERR_NOMEM ? "out of memory"
		: code == GW_ERR_NET ? "the session ended"
				     : "a command cannot be written as IMAP wants it");
	box->err.scope = scope_of(code);
	gw_box_fail(box, &box->err);
}

/* --- flags ----------------------------------------------------------------------------------- */

static int new_keyword(struct gw_box *box, struct gw_slice name)
{
	struct gw_op op = { .kind = GW_OP_KEYWORD };
	int index = gw_keywords_add(&box->keywords, name);

	if (index < 0) {
		if (!box->keywords_full)
			gw_log(box->env->log, GW_LOG_WARN,
				"%s has more than %d keywords; further ones are left out",
				box->folder->shown, GW_KEYWORD_MAX);
		box->keywords_full = true;
		return index;
	}
	if (box->place == NULL || box->env->dry_run)
		return index;
	/* It goes to the state before any message that carries it. */
	op.uid = (uint32_t)index;
	op.to = strdup(box->keywords.names[index]);
	if (op.to == NULL)
		box->incomplete = true;
	else
		gw_box_add(box, &op);
	return index;
}

uint64_t gw_box_translate(struct gw_box *box, const struct gw_keywords *keywords, uint64_t flags)
{
	uint64_t out = flags & (GW_FLAG_KEYWORD(0) - 1);

	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		struct gw_slice name;
		int index;

		if (!(flags & GW_FLAG_KEYWORD(i)) || keywords->names[i] == NULL)
			continue;
		name = gw_slice_str(keywords->names[i]);
		index = gw_keywords_find(&box->keywords, name);
		if (index < 0)
			index = new_keyword(box, name);
		if (index >= 0)
			out |= GW_FLAG_KEYWORD((unsigned)index);
	}
	return out;
}

static uint64_t keyword_bit(struct gw_box *box, struct gw_slice name)
{
	int index = gw_keywords_find(&box->keywords, name);

	if (index < 0)
		index = new_keyword(box, name);
	return index < 0 ? 0 : GW_FLAG_KEYWORD((unsigned)index);
}

/* What is called like a label is one: a flag of that name, which Gmail's page does not show, would
 * be in its way. */
uint64_t gw_box_flags(void *ctx, const struct gw_fetch *fetch)
{
	struct gw_box *box = ctx;
	uint64_t flags = fetch->flags.system;
	struct gw_buf label;

	for (size_t i = 0; i < fetch->flags.keyword_count; i++) {
		if (!box->env->labels || !gw_label_is(fetch->flags.keywords[i]))
			flags |= keyword_bit(box, fetch->flags.keywords[i]);
	}
	gw_buf_init(&label, NAME_LIMIT);
	for (size_t i = 0; i < fetch->label_count && box->env->labels; i++) {
		if (gw_label_read(fetch->labels[i], &label) == GW_OK)
			flags |= keyword_bit(box, (struct gw_slice){ label.p, label.n });
	}
	gw_buf_deinit(&label);
	return flags;
}

uint64_t gw_box_tags(const struct gw_box *box)
{
	return box->env->tags != NULL ? gw_labels_among(&box->keywords) : 0;
}

uint64_t gw_box_labels(const struct gw_box *box)
{
	return box->env->labels ? gw_labels_among(&box->keywords) : 0;
}

/* The labels that can be put on or taken off in this mailbox: not its own, which the server never
 * shows in it. */
static uint64_t storable_labels(const struct gw_box *box)
{
	const char *own = box->folder->name;
	int index = gw_keywords_find(&box->keywords, gw_slice_str(own));
	uint64_t labels = gw_box_labels(box);

	if (box->folder->attrs & (GW_LIST_TRASH | GW_LIST_JUNK))
		return 0;
	return index < 0 ? labels : labels & ~GW_FLAG_KEYWORD((unsigned)index);
}

static uint64_t storable(void *ctx, const struct gw_flag_list *list)
{
	struct gw_box *box = ctx;
	uint64_t flags = list->system;

	if (list->any) /* whatever keywords there are, and will be */
		flags |= GW_FLAGS_KEYWORDS;
	for (size_t i = 0; i < list->keyword_count; i++) {
		int index = gw_keywords_find(&box->keywords, list->keywords[i]);

		if (index >= 0)
			flags |= GW_FLAG_KEYWORD((unsigned)index);
	}
	return (flags & ~gw_box_labels(box)) | storable_labels(box);
}

uint64_t gw_box_told(const struct gw_box *box)
{
	uint64_t told = gw_box_labels(box) | (GW_FLAG_KEYWORD(0) - 1);

	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		const char *name = box->keywords.names[i];

		if (name != NULL && gw_flag_is_keyword(gw_slice_str(name)))
			told |= GW_FLAG_KEYWORD(i);
	}
	return told;
}

uint64_t gw_box_storable(const struct gw_box *box)
{
	return box->remote.storable & gw_box_told(box);
}

/* --- looking --------------------------------------------------------------------------------- */

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

/* A mailbox that the real run would make first. */
static void see_nothing(struct gw_box *box)
{
	box->remote = (struct gw_remote_view){
		.uidvalidity = 1, .uidnext = 1, .storable = GW_FLAGS_ALL, .full = true
	};
	gw_box_enter(box, BOX_OBSERVING);
	gw_box_pair(box);
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
		if (box->row->inode != 0 && box->row->inode != box->local.inode)
			box->copies_differ = true; /* another directory stands in its place */
		if (box->state == BOX_LOOKING_AT_PRINTS) {
			gw_box_rekey(box);
		} else if (box->state == BOX_LOOKING_AGAIN) {
			gw_box_pair(box);
		} else if (box->remote_same && !box->copies_differ && !gw_box_changed_here(box)) {
			gw_box_wrap_up_same(box);
		} else if (box->folder->to_be_made) {
			see_nothing(box);
		} else if (!gw_box_bars_look(box)) {
			box->env->counts->mailboxes_changed += box->remote_same;
			gw_box_enter(box, BOX_READY);
			box->env->ready(box->env->ctx, box);
		}
	}
}

void gw_box_look(struct gw_box *box, enum gw_box_state state, bool with_prints)
{
	const struct gw_look_options options = { .dir = box->folder->dir,
		.name = box->folder->name,
		.mailbox = box->row->id,
		.create = box->row->uidvalidity == 0,
		.reserve = box->env->account->min_free_space,
		.oldest = box->oldest,
		.max_size = box->folder->window.max_size,
		.retry_refused = box->env->full,
		.retry_kept = box->env->restore_deletions,
		.accept_held = box->env->accept_uploads,
		.tags = box->env->tags,
		.is_label = box->env->is_label,
		.ctx = box->env->ctx,
		.with_prints = with_prints };

	drop_views(box);
	gw_box_enter(box, state);
	box->fresh_from = ++*box->env->moments;
	if (gw_look_start(box->env->disk, &options, on_looked, box) != GW_OK)
		fail_memory(box);
}

void gw_box_start(struct gw_box *box)
{
	/* The prints serve is_another(). */
	gw_box_look(box, BOX_LOOKING,
		box->env->verify || (box->row->uidvalidity != 0 && box->row->full_at == 0));
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

static void rekey(struct gw_box *box)
{
	box->rekeyed = true;
	gw_box_begin_rekey(box);
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
	box->remote = *view;
	if (!box->env->verify && is_another(box))
		box->remote.restarted = true;
	if (box->stopped)
		gw_box_end_lost(box, NULL);
	else if (box->env->verify)
		gw_box_verify(box);
	else if (box->remote.restarted && box->local.base_count > 0)
		rekey(box);
	else
		gw_box_pair(box);
}

/* --- selecting it again ---------------------------------------------------------------------- */

static void on_select_response(void *ctx, const struct gw_response *r)
{
	struct gw_box *box = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY &&
		r->number == box->remote.uidvalidity)
		box->selected = true;
	else if (r->type == GW_RESP_EXISTS)
		box->remote.exists = (uint32_t)r->number;
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct gw_box *box = ctx;
	struct gw_error err = { 0 };

	if (result->kind != GW_RESULT_OK) {
		err = *result->err;
		err.scope = result->kind == GW_RESULT_LOST ? GW_SCOPE_ACCOUNT : GW_SCOPE_MAILBOX;
		gw_box_fail(box, &err);
	} else if (box->stopped) {
		gw_box_end_lost(box, NULL);
	} else if (!box->selected) { /* its UIDs mean something else by now */
		gw_box_finish(box, GW_BOX_AGAIN);
	} else {
		box->remote.read_only |= result->response->code == GW_CODE_READ_ONLY;
		box->then(box);
	}
}

static void select_again(struct gw_box *box)
{
	uint32_t caps = gw_session_caps(box->session);
	struct gw_line line;
	enum gw_code code;

	gw_box_enter(box, BOX_SELECTING);
	gw_line_init(&line);
	gw_line_printf(&line, "SELECT ");
	gw_line_string(&line, gw_slice_str(box->folder->wire), caps);
	if (!box->env->plain_select && (caps & GW_CAP_CONDSTORE))
		gw_line_printf(&line, " (CONDSTORE)");
	code = gw_session_send(box->session, &line,
		&(struct gw_handlers){
			.response = on_select_response, .done = on_selected, .ctx = box });
	gw_line_deinit(&line);
	if (code == GW_OK)
		return;
	gw_box_end_unsent(box, code);
}

void gw_box_with_session(struct gw_box *box, void (*then)(struct gw_box *box))
{
	box->then = then;
	if (box->selected && !box->superseded) {
		then(box);
	} else if (box->session != NULL && !box->superseded) {
		select_again(box);
	} else {
		gw_box_release(box);
		box->superseded = false;
		gw_box_enter(box, BOX_READY_AGAIN);
		box->env->ready(box->env->ctx, box);
	}
}

void gw_box_attach(struct gw_box *box, struct gw_session *session)
{
	const struct gw_observe_options options = { .session = session,
		.mailbox = box->folder->wire,
		.full = box->env->full || box->copies_differ || gw_box_full_look_due(box->row) ||
			gw_box_window_key(box->folder, box->env->now) != box->row->window,
		.list = box->local.held_gone.count > 0,
		.oldest = box->oldest,
		.plain_select = box->env->plain_select,
		.uidvalidity = box->row->uidvalidity,
		.uidnext = box->row->uidnext,
		.highestmodseq = box->row->highestmodseq,
		.base = box->local.base,
		.base_count = box->local.base_count,
		.flags = gw_box_flags,
		.storable = storable,
		.done = on_observed,
		.ctx = box };
	enum gw_code code;

	box->session = session;
	if (box->state == BOX_READY_AGAIN) {
		select_again(box);
		return;
	}
	box->session_used = true;
	box->selected = true;
	box->asked_full = options.full;
	gw_box_enter(box, BOX_OBSERVING);
	code = gw_observe_remote(&options);
	if (code != GW_OK) {
		gw_box_end_unsent(box, code);
	}
}

void gw_box_supersede(struct gw_box *box)
{
	box->superseded = true;
	if (box->download != NULL)
		gw_download_supersede(box->download);
}

void gw_box_stop(struct gw_box *box, bool batches_lost)
{
	box->stopped = true;
	if (box->download != NULL)
		gw_download_stop(box->download);
	if (box->upload != NULL)
		gw_upload_stop(box->upload);
	gw_delay_cancel(&box->delay);
	if (box->state == BOX_READY || box->state == BOX_WAITING || box->state == BOX_PLANNED ||
		box->state == BOX_READY_AGAIN || box->state == BOX_CREATED ||
		box->state == BOX_AWAITING || (box->state == BOX_COMMITTING && batches_lost))
		gw_box_end_lost(box, NULL);
}

void gw_box_committed(struct gw_box *box, bool conflict)
{
	if (box->state != BOX_COMMITTING)
		return;
	if (!conflict)
		*box->row = box->next_row;
	else
		gw_log(box->env->log, GW_LOG_DEBUG,
			"%s: a file was not as it had been seen; once more", box->folder->shown);
	gw_box_finish(box, conflict || (box->incomplete && box->delta.postponed == 0) ? GW_BOX_AGAIN
			   : box->session_used ? GW_BOX_IN_STEP
					       : GW_BOX_SAME);
}
