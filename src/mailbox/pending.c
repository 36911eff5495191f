/* SPDX-License-Identifier: ISC */
/* mailbox/pending.c - uploads that an earlier run did not see through, or whose answer did not say where
 * they are: found again, waited for, or taken back; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>
#include <time.h>

enum { WAIT_MS = 10000, WAIT_ANSWERED_MS = 1000 };

static void drop_head(struct gw_box *box, uint32_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < box->head_count; i++) {
		if (box->heads[i].uid != uid)
			box->heads[n++] = box->heads[i];
	}
	box->head_count = n;
}

/* Base gets the row although there is no file (any more); the table decides from there. */
static void claim(struct gw_box *box, const struct gw_pending_file *p, uint32_t uid)
{
	struct gw_op op = { .kind = GW_OP_JOIN,
		.uid = uid,
		.flags = p->flags,
		.size = p->size,
		.date = p->date,
		.print = p->print,
		.from = strdup(p->base_name),
		.copied = p->copied,
		.was_pending = true };
	size_t n = 0;

	if (op.from == NULL) {
		box->incomplete = true;
		return;
	}
	gw_box_add(box, &op);
	for (size_t i = 0; i < box->remote.count; i++) { /* no longer new there */
		if (box->remote.messages[i].uid != uid)
			box->remote.messages[n++] = box->remote.messages[i];
	}
	box->remote.count = n;
	drop_head(box, uid);
}

/* The file that was announced, or the same one under the name that it has by now. */
static uint32_t announced_file(const struct gw_box *box, const struct gw_pending_file *p)
{
	for (size_t i = 0; i < box->print_count && !p->has_file; i++) {
		const struct gw_file_print *f = &box->prints[i];

		if (f->ok && gw_fingerprint_same(&f->print, &p->print) &&
			!gw_box_was_announced(box, f->index) && !gw_box_is_paired(box, f->index))
			return f->index;
	}
	return p->has_file ? p->file : GW_NO_LOCAL;
}

/* Claims the message that was announced: bodies need not be compared. */
static void claim_with_file(struct gw_box *box, const struct gw_pending_file *p, uint32_t local,
	uint32_t uid, bool check)
{
	struct gw_pair *pair = gw_array_push(
		(void **)&box->pairs, &box->pair_count, &box->pair_cap, sizeof *box->pairs);

	if (pair == NULL) {
		box->incomplete = true;
		return;
	}
	*pair = (struct gw_pair){ .uid = uid, .local = local, .check_body = check };
	if (!p->has_file) /* it is recorded under its new name */
		gw_box_forget_file(box, p->base_name);
	drop_head(box, uid);
}

static struct gw_pair_remote *find_sent(struct gw_box *box, const struct gw_pending_file *p)
{
	for (size_t i = 0; i < box->head_count; i++) {
		struct gw_pair_remote *head = &box->heads[i];

		if (p->uidvalidity == box->remote.uidvalidity && head->uid < p->uidnext)
			continue;
		if (memcmp(head->header, p->print.header, GW_PAIR_HASH) == 0 &&
			head->raw_size == p->size)
			return head;
	}
	return NULL;
}

/* What identifies a message that the server alters (adds a field, folds or encodes lines anew), the
 * surest first.  The last two count only if the upload was answered OK. */
enum likeness { BY_MSGID, BY_HEADER, BY_ABOUT, LIKENESSES };

static uint64_t about_of(const struct gw_box *box, const struct gw_pending_file *p)
{
	const struct gw_file_print *f = p->has_file ? gw_box_print_of(box, p->file) : NULL;

	return f != NULL && f->ok ? f->print.about : 0;
}

static bool pendings_alike(const struct gw_box *box, const struct gw_pending_file *a,
	const struct gw_pending_file *b, enum likeness how)
{
	return how == BY_MSGID    ? gw_box_msgid_of(&a->print) == gw_box_msgid_of(&b->print)
	       : how == BY_HEADER ? memcmp(a->print.header, b->print.header, GW_PAIR_HASH) == 0
				  : about_of(box, a) == about_of(box, b);
}

static bool is_like(const struct gw_box *box, const struct gw_pending_file *p,
	const struct gw_pair_remote *head, enum likeness how)
{
	return how == BY_MSGID ? gw_box_msgid_of(&p->print) != 0 &&
					 head->any_msgid == gw_box_msgid_of(&p->print)
	       : how == BY_HEADER ? memcmp(head->header, p->print.header, GW_PAIR_HASH) == 0
				  : head->about != 0 && head->about == about_of(box, p);
}

/* The one message that came since it was announced and is like it, if nothing else that is announced
 * is like it, too. */
static struct gw_pair_remote *find_like(
	struct gw_box *box, const struct gw_pending_file *p, enum likeness how)
{
	struct gw_pair_remote *found = NULL;

	if (p->uidvalidity != box->remote.uidvalidity)
		return NULL;
	for (size_t i = 0; i < box->head_count; i++) {
		if (box->heads[i].uid < p->uidnext || !is_like(box, p, &box->heads[i], how))
			continue;
		if (found != NULL)
			return NULL;
		found = &box->heads[i];
	}
	for (size_t i = 0; i < box->local.pending_count && found != NULL; i++) {
		const struct gw_pending_file *other = &box->local.pending[i];

		if (other != p && !other->known && pendings_alike(box, p, other, how))
			return NULL;
	}
	return found;
}

/* *check: two messages with Message-IDs of their own are one only if the bodies are. */
static struct gw_pair_remote *find_altered(
	struct gw_box *box, const struct gw_pending_file *p, bool *check)
{
	struct gw_pair_remote *found = NULL;

	*check = false;
	for (int how = BY_MSGID; how < LIKENESSES && found == NULL; how++) {
		if (how == BY_MSGID || p->answered > 0)
			found = find_like(box, p, (enum likeness)how);
		*check = found != NULL && how == BY_ABOUT && gw_box_msgid_of(&p->print) != 0 &&
			 found->any_msgid != 0;
	}
	return found;
}

void gw_box_claim_pending(struct gw_box *box)
{
	for (size_t i = 0; i < box->local.pending_count && !box->env->dry_run; i++) {
		struct gw_pending_file *p = &box->local.pending[i];
		struct gw_pair_remote *head;
		uint32_t local, uid;
		bool check = false;

		if (p->known) /* recorded, but for this */
			gw_box_forget_file(box, p->base_name);
		if (p->known)
			continue;
		head = find_sent(box, p);
		if (head == NULL) {
			head = find_altered(box, p, &check);
			p->copied &= head == NULL; /* a copy is not altered */
		}
		if (head == NULL) /* with a file it may be paired like any other */
			continue;
		uid = head->uid;
		p->known = !check;
		local = announced_file(box, p);
		if (local != GW_NO_LOCAL)
			claim_with_file(box, p, local, uid, check);
		else
			claim(box, p, uid);
	}
}

static bool was_paired(const struct gw_box *box, const char *base_name)
{
	for (size_t i = 0; i < box->pair_count; i++) {
		struct gw_slice base = gw_scan_base(&box->local.scan, box->pairs[i].local);

		if (gw_slice_eq(base, base_name))
			return true;
	}
	return false;
}

static void on_waited(void *ctx)
{
	struct gw_box *box = ctx;

	box->delay = NULL;
	box->row->pending = 0; /* they were waited for */
	gw_box_finish(box, GW_BOX_AGAIN);
}

static bool is_missing(const struct gw_box *box, const struct gw_pending_file *p)
{
	return !p->known && !(p->has_file && was_paired(box, p->base_name));
}

bool gw_box_must_wait(struct gw_box *box)
{
	size_t missing = 0;

	for (size_t i = 0; i < box->local.pending_count && !box->env->dry_run; i++) {
		const struct gw_pending_file *p = &box->local.pending[i];

		if (!is_missing(box, p))
			continue;
		missing++;
		if (box->remote.unproved) /* it may have arrived, untold */
			box->plan.look_again = true;
		else if (box->row->pending == 0 && !p->has_file)
			gw_box_forget_file(box, p->base_name);
	}
	return missing > 0 && box->row->pending > 0;
}

void gw_box_wait(struct gw_box *box)
{
	uint64_t ms = WAIT_ANSWERED_MS;

	for (size_t i = 0; i < box->local.pending_count; i++) {
		if (is_missing(box, &box->local.pending[i]) && box->local.pending[i].answered == 0)
			ms = WAIT_MS;
	}
	gw_log(box->env->log, GW_LOG_INFO,
		"%s: an upload does not show yet; waiting a moment to see whether it arrived",
		box->folder->shown);
	if (gw_delay_start(box->env->loop, ms, on_waited, box, &box->delay) != GW_OK)
		gw_box_fail_nomem(box);
}

void gw_box_note_seen(struct gw_box *box)
{
	const struct gw_remote_view *v = &box->remote;

	for (size_t i = 0; i < box->local.unseen.count && !v->unproved && !box->env->dry_run; i++) {
		const struct gw_range *r = &box->local.unseen.ranges[i];

		for (uint64_t uid = r->first; uid <= r->last; uid++) {
			struct gw_op op = { .kind = GW_OP_SEEN, .uid = (uint32_t)uid };

			if (v->has_listing ? gw_seqset_has(&v->listing, (uint32_t)uid)
					   : gw_box_is_there(box, (uint32_t)uid) ||
						     (!v->full && !gw_seqset_has(&v->vanished,
									  (uint32_t)uid)))
				gw_box_add(box, &op);
		}
	}
}

void gw_box_take_back(struct gw_box *box, uint32_t uid)
{
	struct gw_op op = { .kind = GW_OP_UNKEPT, .uid = uid, .row = *box->row };

	gw_log(box->env->log, GW_LOG_WARN,
		"%s: the server said that it had stored UID %u, and does not have it",
		box->folder->shown, uid);
	gw_box_add(box, &op);
	box->row->pending++;
	box->incomplete = true; /* the next look sends it, or finds it elsewhere */
}

void gw_box_put_off_new(struct gw_box *box)
{
	bool any = false;
	size_t kept = 0;

	for (size_t i = 0; i < box->plan.count; i++)
		any |= box->plan.actions[i].kind == GW_DO_UNKEPT;
	for (size_t i = 0; i < box->plan.count && any; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (a->kind != GW_DO_DOWNLOAD && a->kind != GW_DO_UPLOAD)
			box->plan.actions[kept++] = *a;
	}
	if (any)
		box->plan.count = kept;
}
