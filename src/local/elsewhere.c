/* SPDX-License-Identifier: ISC */
/* local/elsewhere.c - see elsewhere.h. */
#include "local/elsewhere.h"

#include "maildir/scan.h"

#include <stdlib.h>
#include <string.h>

struct elsewhere_job {
	struct gw_disk_job job; /* first */
	struct gw_elsewhere *what;
	gw_elsewhere_cb *cb;
	void *ctx;
	struct gw_error err;
};

/* The files of one directory; both sides are sorted by base name. */
struct sieve {
	const struct gw_scan *scan;
	bool *known;
	size_t at;
};

void gw_elsewhere_deinit(struct gw_elsewhere *what)
{
	for (size_t i = 0; i < what->dir_count; i++)
		free(what->dirs[i].dir);
	free(what->dirs);
	free(what->keys);
	*what = (struct gw_elsewhere){ 0 };
}

static enum gw_code take_row(void *ctx, const struct gw_message_row *row)
{
	struct sieve *s = ctx;
	struct gw_slice base = gw_slice_str(row->base_name);
	int order = -1;

	while (s->at < s->scan->count &&
		(order = gw_base_compare(gw_scan_base(s->scan, s->at), base)) < 0)
		s->at++;
	for (size_t i = s->at; i < s->scan->count && order == 0; i++) {
		order = gw_base_compare(gw_scan_base(s->scan, i), base);
		s->known[i] = order == 0;
	}
	return GW_OK;
}

static bool is_wanted(const struct gw_elsewhere *what, const struct gw_fingerprint *print)
{
	for (size_t i = 0; i < what->key_count; i++) {
		if (what->keys[i].found == 0 &&
			memcmp(what->keys[i].header, print->header, GW_HASH_BYTES) == 0)
			return true;
	}
	return false;
}

/* Counts one file for one message. */
static void take_file(struct gw_elsewhere *what, size_t dir, const struct gw_fingerprint *print)
{
	for (size_t i = 0; i < what->key_count; i++) {
		struct gw_elsewhere_key *k = &what->keys[i];

		if (k->found == 0 && memcmp(k->header, print->header, GW_HASH_BYTES) == 0 &&
			memcmp(k->body, print->body, GW_HASH_BYTES) == 0) {
			k->found = dir + 1;
			return;
		}
	}
}

static void look_at_files(struct elsewhere_job *j, size_t dir, const struct gw_maildir *m,
	const struct gw_scan *scan, const bool *known)
{
	for (size_t i = 0; i < scan->count; i++) {
		int fd = scan->entries[i].in_new ? m->new : m->cur;
		const char *name = gw_scan_name(scan, i);
		struct gw_error unread = { 0 };
		struct gw_file_facts facts;
		struct gw_fingerprint print;

		if (!known[i] && gw_fingerprint_head(fd, name, &print) &&
			is_wanted(j->what, &print) &&
			gw_fingerprint_file(fd, name, &print, &facts, &unread) == GW_OK)
			take_file(j->what, dir, &print);
	}
}

static void look_at(struct elsewhere_job *j, size_t dir, struct gw_disk_world *world)
{
	const struct gw_elsewhere_dir *d = &j->what->dirs[dir];
	struct gw_maildir m = GW_MAILDIR_CLOSED;
	struct gw_scan scan = { 0 };
	struct sieve sieve = { .scan = &scan };
	enum gw_open_result result;
	struct gw_error unread = { 0 };

	if (gw_maildir_open(world->root, d->dir, false, NULL, &m, &result, &unread) != GW_OK)
		return;
	if (result == GW_MAILDIR_OPENED && gw_scan_run(&m, &scan, &unread) == GW_OK) {
		sieve.known = calloc(scan.count + 1, sizeof *sieve.known);
		if (sieve.known == NULL) {
			gw_fail(&j->err, GW_ERR_NOMEM, "out of memory");
			goto out;
		}
		if (d->mailbox != 0 && world->store != NULL)
			gw_store_messages(
				world->store, d->mailbox, GW_BY_NAME, take_row, &sieve, &j->err);
		if (j->err.code == GW_OK)
			look_at_files(j, dir, &m, &scan, sieve.known);
	}
out:
	free(sieve.known);
	gw_scan_deinit(&scan);
	gw_maildir_close(&m);
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct elsewhere_job *j = (struct elsewhere_job *)job;

	for (size_t i = 0; i < j->what->dir_count && j->err.code == GW_OK; i++)
		look_at(j, i, world);
}

static void on_done(struct gw_disk_job *job)
{
	struct elsewhere_job *j = (struct elsewhere_job *)job;
	struct gw_error err = j->err;
	gw_elsewhere_cb *cb = j->cb;
	void *ctx = j->ctx;

	free(j);
	cb(ctx, err.code == GW_OK ? NULL : &err);
}

enum gw_code gw_elsewhere_start(
	struct gw_disk *disk, struct gw_elsewhere *what, gw_elsewhere_cb *cb, void *ctx)
{
	struct elsewhere_job *j = calloc(1, sizeof *j);

	if (j == NULL)
		return GW_ERR_NOMEM;
	*j = (struct elsewhere_job){
		.job = { .work = work, .done = on_done }, .what = what, .cb = cb, .ctx = ctx
	};
	gw_disk_submit(disk, &j->job);
	return GW_OK;
}
