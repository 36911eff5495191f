/* SPDX-License-Identifier: ISC */
/* local/local_copy.c - see local_copy.h. */
#include "local/local_copy.h"

#include "base/fs.h"
#include "maildir/copy.h"
#include "maildir/name.h"
#include "maildir/scan.h"

#include <stdlib.h>
#include <unistd.h>

/* Where an item's message is. */
struct source {
	struct gw_copy_item *item;
	int64_t mailbox; /* 0: nowhere */
	char base[GW_NAME_MAX + 1];
	uint64_t flags;
	time_t date;
	uint8_t header[GW_HASH_BYTES], body[GW_HASH_BYTES];
};

struct copies_job {
	struct gw_disk_job job; /* first */
	const struct gw_place *place;
	struct gw_copy_item *items;
	size_t count;
	gw_local_copy_cb *cb;
	void *ctx;

	struct source *sources; /* owned */
	size_t source_count;
	struct gw_copier copier;
	int64_t opened; /* the mailbox that `from` is of; 0: none */
	struct gw_maildir from;
	struct gw_scan scan; /* its files, if it was listed */
	bool listed;
};

/* Takes the first row that will do. */
static enum gw_code take_sibling(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	struct source *s = ctx;

	if (s->mailbox != 0 || (row->state != GW_ROW_PAIRED && row->state != GW_ROW_HIDDEN) ||
		row->base_name == NULL || row->header_hash == NULL || row->body_hash == NULL ||
		strlen(row->base_name) > GW_NAME_MAX)
		return GW_OK;
	s->mailbox = mailbox;
	s->flags = row->flags;
	s->date = row->date;
	memcpy(s->base, row->base_name, strlen(row->base_name) + 1);
	memcpy(s->header, row->header_hash, GW_HASH_BYTES);
	memcpy(s->body, row->body_hash, GW_HASH_BYTES);
	return GW_OK;
}

static int by_mailbox(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return (x->mailbox > y->mailbox) - (x->mailbox < y->mailbox);
}

static void find_sources(struct copies_job *c, struct gw_store *store)
{
	struct gw_error err = { 0 };

	for (size_t i = 0; i < c->count; i++) {
		struct source *s = &c->sources[c->source_count];

		*s = (struct source){ .item = &c->items[i] };
		if (gw_store_siblings(store, c->items[i].global_id, take_sibling, s, &err) == GW_OK)
			c->source_count += s->mailbox != 0;
	}
	qsort(c->sources, c->source_count, sizeof *c->sources, by_mailbox);
}

static void close_source(struct copies_job *c)
{
	if (c->opened == 0)
		return;
	gw_maildir_close(&c->from);
	gw_scan_deinit(&c->scan);
	c->scan = (struct gw_scan){ 0 };
	c->listed = false;
	c->opened = 0;
}

static bool open_source(struct copies_job *c, const struct gw_disk_world *world, int64_t mailbox)
{
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	struct gw_error err = { 0 };
	struct gw_buf dir;

	if (c->opened == mailbox)
		return true;
	close_source(c);
	gw_buf_init(&dir, 16384);
	c->from = GW_MAILDIR_CLOSED;
	if (gw_store_mailbox_dir(world->store, mailbox, &dir, &err) == GW_OK && dir.n > 0 &&
		gw_maildir_open(world->root, gw_buf_cstr(&dir), false, NULL, &c->from, &opened,
			&err) == GW_OK &&
		opened == GW_MAILDIR_OPENED)
		c->opened = mailbox;
	gw_buf_deinit(&dir);
	return c->opened == mailbox;
}

static bool copy_as(struct copies_job *c, const struct source *s, int dir, const char *name)
{
	struct gw_delivered *file = &s->item->file;
	struct gw_error err = { 0 };

	if (gw_copy_message(&c->copier, dir, name, &c->place->m, s->item->uid, file, &err) != GW_OK)
		return false;
	if (memcmp(file->print.header, s->header, GW_HASH_BYTES) == 0 &&
		memcmp(file->print.body, s->body, GW_HASH_BYTES) == 0)
		return true;
	gw_delivered_drop(file, &c->place->m);
	return false;
}

/* Where it would be if nobody had renamed it since base was written. */
static bool copy_guessed(struct copies_job *c, const struct source *s)
{
	const struct gw_keywords none = { 0 };
	const struct gw_name old = { .base = gw_slice_str(s->base) };
	char name[GW_NAME_MAX + 1];

	if (gw_has_name(c->from.new, s->base))
		return copy_as(c, s, c->from.new, s->base);
	return gw_name_format(&old, s->flags, GW_FLAG_KEYWORD(0) - 1, &none, c->place->m.separator,
		       name) &&
	       gw_has_name(c->from.cur, name) && copy_as(c, s, c->from.cur, name);
}

static bool copy_listed(struct copies_job *c, const struct source *s)
{
	struct gw_error err = { 0 };
	size_t at;

	if (!c->listed && gw_scan_run(&c->from, &c->scan, &err) != GW_OK)
		return false;
	c->listed = true;
	at = gw_scan_find(&c->scan, gw_slice_str(s->base));
	return at < c->scan.count &&
	       copy_as(c, s, c->scan.entries[at].in_new ? c->from.new : c->from.cur,
		       gw_scan_name(&c->scan, at));
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct copies_job *c = (struct copies_job *)job;

	if (world->store == NULL || world->broken.code != GW_OK)
		return;
	find_sources(c, world->store);
	for (size_t i = 0; i < c->source_count; i++) {
		const struct source *s = &c->sources[i];

		if (!open_source(c, world, s->mailbox))
			continue;
		s->item->found = copy_guessed(c, s) || copy_listed(c, s);
		s->item->date = s->date;
	}
	close_source(c);
}

static void on_done(struct gw_disk_job *job)
{
	struct copies_job *c = (struct copies_job *)job;
	gw_local_copy_cb *cb = c->cb;
	void *ctx = c->ctx;

	free(c->sources);
	free(c);
	cb(ctx);
}

enum gw_code gw_local_copy_start(struct gw_disk *disk, const struct gw_place *place,
	struct gw_copy_item *items, size_t count, gw_local_copy_cb *cb, void *ctx)
{
	struct copies_job *c = calloc(1, sizeof *c);

	if (c == NULL || (c->sources = calloc(count + 1, sizeof *c->sources)) == NULL) {
		free(c);
		return GW_ERR_NOMEM;
	}
	c->job = (struct gw_disk_job){ .work = work, .done = on_done };
	c->place = place;
	c->items = items;
	c->count = count;
	c->cb = cb;
	c->ctx = ctx;
	gw_disk_submit(disk, &c->job);
	return GW_OK;
}
