/* SPDX-License-Identifier: ISC */
/* outbox/load.c - see load.h. */
#include "outbox/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEADER_MAX = 4 << 20, BLOCK = 16384, DAY = 24 * 3600 };

struct loading {
	struct gw_queue *queue;
	struct gw_loaded *out;
	struct gw_queued **before; /* by name */
	size_t before_count;
	struct gw_error *err;
};

void gw_queued_free(struct gw_queued *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->item.to_count; i++)
		free(m->item.to[i].answer);
	free(m->item.to);
	free(m->text);
	free(m->reason);
	free(m);
}

static void free_account(struct gw_loaded *l)
{
	for (size_t i = 0; i < l->gone_count; i++)
		free(l->gone[i]);
	free(l->gone);
	free(l->pause_reason);
	free(l->sign_in);
	free(l->sign_in_key);
}

void gw_loaded_deinit(struct gw_loaded *l)
{
	for (size_t i = 0; i < l->count; i++)
		gw_queued_free(l->list[i]);
	free(l->list);
	free_account(l);
	*l = (struct gw_loaded){ 0 };
}

void gw_loaded_move_mails(struct gw_loaded *from, struct gw_loaded *to)
{
	to->list = from->list;
	to->count = from->count;
	to->cap = from->cap;
	from->list = NULL;
	from->count = from->cap = 0;
}

static enum gw_code break_it(struct gw_queued *m, const char *why)
{
	m->item.broken = true;
	free(m->reason);
	m->reason = strdup(why);
	return m->reason != NULL ? GW_OK : GW_ERR_NOMEM;
}

/* Reads the header of an open file.  false: it has none that ends. */
static bool read_header(int fd, struct gw_buf *head, size_t *n)
{
	size_t skip;
	ssize_t got = 1;

	while (got > 0) {
		if (gw_buf_reserve(head, BLOCK) != GW_OK)
			return false;
		got = read(fd, head->p + head->n, BLOCK - 1);
		if (got < 0)
			return false;
		head->n += (size_t)got;
		if (gw_header_end((struct gw_slice){ head->p, head->n }, got == 0, n, &skip))
			return true;
	}
	return false;
}

static size_t room_for(const char *s)
{
	return s != NULL ? strlen(s) + 1 : 0;
}

/* Appends a string to the mail's piece. */
static const char *put(char **at, const char *s)
{
	const char *where = *at;

	if (s == NULL)
		return NULL;
	memcpy(*at, s, room_for(s));
	*at += room_for(s);
	return where;
}

/* The name of the file, so far borrowed, and the strings of its envelope become the mail's. */
static enum gw_code keep_text(struct gw_queued *m, const struct gw_envelope *e)
{
	size_t n = room_for(m->file.name) + room_for(e->sender) + room_for(e->ret) +
		   room_for(e->envid) + room_for(e->message_id) + room_for(e->subject);
	char *at;

	for (size_t i = 0; i < e->to_count; i++)
		n += room_for(e->to[i].address);
	m->text = at = malloc(n + 1);
	m->item.to = e->to_count > 0 ? calloc(e->to_count, sizeof *m->item.to) : NULL;
	if (m->text == NULL || (m->item.to == NULL && e->to_count > 0))
		return GW_ERR_NOMEM;
	m->file.name = put(&at, m->file.name);
	m->sender = put(&at, e->sender);
	m->ret = put(&at, e->ret);
	m->envid = put(&at, e->envid);
	m->message_id = put(&at, e->message_id);
	m->subject = put(&at, e->subject);
	memcpy(m->item.id, e->id, sizeof e->id);
	for (; m->item.to_count < e->to_count; m->item.to_count++) {
		struct gw_item_to *to = &m->item.to[m->item.to_count];

		to->address = put(&at, e->to[m->item.to_count].address);
		to->notify = e->to[m->item.to_count].notify;
	}
	return GW_OK;
}

static enum gw_code read_mail(struct loading *l, struct gw_queued *m)
{
	int fd = gw_queue_read(l->queue, m->file.place, m->file.name);
	struct gw_envelope envelope = { 0 };
	const struct gw_envelope none = { 0 };
	struct gw_error why = { 0 };
	enum gw_code code = GW_OK;
	struct gw_buf head;
	size_t n = 0;

	if (fd < 0 && errno == ENOENT)
		return GW_ERR_CANCELLED;
	gw_buf_init(&head, HEADER_MAX);
	if (fd < 0)
		code = break_it(m, "this is no file that could be read; it is not sent");
	else if (!read_header(fd, &head, &n))
		code = break_it(m, "its header cannot be read; it is not sent");
	else if (gw_envelope_parse((struct gw_slice){ head.p, n }, &envelope, &why) != GW_OK)
		code = break_it(m, why.text);
	if (code == GW_OK)
		code = keep_text(m, m->item.broken ? &none : &envelope);
	if (fd >= 0 && !m->item.broken)
		gw_envelope_deinit(&envelope);
	gw_buf_deinit(&head);
	if (fd >= 0)
		close(fd);
	return code;
}

static int by_name(const void *a, const void *b)
{
	const struct gw_queued *x = *(struct gw_queued *const *)a,
			       *y = *(struct gw_queued *const *)b;

	if (x->file.place != y->file.place)
		return x->file.place < y->file.place ? -1 : 1;
	return strcmp(x->file.name, y->file.name);
}

/* Resets a mail to what its file says. */
static void forget_state(struct gw_queued *m)
{
	struct gw_item fresh = { .to = m->item.to, .to_count = m->item.to_count };

	memcpy(fresh.id, m->item.id, sizeof fresh.id);
	for (size_t i = 0; i < m->item.to_count; i++) {
		struct gw_item_to *to = &m->item.to[i];

		free(to->answer);
		*to = (struct gw_item_to){ .address = to->address, .notify = to->notify };
	}
	free(m->reason);
	m->item = fresh;
	m->reason = NULL;
	m->leaving = m->edited = m->known = false;
}

/* The mail of a file that is as it was; NULL: it has to be read. */
static struct gw_queued *take_over(struct loading *l, const struct gw_queue_file *f)
{
	struct gw_queued key = { .file = *f }, *const wanted = &key, **at, *m;

	at = l->before_count == 0 ? NULL
				  : bsearch(&wanted, l->before, l->before_count,
					    sizeof(struct gw_queued *), by_name);
	m = at != NULL ? *at : NULL;
	if (m == NULL || m->taken || m->item.broken || m->file.size != f->size ||
		m->file.mtime_ns != f->mtime_ns || m->file.regular != f->regular)
		return NULL;
	m->taken = true;
	return m;
}

static void free_left(struct loading *l)
{
	for (size_t i = 0; i < l->before_count; i++) {
		if (l->before[i]->taken)
			l->before[i]->taken = false;
		else
			gw_queued_free(l->before[i]);
	}
	free(l->before);
}

static enum gw_code on_file(void *ctx, const struct gw_queue_file *f)
{
	struct loading *l = ctx;
	struct gw_queued *m = take_over(l, f), **slot;
	bool fresh = m == NULL;
	enum gw_code code = GW_OK;

	if (!fresh) {
		forget_state(m);
	} else if ((m = calloc(1, sizeof *m)) == NULL) {
		return gw_fail(l->err, GW_ERR_NOMEM, "out of memory");
	} else {
		m->file = *f;
		code = f->regular ? read_mail(l, m)
				  : break_it(m, "this is no regular file; it is not sent");
		if (code == GW_OK && m->text == NULL)
			code = keep_text(m, &(struct gw_envelope){ 0 });
	}
	m->item.queued_at = f->queued_at;
	m->item.held = f->held;
	if (code == GW_ERR_CANCELLED) { /* dropped meanwhile */
		gw_queued_free(m);
		return GW_OK;
	}
	slot = code != GW_OK ? NULL
			     : gw_array_push((void **)&l->out->list, &l->out->count, &l->out->cap,
				       sizeof(struct gw_queued *));
	if (slot == NULL) {
		if (fresh)
			gw_queued_free(m);
		else
			m->taken = false; /* it is freed with the others */
		return gw_fail(l->err, GW_ERR_NOMEM, "out of memory");
	}
	*slot = m;
	return GW_OK;
}

static int by_id(const void *a, const void *b)
{
	const struct gw_queued *x = *(struct gw_queued *const *)a,
			       *y = *(struct gw_queued *const *)b;
	int d = strcmp(x->item.id, y->item.id);

	if (d != 0)
		return d;
	/* The one that was queued, and not a copy that a reader made of it, bears the id in its name. */
	d = (strstr(y->file.name, y->item.id) != NULL) - (strstr(x->file.name, x->item.id) != NULL);
	if (d == 0)
		d = (y->file.place == GW_QUEUE_SENT) - (x->file.place == GW_QUEUE_SENT);
	return d != 0 ? d : strcmp(x->file.name, y->file.name);
}

static int by_age(const void *a, const void *b)
{
	const struct gw_queued *x = *(struct gw_queued *const *)a,
			       *y = *(struct gw_queued *const *)b;

	if (x->item.queued_at != y->item.queued_at)
		return x->item.queued_at < y->item.queued_at ? -1 : 1;
	if (x->file.mtime_ns != y->file.mtime_ns) /* a series of patches is queued in a second */
		return x->file.mtime_ns < y->file.mtime_ns ? -1 : 1;
	return strcmp(x->file.name, y->file.name);
}

/* Marks duplicates, using by_id's order. */
static enum gw_code mark_doubles(struct gw_loaded *l)
{
	enum gw_code code = GW_OK;

	for (size_t i = 1; i < l->count && code == GW_OK; i++) {
		if (l->list[i]->item.id[0] != '\0' &&
			strcmp(l->list[i]->item.id, l->list[i - 1]->item.id) == 0)
			code = break_it(l->list[i],
				"a copy of another mail in the outbox; it is not sent a second time");
	}
	return code;
}

static struct gw_queued *find(const struct gw_loaded *l, const char *id)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(l->list[mid]->item.id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->count && strcmp(l->list[low]->item.id, id) == 0 ? l->list[low] : NULL;
}

static enum gw_code on_row(void *ctx, const struct gw_mail_row *row)
{
	struct loading *l = ctx;
	struct gw_queued *m = find(l->out, row->id);
	char **slot;

	if (m == NULL) {
		slot = gw_array_push((void **)&l->out->gone, &l->out->gone_count, &l->out->gone_cap,
			sizeof *slot);
		return slot != NULL && (*slot = strdup(row->id)) != NULL
			       ? GW_OK
			       : gw_fail(l->err, GW_ERR_NOMEM, "out of memory");
	}
	m->known = true;
	m->item.tries = row->tries;
	m->item.doubts = row->doubts;
	m->item.looks = row->looks;
	m->item.next_at = row->next_at;
	m->item.later_at = row->later_at;
	m->item.aged_s = row->aged_s;
	m->item.doubt_at = row->doubt_at;
	m->item.sent_at = row->sent_at;
	m->item.left = row->left;
	m->item.left_tries = row->left_tries;
	m->item.left_at = row->left_at;
	m->item.decided_at = row->decided_at;
	m->leaving = row->leaving;
	m->edited = row->size != m->file.size || row->mtime != m->file.mtime_ns;
	if (m->edited) {
		m->item.tries = m->item.left = 0;
		m->item.next_at = m->item.later_at = m->item.aged_s = 0;
	} else if (row->reason[0] != '\0' && m->reason == NULL) {
		m->reason = strdup(row->reason);
	}
	return GW_OK;
}

static enum gw_code on_fate(void *ctx, const struct gw_fate_row *row)
{
	struct loading *l = ctx;
	struct gw_queued *m = find(l->out, row->id);

	for (size_t i = 0; m != NULL && i < m->item.to_count; i++) {
		struct gw_item_to *to = &m->item.to[i];

		if (strcmp(to->address, row->address) != 0)
			continue;
		if (m->edited && row->fate == GW_FATE_REFUSED)
			continue; /* another try */
		to->fate = row->fate;
		free(to->answer);
		to->answer = row->answer[0] != '\0' ? strdup(row->answer) : NULL;
	}
	return GW_OK;
}

static enum gw_code read_fact(
	struct gw_store *store, const char *name, char **out, struct gw_error *err)
{
	struct gw_buf text;
	enum gw_code code;

	gw_buf_init(&text, 4096);
	code = gw_store_fact(store, name, &text, err);
	if (code == GW_OK && text.n > 0)
		*out = strdup(gw_buf_cstr(&text));
	gw_buf_deinit(&text);
	return code;
}

/* Puts in doubt what a killed sender left under way: nobody knows who got it. */
static void doubt_leaving(struct gw_loaded *l, int64_t now)
{
	for (size_t i = 0; i < l->count; i++) {
		struct gw_queued *m = l->list[i];

		if (m->leaving && m->item.doubt_at == 0) {
			m->item.doubt_at = now;
			m->item.doubts++;
		}
	}
}

enum gw_code gw_outbox_load(struct gw_queue *queue, struct gw_store *store, int64_t now,
	struct gw_loaded *out, struct gw_error *err)
{
	struct loading l = { queue, out, out->list, out->count, err };
	enum gw_code code;

	free_account(out);
	*out = (struct gw_loaded){ 0 };
	if (l.before_count > 0)
		qsort(l.before, l.before_count, sizeof(struct gw_queued *), by_name);
	code = gw_queue_list(queue, on_file, &l, err);
	free_left(&l);
	if (code == GW_OK && out->count > 0)
		qsort(out->list, out->count, sizeof(struct gw_queued *), by_id);
	if (code == GW_OK)
		code = mark_doubles(out);
	if (code == GW_OK && store != NULL)
		code = gw_outbox_db_mails(store, on_row, &l, err);
	if (code == GW_OK && store != NULL)
		code = gw_outbox_db_fates(store, on_fate, &l, err);
	if (code == GW_OK && store != NULL)
		code = gw_outbox_db_accepted_since(store, now - DAY, &out->sent_today, err);
	if (code == GW_OK && store != NULL)
		code = gw_store_fact_number(store, "pause_until", &out->pause_until, err);
	if (code == GW_OK && store != NULL)
		code = read_fact(store, "pause_reason", &out->pause_reason, err);
	if (code == GW_OK && store != NULL)
		code = read_fact(store, "sign_in", &out->sign_in, err);
	if (code == GW_OK && store != NULL)
		code = read_fact(store, "sign_in_key", &out->sign_in_key, err);
	doubt_leaving(out, now);
	for (size_t i = 0; i < out->count; i++) {
		/* A file in sent/ was sent, whatever else is known. */
		if (out->list[i]->file.place == GW_QUEUE_SENT && out->list[i]->item.sent_at == 0)
			out->list[i]->item.sent_at = out->list[i]->item.queued_at;
	}
	if (code == GW_OK && out->count > 0)
		qsort(out->list, out->count, sizeof(struct gw_queued *), by_age);
	if (code != GW_OK)
		gw_loaded_deinit(out);
	return code == GW_OK ? GW_OK : gw_fail(err, code, "out of memory");
}

enum gw_code gw_outbox_open_state(
	const char *path, struct gw_store **out, char **note, struct gw_error *err)
{
	char aside[4200];
	enum gw_code code = gw_outbox_db_open(path, GW_STORE_WRITE, out, err);

	*note = NULL;
	if (code != GW_ERR_CORRUPT)
		return code;
	gw_error_clear(err);
	code = gw_store_set_aside(path, aside, sizeof aside, err);
	if (code == GW_OK)
		code = gw_outbox_db_open(path, GW_STORE_WRITE, out, err);
	if (code == GW_OK &&
		asprintf(note,
			"the outbox's state was damaged and is now %s; what is queued is sent as new",
			aside) < 0)
		*note = NULL;
	return code;
}

struct gw_mail_row gw_queued_row(const struct gw_queued *m)
{
	return (struct gw_mail_row){ .id = m->item.id,
		.tries = m->item.tries,
		.doubts = m->item.doubts,
		.looks = m->item.looks,
		.next_at = m->item.next_at,
		.later_at = m->item.later_at,
		.aged_s = m->item.aged_s,
		.leaving = m->leaving,
		.doubt_at = m->item.doubt_at,
		.sent_at = m->item.sent_at,
		.size = m->file.size,
		.mtime = m->file.mtime_ns,
		.reason = m->reason,
		.left = m->item.left,
		.left_tries = m->item.left_tries,
		.left_at = m->item.left_at,
		.decided_at = m->item.decided_at };
}
