/* SPDX-License-Identifier: ISC */
/* local/look.c - see look.h. */
#include "local/look.h"

#include "maildir/labels.h"

#include "local/edited.h"
#include "local/same_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct gw_look {
	struct gw_disk_job job; /* first */
	struct gw_look_options options;
	gw_look_cb *cb;
	void *ctx;
	struct gw_place *place; /* owned until handed over */
	struct gw_local_view view;
	struct gw_error err;
};

void gw_local_view_deinit(struct gw_local_view *view)
{
	gw_scan_deinit(&view->scan);
	free(view->messages);
	free(view->base);
	free(view->prints);
	for (size_t i = 0; i < view->pending_count; i++)
		free(view->pending[i].base_name);
	free(view->pending);
	for (size_t i = 0; i < view->suspect_count; i++) {
		free(view->suspects[i].name);
		free(view->suspects[i].reason);
	}
	free(view->suspects);
	free(view->breaks);
	free(view->head_breaks);
	free(view->unstored);
	free(view->trashing);
	gw_seqset_deinit(&view->held_gone);
	gw_seqset_deinit(&view->held_here);
	gw_seqset_deinit(&view->unseen);
	gw_seqset_deinit(&view->edited);
	for (size_t i = 0; i < view->outdated_count; i++)
		free(view->outdated[i]);
	free(view->outdated);
	free(view->aliases);
	gw_keywords_deinit(&view->keywords);
	*view = (struct gw_local_view){ 0 };
}

/* Index of the first file with this base name, or GW_NO_LOCAL. */
static uint32_t find_file(const struct gw_local_view *v, struct gw_slice base)
{
	size_t i = gw_scan_find(&v->scan, base);

	return i == SIZE_MAX ? GW_NO_LOCAL : (uint32_t)i;
}

static enum gw_code take_print(struct gw_local_view *v, const struct gw_message_row *row)
{
	struct gw_pair_local *p = gw_array_push(
		(void **)&v->prints, &v->print_count, &v->print_cap, sizeof *v->prints);

	if (p == NULL)
		return GW_ERR_NOMEM;
	*p = (struct gw_pair_local){ .index = row->uid, .size = row->size, .flags = row->flags };
	if (row->header_hash != NULL)
		memcpy(p->header, row->header_hash, GW_PAIR_HASH);
	return GW_OK;
}

/* A name without room for what both sides agreed on does not say that it was taken off here. */
static void assume_crowded(struct gw_local_view *v, uint32_t local, const struct gw_base_msg *b)
{
	struct gw_local_msg *l = &v->messages[local];
	uint64_t missing =
		b->flags & ~l->flags & gw_keywords_lettered(&v->keywords) & ~GW_FLAG_DELETED;

	if (missing == 0 || gw_name_has_room(gw_scan_name(&v->scan, local), missing))
		return;
	l->flags |= missing;
	if (v->crowded_count++ == 0)
		v->crowded_uid = b->uid;
}

static void cover(struct gw_local_view *v, struct gw_base_msg *b)
{
	b->kind = GW_BASE_COVERED;
	if (v->covered_count++ == 0)
		v->covered_uid = b->uid;
}

static enum gw_code take_row(void *ctx, const struct gw_message_row *row)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	struct gw_base_msg *b =
		gw_array_push((void **)&v->base, &v->base_count, &v->base_cap, sizeof *v->base);

	if (b == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	b->uid = row->uid;
	b->flags = row->flags & GW_FLAGS_ALL;
	b->kind = (unsigned)row->state & 7;
	b->old = row->date != 0 && row->date < look->options.oldest;
	b->named = row->global_id != 0;
	b->big = look->options.max_size > 0 && row->size > look->options.max_size;
	b->size = row->size < UINT32_MAX ? (uint32_t)row->size : UINT32_MAX;
	b->date = row->date > 0 && row->date < UINT32_MAX ? (uint32_t)row->date : 0;
	b->local =
		row->base_name == NULL ? GW_NO_LOCAL : find_file(v, gw_slice_str(row->base_name));
	if (b->local != GW_NO_LOCAL) {
		v->messages[b->local].uid = row->uid;
		assume_crowded(v, b->local, b);
	} else if (row->base_name != NULL &&
		   gw_scan_has_other(&v->scan, gw_slice_str(row->base_name)))
		cover(v, b);
	if (look->options.with_prints && row->header_hash != NULL)
		return take_print(v, row);
	return GW_OK;
}

/* Reads a file that was on its way here by name, and may still have its old mailbox's letters.
 * (Exactly the letters of this mailbox's keywords mean the same.) */
static void read_alien(struct gw_local_view *v, uint32_t file, const struct gw_pending_row *row)
{
	struct gw_slice info = gw_name_split(gw_scan_name(&v->scan, file)).info;
	char rest[GW_NAME_MAX + 1];

	if ((gw_name_letters(info) & row->letters) != row->letters)
		return;
	v->messages[file].alien = row->letters;
	v->messages[file].flags =
		gw_name_flags(gw_name_without(info, row->letters, rest), &v->keywords) | row->meant;
}

static enum gw_code take_pending(void *ctx, const struct gw_pending_row *row)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	const struct gw_message_row *m = &row->message;
	struct gw_pending_file *p = gw_array_push(
		(void **)&v->pending, &v->pending_count, &v->pending_cap, sizeof *v->pending);
	uint32_t file = find_file(v, gw_slice_str(m->base_name));

	if (p == NULL || (p->base_name = strdup(m->base_name)) == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	p->uidvalidity = row->uidvalidity;
	p->uidnext = row->uidnext;
	p->flags = m->flags;
	p->size = m->size;
	p->date = m->date;
	memcpy(p->print.header, m->header_hash, GW_HASH_BYTES);
	memcpy(p->print.body, m->body_hash, GW_HASH_BYTES);
	if (m->msgid_hash != NULL)
		memcpy(p->print.msgid, m->msgid_hash, GW_HASH_BYTES);
	p->file = file;
	p->has_file = file != GW_NO_LOCAL && v->messages[file].uid == 0;
	p->known = file != GW_NO_LOCAL && v->messages[file].uid != 0;
	p->answered = row->answered;
	p->copied = m->copied;
	if (p->has_file && row->letters != 0)
		read_alien(v, file, row);
	return GW_OK;
}

/* Leaves a merged file alone while its message is there. */
static enum gw_code take_alias(struct gw_look *look, uint32_t file, uint32_t uid)
{
	struct gw_local_view *v = &look->view;
	struct gw_alias *alias = gw_array_push(
		(void **)&v->aliases, &v->alias_count, &v->alias_cap, sizeof *v->aliases);

	if (alias == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	*alias = (struct gw_alias){ .uid = uid, .file = file };
	v->messages[file].refused = true;
	return GW_OK;
}

static enum gw_code take_refused(void *ctx, const char *base_name, int64_t at, uint32_t uid)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	uint32_t file = find_file(v, gw_slice_str(base_name));
	char **slot;

	if (file != GW_NO_LOCAL && uid != 0)
		return gw_base_find(v->base, v->base_count, uid) == v->base_count
			       ? GW_OK
			       : take_alias(look, file, uid);
	if (file != GW_NO_LOCAL && at == GW_REFUSED_HELD) {
		v->messages[file].accepted = look->options.accept_held;
		v->messages[file].refused = !look->options.accept_held;
		v->kept_count += v->messages[file].refused; /* told by those who hold it */
		return GW_OK;
	}
	if (file != GW_NO_LOCAL) {
		bool again = at == GW_REFUSED_FOR_GOOD ? look->options.retry_kept
			     : at == GW_REFUSED_SENT   ? false
						       : look->options.retry_refused;

		v->messages[file].accepted = again && at == GW_REFUSED_FOR_GOOD;
		v->messages[file].refused = !again && at + GW_REFUSED_SECONDS > (int64_t)time(NULL);
		v->messages[file].refused_before = at == GW_REFUSED_SOON;
		v->kept_count += at == GW_REFUSED_FOR_GOOD && v->messages[file].refused;
		return GW_OK;
	}
	if (!v->scan.trusted)
		return GW_OK;
	slot = gw_array_push(
		(void **)&v->outdated, &v->outdated_count, &v->outdated_cap, sizeof *slot);
	if (slot == NULL || (*slot = strdup(base_name)) == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	return GW_OK;
}

static enum gw_code take_held_deletion(void *ctx, uint32_t uid, enum gw_side side)
{
	struct gw_look *look = ctx;
	struct gw_seqset *set =
		side == GW_GONE_THERE ? &look->view.held_gone : &look->view.held_here;

	if (gw_seqset_add(set, uid, uid) != GW_OK)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	return GW_OK;
}

static enum gw_code take_unstored(void *ctx, const struct gw_unstored_row *row)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	struct gw_unstored *u = gw_array_push(
		(void **)&v->unstored, &v->unstored_count, &v->unstored_cap, sizeof *v->unstored);

	if (u == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	*u = (struct gw_unstored){ .uid = row->uid,
		.waits = row->waits,
		.aside = row->tries >= GW_STORE_TRIES,
		.tries = row->tries,
		.flags = row->flags };
	return GW_OK;
}

static enum gw_code take_trashing(void *ctx, const struct gw_trashing_row *row)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	struct gw_trashing_row *t = gw_array_push(
		(void **)&v->trashing, &v->trashing_count, &v->trashing_cap, sizeof *v->trashing);

	if (t == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	*t = *row;
	return GW_OK;
}

static enum gw_code take_sent(void *ctx, uint32_t uid)
{
	struct gw_look *look = ctx;

	return gw_seqset_add(&look->view.unseen, uid, uid) == GW_OK
		       ? GW_OK
		       : gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
}

static enum gw_code take_break(struct gw_local_view *v, const struct gw_suspect_row *row)
{
	struct gw_break *b = row->what == GW_SUSPECT_BODIES
				     ? gw_array_push((void **)&v->breaks, &v->break_count,
					       &v->break_cap, sizeof *v->breaks)
				     : gw_array_push((void **)&v->head_breaks, &v->head_break_count,
					       &v->head_break_cap, sizeof *v->head_breaks);

	if (b == NULL)
		return GW_ERR_NOMEM;
	*b = (struct gw_break){
		.lo = row->lo, .hi = row->hi, .times = row->times, .alone = row->alone
	};
	return GW_OK;
}

static enum gw_code take_suspect(void *ctx, const struct gw_suspect_row *row)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	struct gw_local_suspect *s;

	if (row->what == GW_SUSPECT_BODIES || row->what == GW_SUSPECT_HEADS)
		return take_break(v, row);
	s = gw_array_push(
		(void **)&v->suspects, &v->suspect_count, &v->suspect_cap, sizeof *v->suspects);
	if (s == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	*s = (struct gw_local_suspect){ .what = row->what,
		.times = row->times,
		.alone = row->alone,
		.aside = row->aside,
		.seen = row->seen,
		.at = row->at,
		.name = strdup(row->name),
		.reason = strdup(row->reason) };
	return s->name == NULL || s->reason == NULL
		       ? gw_fail(&look->err, GW_ERR_NOMEM, "out of memory")
		       : GW_OK;
}

static enum gw_code take_refused_keyword(void *ctx, const char *name, int64_t at)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	int index = gw_keywords_find(&v->keywords, gw_slice_str(name));
	bool again = look->options.retry_refused || at + GW_KEYWORD_SECONDS <= (int64_t)time(NULL);

	if (index >= 0)
		*(again ? &v->keywords_doubted : &v->keywords_refused) |=
			GW_FLAG_KEYWORD((unsigned)index);
	return GW_OK;
}

static enum gw_code load_unsettled(struct gw_look *look, struct gw_disk_world *world)
{
	struct gw_store *store = world->store;
	int64_t mailbox = look->options.mailbox;
	enum gw_code code = gw_store_pending(store, mailbox, take_pending, look, &look->err);

	if (code == GW_OK)
		code = gw_store_refused(store, mailbox, take_refused, look, &look->err);
	if (code == GW_OK)
		code = gw_store_held_deletions(
			store, mailbox, take_held_deletion, look, &look->err);
	if (code == GW_OK)
		code = gw_store_sent(store, mailbox, take_sent, look, &look->err);
	if (code == GW_OK)
		code = gw_store_unstored(store, mailbox, take_unstored, look, &look->err);
	if (code == GW_OK)
		code = gw_store_trashing(store, mailbox, take_trashing, look, &look->err);
	if (code == GW_OK)
		code = gw_store_keywords_refused(
			store, mailbox, take_refused_keyword, look, &look->err);
	if (code == GW_OK)
		code = gw_store_suspects(store, mailbox, take_suspect, look, &look->err);
	return code;
}

static enum gw_code take_keyword(void *ctx, unsigned index, const char *name)
{
	struct gw_look *look = ctx;

	if (gw_keywords_put(&look->place->keywords, index, gw_slice_str(name)))
		look->view.keywords_stored |= GW_FLAG_KEYWORD(index);
	else if (index < GW_KEYWORD_MAX) /* rows may have its bit */
		look->place->keywords.reserved |= UINT64_C(1) << index;
	return GW_OK;
}

static enum gw_code load_keywords(struct gw_look *look, struct gw_disk_world *world)
{
	enum gw_code code = GW_OK;

	if (look->options.mailbox != 0 && world->store != NULL)
		code = gw_store_keywords(
			world->store, look->options.mailbox, take_keyword, look, &look->err);
	if (code == GW_OK)
		code = gw_keywords_load(&look->place->keywords, look->place->m.dir, &look->err);
	for (unsigned i = 0; i < GW_KEYWORD_MAX && code == GW_OK; i++) {
		const char *name = look->place->keywords.names[i];

		if (name != NULL && !gw_keywords_put(&look->view.keywords, i, gw_slice_str(name)))
			code = gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	}
	return code;
}

/* A letter that stands in a file's name without a meaning keeps none: the next keyword that comes is
 * given another, or it would be set on messages that never had it. */
static void reserve_letters(struct gw_look *look)
{
	struct gw_local_view *v = &look->view;
	uint32_t letters = 0;

	for (size_t i = 0; i < v->scan.count; i++)
		letters |= gw_name_letters(gw_name_split(gw_scan_name(&v->scan, i)).info);
	look->place->keywords.reserved |= letters & ~gw_keywords_letters(&v->keywords);
	v->keywords.reserved = look->place->keywords.reserved;
}

static enum gw_code list_files(struct gw_look *look)
{
	struct gw_local_view *v = &look->view;
	enum gw_code code = gw_scan_run(&look->place->m, &v->scan, &look->err);
	struct stat dir, cur, new;

	if (code != GW_OK)
		return code;
	if (fstat(look->place->m.dir, &dir) != 0 || fstat(look->place->m.cur, &cur) != 0 ||
		fstat(look->place->m.new, &new) != 0)
		return gw_fail_sys(
			&look->err, GW_ERR_DISK, errno, "cannot look at %s", look->place->m.path);
	v->inode = (uint64_t)dir.st_ino;
	v->cur_inode = (uint64_t)cur.st_ino;
	v->new_inode = (uint64_t) new.st_ino;
	v->messages = calloc(v->scan.count + 1, sizeof *v->messages);
	if (v->messages == NULL)
		return gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < v->scan.count; i++) {
		struct gw_name name = gw_name_split(gw_scan_name(&v->scan, i));

		v->messages[i].flags = gw_name_flags(name.info, &v->keywords);
	}
	reserve_letters(look);
	return GW_OK;
}

static enum gw_code take_retag(void *ctx, const struct gw_retag *retag)
{
	struct gw_look *look = ctx;
	struct gw_local_view *v = &look->view;
	size_t b = retag->mailbox == look->options.mailbox
			   ? gw_base_find(v->base, v->base_count, retag->uid)
			   : v->base_count;
	uint32_t local = b < v->base_count ? v->base[b].local : GW_NO_LOCAL;
	uint64_t labels = gw_labels_among(&v->keywords);

	if (local != GW_NO_LOCAL)
		v->messages[local].flags = (v->messages[local].flags | (retag->gains & labels)) &
					   ~(retag->loses & labels);
	return GW_OK;
}

struct untag {
	struct gw_look *look;
	struct gw_store *store;
	uint64_t bit;
};

static enum gw_code take_untagged(void *ctx, int64_t mailbox, const struct gw_message_row *row)
{
	const struct untag *u = ctx;
	struct gw_local_view *v = &u->look->view;
	size_t b = mailbox == u->look->options.mailbox
			   ? gw_base_find(v->base, v->base_count, row->uid)
			   : v->base_count;

	if (b < v->base_count && v->base[b].local != GW_NO_LOCAL && !(row->flags & u->bit))
		v->messages[v->base[b].local].flags &= ~u->bit;
	return GW_OK;
}

static enum gw_code take_untag(void *ctx, uint64_t global_id, const char *label)
{
	struct untag *u = ctx;
	int index = gw_keywords_find(&u->look->view.keywords, gw_slice_str(label));

	u->bit = index < 0 ? 0 : GW_FLAG_KEYWORD((unsigned)index);
	return index < 0 ? GW_OK
			 : gw_store_siblings(u->store, global_id, take_untagged, u, &u->look->err);
}

static enum gw_code take_waiting(struct gw_look *look, struct gw_store *store)
{
	struct untag u = { .look = look, .store = store };
	enum gw_code code = gw_store_untags(store, take_untag, &u, &look->err);

	return code == GW_OK ? gw_store_retags(store, take_retag, look, &look->err) : code;
}

/* Labels in "one\ntwo\n", as bits; new ones become keywords. */
static uint64_t read_tags(struct gw_look *look, const char *tags)
{
	struct gw_keywords *k = &look->view.keywords;
	uint64_t bits = 0;

	while (tags != NULL && *tags != '\0') {
		struct gw_slice tag = { tags, strcspn(tags, "\n") };
		int index = gw_label_is(tag) ? gw_keywords_find(k, tag) : -1;

		if (index < 0 && look->options.is_label(look->options.ctx, tag))
			index = gw_keywords_add(k, tag);
		if (index >= 0)
			bits |= GW_FLAG_KEYWORD((unsigned)index);
		tags += tag.n + (tags[tag.n] == '\n');
	}
	return bits;
}

static const char *tags_of(const struct gw_look *look, uint32_t local)
{
	struct gw_slice slice = gw_scan_base(&look->view.scan, local);
	char base[GW_NAME_MAX + 1];

	snprintf(base, sizeof base, "%.*s", (int)slice.n, slice.p);
	return gw_notmuch_list_find(look->options.tags, look->options.dir, base);
}

/* A file's labels are its tags: those that were changed since the last time, else those that base
 * knows.  What is still to be written of them counts as written. */
static enum gw_code take_tags(struct gw_look *look, struct gw_store *store)
{
	struct gw_local_view *v = &look->view;
	uint64_t labels;

	for (size_t i = 0; i < v->scan.count; i++)
		read_tags(look, tags_of(look, (uint32_t)i)); /* so that all have their bits */
	labels = gw_labels_among(&v->keywords);
	for (size_t i = 0; i < v->scan.count; i++) {
		v->messages[i].flags &= ~labels;
		v->messages[i].flags |= read_tags(look, tags_of(look, (uint32_t)i));
	}
	for (size_t i = 0; i < v->base_count; i++) {
		const struct gw_base_msg *b = &v->base[i];
		struct gw_local_msg *l = b->local == GW_NO_LOCAL ? NULL : &v->messages[b->local];

		if (l != NULL && (tags_of(look, b->local) == NULL))
			l->flags = (l->flags & ~labels) | (b->flags & labels);
	}
	return store == NULL ? GW_OK : take_waiting(look, store);
}

static bool has_twin(const struct gw_scan *s, uint32_t i)
{
	struct gw_slice base = gw_scan_base(s, i);

	return (i > 0 && gw_base_compare(gw_scan_base(s, i - 1), base) == 0) ||
	       (i + 1 < s->count && gw_base_compare(gw_scan_base(s, i + 1), base) == 0);
}

/* A file with another text is a new message, and its row's file is gone: an edit. */
static enum gw_code find_edits(struct gw_look *look, struct gw_store *store)
{
	struct gw_local_view *v = &look->view;
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < v->base_count && code == GW_OK; i++) {
		struct gw_base_msg *b = &v->base[i];
		uint32_t file = b->local;
		enum gw_edit edit;
		int dir;

		if (b->kind != GW_BASE_FILE || file == GW_NO_LOCAL || has_twin(&v->scan, file))
			continue;
		dir = v->scan.entries[file].in_new ? look->place->m.new : look->place->m.cur;
		edit = gw_edit_of(store, look->options.mailbox, b->uid, dir,
			gw_scan_name(&v->scan, file), look->options.edits_since);
		if (edit == GW_EDIT_WRECK && v->wreck_count++ == 0)
			v->wreck_uid = b->uid;
		if (edit != GW_EDIT_TEXT)
			continue;
		b->local = GW_NO_LOCAL;
		v->messages[file].uid = 0;
		code = gw_seqset_add(&v->edited, b->uid, b->uid);
	}
	return code == GW_OK ? code : gw_fail(&look->err, code, "out of memory");
}

static void count_unknown(struct gw_local_view *v)
{
	for (size_t i = 0; i < v->scan.count; i++)
		v->unknown += v->messages[i].uid == 0;
}

/* 0, or why there is no writing to one of its directories. */
static int find_unwritable(const struct gw_maildir *m)
{
	const int dirs[] = { m->tmp, m->cur, m->new };

	for (size_t i = 0; i < 3; i++) {
		if (faccessat(dirs[i], ".", W_OK, AT_EACCESS) != 0)
			return errno;
	}
	return 0;
}

static void work_look(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct gw_look *look = (struct gw_look *)job;
	bool create = look->options.create && !world->dry_run;
	enum gw_open_result opened = GW_MAILDIR_MISSING;
	enum gw_code code;

	look->place = calloc(1, sizeof *look->place);
	if (look->place != NULL)
		look->place->refs = 1;
	if (look->place == NULL || (look->place->dir = strdup(look->options.dir)) == NULL) {
		gw_fail(&look->err, GW_ERR_NOMEM, "out of memory");
		return;
	}
	look->place->m = GW_MAILDIR_CLOSED;
	look->place->mailbox = look->options.mailbox;
	look->place->tagged = look->options.tags != NULL;
	if (look->place->tagged &&
		look->options.is_label(look->options.ctx, gw_slice_str(look->options.name)))
		look->place->label = strdup(look->options.name);
	code = gw_maildir_open(world->root, look->options.dir, create, look->options.name,
		&look->place->m, &opened, &look->err);
	if (code == GW_OK && opened == GW_MAILDIR_MISSING) {
		look->view.missing = true;
		return;
	}
	look->place->m.reserve = look->options.reserve;
	look->place->m.separator = look->options.separator;
	if (code == GW_OK && !world->dry_run)
		gw_scan_sweep_tmp(&look->place->m);
	if (code == GW_OK && !world->dry_run)
		look->view.unwritable = find_unwritable(&look->place->m);
	if (code == GW_OK)
		code = load_keywords(look, world);
	if (code == GW_OK)
		code = list_files(look);
	if (code == GW_OK && look->options.mailbox != 0 && world->store != NULL)
		code = gw_store_messages(
			world->store, look->options.mailbox, GW_BY_UID, take_row, look, &look->err);
	if (code == GW_OK && look->options.tags != NULL)
		code = take_tags(look, look->options.mailbox != 0 ? world->store : NULL);
	if (code == GW_OK)
		code = gw_same_name_find(look->place, &look->view, world->store, &look->err);
	if (code == GW_OK && look->options.find_edits && world->store != NULL)
		code = find_edits(look, world->store);
	if (code == GW_OK && look->options.mailbox != 0 && world->store != NULL)
		code = load_unsettled(look, world);
	if (code == GW_OK)
		count_unknown(&look->view);
}

static void on_look_done(struct gw_disk_job *job)
{
	struct gw_look *look = (struct gw_look *)job;
	bool failed = look->err.code != GW_OK;

	if (failed || look->view.missing) {
		gw_place_unref(look->place);
		look->place = NULL;
	}
	if (failed)
		gw_local_view_deinit(&look->view);
	look->cb(look->ctx, look->place, failed ? NULL : &look->view, failed ? &look->err : NULL);
	free(look);
}

enum gw_code gw_look_start(
	struct gw_disk *disk, const struct gw_look_options *options, gw_look_cb *cb, void *ctx)
{
	struct gw_look *look = calloc(1, sizeof *look);

	if (look == NULL)
		return GW_ERR_NOMEM;
	look->job.work = work_look;
	look->job.done = on_look_done;
	look->options = *options;
	look->cb = cb;
	look->ctx = ctx;
	gw_disk_submit(disk, &look->job);
	return GW_OK;
}
