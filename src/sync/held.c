/* SPDX-License-Identifier: ISC */
/* sync/held.c - mailboxes and directories that are out of step as a whole, as the last run left
 * them; part of sync_p.h.
 *
 * Reported in every run, and listed by `status`.  A mailbox that the server did not make is asked
 * for again when its list has changed, after a week, or with --full.
 */
#include "sync/sync_p.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOT_MADE_SECONDS = 7 * 86400 };

void gw_sync_free_held(struct gw_sync *s)
{
	for (size_t i = 0; i < s->held_count; i++) {
		free(s->held[i].name);
		free(s->held[i].reason);
	}
	free(s->held);
}

static struct gw_held *find(const struct gw_sync *s, const char *name)
{
	for (size_t i = 0; i < s->held_count; i++) {
		if (strcmp(s->held[i].name, name) == 0)
			return &s->held[i];
	}
	return NULL;
}

static struct gw_held *add(struct gw_sync *s, const char *name, const char *reason)
{
	struct gw_held *h =
		gw_array_push((void **)&s->held, &s->held_count, &s->held_cap, sizeof *s->held);

	if (h == NULL)
		return NULL;
	h->name = strdup(name);
	h->reason = strdup(reason);
	if (h->name != NULL && h->reason != NULL)
		return h;
	free(h->name);
	free(h->reason);
	s->held_count--;
	return NULL;
}

/* Whatever its order. */
static uint64_t hash_list(const struct gw_sync *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->folders.count; i++)
		sum += gw_hash_bytes(gw_slice_str(s->folders.list[i].wire));
	return sum >> 1;
}

static enum gw_code take(void *ctx, const struct gw_held_mailbox *row)
{
	struct gw_held *h = add(ctx, row->name, row->reason);

	if (h == NULL)
		return GW_ERR_NOMEM;
	h->at = row->at;
	h->listed = row->listed;
	h->stored = true;
	return GW_OK;
}

enum gw_code gw_sync_read_held(struct gw_sync *s, struct gw_error *err)
{
	return gw_store_held_mailboxes(s->disk.world.store, take, s, err);
}

void gw_sync_note_held(struct gw_sync *s, const char *name, const struct gw_error *why)
{
	struct gw_held *h = find(s, name);
	char *reason;

	if (h == NULL && (h = add(s, name, why->text)) == NULL)
		return; /* reported all the same */
	h->still = true;
	if (h->at != 0 || strcmp(h->reason, why->text) == 0)
		return;
	reason = strdup(why->text);
	if (reason == NULL)
		return;
	free(h->reason);
	h->reason = reason;
	h->stored = false;
}

struct note_job {
	struct gw_disk_job job; /* first */
	struct gw_sync *sync;
	char *name, *reason; /* owned */
	int64_t at;
	uint64_t listed;
};

static void work_note(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct note_job *n = (struct note_job *)job;
	struct gw_error err = { 0 }; /* the end of the run writes it once more, and tells */

	if (world->dry_run || world->broken.code != GW_OK || gw_disk_writable(world, &err) != GW_OK)
		return;
	gw_store_held_mailbox_put(world->store,
		&(struct gw_held_mailbox){ n->name, n->at, n->listed, n->reason }, &err);
}

static void on_noted(struct gw_disk_job *job)
{
	struct note_job *n = (struct note_job *)job;
	struct gw_sync *s = n->sync;

	free(n->name);
	free(n->reason);
	free(n);
	if (s->phase >= SYNC_ENDING)
		gw_sync_maybe_finish(s); /* it may have waited for this */
}

/* At once: a run that is killed would let the next one ask for it again. */
static void store_now(struct gw_sync *s, const struct gw_held *h)
{
	struct note_job *n = calloc(1, sizeof *n);

	if (n == NULL)
		return;
	*n = (struct note_job){ .job = { .work = work_note, .done = on_noted },
		.sync = s,
		.name = strdup(h->name),
		.reason = strdup(h->reason),
		.at = h->at,
		.listed = h->listed };
	if (n->name != NULL && n->reason != NULL) {
		gw_disk_submit(&s->disk, &n->job);
		return;
	}
	free(n->name);
	free(n->reason);
	free(n);
}

uint64_t gw_sync_name_hash(const char *wire)
{
	return (gw_hash_bytes(gw_slice_str(wire)) >> 1) | 1;
}

void gw_sync_note_doubt(
	struct gw_sync *s, const char *dir, const char *wire, const struct gw_error *why)
{
	uint64_t hash = wire == NULL ? 0 : gw_sync_name_hash(wire);
	struct gw_held *h;

	gw_sync_note_held(s, dir, why);
	h = find(s, dir);
	if (h == NULL || h->at != 0 || (h->stored && h->listed == hash))
		return;
	h->listed = hash;
	h->stored = false;
	store_now(s, h);
}

bool gw_sync_is_doubted(const struct gw_sync *s, const char *dir, uint64_t *hash)
{
	const struct gw_held *h = find(s, dir);

	*hash = h == NULL ? 0 : h->listed;
	return h != NULL && h->at == 0;
}

void gw_sync_note_not_made(struct gw_sync *s, const char *dir, const char *why)
{
	struct gw_held *h = find(s, dir);
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_HELD,
		"the server did not make this mailbox, so nothing in it is uploaded (%s); it is "
		"asked again after a week, with `sync --full`, and when it lists other mailboxes; or "
		"rename the directory",
		why);
	if (h != NULL)
		h->at = 0;
	gw_sync_note_held(s, dir, &err);
	h = find(s, dir);
	if (h != NULL) {
		h->at = (int64_t)s->env.now;
		h->listed = hash_list(s);
		h->stored = false;
		store_now(s, h);
	}
	gw_sync_problem(s, dir, &err);
}

const char *gw_sync_why_not_made(const struct gw_sync *s, const char *dir)
{
	const struct gw_held *h = find(s, dir);

	return h == NULL || h->at == 0 || s->options.full || h->listed != hash_list(s) ||
			       h->at + NOT_MADE_SECONDS < (int64_t)s->env.now
		       ? NULL
		       : h->reason;
}

/* True if everything was seen, so that what was not reported is over. */
static bool is_whole(const struct gw_sync *s)
{
	return s->err.code == GW_OK && !s->stopped && s->folders_settled && !s->options.dry_run &&
	       !s->options.verify && s->options.folder_count == 0;
}

bool gw_sync_held_changed(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->held_count && is_whole(s); i++) {
		if (!s->held[i].stored || !s->held[i].still)
			return true;
	}
	return false;
}

enum gw_code gw_sync_write_held(
	const struct gw_sync *s, struct gw_store *store, struct gw_error *err)
{
	enum gw_code code = gw_store_held_mailboxes_clear(store, err);

	for (size_t i = 0; i < s->held_count && code == GW_OK; i++) {
		const struct gw_held *h = &s->held[i];

		if (h->still)
			code = gw_store_held_mailbox_put(store,
				&(struct gw_held_mailbox){ h->name, h->at, h->listed, h->reason },
				err);
	}
	return code;
}
