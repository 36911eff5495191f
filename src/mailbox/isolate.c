/* SPDX-License-Identifier: ISC */
/* mailbox/isolate.c - what a connection broke at is found and set aside (plan/isolate.h); part of the
 * machine in box_p.h.
 *
 * A box that ends with its connection, the first of those on it, says what it was asking for: the
 * state has that before the next look, and the look gives it back.
 */
#include "mailbox/box_p.h"

#include "plan/isolate.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(1099511628211);
}

/* Hash of what the server says of the mailbox: if that differs, so may its answer. */
static uint64_t seen_there(const struct gw_box *box)
{
	const struct gw_folder *f = box->folder;
	uint64_t hash = mix(f->uidvalidity, f->uidnext);

	return mix(mix(hash, f->messages), f->highestmodseq) >> 1;
}

static uint64_t seen_changes(const struct gw_box *box)
{
	uint64_t hash = mix(box->push_count, box->leaving_count);

	for (size_t i = 0; i < box->push_count; i++)
		hash = mix(mix(hash, box->push_items[i].uid), box->push_items[i].gets);
	for (size_t i = 0; i < box->leaving_count; i++)
		hash = mix(hash, box->leaving[i].uid);
	return hash >> 1;
}

static const char *broken_file(const struct gw_box *box)
{
	for (size_t i = 0; i < box->upload_count; i++) {
		if (box->uploads[i].broke)
			return box->uploads[i].name;
	}
	return NULL;
}

static bool suspect_changes(const struct gw_box *box, struct gw_suspect_row *row)
{
	*row = (struct gw_suspect_row){ .what = GW_SUSPECT_CHANGE, .seen = seen_changes(box) };
	return true;
}

/* Names what was being asked for; false: nothing that could be the cause. */
static bool suspect(const struct gw_box *box, struct gw_suspect_row *row, const char **name)
{
	*name = NULL;
	switch (box->state) {
	case BOX_HEADS_OF_ALL:
	case BOX_PAIRING:
	case BOX_HEADS_FOR_MOVES:
		*row = (struct gw_suspect_row){
			.what = GW_SUSPECT_HEADS, .lo = box->broke.lo, .hi = box->broke.hi
		};
		return box->broke.times > 0;
	case BOX_OBSERVING:
	case BOX_SELECTING:
		*row = (struct gw_suspect_row){ .what = GW_SUSPECT_LOOK, .seen = seen_there(box) };
		return true;
	case BOX_DOWNLOADING:
	case BOX_VERIFYING_BODIES:
		if (box->selecting) {
			*row = (struct gw_suspect_row){ .what = GW_SUSPECT_LOOK,
				.seen = seen_there(box) };
			return true;
		}
		*row = (struct gw_suspect_row){
			.what = GW_SUSPECT_BODIES, .lo = box->broke.lo, .hi = box->broke.hi
		};
		return box->broke.times > 0;
	case BOX_UPLOADING:
		if (box->push_lost.code != GW_OK) /* flags went ahead, and were not answered */
			return suspect_changes(box, row);
		*row = (struct gw_suspect_row){ .what = GW_SUSPECT_FILE };
		*name = broken_file(box);
		return *name != NULL;
	case BOX_CARRYING:
	case BOX_RELABELLING:
	case BOX_PUSHING:
	case BOX_REMOVING:
		return suspect_changes(box, row);
	case BOX_LOOKING: /* nothing was asked that could be why */
	case BOX_READY:
	case BOX_LOOKING_AT_PRINTS:
	case BOX_REKEYING:
	case BOX_LOOKING_AGAIN:
	case BOX_WAITING:
	case BOX_VERIFYING:
	case BOX_PLANNED:
	case BOX_CONFIRMING:
	case BOX_ASKING_ALL:
	case BOX_SIFTING:
	case BOX_COPYING:
	case BOX_AWAITING:
	case BOX_FINDING_COPIES:
	case BOX_READING_MSGIDS:
	case BOX_SEEKING:
	case BOX_ANNOUNCING:
	case BOX_FLUSHING:
	case BOX_CREATED:
	case BOX_FINDING_SIBLINGS:
	case BOX_ASKING_TRASH:
	case BOX_FLUSHING_ALL:
	case BOX_LOOKING_INTO_TRASH:
	case BOX_COMMITTING:
	case BOX_READY_AGAIN:
	case BOX_DONE:
	case BOX_STATES:
		break;
	}
	return false;
}

static const char *words_for(unsigned what)
{
	return what == GW_SUSPECT_LOOK   ? "the connection broke while it was looked at"
	       : what == GW_SUSPECT_FILE ? "the connection broke while it was sent"
					 : "the connection broke while its changes were sent";
}

static void accuse(struct gw_box *box, struct gw_op *op, const char *name)
{
	char reason[sizeof box->err.text + 80];

	snprintf(reason, sizeof reason, "%s: %s", words_for(op->suspect.what), box->err.text);
	op->to = strdup(reason);
	op->from = gw_copy_str(name);
	if (op->to != NULL && (name == NULL) == (op->from == NULL))
		gw_box_add(box, op);
	else
		free(op->to), free(op->from);
}

void gw_box_blame(struct gw_box *box)
{
	struct gw_op op = { .kind = GW_OP_SUSPECT };
	const char *name;
	bool alone;

	if (box->blamed || !gw_isolate_counts(box->err.code) || !suspect(box, &op.suspect, &name) ||
		!box->env->blames(box->env->ctx, box, &alone))
		return;
	box->blamed = true;
	if (box->trial->breaks++ == 0)
		box->trial->passed_then = box->env->passed;
	if (box->env->dry_run || box->place == NULL)
		return;
	op.suspect.alone = alone && (box->broke.times == 0 || box->broke.alone) &&
			   (op.suspect.what != GW_SUSPECT_FILE || box->delta.uploaded == 0);
	accuse(box, &op, name);
}

void gw_box_note_break(struct gw_box *box, uint32_t lo, uint32_t hi, size_t asked, bool alone)
{
	if (box->selecting) /* what was asked for behind that was not begun */
		return;
	box->broke = (struct gw_break){ .lo = lo, .hi = hi, .times = 1, .alone = alone };
	if (asked > 1)
		box->env->fetch_most = gw_isolate_window(asked, box->env->fetch_most);
}

bool gw_box_is_suspect(const struct gw_box *box)
{
	return box->local.break_count + box->local.head_break_count + box->local.suspect_count > 0;
}

static const struct gw_local_suspect *find(
	const struct gw_box *box, unsigned what, const char *name)
{
	for (size_t i = 0; i < box->local.suspect_count; i++) {
		const struct gw_local_suspect *s = &box->local.suspects[i];

		if (s->what == what && (name == NULL || strcmp(s->name, name) == 0))
			return s;
	}
	return NULL;
}

/* The one rule, with what this run has seen. */
static bool is_culprit(struct gw_box *box, unsigned breaks, unsigned alone, uint64_t size)
{
	const struct gw_trial *t = box->trial;
	const struct gw_charge charge = { .breaks = breaks,
		.alone = alone,
		.size = size,
		.now = t->breaks,
		.peers = t->breaks > 0 ? box->env->passed - t->passed_then : 0,
		.innocent = box->env->innocent };

	if (!gw_isolate_is_culprit(&charge))
		return false;
	box->convicts = true;
	return true;
}

/* True if it is set aside.  Tried again with --full, and after a week, until that breaks, too. */
static bool is_barred(struct gw_box *box, const struct gw_local_suspect *s, uint64_t seen)
{
	bool tries = box->trial->breaks == 0 &&
		     (box->env->full || (s != NULL && gw_isolate_is_due(s->at, box->env->now)));
	struct gw_op op = { .kind = GW_OP_CONVICT };

	if (s == NULL || s->seen != seen)
		return false;
	if (s->aside)
		return !tries;
	if (!is_culprit(box, s->times, s->alone, 0))
		return false;
	op.suspect.what = s->what;
	if (!box->env->dry_run)
		gw_box_add(box, &op);
	return true;
}

static void bar(struct gw_box *box, const struct gw_local_suspect *s, const char *what)
{
	gw_fail(&box->err, GW_ERR_HELD,
		"%s is set aside: %s; it is tried again when that changes, after a week, and by "
		"`sync --full`",
		what, s->reason);
	box->err.scope = GW_SCOPE_MAILBOX;
	gw_box_fail(box, &box->err);
}

bool gw_box_broke_looking(const struct gw_box *box)
{
	const struct gw_local_suspect *s = find(box, GW_SUSPECT_LOOK, NULL);

	return s != NULL && s->times > 1;
}

bool gw_box_bars_look(struct gw_box *box)
{
	const struct gw_local_suspect *s = find(box, GW_SUSPECT_LOOK, NULL);

	if (!is_barred(box, s, seen_there(box)))
		return false;
	bar(box, s, "the mailbox");
	return true;
}

bool gw_box_bars_changes(struct gw_box *box)
{
	const struct gw_local_suspect *s = find(box, GW_SUSPECT_CHANGE, NULL);

	if (!is_barred(box, s, seen_changes(box)))
		return false;
	bar(box, s, "what was changed in it here");
	return true;
}

bool gw_box_bars_file(struct gw_box *box, uint32_t local, uint64_t size, uint8_t *heat)
{
	const struct gw_local_suspect *s = NULL;
	char *name;

	*heat = 0;
	if (box->local.suspect_count == 0 ||
		(name = gw_slice_dup(gw_scan_base(&box->local.scan, local))) == NULL)
		return false;
	s = find(box, GW_SUSPECT_FILE, name);
	free(name);
	if (s == NULL)
		return false;
	*heat = s->times < UINT8_MAX ? (uint8_t)s->times : UINT8_MAX;
	return !box->env->dry_run && is_culprit(box, s->times, s->alone, size);
}

/* Returns a body's heat.  Breaks at its header count as well, once there was one at its body. */
static unsigned heat_of(const struct gw_box *box, uint32_t uid, unsigned *alone)
{
	unsigned heat = gw_isolate_heat(box->local.breaks, box->local.break_count, uid, alone);
	const struct gw_unread *u = gw_box_find_unread(box, uid);
	unsigned alone_head;

	if (heat == 0 || u == NULL || !u->broke)
		return heat;
	heat += gw_isolate_heat(
		box->local.head_breaks, box->local.head_break_count, uid, &alone_head);
	*alone += alone_head;
	return heat;
}

bool gw_box_is_culprit(struct gw_box *box, const struct gw_fetch_bodies_item *item)
{
	unsigned alone;
	unsigned heat = heat_of(box, item->uid, &alone);

	return heat > 0 && is_culprit(box, heat, alone, item->size);
}

unsigned gw_box_head_heat(const struct gw_box *box, uint32_t uid, bool *on_trial)
{
	const struct gw_local_view *v = &box->local;
	unsigned alone;

	*on_trial = false;
	for (size_t i = 0; i < v->head_break_count && box->trial->breaks > 0; i++)
		*on_trial |= v->head_breaks[i].lo == uid && v->head_breaks[i].hi == uid;
	return gw_isolate_heat(v->head_breaks, v->head_break_count, uid, &alone);
}

bool gw_box_is_bad_head(struct gw_box *box, uint32_t uid)
{
	unsigned alone;
	unsigned heat =
		gw_isolate_heat(box->local.head_breaks, box->local.head_break_count, uid, &alone);

	if (!is_culprit(box, heat, alone, 0))
		return false;
	box->env->fetch_most = 0; /* so it was not their number */
	return true;
}

void gw_box_set_aside(
	struct gw_box *box, const struct gw_fetch_bodies_item *item, const char *reason)
{
	struct gw_error err = { 0 };
	struct gw_op op = { .kind = GW_OP_UNFETCHABLE,
		.uid = item->uid,
		.flags = item->flags,
		.size = item->size };

	gw_fail(&err, GW_ERR_REFUSED,
		"message UID %u cannot be fetched and is set aside: %s; `sync --full` tries it "
		"again",
		item->uid, reason);
	err.scope = GW_SCOPE_MESSAGE;
	op.to = strdup(err.text);
	if (op.to != NULL && !box->env->dry_run)
		gw_box_add(box, &op);
	else
		free(op.to);
	if (gw_seqset_has(&box->trial->told, item->uid)) /* by a look of this run that was cut */
		return;
	gw_seqset_add(&box->trial->told, item->uid, item->uid);
	box->env->problem(box->env->ctx, box, &err);
}

bool gw_box_sets_aside(struct gw_box *box, struct gw_fetch_bodies_item *item)
{
	unsigned alone;
	unsigned heat = heat_of(box, item->uid, &alone);
	const struct gw_unread *u = gw_box_find_unread(box, item->uid);

	item->heat = heat < UINT8_MAX ? (uint8_t)heat : UINT8_MAX;
	if (heat == 0 && u != NULL)
		item->heat = 1; /* its header did not come: it comes last, too */
	item->on_trial = alone > 0 && box->trial->breaks > 0;
	if (heat == 0 || !is_culprit(box, heat, alone, item->size))
		return false;
	box->env->fetch_most = 0; /* so it was not their number */
	gw_box_set_aside(box, item, GW_FETCH_BODIES_BROKE);
	return true;
}

static void acquit(struct gw_box *box, unsigned what)
{
	struct gw_op op = { .kind = GW_OP_ACQUIT, .suspect.what = what };

	if (!box->env->dry_run)
		gw_box_add(box, &op);
}

void gw_box_looked_there(struct gw_box *box)
{
	if (box->trial->breaks == 0)
		box->env->passed++; /* else it says nothing of the others */
	if (find(box, GW_SUSPECT_LOOK, NULL) != NULL)
		acquit(box, GW_SUSPECT_LOOK);
}

void gw_box_aside_error(uint64_t count, bool files, struct gw_error *err)
{
	gw_fail(err, GW_ERR_HELD,
		"%llu %s%s %s (`godwit status` lists them, `sync --full` tries them again)",
		(unsigned long long)count, files ? "file" : "message", count == 1 ? " is" : "s are",
		files ? "not uploaded" : "set aside by an earlier sync");
	err->scope = GW_SCOPE_MESSAGE;
}

static bool is_aside(const struct gw_box *box, uint32_t uid)
{
	size_t b = gw_base_find(box->local.base, box->local.base_count, uid);

	return b < box->local.base_count && box->local.base[b].kind == GW_BASE_UNFETCHABLE;
}

/* Where the server hides what is old, and does not say so. */
static void count_hidden(struct gw_box *box)
{
	size_t n = 0;

	box->hidden = 0;
	if (box->shows == 0 && box->row->shows == 0)
		return;
	for (size_t i = 0; i < box->local.base_count; i++)
		n += box->local.base[i].kind == GW_BASE_HIDDEN;
	for (size_t i = 0; i < box->plan.count && n > 0; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		size_t b = gw_base_find(box->local.base, box->local.base_count, a->uid);

		n -= (a->kind == GW_DO_STAY || a->kind == GW_DO_FORGET ||
			     gw_action_is_gone_there(a)) &&
		     b < box->local.base_count && box->local.base[b].kind == GW_BASE_HIDDEN;
	}
	box->hidden = n;
}

void gw_box_count_barred(struct gw_box *box)
{
	box->barred = 0;
	for (size_t i = 0; i < box->plan.count; i++)
		box->barred += box->plan.actions[i].kind == GW_DO_HOLD;
	box->plan.look_again |= box->barred > 0; /* they are not here, and nothing else tells */
}

static void tell_barred(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (box->barred == 0)
		return;
	gw_fail(&err, GW_ERR_HELD,
		"%zu message%s deleted here, and %s on the server, where the mailbox is read-only",
		box->barred, box->barred == 1 ? " was" : "s were",
		box->barred == 1 ? "stays" : "stay");
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

void gw_box_count_aside(struct gw_box *box)
{
	size_t n = 0;

	for (size_t i = 0; i < box->local.base_count; i++)
		n += box->local.base[i].kind == GW_BASE_UNFETCHABLE;
	for (size_t i = 0; i < box->plan.count && n > 0; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		n -= (a->kind == GW_DO_FORGET || a->kind == GW_DO_DOWNLOAD) &&
		     is_aside(box, a->uid);
	}
	box->aside = n;
	gw_box_count_unstored(box);
	count_hidden(box);
}

void gw_box_tell_aside(struct gw_box *box)
{
	struct gw_error err = { 0 };
	size_t files = 0;

	for (size_t i = 0; i < box->local.scan.count; i++)
		files += box->local.messages[i].refused;
	files -= box->local.alias_count + box->local.kept_count;
	gw_box_tell_keywords(box);
	tell_barred(box);
	gw_box_tell_unstored(box);
	if (box->aside > 0) {
		gw_box_aside_error(box->aside, false, &err);
		box->env->problem(box->env->ctx, box, &err);
		gw_error_clear(&err);
	}
	if (files > 0) {
		gw_box_aside_error(files, true, &err);
		box->env->problem(box->env->ctx, box, &err);
		gw_error_clear(&err);
	}
	if (box->hidden > 0) {
		gw_box_hidden_error(
			box->shows > 0 ? box->shows : box->row->shows, box->hidden, &err);
		box->env->problem(box->env->ctx, box, &err);
	}
}

void gw_box_came(struct gw_box *box, uint32_t uid)
{
	box->env->passed++;
	for (size_t i = 0; i < box->local.break_count && box->trial->breaks > 0; i++)
		box->env->innocent += box->local.breaks[i].lo == uid;
}

/* Counts breaks at a header that arrived after all as innocent, if it was asked for alone: of many,
 * the first is no more suspicious than the others. */
void gw_box_head_came(struct gw_box *box, uint32_t uid)
{
	const struct gw_local_view *v = &box->local;

	box->env->passed++;
	for (size_t i = 0; i < v->head_break_count && box->trial->breaks > 0; i++)
		box->env->innocent += v->head_breaks[i].lo == uid && v->head_breaks[i].hi == uid;
}

/* Notes that nothing that broke in this run is to blame: the line is. */
static void note_innocent(struct gw_box *box)
{
	if (!box->convicts)
		box->env->innocent += box->trial->breaks;
	*box->trial = (struct gw_trial){ .told = box->trial->told };
}

void gw_box_acquit(struct gw_box *box)
{
	if (!box->incomplete)
		note_innocent(box);
	if (box->local.break_count > 0 && !box->incomplete)
		acquit(box, GW_SUSPECT_BODIES);
	if (box->local.head_break_count > 0 && !box->incomplete)
		acquit(box, GW_SUSPECT_HEADS);
	for (size_t i = 0; i < box->local.suspect_count; i++)
		acquit(box, box->local.suspects[i].what);
}
