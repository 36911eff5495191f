/* SPDX-License-Identifier: ISC */
/* sync/homes.c - directories that may be the homes of mailboxes under names of another program's; part
 * of sync_p.h.
 *
 * Such a directory has no mailbox, and the mailbox has no directory.  Were both taken as they are, each
 * message would be in two places on either side.  So neither is touched until a person says what is
 * what.  A name that is alike raises the doubt in any run.  What is in them is compared where the tree
 * and the account were never in step, or where the question is still open:
 *
 *   heads of the directories (pool) --> a few headers of each mailbox without a directory, one after
 *     the other --> the most alike is the one
 *
 * A mailbox that cannot be asked may be any of them; one at which the connection ends is asked once
 * more, and then is such a one.
 */
#include "base/text.h"
#include "local/heads.h"
#include "remote/sample.h"
#include "sync/folders_p.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { NAME_LIMIT = 8192, TRIES = 2 };

/* --- by their names ------------------------------------------------------------------------------ */

/* The letters and digits of a name, without case. */
static void squeeze(struct gw_slice name, struct gw_buf *out)
{
	size_t kept = 0;

	gw_sync_fold_name(name, out);
	for (size_t i = 0; i < out->n; i++) {
		if (strchr("./_- ~\\", out->p[i]) == NULL)
			out->p[kept++] = out->p[i];
	}
	if (kept < out->n)
		out->p[kept] = '\0';
	out->n = kept;
}

/* Names that programs give to mailboxes of a special use. */
static bool is_usual(const char *name, unsigned attrs)
{
	static const struct {
		unsigned attr;
		const char *names;
	} usual[] = { { GW_LIST_SENT, " sent sentmail sentitems sentmessages " },
		{ GW_LIST_TRASH, " trash bin deleted deleteditems deletedmessages " },
		{ GW_LIST_DRAFTS, " draft drafts " },
		{ GW_LIST_JUNK, " junk junkemail junkmail spam bulkmail " },
		{ GW_LIST_ARCHIVE, " archive archives archived " } };
	char word[40];

	snprintf(word, sizeof word, " %.36s ", name);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		if ((attrs & usual[i].attr) && strstr(usual[i].names, word) != NULL)
			return true;
	}
	return false;
}

static bool is_alike(const struct gw_folder *f, const char *dir)
{
	struct gw_buf x, y;
	bool alike;

	gw_buf_init(&x, NAME_LIMIT);
	gw_buf_init(&y, NAME_LIMIT);
	squeeze(gw_slice_str(f->name), &x);
	squeeze(gw_slice_str(dir), &y);
	alike = y.n > 0 && (strcmp(gw_buf_cstr(&x), gw_buf_cstr(&y)) == 0 ||
				   is_usual(gw_buf_cstr(&y), f->attrs));
	gw_buf_deinit(&x);
	gw_buf_deinit(&y);
	return alike;
}

/* Wanted, and nothing is known of it here. */
static bool is_homeless(const struct gw_sync *s, const struct gw_folder *f)
{
	return f->wanted && !f->given && !(f->attrs & GW_LIST_NOSELECT) &&
	       gw_sync_find_row(s, f->wire) == NULL &&
	       gw_tree_find(&s->settling->tree, f->dir) == NULL;
}

static bool has_home(const struct gw_sync *s, const char *dir)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		if (strcmp(s->folders.list[i].dir, dir) == 0)
			return true;
	}
	for (size_t i = 0; i < s->row_count; i++) {
		if (strcmp(s->rows[i].local_dir, dir) == 0)
			return true;
	}
	return false;
}

/* True if it was a mailbox's before somebody renamed it. */
static bool is_renamed(const struct gw_sync *s, uint64_t inode)
{
	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].inode == inode)
			return true;
	}
	return false;
}

/* True if it may be another mailbox's, by what is known without looking into it. */
static bool is_ownerless(const struct gw_sync *s, const struct gw_tree_dir *d)
{
	return !d->partial && !has_home(s, d->dir) && !is_renamed(s, d->inode);
}

static bool doubt(struct gw_sync *s, size_t dir, const struct gw_folder *f, enum gw_home_kind kind)
{
	s->settling->doubts[dir] = (struct gw_home_doubt){ .of = f, .kind = kind };
	return gw_sync_block(s, f->wire);
}

/* INBOX has its name on every server, and is adopted. */
static bool doubt_name(struct gw_sync *s, size_t dir)
{
	const struct gw_homes *h = s->settling->homes;

	for (size_t i = 0; i < h->homeless_count; i++) {
		const struct gw_folder *f = h->homeless[i];

		if (strcasecmp(f->wire, "INBOX") != 0 &&
			is_alike(f, s->settling->tree.list[dir].dir))
			return doubt(s, dir, f, GW_HOME_BY_NAME);
	}
	return true;
}

/* --- which are compared -------------------------------------------------------------------------- */

static struct gw_homes *homes_new(struct gw_sync *s, void (*done)(struct gw_sync *s))
{
	struct gw_homes *h = calloc(1, sizeof *h);
	size_t n = s->settling->tree.count + 1;

	if (h == NULL)
		return NULL;
	*h = (struct gw_homes){ .sync = s,
		.done = done,
		.heads = calloc(n, sizeof *h->heads),
		.dirs = calloc(n, sizeof *h->dirs),
		.scores = calloc(n, sizeof *h->scores),
		.best = calloc(n, sizeof(void *)),
		.homeless = calloc(s->folders.count + 1, sizeof(void *)) };
	if (h->heads != NULL && h->dirs != NULL && h->scores != NULL && h->best != NULL &&
		h->homeless != NULL)
		return h;
	gw_homes_free(h);
	return NULL;
}

/* The mailbox whose messages an earlier run found in this directory; NULL: it is not known (any
 * more). */
static const struct gw_folder *found_before(const struct gw_sync *s, const char *dir)
{
	const struct gw_homes *h = s->settling->homes;
	uint64_t hash = 0;

	if (s->options.full || !gw_sync_is_doubted(s, dir, &hash) || hash == 0)
		return NULL;
	for (size_t i = 0; i < h->homeless_count; i++) {
		if (gw_sync_name_hash(h->homeless[i]->wire) == hash)
			return h->homeless[i];
	}
	return NULL;
}

static void compare_later(struct gw_sync *s, size_t dir)
{
	struct gw_homes *h = s->settling->homes;

	h->heads[h->count].dir = s->settling->tree.list[dir].dir;
	h->dirs[h->count++] = dir;
}

/* Reports a directory that the layout has no place for; its mail gets no second directory. */
static bool doubt_stray(struct gw_sync *s, const struct gw_folder *f, const char *stray)
{
	struct gw_error err = { 0 };

	if (gw_sync_is_blocked(s, f->wire))
		return true;
	gw_fail(&err, GW_ERR_HELD,
		"its mail seems to be in %s, which is no mailbox with the present `layout`, so it is left alone: rename that directory, or change `layout`; if it is another's, make a directory %s/cur",
		stray, f->dir);
	gw_sync_note_held(s, f->shown, &err);
	gw_sync_problem(s, f->shown, &err);
	return gw_sync_block(s, f->wire);
}

static bool doubt_strays(struct gw_sync *s, bool never)
{
	const struct gw_settling *t = s->settling;
	uint64_t hash;
	bool ok = true;

	for (size_t i = 0; i < t->tree.stray_count; i++) {
		const char *dir = t->tree.strays[i].dir;

		if (!never && !gw_sync_is_doubted(s, dir, &hash))
			continue;
		for (size_t k = 0; k < t->homes->homeless_count && ok; k++) {
			if (is_alike(t->homes->homeless[k], dir))
				ok = doubt_stray(s, t->homes->homeless[k], dir);
		}
	}
	return ok;
}

static bool choose(struct gw_sync *s)
{
	struct gw_settling *t = s->settling;
	bool never = !s->in_step || s->state_lost, ok = true;
	uint64_t hash;

	for (size_t i = 0; i < s->folders.count; i++) {
		if (is_homeless(s, &s->folders.list[i]))
			t->homes->homeless[t->homes->homeless_count++] = &s->folders.list[i];
	}
	ok = doubt_strays(s, never);
	for (size_t i = 0; i < t->tree.count && ok && t->homes->homeless_count > 0; i++) {
		const struct gw_folder *f;

		if (!is_ownerless(s, &t->tree.list[i]))
			continue;
		ok = doubt_name(s, i);
		if (t->doubts[i].of != NULL)
			continue;
		f = found_before(s, t->tree.list[i].dir);
		if (f != NULL)
			ok = doubt(s, i, f, GW_HOME_BY_MAIL);
		else if (never || gw_sync_is_doubted(s, t->tree.list[i].dir, &hash))
			compare_later(s, i);
	}
	return ok;
}

/* --- comparing ----------------------------------------------------------------------------------- */

static void ask_next(struct gw_homes *h);

static void judge(struct gw_homes *h)
{
	struct gw_sync *s = h->sync;
	bool ok = true;

	for (size_t i = 0; i < h->count && ok; i++) {
		if (h->best[i] != NULL)
			ok = doubt(s, h->dirs[i], h->best[i], GW_HOME_BY_MAIL);
		else if (h->unsure != NULL && h->heads[i].traces.messages > 0)
			ok = doubt(s, h->dirs[i], h->unsure, GW_HOME_UNSURE);
	}
	if (ok)
		h->done(s);
	else
		gw_sync_fail_nomem(s);
}

static void take(struct gw_homes *h, const struct gw_trace *sample, size_t count)
{
	for (size_t i = 0; i < h->count; i++) {
		unsigned score = gw_likeness(&h->heads[i].traces, sample, count);

		if (score <= h->scores[i])
			continue;
		h->scores[i] = score;
		h->best[i] = h->homeless[h->at];
	}
}

static void give_up(struct gw_homes *h, const char *why)
{
	const struct gw_folder *f = h->homeless[h->at];

	gw_log(h->sync->log, GW_LOG_INFO, "%s: it cannot be compared with the directories here: %s",
		f->shown, why);
	if (h->unsure == NULL)
		h->unsure = f;
}

static void on_sampled(
	void *ctx, const struct gw_trace *sample, size_t count, const struct gw_error *err)
{
	struct gw_homes *h = ctx;

	if (h->sync->phase >= SYNC_ENDING || (err != NULL && err->scope == GW_SCOPE_ACCOUNT))
		return; /* when lost, the session's own event follows */
	h->asking = false;
	if (err != NULL)
		give_up(h, err->text);
	else
		take(h, sample, count);
	h->at++;
	ask_next(h);
}

static unsigned tries(const struct gw_sync *s, const char *wire)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->unasked_count; i++)
		n += strcmp(s->unasked[i], wire) == 0;
	return n;
}

static bool is_empty(const struct gw_folder *f)
{
	return !f->stale && (f->items & GW_ITEM_MESSAGES) != 0 && f->messages == 0;
}

static void ask_next(struct gw_homes *h)
{
	struct gw_sample_options options = {
		.session = h->sync->conns[0].session, .done = on_sampled, .ctx = h
	};
	enum gw_code code;

	while (h->at < h->homeless_count) {
		const struct gw_folder *f = h->homeless[h->at];

		options.mailbox = f->wire;
		if (is_empty(f)) {
			h->at++;
			continue;
		}
		if (tries(h->sync, f->wire) >= TRIES) {
			give_up(h, "the connection ended each time it was looked into");
			h->at++;
			continue;
		}
		h->asking = true;
		code = gw_sample_start(&options);
		if (code == GW_ERR_NOMEM)
			gw_sync_fail_nomem(h->sync);
		return; /* or the session's own event follows */
	}
	judge(h);
}

static void on_heads(void *ctx, const struct gw_error *err)
{
	struct gw_homes *h = ctx;
	struct gw_sync *s = h->sync;
	size_t messages = 0;

	if (s->phase >= SYNC_ENDING) {
		gw_sync_maybe_finish(s);
		return;
	}
	if (err != NULL) {
		gw_sync_fail(s, err);
		return;
	}
	for (size_t i = 0; i < h->count; i++)
		messages += h->heads[i].traces.messages;
	if (messages == 0)
		h->done(s);
	else if (!s->remembered)
		ask_next(h);
	else { /* by what stands there now */
		gw_sync_end_settling(s);
		gw_sync_list_again(s);
	}
}

void gw_sync_doubt_dirs(struct gw_sync *s, void (*done)(struct gw_sync *s))
{
	struct gw_settling *t = s->settling;

	t->doubts = calloc(t->tree.count + 1, sizeof *t->doubts);
	t->homes = homes_new(s, done);
	if (t->doubts == NULL || t->homes == NULL || !choose(s)) {
		gw_sync_fail_nomem(s);
		return;
	}
	if (t->homes->count == 0)
		done(s);
	else if (gw_heads_start(&s->disk, t->homes->heads, t->homes->count, on_heads, t->homes) !=
		 GW_OK)
		gw_sync_fail_nomem(s);
}

bool gw_sync_compare_broke(struct gw_sync *s)
{
	struct gw_homes *h = s->settling == NULL ? NULL : s->settling->homes;
	char **slot;

	if (s->phase != SYNC_SETTLING || h == NULL || !h->asking)
		return false;
	slot = gw_array_push(
		(void **)&s->unasked, &s->unasked_count, &s->unasked_cap, sizeof *s->unasked);
	if (slot == NULL)
		return false;
	*slot = strdup(h->homeless[h->at]->wire);
	if (*slot == NULL) {
		s->unasked_count--;
		return false;
	}
	gw_sync_end_settling(s);
	gw_sync_enter(s, SYNC_LISTING); /* once more, with the next connection */
	return true;
}
