/* SPDX-License-Identifier: ISC */
/* mailbox/pair.c - finding out which messages are the same; part of the machine in box_p.h. */
#include "mailbox/box_p.h"

#include <stdlib.h>

static void heads_or_prints_done(struct gw_box *box);

static void fail_code(struct gw_box *box, enum gw_code code)
{
	gw_fail(&box->err, code, code == GW_ERR_NET ? "the session ended" : "out of memory");
	box->err.scope = code == GW_ERR_NET ? GW_SCOPE_ACCOUNT : GW_SCOPE_MAILBOX;
	if (!box->heads_pending && !box->prints_pending)
		gw_box_fail(box, &box->err);
}

void gw_box_fetch_wanted_heads(struct gw_box *box)
{
	enum gw_code code;

	box->heads_raw = false;
	code = gw_box_ask_heads(box, box->wanted_heads, box->wanted_count, heads_or_prints_done);
	if (code != GW_OK)
		fail_code(box, code);
	else
		heads_or_prints_done(box);
}

/* --- UIDs that mean something else now ------------------------------------------------------- */

void gw_box_fetch_all_heads(struct gw_box *box)
{
	size_t n = box->remote.count;
	uint32_t *uids = calloc(n + 1, sizeof *uids);
	enum gw_code code = uids == NULL ? GW_ERR_NOMEM : GW_OK;

	gw_log(box->env->log, GW_LOG_WARN,
		box->remote.uidvalidity == box->row->uidvalidity
			? "%s: the mailbox is another one, or an older one, than it was (UIDVALIDITY "
			  "%u, as %u before); messages are recognised by their content, none is "
			  "fetched again"
			: "%s: the server numbers its messages anew (UIDVALIDITY %u, was %u); they "
			  "are recognised by their content, none is fetched again",
		box->folder->shown, box->remote.uidvalidity, box->row->uidvalidity);
	box->rekeyed = true;
	box->heads_raw = true;
	for (size_t i = 0; i < n && code == GW_OK; i++)
		uids[i] = box->remote.messages[i].uid;
	if (code == GW_OK)
		code = gw_box_ask_heads(box, uids, n, heads_or_prints_done);
	free(uids);
	if (code != GW_OK)
		fail_code(box, code);
	else
		heads_or_prints_done(box);
}

struct rekey_job {
	struct gw_disk_job job; /* first */
	struct gw_box *box;
	struct gw_mailbox_row row;
	struct gw_rekey *map; /* owned */
	size_t count;
	struct gw_error err;
};

static void work_rekey(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct rekey_job *r = (struct rekey_job *)job;
	enum gw_code code = gw_disk_writable(world, &r->err);

	if (code == GW_OK)
		code = gw_store_begin(world->store, &r->err);
	if (code == GW_OK)
		code = gw_store_rekey(world->store, r->row.id, r->map, r->count, &r->err);
	if (code == GW_OK)
		code = gw_store_mailbox_update(world->store, &r->row, &r->err);
	if (code == GW_OK)
		code = gw_store_commit(world->store, &r->err);
	if (code != GW_OK)
		gw_store_rollback(world->store);
}

static void on_rekeyed(struct gw_disk_job *job)
{
	struct rekey_job *r = (struct rekey_job *)job;
	struct gw_box *box = r->box;

	if (r->err.code != GW_OK) {
		r->err.scope = GW_SCOPE_ACCOUNT;
		gw_box_fail(box, &r->err);
	} else {
		box->row->uidvalidity = r->row.uidvalidity;
		box->row->uidnext = 0;
		box->row->highestmodseq = 0;
		box->row->full_at = 0;
		box->row->object_id = r->row.object_id;
		box->remote.restarted = false;
		gw_box_step(box);
	}
	free(r->map);
	free(r);
}

static int by_old_uid(const void *a, const void *b)
{
	const struct gw_rekey *x = a, *y = b;

	return (x->old_uid > y->old_uid) - (x->old_uid < y->old_uid);
}

static int base_by_uid(const void *a, const void *b)
{
	const struct gw_base_msg *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* Applies to a look what the state is told: rows get their new UIDs, or are dropped. */
static bool rekey_view(struct gw_local_view *v, struct gw_rekey *map, size_t count)
{
	struct gw_seqset *held[] = { &v->held_gone, &v->held_here };
	struct gw_seqset moved[2] = { 0 };
	size_t kept = 0;
	bool ok = true;

	qsort(map, count, sizeof *map, by_old_uid);
	for (size_t i = 0; i < v->base_count; i++) {
		struct gw_base_msg b = v->base[i];
		const struct gw_rekey key = { .old_uid = b.uid };
		const struct gw_rekey *to =
			count == 0 ? NULL : bsearch(&key, map, count, sizeof key, by_old_uid);

		for (size_t h = 0; h < 2 && to != NULL; h++)
			ok &= !gw_seqset_has(held[h], b.uid) ||
			      gw_seqset_add(&moved[h], to->new_uid, to->new_uid) == GW_OK;
		b.uid = to == NULL ? 0 : to->new_uid;
		if (b.local != GW_NO_LOCAL)
			v->messages[b.local].uid = b.uid;
		v->unknown += b.local != GW_NO_LOCAL && to == NULL;
		if (to != NULL)
			v->base[kept++] = b;
	}
	v->base_count = kept;
	if (kept > 0)
		qsort(v->base, kept, sizeof *v->base, base_by_uid);
	for (size_t h = 0; h < 2; h++) {
		gw_seqset_deinit(held[h]);
		*held[h] = moved[h];
	}
	return ok;
}

void gw_box_rekey(struct gw_box *box)
{
	struct rekey_job *job = calloc(1, sizeof *job);
	struct gw_rekey *map = NULL;

	box->pair_count = 0;
	if (job != NULL && gw_pair_messages(box->heads, box->head_count, box->local.prints,
				   box->local.print_count, true, &box->pairs, &box->pair_count,
				   &box->pair_cap) == GW_OK)
		map = calloc(box->pair_count + 1, sizeof *map);
	if (map == NULL) {
		free(job);
		fail_code(box, GW_ERR_NOMEM);
		return;
	}
	for (size_t i = 0; i < box->pair_count; i++)
		map[i] = (struct gw_rekey){ .old_uid = box->pairs[i].local,
			.new_uid = box->pairs[i].uid };
	box->delta.paired += box->pair_count;
	box->env->counts->paired += box->pair_count;
	*job = (struct rekey_job){ .job = { .work = work_rekey, .done = on_rekeyed },
		.box = box,
		.row = *box->row,
		.map = map,
		.count = box->pair_count };
	job->row.uidvalidity = box->remote.uidvalidity;
	job->row.uidnext = 0;
	job->row.highestmodseq = 0;
	job->row.messages = 0;
	job->row.full_at = 0;
	if (box->folder->object_id != 0)
		job->row.object_id = box->folder->object_id;
	box->pair_count = 0;
	if (box->env->dry_run) { /* the state stays as it is, and this look goes on as if it did not */
		bool ok = rekey_view(&box->local, map, job->count);

		free(box->renumbered);
		box->renumbered = map;
		box->renumbered_count = job->count;
		box->env->counts->paired -= job->count; /* counted with the rest */
		free(job);
		box->remote.restarted = false;
		if (ok)
			gw_box_step(box);
		else
			fail_code(box, GW_ERR_NOMEM);
		return;
	}
	gw_batcher_seal(box->env->batcher); /* keywords that came with the headers */
	gw_disk_submit(box->env->disk, &job->job);
}

/* --- new on both sides ----------------------------------------------------------------------- */

/* The UIDs that base does not know. */
static size_t new_uids(const struct gw_box *box, uint32_t *out)
{
	size_t n = 0, b = 0;

	for (size_t i = 0; i < box->remote.count; i++) {
		uint32_t uid = box->remote.messages[i].uid;

		while (b < box->local.base_count && box->local.base[b].uid < uid)
			b++;
		if (b == box->local.base_count || box->local.base[b].uid != uid)
			out[n++] = uid;
	}
	return n;
}

/* UIDs that base knows without a file, and an unknown file names: its arrival was interrupted. */
static size_t add_arrivals(const struct gw_box *box, uint32_t *uids, size_t count)
{
	for (size_t i = 0; i < box->print_count; i++) {
		uint32_t uid =
			gw_name_uid(gw_scan_base(&box->local.scan, box->prints[i].index), box->key);
		size_t b = uid == 0 ? box->local.base_count
				    : gw_base_find(box->local.base, box->local.base_count, uid);

		if (b < box->local.base_count && box->local.base[b].local == GW_NO_LOCAL &&
			(box->local.base[b].kind == GW_BASE_OUTSIDE ||
				box->local.base[b].kind == GW_BASE_UNFETCHABLE))
			uids[count++] = uid;
	}
	return count;
}

/* True if copies have two ages, and the UID of the file's row is gone there: its content decides,
 * as for unknown files.  (It may have been kept and uploaded again since.) */
static bool has_old_row(const struct gw_box *box, size_t i)
{
	const struct gw_remote_view *v = &box->remote;
	uint32_t uid = box->local.messages[i].uid;

	if (uid == 0 || !box->copies_differ || v->unproved)
		return false;
	return v->has_listing ? !gw_seqset_has(&v->listing, uid)
			      : v->full && !gw_box_is_there(box, uid);
}

/* The message that it is now has taken the file. */
static void give_up_old_rows(struct gw_box *box)
{
	for (size_t i = 0; i < box->pair_count; i++) {
		struct gw_local_msg *l = &box->local.messages[box->pairs[i].local];
		size_t b = gw_base_find(box->local.base, box->local.base_count, l->uid);

		if (l->uid == 0 || box->pairs[i].check_body)
			continue;
		if (b < box->local.base_count)
			box->local.base[b].local = GW_NO_LOCAL;
		l->uid = 0;
	}
}

/* Lists the unknown files; named_only: each names a UID of this mailbox, so that only those UIDs'
 * headers are needed. */
static bool list_unknown(struct gw_box *box)
{
	box->prints = calloc((box->copies_differ ? box->local.scan.count : box->local.unknown) + 1,
		sizeof *box->prints);
	box->print_count = 0;
	box->named_only = true;
	if (box->prints == NULL)
		return false;
	for (size_t i = 0; i < box->local.scan.count; i++) {
		bool old = has_old_row(box, i);

		if ((box->local.messages[i].uid != 0 && !old) ||
			box->local.messages[i].twin != GW_TWIN_NONE)
			continue;
		box->named_only &= !old;
		box->prints[box->print_count++].index = (uint32_t)i;
		box->named_only &= gw_name_uid(gw_scan_base(&box->local.scan, i), box->key) != 0;
	}
	return true;
}

static int compare_uids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Keeps of uids those that an unknown file names. */
static size_t keep_named(const struct gw_box *box, uint32_t *uids, size_t count)
{
	uint32_t *named = calloc(box->print_count + 1, sizeof *named);
	size_t kept = 0;

	if (named == NULL)
		return count; /* more than needed, and right */
	for (size_t i = 0; i < box->print_count; i++)
		named[i] =
			gw_name_uid(gw_scan_base(&box->local.scan, box->prints[i].index), box->key);
	qsort(named, box->print_count, sizeof *named, compare_uids);
	for (size_t i = 0; i < count; i++) {
		if (bsearch(&uids[i], named, box->print_count, sizeof *named, compare_uids) != NULL)
			uids[kept++] = uids[i];
	}
	free(named);
	return kept;
}

static int pair_by_uid(const void *a, const void *b)
{
	const struct gw_pair *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* Without its header: it is the one that a file is named after by us, if the sizes agree. */
static enum gw_code join_unread(struct gw_box *box)
{
	for (size_t i = 0; i < box->print_count && box->unread_count > 0; i++) {
		const struct gw_file_print *p = &box->prints[i];
		struct gw_unread *u = gw_box_find_unread(
			box, gw_name_uid(gw_scan_base(&box->local.scan, p->index), box->key));
		struct gw_pair *pair;

		if (u == NULL || u->read || !p->ok || u->size != p->facts.crlf_size ||
			gw_box_is_paired(box, p->index))
			continue;
		pair = gw_array_push(
			(void **)&box->pairs, &box->pair_count, &box->pair_cap, sizeof *pair);
		if (pair == NULL)
			return GW_ERR_NOMEM;
		*pair = (struct gw_pair){ .uid = u->uid, .local = p->index };
		u->read = true;
	}
	return GW_OK;
}

static enum gw_code join(struct gw_box *box)
{
	struct gw_pair_local *locals = calloc(box->print_count + 1, sizeof *locals);
	size_t n = 0;
	enum gw_code code;

	if (locals == NULL)
		return GW_ERR_NOMEM;
	for (size_t i = 0; i < box->print_count; i++) {
		const struct gw_file_print *p = &box->prints[i];

		if (!p->ok || gw_box_is_paired(box, p->index))
			continue; /* unreadable, gone meanwhile, or known to have arrived */
		locals[n] = (struct gw_pair_local){ .index = p->index,
			.size = p->facts.crlf_size - p->print.left_out,
			.flags = box->local.messages[p->index].flags,
			.msgid = box->env->merges ? gw_box_msgid_of(&p->print) : 0,
			.name_uid =
				gw_name_uid(gw_scan_base(&box->local.scan, p->index), box->key) };
		memcpy(locals[n++].header, p->print.header, GW_PAIR_HASH);
	}
	code = gw_pair_messages(box->heads, box->head_count, locals, n, false, &box->pairs,
		&box->pair_count, &box->pair_cap);
	free(locals);
	if (code == GW_OK)
		code = join_unread(box);
	if (box->pair_count > 0) /* those of claimed uploads came first */
		qsort(box->pairs, box->pair_count, sizeof *box->pairs, pair_by_uid);
	return code;
}

static void heads_or_prints_done(struct gw_box *box)
{
	if (box->heads_pending || box->prints_pending)
		return;
	if (box->err.code != GW_OK || box->stopped) {
		gw_fail(&box->err, GW_ERR_CANCELLED, "stopped");
		if (box->err.code == GW_ERR_CANCELLED)
			box->err.scope = GW_SCOPE_ACCOUNT;
		gw_box_fail(box, &box->err);
		return;
	}
	if (box->state == BOX_PAIRING) {
		gw_box_claim_pending(box);
		if (join(box) != GW_OK) {
			fail_code(box, GW_ERR_NOMEM);
			return;
		}
		give_up_old_rows(box);
	}
	gw_box_step(box);
}

static void on_prints(void *ctx)
{
	struct gw_box *box = ctx;

	box->prints_pending = false;
	heads_or_prints_done(box);
}

bool gw_box_has_unknown(struct gw_box *box)
{
	gw_name_key(box->env->account_id, box->folder->wire, box->remote.uidvalidity, box->key);
	gw_box_settle_twins(box);
	if (list_unknown(box))
		return box->print_count > 0 || box->local.pending_count > 0;
	gw_fail(&box->err, GW_ERR_NOMEM, "out of memory");
	box->err.scope = GW_SCOPE_MAILBOX;
	return true;
}

/* The UIDs whose headers are needed, ascending; NULL: out of memory. */
static uint32_t *list_wanted(const struct gw_box *box, size_t *count)
{
	uint32_t *uids = calloc(box->remote.count + box->print_count + 1, sizeof *uids);

	*count = 0;
	if (uids == NULL)
		return NULL;
	*count = add_arrivals(box, uids, new_uids(box, uids));
	qsort(uids, *count, sizeof *uids, compare_uids);
	if (box->named_only && box->local.pending_count == 0)
		*count = keep_named(box, uids, *count);
	return uids;
}

bool gw_box_asks_heads(const struct gw_box *box)
{
	size_t count;
	uint32_t *uids = list_wanted(box, &count);
	bool asks = uids == NULL || count > 0;

	free(uids);
	return asks;
}

void gw_box_pair(struct gw_box *box)
{
	size_t count;
	uint32_t *uids = list_wanted(box, &count);
	enum gw_code code;

	if (uids == NULL) {
		fail_code(box, GW_ERR_NOMEM);
		return;
	}
	box->heads_raw = false;
	code = gw_fingerprints_read(box->env->disk, box->place, &box->local, box->prints,
		box->print_count, on_prints, box);
	if (code == GW_OK) {
		box->prints_pending = true;
		code = gw_box_ask_heads(box, uids, count, heads_or_prints_done);
	}
	free(uids);
	if (code != GW_OK)
		fail_code(box, code);
}
