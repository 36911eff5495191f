/* SPDX-License-Identifier: ISC */
/* mailbox/get.c - what is fetched, and what need not be: a message that another mailbox has, or
 * fetches in this run, is copied here (Gmail: one message, many labels); part of the machine in
 * box_p.h.
 *
 *   what nobody else claims is claimed --> COPYING (what is here already) --> DOWNLOADING the rest
 *     --others have claims on some of it--> AWAITING --they have it--> once more
 *
 * Nobody waits who has claims himself, so no two wait for each other.  A claim is given up behind
 * the batch that stores what was fetched, and taken before the state is asked, so what others have
 * fetched is found.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

enum { INBOX_NEWEST = 100 }; /* these do not wait with what is in bulk */
enum {
	FIRST_COUNT = 100,
	FIRST_SIZE = 256 * 1024
};                                 /* with little time: what no other mailbox waits for */
enum { REST_WORTH = 1024 * 1024 }; /* less than that is not worth another look at the mailbox */
enum { CHUNK = 128 };              /* each copy is a descriptor until its batch is flushed */

static void next_chunk(struct gw_box *box);

static void deliver_copies(struct gw_box *box)
{
	for (size_t i = 0; i < box->copy_count; i++) {
		struct gw_copy_item *c = &box->copies[i];
		struct gw_fetch_bodies_item *item = &box->items[c->number];

		if (!c->found)
			continue;
		if (box->stopped) {
			gw_delivered_drop(&c->file, &box->place->m);
			continue;
		}
		item->done = true;
		gw_box_deliver(box,
			&(struct gw_box_arrival){ .uid = item->uid,
				.size = item->size,
				.flags = item->flags,
				.date = c->date,
				.was_here = !item->recent,
				.copied = item->copied },
			&c->file);
		box->delta.downloaded++;
		box->env->counts->downloaded++;
		box->delta.bytes_to_download -= item->size;
		box->env->counts->bytes_to_download -= item->size;
	}
}

static void on_copied(void *ctx)
{
	struct gw_box *box = ctx;

	deliver_copies(box);
	box->copy_count = 0;
	if (box->stopped) {
		gw_box_end_lost(box, NULL);
		return;
	}
	box->env->progress(box->env->ctx);
	next_chunk(box);
}

/* Releases memory that the items do not need. */
static void shrink(struct gw_fetch_bodies_item **items, size_t count)
{
	struct gw_fetch_bodies_item *smaller =
		*items == NULL ? NULL : realloc(*items, (count + 1) * sizeof *smaller);

	if (smaller != NULL)
		*items = smaller;
}

/* Claims messages: those that nobody else fetches stay in items; the rest waits. */
static void claim(struct gw_box *box)
{
	size_t kept = 0;

	free(box->waiting);
	box->waiting = calloc(box->item_count + 1, sizeof *box->waiting);
	box->waiting_count = 0;
	for (size_t i = 0; i < box->item_count; i++) {
		struct gw_fetch_bodies_item item = box->items[i];
		uint64_t id = gw_remote_view_id(&box->remote, item.uid);

		item.recent |= gw_claims_known(box->env->claims, id);

		/* Mail for the archive is in no other mailbox, and mail compared with a file must
		 * be fetched. */
		if (gw_box_is_archive(box) || gw_claims_take(box->env->claims, id, box) ||
			item.local != GW_NO_LOCAL || box->waiting == NULL)
			box->items[kept++] = item;
		else
			box->waiting[box->waiting_count++] = item;
	}
	box->item_count = kept;
	shrink(&box->items, kept);
	shrink(&box->waiting, box->waiting_count);
}

/* Keeps the items that were not copied. */
static void drop_copied(struct gw_box *box)
{
	size_t kept = 0;

	for (size_t i = 0; i < box->item_count; i++) {
		if (!box->items[i].done)
			box->items[kept++] = box->items[i];
	}
	box->item_count = kept;
}

/* Postpones what exceeds the day's limit: the newest come first. */
static void postpone(struct gw_box *box)
{
	size_t kept = box->item_count;
	bool inbox = strcasecmp(box->folder->wire, "INBOX") == 0;
	size_t bulk = !inbox ? kept : kept > INBOX_NEWEST ? kept - INBOX_NEWEST : 0;

	for (size_t i = box->item_count; i > 0; i--) {
		struct gw_fetch_bodies_item *item = &box->items[i - 1];

		if (gw_budget_fetch(box->env->budget, item->size, i <= bulk))
			box->items[--kept] = *item;
		else
			box->delta.postponed++;
	}
	memmove(box->items, box->items + kept, (box->item_count - kept) * sizeof *box->items);
	box->item_count -= kept;
	box->incomplete |= box->delta.postponed > 0;
}

static bool is_of_rest(const struct gw_box *box, size_t i)
{
	bool newest = i + FIRST_COUNT >= box->item_count || box->share == GW_SHARE_SMALL;

	return !newest || box->items[i].size > FIRST_SIZE;
}

/* With little time, puts off what is of later shares.  The box is incomplete without it, so it is
 * looked at once more, after the others. */
static void put_rest_off(struct gw_box *box)
{
	uint64_t bytes = 0;
	size_t kept = 0;

	if (!box->env->newest_first || box->share == GW_SHARE_ALL ||
		(box->again && box->share == GW_SHARE_NEWEST))
		return;
	for (size_t i = 0; i < box->item_count; i++)
		bytes += is_of_rest(box, i) ? box->items[i].size : 0;
	if (bytes < REST_WORTH)
		return;
	box->next_share = GW_SHARE_ALL;
	for (size_t i = 0; i < box->item_count; i++) {
		if (!is_of_rest(box, i))
			box->items[kept++] = box->items[i];
		else if (box->items[i].size <= FIRST_SIZE)
			box->next_share = GW_SHARE_SMALL;
	}
	box->has_rest |= kept < box->item_count;
	box->item_count = kept;
	box->incomplete = true;
}

enum gw_box_share gw_box_next_share(const struct gw_box *box)
{
	return box->has_rest ? box->next_share : box->share;
}

bool gw_box_has_items(struct gw_box *box)
{
	drop_copied(box);
	put_rest_off(box);
	postpone(box);
	return box->item_count > 0;
}

static void next_chunk(struct gw_box *box)
{
	for (; box->copy_at < box->item_count && box->copy_count < CHUNK; box->copy_at++) {
		const struct gw_fetch_bodies_item *item = &box->items[box->copy_at];
		uint64_t id = gw_remote_view_id(&box->remote, item->uid);

		if (id != 0 && item->local == GW_NO_LOCAL && box->copies != NULL)
			box->copies[box->copy_count++] = (struct gw_copy_item){
				.uid = item->uid, .number = (uint32_t)box->copy_at, .global_id = id
			};
	}
	if (box->copy_count > 0 && gw_local_copy_start(box->env->disk, box->place, box->copies,
					   box->copy_count, on_copied, box) == GW_OK)
		return;
	box->copy_count = 0;
	gw_box_step(box);
}

void gw_box_copy(struct gw_box *box)
{
	box->copy_at = box->copy_count = 0;
	if (box->remote.id_count == 0) {
		gw_box_step(box);
		return;
	}
	if (box->copies == NULL)
		box->copies = calloc(CHUNK, sizeof *box->copies);
	claim(box);
	next_chunk(box);
}

bool gw_box_has_waiting(struct gw_box *box)
{
	if (box->remote.id_count > 0) {
		/* The others find what was fetched once its rows are stored. */
		gw_batcher_seal(box->env->batcher);
		gw_claims_release(box->env->claims, box);
	}
	return box->waiting_count > 0;
}

void gw_box_begin_await(struct gw_box *box)
{
	if (box->session != NULL)
		gw_box_release(box); /* whereupon the account asks gw_box_await() */
	else
		gw_box_await(box);
}

void gw_box_await(struct gw_box *box)
{
	if (box->state != BOX_AWAITING || box->releases_seen == box->env->claims->releases + 1)
		return;
	box->releases_seen = box->env->claims->releases + 1;
	for (size_t i = 0; i < box->waiting_count; i++) {
		if (gw_claims_held(
			    box->env->claims, gw_remote_view_id(&box->remote, box->waiting[i].uid)))
			return;
	}
	free(box->items);
	box->items = box->waiting;
	box->item_count = box->waiting_count;
	box->waiting = NULL;
	box->waiting_count = 0;
	gw_box_step(box);
}

void gw_box_note_ids(struct gw_box *box)
{
	/* The archive hears of mail without an id yet; it was asked before this look, so the next
	 * run tells it. */
	bool late = box->again && box->env->archive && !gw_box_is_archive(box);
	size_t b = 0;

	for (size_t i = 0; i < box->remote.id_count; i++) {
		const struct gw_remote_id *id = &box->remote.ids[i];
		struct gw_op op = { .kind = GW_OP_GLOBAL_ID, .uid = id->uid, .global_id = id->id };

		while (b < box->local.base_count && box->local.base[b].uid < id->uid)
			b++;
		if (b == box->local.base_count || box->local.base[b].uid != id->uid ||
			box->local.base[b].named)
			continue;
		if (late)
			box->incomplete = true;
		else
			gw_box_add(box, &op);
	}
}
