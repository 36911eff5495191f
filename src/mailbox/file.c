/* SPDX-License-Identifier: ISC */
/* mailbox/file.c - one message's file: its names, what is known of it, and how it joins a message; part
 * of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include "base/sorted.h"
#include "base/text.h"

#include <stdlib.h>

char *gw_box_renamed(struct gw_box *box, uint32_t local, uint64_t flags, uint64_t changes)
{
	struct gw_name old = gw_name_split(gw_scan_name(&box->local.scan, local));
	uint32_t alien = box->local.messages[local].alien;
	char name[GW_NAME_MAX + 1], own[GW_NAME_MAX + 1];
	char *copy;

	old.info = gw_name_without(old.info, alien, own);
	if (alien != 0)
		changes |= GW_FLAGS_KEYWORDS & ~gw_box_tags(box);
	if (!gw_name_format(
		    &old, flags, changes, &box->keywords, box->env->account->info_separator, name))
		box->incomplete = true; /* as many as have room; the next look tells */
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
bool gw_box_stays_in_new(const struct gw_box *box, uint32_t local, uint64_t flags)
{
	return box->local.scan.entries[local].in_new && (flags & gw_box_here(box)) == 0;
}

const struct gw_file_print *gw_box_print_of(const struct gw_box *box, uint32_t local)
{
	size_t lo = GW_LOWER_BOUND(box->prints, box->print_count, index, local);

	return lo < box->print_count && box->prints[lo].index == local ? &box->prints[lo] : NULL;
}

bool gw_box_was_to_be_copied(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->local.pending_count; i++) {
		const struct gw_pending_file *p = &box->local.pending[i];

		if (p->copied && p->has_file && p->file == local)
			return true;
	}
	return false;
}

void gw_box_join(struct gw_box *box, const struct gw_box_union *u)
{
	const struct gw_file_print *p = gw_box_print_of(box, u->local);
	struct gw_op op = { .kind = GW_OP_JOIN,
		.uid = u->uid,
		.flags = u->base_flags,
		.size = u->size,
		.date = u->date,
		.copied = gw_box_was_to_be_copied(box, u->local),
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
		op.to_in_new = gw_box_stays_in_new(box, u->local, u->flags);
	}
	gw_box_add(box, &op);
}

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
		.was_here = a->was_here,
		.copied = a->copied };

	gw_name_of_uid(box->key, a->uid, base);
	op.name_is_taken = gw_box_name_is_taken(box, gw_slice_str(base));
	old.base = gw_slice_str(base);
	op.to_in_new = (a->flags & gw_box_here(box)) == 0;
	if (op.to_in_new)
		op.to = strdup(base);
	else if (gw_name_format(&old, a->flags, gw_box_here(box), &box->keywords,
			 box->env->account->info_separator, name))
		op.to = strdup(name);
	if (op.to == NULL) {
		gw_delivered_drop(&op.file, &box->place->m);
		box->incomplete = true;
		return;
	}
	gw_box_add(box, &op);
}

uint64_t gw_box_file_id(const struct gw_box *box, uint32_t local)
{
	uint64_t parts[] = { gw_hash_bytes(gw_slice_str(box->folder->wire)),
		gw_hash_bytes(gw_scan_base(&box->local.scan, local)) };

	return gw_hash_bytes((struct gw_slice){ (const char *)parts, sizeof parts });
}

bool gw_box_is_paired(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->pair_count; i++) {
		if (box->pairs[i].local == local)
			return true;
	}
	return false;
}

uint32_t gw_box_row_uid(const struct gw_box *box, uint32_t uid)
{
	for (size_t i = 0; i < box->renumbered_count; i++) {
		if (box->renumbered[i].new_uid == uid)
			return box->renumbered[i].old_uid;
	}
	return 0;
}

bool gw_box_was_announced(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->local.pending_count; i++) {
		if (box->local.pending[i].has_file && box->local.pending[i].file == local)
			return true;
	}
	return false;
}

void gw_box_put_off(struct gw_box *box, uint32_t action)
{
	box->plan.actions[action].kind = GW_DO_NOTHING;
	box->incomplete = box->plan.look_again = true;
}

void gw_box_note_put_off(struct gw_box *box)
{
	box->incomplete = true;
}

bool gw_box_is_there(const struct gw_box *box, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(box->remote.messages, box->remote.count, uid, uid);

	return lo < box->remote.count && box->remote.messages[lo].uid == uid;
}

const struct gw_gone *gw_box_gone_of(const struct gw_box *box, uint32_t uid)
{
	size_t at = GW_LOWER_BOUND(box->gone, box->gone_count, uid, uid);

	return at < box->gone_count && box->gone[at].uid == uid ? &box->gone[at] : NULL;
}

static int compare_actions(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct gw_gone *gw_box_gone_by(const struct gw_box *box, uint32_t action)
{
	const uint32_t *at = box->gone_count == 0
				     ? NULL
				     : bsearch(&action, box->gone_actions, box->gone_count,
					       sizeof *box->gone_actions, compare_actions);

	return at == NULL ? NULL : &box->gone[at - box->gone_actions];
}

uint64_t gw_box_gone_id(const struct gw_box *box, uint32_t uid)
{
	const struct gw_gone *gone = gw_box_gone_of(box, uid);

	return gone == NULL ? 0 : gone->global_id;
}

char *gw_box_moved_name(struct gw_box *box, const struct gw_keywords *from, const char *file,
	const char *base, uint64_t flags)
{
	struct gw_name old = gw_name_split(file);
	char kept[GW_NAME_MAX + 1], name[GW_NAME_MAX + 1];

	old.info = gw_name_without(old.info, gw_keywords_letters(from), kept);
	if (base != NULL)
		old.base = gw_slice_str(base);
	if (old.info.p == NULL && flags == 0) /* as it is */
		return gw_slice_dup(old.base);
	gw_name_format(&old, flags, GW_FLAGS_ALL & ~gw_box_tags(box), &box->keywords,
		box->env->account->info_separator, name);
	return strdup(name);
}
