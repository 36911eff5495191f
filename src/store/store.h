/* SPDX-License-Identifier: ISC */
/* store/store.h - an account's state: what both sides agreed on when they were last in step.
 *
 * One SQLite file; blocking; used by one thread at a time.  Schema: db.c.
 */
#pragma once

#include "base/fs.h"

#include <stdint.h>

struct gw_store;

enum gw_store_mode {
	GW_STORE_READ,  /* changes nothing on disk, unless an interrupted run left a log or an older
			 * godwit made the file */
	GW_STORE_WRITE, /* creates or migrates the file if necessary */
};

/* Opens the file.  GW_STORE_READ without a file, or with an empty one: GW_OK and *out NULL.
 * GW_ERR_CORRUPT: it is damaged; GW_ERR_STATE: a newer godwit made it; GW_ERR_DISK. */
enum gw_code gw_store_open(
	const char *path, enum gw_store_mode mode, struct gw_store **out, struct gw_error *err);
void gw_store_close(struct gw_store *store);

/* Renames a damaged file and its side files; aside receives the new name. */
enum gw_code gw_store_set_aside(
	const char *path, char *aside, size_t aside_size, struct gw_error *err);

enum gw_code gw_store_begin(struct gw_store *store, struct gw_error *err);
enum gw_code gw_store_commit(struct gw_store *store, struct gw_error *err);
void gw_store_rollback(struct gw_store *store);

/* --- facts of the account ------------------------------------------------------------------ */

/* Appends the value of that name to out; nothing if there is none. */
enum gw_code gw_store_fact(
	struct gw_store *store, const char *name, struct gw_buf *out, struct gw_error *err);
/* Reads a number; 0 if there is none, or it is not a number. */
enum gw_code gw_store_fact_number(
	struct gw_store *store, const char *name, int64_t *out, struct gw_error *err);
enum gw_code gw_store_set_fact(
	struct gw_store *store, const char *name, const char *value, struct gw_error *err);

#define GW_FACT_ACCOUNT_ID "account-id"
#define GW_FACT_GENERATION "generation"
#define GW_FACT_CHANGED \
	"changed" /* seconds since the epoch of the last run that changed anything */
#define GW_FACT_NOT_BEFORE \
	"not-before" /* when the provider's requested pause ends; seconds since the epoch */
#define GW_FACT_IN_STEP "in-step" /* "1": a run once completed the account */
#define GW_FACT_USER "user"       /* the user and host that the state belongs to */
#define GW_FACT_HOST "host"
#define GW_FACT_TAGS "tags"     /* notmuch's revision up to which its tags were read */
#define GW_FACT_MODSEQ "modseq" /* the account's (plan/modseq.h): changes up to it were seen */
#define GW_FACT_CAPS "caps"     /* what the server announced after login */
#define GW_FACT_CAPS_BEFORE "caps-before" /* and before login, if its greeting did not */
#define GW_FACT_MUTED "muted"       /* mailboxes whose STATUS ends the connection (sync/mute.c) */
#define GW_FACT_PULL_AGE "pull-age" /* POP3: how long the account has lived (plan/pull.h) */
#define GW_FACT_PULL_MARKS \
	"pull-marks" /* "no": EXPIRE 0 does not mean that fetched mail is hidden */
#define GW_FACT_PULL_SIZES "pull-sizes"     /* "lie": LIST's sizes are useless */
#define GW_FACT_PULL_OFFER "pull-offer"     /* the server's answer to CAPA (pull/offer.c) */
#define GW_FACT_PULL_DELETES "pull-deletes" /* "yes": local deletions since then are carried over */
#define GW_FACT_QUIRKS "quirks"             /* announced capabilities that fail (imap/quirks.h) */

/* --- mailboxes ------------------------------------------------------------------------------ */

struct gw_mailbox_row {
	int64_t id;        /* 0: not stored yet */
	char *remote_name; /* as on the wire */
	char delimiter;
	char *local_dir;      /* relative to the root */
	unsigned special_use; /* enum gw_list_attr */
	uint32_t uidvalidity; /* 0: never synchronized */
	uint32_t uidnext;
	uint64_t highestmodseq; /* 0: the server has none */
	uint32_t messages;
	uint64_t inode;  /* of its directory */
	int64_t full_at; /* when it was last read in full, seconds since the epoch */
	/* At the last trusted look at its files; without times: none, but these were its directories. */
	struct gw_stamp cur, new;
	uint32_t shows;     /* apparent limit on messages shown (plan/sight.h); 0: none */
	uint64_t object_id; /* hash of its MAILBOXID (RFC 8474); 0: unknown */
	uint32_t window;    /* hash of the window last applied */
	int64_t missing_at; /* when it was first missing on one side; 0: present */
	uint32_t hidden;    /* messages that exist but are not shown, if `shows` is not 0 */
	uint32_t pending;   /* uploads that an earlier run did not finish */
	uint32_t held_gone, held_here; /* deletions held back: gone there, or here */
	uint32_t held_uploads;         /* files held back */
	uint32_t deleted_recently;     /* on either side, since the time given */
	uint32_t suspects;             /* places at which a connection broke */
	uint32_t set_aside, refused;   /* messages, and files, that cannot be transferred */
	uint32_t deleted_kept;         /* as far back as recorded: a day */
	int64_t refused_at;            /* when the earliest refused file was last refused */
	uint32_t unstored;             /* messages whose flag changes the server did not store */
	uint32_t unstored_due;         /* of those, due to be sent or asked for in the next run */
	uint32_t keywords_refused;     /* that the server does not store */
	int64_t keywords_refused_at;   /* when the earliest of them was last refused */
	uint32_t crowded; /* notes on the mailbox itself: more keywords than can be kept */
};

typedef enum gw_code gw_mailbox_cb(void *ctx, const struct gw_mailbox_row *row);

/* Calls cb for each mailbox.  recent: deleted_recently counts from here; seconds since the
 * epoch. */
enum gw_code gw_store_mailboxes(
	struct gw_store *store, int64_t recent, gw_mailbox_cb *cb, void *ctx, struct gw_error *err);

/* Appends the mailbox's directory; nothing if there is no such mailbox. */
enum gw_code gw_store_mailbox_dir(
	struct gw_store *store, int64_t mailbox, struct gw_buf *out, struct gw_error *err);

/* Adds the row and sets its id. */
enum gw_code gw_store_mailbox_add(
	struct gw_store *store, struct gw_mailbox_row *row, struct gw_error *err);

/* Updates the row except for its names. */
enum gw_code gw_store_mailbox_update(
	struct gw_store *store, const struct gw_mailbox_row *row, struct gw_error *err);

/* Renames a mailbox.  If another mailbox still has one of the names, it is about to be renamed,
 * too: it gets unused names until then. */
enum gw_code gw_store_mailbox_rename(struct gw_store *store, int64_t mailbox,
	const char *remote_name, const char *local_dir, struct gw_error *err);
enum gw_code gw_store_mailbox_missing(
	struct gw_store *store, int64_t mailbox, int64_t at, struct gw_error *err);
/* Notes that a row contradicts the server: with labels, the next run reads the whole mailbox. */
enum gw_code gw_store_mailbox_doubt(struct gw_store *store, int64_t mailbox, struct gw_error *err);
/* Resets a mailbox to never synchronized, but refuses its files for good (GW_REFUSED_FOR_GOOD). */
enum gw_code gw_store_mailbox_keep_files(
	struct gw_store *store, int64_t mailbox, const char *reason, struct gw_error *err);
/* Deletes a mailbox and everything stored about it. */
enum gw_code gw_store_mailbox_drop(struct gw_store *store, int64_t mailbox, struct gw_error *err);

/* A mailbox or directory that is not synchronized as a whole (sync/held.c). */
struct gw_held_mailbox {
	const char *name; /* borrowed, as is reason */
	int64_t at;       /* seconds since the epoch, or 0 */
	uint64_t listed;
	const char *reason;
};

typedef enum gw_code gw_held_mailbox_cb(void *ctx, const struct gw_held_mailbox *row);

enum gw_code gw_store_held_mailboxes(
	struct gw_store *store, gw_held_mailbox_cb *cb, void *ctx, struct gw_error *err);
enum gw_code gw_store_held_mailboxes_clear(struct gw_store *store, struct gw_error *err);
enum gw_code gw_store_held_mailbox_put(
	struct gw_store *store, const struct gw_held_mailbox *row, struct gw_error *err);

typedef enum gw_code gw_keyword_cb(void *ctx, unsigned index, const char *name);

typedef enum gw_code gw_mailbox_keyword_cb(
	void *ctx, int64_t mailbox, const char *remote_name, unsigned index, const char *name);

/* Reads those of all mailboxes, one mailbox after the other, from this index on. */
enum gw_code gw_store_keywords_from(struct gw_store *store, unsigned index,
	gw_mailbox_keyword_cb *cb, void *ctx, struct gw_error *err);
enum gw_code gw_store_keywords(struct gw_store *store, int64_t mailbox, gw_keyword_cb *cb,
	void *ctx, struct gw_error *err);
enum gw_code gw_store_keyword_put(struct gw_store *store, int64_t mailbox, unsigned index,
	const char *name, struct gw_error *err);

typedef enum gw_code gw_refused_keyword_cb(void *ctx, const char *name, int64_t at);

/* Records a keyword that the server did not store; at: seconds since the epoch. */
enum gw_code gw_store_keyword_refuse(struct gw_store *store, int64_t mailbox, const char *name,
	int64_t at, const char *reason, struct gw_error *err);
/* Deletes that record: the server stores the keyword after all. */
enum gw_code gw_store_keyword_taken(
	struct gw_store *store, int64_t mailbox, const char *name, struct gw_error *err);
enum gw_code gw_store_keywords_refused(struct gw_store *store, int64_t mailbox,
	gw_refused_keyword_cb *cb, void *ctx, struct gw_error *err);

/* --- messages ------------------------------------------------------------------------------- */

enum gw_row_state {
	GW_ROW_PAIRED = 0,      /* base_name is its file */
	GW_ROW_UNFETCHABLE = 1, /* the server does not deliver it; no file */
	GW_ROW_LEFT = 2,        /* deleted here but left on the server; no file */
	GW_ROW_OUTSIDE = 3,     /* outside the window, or too large; no file */
	GW_ROW_HIDDEN = 4,      /* exists, but is not shown; base_name is its file */
};

enum { GW_STORE_HASH = 16 };

struct gw_message_row {
	uint32_t uid;
	enum gw_row_state state;
	const char *base_name; /* borrowed; NULL: no file */
	uint64_t flags;        /* base/flagset.h, with the mailbox's keywords */
	uint64_t size;         /* RFC822.SIZE */
	int64_t date;          /* INTERNALDATE; 0: unknown */
	const uint8_t *header_hash, *body_hash, *msgid_hash; /* borrowed; NULL: unknown */
	bool copied;        /* we copied it on the server, from another mailbox */
	uint64_t global_id; /* the same in all its mailboxes (X-GM-MSGID); 0: unknown */
};

typedef enum gw_code gw_message_cb(void *ctx, const struct gw_message_row *row);

enum gw_store_order { GW_BY_UID, GW_BY_NAME /* only those with a file */ };

enum gw_code gw_store_messages(struct gw_store *store, int64_t mailbox, enum gw_store_order order,
	gw_message_cb *cb, void *ctx, struct gw_error *err);

enum gw_code gw_store_message_add(struct gw_store *store, int64_t mailbox,
	const struct gw_message_row *row, struct gw_error *err);
enum gw_code gw_store_message_flags(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t flags, struct gw_error *err);
/* Updates only the bits of mask. */
enum gw_code gw_store_message_flag_bits(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t mask, uint64_t flags, struct gw_error *err);
/* Changes a row's state and keeps its file name. */
enum gw_code gw_store_message_state(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_row_state state, struct gw_error *err);
/* Changes a row's state to one without a file, and clears its file name. */
enum gw_code gw_store_message_leave(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_row_state state, struct gw_error *err);
/* Reads one row, if it exists. */
enum gw_code gw_store_message(struct gw_store *store, int64_t mailbox, uint32_t uid,
	gw_message_cb *cb, void *ctx, struct gw_error *err);
/* Finds out whether another mailbox has, with a file, a copy that we made of a message with these
 * hashes. */
enum gw_code gw_store_has_copy(struct gw_store *store, int64_t mailbox, const uint8_t *header_hash,
	const uint8_t *body_hash, bool *found, struct gw_error *err);

typedef enum gw_code gw_twin_cb(void *ctx, int64_t mailbox, const struct gw_message_row *row);

/* Reads every row with a file, in any mailbox, for finding copies.  Scans the whole table. */
enum gw_code gw_store_all_messages(
	struct gw_store *store, gw_twin_cb *cb, void *ctx, struct gw_error *err);

/* Reads all rows with one global id: a Gmail message in each of its mailboxes. */
enum gw_code gw_store_siblings(struct gw_store *store, uint64_t global_id, gw_twin_cb *cb,
	void *ctx, struct gw_error *err);
enum gw_code gw_store_message_global(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t global_id, struct gw_error *err);

enum gw_code gw_store_message_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);

struct gw_rekey {
	uint32_t old_uid, new_uid; /* new_uid 0: the row has no partner and is dropped */
};

/* Assigns new UIDs to a mailbox's rows; drops rows that are not listed. */
enum gw_code gw_store_rekey(struct gw_store *store, int64_t mailbox, const struct gw_rekey *map,
	size_t count, struct gw_error *err);

/* --- uploads --------------------------------------------------------------------------------- */

/* A message about to be sent, or sent without our having seen the answer. */
struct gw_pending_row {
	uint32_t uidvalidity, uidnext; /* of the mailbox before sending */
	uint32_t letters;              /* in its file's name, but another mailbox's: bit 0 is 'a' */
	uint64_t meant;                /* keywords those letters mean, as this mailbox's bits */
	unsigned answered; /* times it was sent and answered OK without appearing there */
	/* copied: made on the server from another message; uid and state are unused */
	struct gw_message_row message;
};

typedef enum gw_code gw_pending_cb(void *ctx, const struct gw_pending_row *row);

enum gw_code gw_store_pending_put(struct gw_store *store, int64_t mailbox,
	const struct gw_pending_row *row, struct gw_error *err);
enum gw_code gw_store_pending_drop(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err);
enum gw_code gw_store_pending(struct gw_store *store, int64_t mailbox, gw_pending_cb *cb, void *ctx,
	struct gw_error *err);

/* Counts one more OK to sending the message that did not say where it is. */
enum gw_code gw_store_pending_answered(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err);

typedef enum gw_code gw_sent_cb(void *ctx, uint32_t uid);

/* Rows whose upload was answered OK with this UID, on the times-th sending, but which no listing
 * has shown yet. */
enum gw_code gw_store_sent_put(struct gw_store *store, int64_t mailbox, uint32_t uid,
	unsigned times, struct gw_error *err);
enum gw_code gw_store_sent_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
enum gw_code gw_store_sent(
	struct gw_store *store, int64_t mailbox, gw_sent_cb *cb, void *ctx, struct gw_error *err);
/* Makes such a message pending again, as possibly received since the mailbox had these cursors.
 * Keeps the row. */
enum gw_code gw_store_sent_back(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint32_t uidvalidity, uint32_t uidnext, struct gw_error *err);

typedef enum gw_code gw_refused_cb(void *ctx, const char *base_name, int64_t at, uint32_t uid);

/* As a time: never tried again. */
#define GW_REFUSED_FOR_GOOD (INT64_MAX / 2)
/* As a time: never sent; waits for the user. */
#define GW_REFUSED_HELD (INT64_MAX / 2 + 1)
/* As a time: sent and answered OK, but not found there; reported in every run. */
#define GW_REFUSED_SENT (INT64_MAX / 2 - 1)
/* As a time: tried and reported in every run, since that sends no message. */
#define GW_REFUSED_SOON 0

/* Records a file that the server refused; at: seconds since the epoch.  uid: the message that it
 * was merged with, which has another file; 0: none. */
enum gw_code gw_store_refuse(struct gw_store *store, int64_t mailbox, const char *base_name,
	int64_t at, uint32_t uid, const char *reason, struct gw_error *err);
enum gw_code gw_store_unrefuse(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err);
enum gw_code gw_store_refused(struct gw_store *store, int64_t mailbox, gw_refused_cb *cb, void *ctx,
	struct gw_error *err);

/* --- where a connection broke (plan/isolate.h) ------------------------------------------------ */

struct gw_suspect_row {
	unsigned what; /* enum gw_suspicion */
	uint32_t lo, hi;
	const char *name; /* borrowed; "": none */
	unsigned times;   /* with the same `seen`; not used when stored */
	unsigned alone;   /* of these, alone (plan/isolate.h); 0 or 1 when stored */
	bool aside;       /* judged; not used when stored */
	int64_t at;       /* last time, seconds since the epoch */
	uint64_t seen;    /* hash of what the server said of the mailbox then */
	const char *reason;
};

typedef enum gw_code gw_suspect_cb(void *ctx, const struct gw_suspect_row *row);

/* Records that a connection broke there: for the first time, or once more; row->alone: nothing else
 * was asked for. */
enum gw_code gw_store_suspect(struct gw_store *store, int64_t mailbox,
	const struct gw_suspect_row *row, struct gw_error *err);
/* Sets every suspect of the kind aside. */
enum gw_code gw_store_convict(
	struct gw_store *store, int64_t mailbox, unsigned what, int64_t at, struct gw_error *err);
/* Drops every suspect of the kind. */
enum gw_code gw_store_acquit(
	struct gw_store *store, int64_t mailbox, unsigned what, struct gw_error *err);
enum gw_code gw_store_suspects(struct gw_store *store, int64_t mailbox, gw_suspect_cb *cb,
	void *ctx, struct gw_error *err);

/* --- deletions ------------------------------------------------------------------------------- */

enum gw_side { GW_GONE_THERE, GW_GONE_HERE };

/* Records a message that is gone on one side, and stays on the other until the user decides. */
enum gw_code gw_store_hold_deletion(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_side side, struct gw_error *err);
enum gw_code gw_store_unhold_deletion(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);

typedef enum gw_code gw_held_deletion_cb(void *ctx, uint32_t uid, enum gw_side side);

enum gw_code gw_store_held_deletions(struct gw_store *store, int64_t mailbox,
	gw_held_deletion_cb *cb, void *ctx, struct gw_error *err);

/* Records one deletion, on either side, at that time. */
enum gw_code gw_store_deleted_add(
	struct gw_store *store, int64_t mailbox, int64_t at, struct gw_error *err);
/* Deletes the records of deletions up to at. */
enum gw_code gw_store_deleted_purge(struct gw_store *store, int64_t at, struct gw_error *err);

/* --- what crossed the wire ------------------------------------------------------------------- */

/* Days since the epoch (UTC). */
int64_t gw_store_today(void);

/* Reads the bytes of one day; 0 if nothing is known. */
enum gw_code gw_store_day(
	struct gw_store *store, int64_t day, uint64_t *down, uint64_t *up, struct gw_error *err);
enum gw_code gw_store_day_add(
	struct gw_store *store, int64_t day, uint64_t down, uint64_t up, struct gw_error *err);

/* --- notmuch's tags ----------------------------------------------------------------------------
 */

/* Tags that a message gains and loses, following its labels; bits of the mailbox's keywords. */
struct gw_retag {
	int64_t mailbox;
	uint32_t uid;
	uint64_t gains, loses;
	bool own; /* including the label of its own mailbox */
};

/* Merges the change into what is stored for the message. */
enum gw_code gw_store_retag(
	struct gw_store *store, const struct gw_retag *retag, struct gw_error *err);
/* Deletes what is stored for the message: it was carried out. */
enum gw_code gw_store_retagged(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
/* Stores for every message with a file that it gains all its tags. */
enum gw_code gw_store_retag_all(struct gw_store *store, struct gw_error *err);

typedef enum gw_code gw_retag_cb(void *ctx, const struct gw_retag *retag);

/* Reads them by mailbox, then by UID; their messages may be gone. */
enum gw_code gw_store_retags(
	struct gw_store *store, gw_retag_cb *cb, void *ctx, struct gw_error *err);

/* Records that a message lost a label by leaving a mailbox, unless another mailbox still shows
 * it. */
enum gw_code gw_store_untag(
	struct gw_store *store, uint64_t global_id, const char *label, struct gw_error *err);
/* Deletes that record: it was carried out. */
enum gw_code gw_store_untagged(
	struct gw_store *store, uint64_t global_id, const char *label, struct gw_error *err);

/* label is valid during the call. */
typedef enum gw_code gw_untag_cb(void *ctx, uint64_t global_id, const char *label);

enum gw_code gw_store_untags(
	struct gw_store *store, gw_untag_cb *cb, void *ctx, struct gw_error *err);

/* --- POP3: messages of the maildrop (plan/pull.h) ----------------------------------------------- */

struct gw_pulled_row {
	int64_t id;           /* the caller's choice, from 1 */
	struct gw_slice uidl; /* borrowed; any bytes; .n 0: none that counts */
	uint64_t size;        /* as listed; 0: unknown */
	unsigned state;       /* enum gw_pull_state */
	const uint8_t *header_hash, *body_hash, *msgid_hash; /* borrowed; NULL: unknown */
	const char *base_name;                               /* borrowed; NULL: no file */
	uint64_t dir_inode; /* of the mailbox's directory where the file was seen; 0: unknown */
	int64_t first_seen, delivered_at, deleted_at, listed_at; /* seconds; 0: never */
	int64_t delivered_age;
	bool sealed, is_short;
	unsigned tries;
	int64_t tried_at;
	const char *reason; /* borrowed; "": none */
};

typedef enum gw_code gw_pulled_cb(void *ctx, const struct gw_pulled_row *row);

enum gw_code gw_store_pulled(
	struct gw_store *store, gw_pulled_cb *cb, void *ctx, struct gw_error *err);
/* Adds the row, or replaces the one with its id. */
enum gw_code gw_store_pulled_put(
	struct gw_store *store, const struct gw_pulled_row *row, struct gw_error *err);
enum gw_code gw_store_pulled_drop(struct gw_store *store, int64_t id, struct gw_error *err);
/* Counts the rows with a file. */
enum gw_code gw_store_pulled_count(struct gw_store *store, uint64_t *count, struct gw_error *err);

/* --- flags that were changed here, and that the server does not have -------------------------- */

enum { GW_STORE_TRIES = 3 }; /* runs in a row; rarely after that */

struct gw_unstored_row {
	uint32_t uid;
	bool waits; /* the server announces that it does not store them: not sent */
	uint64_t flags;
	unsigned tries;
	const char *reason; /* borrowed; not set when rows are read */
};

typedef enum gw_code gw_unstored_cb(void *ctx, const struct gw_unstored_row *row);

/* Reads the rows by UID, those that do not wait first. */
enum gw_code gw_store_unstored(struct gw_store *store, int64_t mailbox, gw_unstored_cb *cb,
	void *ctx, struct gw_error *err);
/* Adds the row, or replaces the one of its kind. */
enum gw_code gw_store_unstored_put(struct gw_store *store, int64_t mailbox,
	const struct gw_unstored_row *row, struct gw_error *err);
enum gw_code gw_store_unstored_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, bool waits, struct gw_error *err);
enum gw_code gw_store_unstored_drop_all(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);

/* --- what goes to the trash of the server ----------------------------------------------------- */

/* A message that is about to go there, or went without our having seen the answer. */
struct gw_trashing_row {
	uint32_t uid;
	uint32_t uidvalidity,
		uidnext; /* of the trash before that; 0 and 1: not known, or not made yet */
};

typedef enum gw_code gw_trashing_cb(void *ctx, const struct gw_trashing_row *row);

/* Sorted by UID.  A row goes with that of its message. */
enum gw_code gw_store_trashing(struct gw_store *store, int64_t mailbox, gw_trashing_cb *cb,
	void *ctx, struct gw_error *err);
enum gw_code gw_store_trashing_put(struct gw_store *store, int64_t mailbox,
	const struct gw_trashing_row *row, struct gw_error *err);
enum gw_code gw_store_trashing_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);

/* --- what was held back or refused ---------------------------------------------------------- */

typedef enum gw_code gw_held_cb(void *ctx, const char *remote_name, uint32_t uid,
	const char *base_name, const char *reason);

enum gw_code gw_store_hold(struct gw_store *store, int64_t mailbox, uint32_t uid,
	const char *base_name, const char *reason, struct gw_error *err);
enum gw_code gw_store_unhold(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
/* Deletes the notes on a message, except any with a file name: those last as long as the
 * message. */
enum gw_code gw_store_unhold_passing(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
enum gw_code gw_store_held(struct gw_store *store, gw_held_cb *cb, void *ctx, struct gw_error *err);

/* Counts a mailbox's messages with a file. */
enum gw_code gw_store_count(
	struct gw_store *store, int64_t mailbox, uint64_t *paired, struct gw_error *err);
/* Likewise, those with one of these flags. */
enum gw_code gw_store_count_flagged(struct gw_store *store, int64_t mailbox, uint64_t flags,
	uint64_t *messages, struct gw_error *err);
/* And of those that are not fetched (GW_ROW_OUTSIDE). */
enum gw_code gw_store_count_outside(
	struct gw_store *store, int64_t mailbox, uint64_t *outside, struct gw_error *err);
