/* SPDX-License-Identifier: ISC */
/* local/confirm.c - see confirm.h. */
#include "local/confirm.h"

#include "base/text.h"
#include "maildir/name.h"

#include <stdlib.h>

struct confirm_job {
	struct gw_disk_job job; /* first */
	struct gw_place *place;
	const char *key;
	const struct gw_scan *first;
	bool news;
	struct gw_gone *list;
	size_t count;
	gw_confirm_cb *cb;
	void *ctx;
	struct gw_scan scan; /* of the second look */
	struct gw_error err;
	struct gw_gone *present; /* whose row is being read */
};

static enum gw_code take_row(void *ctx, const struct gw_message_row *row)
{
	struct confirm_job *c = ctx;
	struct gw_gone *g = c->present;

	/* An edit that was begun: its name was given to the new message. */
	bool nameless = row->base_name == NULL && row->state == GW_ROW_PAIRED;
	struct gw_slice base = gw_slice_str(row->base_name == NULL ? "" : row->base_name);

	g->name = gw_hash_bytes(base);
	if ((row->base_name == NULL && !nameless) || row->header_hash == NULL ||
		row->body_hash == NULL)
		return GW_OK;
	g->known = true;
	g->global_id = row->global_id;
	g->size = row->size;
	g->date = row->date;
	g->named_by_us = gw_name_uid(base, c->key) == row->uid;
	memcpy(g->print.header, row->header_hash, GW_HASH_BYTES);
	memcpy(g->print.body, row->body_hash, GW_HASH_BYTES);
	if (row->msgid_hash != NULL)
		memcpy(g->print.msgid, row->msgid_hash, GW_HASH_BYTES);
	g->still_gone = g->look && c->scan.trusted &&
			(g->edited || nameless ||
				(gw_scan_find(&c->scan, base) == SIZE_MAX &&
					!gw_scan_has_other(&c->scan, base)));
	return GW_OK;
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct confirm_job *c = (struct confirm_job *)job;
	enum gw_code code = gw_scan_run(&c->place->m, &c->scan, &c->err);

	c->news = !c->scan.trusted;
	for (size_t i = 0; i < c->scan.count && !c->news; i++)
		c->news = gw_scan_find(c->first, gw_scan_base(&c->scan, i)) == SIZE_MAX;
	for (size_t i = 0; i < c->first->count && !c->news; i++)
		c->news = gw_scan_find(&c->scan, gw_scan_base(c->first, i)) == SIZE_MAX;
	for (size_t i = 0; i < c->count && code == GW_OK && world->store != NULL; i++) {
		struct gw_gone *g = c->present = &c->list[i];

		code = gw_store_message(world->store, c->place->mailbox,
			g->row_uid != 0 ? g->row_uid : g->uid, take_row, c, &c->err);
		if (code == GW_OK && g->known)
			code = gw_store_has_copy(world->store, c->place->mailbox, g->print.header,
				g->print.body, &g->has_copy, &c->err);
	}
	gw_scan_deinit(&c->scan);
}

static void on_done(struct gw_disk_job *job)
{
	struct confirm_job *c = (struct confirm_job *)job;

	c->cb(c->ctx, c->news, c->err.code == GW_OK ? NULL : &c->err);
	free(c);
}

enum gw_code gw_confirm_start(struct gw_disk *disk, struct gw_place *place, const char *key,
	const struct gw_scan *first, struct gw_gone *list, size_t count, gw_confirm_cb *cb,
	void *ctx)
{
	struct confirm_job *c = calloc(1, sizeof *c);

	if (c == NULL)
		return GW_ERR_NOMEM;
	*c = (struct confirm_job){ .job = { .work = work, .done = on_done },
		.place = place,
		.key = key,
		.first = first,
		.list = list,
		.count = count,
		.cb = cb,
		.ctx = ctx };
	gw_disk_submit(disk, &c->job);
	return GW_OK;
}
