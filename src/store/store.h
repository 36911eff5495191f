/* store/store.h - an account's state: what both sides agreed on when they were last in step.
 *
 * One SQLite file, blocking, used by one thread at a time.  Schema: db.c.
 */
#pragma once

#include "base/fs.h"

#include <stdint.h>

struct gw_store;

enum gw_store_mode {
	GW_STORE_READ,  /* changes nothing on disk, unless an interrupted run left a log or an
			 * older godwit made it */
	GW_STORE_WRITE, /* made or migrated if need be */
};

/* Opens the file.  GW_STORE_READ with no file, or an empty one: GW_OK and *out NULL.
 * GW_ERR_CORRUPT when it is damaged; GW_ERR_STATE when it was made by a newer godwit;
 * GW_ERR_DISK. */
enum gw_code gw_store_open(
	const char *path, enum gw_store_mode mode, struct gw_store **out, struct gw_error *err);
void gw_store_close(struct gw_store *store);

/* Renames a damaged file (and its side files) out of the way; aside gets the new name. */
enum gw_code gw_store_set_aside(
	const char *path, char *aside, size_t aside_size, struct gw_error *err);

enum gw_code gw_store_begin(struct gw_store *store, struct gw_error *err);
enum gw_code gw_store_commit(struct gw_store *store, struct gw_error *err);
void gw_store_rollback(struct gw_store *store);

/* --- facts of the account ------------------------------------------------------------------ */

/* A named value, appended to out; nothing when there is none. */
enum gw_code gw_store_fact(
	struct gw_store *store, const char *name, struct gw_buf *out, struct gw_error *err);
/* A number; 0 when there is none, or something else stands there. */
enum gw_code gw_store_fact_number(
	struct gw_store *store, const char *name, int64_t *out, struct gw_error *err);
enum gw_code gw_store_set_fact(
	struct gw_store *store, const char *name, const char *value, struct gw_error *err);

#define GW_FACT_ACCOUNT_ID "account-id"
#define GW_FACT_GENERATION "generation"
#define GW_FACT_CHANGED \
	"changed" /* seconds since the epoch of the last run that changed anything */
#define GW_FACT_NOT_BEFORE \
	"not-before" /* seconds since the epoch: the provider asked not to be asked sooner */
#define GW_FACT_IN_STEP "in-step" /* "1": a run has seen the account through */
#define GW_FACT_USER "user"       /* whose account it is, and where */
#define GW_FACT_HOST "host"
#define GW_FACT_TAGS "tags"     /* notmuch's revision, as far as its tags were read */
#define GW_FACT_MODSEQ "modseq" /* of the account (plan/modseq.h): what changed up to it was seen */
#define GW_FACT_CAPS "caps"     /* what the server announced after login */
#define GW_FACT_CAPS_BEFORE "caps-before" /* and before it, where its greeting tells none */
#define GW_FACT_MUTED "muted"       /* mailboxes whose STATUS ends the connection (sync/mute.c) */
#define GW_FACT_PULL_AGE "pull-age" /* POP3: how long the account has lived (plan/pull.h) */
#define GW_FACT_PULL_MARKS \
	"pull-marks" /* "no": EXPIRE 0 does not mean that what was fetched is not shown again */
#define GW_FACT_PULL_SIZES "pull-sizes" /* "lie": LIST's are no measure */
#define GW_FACT_PULL_OFFER "pull-offer" /* what the server answered to CAPA (pull/offer.c) */
#define GW_FACT_PULL_DELETES \
	"pull-deletes"          /* "yes": what is deleted here since then is to go there, too */
#define GW_FACT_QUIRKS "quirks" /* and what of that it does not do (imap/quirks.h) */

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
	uint64_t inode;           /* of its directory */
	int64_t full_at;          /* when it was last looked at in full, seconds since the epoch */
	struct gw_stamp cur, new; /* of the last trusted look at its files; zero: none */
	uint32_t shows;           /* messages at most, it seems (plan/sight.h); 0: all */
	uint64_t object_id;       /* stands for its MAILBOXID (RFC 8474); 0: not known */
	uint32_t window;          /* stands for the window that it was last brought in line with */
	int64_t missing_at;       /* when it was first missing on one side; 0: it is not */
	uint32_t hidden;  /* messages that it has and does not show, where `shows` is not 0 */
	uint32_t pending; /* uploads that an earlier run did not see through */
	uint32_t held_gone, held_here; /* deletions held back: gone there, or here */
	uint32_t held_uploads;         /* files held back */
	uint32_t deleted_recently;     /* on either side, since the time asked for */
	uint32_t suspects;             /* a connection broke at something in it */
	uint32_t set_aside, refused;   /* messages, and files, that cannot cross */
	uint32_t deleted_kept;         /* as far back as is remembered: a day */
	int64_t refused_at;            /* when the first of these files was refused last */
	uint32_t unstored;             /* messages whose flags were changed here alone */
	uint32_t unstored_due;         /* likewise, to be sent, or asked for, in the next run */
	uint32_t keywords_refused;     /* that the server does not store */
	int64_t keywords_refused_at;   /* when the first of them was refused last */
};

typedef enum gw_code gw_mailbox_cb(void *ctx, const struct gw_mailbox_row *row);

/* recent: seconds since the epoch from which deleted_recently counts. */
enum gw_code gw_store_mailboxes(
	struct gw_store *store, int64_t recent, gw_mailbox_cb *cb, void *ctx, struct gw_error *err);

/* Appends the directory of a mailbox; nothing when there is none. */
enum gw_code gw_store_mailbox_dir(
	struct gw_store *store, int64_t mailbox, struct gw_buf *out, struct gw_error *err);

/* Adds the row and sets its id. */
enum gw_code gw_store_mailbox_add(
	struct gw_store *store, struct gw_mailbox_row *row, struct gw_error *err);

/* Stores everything of the row but its names. */
enum gw_code gw_store_mailbox_update(
	struct gw_store *store, const struct gw_mailbox_row *row, struct gw_error *err);

/* It has other names now.  Another one that still has one of them is about to be renamed, too: it
 * gets names that nothing has. */
enum gw_code gw_store_mailbox_rename(struct gw_store *store, int64_t mailbox,
	const char *remote_name, const char *local_dir, struct gw_error *err);
enum gw_code gw_store_mailbox_missing(
	struct gw_store *store, int64_t mailbox, int64_t at, struct gw_error *err);
/* A row says something else than the server told: with labels, the next look is one at everything. */
enum gw_code gw_store_mailbox_doubt(struct gw_store *store, int64_t mailbox, struct gw_error *err);
/* It is as if it had never been synchronized, but that its files are refused for good
 * (GW_REFUSED_FOR_GOOD). */
enum gw_code gw_store_mailbox_keep_files(
	struct gw_store *store, int64_t mailbox, const char *reason, struct gw_error *err);
/* Nothing is remembered of it. */
enum gw_code gw_store_mailbox_drop(struct gw_store *store, int64_t mailbox, struct gw_error *err);

/* A mailbox or directory that is out of step as a whole (sync/held.c). */
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

enum gw_code gw_store_keywords(struct gw_store *store, int64_t mailbox, gw_keyword_cb *cb,
	void *ctx, struct gw_error *err);
enum gw_code gw_store_keyword_put(struct gw_store *store, int64_t mailbox, unsigned index,
	const char *name, struct gw_error *err);

typedef enum gw_code gw_refused_keyword_cb(void *ctx, const char *name, int64_t at);

/* The server did not store it; at: seconds since the epoch.  And it does again. */
enum gw_code gw_store_keyword_refuse(struct gw_store *store, int64_t mailbox, const char *name,
	int64_t at, const char *reason, struct gw_error *err);
enum gw_code gw_store_keyword_taken(
	struct gw_store *store, int64_t mailbox, const char *name, struct gw_error *err);
enum gw_code gw_store_keywords_refused(struct gw_store *store, int64_t mailbox,
	gw_refused_keyword_cb *cb, void *ctx, struct gw_error *err);

/* --- messages ------------------------------------------------------------------------------- */

enum gw_row_state {
	GW_ROW_PAIRED = 0,      /* base_name is its file */
	GW_ROW_UNFETCHABLE = 1, /* the server will not give it; no file */
	GW_ROW_LEFT = 2,        /* deleted here, and left standing there; no file */
	GW_ROW_OUTSIDE = 3,     /* outside the window, or too big; no file */
	GW_ROW_HIDDEN = 4,      /* in the mailbox, which does not show it; base_name is its file */
};

enum { GW_STORE_HASH = 16 };

struct gw_message_row {
	uint32_t uid;
	enum gw_row_state state;
	const char *base_name; /* borrowed; NULL: no file */
	uint64_t flags;        /* base/flagset.h, by the mailbox's keywords */
	uint64_t size;         /* RFC822.SIZE */
	int64_t date;          /* INTERNALDATE; 0: not known */
	const uint8_t *header_hash, *body_hash, *msgid_hash; /* borrowed; NULL: not known */
	bool copied;        /* we made it on the server, of a message in another mailbox */
	uint64_t global_id; /* the message's in all its mailboxes (X-GM-MSGID); 0: not known */
};

typedef enum gw_code gw_message_cb(void *ctx, const struct gw_message_row *row);

enum gw_store_order { GW_BY_UID, GW_BY_NAME /* those with a file only */ };

enum gw_code gw_store_messages(struct gw_store *store, int64_t mailbox, enum gw_store_order order,
	gw_message_cb *cb, void *ctx, struct gw_error *err);

enum gw_code gw_store_message_add(struct gw_store *store, int64_t mailbox,
	const struct gw_message_row *row, struct gw_error *err);
enum gw_code gw_store_message_flags(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t flags, struct gw_error *err);
/* Only the bits of mask. */
enum gw_code gw_store_message_flag_bits(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t mask, uint64_t flags, struct gw_error *err);
/* It has no file any more, for the reason that state gives. */
enum gw_code gw_store_message_state(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_row_state state, struct gw_error *err); /* its name stays */
enum gw_code gw_store_message_leave(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_row_state state, struct gw_error *err);
/* One row, if it is there. */
enum gw_code gw_store_message(struct gw_store *store, int64_t mailbox, uint32_t uid,
	gw_message_cb *cb, void *ctx, struct gw_error *err);
/* Does a copy that we made of a message with these hashes stand in another mailbox, with a file? */
enum gw_code gw_store_has_copy(struct gw_store *store, int64_t mailbox, const uint8_t *header_hash,
	const uint8_t *body_hash, bool *found, struct gw_error *err);

typedef enum gw_code gw_twin_cb(void *ctx, int64_t mailbox, const struct gw_message_row *row);

/* Every row with a file, in any mailbox: for finding copies.  Reads the whole table. */
enum gw_code gw_store_all_messages(
	struct gw_store *store, gw_twin_cb *cb, void *ctx, struct gw_error *err);

/* Those of one global id: a message of Gmail's in its mailboxes. */
enum gw_code gw_store_siblings(struct gw_store *store, uint64_t global_id, gw_twin_cb *cb,
	void *ctx, struct gw_error *err);
enum gw_code gw_store_message_global(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint64_t global_id, struct gw_error *err);

enum gw_code gw_store_message_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);

struct gw_rekey {
	uint32_t old_uid, new_uid; /* new_uid 0: the row has no partner and is dropped */
};

/* Gives the rows of a mailbox other UIDs; rows that are not named are dropped. */
enum gw_code gw_store_rekey(struct gw_store *store, int64_t mailbox, const struct gw_rekey *map,
	size_t count, struct gw_error *err);

/* --- uploads --------------------------------------------------------------------------------- */

/* A message about to be sent, or sent without our having seen the answer. */
struct gw_pending_row {
	uint32_t uidvalidity, uidnext; /* of the mailbox before it was sent */
	uint32_t letters;  /* of its file's name, that are another mailbox's: bit 0 is 'a' */
	uint64_t meant;    /* the keywords that they stand for, by this mailbox's own bits */
	unsigned answered; /* so often it was sent and answered OK, and does not show there */
	/* copied: it is made on the server, of another; uid and state are not used */
	struct gw_message_row message;
};

typedef enum gw_code gw_pending_cb(void *ctx, const struct gw_pending_row *row);

enum gw_code gw_store_pending_put(struct gw_store *store, int64_t mailbox,
	const struct gw_pending_row *row, struct gw_error *err);
enum gw_code gw_store_pending_drop(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err);
enum gw_code gw_store_pending(struct gw_store *store, int64_t mailbox, gw_pending_cb *cb, void *ctx,
	struct gw_error *err);

/* It was answered OK, once (more), and nobody said where it is. */
enum gw_code gw_store_pending_answered(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err);

typedef enum gw_code gw_sent_cb(void *ctx, uint32_t uid);

/* Rows of messages that were answered OK with this UID, the times-th time that they were sent, and that
 * nothing has shown there yet. */
enum gw_code gw_store_sent_put(struct gw_store *store, int64_t mailbox, uint32_t uid,
	unsigned times, struct gw_error *err);
enum gw_code gw_store_sent_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
enum gw_code gw_store_sent(
	struct gw_store *store, int64_t mailbox, gw_sent_cb *cb, void *ctx, struct gw_error *err);
/* It is pending again, as one that may have come since the mailbox had these cursors.  The row stays. */
enum gw_code gw_store_sent_back(struct gw_store *store, int64_t mailbox, uint32_t uid,
	uint32_t uidvalidity, uint32_t uidnext, struct gw_error *err);

typedef enum gw_code gw_refused_cb(void *ctx, const char *base_name, int64_t at, uint32_t uid);

/* As a time: it is not tried again. */
#define GW_REFUSED_FOR_GOOD (INT64_MAX / 2)
/* Likewise: it was never sent, and waits for a person. */
#define GW_REFUSED_HELD (INT64_MAX / 2 + 1)
/* Likewise: it was sent and answered OK, and cannot be found there; it is told of in every run. */
#define GW_REFUSED_SENT (INT64_MAX / 2 - 1)
/* Likewise: it can be tried, and told of, in every run, since no message is sent for that. */
#define GW_REFUSED_SOON 0

/* A file that the server did not take; at: seconds since the epoch.  uid: of the message that it
 * was merged with, which has another file; 0: none. */
enum gw_code gw_store_refuse(struct gw_store *store, int64_t mailbox, const char *base_name,
	int64_t at, uint32_t uid, const char *reason, struct gw_error *err);
enum gw_code gw_store_unrefuse(
	struct gw_store *store, int64_t mailbox, const char *base_name, struct gw_error *err);
enum gw_code gw_store_refused(struct gw_store *store, int64_t mailbox, gw_refused_cb *cb, void *ctx,
	struct gw_error *err);

/* --- what a connection broke at (plan/isolate.h) ----------------------------------------------- */

struct gw_suspect_row {
	unsigned what; /* enum gw_suspicion */
	uint32_t lo, hi;
	const char *name; /* borrowed; "": none */
	unsigned times;   /* with the same `seen`; not used when it is put */
	unsigned alone;   /* of these (plan/isolate.h); when it is put, 0 or 1 */
	bool aside;       /* judged; not used when it is put */
	int64_t at;       /* the last time, seconds since the epoch */
	uint64_t seen;    /* stands for what the server said of the mailbox then */
	const char *reason;
};

typedef enum gw_code gw_suspect_cb(void *ctx, const struct gw_suspect_row *row);

/* It broke there: for the first time, or else alone and so once more, or as before. */
enum gw_code gw_store_suspect(struct gw_store *store, int64_t mailbox,
	const struct gw_suspect_row *row, struct gw_error *err);
/* What of the kind is suspected was judged. */
enum gw_code gw_store_convict(
	struct gw_store *store, int64_t mailbox, unsigned what, int64_t at, struct gw_error *err);
/* Nothing of the kind is suspected any more. */
enum gw_code gw_store_acquit(
	struct gw_store *store, int64_t mailbox, unsigned what, struct gw_error *err);
enum gw_code gw_store_suspects(struct gw_store *store, int64_t mailbox, gw_suspect_cb *cb,
	void *ctx, struct gw_error *err);

/* --- deletions ------------------------------------------------------------------------------- */

enum gw_side { GW_GONE_THERE, GW_GONE_HERE };

/* A message that is gone on one side and stays on the other until a person decides. */
enum gw_code gw_store_hold_deletion(struct gw_store *store, int64_t mailbox, uint32_t uid,
	enum gw_side side, struct gw_error *err);
enum gw_code gw_store_unhold_deletion(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);

typedef enum gw_code gw_held_deletion_cb(void *ctx, uint32_t uid, enum gw_side side);

enum gw_code gw_store_held_deletions(struct gw_store *store, int64_t mailbox,
	gw_held_deletion_cb *cb, void *ctx, struct gw_error *err);

/* One message was deleted on either side at that time; those of `purge` and before are forgotten.
 */
enum gw_code gw_store_deleted_add(
	struct gw_store *store, int64_t mailbox, int64_t at, struct gw_error *err);
enum gw_code gw_store_deleted_purge(struct gw_store *store, int64_t at, struct gw_error *err);

/* --- what crossed the wire ------------------------------------------------------------------- */

/* Days since the epoch (UTC). */
int64_t gw_store_today(void);

/* Bytes of one day; 0 when nothing is known. */
enum gw_code gw_store_day(
	struct gw_store *store, int64_t day, uint64_t *down, uint64_t *up, struct gw_error *err);
enum gw_code gw_store_day_add(
	struct gw_store *store, int64_t day, uint64_t down, uint64_t up, struct gw_error *err);

/* --- notmuch's tags ----------------------------------------------------------------------------
 */

/* What a message's tags gain and lose, as its labels did; as bits of the mailbox's keywords. */
struct gw_retag {
	int64_t mailbox;
	uint32_t uid;
	uint64_t gains, loses;
	bool own; /* and the label that its mailbox is */
};

/* Comes behind what is remembered of it already; that was done. */
enum gw_code gw_store_retag(
	struct gw_store *store, const struct gw_retag *retag, struct gw_error *err);
enum gw_code gw_store_retagged(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
/* Every message that has a file gains what it has. */
enum gw_code gw_store_retag_all(struct gw_store *store, struct gw_error *err);

typedef enum gw_code gw_retag_cb(void *ctx, const struct gw_retag *retag);

/* By mailbox, then by UID; some may be gone. */
enum gw_code gw_store_retags(
	struct gw_store *store, gw_retag_cb *cb, void *ctx, struct gw_error *err);

/* A message left a mailbox, and with it this label, unless another mailbox still tells of it. */
enum gw_code gw_store_untag(
	struct gw_store *store, uint64_t global_id, const char *label, struct gw_error *err);
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
	uint64_t size;        /* as it was listed; 0: not known */
	unsigned state;       /* enum gw_pull_state */
	const uint8_t *header_hash, *body_hash, *msgid_hash; /* borrowed; NULL: not known */
	const char *base_name;                               /* borrowed; NULL: no file */
	uint64_t dir_inode; /* of the mailbox's directory where it was seen; 0: not known */
	int64_t first_seen, delivered_at, deleted_at, listed_at; /* seconds; 0: never */
	int64_t delivered_age;
	bool sealed, is_short;
	unsigned tries;
	int64_t tried_at;
	const char *reason; /* borrowed; "": nothing is told of it */
};

typedef enum gw_code gw_pulled_cb(void *ctx, const struct gw_pulled_row *row);

enum gw_code gw_store_pulled(
	struct gw_store *store, gw_pulled_cb *cb, void *ctx, struct gw_error *err);
/* Adds the row, or replaces the one of its id. */
enum gw_code gw_store_pulled_put(
	struct gw_store *store, const struct gw_pulled_row *row, struct gw_error *err);
enum gw_code gw_store_pulled_drop(struct gw_store *store, int64_t id, struct gw_error *err);
/* Those with a file. */
enum gw_code gw_store_pulled_count(struct gw_store *store, uint64_t *count, struct gw_error *err);

/* --- flags that were changed here, and that the server does not have -------------------------- */

enum { GW_STORE_TRIES = 3 }; /* in so many runs; then only now and then */

struct gw_unstored_row {
	uint32_t uid;
	bool waits; /* the server says that it does not take them: it was not asked */
	uint64_t flags;
	unsigned tries;
	const char *reason; /* borrowed; not told when rows are read */
};

typedef enum gw_code gw_unstored_cb(void *ctx, const struct gw_unstored_row *row);

/* Sorted by UID, those that do not wait first. */
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
/* But not what was held with a name: it lasts for as long as the message. */
enum gw_code gw_store_unhold_passing(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
enum gw_code gw_store_held(struct gw_store *store, gw_held_cb *cb, void *ctx, struct gw_error *err);

/* Counts of a mailbox's messages with a file. */
enum gw_code gw_store_count(
	struct gw_store *store, int64_t mailbox, uint64_t *paired, struct gw_error *err);
