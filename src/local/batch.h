/* SPDX-License-Identifier: ISC */
/* local/batch.h - local changes carried out together: files made durable once, rows in one
 * transaction.
 *
 * A batch holds operations of any number of mailboxes, in order.  Base follows the disk: flush,
 * rename, flush the directories, and only then the rows.  A kill anywhere leaves nothing, litter in
 * tmp/, or files that the next run finds by name.
 */
#pragma once

#include "local/disk.h"
#include "maildir/deliver.h"
#include "maildir/keywords.h"

/* One mailbox's directories and what the disk side knows of it.  Created by the look; only disk
 * jobs touch its content, and only the loop its reference count. */
struct gw_place {
	unsigned refs; /* the mailbox's, and one for each operation that waits */
	struct gw_maildir m;
	char *dir; /* owned; relative to the root */
	int64_t mailbox;
	struct gw_keywords keywords; /* in the state, or to be stored with the next batch */
	bool tagged;                 /* labels are notmuch's tags */
	char *label;                 /* owned; the mailbox's own label, with notmuch; NULL: none */
	bool conflict; /* something was not as it had been seen: cursors stay where they are */
	bool refused;  /* the disk did not do something: likewise */
	int letters; /* errno; new keyword letters cannot be given, as their file was not written */
	uint64_t arrived;                             /* delivered; the loop's */
	bool touched_cur, touched_new, touched_attic; /* within the present batch */
};

/* Gives one reference up; the last one frees it.  NULL is accepted. */
void gw_place_unref(struct gw_place *place);

enum gw_op_kind {
	GW_OP_KEYWORD,         /* index uid has the name `to` */
	GW_OP_KEYWORD_REFUSED, /* the keyword `from` is not stored there, `to` says why */
	GW_OP_KEYWORD_TAKEN,   /* the server stores the keyword, or nothing has it any more */
	GW_OP_DELIVER,         /* file goes to `to`; row added */
	GW_OP_JOIN,          /* file `from` is uid: row added, and renamed to `to` if that is set */
	GW_OP_RENAME,        /* `from` becomes `to`; base does not know it */
	GW_OP_FLAGS,         /* `from` becomes `to`; base flags stored */
	GW_OP_BASE_FLAGS,    /* only the row */
	GW_OP_GLOBAL_ID,     /* only the row: its global id is known now */
	GW_OP_TOLD_FLAGS,    /* only the row: the server took what was changed here */
	GW_OP_DELETE,        /* move `from` to the attic and drop the row; a file rewritten since
			      * the row was made stays, as with GW_OP_EXPIRE */
	GW_OP_DROP_ROW,      /* only the row goes */
	GW_OP_DELETED_THERE, /* likewise; it was deleted on the server, which the guard counts */
	GW_OP_LEFT,          /* the row has no file any more: deleted here, left standing there */
	GW_OP_TAKE,          /* `from` of from_place becomes `to`: it was moved on the server */
	GW_OP_INHERIT,       /* only rows: the message of row_place is uid here, without a file */
	GW_OP_EDITED,        /* the row has no file any more: that is another message now, and will
			      * be uploaded */
	GW_OP_HOLD_DELETION, /* gone on one side (`side`); nothing goes, it is remembered */
	GW_OP_UNHOLD,        /* nothing is held of it any more */
	GW_OP_REFUSED,   /* the file `from` was not taken, `to` says why; no longer pending; uid:
			      the message that it was merged with, or 0 */
	GW_OP_UNREFUSED, /* the file `from` is gone, or taken: nothing is remembered of it */
	GW_OP_ANSWERED,  /* the upload of `from` was answered OK, and not where it is */
	GW_OP_SENT,   /* only the row: it was uploaded, for the times-th time, and not shown yet */
	GW_OP_SEEN,   /* and now it was */
	GW_OP_UNKEPT, /* nor is it there: its file is an upload of row's cursors again */
	GW_OP_HOLD,   /* remembered with `to` as the reason */
	GW_OP_UNSTORED, /* the server does not have `flags`, sent in `times` runs, as they are here;
			   `to`: why; waits: it says that it does not take them */
	GW_OP_STORED,   /* and now it has */
	GW_OP_UNFETCHABLE, /* a row without a file, remembered with `to` as the reason */
	GW_OP_OUTSIDE,     /* a row without a file: outside the window */
	GW_OP_LEAVING,     /* the row says so; its file is still there, and goes in a later batch */
	GW_OP_EXPIRE,      /* `from` goes: outside the window */
	GW_OP_HIDE,        /* the row says that the server does not show it */
	GW_OP_STAY,        /* the message is inside the window again, or shown, with its file */
	GW_OP_SUSPECT,     /* a connection broke: `suspect`; `from` is its name or NULL, `to` why */
	GW_OP_CONVICT,     /* sets aside what of suspect.what is suspected */
	GW_OP_ACQUIT,      /* nothing of suspect.what is suspected any more */
	GW_OP_CURSOR,      /* the mailbox is done: its row is stored */
};

/* Until when a file that was REFUSED is left alone. */
enum gw_until {
	GW_REFUSAL_DAY,
	GW_REFUSAL_WEEK,
	GW_REFUSAL_RUN,  /* until the next run */
	GW_REFUSAL_HELD, /* never sent; waits for the user */
	GW_REFUSAL_SENT, /* perhaps on the server, and nobody can tell: never sent again */
};

struct gw_op {
	enum gw_op_kind kind;
	struct gw_place *place; /* referenced while it waits */
	uint32_t uid;
	uint64_t flags; /* of base */
	uint64_t mask;  /* TOLD_FLAGS: the bits of flags that count */
	uint64_t size;
	time_t date;
	uint64_t global_id;          /* where a row is added; 0: not known */
	struct gw_delivered file;    /* DELIVER: owned */
	struct gw_fingerprint print; /* DELIVER, JOIN */
	char *from, *to;             /* owned file names; see the kinds */
	bool from_in_new, to_in_new;
	bool was_pending; /* JOIN: the file was being uploaded */
	bool lasting;     /* HOLD: told for as long as the message is there */
	bool waits;       /* UNSTORED, STORED */
	enum gw_until refusal;
	unsigned times;
	bool name_is_taken; /* DELIVER: another message has the name, so a fresh one will do */
	bool copied;        /* JOIN, DELIVER: we made it on the server, of another */
	/* Where a row is added or changed: what its tags do (store/store.h). */
	uint64_t gains, loses;
	bool own;      /* the mailbox's own label, too */
	bool left;     /* where a row goes: the message left the mailbox, and its labels may go */
	bool was_here; /* DELIVER, EXPIRE: a copy of what another mailbox has */
	enum gw_side side;
	struct gw_place *from_place; /* TAKE: referenced while it waits */
	struct gw_place *row_place;  /* TAKE, INHERIT: likewise; whose row from_uid goes */
	uint32_t from_uid;
	bool deleted;                  /* TAKE: it was deleted here, which the guard counts */
	struct gw_suspect_row suspect; /* without its texts */
	bool skipped;                  /* out: it was not carried out */
	int sys;                       /* out: errno; the disk takes others */

	/* CURSOR, UNKEPT */
	struct gw_mailbox_row row; /* names are not used */
	bool advance; /* false: only the directory's identity is stored, the cursors stay */
	void *owner;
};

struct gw_batch_result {
	uint64_t delivered, joined, flags_changed, deleted;
	uint64_t edited; /* files to be removed, but rewritten here: they stayed */
};

enum gw_written {
	GW_WRITTEN_GONE,  /* taken away, or renamed to something else */
	GW_WRITTEN_MOVED, /* put in place; its content was here before */
	GW_WRITTEN_NEW,   /* put in place: a message that was not here */
};

struct gw_batcher_events {
	/* A CURSOR op was committed.  conflict or refused: the cursors were not advanced. */
	void (*mailbox_done)(void *ctx, void *owner, bool conflict, bool refused);
	/* The disk did not do op, and does others; before mailbox_done() of the same batch. */
	void (*refused)(void *ctx, const struct gw_op *op);
	void (*batch_done)(void *ctx, const struct gw_batch_result *result);
	/* Bytes that crossed the wire and were not counted yet. */
	void (*traffic)(void *ctx, uint64_t *down, uint64_t *up);
	/* A file was put in place, or taken away.  Before mailbox_done() of the same batch. */
	void (*wrote)(void *ctx, const struct gw_place *place, const char *name, bool in_new,
		enum gw_written how);
	/* The disk or the state failed; what was in the batch did not happen or will be found
	 * again. */
	void (*failed)(void *ctx, const struct gw_error *err);
	/* Too much is waiting for the disk (or no longer). */
	void (*pressure)(void *ctx, bool high);
	void *ctx;
};

struct gw_batcher;

/* max_files bounds the descriptors held open by one batch.  NULL when out of memory. */
struct gw_batcher *gw_batcher_new(
	struct gw_disk *disk, size_t max_files, const struct gw_batcher_events *events);

/* Frees it; nothing may be under way.  Operations not sealed are dropped. */
void gw_batcher_free(struct gw_batcher *b);

/* Adds an operation; what it owns is the batch's from here on, even on GW_ERR_NOMEM. */
enum gw_code gw_batcher_add(struct gw_batcher *b, struct gw_op *op);

/* Sends what there is to the disk now. */
void gw_batcher_seal(struct gw_batcher *b);

/* True if nothing waits and nothing is under way. */
bool gw_batcher_idle(const struct gw_batcher *b);
