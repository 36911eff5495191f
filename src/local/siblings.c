/* SPDX-License-Identifier: ISC */
/* local/siblings.c - see siblings.h. */
#include "local/siblings.h"

#include <stdlib.h>
#include <string.h>

struct siblings_job {
	struct gw_disk_job job; /* first */
	struct gw_siblings_query query;
	gw_siblings_cb *cb;
	void *ctx;
	struct gw_sibling *list; /* owned */
	size_t count, cap;
	size_t of;   /* whose siblings are being read, */
	uint64_t id; /* and its id */
	struct gw_error err;
};

static enum gw_code take_id(void *ctx, const struct gw_message_row *row)
{
	struct siblings_job *s = ctx;

	s->id = row->global_id;
	return GW_OK;
}

/* NULL: the row has none, or memory is out; then the message is fetched. */
static struct gw_fingerprint *print_of(const struct gw_message_row *row)
{
	struct gw_fingerprint *print = NULL;

	if (row->header_hash != NULL && row->body_hash != NULL)
		print = calloc(1, sizeof *print);
	if (print == NULL)
		return NULL;
	memcpy(print->header, row->header_hash, GW_HASH_BYTES);
	memcpy(print->body, row->body_hash, GW_HASH_BYTES);
	if (row->msgid_hash != NULL)
		memcpy(print->msgid, row->msgid_hash, GW_HASH_BYTES);
	return print;
}

static enum gw_code take_sibling(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	struct siblings_job *s = ctx;
	struct gw_sibling *sibling =
		gw_array_push((void **)&s->list, &s->count, &s->cap, sizeof *s->list);

	if (sibling == NULL)
		return gw_fail(&s->err, GW_ERR_NOMEM, "out of memory");
	*sibling = (struct gw_sibling){ .of = s->of,
		.mailbox = mailbox,
		.uid = row->uid,
		.has_file = row->base_name != NULL,
		.copied = row->copied,
		.size = row->size,
		.print = s->query.prints ? print_of(row) : NULL };
	return GW_OK;
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct siblings_job *s = (struct siblings_job *)job;
	const struct gw_siblings_query *q = &s->query;
	struct gw_store *store = world->store;
	enum gw_code code = GW_OK;

	for (s->of = 0; s->of < q->count && code == GW_OK && store != NULL; s->of++) {
		s->id = q->ids != NULL ? q->ids[s->of] : 0;
		if (q->uids != NULL)
			code = gw_store_message(
				store, q->place->mailbox, q->uids[s->of], take_id, s, &s->err);
		if (code == GW_OK && s->id != 0)
			code = gw_store_siblings(store, s->id, take_sibling, s, &s->err);
	}
}

static void on_done(struct gw_disk_job *job)
{
	struct siblings_job *s = (struct siblings_job *)job;

	s->cb(s->ctx, s->list, s->count, s->err.code == GW_OK ? NULL : &s->err);
	for (size_t i = 0; i < s->count; i++)
		free(s->list[i].print);
	free(s->list);
	free(s);
}

enum gw_code gw_siblings_start(
	struct gw_disk *disk, const struct gw_siblings_query *query, gw_siblings_cb *cb, void *ctx)
{
	struct siblings_job *s = calloc(1, sizeof *s);

	if (s == NULL)
		return GW_ERR_NOMEM;
	s->job = (struct gw_disk_job){ .work = work, .done = on_done };
	s->query = *query;
	s->cb = cb;
	s->ctx = ctx;
	gw_disk_submit(disk, &s->job);
	return GW_OK;
}
