/* SPDX-License-Identifier: ISC */
/* mailbox/archive.c - all mail shown as an archive (Gmail, `archive = yes`): of its messages only
 * those have a file that stand in no other mailbox here; part of the machine in box_p.h.
 *
 * Archiving is then a move there and back: what loses its last label comes here, and what gets one
 * leaves.  Rows of the others have no file, like those outside a window.
 */
#include "mailbox/box_p.h"

#include "local/siblings.h"
#include "plan/archive.h"
#include "plan/match.h"

#include <stdlib.h>

void gw_box_add_ids(const struct gw_box *box, struct gw_ids *ids, bool *ok)
{
	bool derived = (box->folder->attrs & (GW_LIST_FLAGGED | GW_LIST_IMPORTANT)) != 0;

	/* The look's ids: the state learns them with the rest of the plan, or knows them. */
	for (size_t i = 0; i < box->remote.id_count && *ok; i++) {
		const struct gw_remote_id *id = &box->remote.ids[i];

		if (!derived && !gw_box_is_gone_there(box, id->uid))
			*ok = gw_ids_add(ids, id->id, true);
	}
	*ok = *ok && gw_box_add_gone_ids(box, ids);
}

bool gw_box_add_gone_ids(const struct gw_box *box, struct gw_ids *ids)
{
	bool ok = true;

	for (size_t i = 0; i < box->gone_count && ok; i++)
		ok = gw_ids_add(ids, box->gone[i].global_id, false);
	return ok;
}

bool gw_ids_add(struct gw_ids *ids, uint64_t id, bool comes)
{
	struct gw_id *slot;

	if (id == 0)
		return true;
	slot = gw_array_push((void **)&ids->list, &ids->count, &ids->cap, sizeof *slot);
	if (slot != NULL)
		*slot = (struct gw_id){ .id = id, .comes = comes };
	return slot != NULL;
}

bool gw_box_is_archive(const struct gw_box *box)
{
	return box->env->archive && (box->folder->attrs & GW_LIST_ALL) != 0;
}

bool gw_box_is_gone_there(const struct gw_box *box, uint32_t uid)
{
	const struct gw_action *a = gw_plan_find(&box->plan, uid);

	return a != NULL && (gw_action_is_gone_there(a) || a->kind == GW_DO_FORGET);
}

/* --- changing the plan ----------------------------------------------------------------------- */

static struct gw_archived *find_id(struct gw_box *box, uint64_t id)
{
	return gw_archived_find(box->archived, box->archived_count, id);
}

static const struct gw_base_msg *base_of(const struct gw_box *box, uint32_t uid)
{
	size_t b = gw_base_find(box->local.base, box->local.base_count, uid);

	return b == box->local.base_count ? NULL : &box->local.base[b];
}

/* The plan with what is decided in between; indices that others hold follow. */
static bool insert(struct gw_box *box, const struct gw_action *more, size_t count)
{
	size_t total = box->plan.count + count, n = 0, m = 0;
	struct gw_action *actions = calloc(total + 1, sizeof *actions);
	uint32_t *moved = calloc(box->plan.count + 1, sizeof *moved);

	if (actions == NULL || moved == NULL) {
		free(actions);
		free(moved);
		return false;
	}
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		while (m < count && (a->uid == 0 || more[m].uid < a->uid))
			actions[n++] = more[m++];
		moved[i] = (uint32_t)n;
		actions[n++] = *a;
	}
	while (m < count)
		actions[n++] = more[m++];
	for (size_t i = 0; i < box->gone_count; i++)
		box->gone_actions[i] = moved[box->gone_actions[i]];
	free(moved);
	free(box->plan.actions);
	box->plan.actions = actions;
	box->plan.count = n;
	box->plan.cap = total + 1;
	return true;
}

/* Adds the ids of fetched messages that the look did not report, so that they are found where they
 * come from. */
static bool name_fetched(struct gw_box *box, const struct gw_action *more, size_t count)
{
	struct gw_remote_view *v = &box->remote;
	size_t told = v->id_count, m = 0;

	for (size_t i = 0; i < count; i++) { /* both are sorted by UID */
		struct gw_remote_id *id;

		while (box->archived[m].uid != more[i].uid)
			m++;
		if (more[i].kind != GW_DO_DOWNLOAD || box->archived[m].told)
			continue;
		id = gw_array_push((void **)&v->ids, &v->id_count, &v->id_cap, sizeof *v->ids);
		if (id == NULL)
			return false;
		*id = (struct gw_remote_id){ .uid = more[i].uid, .id = box->archived[m].id };
	}
	if (v->id_count > told)
		gw_remote_view_settle_ids(v);
	return true;
}

/* Changes the plan as the judge says.  false: out of memory. */
static bool sift(struct gw_box *box)
{
	struct gw_archive a = { .base = box->local.base,
		.base_count = box->local.base_count,
		.ids = box->remote.ids,
		.id_count = box->remote.id_count,
		.list = box->archived,
		.count = box->archived_count };
	struct gw_action *more = calloc(box->archived_count + 1, sizeof *more);
	size_t count = 0;
	bool ok = more != NULL;

	if (ok)
		count = gw_archive_sift(&a, &box->plan, more, &box->incomplete);
	ok = ok && name_fetched(box, more, count) && insert(box, more, count);
	free(more);
	return ok;
}

/* --- files that are here already ------------------------------------------------------------- */

/* Messages of the archive, as rows of any mailbox know them, and files here that no row knows. */
struct known_files {
	struct gw_half *rows, *files; /* owned; action: the UID here; the index in the plan */
	bool *leaving;                /* owned; whether the row's message is leaving its mailbox */
	size_t row_count, file_count;
	struct gw_match *out;    /* owned */
	struct gw_action *pairs; /* owned; for messages about which nothing else is planned */
	size_t pair_count;
};

static void set_print(struct gw_half *h, const struct gw_fingerprint *print)
{
	memcpy(h->header, print->header, GW_MATCH_HASH);
	memcpy(h->body, print->body, GW_MATCH_HASH);
	memcpy(h->msgid, print->msgid, GW_MATCH_HASH);
}

static void add_file(struct gw_box *box, struct known_files *k, size_t action)
{
	const struct gw_action *a = &box->plan.actions[action];
	const struct gw_file_print *p =
		a->kind == GW_DO_UPLOAD ? gw_box_print_of(box, a->local) : NULL;

	if (p == NULL || !p->ok)
		return;
	k->files[k->file_count] = (struct gw_half){ .action = (uint32_t)action };
	set_print(&k->files[k->file_count++], &p->print);
}

/* false: out of memory. */
static bool collect_known(
	struct gw_box *box, struct known_files *k, const struct gw_sibling *list, size_t count)
{
	k->rows = calloc(count + 1, sizeof *k->rows);
	k->files = calloc(box->print_count + 1, sizeof *k->files);
	k->leaving = calloc(count + 1, sizeof *k->leaving);
	k->out = calloc(count + 1, sizeof *k->out);
	k->pairs = calloc(box->print_count + 1, sizeof *k->pairs);
	if (k->rows == NULL || k->files == NULL || k->leaving == NULL || k->out == NULL ||
		k->pairs == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct gw_archived *m = find_id(box, box->archive_ids[list[i].of]);

		if (m == NULL || m->uid == 0 || list[i].print == NULL)
			continue;
		k->leaving[k->row_count] =
			box->env->leaving(box->env->ctx, list[i].mailbox, list[i].uid);
		k->rows[k->row_count] = (struct gw_half){ .action = m->uid };
		set_print(&k->rows[k->row_count++], list[i].print);
	}
	return true;
}

/* The action that is to join the row's message with a file; NULL: it is not to be joined. */
static struct gw_action *joining(
	struct gw_box *box, struct known_files *k, const struct gw_match *m)
{
	const uint32_t uid = k->rows[m->gone].action;
	const struct gw_base_msg *b = base_of(box, uid);
	const struct gw_action *found = gw_plan_find(&box->plan, uid);
	bool stays = found != NULL && found->kind == GW_DO_DOWNLOAD;
	struct gw_action *a;

	if (b == NULL || b->local != GW_NO_LOCAL)
		return NULL;
	/* Moved here, and in another mailbox: the next look removes it. */
	if (!stays && (b->kind != GW_BASE_OUTSIDE || !k->leaving[m->gone]))
		return NULL;
	if (found != NULL && !stays && found->kind != GW_DO_BASE_FLAGS)
		return NULL;
	for (size_t i = 0; i < k->pair_count && found == NULL; i++) {
		if (k->pairs[i].uid == uid)
			return NULL;
	}
	box->incomplete |= !stays;
	if (found == NULL) {
		a = &k->pairs[k->pair_count++];
		*a = (struct gw_action){ .uid = uid, .base_flags = b->flags, .size = b->size };
		return a;
	}
	a = &box->plan.actions[found - box->plan.actions];
	if (stays)
		a->base_flags = a->flags;
	else
		a->size = b->size;
	return a;
}

/* The row's message is this file: it was archived here, too. */
static void join_file(struct gw_box *box, struct known_files *k, const struct gw_match *m)
{
	const uint64_t system = GW_FLAG_KEYWORD(0) - 1;
	struct gw_action *file = &box->plan.actions[k->files[m->fresh].action];
	struct gw_action *a = file->kind == GW_DO_UPLOAD ? joining(box, k, m) : NULL;
	const struct gw_base_msg *b = a == NULL ? NULL : base_of(box, a->uid);
	struct gw_plan_input in = gw_box_policy(box);
	uint64_t mine;

	if (b == NULL)
		return;
	mine = box->local.messages[file->local].flags;
	in.storable = gw_box_storable(box);
	a->kind = GW_DO_PAIR;
	a->local = file->local;
	a->flags = ((gw_merge_flags(&in, b->flags, a->base_flags, mine).local & system) |
			   ((mine | (a->base_flags & in.lettered)) & ~system)) &
		   ~GW_FLAG_DELETED;
	file->kind = GW_DO_NOTHING;
	if (gw_local_changes(&in, a->base_flags, a->flags) != 0) /* the next look tells them */
		box->incomplete = box->plan.look_again = true;
	if (m->kind == GW_MATCH_EDIT)
		gw_box_tell_kept(box, a->uid);
}

static int pairs_by_uid(const void *a, const void *b)
{
	const struct gw_action *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* Joins mail that was archived on both sides with its file.  Gmail takes equal Message-IDs for one
 * message, so that suffices where there is nothing better. */
static bool join_known(struct gw_box *box, struct known_files *k)
{
	size_t n;

	for (size_t i = 0; i < box->plan.count; i++)
		add_file(box, k, i);
	n = gw_match_here(k->rows, k->row_count, k->files, k->file_count, k->out);
	for (size_t i = 0; i < n; i++)
		join_file(box, k, &k->out[i]);
	n = gw_match_edits(k->rows, k->row_count, k->files, k->file_count, true, k->out);
	for (size_t i = 0; i < n && box->env->merges; i++)
		join_file(box, k, &k->out[i]);
	qsort(k->pairs, k->pair_count, sizeof *k->pairs, pairs_by_uid);
	return k->pair_count == 0 || insert(box, k->pairs, k->pair_count);
}

static void free_known(struct known_files *k)
{
	free(k->rows);
	free(k->files);
	free(k->leaving);
	free(k->out);
	free(k->pairs);
}

/* --- asking ---------------------------------------------------------------------------------- */

static void take_sibling(struct gw_box *box, struct gw_archived *m, const struct gw_sibling *s)
{
	if (s->mailbox != box->place->mailbox) {
		m->elsewhere |= box->env->stands_there(box->env->ctx, s->mailbox, s->uid);
		return;
	}
	m->uid = s->uid;
	m->copied = s->copied;
	m->size = s->size;
}

static void on_siblings(
	void *ctx, const struct gw_sibling *list, size_t count, const struct gw_error *err)
{
	struct gw_box *box = ctx;
	struct gw_error local = { 0 };
	struct known_files known = { 0 };
	bool ok = err == NULL;

	for (size_t i = 0; i < count && ok; i++) {
		struct gw_archived *m = find_id(box, box->archive_ids[list[i].of]);

		if (m != NULL)
			take_sibling(box, m, &list[i]);
	}
	ok = ok && (box->print_count == 0 || collect_known(box, &known, list, count));
	free(box->archive_ids);
	box->archive_ids = NULL;
	ok = ok && sift(box) && (known.row_count == 0 || join_known(box, &known));
	free_known(&known);
	free(box->archived);
	box->archived = NULL;
	box->archived_count = 0;
	if (ok) {
		gw_box_step(box);
		return;
	}
	if (err != NULL)
		local = *err;
	gw_fail(&local, GW_ERR_NOMEM, "out of memory");
	local.scope = GW_SCOPE_ACCOUNT;
	gw_box_fail(box, &local);
}

static int id_order(const void *a, const void *b)
{
	const struct gw_id *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

bool gw_box_sift(struct gw_box *box, struct gw_ids *ids)
{
	bool ok = true;

	for (size_t i = 0; i < box->remote.id_count && ok; i++)
		ok = gw_ids_add(ids, box->remote.ids[i].id, false);
	if (!ok || ids->count == 0 || box->place == NULL)
		return false;
	qsort(ids->list, ids->count, sizeof *ids->list, id_order);
	box->archived = calloc(ids->count, sizeof *box->archived);
	box->archive_ids = calloc(ids->count, sizeof *box->archive_ids);
	if (box->archived == NULL || box->archive_ids == NULL)
		return false;
	for (size_t i = 0; i < ids->count; i++) {
		size_t n = box->archived_count;

		if (n > 0 && box->archived[n - 1].id == ids->list[i].id) {
			box->archived[n - 1].elsewhere |= ids->list[i].comes;
			continue;
		}
		box->archived[n] = (struct gw_archived){ .id = ids->list[i].id,
			.elsewhere = ids->list[i].comes };
		box->archive_ids[n] = ids->list[i].id;
		box->archived_count++;
	}
	box->machine->go(box, BOX_SIFTING);
	return true;
}

void gw_box_ask_siblings(struct gw_box *box)
{
	gw_batcher_seal(box->env->batcher);
	if (gw_siblings_start(box->env->disk,
		    &(struct gw_siblings_query){ .ids = box->archive_ids,
			    .count = box->archived_count,
			    .prints = box->print_count > 0 },
		    on_siblings, box) != GW_OK)
		gw_box_fail_nomem(box);
}
