/* pull/tree.c - the Maildir against the rows, in the pool: files that no row knows, which may be what
 * is listed; files of rows that are missing, which may be an accident.  Part of pull_p.h.
 */
#include "pull/pull_p.h"

#include "maildir/scan.h"
#include "maildir/tree.h"

#include <stdlib.h>

/* A row's file, as the job sees it. */
struct known {
	char *base; /* owned */
	uint8_t header[GW_PULL_HASH];
	size_t row;
	bool counts; /* its absence would be one */
	bool seen;
	char *now; /* owned; the name that it has by now; NULL: the same */
};

struct strange {
	char *base; /* owned */
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
	bool partial; /* something could not be read: nothing is missing for certain */
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

static bool add_strange(
	struct scan_job *j, const struct gw_maildir *m, const struct gw_scan *s, size_t i)
{
	struct gw_file_facts facts;
	struct gw_error ignored = { 0 };
	struct strange *slot;
	struct gw_fingerprint print;

	/* One that went away meanwhile, or cannot be read, is passed over. */
	if (gw_fingerprint_file(s->entries[i].in_new ? m->new : m->cur, gw_scan_name(s, i), &print,
		    &facts, &ignored) != GW_OK)
		return true;
	slot = gw_array_push(
		(void **)&j->strange, &j->strange_count, &j->strange_cap, sizeof *slot);
	if (slot == NULL || (slot->base = gw_slice_dup(gw_scan_base(s, i))) == NULL) {
		j->strange_count -= slot != NULL;
		return false;
	}
	slot->print = print;
	return true;
}

/* strange: as well as those that are known. */
static enum gw_code look_into(struct scan_job *j, const char *dir, bool strange)
{
	struct gw_maildir m = GW_MAILDIR_CLOSED;
	enum gw_open_result result;
	struct gw_scan s = { 0 };
	struct gw_error ignored = { 0 };
	bool ok = true;

	if (gw_maildir_open(j->pull->account->maildir, dir, false, NULL, &m, &result, &ignored) !=
			GW_OK ||
		result != GW_MAILDIR_OPENED || gw_scan_run(&m, &s, &ignored) != GW_OK) {
		j->partial = true;
		gw_maildir_close(&m);
		gw_scan_deinit(&s);
		return GW_OK;
	}
	j->partial |= !s.trusted;
	for (size_t i = 0; ok && i < s.count; i++) {
		struct known *k = find(j, gw_scan_base(&s, i));

		if (k != NULL)
			k->seen = true;
		else if (strange)
			ok = add_strange(j, &m, &s, i);
	}
	gw_scan_deinit(&s);
	gw_maildir_close(&m);
	return ok ? GW_OK : gw_fail(&j->err, GW_ERR_NOMEM, "out of memory");
}

static enum gw_code walk(struct scan_job *j, bool strange)
{
	struct gw_tree tree = { 0 };
	enum gw_code code =
		gw_tree_walk(j->pull->account->maildir, j->pull->account->layout, &tree, &j->err);

	for (size_t i = 0; code == GW_OK && i < tree.count; i++)
		code = look_into(j, tree.list[i].dir, strange);
	gw_tree_deinit(&tree);
	return code;
}

static uint64_t missing(const struct scan_job *j, uint64_t *known)
{
	uint64_t n = 0;

	*known = 0;
	for (size_t i = 0; i < j->known_count; i++) {
		*known += j->known[i].counts;
		n += j->known[i].counts && !j->known[i].seen;
	}
	return n;
}

/* A reader that moves a file to another folder may give it another name. */
static void find_renamed(struct scan_job *j)
{
	for (size_t i = 0; i < j->strange_count; i++) {
		for (size_t k = 0; k < j->known_count && j->strange[i].base != NULL; k++) {
			struct known *at = &j->known[k];

			if (at->seen ||
				memcmp(at->header, j->strange[i].print.header, GW_PULL_HASH) != 0)
				continue;
			at->seen = true;
			at->now = j->strange[i].base;
			j->strange[i].base = NULL;
		}
	}
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct scan_job *j = (struct scan_job *)job;
	uint64_t known;
	enum gw_code code = walk(j, j->want_strange);

	(void)world;
	if (code == GW_OK && !j->want_strange) {
		uint64_t gone = missing(j, &known);

		if (gw_pull_looks_like_accident(known, gone, j->pull->account->guard_percent))
			code = walk(j, true);
	}
	if (code == GW_OK)
		find_renamed(j);
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
	p->more[row].base_name = s->base;
	s->base = NULL;
	return GW_OK;
}

static void take_names(struct gw_pull *p, struct scan_job *j, bool accident)
{
	for (size_t i = 0; i < j->known_count; i++) {
		struct known *k = &j->known[i];
		struct pull_more *m = &p->more[k->row];

		m->missing = !k->seen;
		if (k->now != NULL) {
			free(m->base_name);
			m->base_name = k->now;
			m->dirty = true;
			k->now = NULL;
		} else if (k->counts && !k->seen && !accident && !j->partial) {
			/* The reader deleted it; the next time it is not counted again. */
			free(m->base_name);
			m->base_name = NULL;
			m->dirty = true;
		}
	}
}

static void judge(struct gw_pull *p, struct scan_job *j)
{
	uint64_t known, gone = missing(j, &known);
	bool accident = p->account->guard && !p->options.accept_deletions &&
			gw_pull_looks_like_accident(known, gone, p->account->guard_percent);
	struct gw_error err = { 0 };

	take_names(p, j, accident);
	p->hold |= accident;
	if (!accident)
		return;
	gw_fail(&err, GW_ERR_HELD,
		"%llu of %llu messages that were fetched and are still on the server have no file "
		"here, which looks like an accident, so nothing is deleted there: if it is none, "
		"`godwit sync --accept-deletions %s`",
		(unsigned long long)gone, (unsigned long long)known, p->account->name);
	pull_problem(p, &err);
}

static void on_done(struct gw_disk_job *job)
{
	struct scan_job *j = (struct scan_job *)job;
	struct gw_pull *p = j->pull;
	enum gw_code code = j->err.code;

	if (code == GW_OK)
		judge(p, j);
	for (size_t i = 0; i < j->strange_count; i++) {
		if (j->want_strange && code == GW_OK && j->strange[i].base != NULL) {
			code = add_file(p, &j->strange[i]);
			p->view.policy.has_files = true;
		}
		free(j->strange[i].base);
	}
	for (size_t i = 0; i < j->known_count; i++) {
		free(j->known[i].base);
		free(j->known[i].now);
	}
	free(j->known);
	free(j->strange);
	free(j);
	p->scanned = true;
	if (code != GW_OK)
		pull_fail_nomem(p);
	else
		pull_scanned(p);
}

void pull_scan(struct gw_pull *p, bool strange)
{
	struct scan_job *j = calloc(1, sizeof *j);

	pull_enter(p, PULL_SCANNING);
	if (j != NULL)
		j->known = calloc(p->view.row_count + 1, sizeof *j->known);
	if (j == NULL || j->known == NULL) {
		free(j);
		pull_fail_nomem(p);
		return;
	}
	j->job = (struct gw_disk_job){ .work = work, .done = on_done };
	j->pull = p;
	j->want_strange = strange;
	for (size_t i = 0; i < p->view.row_count; i++) {
		struct known *k = &j->known[j->known_count];

		if (p->more[i].base_name == NULL)
			continue;
		k->base = strdup(p->more[i].base_name);
		if (k->base == NULL) {
			j->err.code = GW_ERR_NOMEM;
			break;
		}
		memcpy(k->header, p->view.rows[i].header, GW_PULL_HASH);
		k->row = i;
		k->counts = p->view.rows[i].state == GW_PULL_HERE;
		j->known_count++;
	}
	if (j->known_count > 0)
		qsort(j->known, j->known_count, sizeof *j->known, by_base);
	gw_disk_submit(&p->disk, &j->job);
}
