/* SPDX-License-Identifier: ISC */
/* sync/archive.c - All Mail shown as an archive (Gmail, `archive = yes`): when its turn comes, and
 * what it learns of the other mailboxes; part of the machine in sync_p.h.
 *
 * I1  What is gone from a mailbox may live in the archive now, so the archive learns of it: in the
 *     look that both are in, or, if it was judged before, in one more.
 */
#include "sync/sync_p.h"

#include <stdlib.h>

/* Returns the archive; NULL: none, or not part of this run. */
static struct gw_entry *archive_of(struct gw_sync *s)
{
	for (size_t i = 0; i < s->entry_count && s->env.archive; i++) {
		if (s->entries[i].folder->attrs & GW_LIST_ALL)
			return &s->entries[i];
	}
	return NULL;
}

static void wake(struct gw_entry *archive)
{
	archive->dirty = archive->may_lose = true;
	archive->remote_same = false;
}

void gw_sync_wake_archive(struct gw_sync *s)
{
	struct gw_entry *archive = archive_of(s);
	bool any = false;

	for (size_t i = 0; i < s->entry_count; i++)
		any |= s->entries[i].dirty;
	if (any && archive != NULL)
		wake(archive);
}

static bool take_late(struct gw_sync *s, struct gw_ids *ids)
{
	bool ok = true;

	for (size_t i = 0; i < s->late.count && ok; i++)
		ok = gw_ids_add(ids, s->late.list[i].id, false);
	s->late.count = 0;
	return ok;
}

bool gw_sync_sift_archive(struct gw_sync *s, struct gw_entry *archive)
{
	struct gw_ids ids = { 0 };
	bool ok, asked;

	ok = take_late(s, &ids);
	for (size_t i = 0; i < s->entry_count; i++) {
		if (&s->entries[i] != archive && s->entries[i].stage >= ENTRY_PLANNED)
			gw_box_add_ids(s->entries[i].box, &ids, &ok);
	}
	/* Mailboxes that went on before: the state tells what they have. */
	for (size_t i = 0; i < s->claims.cap && ok; i++) {
		if (s->claims.slots[i].owner != NULL)
			ok = gw_ids_add(&ids, s->claims.slots[i].id, true);
	}
	archive->stage = ENTRY_LOOKING;
	asked = ok && gw_box_sift(archive->box, &ids);
	if (!asked)
		archive->stage = ENTRY_PLANNED;
	free(ids.list);
	return asked;
}

void gw_sync_tell_archive(struct gw_sync *s)
{
	const struct gw_entry *archive = archive_of(s);
	bool ok = true;

	if (archive == NULL || archive->stage == ENTRY_PLANNED)
		return;
	for (size_t i = 0; i < s->entry_count && ok; i++) {
		if (s->entries[i].stage == ENTRY_PLANNED)
			ok = gw_box_add_gone_ids(s->entries[i].box, &s->late);
	}
	if (!ok)
		gw_sync_fail_nomem(s);
}

void gw_sync_requeue_archive(struct gw_sync *s)
{
	struct gw_entry *archive = s->late.count > 0 ? archive_of(s) : NULL;

	if (archive == NULL || !archive->settled || archive->failed || archive->box != NULL)
		return;
	if (++archive->passes > GW_PASSES) { /* the weekly look in full finds it */
		s->late.count = 0;
		return;
	}
	wake(archive);
	archive->settled = archive->queued = false;
	archive->stage = ENTRY_WAITING;
}
