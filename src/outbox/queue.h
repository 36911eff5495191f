/* SPDX-License-Identifier: ISC */
/* outbox/queue.h - the queued mail of an account: a Maildir of its own, which readers open.
 *
 * `cur/` holds what waits, `new/` what the user is to see; the flag F holds a mail back, and a file that
 * is gone was dropped.  `sent/` is ours: gone, and still to be filed.  Nothing here takes a lock.
 */
#pragma once

#include "outbox/envelope.h"

#include <stdint.h>

struct gw_queue; /* its open directories */

/* Opens the queue, creating it durably if necessary.  GW_ERR_DISK. */
enum gw_code gw_queue_open(const char *path, struct gw_queue **out, struct gw_error *err);
/* Opens the queue if it exists; otherwise *out is NULL. */
enum gw_code gw_queue_open_existing(const char *path, struct gw_queue **out, struct gw_error *err);
void gw_queue_close(struct gw_queue *q);
/* True if its path still leads to it. */
bool gw_queue_stands(const struct gw_queue *q);

enum gw_queue_place { GW_QUEUE_CUR, GW_QUEUE_NEW, GW_QUEUE_SENT, GW_QUEUE_PLACES };

struct gw_queue_file {
	const char *name; /* borrowed */
	enum gw_queue_place place;
	bool held;    /* F */
	bool regular; /* false: a directory, a link, a pipe: never sent */
	int64_t size, mtime_ns;
	int64_t queued_at; /* seconds; by its name, else its mtime */
};

/* Calls cb for each file.  GW_ERR_DISK. */
enum gw_code gw_queue_list(const struct gw_queue *q,
	enum gw_code (*cb)(void *ctx, const struct gw_queue_file *f), void *ctx,
	struct gw_error *err);

/* Opens a file for reading, if it is a regular one.  Returns a descriptor, or -1 with errno. */
int gw_queue_read(const struct gw_queue *q, enum gw_queue_place place, const char *name);

/* True if the file is still there, whatever flags it has got meanwhile, and is not held. */
bool gw_queue_wanted(const struct gw_queue *q, enum gw_queue_place place, const char *name, int fd);

/* Creates a file in tmp/ for the caller to write through *fd (the caller's). */
enum gw_code gw_queue_begin(
	const struct gw_queue *q, const char *id, int *fd, struct gw_error *err);
/* Flushes the file, moves it into place and flushes that: only then is it queued. */
enum gw_code gw_queue_commit(const struct gw_queue *q, const char *id, int64_t queued_at, int fd,
	bool held, struct gw_error *err);
void gw_queue_drop_new(const struct gw_queue *q, const char *id);

/* Moves a file to another place, or removes it; durable once it is flushed.  A file that is gone is no failure. */
enum gw_code gw_queue_move(struct gw_queue *q, const struct gw_queue_file *f,
	enum gw_queue_place to, bool held, struct gw_error *err);
enum gw_code gw_queue_remove(
	struct gw_queue *q, const struct gw_queue_file *f, struct gw_error *err);
enum gw_code gw_queue_flush(struct gw_queue *q, struct gw_error *err); /* each directory once */

/* A fresh id.  GW_ERR_DISK: the system has no random bytes. */
enum gw_code gw_queue_new_id(char id[GW_OUTBOX_ID + 1], struct gw_error *err);
