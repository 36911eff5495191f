/* SPDX-License-Identifier: ISC */
/* godwit/sync.h - one synchronization of one account.
 *
 * Runs on the caller's libuv loop; several accounts may run side by side on one loop.  All
 * callbacks come from the loop, on its thread.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

#include <stdint.h>

struct uv_loop_s;
struct gw_sync;
struct gw_warm;

/* True if built with libnotmuch, which `labels = notmuch` needs. */
bool gw_has_notmuch(void);

/* Which messages of a POP3 account to fetch once more. */
struct gw_sync_restore {
	const char *const *ids; /* as listed in GW_SYNC_STEP */
	size_t id_count;
	bool all; /* everything that can be fetched; neither ids nor all: list only */
};

struct gw_sync_options {
	bool dry_run;           /* look and report; change nothing anywhere */
	bool full;              /* read both sides in full, whatever the cursors say */
	bool accept_deletions;  /* carry out the deletions that an earlier run held back */
	bool restore_deletions; /* undo them instead: upload what is still here */
	bool accept_uploads;    /* send what an earlier run held back */
	bool same_account;      /* accept that the state belongs to this account although user or
				 * host differ */
	bool verify;            /* compare and report (GW_SYNC_FINDING) instead; set full, too */
	bool verify_bodies;     /* compare contents as well: fetches every message */
	bool now;               /* even if the provider asked for a pause that is not over */
	bool newest_first; /* the newest mail of every mailbox before older mail of any: time may be
			    * short */
	bool repair;       /* drop from the state what does not agree: the next sync joins it
			    * anew */
	const char *const *folders; /* only these (names as shown, patterns allowed); NULL: all */
	size_t folder_count;
	const struct gw_sync_restore *restore; /* POP3: do only this; NULL: a sync */
	struct gw_warm *warm;                  /* a watcher's own connection; NULL: none */
};

/* Running totals of a sync. */
struct gw_sync_counts {
	uint64_t mailboxes;         /* of the account, as far as they are synchronized here */
	uint64_t mailboxes_changed; /* had to be looked at */
	uint64_t mailboxes_done;
	uint64_t mailboxes_created;
	uint64_t mailboxes_made, mailboxes_renamed,
		mailboxes_deleted;        /* made on the server; renamed and deleted on either
					   * side */
	uint64_t to_download, downloaded; /* messages */
	uint64_t expected; /* messages in mailboxes not looked at yet, estimated from the server's
			   * counts */
	uint64_t bytes_expected;                      /* of those; 0: the server does not tell */
	uint64_t bytes_to_download, bytes_downloaded; /* mail; by RFC822.SIZE, and as received */
	uint64_t to_upload, uploaded, bytes_uploaded; /* messages; bytes as sent */
	uint64_t paired;                              /* joined with a file that was already here */
	uint64_t flags_changed;                       /* files whose flags changed */
	uint64_t flags_sent;    /* messages whose flags changed on the server */
	uint64_t deleted;       /* files moved to the attic */
	uint64_t deleted_there; /* messages deleted on the server */
	uint64_t moved;    /* from one mailbox to another, on either side, without transferring the
			     * body */
	uint64_t copied;   /* copied instead of moved, on the server */
	uint64_t held;     /* deletions held back now */
	uint64_t expired;  /* files that left the window */
	uint64_t kept;     /* deleted there, changed here, and therefore left alone */
	uint64_t findings; /* inconsistencies that verify found */
	uint64_t due;      /* differences that verify found and the next sync carries over */
	uint64_t problems; /* reported; the exit status is not 0 */
	uint64_t waiting;  /* local changes that `direction` keeps from the server */
	uint64_t waiting_there; /* changes on the server that `direction` keeps from here */
	uint64_t changes_there; /* of these, flags and deletions */
	uint64_t postponed;     /* messages put off because the day's bandwidth is nearly used up */
	uint64_t unsettled;     /* mailboxes that kept changing: another sync should follow soon */
	uint64_t wire_received, wire_sent; /* bytes, TLS included */
};

/* True if any message or mailbox changed, on either side. */
bool gw_sync_changed(const struct gw_sync_counts *counts);

/* One action on a message, and its reason; in a dry run, what would be done. */
struct gw_sync_step {
	const char *what; /* one word: fetch, join, upload, refuse, keep, leave, expire, flags-here,
			   * flags-there, move-here, move-there, delete-here, delete-there,
			   * replace-there, hold-here, hold-there; in a restore: restorable (deleted
			   * here, still there), aside (could not be fetched), gone (no longer
			   * there), restore (fetched) */
	const char *text; /* the same in words */
	uint32_t uid;     /* 0: not on the server */
	const char *file; /* its name in cur/ or new/; NULL: not here */
	const char *from; /* the mailbox that the message leaves, as shown; NULL: none */
	const char *flags;            /* "+\\Seen -work": added and removed; NULL */
	uint64_t size;                /* bytes; 0: irrelevant */
	const char *id;               /* hash of its Message-ID (store/journal.h); NULL: unknown */
	bool repeated;                /* an earlier run already reported it */
	const char *sender, *subject; /* restore only, as is at; "": unknown */
	int64_t at;                   /* when it was fetched */
};

enum gw_sync_event_type {
	GW_SYNC_STAGE,    /* text: what begins now */
	GW_SYNC_PROGRESS, /* counts changed */
	GW_SYNC_MAILBOX,  /* mailbox is in step; `delta` has its changes */
	GW_SYNC_NEW,      /* a new message is in new/ of mailbox; text: the path of its file */
	GW_SYNC_STEP,     /* dry run: what would be done to one message of mailbox, in `step` */
	GW_SYNC_PLAN,     /* dry run: the sum of a mailbox's steps, in `delta` */
	GW_SYNC_FINDING,  /* verify: text, about mailbox */
	GW_SYNC_PROBLEM,  /* err: something was skipped or held; mailbox, or NULL */
	GW_SYNC_DONE,     /* the last event; err is NULL when the account could be worked on */
};

struct gw_sync_event {
	enum gw_sync_event_type type;
	const struct gw_sync_counts *counts;
	const char *text;    /* STAGE, NEW; PLAN: what would be done to the mailbox as a whole (then
			   * delta is NULL) */
	const char *mailbox; /* as shown */
	const struct gw_sync_counts *delta;
	const struct gw_sync_step *step;
	const struct gw_error *err;
	bool old; /* NEW: the mailbox was never in step, so the mail may be of any age */
};

typedef void gw_sync_cb(void *ctx, const struct gw_sync_event *ev);

/* Starts a sync.  account, options and log are borrowed and outlive it.  GW_OK: GW_SYNC_DONE comes
 * exactly once, later, and the sync is freed after it.  GW_ERR_LOCKED, GW_ERR_DISK, GW_ERR_STATE,
 * GW_ERR_TLS, GW_ERR_CONFIG, GW_ERR_NOMEM: cb is never called. */
enum gw_code gw_sync_start(struct uv_loop_s *loop, const struct gw_account *account,
	const struct gw_sync_options *options, const struct gw_log *log, gw_sync_cb *cb, void *ctx,
	struct gw_sync **out, struct gw_error *err);

/* Asks the sync to finish the batch at hand and stop; GW_SYNC_DONE brings GW_ERR_CANCELLED. */
void gw_sync_stop(struct gw_sync *sync);

/* Where notmuch keeps its database, which `labels = notmuch` writes to.  false: it cannot be told. */
bool gw_notmuch_place(char *out, size_t size);
