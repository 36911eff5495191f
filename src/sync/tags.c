/* SPDX-License-Identifier: ISC */
/* sync/tags.c - labels in step with notmuch's tags (`labels = notmuch`); part of
 * sync_p.h.
 *
 * What the user changed in notmuch since the last run is read before any mailbox is looked at, and
 * is what their files' labels are then (local/look.c).  What is to be written waits in the state
 * (`retag`) until notmuch knows the message, since `notmuch new` finds it first; the end of each
 * run tries.  The state's revision is the one of the reading: what was written since is read once
 * more, and is as base has it.
 */
#include "sync/sync_p.h"

#include "base/num.h"
#include "maildir/fingerprint.h"
#include "maildir/folder.h"
#include "maildir/labels.h"
#include "maildir/name.h"
#include "maildir/scan.h"

#include <stdio.h>
#include <stdlib.h>

bool gw_has_notmuch(void)
{
	return gw_notmuch_supported();
}

/* --- reading --------------------------------------------------------------------------------- */

enum { NAMES_MAX = 1 << 16, OTHERS = 32 };

struct read_job {
	struct gw_disk_job job; /* first */
	struct gw_sync *sync;
	struct gw_error err;
};

static void work_read(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct read_job *r = (struct read_job *)job;
	struct gw_sync *s = r->sync;
	struct gw_buf since;
	enum gw_code code = GW_OK;

	gw_buf_init(&since, sizeof s->tags_revision);
	if (world->store != NULL)
		code = gw_store_fact(world->store, GW_FACT_TAGS, &since, &r->err);
	if (code == GW_OK) {
		snprintf(s->tags_revision, sizeof s->tags_revision, "%s", gw_buf_cstr(&since));
		gw_notmuch_read(s->account->maildir, s->tags_revision, &s->tags, &r->err);
	}
	gw_buf_deinit(&since);
}

static void on_read(struct gw_disk_job *job)
{
	struct read_job *r = (struct read_job *)job;
	struct gw_sync *s = r->sync;

	if (r->err.code != GW_OK) { /* labels are as base knows them, then */
		gw_notmuch_list_deinit(&s->tags);
		gw_sync_problem(s, NULL, &r->err);
	}
	free(r);
	if (s->phase == SYNC_ENDING)
		gw_sync_pump(s);
	else
		gw_sync_listed(s);
}

bool gw_sync_reads_tags(struct gw_sync *s)
{
	struct read_job *r;

	if (s->tags_read || !s->env.labels || s->account->labels != GW_LABELS_NOTMUCH)
		return false;
	s->tags_read = true;
	s->env.tags = &s->tags;
	s->env.is_label = gw_sync_is_label;
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return false; /* nothing is known to have changed */
	*r = (struct read_job){ .job = { .work = work_read, .done = on_read }, .sync = s };
	gw_sync_enter(s, SYNC_SETTLING);
	gw_disk_submit(&s->disk, &r->job);
	return true;
}

/* --- writing --------------------------------------------------------------------------------- */

struct writer {
	struct gw_sync *sync;
	struct gw_store *store;
	struct gw_notmuch_db *db; /* owned */
	struct gw_retag *list;    /* owned; in the order of mailboxes */
	size_t count, cap;
	struct untag {
		uint64_t global_id;
		char *label; /* owned */
	} * untags;          /* owned */
	size_t untag_count, untag_cap;

	/* the mailbox being written */
	int64_t mailbox;
	struct gw_maildir m; /* owned, if m.cur is open */
	struct gw_scan scan;
	struct gw_keywords keywords;
	const char *own; /* the label that it is, or NULL */

	/* the message being written */
	char base[GW_NAME_MAX + 1];
	uint64_t global_id, flags;
	struct other {
		int64_t mailbox;
		uint32_t uid;
		uint64_t flags;
	} others[OTHERS]; /* mailboxes that had it before, or have it */
	size_t other_count;
	struct gw_error err;
};

static enum gw_code take_retag(void *ctx, const struct gw_retag *retag)
{
	struct writer *w = ctx;
	struct gw_retag *slot =
		gw_array_push((void **)&w->list, &w->count, &w->cap, sizeof *w->list);

	if (slot == NULL)
		return gw_fail(&w->err, GW_ERR_NOMEM, "out of memory");
	*slot = *retag;
	return GW_OK;
}

static enum gw_code take_keyword(void *ctx, unsigned index, const char *name)
{
	struct writer *w = ctx;

	gw_keywords_put(&w->keywords, index, gw_slice_str(name));
	return GW_OK;
}

static enum gw_code take_row(void *ctx, const struct gw_message_row *row)
{
	struct writer *w = ctx;

	if (row->base_name != NULL)
		snprintf(w->base, sizeof w->base, "%s", row->base_name);
	w->global_id = row->global_id;
	w->flags = row->flags;
	return GW_OK;
}

static void close_mailbox(struct writer *w)
{
	if (w->m.path != NULL)
		gw_maildir_close(&w->m);
	w->m = GW_MAILDIR_CLOSED;
	gw_scan_deinit(&w->scan);
	w->scan = (struct gw_scan){ 0 };
	gw_keywords_deinit(&w->keywords);
	w->keywords = (struct gw_keywords){ 0 };
}

static const struct gw_entry *entry_of(const struct writer *w, int64_t mailbox)
{
	for (size_t i = 0; i < w->sync->entry_count; i++) {
		if (w->sync->entries[i].row.id == mailbox)
			return &w->sync->entries[i];
	}
	return NULL;
}

/* The label that it is, or NULL. */
static const char *own_label(const struct writer *w, const struct gw_entry *e)
{
	return gw_sync_is_label(w->sync, gw_slice_str(e->folder->name)) ? e->folder->name : NULL;
}

static enum gw_code open_mailbox(struct writer *w, int64_t mailbox)
{
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	enum gw_code code = GW_OK;
	const struct gw_entry *e = entry_of(w, mailbox);

	if (w->m.path != NULL && w->mailbox == mailbox)
		return GW_OK;
	close_mailbox(w);
	w->mailbox = mailbox;
	if (e == NULL)
		return GW_OK; /* not in this run */
	w->own = own_label(w, e);
	code = gw_maildir_open(
		w->sync->account->maildir, e->row.local_dir, false, NULL, &w->m, &opened, &w->err);
	if (code == GW_OK && opened == GW_MAILDIR_OPENED)
		code = gw_scan_run(&w->m, &w->scan, &w->err);
	if (code == GW_OK)
		code = gw_store_keywords(w->store, mailbox, take_keyword, w, &w->err);
	return code;
}

static void put_names(const struct writer *w, uint64_t bits, struct gw_buf *out)
{
	uint64_t labels = bits & gw_labels_among(&w->keywords);

	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		if (labels & GW_FLAG_KEYWORD(i))
			gw_buf_printf(out, "%s\n", w->keywords.names[i]);
	}
}

static enum gw_code change_tags(
	struct writer *w, const struct gw_retag *r, const char *msgid, bool *known)
{
	struct gw_buf gains, loses;
	enum gw_code code;

	gw_buf_init(&gains, NAMES_MAX);
	gw_buf_init(&loses, NAMES_MAX);
	if (r->own && w->own != NULL)
		gw_buf_printf(&gains, "%s\n", w->own);
	put_names(w, r->gains, &gains);
	put_names(w, r->loses, &loses);
	code = gw_notmuch_db_change(
		w->db, msgid, gw_buf_cstr(&gains), gw_buf_cstr(&loses), known, &w->err);
	gw_buf_deinit(&gains);
	gw_buf_deinit(&loses);
	return code;
}

/* True if its mailbox got it since tags were last written. */
static bool is_new(const struct writer *w, int64_t mailbox, uint32_t uid)
{
	size_t lo = 0, hi = w->count; /* by mailbox, then by UID */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gw_retag *r = &w->list[mid];

		if (r->mailbox == mailbox && r->uid == uid)
			return r->own;
		if (r->mailbox < mailbox || (r->mailbox == mailbox && r->uid < uid))
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static enum gw_code take_other(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	struct writer *w = ctx;

	if (w->other_count < OTHERS && row->base_name != NULL && !is_new(w, mailbox, row->uid))
		w->others[w->other_count++] =
			(struct other){ .mailbox = mailbox, .uid = row->uid, .flags = row->flags };
	return GW_OK;
}

static enum gw_code put_keyword(void *ctx, unsigned index, const char *name)
{
	gw_keywords_put(ctx, index, gw_slice_str(name));
	return GW_OK;
}

/* Labels that may stand in the present mailbox's rows: its own is not told. */
static uint64_t labels_told(const struct writer *w)
{
	int own = w->own == NULL ? -1 : gw_keywords_find(&w->keywords, gw_slice_str(w->own));
	uint64_t labels = gw_labels_among(&w->keywords);

	return own < 0 ? labels : labels & ~GW_FLAG_KEYWORD((unsigned)own);
}

/* Returns those labels that the other mailbox knows of, and its own, which it cannot know. */
static uint64_t labels_of_other(
	const struct writer *w, const struct other *o, const struct gw_keywords *theirs)
{
	const struct gw_entry *e = entry_of(w, o->mailbox);
	const char *own = e == NULL ? NULL : own_label(w, e);
	uint64_t labels = labels_told(w), known = 0;

	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		const char *name = w->keywords.names[i];
		int index;

		if (!(labels & GW_FLAG_KEYWORD(i)))
			continue;
		index = gw_keywords_find(theirs, gw_slice_str(name));
		if ((index >= 0 && (o->flags & GW_FLAG_KEYWORD((unsigned)index))) ||
			(own != NULL && strcmp(own, name) == 0))
			known |= GW_FLAG_KEYWORD(i);
	}
	return known;
}

/* Follows the other mailboxes that have the message.  They have merged its labels with its tags,
 * but this one was told the labels of before that: a label taken off here would come back.  So its
 * row follows theirs, and its tags, which are theirs, are left alone.  But a label may also have
 * come or gone between the looks, and the others need not hear of it: the message may leave them
 * first.  So the server is asked once more for this mailbox's labels. */
static enum gw_code follow_others(struct writer *w, struct gw_retag *r)
{
	uint64_t labels = labels_told(w), known = labels;
	enum gw_code code = GW_OK;

	w->other_count = 0;
	if (r->own && w->global_id != 0)
		code = gw_store_siblings(w->store, w->global_id, take_other, w, &w->err);
	for (size_t i = 0; i < w->other_count && code == GW_OK; i++) {
		struct gw_keywords theirs = { 0 };

		code = gw_store_keywords(
			w->store, w->others[i].mailbox, put_keyword, &theirs, &w->err);
		known &= labels_of_other(w, &w->others[i], &theirs);
		gw_keywords_deinit(&theirs);
	}
	if (code != GW_OK || w->other_count == 0)
		return code;
	r->gains &= ~labels;
	if ((w->flags & labels) == known)
		return GW_OK;
	code = gw_store_message_flag_bits(w->store, r->mailbox, r->uid, labels, known, &w->err);
	return code == GW_OK ? gw_store_mailbox_doubt(w->store, r->mailbox, &w->err) : code;
}

/* The Message-ID of its file, or NULL; the caller frees it. */
static char *find_msgid(struct writer *w, int64_t mailbox, uint32_t uid, enum gw_code *code)
{
	size_t i = SIZE_MAX;

	w->base[0] = '\0';
	w->global_id = 0;
	*code = gw_store_message(w->store, mailbox, uid, take_row, w, &w->err);
	if (w->base[0] != '\0' && w->m.path != NULL)
		i = gw_scan_find(&w->scan, gw_slice_str(w->base));
	return i == SIZE_MAX ? NULL
			     : gw_message_id(w->scan.entries[i].in_new ? w->m.new : w->m.cur,
				       gw_scan_name(&w->scan, i));
}

static enum gw_code write_one(struct writer *w, struct gw_retag *r)
{
	bool known = true; /* one that is gone waits for nothing */
	enum gw_code code;
	char *msgid = find_msgid(w, r->mailbox, r->uid, &code);

	if (msgid != NULL && code == GW_OK)
		code = follow_others(w, r);
	if (msgid != NULL && code == GW_OK)
		code = change_tags(w, r, msgid, &known);
	free(msgid);
	return code == GW_OK && known ? gw_store_retagged(w->store, r->mailbox, r->uid, &w->err)
				      : code;
}

static enum gw_code take_untag(void *ctx, uint64_t global_id, const char *label)
{
	struct writer *w = ctx;
	struct untag *slot = gw_array_push(
		(void **)&w->untags, &w->untag_count, &w->untag_cap, sizeof *w->untags);

	if (slot == NULL)
		return gw_fail(&w->err, GW_ERR_NOMEM, "out of memory");
	*slot = (struct untag){ .global_id = global_id, .label = strdup(label) };
	return slot->label == NULL ? gw_fail(&w->err, GW_ERR_NOMEM, "out of memory") : GW_OK;
}

static enum gw_code take_holder(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	struct writer *w = ctx;

	if (w->other_count < OTHERS && row->base_name != NULL)
		w->others[w->other_count++] =
			(struct other){ .mailbox = mailbox, .uid = row->uid, .flags = row->flags };
	return GW_OK;
}

/* Finds the label in base, which is what both sides agree on. */
static enum gw_code has_label(struct writer *w, const struct other *o, const char *label, bool *has)
{
	const struct gw_entry *e = entry_of(w, o->mailbox);
	const char *own = e == NULL ? NULL : own_label(w, e);
	struct gw_keywords theirs = { 0 };
	enum gw_code code = gw_store_keywords(w->store, o->mailbox, put_keyword, &theirs, &w->err);
	int index = gw_keywords_find(&theirs, gw_slice_str(label));

	*has = (own != NULL && strcmp(own, label) == 0) ||
	       (index >= 0 && (o->flags & GW_FLAG_KEYWORD((unsigned)index)));
	gw_keywords_deinit(&theirs);
	return code;
}

/* Removes the tag of a label lost with a mailbox, unless another mailbox of the message still has
 * it; that one reports it in its turn. */
static enum gw_code untag_one(struct writer *w, const struct untag *u)
{
	enum gw_code code;
	bool held = false, known;
	char *msgid = NULL;

	w->other_count = 0;
	code = gw_store_siblings(w->store, u->global_id, take_holder, w, &w->err);
	for (size_t i = 0; i < w->other_count && !held && code == GW_OK; i++)
		code = has_label(w, &w->others[i], u->label, &held);
	for (size_t i = 0; i < w->other_count && !held && msgid == NULL && code == GW_OK; i++) {
		code = open_mailbox(w, w->others[i].mailbox);
		if (code == GW_OK)
			msgid = find_msgid(w, w->others[i].mailbox, w->others[i].uid, &code);
	}
	if (code == GW_OK && msgid != NULL)
		code = gw_notmuch_db_change(w->db, msgid, "", u->label, &known, &w->err);
	if (code == GW_OK && (held || w->other_count == 0 || msgid != NULL))
		code = gw_store_untagged(w->store, u->global_id, u->label, &w->err);
	free(msgid);
	return code;
}

static enum gw_code write_all(struct writer *w)
{
	enum gw_code code = gw_notmuch_db_open(&w->db, &w->err);

	for (size_t i = 0; i < w->untag_count && code == GW_OK; i++)
		code = untag_one(w, &w->untags[i]);
	for (size_t i = 0; i < w->count && code == GW_OK; i++) {
		if (i == 0 || w->list[i].mailbox != w->list[i - 1].mailbox)
			code = open_mailbox(w, w->list[i].mailbox);
		if (code == GW_OK && w->m.path != NULL)
			code = write_one(w, &w->list[i]);
	}
	close_mailbox(w);
	gw_notmuch_db_close(w->db);
	return code;
}

/* True if every mailbox was brought in step, so that nothing is forgotten too early. */
static bool is_whole(const struct gw_sync *s)
{
	return s->err.code == GW_OK && s->counts.problems == 0 && s->counts.unsettled == 0 &&
	       !s->stopped && s->options.folder_count == 0;
}

/* Steps back before notmuch's last change, so that the next run has something to do. */
static void step_back(char revision[static GW_TAG_REVISION])
{
	char *number = strrchr(revision, ':');
	uint64_t n;

	if (number != NULL && gw_read_u64(gw_slice_str(number + 1), UINT64_MAX, &n) && n > 0)
		snprintf(number, (size_t)(revision + GW_TAG_REVISION - number), ":%llu",
			(unsigned long long)(n - 1));
}

static void write_in_transaction(struct writer *w)
{
	struct gw_sync *s = w->sync;
	bool whole = is_whole(s);
	enum gw_code code = gw_store_begin(w->store, &w->err);

	/* Another or a first database: what notmuch has of all messages is unknown. */
	if (code == GW_OK && s->tags.anew)
		code = gw_store_retag_all(w->store, &w->err);
	if (code == GW_OK)
		code = gw_store_retags(w->store, take_retag, w, &w->err);
	if (code == GW_OK && s->options.folder_count == 0) /* who has a message is known of all */
		code = gw_store_untags(w->store, take_untag, w, &w->err);
	if (code == GW_OK && w->count + w->untag_count > 0 && write_all(w) != GW_OK) {
		gw_log(s->log, GW_LOG_WARN, "%s; the next sync tries again", w->err.text);
		gw_error_clear(&w->err);
		step_back(s->tags.revision);
	}
	if (code == GW_OK && whole)
		code = gw_store_set_fact(w->store, GW_FACT_TAGS, s->tags.revision, &w->err);
	if (code == GW_OK)
		code = gw_store_commit(w->store, &w->err);
	if (code != GW_OK)
		gw_store_rollback(w->store);
}

void gw_sync_write_tags(struct gw_sync *s, struct gw_disk_world *world)
{
	struct writer w = { .sync = s, .m = GW_MAILDIR_CLOSED };

	if (s->env.tags == NULL || s->tags.revision[0] == '\0' || s->options.dry_run ||
		s->options.verify || world->broken.code != GW_OK)
		return;
	/* A run that changed nothing, and nothing was changed in notmuch: nothing can be written.
	 */
	if (!world->writable && strcmp(s->tags.revision, s->tags_revision) == 0)
		return;
	if (gw_disk_writable(world, &w.err) != GW_OK)
		return;
	w.store = world->store;
	write_in_transaction(&w);
	for (size_t i = 0; i < w.untag_count; i++)
		free(w.untags[i].label);
	free(w.untags);
	free(w.list);
}
