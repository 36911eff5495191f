/* SPDX-License-Identifier: ISC */
/* plan/plan.h - what is to be done about one mailbox: a pure function of what was seen.
 *
 * No I/O, no clock, the same answer for the same input.  Facts are typed: a message is present,
 * absent (proved) or unknown, and unknown never becomes a delete.
 *
 * One mailbox's plan takes what is gone here and new there at its word; where two halves of a move,
 * or of an edit, stand in plans of their own, plan/join.h joins them before anything is carried
 * out.
 */
#pragma once

#include "base/flagset.h"
#include "base/seqset.h"

#define GW_NO_LOCAL UINT32_MAX

/* The reason why a row of base has no file; as in the state (store/store.h). */
enum gw_base_kind {
	GW_BASE_FILE,        /* has one */
	GW_BASE_UNFETCHABLE, /* the server would not give it */
	GW_BASE_LEFT,        /* deleted here, and left standing there */
	GW_BASE_OUTSIDE,     /* outside the window, or too big */
	GW_BASE_HIDDEN,      /* has one; the server no longer shows the message */

	/* The look's own: something that is no regular file has its name, so it is not gone. */
	GW_BASE_COVERED,
};

/* Base: what both sides last agreed on.  Sorted by uid, unique. */
struct gw_base_msg {
	uint32_t uid;
	uint32_t local; /* index of its file in the local view, or GW_NO_LOCAL */
	uint64_t flags : 58;
	uint64_t kind : 3;  /* enum gw_base_kind */
	uint64_t old : 1;   /* older than the window reaches, as far as base knows */
	uint64_t big : 1;   /* larger than is wanted */
	uint64_t named : 1; /* base knows its global id */
	uint32_t size;      /* 0: not known */
	uint32_t date;      /* seconds since the epoch; 0: not known */
};

/* As a date: older than any window, by an unknown amount. */
#define GW_DATE_TOLD_OLD 1

/* What the server reports: everything, or the changes.  Sorted by uid, unique. */
struct gw_remote_msg {
	uint32_t uid;
	uint32_t size; /* UINT32_MAX: that or more; 0: not told */
	uint64_t flags : 58;
	uint64_t old : 1;   /* older than the window reaches */
	uint64_t whole : 1; /* size and age were told */
	uint64_t dim : 1;   /* present, with unknown flags */
};

/* Files that share a base name: what one is to that which has the row, or comes first. */
enum gw_twin { GW_TWIN_NONE, GW_TWIN_SAME, GW_TWIN_OTHER };

/* What the Maildir holds now. */
struct gw_local_msg {
	uint64_t flags;
	uint32_t uid;        /* its row's; 0: unknown to base */
	uint32_t alien;      /* letters in its name that are another mailbox's, as bits; flags holds
			 * what they mean */
	bool refused;        /* the server did not take it, not long ago, or it is held back */
	bool accepted;       /* held back before, and the user agreed */
	bool known;          /* unknown here, and base has the same message in some mailbox */
	bool refused_before; /* for a reason that may no longer apply, and is reported anyway */
	bool candidate; /* unknown, readable, and the only file of its name: it may be uploaded */
	bool ours;      /* unknown, and named by us after a UID: it was on the server once */
	bool announced; /* unknown, and it was sent there, or moved, and may not have arrived */
	uint8_t twin;   /* enum gw_twin */
	bool stray;     /* and came since the last whole look, and that UID is gone there again */
};

/* A message of both sides that base does not know, or knows without a file.  Sorted by uid, unique.
 */
struct gw_pair {
	uint32_t uid;
	uint32_t local;
	bool check_body; /* the same only if the bodies are */
};

/* Flags that were changed here, and that the server does not have.  Sorted by uid; at most one of each
 * kind a message. */
struct gw_unstored {
	uint32_t uid;
	bool waits; /* the server announces that it does not store them: not asked */
	bool aside; /* asked often enough: not before something is different */
	unsigned tries;
	uint64_t flags;
};

struct gw_plan_input {
	const struct gw_base_msg *base;
	size_t base_count;
	const struct gw_remote_msg *remote;
	size_t remote_count;
	const struct gw_local_msg *local;
	size_t local_count;
	const struct gw_pair *pairs;
	size_t pair_count;

	/* What the server's answers prove (evidence.h).  unproved: they do not add up, so nothing
	 * counts as gone. */
	bool unproved;
	bool hides;       /* unproved, with unknown messages that it did not report */
	bool remote_full; /* a message missing in remote is gone */
	const struct gw_seqset *vanished;  /* gone for certain */
	const struct gw_seqset *listing;   /* NULL, or all UIDs there are */
	const struct gw_seqset *held_gone; /* gone in an earlier run, and held back */
	const struct gw_seqset *held_here; /* gone here in an earlier run, and held back */
	const struct gw_seqset *unseen;    /* uploaded, and not shown there yet */
	const struct gw_unstored *unstored;
	size_t unstored_count;
	bool local_trusted; /* a message missing in local is gone */
	bool copies_differ; /* state, mark or directory is an old copy: absence proves nothing */
	bool retry_unfetchable; /* and flags that were not stored */
	uint64_t lettered;      /* flags that a file name can hold here */
	uint64_t storable;      /* flags that the server stores for good */
	uint64_t wanted;        /* flags that it is to store, whatever it says of them */
	uint64_t labels;        /* flags that are labels: mailboxes of their own (Gmail) */
	bool read_only;         /* the mailbox takes no changes */
	bool mirror_deleted;
	uint64_t max_size;     /* larger messages are not fetched; 0: no limit */
	uint32_t max_messages; /* only the newest; flagged and unread ones stay; 0: all */
	uint32_t first_inside; /* plan's own: the oldest UID among the newest */
	bool never_delete;     /* messages deleted here stay on the server */
	bool shows_all;        /* hidden messages are gone (sight.h) */
};

enum gw_action_kind {
	GW_DO_DOWNLOAD, /* flags: as listed; size */
	GW_DO_PAIR,     /* local is uid; with check_body only if the bodies agree, else download */
	GW_DO_LOCAL_FLAGS,   /* give the file `flags`, base `base_flags` */
	GW_DO_BASE_FLAGS,    /* only base changes */
	GW_DO_REMOTE_FLAGS,  /* the server has `base_flags` and gets `flags` */
	GW_DO_HOLD_FLAGS,    /* changed here alone: `flags`, which the mailbox does not take, and
			     `base_flags`, which it did not store when asked */
	GW_DO_SETTLE_FLAGS,  /* such flags agree now: those it did not take if flags is 1, did not
				store if base_flags is */
	GW_DO_DELETE_LOCAL,  /* the file goes to the attic, the row goes */
	GW_DO_HOLD_DELETE,   /* gone there; kept here, with its row, until a person decides */
	GW_DO_DELETE_REMOTE, /* gone here, or file `local` wishes it; there it has `flags` */
	GW_DO_HOLD_REMOTE,   /* gone here; kept there until a person decides */
	GW_DO_UNHOLD,        /* here again: nothing is held any more */
	GW_DO_LEAVE,         /* gone here; left standing there, and never fetched again */
	GW_DO_RETURN,        /* gone here, but changed there since: fetched again; as DOWNLOAD */
	GW_DO_FORGET,        /* only the row goes: gone on both sides */
	GW_DO_KEEP,   /* only the row goes: gone there, but changed here since; it is new again */
	GW_DO_UNKEPT, /* only the row goes: uploaded, answered OK, and never seen there */
	GW_DO_UPLOAD, /* the file `local`, with `flags` */
	GW_DO_HOLD_UPLOAD, /* nor is this one, until a person decides */
	GW_DO_REFUSE, /* the file `local` is not uploaded: it may have been deleted on the server */
	GW_DO_STRAY, /* a fetch was interrupted, and the message is gone since: file `local` goes */
	GW_DO_SKIP,  /* new there, and outside the window; flags, size; base_flags 1: too old */
	GW_DO_EXPIRE, /* in step, and outside the window: the file `local` leaves */
	GW_DO_STAY,   /* about to leave, or hidden, but inside again: the file `local` */
	GW_DO_HOLD,   /* cannot be deleted there: remembered, nothing done */

	/* Made by plan/join.h of what stood apart. */
	GW_DO_NOTHING,  /* the other half does it */
	GW_DO_HIDE,     /* gone there, but only from sight: it stays, hidden (mailbox/hidden.c) */
	GW_DO_RELINK,   /* the message uid is the file `local` now */
	GW_DO_TAKE,     /* uid was moved here from another mailbox; `local`: the box's own index */
	GW_DO_REPLACED, /* DELETE_REMOTE of what was edited; `local`: the new file, to be stored
			   first */
};

struct gw_action {
	uint64_t flags;
	uint64_t base_flags;
	uint32_t uid;
	uint32_t local;
	uint32_t size;
	uint8_t kind; /* enum gw_action_kind */
	bool check_body : 1;
	bool wished : 1; /* DELETE_LOCAL: its file wished it, too */
	bool lives : 1; /* DELETE_LOCAL: the message only left this mailbox there, and is still kept */
	bool untold : 1; /* gone here, not reported by a server that does not add up */
	bool copied : 1; /* DOWNLOAD: we made it there, of what is deleted here and still stands */
};

struct gw_plan {
	struct gw_action *actions; /* owned; in ascending uid, uploads last */
	size_t count, cap;
	bool incomplete; /* something could not be decided: cursors must stay where they are */
	bool look_again; /* something here waits for another decision: so must the stamps */
	bool waits_there; /* what was changed there is to be told of again: HIGHESTMODSEQ must stay */
};

void gw_plan_deinit(struct gw_plan *plan);

/* Gone on the server while its file is here: that is deleted, or kept as it changed, or was never
 * stored. */
bool gw_action_is_gone_there(const struct gw_action *action);

/* Gone here or there, or both: what is looked at again before anything is done about it.  Of what is gone
 * on both sides only if it had a file. */
bool gw_action_is_gone(
	const struct gw_action *action, const struct gw_base_msg *base, size_t base_count);

/* Returns the first action of this UID, borrowed; NULL: none. */
const struct gw_action *gw_plan_find(const struct gw_plan *plan, uint32_t uid);

/* Keeps only the first count actions, and no more memory than they need. */
void gw_plan_shrink(struct gw_plan *plan, size_t count);

/* GW_ERR_NOMEM. */
enum gw_code gw_plan_mailbox(const struct gw_plan_input *given, struct gw_plan *out);

/* Three-way merge of one message's flags. */
struct gw_merged {
	uint64_t local;  /* which the file gets */
	uint64_t remote; /* which the server gets; base becomes what the server has, before and
			    after */
};

struct gw_merged gw_merge_flags(
	const struct gw_plan_input *in, uint64_t base, uint64_t remote, uint64_t local);

/* Returns the flags that the user changed and the server can be told. */
uint64_t gw_local_changes(const struct gw_plan_input *in, uint64_t base, uint64_t local);

/* Returns the row of this UID and kind, borrowed; NULL: none. */
const struct gw_unstored *gw_unstored_find(
	const struct gw_unstored *list, size_t count, uint32_t uid, bool waits);

/* Returns those of the user's changes that are worth sending now. */
uint64_t gw_changes_to_send(const struct gw_plan_input *in, uint32_t uid, uint64_t changes);

/* Flags that differ here for as long as the mailbox does not take them. */
uint64_t gw_unstorable(const struct gw_plan_input *in);

/* The index of the row with this UID in base (sorted by UID), or count. */
size_t gw_base_find(const struct gw_base_msg *base, size_t count, uint32_t uid);

/* True if base has a message that is out of the server's sight.  Counts prove nothing then: for
 * each message that goes, another may come into sight. */
bool gw_base_has_hidden(const struct gw_base_msg *base, size_t count);
