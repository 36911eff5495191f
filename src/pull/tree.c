/* SPDX-License-Identifier: ISC */
/* pull/tree.c - the Maildir against the rows, in the pool: files that no row knows, which may be what
 * is listed; files of rows that are missing.  Part of pull_p.h.
 *
 * A reader that moves a file copies it first and unlinks it later, under another name perhaps: what one
 * look does not find is looked for in a second one of the whole tree, by name and by header.
 */
#include "pull/pull_p.h"

#include "base/fs.h"
#include "maildir/scan.h"
#include "maildir/tree.h"

#include <stdlib.h>
#include <unistd.h>

/* A row's file, as the job sees it. */
struct known {
	char *base; /* owned */
	uint8_t header[GW_PULL_HASH], msgid[GW_PULL_HASH];
	uint64_t dir_inode; /* where it was */
	struct pull_seen out;
};

struct strange {
	char *base; /* owned */
	uint64_t dir_inode;
	struct gw_fingerprint print;
};

struct scan_job {
	struct gw_disk_job job; /* first */
	struct gw_pull *pull;
	struct known *known; /* owned; by base */
	size_t known_count;
	struct strange *strange; /* owned */
	size_t strange_count, strange_cap;
	bool want_strange;
	bool busy;    /* a directory changed while it was listed */
	char *unread; /* owned; what could not be looked into; NULL: nothing */
	struct gw_error err;
};

static int by_base(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->base, ((const struct known *)b)->base);
}

static struct known *find(struct scan_job *j, struct gw_slice base)
{
	size_t lo = 0, hi = j->known_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = gw_base_compare(gw_slice_str(j->known[mid].base), base);

		if (order == 0)
			return &j->known[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool note_unread(struct scan_job *j, const char *what)
{
	if (j->unread == NULL)
		j->unread = strdup(what);
	return j->unread != NULL;
}

/* --- one directory --------------------------------------------------------------------------- */

static bool add_strange(struct scan_job *j, const struct gw_maildir *m, const struct gw_scan *s,
	size_t i, uint64_t inode)
{
	struct gw_file_facts facts;
	struct gw_error ignored = { 0 };
	struct strange *slot;
	struct gw_fingerprint print = { .about = 0 };
	int in = s->entries[i].in_new ? m->new : m->cur;
	const char *name = gw_scan_name(s, i);
	bool read = j->want_strange
			    ? gw_fingerprint_file(in, name, &print, &facts, &ignored) == GW_OK
			    : gw_fingerprint_head(in, name, &print);

	/* A file that vanished meanwhile is for another look; an unreadable one may be any. */
	if (!read)
		return !gw_has_name(in, name) || note_unread(j, name);
	slot = gw_array_push(
		(void **)&j->strange, &j->strange_count, &j->strange_cap, sizeof *slot);
	if (slot == NULL || (slot->base = gw_slice_dup(gw_scan_base(s, i))) == NULL) {
		j->strange_count -= slot != NULL;
		return false;
	}
	slot->print = print;
	slot->dir_inode = inode;
	return true;
}

static void see(struct known *k, uint64_t inode)
{
	k->out.seen = true;
	k->out.inode = inode;
}

/* Counts anything that is not a regular file but has a row's name as that row's. */
static void see_others(struct scan_job *j, const struct gw_scan *s, uint64_t inode)
{
	for (size_t i = 0; s->other_count > 0 && i < j->known_count; i++) {
		if (!j->known[i].out.seen && gw_scan_has_other(s, gw_slice_str(j->known[i].base)))
			see(&j->known[i], inode);
	}
}

/* strange: as well as those that are known. */
static bool look_into(struct scan_job *j, const struct gw_tree_dir *dir, bool strange)
{
	struct gw_maildir m = GW_MAILDIR_CLOSED;
	enum gw_open_result result;
	struct gw_scan s = { 0 };
	struct gw_error ignored = { 0 };
	bool ok = true;

	if (gw_maildir_open(j->pull->account->maildir, dir->dir, false, NULL, &m, &result,
		    &ignored) != GW_OK ||
		result != GW_MAILDIR_OPENED || gw_scan_run(&m, &s, &ignored) != GW_OK) {
		gw_maildir_close(&m);
		gw_scan_deinit(&s);
		return note_unread(j, dir->dir);
	}
	j->busy |= !s.trusted;
	if (s.too_long > 0)
		ok = note_unread(j, dir->dir);
	for (size_t i = 0; ok && i < s.count; i++) {
		struct known *k = find(j, gw_scan_base(&s, i));

		if (k != NULL)
			see(k, dir->inode);
		else if (strange)
			ok = add_strange(j, &m, &s, i, dir->inode);
	}
	see_others(j, &s, dir->inode);
	gw_scan_deinit(&s);
	gw_maildir_close(&m);
	return ok;
}

/* --- the tree -------------------------------------------------------------------------------- */

static void drop_strange(struct scan_job *j)
{
	for (size_t i = 0; i < j->strange_count; i++)
		free(j->strange[i].base);
	free(j->strange);
	j->strange = NULL;
	j->strange_count = j->strange_cap = 0;
}

static void find_dirs(struct scan_job *j, const struct gw_tree *tree)
{
	for (size_t i = 0; i < j->known_count; i++) {
		struct known *k = &j->known[i];
		bool there = k->dir_inode == 0;

		for (size_t d = 0; !k->out.seen && !there && d < tree->count; d++)
			there = tree->list[d].inode == k->dir_inode;
		k->out.dir_gone = !k->out.seen && !there;
	}
}

static enum gw_code walk(struct scan_job *j, bool strange)
{
	struct gw_tree tree = { 0 };
	enum gw_code code = gw_tree_all(j->pull->account->maildir, &tree, &j->err);
	bool ok = code == GW_OK;

	drop_strange(j);
	if (ok && tree.unread != NULL)
		ok = note_unread(j, tree.unread);
	for (size_t i = 0; ok && i < tree.count; i++)
		ok = look_into(j, &tree.list[i], strange);
	if (ok)
		find_dirs(j, &tree);
	gw_tree_deinit(&tree);
	return ok ? GW_OK : gw_fail(&j->err, GW_ERR_NOMEM, "out of memory");
}

static bool is_missing(const struct scan_job *j)
{
	for (size_t i = 0; i < j->known_count; i++) {
		if (!j->known[i].out.seen)
			return true;
	}
	return false;
}

/* --- files under another name ---------------------------------------------------------------- */

struct missing {
	struct known *known;
};

static int by_header(const void *a, const void *b)
{
	return memcmp(((const struct missing *)a)->known->header,
		((const struct missing *)b)->known->header, GW_PULL_HASH);
}

static int by_msgid(const void *a, const void *b)
{
	return memcmp(((const struct missing *)a)->known->msgid,
		((const struct missing *)b)->known->msgid, GW_PULL_HASH);
}

/* The first in the list that is still missing and that `order` finds equal to the key. */
static struct known *first_missing(const struct missing *list, size_t n, struct known *key,
	int (*order)(const void *, const void *), uint64_t inode)
{
	const struct missing wanted = { key };
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (order(&list[mid], &wanted) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < n && order(&list[lo], &wanted) == 0; lo++) {
		struct known *k = list[lo].known;

		if (!k->out.seen && (inode == 0 || k->dir_inode == inode))
			return k;
	}
	return NULL;
}

/* Joins strange files.  by_header: a reader renamed it, perhaps to another folder.  by_msgid: an
 * edit rewrote it where it was. */
static void join_strange(struct scan_job *j, struct missing *missing, size_t n,
	int (*order)(const void *, const void *))
{
	static const uint8_t none[GW_PULL_HASH];
	bool edits = order == by_msgid;

	qsort(missing, n, sizeof *missing, order);
	for (size_t i = 0; i < j->strange_count; i++) {
		struct strange *s = &j->strange[i];
		struct known key = { .base = NULL }, *k;

		memcpy(key.header, s->print.header, GW_PULL_HASH);
		memcpy(key.msgid, s->print.msgid, GW_PULL_HASH);
		if (s->base == NULL || (edits && memcmp(key.msgid, none, sizeof none) == 0))
			continue;
		k = first_missing(missing, n, &key, order, edits ? s->dir_inode : 0);
		if (k == NULL)
			continue;
		see(k, s->dir_inode);
		k->out.now = s->base;
		s->base = NULL;
	}
}

static bool find_renamed(struct scan_job *j)
{
	struct missing *missing = calloc(j->known_count + 1, sizeof *missing);
	size_t n = 0;

	if (missing == NULL)
		return false;
	for (size_t i = 0; i < j->known_count; i++) {
		if (!j->known[i].out.seen)
			missing[n++].known = &j->known[i];
	}
	if (n > 0 && j->strange_count > 0) {
		join_strange(j, missing, n, by_header);
		join_strange(j, missing, n, by_msgid);
	}
	free(missing);
	return true;
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct scan_job *j = (struct scan_job *)job;
	enum gw_code code = walk(j, j->want_strange);

	(void)world;
	if (code == GW_OK && is_missing(j))
		code = walk(j, true);
	if (code == GW_OK && !find_renamed(j))
		gw_fail(&j->err, GW_ERR_NOMEM, "out of memory");
}

/* --- on the loop ----------------------------------------------------------------------------- */

static enum gw_code add_file(struct gw_pull *p, struct strange *s)
{
	size_t row = pull_add_row(p, (struct gw_slice){ "", 0 });
	struct gw_pull_row *r;

	if (row == GW_PULL_NONE)
		return GW_ERR_NOMEM;
	r = &p->view.rows[row];
	r->state = GW_PULL_HERE;
	r->is_file = r->has_body = true;
	memcpy(r->header, s->print.header, GW_PULL_HASH);
	memcpy(r->body, s->print.body, GW_PULL_HASH);
	memcpy(r->msgid, s->print.msgid, GW_PULL_HASH);
	r->about = s->print.about;
	p->more[row].dir_inode = s->dir_inode;
	pull_set_base(p, row, s->base);
	p->more[row].dirty = false;
	s->base = NULL;
	return GW_OK;
}

static bool judge(struct gw_pull *p, struct scan_job *j)
{
	struct pull_seen *list = calloc(j->known_count + 1, sizeof *list);
	bool ok = list != NULL;

	for (size_t i = 0; ok && i < j->known_count; i++)
		list[i] = j->known[i].out;
	ok = ok && pull_judge_files(p, list, j->known_count, j->unread, j->busy);
	for (size_t i = 0; list != NULL && i < j->known_count; i++)
		j->known[i].out.now = list[i].now;
	free(list);
	return ok;
}

static void free_job(struct scan_job *j)
{
	drop_strange(j);
	for (size_t i = 0; j->known != NULL && i < j->known_count; i++) {
		free(j->known[i].base);
		free(j->known[i].out.now);
	}
	free(j->known);
	free(j->unread);
	free(j);
}

static void on_done(struct gw_disk_job *job)
{
	struct scan_job *j = (struct scan_job *)job;
	struct gw_pull *p = j->pull;
	bool ok = j->err.code == GW_OK && judge(p, j);

	for (size_t i = 0; ok && j->want_strange && i < j->strange_count; i++) {
		if (j->strange[i].base == NULL)
			continue;
		ok = add_file(p, &j->strange[i]) == GW_OK;
		p->view.policy.has_files = true;
	}
	free_job(j);
	p->scanned = true;
	if (!ok)
		pull_fail_nomem(p);
	else
		pull_scanned(p);
}

static bool add_known(struct scan_job *j, const struct gw_pull *p, size_t row)
{
	struct known *k = &j->known[j->known_count];

	k->base = strdup(p->more[row].base_name);
	if (k->base == NULL)
		return false;
	memcpy(k->header, p->view.rows[row].header, GW_PULL_HASH);
	memcpy(k->msgid, p->view.rows[row].msgid, GW_PULL_HASH);
	k->dir_inode = p->more[row].dir_inode;
	k->out.row = row;
	j->known_count++;
	return true;
}

void pull_scan(struct gw_pull *p, bool strange)
{
	struct scan_job *j = calloc(1, sizeof *j);
	bool ok;

	pull_enter(p, PULL_SCANNING);
	if (j != NULL)
		j->known = calloc(p->view.row_count + 1, sizeof *j->known);
	ok = j != NULL && j->known != NULL;
	if (ok) {
		j->job = (struct gw_disk_job){ .work = work, .done = on_done };
		j->pull = p;
		j->want_strange = strange;
	}
	for (size_t i = 0; ok && i < p->view.row_count; i++)
		ok = p->more[i].base_name == NULL || add_known(j, p, i);
	if (!ok) {
		if (j != NULL)
			free_job(j);
		pull_fail_nomem(p);
		return;
	}
	if (j->known_count > 0)
		qsort(j->known, j->known_count, sizeof *j->known, by_base);
	gw_disk_submit(&p->disk, &j->job);
}
