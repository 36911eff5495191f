/* SPDX-License-Identifier: ISC */
/* mailbox/core.c - what every step of a mailbox's run uses: operations, flags, and the ways to end.
 * Calls nothing above itself, but through box->machine.
 */
#include "mailbox/box_p.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

/* PUSH_KEY: even, as no window's is. */
enum { FULL_LOOK_SECONDS = 7 * 86400, NAME_LIMIT = 8192, PUSH_KEY = 2 };

bool gw_box_full_look_due(const struct gw_mailbox_row *row)
{
	return row->full_at + FULL_LOOK_SECONDS < (int64_t)time(NULL);
}

uint32_t gw_box_window_key(
	const struct gw_account *account, const struct gw_folder *folder, int64_t now)
{
	const struct gw_window *w = &folder->window;
	uint64_t key = w->max_age;

	if (account->direction == GW_DIRECTION_PUSH) /* nothing is fetched, and no window counts */
		return PUSH_KEY;
	if (w->max_age == 0 && w->since == 0 && w->max_messages == 0 && w->max_size == 0 &&
		!w->labels)
		return 0;
	key += (uint64_t)w->labels << 40;
	key = key * 1000003 + w->max_messages;
	key = key * 1000003 + w->max_size;
	if (w->since > 0)
		key = key * 1000003 + (uint64_t)w->since;
	if (w->max_age > 0) /* messages grow older by the day */
		key = key * 1000003 + (uint64_t)now / 86400;
	return (uint32_t)(key ^ key >> 32) | 1;
}

void gw_box_enter(struct gw_box *box, enum gw_box_state next)
{
	assert(gw_box_may_follow(box->state, next));
	gw_log(box->env->log, GW_LOG_DEBUG, "%s: %s -> %s", box->folder->shown,
		gw_box_state_name(box->state), gw_box_state_name(next));
	box->state = next;
	box->drained = false;
}

void gw_box_step(struct gw_box *box)
{
	box->machine->step(box);
}

void gw_box_release(struct gw_box *box)
{
	if (box->session == NULL)
		return;
	box->session = NULL;
	box->selected = false;
	box->env->released(box->env->ctx, box);
}

/* Notes for the tags what happens to the labels. */
static void note_tags(const struct gw_box *box, struct gw_op *op)
{
	uint64_t labels = gw_box_tags(box), old = op->flags;
	size_t b;

	switch (op->kind) {
	case GW_OP_TAKE: /* its tags are known to who took it */
		op->own = box->env->is_label(box->env->ctx, gw_slice_str(box->folder->name));
		return;
	case GW_OP_DELIVER:
	case GW_OP_JOIN:
		old = 0;
		op->own = box->env->is_label(box->env->ctx, gw_slice_str(box->folder->name));
		break;
	case GW_OP_DELETE:
	case GW_OP_DELETED_THERE:
		op->left = true;
		return;
	case GW_OP_FLAGS:
	case GW_OP_BASE_FLAGS:
		b = gw_base_find(box->local.base, box->local.base_count, op->uid);
		if (b < box->local.base_count)
			old = box->local.base[b].flags;
		break;
	case GW_OP_KEYWORD: /* no row of a message, or not its flags */
	case GW_OP_KEYWORD_REFUSED:
	case GW_OP_KEYWORD_TAKEN:
	case GW_OP_RENAME:
	case GW_OP_GLOBAL_ID:
	case GW_OP_TOLD_FLAGS:
	case GW_OP_DROP_ROW:
	case GW_OP_LEFT:
	case GW_OP_INHERIT:
	case GW_OP_EDITED:
	case GW_OP_HOLD_DELETION:
	case GW_OP_UNHOLD:
	case GW_OP_REFUSED:
	case GW_OP_UNREFUSED:
	case GW_OP_ANSWERED:
	case GW_OP_SENT:
	case GW_OP_SEEN:
	case GW_OP_UNKEPT:
	case GW_OP_HOLD:
	case GW_OP_UNSTORED:
	case GW_OP_STORED:
	case GW_OP_UNFETCHABLE:
	case GW_OP_OUTSIDE:
	case GW_OP_LEAVING:
	case GW_OP_EXPIRE:
	case GW_OP_HIDE:
	case GW_OP_STAY:
	case GW_OP_SUSPECT:
	case GW_OP_CONVICT:
	case GW_OP_ACQUIT:
	case GW_OP_CURSOR:
		break;
	}
	op->gains = op->flags & ~old & labels;
	op->loses = ((old & labels) | op->loses) & ~op->flags;
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
		box->machine->blame(box);
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

void gw_box_fail_nomem(struct gw_box *box)
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
		box->keywords_full = true; /* said at the end */
		return index;
	}
	if (box->place == NULL || box->env->dry_run)
		return index;
	/* The state gets it before any message that carries it. */
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

/* Treats a keyword that is called like a label as that label: a flag of that name, invisible on
 * Gmail's page, would be in its way. */
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

uint64_t gw_box_own_label(const struct gw_box *box)
{
	int index = box->env->labels
			    ? gw_keywords_find(&box->keywords, gw_slice_str(box->folder->name))
			    : -1;

	return index < 0 ? 0 : GW_FLAG_KEYWORD((unsigned)index);
}

uint64_t gw_box_tag_of(struct gw_box *box, const struct gw_box *other)
{
	struct gw_slice name = gw_slice_str(other->folder->name);

	if (box->env->tags == NULL || other == box || !box->env->is_label(box->env->ctx, name))
		return 0;
	return keyword_bit(box, name);
}

/* The labels that can be put on or taken off in this mailbox: not its own, which the server never
 * shows in it. */
static uint64_t storable_labels(const struct gw_box *box)
{
	if (box->folder->attrs & (GW_LIST_TRASH | GW_LIST_JUNK))
		return 0;
	return gw_box_labels(box) & ~gw_box_own_label(box);
}

uint64_t gw_box_storable_of(void *ctx, const struct gw_flag_list *list)
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
	return told & ~box->local.keywords_refused;
}

uint64_t gw_box_storable(const struct gw_box *box)
{
	return box->remote.storable & gw_box_told(box);
}
