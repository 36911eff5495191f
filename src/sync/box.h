/* sync/box.h - one mailbox from "something may have changed" to "in step": a state machine.
 *
 * The account gives it a connection when it is READY and is told when it needs it no more.
 */
#pragma once

#include "godwit/sync.h"
#include "imap/session.h"
#include "sync/batch.h"
#include "sync/folders.h"

struct gw_box;

enum gw_box_outcome {
	GW_BOX_IN_STEP,
	GW_BOX_SAME,   /* nothing had changed on either side; the server was not asked */
	GW_BOX_AGAIN,  /* something moved while we looked: once more from the start */
	GW_BOX_FAILED, /* this mailbox only; err */
	GW_BOX_LOST,   /* the session went; err */
};

/* What an account lends to its boxes. */
struct gw_box_env {
	uv_loop_t *loop;
	const struct gw_log *log;
	const struct gw_account *account;
	const char *account_id;
	struct gw_disk *disk;
	struct gw_batcher *batcher;
	struct gw_sync_counts *counts; /* the account's totals */
	const uint64_t *messages;      /* the account has so many */
	uint64_t *deleted_recently;    /* and so many went lately; counted on here */
	bool accept_deletions, restore_deletions;
	bool dry_run, full, retry_unfetchable;
	bool copies_differ; /* the mark and the state do not belong together */
	bool plain_select;  /* learned: this server wants SELECT without parameters */

	void (*ready)(void *ctx, struct gw_box *box);    /* wants a connection */
	void (*drained)(void *ctx, struct gw_box *box);  /* the next SELECT may go out behind it */
	void (*released)(void *ctx, struct gw_box *box); /* needs its connection no more */
	/* delta: what this mailbox brought (planned, in a dry run). */
	void (*done)(void *ctx, struct gw_box *box, enum gw_box_outcome outcome,
		const struct gw_sync_counts *delta, const struct gw_error *err);
	void (*problem)(void *ctx, struct gw_box *box, const struct gw_error *err);
	void (*progress)(void *ctx);
	void *ctx;
};

/* folder and row are borrowed; row's cursors are updated when they were stored.  remote_same: the
 * server's counts are those of row, so only what changed here matters.  NULL when out of memory. */
struct gw_box *gw_box_new(struct gw_box_env *env, const struct gw_folder *folder,
	struct gw_mailbox_row *row, bool remote_same);

/* Begins with a look at the Maildir.  done() comes exactly once, later. */
void gw_box_start(struct gw_box *box);

/* Gives it a connection; it must be READY. */
void gw_box_attach(struct gw_box *box, struct gw_session *session);

/* Another mailbox was selected on its connection. */
void gw_box_supersede(struct gw_box *box);

/* Ends it without asking for more: its session is lost, or closed by the caller right after.  A
 * commit under way is waited for, unless the batcher failed. */
void gw_box_stop(struct gw_box *box, bool batches_lost);

/* The batcher committed its cursor. */
void gw_box_committed(struct gw_box *box, bool conflict);

/* Frees it; only after done(). */
void gw_box_free(struct gw_box *box);

/* Was it not looked at in full for a week? */
bool gw_box_full_look_due(const struct gw_mailbox_row *row);

/* What is to be said of deletions that are held back. */
void gw_box_held_error(uint64_t count, struct gw_error *err);

const struct gw_folder *gw_box_folder(const struct gw_box *box);
