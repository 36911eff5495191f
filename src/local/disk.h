/* SPDX-License-Identifier: ISC */
/* local/disk.h - blocking work off the loop: one job at a time, in order, in libuv's pool.
 *
 * Everything that changes the Maildir or touches the state database during a run is such a job, so
 * neither needs a lock of its own.  What a job has to flush before its work is flushed meanwhile, likewise one at a
 * time and in order: the disk writes one batch while the names of the one before are changed.
 */
#pragma once

#include "maildir/flush.h"
#include "store/store.h"

#include <uv.h>

/* What jobs work with; only jobs touch it (apart from the time before the first and after the
 * last). */
struct gw_disk_world {
	struct gw_store *store; /* owned */
	const char *attic;      /* borrowed; NULL: deleted mail is not kept */
	const char *root;       /* borrowed */
	bool dry_run;

	/* Opens the state for writing and raises the mark, before the first change of a run and not
	 * before: a run that finds nothing to do leaves no trace. */
	enum gw_code (*prepare)(struct gw_disk_world *world, struct gw_error *err);
	void *prepare_ctx;
	bool writable; /* prepare was called and went well */

	/* A batch failed: what came after it rests on it, so nothing more is carried out. */
	struct gw_error broken;
};

/* Makes sure that the world is writable. */
enum gw_code gw_disk_writable(struct gw_disk_world *world, struct gw_error *err);

struct gw_disk_job {
	/* NULL, or what comes before work() and may run beside an earlier job's: in the pool.  It touches nothing but
	 * files that are the job's own. */
	void (*flush)(struct gw_disk_job *job, struct gw_flusher *flusher);
	/* In the pool. */
	void (*work)(struct gw_disk_job *job, struct gw_disk_world *world);
	/* On the loop, exactly once; frees the job. */
	void (*done)(struct gw_disk_job *job);
	struct gw_disk_job *next; /* the queue's */
	bool flushed;             /* likewise */
};

struct gw_disk {
	uv_loop_t *loop;
	struct gw_disk_world world;
	struct gw_flusher flusher; /* jobs' */
	uv_work_t request, flush_request;
	struct gw_disk_job *first, *last; /* first is running, or waits to be flushed */
	struct gw_disk_job *flushing;     /* NULL: none */
	bool working;
};

void gw_disk_init(struct gw_disk *disk, uv_loop_t *loop);

/* Queues a job; it is the queue's until done(). */
void gw_disk_submit(struct gw_disk *disk, struct gw_disk_job *job);
bool gw_disk_idle(const struct gw_disk *disk);

/* How many files one batch may hold open: a few batches wait at a time. */
size_t gw_disk_batch_files(void);
