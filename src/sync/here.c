/* SPDX-License-Identifier: ISC */
/* sync/here.c - see here.h. */
#include "sync/here.h"

#include "maildir/scan.h"

#include <sys/stat.h>

struct look {
	const struct gw_scan *scan;
	const struct gw_keywords *keywords;
	size_t known; /* files that base has */
	struct gw_here *out;
};

static uint64_t flags_of(const struct look *l, size_t i)
{
	return gw_name_flags(gw_name_split(gw_scan_name(l->scan, i)).info, l->keywords);
}

static enum gw_code take_row(void *ctx, const struct gw_message_row *row)
{
	struct look *l = ctx;
	size_t i = gw_scan_find(l->scan, gw_slice_str(row->base_name));
	uint64_t counted = gw_keywords_lettered(l->keywords), now;

	if (i == SIZE_MAX) {
		l->out->gone += !gw_scan_has_other(l->scan, gw_slice_str(row->base_name));
		return GW_OK;
	}
	l->known++;
	now = flags_of(l, i);
	if (!(now & GW_FLAG_DELETED)) /* the server's \Deleted has no T here */
		counted &= ~GW_FLAG_DELETED;
	l->out->flags += ((now ^ row->flags) & counted) != 0;
	return GW_OK;
}

static int64_t changed_at(const struct gw_maildir *m)
{
	struct stat cur, new;

	if (fstat(m->cur, &cur) != 0 || fstat(m->new, &new) != 0)
		return 0;
	return (int64_t)(cur.st_mtime > new.st_mtime ? cur.st_mtime : new.st_mtime);
}

static enum gw_code compare(struct gw_store *store, const struct gw_mailbox_row *row,
	const struct gw_maildir *m, struct gw_here *out, struct gw_error *err)
{
	struct gw_keywords keywords = { 0 };
	struct gw_scan scan = { 0 };
	struct look l = { .scan = &scan, .keywords = &keywords, .out = out };
	enum gw_code code = gw_keywords_load(&keywords, m->dir, err);

	if (code == GW_OK)
		code = gw_scan_run(m, &scan, err);
	if (code == GW_OK)
		code = gw_store_messages(store, row->id, GW_BY_NAME, take_row, &l, err);
	for (size_t i = 0; i < scan.count && code == GW_OK; i++)
		out->unread += !(flags_of(&l, i) & GW_FLAG_SEEN);
	out->files = scan.count;
	out->fresh = scan.count > l.known ? scan.count - l.known : 0;
	out->changed = changed_at(m);
	gw_scan_deinit(&scan);
	gw_keywords_deinit(&keywords);
	return code;
}

enum gw_code gw_here_look(struct gw_store *store, const struct gw_account *account,
	const struct gw_mailbox_row *row, struct gw_here *out, struct gw_error *err)
{
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	struct gw_maildir m;
	enum gw_code code = gw_maildir_open(
		account->maildir, row->local_dir, false, row->local_dir, &m, &opened, err);

	*out = (struct gw_here){ 0 };
	if (code != GW_OK || opened == GW_MAILDIR_MISSING)
		return code;
	code = compare(store, row, &m, out, err);
	gw_maildir_close(&m);
	return code;
}
