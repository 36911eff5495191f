/* SPDX-License-Identifier: ISC */
/* outbox/records.h - what a sender puts on record, off the loop: one batch after another.
 *
 * A batch is one transaction on the state and, once that is on disk, work on files.  What arrives
 * while one runs makes the next, so a busy sender flushes once for several things.  A batch that
 * the disk refused is owed: it is kept, and nothing goes on record before it.
 */
#pragma once

#include "outbox/queue.h"
#include "store/outbox.h"

#include <uv.h>

struct gw_records;

/* Called from the loop once the whole batch is durable, or has failed (err).  NULL is accepted. */
typedef void gw_records_cb(void *ctx, const struct gw_error *err);

/* store and queue are borrowed, and touched by jobs only.  disk(ctx): a batch was refused (err), or what
 * was owed is on record now (NULL).  NULL: out of memory. */
struct gw_records *gw_records_new(uv_loop_t *loop, struct gw_store *store, struct gw_queue *queue,
	gw_records_cb *disk, void *ctx);
/* Frees it, when no job is under way; abandons what is not on record, and tells its waiters. */
void gw_records_free(struct gw_records *r);
bool gw_records_idle(const struct gw_records *r); /* no job is under way */
bool gw_records_owed(const struct gw_records *r);
void gw_records_retry(struct gw_records *r); /* tries what is owed once more */

/* Each adds to the next batch; everything is copied. */
void gw_records_mail(struct gw_records *r, const struct gw_mail_row *row);
void gw_records_fate(struct gw_records *r, const struct gw_fate_row *row);
void gw_records_log(struct gw_records *r, const struct gw_log_row *row);
void gw_records_all_due(struct gw_records *r, int64_t now); /* nothing waits for a later time */
void gw_records_drop(struct gw_records *r, const char *id);
void gw_records_fact(struct gw_records *r, const char *name, const char *value);

/* Work on files after the transaction, in the order given. */
void gw_records_move(
	struct gw_records *r, const struct gw_queue_file *f, enum gw_queue_place to, bool held);
void gw_records_remove(struct gw_records *r, const struct gw_queue_file *f);
/* Adds a job: work(ctx) in the pool, repeated after an error, which is the disk's; drop(ctx),
 * always. */
typedef enum gw_code gw_records_job(void *ctx, struct gw_error *err);
void gw_records_work(
	struct gw_records *r, gw_records_job *work, void (*drop)(void *ctx), void *ctx);

/* Calls cb(ctx) at the end of the next batch, while its jobs' data still exist. */
void gw_records_wait(struct gw_records *r, gw_records_cb *cb, void *ctx);
void gw_records_commit(struct gw_records *r, gw_records_cb *cb, void *ctx);
