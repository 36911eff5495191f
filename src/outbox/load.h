/* SPDX-License-Identifier: ISC */
/* outbox/load.h - an outbox as it lies on disk: its files, joined with what the state knows of them.
 * Blocking.
 */
#pragma once

#include "outbox/plan.h"
#include "outbox/queue.h"
#include "store/outbox.h"

/* One mail; item comes first, so that a pointer to one is a pointer to the other.  There may be a
 * hundred thousand, so everything read from the file is one allocation. */
struct gw_queued {
	struct gw_item item;
	struct gw_queue_file file;
	char *text;                                              /* owned; holds the strings: */
	const char *sender, *ret, *envid, *message_id, *subject; /* as in gw_envelope */
	char *reason;                                            /* owned; NULL: none */
	bool leaving; /* a sender that was killed left it so */
	bool edited;  /* since something was decided of it */
	bool known;   /* the state has a row */
	bool taken;   /* over, while it is loaded */
};

struct gw_loaded {
	struct gw_queued **list; /* owned, with its entries; by age */
	size_t count, cap;
	char **gone; /* owned: ids that the state has, and that have no file any more */
	size_t gone_count, gone_cap;
	int64_t pause_until;
	char *pause_reason, *sign_in; /* owned; NULL: none */
	char *sign_in_key;            /* owned; identifies what was refused */
	uint64_t sent_today;
};

void gw_queued_free(struct gw_queued *m);
void gw_loaded_move_mails(struct gw_loaded *from, struct gw_loaded *to); /* to is empty */
void gw_loaded_deinit(struct gw_loaded *l);

/* Replaces what is in *l; a file that is as it was is not read again.  It is empty if that fails.
 * store NULL: nothing is known.  GW_ERR_DISK, GW_ERR_STATE, GW_ERR_NOMEM. */
enum gw_code gw_outbox_load(struct gw_queue *queue, struct gw_store *store, int64_t now,
	struct gw_loaded *l, struct gw_error *err);

/* Opens the state for writing; a damaged one is set aside, and told by *note (heap; NULL: fine). */
enum gw_code gw_outbox_open_state(
	const char *path, struct gw_store **out, char **note, struct gw_error *err);

/* The row that says how the mail stands. */
struct gw_mail_row gw_queued_row(const struct gw_queued *m);
