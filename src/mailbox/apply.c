/* mailbox/apply.c - from plan to operations; part of the machine in box_p.h.
 *
 * Order: what is created, then flags, then (remove.c) what goes; the cursor last.
 */
#include "mailbox/box_p.h"

#include "plan/body.h"

#include <stdlib.h>
#include <time.h>

char *gw_box_renamed(struct gw_box *box, uint32_t local, uint64_t flags, uint64_t changes)
{
	struct gw_name old = gw_name_split(gw_scan_name(&box->local.scan, local));
	uint32_t alien = box->local.messages[local].alien;
	char name[GW_NAME_MAX + 1], own[GW_NAME_MAX + 1];
	char *copy;

	old.info = gw_name_without(old.info, alien, own);
	if (alien != 0)
		changes |= GW_FLAGS_KEYWORDS & ~gw_box_tags(box);
	gw_name_format(&old, flags, changes, &box->keywords, name); /* as many as have room */
	copy = strdup(name);
	if (copy == NULL)
		box->incomplete = true;
	return copy;
}

bool gw_box_name_source(struct gw_box *box, uint32_t local, struct gw_op *op)
{
	op->from = strdup(gw_scan_name(&box->local.scan, local));
	op->from_in_new = box->local.scan.entries[local].in_new;
	if (op->from == NULL)
		box->incomplete = true;
	return op->from != NULL;
}

/* A message in new/ stays there while it has no flag, and one in cur/ stays in cur/. */
static bool stays_in_new(const struct gw_box *box, uint32_t local, uint64_t flags)
{
	return box->local.scan.entries[local].in_new && (flags & gw_box_here(box)) == 0;
}

const struct gw_file_print *gw_box_print_of(const struct gw_box *box, uint32_t local)
{
	size_t lo = 0, hi = box->print_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (box->prints[mid].index < local)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < box->print_count && box->prints[lo].index == local ? &box->prints[lo] : NULL;
}

void gw_box_join(struct gw_box *box, const struct gw_box_union *u)
{
	const struct gw_file_print *p = gw_box_print_of(box, u->local);
	struct gw_op op = { .kind = GW_OP_JOIN,
		.uid = u->uid,
		.flags = u->base_flags,
		.size = u->size,
		.date = u->date,
		.was_pending = u->was_pending };

	if (p == NULL) {
		box->incomplete = true;
		return;
	}
	op.print = p->print;
	if (!gw_box_name_source(box, u->local, &op))
		return;
	if (box->local.messages[u->local].alien != 0 ||
		((u->flags ^ box->local.messages[u->local].flags) & gw_box_here(box)) != 0) {
		op.to = gw_box_renamed(box, u->local, u->flags, gw_box_here(box));
		op.to_in_new = stays_in_new(box, u->local, u->flags);
	}
	gw_box_add(box, &op);
}

/* One that was looked at here and found there. */
static void pair(struct gw_box *box, uint32_t uid, uint32_t local, uint64_t flags,
	uint64_t base_flags, uint64_t size, time_t date)
{
	const struct gw_box_union u = { .uid = uid,
		.local = local,
		.flags = flags,
		.base_flags = base_flags,
		.size = size,
		.date = date,
		.was_pending = box->local.pending_count > 0 || box->local.messages[local].refused };

	gw_box_join(box, &u);
	box->delta.paired++;
	box->env->counts->paired++;
}

/* --- downloads ------------------------------------------------------------------------------- */

bool gw_box_name_is_taken(const struct gw_box *box, struct gw_slice base)
{
	return gw_scan_find(&box->local.scan, base) != SIZE_MAX;
}

void gw_box_deliver(struct gw_box *box, const struct gw_box_arrival *a, struct gw_delivered *file)
{
	const struct gw_name none = { .base = { NULL, 0 } };
	char base[64], name[GW_NAME_MAX + 1];
	struct gw_name old = none;
	struct gw_op op = { .kind = GW_OP_DELIVER,
		.uid = a->uid,
		.flags = a->flags,
		.file = *file,
		.print = file->print,
		.size = a->size != 0 ? a->size : file->wire_size,
		.date = a->date,
		.was_here = a->was_here };

	gw_name_of_uid(box->key, a->uid, base);
	op.name_is_taken = gw_box_name_is_taken(box, gw_slice_str(base));
	old.base = gw_slice_str(base);
	op.to_in_new = (a->flags & gw_box_here(box)) == 0;
	if (op.to_in_new)
		op.to = strdup(base);
	else if (gw_name_format(&old, a->flags, gw_box_here(box), &box->keywords, name))
		op.to = strdup(name);
	if (op.to == NULL) {
		gw_delivered_drop(&op.file, &box->place->m);
		box->incomplete = true;
		return;
	}
	gw_box_add(box, &op);
}

/* It was asked for twice, and is all that there is to be had. */
static void tell_short(
	struct gw_box *box, const struct gw_download_item *item, const struct gw_delivered *file)
{
	struct gw_error err = { 0 };

	if (!gw_body_is_short(item->size, file->wire_size))
		return;
	gw_fail(&err, GW_ERR_PROTOCOL,
		"the server says that message UID %u has %lu bytes, and sent %llu, twice; what it sent "
		"is kept, and may be only a part",
		item->uid, (unsigned long)item->size, (unsigned long long)file->wire_size);
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

static void on_message(void *ctx, const struct gw_download_item *item, const struct gw_fetch *fetch,
	struct gw_delivered *file)
{
	struct gw_box *box = ctx;
	uint64_t flags = gw_session_tells_flags(box->session, fetch) ? gw_box_flags(box, fetch)
								     : item->flags;
	const struct gw_file_print *p =
		item->local == GW_NO_LOCAL ? NULL : gw_box_print_of(box, item->local);

	tell_short(box, item, file);
	box->delta.downloaded++;
	box->env->counts->downloaded++;
	if (box->env->verify) {
		gw_box_verify_body(box, item, file);
		box->env->progress(box->env->ctx);
		return;
	}
	if (p != NULL && memcmp(p->print.body, file->print.body, GW_HASH_BYTES) == 0) {
		uint64_t mine = box->local.messages[item->local].flags;

		gw_delivered_drop(file, &box->place->m);
		pair(box, item->uid, item->local,
			mine | (flags & gw_box_here(box) & ~GW_FLAG_DELETED), flags, item->size,
			fetch->has_date ? fetch->date : 0);
	} else {
		if (p != NULL && gw_box_was_announced(box, item->local))
			box->incomplete = true; /* so it was not found: the next look tells */
		gw_box_deliver(box,
			&(struct gw_box_arrival){ .uid = item->uid,
				.size = item->size,
				.flags = flags,
				.date = fetch->has_date ? fetch->date : 0 },
			file);
	}
	box->env->progress(box->env->ctx);
}

static void on_bytes(void *ctx, size_t n)
{
	struct gw_box *box = ctx;

	box->delta.bytes_downloaded += n;
	box->env->counts->bytes_downloaded += n;
}

void gw_box_set_aside(struct gw_box *box, const struct gw_download_item *item, const char *reason)
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
	box->env->problem(box->env->ctx, box, &err);
}

static void on_unfetchable(void *ctx, const struct gw_download_item *item, const char *reason)
{
	gw_box_set_aside(ctx, item, reason);
}

static void on_unavailable(void *ctx, const struct gw_error *why)
{
	struct gw_box *box = ctx;

	box->unavailable = *why;
}

static void on_broke(void *ctx, uint32_t lo, uint32_t hi, size_t asked, bool late)
{
	gw_box_note_break(ctx, lo, hi, asked, late);
}

static void on_drained(void *ctx)
{
	struct gw_box *box = ctx;

	if (box->push_count == 0 && box->upload_count == 0 && box->carry_count == 0 &&
		!gw_box_must_wait_to_remove(box)) /* else this connection is needed for more */
		box->env->drained(box->env->ctx, box);
}

/* --- the rest -------------------------------------------------------------------------------- */

static void apply_flags(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .kind = GW_OP_FLAGS, .uid = a->uid, .flags = a->base_flags };

	gw_box_name_source(box, a->local, &op);
	/* A wish to delete that the table overrules is taken off. */
	op.to = gw_box_renamed(box, a->local, a->flags, gw_box_here(box) | GW_FLAG_DELETED);
	op.to_in_new = stays_in_new(box, a->local, a->flags);
	if (op.from == NULL || op.to == NULL) {
		free(op.from);
		free(op.to);
		return;
	}
	if (strcmp(op.from, op.to) == 0 && op.from_in_new == op.to_in_new) { /* only its tags */
		free(op.from);
		free(op.to);
		op.from = op.to = NULL;
		op.kind = GW_OP_BASE_FLAGS;
	}
	gw_box_add(box, &op);
}

/* The message's file has another name, or stands elsewhere in the mailbox. */
static void relink(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .kind = GW_OP_JOIN,
		.uid = a->uid,
		.flags = a->base_flags,
		.was_pending = box->local.messages[a->local].refused };
	const struct gw_file_print *p = gw_box_print_of(box, a->local);
	bool other = false;

	for (size_t i = 0; i < box->gone_count; i++) {
		if (box->gone[i].uid != a->uid)
			continue;
		other = p != NULL && !gw_fingerprint_same(&box->gone[i].print, &p->print);
		op.size = box->gone[i].size;
		op.date = box->gone[i].date;
	}
	if (p == NULL || !gw_box_name_source(box, a->local, &op)) {
		box->incomplete = true;
		return;
	}
	op.print = p->print;
	gw_box_add(box, &op);
	if (other)
		gw_box_tell_kept(box, a->uid);
	box->incomplete |=
		((box->local.messages[a->local].flags ^ a->base_flags) & gw_box_here(box)) != 0;
}

static void keep(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .kind = GW_OP_DROP_ROW, .uid = a->uid };

	box->delta.kept++;
	gw_log(box->env->log, GW_LOG_INFO,
		"%s: UID %u is gone on the server but was changed here; the file stays",
		box->folder->shown, a->uid);
	gw_box_add(box, &op);
	box->incomplete = true; /* the next look uploads it */
}

static void apply_one(struct gw_box *box, const struct gw_action *a)
{
	struct gw_op op = { .uid = a->uid, .flags = a->base_flags };

	switch ((enum gw_action_kind)a->kind) {
	case GW_DO_LOCAL_FLAGS:
		apply_flags(box, a);
		box->delta.flags_changed++;
		return;
	case GW_DO_KEEP:
		keep(box, a);
		return;
	case GW_DO_UNKEPT:
		gw_box_take_back(box, a->uid);
		return;
	case GW_DO_RELINK:
		relink(box, a);
		return;
	case GW_DO_HOLD:
		gw_box_hold(box, a->uid, "deleted here; on the server the mailbox is read-only");
		return;
	case GW_DO_BASE_FLAGS:
		op.kind = GW_OP_BASE_FLAGS;
		break;
	case GW_DO_HOLD_DELETE:
	case GW_DO_HOLD_REMOTE:
		op.kind = GW_OP_HOLD_DELETION;
		op.side = a->kind == GW_DO_HOLD_DELETE ? GW_GONE_THERE : GW_GONE_HERE;
		break;
	case GW_DO_UNHOLD:
		op.kind = GW_OP_UNHOLD;
		break;
	case GW_DO_LEAVE:
		op.kind = GW_OP_LEFT;
		break;
	case GW_DO_FORGET:
		gw_box_drop_twins(box, a->uid, GW_NO_LOCAL);
		op.kind = GW_OP_DROP_ROW;
		break;
	case GW_DO_SKIP:
		op.kind = GW_OP_OUTSIDE;
		op.flags = a->flags;
		op.size = a->size;
		op.date = a->base_flags != 0 ? GW_DATE_TOLD_OLD : 0;
		break;
	case GW_DO_HIDE:
		op.kind = GW_OP_HIDE;
		break;
	case GW_DO_STAY:
		op.kind = GW_OP_STAY;
		break;
	case GW_DO_DOWNLOAD:
	case GW_DO_RETURN:
	case GW_DO_PAIR:
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_UPLOAD:
	case GW_DO_HOLD_UPLOAD:
	case GW_DO_REFUSE:
	case GW_DO_STRAY:
	case GW_DO_DELETE_LOCAL:
	case GW_DO_DELETE_REMOTE:
	case GW_DO_REPLACED:
	case GW_DO_TAKE:
	case GW_DO_EXPIRE:
	case GW_DO_NOTHING:
		return;
	}
	gw_box_add(box, &op);
}

/* What is outside the window leaves.  The row says so first: a file that is gone without that would
 * be taken for one that was deleted. */
static void expire(struct gw_box *box)
{
	bool any = false;

	for (size_t i = 0; i < box->plan.count; i++) {
		struct gw_op op = { .kind = GW_OP_LEAVING, .uid = box->plan.actions[i].uid };

		if (box->plan.actions[i].kind != GW_DO_EXPIRE)
			continue;
		gw_box_add(box, &op);
		any = true;
	}
	if (!any)
		return;
	gw_batcher_seal(box->env->batcher);
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		/* What leaves the archive has come to another mailbox. */
		struct gw_op op = {
			.kind = GW_OP_EXPIRE, .uid = a->uid, .was_here = gw_box_is_archive(box)
		};

		if (a->kind != GW_DO_EXPIRE || !gw_box_name_source(box, a->local, &op))
			continue;
		gw_box_drop_twins(box, a->uid, a->local);
		gw_box_add(box, &op);
		box->delta.expired++;
	}
	box->env->counts->expired += box->delta.expired;
}

void gw_box_apply_rest(struct gw_box *box)
{
	if (box->applied)
		return;
	box->applied = true;
	gw_box_note_ids(box);
	for (size_t i = 0; i < box->plan.count; i++)
		apply_one(box, &box->plan.actions[i]);
	if (!gw_box_is_archive(box))
		expire(box);
	box->env->counts->flags_changed += box->delta.flags_changed;
	box->env->counts->kept += box->delta.kept;
}

void gw_box_delete_local(struct gw_box *box)
{
	if (gw_box_is_archive(box)) /* now others have their copies */
		expire(box);
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		struct gw_op op = { .kind = GW_OP_DELETE, .uid = a->uid };

		if (a->kind != GW_DO_DELETE_LOCAL && a->kind != GW_DO_STRAY)
			continue;
		gw_box_drop_twins(box, a->uid, a->local);
		if (gw_box_name_source(box, a->local, &op))
			gw_box_add(box, &op);
		box->delta.deleted++;
	}
	box->env->counts->deleted += box->delta.deleted;
}

enum gw_code gw_box_store_validity(struct gw_box *box)
{
	struct gw_op op = { .kind = GW_OP_CURSOR, .place = box->place, .row = *box->row };

	if (box->row->uidvalidity == box->remote.uidvalidity)
		return GW_OK;
	op.row.uidvalidity = box->row->uidvalidity = box->remote.uidvalidity;
	op.row.uidnext = box->row->uidnext = 0;
	op.row.highestmodseq = box->row->highestmodseq = 0;
	op.row.messages = box->row->messages = 0;
	op.row.full_at = box->row->full_at = 0;
	op.row.inode = box->row->inode = box->local.inode;
	return gw_batcher_add(box->env->batcher, &op);
}

/* Those of the look, not of what we wrote since: a foreign change may hide in the latter. */
static void take_stamps(const struct gw_box *box, struct gw_mailbox_row *row)
{
	if (box->local.scan.cur.inode == 0 || box->plan.look_again)
		return;
	row->cur = box->local.scan.cur;
	row->new = box->local.scan.new;
}

static bool same_stamps(const struct gw_mailbox_row *a, const struct gw_mailbox_row *b)
{
	return (b->cur.inode == 0 && a->cur.inode == 0) ||
	       (gw_stamp_same(&a->cur, &b->cur) && gw_stamp_same(&a->new, &b->new));
}

void gw_box_wrap_up_same(struct gw_box *box)
{
	struct gw_op op = { .kind = GW_OP_CURSOR, .row = *box->row, .owner = box, .advance = true };

	gw_box_count_aside(box);
	gw_box_tell_aside(box);
	take_stamps(box, &op.row);
	if (same_stamps(box->row, &op.row) || box->env->dry_run) {
		gw_box_finish(box, GW_BOX_SAME);
		return;
	}
	gw_box_enter(box, BOX_COMMITTING);
	box->next_row = op.row;
	gw_box_add(box, &op);
}

void gw_box_wrap_up(struct gw_box *box)
{
	const struct gw_remote_view *v = &box->remote;
	struct gw_op op = { .kind = GW_OP_CURSOR, .row = *box->row, .owner = box };
	bool same;

	gw_box_release(box);
	gw_box_apply_rest(box);
	box->incomplete |= box->plan.incomplete;
	gw_box_acquit(box);
	if (!box->incomplete)
		gw_box_tell_aside(box);
	op.advance = !box->incomplete && !v->unproved;
	if (box->incomplete)
		gw_log(box->env->log, GW_LOG_DEBUG, "%s: something is left for another look",
			box->folder->shown);
	op.row.inode = box->local.inode;
	op.row.delimiter = box->folder->delimiter;
	op.row.special_use = box->folder->attrs & ~(unsigned)GW_LIST_SUBSCRIBED;
	if (op.advance) {
		op.row.uidvalidity = v->uidvalidity;
		op.row.uidnext = v->uidnext;
		op.row.highestmodseq = v->highestmodseq;
		op.row.messages = v->selected_exists;
		op.row.window = gw_box_window_key(box->folder, box->env->now);
		if (box->asked_full && v->full)
			op.row.full_at = (int64_t)time(NULL);
		take_stamps(box, &op.row);
	}
	same = same_stamps(box->row, &op.row) && op.row.uidnext == box->row->uidnext &&
	       op.row.messages == box->row->messages &&
	       op.row.highestmodseq == box->row->highestmodseq && op.row.inode == box->row->inode &&
	       op.row.full_at == box->row->full_at && op.row.window == box->row->window;
	gw_box_enter(box, BOX_COMMITTING);
	if (same && !box->planned && !box->incomplete) { /* nothing to write */
		gw_box_finish(box, GW_BOX_IN_STEP);
		return;
	}
	box->next_row = op.row;
	gw_box_add(box, &op);
}

static void on_downloaded(void *ctx, bool complete, const struct gw_error *err)
{
	struct gw_box *box = ctx;

	box->download = NULL;
	if (err != NULL) {
		struct gw_error lost = *err;

		lost.scope = GW_SCOPE_ACCOUNT;
		gw_box_fail(box, &lost);
		return;
	}
	box->incomplete |= !complete;
	if (box->unavailable.code != GW_OK && !box->stopped) {
		box->unavailable.scope = GW_SCOPE_MAILBOX;
		gw_error_context(&box->unavailable,
			"the server gives no messages at present, so that the rest is left for the "
			"next sync");
		gw_box_fail(box, &box->unavailable);
		return;
	}
	if (box->env->verify)
		gw_box_verify_end(box);
	else
		gw_box_got(box);
}

/* Sure pairs at once; what is to be fetched becomes a list of its own and leaves the plan: no
 * message is held in more than one list while mail flows.  false: out of memory. */
static bool sort_out(struct gw_box *box)
{
	size_t kept = 0;

	box->items = calloc(box->plan.count + 1, sizeof *box->items);
	if (box->items == NULL)
		return false;
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		bool fetch = a->kind == GW_DO_DOWNLOAD || a->kind == GW_DO_RETURN ||
			     (a->kind == GW_DO_PAIR && a->check_body);

		if (a->kind == GW_DO_PAIR && !a->check_body && box->env->dry_run)
			box->delta.paired++;
		else if (a->kind == GW_DO_PAIR && !a->check_body)
			pair(box, a->uid, a->local, a->flags, a->base_flags, a->size, 0);
		if (a->kind == GW_DO_REMOTE_FLAGS && !gw_box_will_push(box, a))
			return false;
		if ((a->kind == GW_DO_UPLOAD || a->kind == GW_DO_REFUSE ||
			    a->kind == GW_DO_HOLD_UPLOAD) &&
			!gw_box_will_upload(box, a))
			return false;
		if (!fetch) {
			box->plan.actions[kept++] = *a;
			continue;
		}
		box->items[box->item_count] = (struct gw_download_item){ .uid = a->uid,
			.size = a->size,
			.local = a->local,
			.flags = a->kind == GW_DO_PAIR ? a->base_flags : a->flags };
		if (gw_box_is_suspect(box) && gw_box_sets_aside(box, &box->items[box->item_count]))
			continue;
		box->item_count++;
		box->delta.to_download++;
		box->delta.bytes_to_download += a->size;
	}
	gw_plan_shrink(&box->plan, kept);
	box->env->counts->to_download += box->delta.to_download;
	box->env->counts->to_upload += box->delta.to_upload;
	box->env->counts->bytes_to_download += box->delta.bytes_to_download;
	return true;
}

/* Dry run: the same plan, counted instead of carried out. */
static void count_rest(struct gw_box *box)
{
	struct gw_sync_counts *d = &box->delta, *all = box->env->counts;

	for (size_t i = 0; i < box->plan.count; i++) {
		uint8_t kind = box->plan.actions[i].kind;

		d->flags_changed += kind == GW_DO_LOCAL_FLAGS;
		d->flags_sent += kind == GW_DO_REMOTE_FLAGS;
		d->deleted += kind == GW_DO_DELETE_LOCAL || kind == GW_DO_STRAY;
		d->deleted_there += kind == GW_DO_DELETE_REMOTE;
		d->moved += kind == GW_DO_TAKE;
		d->kept += kind == GW_DO_KEEP;
		d->expired += kind == GW_DO_EXPIRE;
	}
	d->moved += box->carry_count;
	all->flags_changed += d->flags_changed;
	all->flags_sent += d->flags_sent;
	all->deleted += d->deleted;
	all->deleted_there += d->deleted_there;
	all->moved += d->moved;
	all->kept += d->kept;
	all->expired += d->expired;
	all->paired += d->paired;
}

void gw_box_begin_download(struct gw_box *box)
{
	const struct gw_download_events events = { .message = on_message,
		.bytes = on_bytes,
		.unfetchable = on_unfetchable,
		.unavailable = on_unavailable,
		.broke = on_broke,
		.drained = on_drained,
		.done = on_downloaded,
		.ctx = box };
	enum gw_code code = gw_download_start(box->session, &box->place->m, box->key, box->items,
		box->item_count, box->env->account->max_message_size, box->env->fetch_most, &events,
		&box->download);

	gw_box_enter(box, BOX_DOWNLOADING);
	box->env->progress(box->env->ctx);
	if (code == GW_OK)
		return;
	gw_box_end_unsent(box, code);
}

void gw_box_created(struct gw_box *box)
{
	gw_box_apply_rest(box);
	gw_box_enter(box, BOX_CREATED);
	box->env->created(box->env->ctx, box);
}

void gw_box_proceed(struct gw_box *box)
{
	enum gw_code code = GW_OK;

	box->planned = box->plan.count > 0;
	if (!box->env->dry_run)
		code = gw_box_store_validity(box);
	if (code != GW_OK || !sort_out(box)) {
		gw_fail(&box->err, GW_ERR_NOMEM, "out of memory");
		gw_box_fail(box, &box->err);
		return;
	}
	if (box->env->dry_run) {
		count_rest(box);
		gw_box_finish(box, GW_BOX_IN_STEP);
		return;
	}
	gw_box_take_files(box);
	gw_box_get(box);
}
