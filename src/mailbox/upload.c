/* SPDX-License-Identifier: ISC */
/* mailbox/upload.c - new mail here goes to the server; part of the machine in box_p.h.
 *
 * Before the first byte leaves, the state holds what is being sent.  Whatever happens then, the
 * next look finds the message again: among the new ones on the server it becomes base's even if its
 * file is gone meanwhile, and only when two looks ten seconds apart do not show it is it sent
 * again.
 */
#include "mailbox/box_p.h"

#include "plan/direction.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TRIES = 2 };

void gw_box_forget_file(struct gw_box *box, const char *name)
{
	struct gw_op op = { .kind = GW_OP_UNREFUSED, .from = strdup(name) };

	if (op.from != NULL)
		gw_box_add(box, &op);
}

static void tell_refused(struct gw_box *box, const char *name, const char *reason)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_REFUSED, "%s %s uploaded: %s", name,
		box->env->dry_run ? "would not be" : "is not", reason);
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

static void remember_refused(struct gw_box *box, const char *name, uint32_t uid, const char *reason,
	enum gw_until refusal)
{
	struct gw_op op = { .kind = GW_OP_REFUSED,
		.uid = uid,
		.from = strdup(name),
		.to = strdup(reason),
		.refusal = refusal };

	if (op.from != NULL && op.to != NULL) {
		gw_box_add(box, &op);
		return;
	}
	free(op.from);
	free(op.to);
	box->incomplete = true;
}

static void refuse(struct gw_box *box, const char *name, uint32_t uid, const char *reason,
	enum gw_until refusal)
{
	if (!box->env->dry_run)
		remember_refused(box, name, uid, reason, refusal);
	tell_refused(box, name, reason);
}

/* Refuses a file for a reason that may be over by the next run: nothing is sent to find out. */
static void refuse_soon(struct gw_box *box, uint32_t local, const char *reason)
{
	const char *name = gw_scan_name(&box->local.scan, local);

	if (box->local.messages[local].refused_before)
		tell_refused(box, name, reason);
	else
		refuse(box, name, 0, reason, GW_REFUSAL_RUN);
}

void gw_box_refuse_file(struct gw_box *box, const char *name, const char *reason)
{
	refuse(box, name, 0, reason, GW_REFUSAL_DAY);
}

static void hold_file(struct gw_box *box, const char *name)
{
	remember_refused(box, name, 0,
		"held back: one of many that nobody knows here; `sync --accept-uploads` sends them",
		GW_REFUSAL_HELD);
}

void gw_box_refuse_alias(struct gw_box *box, const char *name, uint32_t uid)
{
	refuse(box, name, uid,
		"the server has merged it with a message that has the same Message-ID and is in "
		"the mailbox already",
		GW_REFUSAL_DAY);
}

/* --- what may be uploaded -------------------------------------------------------------------- */

static const char *const was_lost =
	"the server said twice that it had stored it, and it is not there";
static const char *const cannot_be_found =
	"the server said that it had stored it, and what came since may be it, in another form: it "
	"is not sent again; delete the file if it is there, or give it another name to have it sent";

/* True if something arrived since that nothing here accounts for: it may be what was sent,
 * altered. */
static bool has_stranger(const struct gw_box *box, const struct gw_pending_file *p)
{
	size_t at = 0;

	for (size_t i = 0; i < box->head_count; i++) {
		const struct gw_pair_remote *head = &box->heads[i];
		bool paired = false;

		if (p->uidvalidity == box->remote.uidvalidity && head->uid < p->uidnext)
			continue;
		for (at = 0; at < box->pair_count && !paired; at++)
			paired = box->pairs[at].uid == head->uid && !box->pairs[at].check_body;
		if (!paired)
			return true;
	}
	for (size_t i = 0; i < box->unread_count; i++) {
		if (p->uidvalidity != box->remote.uidvalidity || box->unread[i].uid >= p->uidnext)
			return true;
	}
	return false;
}

static bool is_surely_paired(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->pair_count; i++) {
		if (box->pairs[i].local == local)
			return !box->pairs[i].check_body;
	}
	return false;
}

/* Settles an upload that was answered OK and is missing in a look that adds up: it is sent once
 * more, unless it may be there all the same.  (If its body is still to be compared and differs,
 * that is reported.) */
static void settle_answered(struct gw_box *box, const struct gw_pending_file *p)
{
	const char *name = gw_scan_name(&box->local.scan, p->file);

	if (gw_box_is_paired(box, p->file)) {
		remember_refused(box, name, 0, cannot_be_found, GW_REFUSAL_SENT);
	} else if (has_stranger(box, p)) {
		box->local.messages[p->file].candidate = false;
		if (gw_box_has_namesake(box, p)) /* which is fetched, and compared */
			remember_refused(box, name, 0, cannot_be_found, GW_REFUSAL_SENT);
		else
			refuse(box, name, 0, cannot_be_found, GW_REFUSAL_SENT);
	} else if (p->answered >= TRIES) {
		box->local.messages[p->file].candidate = false;
		refuse(box, name, 0, was_lost, GW_REFUSAL_WEEK);
	}
}

static void settle_announced(struct gw_box *box)
{
	for (size_t i = 0; i < box->local.pending_count; i++) {
		const struct gw_pending_file *p = &box->local.pending[i];

		if (!p->has_file || p->known || is_surely_paired(box, p->file))
			continue;
		box->local.messages[p->file].announced = true;
		if (p->answered > 0 && !box->remote.unproved && !box->env->dry_run)
			settle_answered(box, p);
	}
}

void gw_box_mark_candidates(struct gw_box *box)
{
	for (size_t i = 0; i < box->print_count; i++) {
		const struct gw_file_print *p = &box->prints[i];
		struct gw_local_msg *l = &box->local.messages[p->index];
		const char *name = gw_scan_name(&box->local.scan, p->index);
		uint32_t uid;

		if (l->uid != 0) /* it has a row, and was compared for another reason */
			continue;
		l->candidate = p->ok && !p->facts.has_nul;
		l->known = p->known;
		uid = gw_name_uid(gw_scan_base(&box->local.scan, p->index), box->key);
		l->ours = uid != 0;
		/* Base never had it: our own fetch was interrupted before it was recorded. */
		l->stray = l->ours && box->row->uidnext != 0 && uid >= box->row->uidnext &&
			   uid < box->remote.uidnext && !gw_box_is_there(box, uid);
		if (!p->ok && p->gone)
			box->plan.look_again = true;
		else if (l->refused)
			continue;
		else if (!p->ok)
			refuse_soon(box, p->index, "it cannot be read; look at its owner and mode");
		else if (p->facts.has_nul)
			gw_box_refuse_file(box, name,
				"it holds NUL bytes, which IMAP cannot carry (RFC 9051 section 9)");
	}
	for (size_t i = 0; i < box->local.outdated_count && !box->env->dry_run; i++)
		gw_box_forget_file(box, box->local.outdated[i]);
	settle_announced(box);
}

/* True if the file was moved, and its message could not be moved after it in this run. */
static bool waits_for_move(const struct gw_box *box, uint32_t local)
{
	return box->env->unmoved->count > 0 &&
	       gw_claims_held(box->env->unmoved, gw_box_file_id(box, local));
}

bool gw_box_will_upload(struct gw_box *box, const struct gw_action *a)
{
	const struct gw_file_print *p = gw_box_print_of(box, a->local);
	struct gw_append_item *item;
	uint8_t heat;

	if (a->kind == GW_DO_REFUSE) {
		if (box->remote.read_only)
			refuse_soon(box, a->local, "the mailbox is read-only");
		else
			gw_box_refuse_file(box, gw_scan_name(&box->local.scan, a->local),
				"the Maildir is an older copy, and on the server the message is no "
				"more; move the file to another folder to have it back there");
		return true;
	}
	if (a->kind == GW_DO_HOLD_UPLOAD) {
		if (!box->env->dry_run)
			hold_file(box, gw_scan_name(&box->local.scan, a->local));
		return true;
	}
	if (waits_for_move(box, a->local)) {
		/* The next run looks at both mailboxes, and asks for the move again. */
		box->incomplete = box->plan.look_again = true;
		return true;
	}
	if (gw_box_bars_file(box, a->local, p == NULL ? 0 : p->facts.crlf_size, &heat)) {
		gw_box_refuse_file(box, gw_scan_name(&box->local.scan, a->local),
			"the connection broke each time it was sent");
		return true;
	}
	item = gw_array_push(
		(void **)&box->uploads, &box->upload_count, &box->upload_cap, sizeof *box->uploads);
	if (p == NULL || item == NULL)
		return false;
	*item = (struct gw_append_item){ .local = a->local,
		.name = gw_scan_name(&box->local.scan, a->local),
		.in_new = box->local.scan.entries[a->local].in_new,
		.flags = a->flags & ~gw_box_labels(box), /* the next look puts those on */
		.size = p->facts.crlf_size,
		.date = p->facts.mtime,
		.heat = heat };
	box->incomplete |= (a->flags & gw_box_labels(box)) != 0;
	box->delta.to_upload++;
	return true;
}

/* --- sending --------------------------------------------------------------------------------- */

static unsigned answered_before(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->local.pending_count; i++) {
		if (box->local.pending[i].has_file && box->local.pending[i].file == local)
			return box->local.pending[i].answered;
	}
	return 0;
}

/* The server said OK, and not where it is. */
static void note_answered(struct gw_box *box, const struct gw_append_item *item)
{
	struct gw_op op = { .kind = GW_OP_ANSWERED, .from = strdup(item->name) };

	if (op.from != NULL)
		gw_box_add(box, &op);
	box->incomplete = true; /* found by the next look */
}

/* Records an upload whose UID was given, but which EXISTS does not count. */
static void note_sent(struct gw_box *box, const struct gw_append_item *item)
{
	struct gw_op op = {
		.kind = GW_OP_SENT, .uid = item->uid, .times = answered_before(box, item->local) + 1
	};

	if (!item->counted && !box->env->merges)
		gw_box_add(box, &op);
}

/* What it went out with, less what its file does not get with "push". */
static uint64_t agreed_flags(const struct gw_box *box, const struct gw_append_item *item)
{
	uint64_t waits = item->flags & ~box->local.messages[item->local].flags;

	return box->env->account->direction == GW_DIRECTION_PUSH
		       ? gw_store_flags_agreed(item->flags, 0, waits & gw_box_here(box))
		       : item->flags;
}

/* An edited one went out with flags that its file does not have yet: it gets them with its row, or
 * they would seem to have been taken off here. */
static void join_sent(struct gw_box *box, const struct gw_append_item *item)
{
	uint64_t agreed = agreed_flags(box, item);
	const struct gw_box_union u = { .uid = item->uid,
		.local = item->local,
		.flags = agreed | box->local.messages[item->local].flags,
		.base_flags = agreed,
		.size = item->size,
		.date = item->date,
		.was_pending = true };

	gw_box_join(box, &u);
}

/* Joins a stored message.  The server may have merged it with one that it had (Gmail).  If another
 * file is that message's, this one stays here alone; if none is any more, it was edited. */
static void join_stored(struct gw_box *box, const struct gw_append_item *item)
{
	size_t b = !box->env->merges
			   ? box->local.base_count
			   : gw_base_find(box->local.base, box->local.base_count, item->uid);

	if (b < box->local.base_count && box->local.base[b].local != GW_NO_LOCAL) {
		gw_box_refuse_alias(box, item->name, item->uid);
		return;
	}
	join_sent(box, item);
	note_sent(box, item);
	if (b < box->local.base_count)
		gw_box_tell_kept(box, item->uid);
}

/* An UID that was given before is not that of a message that has just been stored: believed, it would
 * take the other one's row.  (A server that merges names the one that it had.) */
static bool is_new_uid(const struct gw_box *box, const struct gw_append_item *item)
{
	if (item->uidvalidity != box->remote.uidvalidity || item->uid == 0)
		return false;
	return box->env->merges || (item->uid >= box->remote.uidnext &&
					   gw_base_find(box->local.base, box->local.base_count,
						   item->uid) == box->local.base_count);
}

static void on_item(void *ctx, const struct gw_append_item *item, const struct gw_error *why)
{
	struct gw_box *box = ctx;

	switch (item->outcome) {
	case GW_APPEND_STORED:
		box->incomplete |= item->bared;
		if (is_new_uid(box, item))
			join_stored(box, item);
		else
			note_answered(box, item);
		break;
	case GW_APPEND_UNNAMED:
		note_answered(box, item);
		break;
	case GW_APPEND_REFUSED:
		gw_box_refuse_file(box, item->name, why->text);
		break;
	case GW_APPEND_GONE: /* nothing of it was sent */
		gw_box_forget_file(box, item->name);
		box->incomplete = true;
		break;
	case GW_APPEND_UNSENT:
		if (why != NULL)
			box->unavailable = *why;
		break;
	case GW_APPEND_LOST:
		break;
	}
	if (item->outcome == GW_APPEND_STORED || item->outcome == GW_APPEND_UNNAMED) {
		box->env->passed++;
		box->delta.uploaded++;
		box->delta.bytes_uploaded += item->size;
		box->env->counts->uploaded++;
		box->env->counts->bytes_uploaded += item->size;
	}
	box->env->progress(box->env->ctx);
}

static void on_uploads_done(void *ctx, const struct gw_error *lost)
{
	struct gw_box *box = ctx;

	box->upload = NULL;
	gw_box_settle_orphans(box);
	for (size_t i = 0; i < box->carry_count; i++) /* nothing was asked of them */
		gw_box_forget_file(box, gw_scan_name(&box->local.scan, box->carries[i].local));
	for (size_t i = 0; i < box->upload_count; i++) {
		const struct gw_append_item *item = &box->uploads[i];

		if (item->outcome == GW_APPEND_UNSENT)
			gw_box_forget_file(box, item->name);
		/* pending, so that it is not sent again before it was waited for */
		box->row->pending +=
			item->outcome == GW_APPEND_LOST || item->outcome == GW_APPEND_UNNAMED;
	}
	if (lost != NULL)
		box->upload_lost = *lost;
	box->sending = false;
	gw_box_sent(box);
}

void gw_box_sent(struct gw_box *box)
{
	const struct gw_error *lost =
		box->push_lost.code != GW_OK ? &box->push_lost : &box->upload_lost;

	if (box->sending || box->pushing)
		return;
	if (lost->code != GW_OK) {
		gw_box_end_lost(box, lost);
		return;
	}
	if (!box->stopped && box->unavailable.code != GW_OK) {
		box->unavailable.scope = GW_SCOPE_MAILBOX;
		gw_error_context(&box->unavailable,
			"the server takes no messages at present, so that they are left for the "
			"next sync");
		gw_box_fail(box, &box->unavailable);
		return;
	}
	gw_box_step(box);
}

static void free_announced(struct gw_box *box)
{
	for (size_t i = 0; i < box->announced_count; i++)
		free((char *)(uintptr_t)box->announced[i].message.base_name);
	free(box->announced);
	box->announced = NULL;
	box->announced_count = 0;
}

void gw_box_upload(struct gw_box *box)
{
	const struct gw_append_events events = {
		.item = on_item, .done = on_uploads_done, .ctx = box
	};
	struct gw_error local = { 0 };
	enum gw_code code;

	box->sending = true;
	gw_box_push_ahead(box);
	code = gw_append_start(box->session, box->folder->wire, &box->place->m, &box->keywords,
		box->uploads, box->upload_count, box->selected ? box->remote.exists : UINT32_MAX,
		&events, &box->upload);
	if (code == GW_OK && box->upload != NULL)
		return;
	if (code != GW_OK)
		gw_fail(&local, code, "the session ended");
	on_uploads_done(box, local.code == GW_OK ? NULL : &local);
}

static void on_announced(void *ctx, const struct gw_error *err)
{
	struct gw_box *box = ctx;
	struct gw_error local = { 0 };

	free_announced(box);
	if (err == NULL && !box->stopped) {
		gw_box_step(box);
		return;
	}
	if (err != NULL)
		local = *err;
	gw_fail(&local, GW_ERR_CANCELLED, "stopped");
	on_uploads_done(box, &local);
}

static struct gw_pending_row *announce_file(struct gw_box *box, uint32_t local,
	const struct gw_fingerprint *print, uint64_t flags, uint64_t size, time_t date)
{
	struct gw_pending_row *row = &box->announced[box->announced_count++];

	*row = (struct gw_pending_row){ .uidvalidity = box->remote.uidvalidity,
		.uidnext = box->remote.uidnext,
		.message = { .base_name = gw_slice_dup(gw_scan_base(&box->local.scan, local)),
			.flags = flags,
			.size = size,
			.date = date,
			.header_hash = print->header,
			.body_hash = print->body,
			.msgid_hash = print->msgid } };
	return row->message.base_name != NULL ? row : NULL;
}

static bool announce(struct gw_box *box)
{
	struct gw_announcement what = { 0 };
	bool ok = (box->announced = calloc(box->upload_count + box->carry_count + 1,
			   sizeof *box->announced)) != NULL;

	for (size_t i = 0; i < box->upload_count && ok; i++) {
		const struct gw_append_item *item = &box->uploads[i];
		const struct gw_local_msg *l = &box->local.messages[item->local];
		struct gw_pending_row *row =
			announce_file(box, item->local, &gw_box_print_of(box, item->local)->print,
				agreed_flags(box, item), item->size, item->date);

		ok = row != NULL;
		if (ok) {
			row->letters = l->alien;
			row->meant = l->alien == 0 ? 0 : l->flags & GW_FLAGS_KEYWORDS;
			row->answered = answered_before(box, item->local);
		}
	}
	for (size_t i = 0; i < box->carry_count && ok; i++) {
		const struct gw_box_carry *c = &box->carries[i];
		struct gw_pending_row *row =
			announce_file(box, c->local, c->print, c->agreed, c->size, c->date);

		ok = row != NULL;
		if (ok) {
			row->letters = c->letters;
			row->meant = c->meant;
			row->message.copied = !box->env->merges;
		}
	}
	what.pending = box->announced;
	what.pending_count = box->announced_count;
	return ok && gw_settle_start(box->env->disk, box->place, &what, on_announced, box) == GW_OK;
}

/* Leaves out what the day does not allow. */
static void postpone(struct gw_box *box)
{
	size_t n = 0;

	for (size_t i = 0; i < box->upload_count; i++) {
		if (gw_budget_send(box->env->budget, box->uploads[i].size))
			box->uploads[n++] = box->uploads[i];
	}
	box->delta.postponed += box->upload_count - n;
	box->incomplete |= n < box->upload_count;
	box->upload_count = n;
}

/* A connection broke at the others. */
static int by_heat(const void *a, const void *b)
{
	const struct gw_append_item *x = a, *y = b;

	return x->heat != y->heat ? (x->heat > y->heat) - (x->heat < y->heat)
				  : (x->local > y->local) - (x->local < y->local);
}

static void cool_ones_first(struct gw_box *box)
{
	bool hot = false;

	for (size_t i = 0; i < box->upload_count; i++)
		hot |= box->uploads[i].heat > 0;
	if (hot)
		qsort(box->uploads, box->upload_count, sizeof *box->uploads, by_heat);
}

/* True if it is, or may be, a message whose header did not arrive. */
static bool is_unread(struct gw_box *box, const struct gw_append_item *item)
{
	uint32_t uid = box->env->accept_uploads ? 0 : gw_box_may_be(box, item->local);
	char reason[160];

	if (box->local.messages[item->local].uid != 0)
		return true;
	if (uid == 0)
		return false;
	snprintf(reason, sizeof reason,
		"it may be message UID %u, which cannot be read there; `sync --full` asks for that "
		"again, `sync --accept-uploads` sends the file",
		uid);
	refuse_soon(box, item->local, reason);
	return true;
}

static void drop_unread(struct gw_box *box)
{
	size_t n = 0;

	for (size_t i = 0; i < box->upload_count; i++) {
		if (!is_unread(box, &box->uploads[i]))
			box->uploads[n++] = box->uploads[i];
	}
	box->upload_count = n;
}

bool gw_box_has_to_send(struct gw_box *box)
{
	drop_unread(box);
	postpone(box);
	if (box->upload_count == 0 && box->carry_count == 0)
		gw_box_settle_orphans(box);
	return box->upload_count + box->carry_count > 0;
}

void gw_box_announce(struct gw_box *box)
{
	if (box->carry_count > 0 && gw_box_bars_changes(box))
		return;
	cool_ones_first(box);
	if (announce(box))
		return;
	free_announced(box);
	gw_box_fail_nomem(box);
}

bool gw_box_stored(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->upload_count; i++) {
		if (box->uploads[i].local == local)
			return box->uploads[i].outcome == GW_APPEND_STORED ||
			       box->uploads[i].outcome == GW_APPEND_UNNAMED;
	}
	return false;
}
