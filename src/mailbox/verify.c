/* SPDX-License-Identifier: ISC */
/* mailbox/verify.c - compares the state, the Maildir and the server, message by message; part of
 * the machine in box_p.h.
 *
 * Repair drops the rows that do not agree, and the cursors: the next sync finds those messages new
 * on both sides and joins them by content.  No mail is deleted, here or there, and nothing that is
 * gone on one side is taken for deleted.
 */
#include "mailbox/box_p.h"

#include "base/sorted.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void tell(struct gw_box *box, bool due, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* due: it is merely new on one side. */
static void tell(struct gw_box *box, bool due, const char *fmt, ...)
{
	char text[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	box->env->finding(box->env->ctx, box, due, text);
}

/* A sync in one direction leaves one side alone. */
static const char *what_comes(const struct gw_box *box, const char *usually)
{
	return box->env->account->direction == GW_DIRECTION_PUSH
		       ? "it waits, as direction = \"push\""
		       : usually;
}

static void tell_unknown(struct gw_box *box, uint32_t uid)
{
	if (uid >= box->row->uidnext)
		tell(box, true, "UID %u: new on the server; %s", uid,
			what_comes(box, "the next sync fetches it"));
	else
		tell(box, false, "UID %u: on the server, and not in the state", uid);
}

static const char *what_is_sent(const struct gw_box *box)
{
	return box->env->account->direction == GW_DIRECTION_PULL
		       ? "it waits, as direction = \"pull\""
		       : "the next sync sends it";
}

static void suspect(struct gw_box *box, uint32_t uid)
{
	uint32_t *slot = gw_array_push((void **)&box->suspects, &box->suspect_count,
		&box->suspect_cap, sizeof *box->suspects);

	if (slot == NULL)
		box->incomplete = true;
	else
		*slot = uid;
}

static const char *name_of(const struct gw_box *box, const struct gw_base_msg *b)
{
	return b->local == GW_NO_LOCAL ? "no file" : gw_scan_name(&box->local.scan, b->local);
}

static const struct gw_pair_local *row_print(const struct gw_box *box, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(box->local.prints, box->local.print_count, index, uid);

	return lo < box->local.print_count && box->local.prints[lo].index == uid
		       ? &box->local.prints[lo]
		       : NULL;
}

/* Known, and there. */
static void compare(struct gw_box *box, const struct gw_base_msg *b, const struct gw_remote_msg *r)
{
	const struct gw_pair_local *p = row_print(box, b->uid);
	uint64_t letters = gw_box_here(box) & gw_box_storable(box);
	uint64_t mine = b->local == GW_NO_LOCAL ? 0 : box->local.messages[b->local].flags;

	if (b->kind != GW_BASE_FILE)
		return; /* without a file, and known to be */
	if (b->local == GW_NO_LOCAL) {
		tell(box, false,
			"UID %u: on the server and in the state, but its file is gone; if you did not "
			"delete it, --repair has it fetched again",
			b->uid);
		suspect(box, b->uid);
		return;
	}
	/* 0: it was labelled or copied there instead of sent, and nobody told its size. */
	if (p != NULL && r->size != 0 && p->size != 0 && p->size != r->size) {
		tell(box, false, "UID %u (%s): %u bytes on the server, %llu by the state", b->uid,
			name_of(box, b), r->size, (unsigned long long)p->size);
		suspect(box, b->uid);
	}
	if (((r->flags ^ b->flags) & GW_FLAGS_ALL) != 0)
		tell(box, true, "UID %u (%s): its flags on the server changed; %s", b->uid,
			name_of(box, b), what_comes(box, "the next sync takes them over"));
	else if (((mine ^ b->flags) & letters & ~GW_FLAG_DELETED) != 0)
		tell(box, true, "UID %u (%s): the flags of the file changed; %s", b->uid,
			name_of(box, b), what_is_sent(box));
}

static void compare_known(struct gw_box *box)
{
	size_t r = 0;

	for (size_t i = 0; i < box->local.base_count; i++) {
		const struct gw_base_msg *b = &box->local.base[i];

		while (r < box->remote.count && box->remote.messages[r].uid < b->uid)
			tell_unknown(box, box->remote.messages[r++].uid);
		if (r < box->remote.count && box->remote.messages[r].uid == b->uid) {
			compare(box, b, &box->remote.messages[r++]);
			continue;
		}
		if (b->kind == GW_BASE_HIDDEN)
			continue;
		tell(box, false,
			"UID %u (%s): in the state, and not on the server; if nobody deleted it there, "
			"--repair has the file uploaded",
			b->uid, name_of(box, b));
		suspect(box, b->uid);
	}
	for (; r < box->remote.count; r++)
		tell_unknown(box, box->remote.messages[r].uid);
	for (size_t i = 0; i < box->local.scan.count; i++) {
		if (box->local.messages[i].uid == 0)
			tell(box, true, "file %s: new here; %s", gw_scan_name(&box->local.scan, i),
				what_is_sent(box));
	}
}

/* --- contents -------------------------------------------------------------------------------- */

static struct gw_file_print *print_of_uid(struct gw_box *box, uint32_t uid)
{
	size_t b = gw_base_find(box->local.base, box->local.base_count, uid);
	uint32_t local = b == box->local.base_count ? GW_NO_LOCAL : box->local.base[b].local;

	return local == GW_NO_LOCAL
		       ? NULL
		       : (struct gw_file_print *)(uintptr_t)gw_box_print_of(box, local);
}

void gw_box_verify_body(
	struct gw_box *box, const struct gw_fetch_bodies_item *item, struct gw_delivered *file)
{
	const struct gw_file_print *p = print_of_uid(box, item->uid);

	if (p != NULL && p->ok &&
		(memcmp(p->print.header, file->print.header, GW_HASH_BYTES) != 0 ||
			memcmp(p->print.body, file->print.body, GW_HASH_BYTES) != 0)) {
		tell(box, false, "UID %u (%s): the file holds other content than the server",
			item->uid, gw_scan_name(&box->local.scan, p->index));
		suspect(box, item->uid);
	}
	gw_delivered_drop(file, &box->place->m);
}

static void compare_prints(struct gw_box *box)
{
	for (size_t i = 0; i < box->print_count; i++) {
		const struct gw_file_print *p = &box->prints[i];
		uint32_t uid = box->local.messages[p->index].uid;
		const struct gw_pair_local *row = row_print(box, uid);

		if (!p->ok)
			tell(box, false, "file %s: cannot be read",
				gw_scan_name(&box->local.scan, p->index));
		else if (row != NULL && memcmp(p->print.header, row->header, GW_PAIR_HASH) != 0) {
			tell(box, false,
				"UID %u (%s): the header of the file is not that of the state", uid,
				gw_scan_name(&box->local.scan, p->index));
			suspect(box, uid);
		}
	}
}

static void on_prints(void *ctx)
{
	struct gw_box *box = ctx;

	compare_prints(box);
	box->items = calloc(box->print_count + 1, sizeof *box->items);
	for (size_t i = 0; i < box->local.base_count && box->items != NULL; i++) {
		const struct gw_base_msg *b = &box->local.base[i];

		if (b->local != GW_NO_LOCAL)
			box->items[box->item_count++] =
				(struct gw_fetch_bodies_item){ .uid = b->uid,
					.local = GW_NO_LOCAL };
	}
	box->delta.to_download = box->item_count;
	box->env->counts->to_download += box->item_count;
	gw_box_step(box);
}

void gw_box_verify(struct gw_box *box)
{
	gw_name_key(box->env->account_id, box->folder->wire, box->remote.uidvalidity, box->key);
	if (box->row->uidvalidity == 0)
		tell(box, true, "never synchronized; the next sync begins with it");
	else if (box->remote.uidvalidity != box->row->uidvalidity)
		tell(box, false,
			"the server numbers its messages anew (UIDVALIDITY %u, was %u); the next "
			"sync recognises them",
			box->remote.uidvalidity, box->row->uidvalidity);
	else
		compare_known(box);
	if (!box->env->verify_bodies || box->row->uidvalidity != box->remote.uidvalidity ||
		box->place == NULL) {
		gw_box_step(box);
		return;
	}
	box->prints = calloc(box->local.scan.count + 1, sizeof *box->prints);
	for (size_t i = 0; i < box->local.scan.count && box->prints != NULL; i++) {
		if (box->local.messages[i].uid != 0)
			box->prints[box->print_count++].index = (uint32_t)i;
	}
	if (box->prints == NULL || gw_fingerprints_read(box->env->disk, box->place, &box->local,
					   box->prints, box->print_count, on_prints, box) != GW_OK)
		gw_box_step(box);
}
