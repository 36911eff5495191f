/* SPDX-License-Identifier: ISC */
/* local/fingerprints.c - see fingerprints.h. */
#include "local/fingerprints.h"

#include "base/fs.h"

#include <stdlib.h>
#include <unistd.h>

enum { MANY_UNKNOWN = 100 };

struct print_job {
	struct gw_disk_job job; /* first */
	const struct gw_place *place;
	const struct gw_local_view *view;
	struct gw_file_print *prints;
	size_t count;
	gw_fingerprints_cb *cb;
	void *ctx;
};

static int by_header(const void *a, const void *b)
{
	const struct gw_file_print *const *x = a, *const *y = b;

	return memcmp((*x)->print.header, (*y)->print.header, GW_HASH_BYTES);
}

struct known_prints {
	struct gw_file_print **list; /* sorted by header */
	size_t count;
};

static enum gw_code take_known(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	const struct known_prints *k = ctx;
	size_t lo = 0, hi = k->count;

	(void)mailbox;
	while (row->header_hash != NULL && row->body_hash != NULL && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(k->list[mid]->print.header, row->header_hash, GW_HASH_BYTES) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < k->count && row->header_hash != NULL && row->body_hash != NULL &&
		memcmp(k->list[lo]->print.header, row->header_hash, GW_HASH_BYTES) == 0;
		lo++) {
		if (memcmp(k->list[lo]->print.body, row->body_hash, GW_HASH_BYTES) == 0)
			k->list[lo]->known = true;
	}
	return GW_OK;
}

/* Finds out whether many files are copies of messages elsewhere in base; a few are not worth
 * reading all of it. */
static void find_known(struct print_job *p, struct gw_disk_world *world)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	struct known_prints k = { .list = calloc(p->count + 1, sizeof *k.list) };
	struct gw_error ignored = { 0 };

	for (size_t i = 0; i < p->count && k.list != NULL; i++) {
		if (p->prints[i].ok)
			k.list[k.count++] = &p->prints[i];
	}
	if (k.count > 0) {
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): likewise */
		qsort(k.list, k.count, sizeof *k.list, by_header);
		gw_store_all_messages(world->store, take_known, &k, &ignored);
	}
	free(k.list);
}

static void work_print(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct print_job *p = (struct print_job *)job;

	for (size_t i = 0; i < p->count; i++) {
		const struct gw_scan *scan = &p->view->scan;
		struct gw_file_print *print = &p->prints[i];
		const char *name = gw_scan_name(scan, print->index);
		int dir = scan->entries[print->index].in_new ? p->place->m.new : p->place->m.cur;
		struct gw_error err = { 0 };

		print->ok =
			gw_fingerprint_file(dir, name, &print->print, &print->facts, &err) == GW_OK;
		print->gone = !print->ok && !gw_has_name(dir, name);
	}
	if (p->count > MANY_UNKNOWN && world->store != NULL)
		find_known(p, world);
}

static void on_print_done(struct gw_disk_job *job)
{
	struct print_job *p = (struct print_job *)job;

	p->cb(p->ctx);
	free(p);
}

enum gw_code gw_fingerprints_read(struct gw_disk *disk, const struct gw_place *place,
	const struct gw_local_view *view, struct gw_file_print *prints, size_t count,
	gw_fingerprints_cb *cb, void *ctx)
{
	struct print_job *p = calloc(1, sizeof *p);

	if (p == NULL)
		return GW_ERR_NOMEM;
	*p = (struct print_job){ .job = { .work = work_print, .done = on_print_done },
		.place = place,
		.view = view,
		.prints = prints,
		.count = count,
		.cb = cb,
		.ctx = ctx };
	gw_disk_submit(disk, &p->job);
	return GW_OK;
}
