/* SPDX-License-Identifier: ISC */
/* mailbox/halves.c - what the judge of the account (plan/judge.h) is told of a mailbox: what is gone from it, and
 * what is new and may be a half of a move or an edit; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include "base/sorted.h"
#include "base/text.h"

#include <stdlib.h>

bool gw_box_is_gone(const struct gw_box *box, const struct gw_action *a)
{
	return gw_action_is_gone(a, box->local.base, box->local.base_count);
}

static bool was_in_base(const struct gw_box *box, uint32_t uid)
{
	return gw_base_find(box->local.base, box->local.base_count, uid) < box->local.base_count;
}

bool gw_box_is_fresh_there(const struct gw_box *box, const struct gw_action *a)
{
	return a->kind == GW_DO_DOWNLOAD && (gw_box_is_archive(box) || !was_in_base(box, a->uid));
}

/* True if its file was moved here and its message copied, so that only the old one is left to
 * go. */
static bool is_copied(const struct gw_box *box, const struct gw_action *a)
{
	return a->kind == GW_DO_PAIR && !a->check_body && gw_box_was_to_be_copied(box, a->local);
}

static bool has_fresh(const struct gw_box *box)
{
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (a->kind == GW_DO_UPLOAD || gw_box_is_fresh_there(box, a) || is_copied(box, a))
			return true;
	}
	for (size_t i = 0; i < box->print_count; i++) { /* refused ones matter too */
		if (box->local.messages[box->prints[i].index].refused)
			return true;
	}
	return false;
}

void gw_box_show_case(const struct gw_box *box, struct gw_case *out)
{
	out->plan = &box->plan;
	out->base = box->local.base;
	out->base_count = box->local.base_count;
	out->unproved = box->remote.unproved;
	out->fresh = has_fresh(box);
	out->archive = gw_box_is_archive(box);
	out->trash = gw_box_is_trash(box);
	out->confirmed = box->confirmed;
	out->news = box->has_news;
	out->saw_at = box->saw_at;
	out->fresh_from = box->fresh_from;
	out->has_label = gw_box_has_label(box);
	out->exists = box->remote.exists;
	out->deleted_recently = box->row->deleted_recently;
}

bool gw_box_leaves(const struct gw_box *box, uint32_t uid)
{
	return gw_box_gone_of(box, uid) != NULL;
}

bool gw_box_deletes(const struct gw_box *box, uint32_t uid)
{
	const struct gw_action *a = gw_plan_find(&box->plan, uid);

	return a != NULL && (a->kind == GW_DO_DELETE_REMOTE || a->kind == GW_DO_REPLACED ||
				    a->kind == GW_DO_DELETE_LOCAL || a->kind == GW_DO_FORGET);
}

/* --- candidates ------------------------------------------------------------------------------ */

/* Collects the names of its files, and of announced ones. */
static void fill_doubt(const struct gw_box *box, struct gw_doubt *doubt)
{
	const struct gw_scan *scan = &box->local.scan;
	size_t n = 0;

	*doubt = (struct gw_doubt){ .files = calloc(scan->count + 1, sizeof *doubt->files),
		.announced = calloc(box->local.pending_count + 1, sizeof *doubt->announced) };
	doubt->any = doubt->files == NULL || doubt->announced == NULL;
	for (size_t f = 0; f < scan->count && !doubt->any; f++)
		doubt->files[doubt->file_count++] = gw_hash_bytes(gw_scan_base(scan, f));
	for (size_t i = 0; i < box->local.pending_count && !doubt->any; i++) {
		const struct gw_pending_file *p = &box->local.pending[i];

		if (!p->known)
			doubt->announced[n++] = gw_hash_bytes(gw_slice_str(p->base_name));
	}
	doubt->announced_count = n;
	gw_doubt_sort(doubt);
}

static const struct gw_pair_remote *head_of(const struct gw_box *box, uint32_t uid)
{
	for (size_t i = 0; i < box->head_count; i++) {
		if (box->heads[i].uid == uid)
			return &box->heads[i];
	}
	return NULL;
}

static void set_print(struct gw_half *h, const struct gw_fingerprint *print)
{
	memcpy(h->header, print->header, GW_MATCH_HASH);
	memcpy(h->body, print->body, GW_MATCH_HASH);
	memcpy(h->msgid, print->msgid, GW_MATCH_HASH);
}

static bool add_gone(const struct gw_box *box, uint32_t number, struct gw_halves *out)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		const struct gw_gone *g = &box->gone[i];
		struct gw_half *h = gw_halves_add(out, number, box->gone_actions[i]);

		if (h == NULL)
			return false;
		set_print(h, &g->print);
		h->unknown = !g->known;
		h->size = g->size;
		h->id = g->global_id;
		h->name = g->name;
		h->drafts = (box->folder->attrs & GW_LIST_DRAFTS) != 0;
		h->trashed = gw_box_was_trashed(box, g->uid);
	}
	return true;
}

static bool add_files(const struct gw_box *box, uint32_t number, struct gw_halves *out)
{
	for (size_t i = 0; i < box->print_count; i++) {
		const struct gw_file_print *p = &box->prints[i];
		struct gw_name name = gw_name_split(gw_scan_name(&box->local.scan, p->index));
		struct gw_half *h = gw_halves_add(out, number, p->index);

		if (h == NULL)
			return false;
		set_print(h, &p->print);
		h->unknown = !p->ok;
		h->name = gw_hash_bytes(gw_scan_base(&box->local.scan, p->index));
		h->lettered = gw_name_letters(name.info) != 0;
		h->refused = box->local.messages[p->index].refused;
	}
	return true;
}

/* Marks the files that gw_box_was_to_be_copied(). */
static void mark_copied(const struct gw_box *box, struct gw_halves *files)
{
	for (size_t i = 0; i < box->local.pending_count; i++) {
		const struct gw_pending_file *p = &box->local.pending[i];
		size_t at;

		if (!p->copied || !p->has_file)
			continue;
		at = GW_LOWER_BOUND(files->list, files->count, action, p->file);
		if (at < files->count && files->list[at].action == p->file)
			files->list[at].copied = true;
	}
}

static bool add_came(const struct gw_box *box, uint32_t number, struct gw_halves *out)
{
	bool trash = gw_box_is_trash(box);

	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		const struct gw_pair_remote *head =
			gw_box_is_fresh_there(box, a) ? head_of(box, a->uid) : NULL;
		uint64_t id =
			gw_box_is_fresh_there(box, a) ? gw_remote_view_id(&box->remote, a->uid) : 0;
		bool tells = head != NULL && (head->has_received || trash);
		struct gw_half *h;

		if (id == 0 && !tells)
			continue;
		h = gw_halves_add(out, number, i);
		if (h == NULL)
			return false;
		h->id = id;
		if (tells) {
			memcpy(h->header, head->header, GW_MATCH_HASH);
			h->size = head->raw_size;
			h->alone = !head->has_received;
		}
		h->trash = trash;
		h->drafts = (box->folder->attrs & GW_LIST_DRAFTS) != 0;
	}
	return true;
}

bool gw_box_show(struct gw_box *box, uint32_t number, struct gw_join_box *out)
{
	out->plan = &box->plan;
	out->base = box->local.base;
	out->base_count = box->local.base_count;
	out->storable = gw_box_storable(box);
	out->trash = gw_box_is_trash(box);
	out->unproved = box->remote.unproved;
	if (out->unproved)
		fill_doubt(box, &out->doubt);
	if (!add_gone(box, number, &out->gone) || !add_files(box, number, &out->files) ||
		!add_came(box, number, &out->came))
		return false;
	mark_copied(box, &out->files);
	return true;
}
