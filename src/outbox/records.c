/* SPDX-License-Identifier: ISC */
/* outbox/records.c - see records.h. */
#include "outbox/records.h"

#include <stdlib.h>

enum kind { MAIL, FATE, LOG, ALL_DUE, DROP, FACT, MOVE, REMOVE, WORK };

struct record {
	enum kind kind;
	bool done;    /* the work on the file */
	char *own[5]; /* the strings of the rows */
	union {
		struct gw_mail_row mail; /* ALL_DUE, DROP, FACT, too: some of it */
		struct gw_fate_row fate;
		struct gw_log_row log;
		struct {
			struct gw_queue_file file;
			enum gw_queue_place to;
			bool held;
		};
		struct {
			gw_records_job *work;
			void (*drop)(void *ctx);
			void *ctx;
		};
	};
};

struct waiter {
	gw_records_cb *cb;
	void *ctx;
};

struct batch {
	struct record *list; /* owned */
	size_t count, cap;
	struct waiter *waiters; /* owned */
	size_t waiter_count, waiter_cap;
	bool wanted;  /* to be carried out */
	bool written; /* the transaction is on disk */
	bool short_of_memory;
};

struct gw_records {
	uv_loop_t *loop;
	struct gw_store *store; /* borrowed */
	struct gw_queue *queue; /* borrowed */
	uv_work_t request;
	struct batch next, present;
	bool running, owed;  /* the present batch */
	struct gw_error err; /* of it */
	gw_records_cb *disk;
	void *ctx;
};

struct gw_records *gw_records_new(uv_loop_t *loop, struct gw_store *store, struct gw_queue *queue,
	gw_records_cb *disk, void *ctx)
{
	struct gw_records *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	*r = (struct gw_records){
		.loop = loop, .store = store, .queue = queue, .disk = disk, .ctx = ctx
	};
	r->request.data = r;
	return r;
}

static void empty(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		for (size_t k = 0; k < sizeof b->list[i].own / sizeof *b->list[i].own; k++)
			free(b->list[i].own[k]);
		if (b->list[i].kind == WORK)
			b->list[i].drop(b->list[i].ctx);
	}
	free(b->list);
	free(b->waiters);
	*b = (struct batch){ 0 };
}

static void tell_waiters(struct batch *b, const struct gw_error *err)
{
	for (size_t i = 0; i < b->waiter_count; i++) {
		if (b->waiters[i].cb != NULL)
			b->waiters[i].cb(b->waiters[i].ctx, err);
	}
	b->waiter_count = 0;
}

void gw_records_free(struct gw_records *r)
{
	struct gw_error err = { 0 };

	if (r == NULL)
		return;
	gw_fail(&err, GW_ERR_CANCELLED, "given up");
	tell_waiters(&r->next, &err);
	empty(&r->next);
	empty(&r->present);
	free(r);
}

bool gw_records_idle(const struct gw_records *r)
{
	return !r->running && (r->owed || !r->next.wanted);
}

bool gw_records_owed(const struct gw_records *r)
{
	return r->owed;
}

static struct record *add(struct gw_records *r, enum kind kind)
{
	struct record *record =
		gw_array_push((void **)&r->next.list, &r->next.count, &r->next.cap, sizeof *record);

	if (record == NULL)
		r->next.short_of_memory = true;
	else
		record->kind = kind;
	return record;
}

static const char *keep(struct gw_records *r, struct record *record, size_t at, const char *text)
{
	record->own[at] = strdup(text != NULL ? text : "");
	r->next.short_of_memory |= record->own[at] == NULL;
	return record->own[at];
}

void gw_records_mail(struct gw_records *r, const struct gw_mail_row *row)
{
	struct record *record = add(r, MAIL);

	if (record == NULL)
		return;
	record->mail = *row;
	record->mail.id = keep(r, record, 0, row->id);
	record->mail.reason = keep(r, record, 1, row->reason);
}

void gw_records_fate(struct gw_records *r, const struct gw_fate_row *row)
{
	struct record *record = add(r, FATE);

	if (record == NULL)
		return;
	record->fate = *row;
	record->fate.id = keep(r, record, 0, row->id);
	record->fate.address = keep(r, record, 1, row->address);
	record->fate.answer = keep(r, record, 2, row->answer);
}

void gw_records_log(struct gw_records *r, const struct gw_log_row *row)
{
	struct record *record = add(r, LOG);

	if (record == NULL)
		return;
	record->log = *row;
	record->log.id = keep(r, record, 0, row->id);
	record->log.address = keep(r, record, 1, row->address);
	record->log.what = keep(r, record, 2, row->what);
	record->log.answer = keep(r, record, 3, row->answer);
	record->log.subject = keep(r, record, 4, row->subject);
}

void gw_records_all_due(struct gw_records *r, int64_t now)
{
	struct record *record = add(r, ALL_DUE);

	if (record != NULL)
		record->mail.next_at = now;
}

void gw_records_drop(struct gw_records *r, const char *id)
{
	struct record *record = add(r, DROP);

	if (record != NULL)
		record->mail.id = keep(r, record, 0, id);
}

void gw_records_fact(struct gw_records *r, const char *name, const char *value)
{
	struct record *record = add(r, FACT);

	if (record == NULL)
		return;
	record->mail.id = keep(r, record, 0, name);
	record->mail.reason = keep(r, record, 1, value);
}

void gw_records_move(
	struct gw_records *r, const struct gw_queue_file *f, enum gw_queue_place to, bool held)
{
	struct record *record = add(r, MOVE);

	if (record == NULL)
		return;
	record->file = *f;
	record->file.name = keep(r, record, 0, f->name);
	record->to = to;
	record->held = held;
}

void gw_records_remove(struct gw_records *r, const struct gw_queue_file *f)
{
	struct record *record = add(r, REMOVE);

	if (record == NULL)
		return;
	record->file = *f;
	record->file.name = keep(r, record, 0, f->name);
}

void gw_records_work(struct gw_records *r, gw_records_job *work, void (*drop)(void *ctx), void *ctx)
{
	struct record *record = add(r, WORK);

	if (record == NULL) {
		drop(ctx);
		return;
	}
	record->work = work;
	record->drop = drop;
	record->ctx = ctx;
}

static enum gw_code write_row(struct gw_records *r, const struct record *record)
{
	switch (record->kind) {
	case MAIL:
		return gw_outbox_db_put_mail(r->store, &record->mail, &r->err);
	case FATE:
		return gw_outbox_db_put_fate(r->store, &record->fate, &r->err);
	case LOG:
		return gw_outbox_db_put_log(r->store, &record->log, &r->err);
	case ALL_DUE:
		return gw_outbox_db_all_due(r->store, record->mail.next_at, &r->err);
	case DROP:
		return gw_outbox_db_drop(r->store, record->mail.id, &r->err);
	case FACT:
		return gw_store_set_fact(r->store, record->mail.id, record->mail.reason, &r->err);
	case MOVE:
	case REMOVE:
	case WORK:
		break;
	}
	return GW_OK;
}

static void work_on_file(struct gw_records *r, struct record *record, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	if (record->done)
		return;
	switch (record->kind) {
	case MOVE:
		code = gw_queue_move(r->queue, &record->file, record->to, record->held, err);
		break;
	case REMOVE:
		code = gw_queue_remove(r->queue, &record->file, err);
		break;
	case WORK:
		code = record->work(record->ctx, err);
		break;
	case MAIL:
	case FATE:
	case LOG:
	case ALL_DUE:
	case DROP:
	case FACT:
		break;
	}
	record->done = code == GW_OK;
}

/* True unless files only moved to sent/, which need not be durable: the state has them as sent, and
 * moves them again. */
static bool needs_flush(const struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct record *record = &b->list[i];

		if (record->kind == REMOVE || record->kind == WORK ||
			(record->kind == MOVE && record->to != GW_QUEUE_SENT))
			return true;
	}
	return false;
}

/* Runs the file jobs; what they log goes on record in one transaction, too. */
static void work_on_files(struct gw_records *r)
{
	bool flush = needs_flush(&r->present);
	bool begun = flush && gw_store_begin(r->store, &r->err) == GW_OK;

	for (size_t i = 0; i < r->present.count; i++)
		work_on_file(r, &r->present.list[i], &r->err);
	if (begun && gw_store_commit(r->store, &r->err) != GW_OK)
		gw_store_rollback(r->store);
	if (flush)
		gw_queue_flush(r->queue, &r->err);
}

static enum gw_code write_rows(struct gw_records *r)
{
	enum gw_code code = gw_store_begin(r->store, &r->err);
	bool begun = code == GW_OK;

	for (size_t i = 0; i < r->present.count && code == GW_OK; i++)
		code = write_row(r, &r->present.list[i]);
	if (code == GW_OK)
		code = gw_store_commit(r->store, &r->err);
	if (code != GW_OK && begun)
		gw_store_rollback(r->store);
	return code;
}

/* Moves sent mail although the state takes nothing: then its place tells that it was sent. */
static void move_what_was_sent(struct gw_records *r)
{
	struct gw_error ignored = { 0 };

	for (size_t i = 0; i < r->present.count; i++) {
		struct record *record = &r->present.list[i];

		if (record->kind == MOVE && record->to == GW_QUEUE_SENT)
			work_on_file(r, record, &ignored);
	}
	gw_queue_flush(r->queue, &ignored);
}

/* In the pool. */
static void carry_out(uv_work_t *request)
{
	struct gw_records *r = request->data;

	if (r->present.short_of_memory)
		gw_fail(&r->err, GW_ERR_NOMEM, "out of memory");
	else if (!r->present.written)
		r->present.written = write_rows(r) == GW_OK;
	if (r->present.written)
		work_on_files(r);
	else
		move_what_was_sent(r);
}

static void start(struct gw_records *r);

static void on_done(uv_work_t *request, int status)
{
	struct gw_records *r = request->data;
	bool failed = r->err.code != GW_OK, was_owed = r->owed;
	struct batch done = r->present;
	struct gw_error err = r->err;

	(void)status;
	r->running = false;
	r->err = (struct gw_error){ 0 };
	r->owed = failed && !done.short_of_memory;
	if (r->owed) {
		r->present.waiters = NULL;
		r->present.waiter_count = r->present.waiter_cap = 0;
		done.list = NULL;
		done.count = 0;
	} else {
		r->present = (struct batch){ 0 };
	}
	start(r); /* what the callbacks add makes a batch of its own */
	if (failed || was_owed)
		r->disk(r->ctx, failed ? &err : NULL);
	tell_waiters(&done, failed ? &err : NULL);
	empty(&done);
}

static void carry_out_present(struct gw_records *r)
{
	r->running = true;
	uv_queue_work(r->loop, &r->request, carry_out, on_done);
}

static void start(struct gw_records *r)
{
	if (r->running || r->owed || !r->next.wanted)
		return;
	r->present = r->next;
	r->next = (struct batch){ 0 };
	carry_out_present(r);
}

void gw_records_retry(struct gw_records *r)
{
	if (r->owed && !r->running)
		carry_out_present(r);
}

void gw_records_wait(struct gw_records *r, gw_records_cb *cb, void *ctx)
{
	struct waiter *w = gw_array_push(
		(void **)&r->next.waiters, &r->next.waiter_count, &r->next.waiter_cap, sizeof *w);

	if (w == NULL)
		r->next.short_of_memory = true;
	else
		*w = (struct waiter){ cb, ctx };
}

void gw_records_commit(struct gw_records *r, gw_records_cb *cb, void *ctx)
{
	gw_records_wait(r, cb, ctx);
	r->next.wanted = true;
	start(r);
}
