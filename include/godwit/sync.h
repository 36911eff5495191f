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

/* Was it built with libnotmuch?  `labels = notmuch` wants that. */
bool gw_has_notmuch(void);

/* What of an account over POP3 is to come once more. */
struct gw_sync_restore {
	const char *const *ids; /* as a listing told them (GW_SYNC_STEP) */
	size_t id_count;
	bool all; /* neither ids nor this: list what could come */
};

struct gw_sync_options {
	bool dry_run;           /* look and tell, change nothing anywhere */
	bool full;              /* read both sides in full whatever cursors say */
	bool accept_deletions;  /* carry out the deletions that an earlier run held back */
	bool restore_deletions; /* take them back: upload what is here again */
	bool accept_uploads;    /* send what an earlier run held back */
	bool same_account;      /* another user or host is the account of the state all the same */
	bool verify;            /* compare and tell (GW_SYNC_FINDING) instead; set full, too */
	bool verify_bodies;     /* contents as well: fetches every message */
	bool now;               /* even if the provider asked for a pause that is not over */
	bool newest_first; /* of all mailboxes, before anything older of one: time may be short */
	bool repair;       /* what does not agree leaves the state: the next sync joins it anew */
	const char *const *folders; /* only these (names as shown, patterns allowed); NULL: all */
	size_t folder_count;
	const struct gw_sync_restore *restore; /* only that, and POP3 only; NULL: a sync */
	struct gw_warm *warm;                  /* a watcher's connection, for its own syncs; NULL */
};

/* Running totals of a sync. */
struct gw_sync_counts {
	uint64_t mailboxes;         /* that belong to the account here */
	uint64_t mailboxes_changed; /* that had to be looked at */
	uint64_t mailboxes_done;
	uint64_t mailboxes_created;
	uint64_t mailboxes_made, mailboxes_renamed,
		mailboxes_deleted;        /* made there; on either side */
	uint64_t to_download, downloaded; /* messages */
	uint64_t
		expected; /* messages in mailboxes that are yet to be looked at, about: by the server's counts */
	uint64_t bytes_to_download, bytes_downloaded; /* of mail; by RFC822.SIZE, and received */
	uint64_t to_upload, uploaded, bytes_uploaded; /* messages; bytes as sent */
	uint64_t paired;                              /* joined with a file that was here already */
	uint64_t flags_changed;                       /* files whose flags changed */
	uint64_t flags_sent;    /* messages whose flags changed on the server */
	uint64_t deleted;       /* files that went to the attic */
	uint64_t deleted_there; /* messages deleted on the server */
	uint64_t moved;     /* from one mailbox to another, on either side, without their body */
	uint64_t copied;    /* likewise, on the server */
	uint64_t held;      /* deletions held back now */
	uint64_t expired;   /* files that left the window */
	uint64_t kept;      /* gone there, changed here, and left alone */
	uint64_t findings;  /* what verify found that should not be */
	uint64_t due;       /* what verify found that the next sync carries over */
	uint64_t problems;  /* reported; the exit status is not 0 */
	uint64_t waiting;   /* changes here that `direction` keeps from the server */
	uint64_t postponed; /* messages that wait, since the day's bandwidth is nearly used up */
	uint64_t unsettled; /* mailboxes that kept changing: another sync should follow soon */
	uint64_t wire_received, wire_sent; /* bytes, TLS included */
};

/* Was any message or mailbox changed, on either side? */
bool gw_sync_changed(const struct gw_sync_counts *counts);

/* What is done to one message, and why; in a dry run, what would be. */
struct gw_sync_step {
	const char *what; /* one word: fetch, join, upload, refuse, keep, leave, expire, flags-here,
			   * flags-there, move-here, move-there, delete-here, delete-there,
			   * replace-there, hold-here, hold-there; of a restore: restorable (it was
			   * deleted here, and is there), aside (it could not be fetched), gone (it is
			   * not there any more), restore (it is fetched) */
	const char *text; /* the same in words */
	uint32_t uid;     /* 0: not on the server */
	const char *file; /* its name in cur/ or new/; NULL: not here */
	const char *from; /* the mailbox that it leaves, as shown; NULL: none */
	const char *flags; /* "+\\Seen -work": what it gets and loses; NULL */
	uint64_t size;     /* bytes; 0: not of interest */
	const char *id;    /* stands for its Message-ID (store/journal.h); NULL: not known */
	bool repeated;     /* an earlier run said so already */
	const char *sender, *subject; /* of a restore, as are these; "": not known */
	int64_t at;                   /* when it was fetched */
};

enum gw_sync_event_type {
	GW_SYNC_STAGE,    /* text: what begins now */
	GW_SYNC_PROGRESS, /* counts changed */
	GW_SYNC_MAILBOX,  /* mailbox is in step; the changes of this one are in `delta` */
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
	const char *text; /* STAGE, NEW; PLAN: what would be done to the mailbox as a whole (delta
			     NULL) */
	const char *mailbox; /* as shown */
	const struct gw_sync_counts *delta;
	const struct gw_sync_step *step;
	const struct gw_error *err;
	bool old; /* NEW: of a mailbox that was never in step, so its mail may be of any age */
};

typedef void gw_sync_cb(void *ctx, const struct gw_sync_event *ev);

/* account, options and log are borrowed and outlive the sync.  GW_OK: GW_SYNC_DONE comes exactly
 * once, later, after which the sync is freed.  GW_ERR_LOCKED, GW_ERR_DISK, GW_ERR_STATE,
 * GW_ERR_TLS, GW_ERR_CONFIG, GW_ERR_NOMEM: cb is never called. */
enum gw_code gw_sync_start(struct uv_loop_s *loop, const struct gw_account *account,
	const struct gw_sync_options *options, const struct gw_log *log, gw_sync_cb *cb, void *ctx,
	struct gw_sync **out, struct gw_error *err);

/* Asks it to finish the batch at hand and leave; GW_SYNC_DONE brings GW_ERR_CANCELLED. */
void gw_sync_stop(struct gw_sync *sync);
