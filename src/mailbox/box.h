/* mailbox/box.h - one mailbox from "something may have changed" to "in step": a state machine.
 *
 * The account gives it a connection when it is READY and is told when it needs it no more.
 */
#pragma once

#include "godwit/sync.h"
#include "imap/session.h"
#include "local/batch.h"
#include "plan/budget.h"
#include "plan/claims.h"
#include "plan/evidence.h"
#include "remote/mailbox_list.h"

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
	struct gw_budget *budget;  /* of the day */
	struct gw_claims *claims;  /* on messages of several mailboxes */
	struct gw_claims *unmoved; /* moved here, and not there, in this run: gw_box_file_id() */
	struct gw_sync_counts *counts; /* the account's totals */
	const uint64_t *messages;      /* the account has so many */
	uint64_t *deleted_in_day;
	uint64_t *deleted_recently; /* and so many went lately; counted on here */
	uint64_t *moments; /* counts where looks begin and end, so that their order is known */
	int64_t now;       /* seconds since the epoch, as the run began */
	bool merges; /* the server takes no second message with a Message-ID that it has (Gmail) */
	bool labels; /* keywords that are called so are labels (remote/labels.h) */
	const struct gw_tag_list *tags; /* NULL: labels are not notmuch's tags */
	/* Is it the name of a mailbox that is a label?  Also called in the pool. */
	bool (*is_label)(void *ctx, struct gw_slice name);
	bool archive; /* all mail is shown as one: archive.c */
	bool accept_deletions, restore_deletions, accept_uploads;
	bool accept_hidden; /* what is out of sight there was deleted: a person says so of this mailbox */
	/* The account was in step with this tree before; of that the state was lost since. */
	bool in_step, state_lost;
	uint64_t *uploads; /* so many unknown files go up in this run; counted on here */
	/* As on the wire, and the account's.  trash: where to deleted mail goes; make_trash: it is
	 * not there yet.  all: where mailboxes are labels, the one of all mail; or NULL. */
	const char *trash, *all;
	bool make_trash;
	/* Cursors of the trash that are not above the present ones; 0 and 1: it is not there yet, or
	 * nobody told them (that of one that takes no part is not asked for). */
	void (*trash_cursors)(void *ctx, uint32_t *uidvalidity, uint32_t *uidnext);
	bool dry_run, full, retry_unfetchable;
	bool newest_first; /* of all mailboxes: the rest of one is for another look (gw_box_has_rest()) */
	bool verify, verify_bodies, repair; /* compare and tell, instead */
	bool copies_differ;                 /* the mark and the state do not belong together */
	bool plain_select; /* learned: this server wants SELECT without parameters */
	uint64_t passed;   /* mailboxes and mail that the server gave or took, in this run */
	unsigned innocent; /* breaks in it at what went through later (plan/isolate.h) */
	size_t fetch_most; /* learned: it ends the session when asked for more bodies; 0: any number */

	void (*ready)(void *ctx, struct gw_box *box); /* wants a connection */
	/* Its connection was lost; was it the first to be told of that, so that what it asked for
	 * was what the server was at?  *alone: no other mailbox had that connection. */
	bool (*blames)(void *ctx, struct gw_box *box, bool *alone);
	/* It has a plan, and waits for gw_box_proceed(), or gw_box_restart().  Comes again when
	 * what the account asked for meanwhile (confirm, fetch_heads) is there. */
	void (*planned)(void *ctx, struct gw_box *box);
	/* All but deletions was carried out; it waits for gw_box_remove(). */
	void (*created)(void *ctx, struct gw_box *box);
	/* Is this message of another mailbox about to leave it? */
	bool (*leaving)(void *ctx, int64_t mailbox, uint32_t uid);
	/* Is this message of another mailbox still there, on the server? */
	bool (*stands_there)(void *ctx, int64_t mailbox, uint32_t uid);
	/* Is a mailbox that shows this label (as of X-GM-LABELS) in sight on the server? */
	bool (*in_sight)(void *ctx, struct gw_slice label);
	/* Does this message of another mailbox stay there, so that it need not go to the trash? */
	bool (*stays)(void *ctx, int64_t mailbox, uint32_t uid);
	/* The mailbox of this id: its name on the wire and UIDVALIDITY; NULL: unknown. */
	const char *(*mailbox)(void *ctx, int64_t mailbox, uint32_t *uidvalidity);
	void (*drained)(void *ctx, struct gw_box *box);  /* the next SELECT may go out behind it */
	void (*released)(void *ctx, struct gw_box *box); /* needs its connection no more */
	/* delta: what this mailbox brought (planned, in a dry run). */
	void (*done)(void *ctx, struct gw_box *box, enum gw_box_outcome outcome,
		const struct gw_sync_counts *delta, const struct gw_error *err);
	void (*problem)(void *ctx, struct gw_box *box, const struct gw_error *err);
	/* due: nothing is wrong, the next sync carries it over */
	void (*finding)(void *ctx, struct gw_box *box, bool due, const char *text);
	void (*step)(void *ctx, struct gw_box *box, const struct gw_sync_step *step);
	void (*progress)(void *ctx);
	void *ctx;
};

/* Of one mailbox, for all its looks in a run. */
struct gw_trial {
	unsigned breaks;      /* connections that broke at something in it */
	uint64_t passed_then; /* env->passed, when the first did */
};

/* folder, row and trial are borrowed; row's cursors are updated when they were stored.  remote_same: the
 * server's counts are those of row, so only what changed here matters.  NULL when out of memory. */
struct gw_box *gw_box_new(struct gw_box_env *env, const struct gw_folder *folder,
	struct gw_mailbox_row *row, struct gw_trial *trial, bool remote_same, bool again);

/* Begins with a look at the Maildir.  done() comes exactly once, later. */
void gw_box_start(struct gw_box *box);

/* A connection broke at something in it: it gets one for itself. */
bool gw_box_is_suspect(const struct gw_box *box);

/* Gives it a connection; it must be READY. */
void gw_box_attach(struct gw_box *box, struct gw_session *session);

/* Another mailbox may have fetched what this one waits for: goes on, if so. */
void gw_box_await(struct gw_box *box);

/* Another mailbox was selected on its connection. */
void gw_box_supersede(struct gw_box *box);

/* Ends it without asking for more: its session is lost, or closed by the caller right after.  A
 * commit under way is waited for, unless the batcher failed. */
void gw_box_stop(struct gw_box *box, bool batches_lost);

/* The batcher committed its cursor. */
void gw_box_committed(struct gw_box *box, bool conflict, bool refused);

/* Are these the directories that it works in? */
bool gw_box_is_at(const struct gw_box *box, const struct gw_place *place);
/* The disk did not carry out an operation there. */
void gw_box_refused(struct gw_box *box, const struct gw_op *op);

/* Frees it; only after done(). */
void gw_box_free(struct gw_box *box);

/* Stands for a folder's window as it is today, so that a change, or a day, is noticed. */
uint32_t gw_box_window_key(const struct gw_folder *folder, int64_t now);

/* Was it not looked at in full for a week? */
bool gw_box_full_look_due(const struct gw_mailbox_row *row);

/* What is to be said of messages, or files, that an earlier run set aside. */
void gw_box_keywords_error(uint64_t count, struct gw_error *err);
void gw_box_aside_error(uint64_t count, bool files, struct gw_error *err);
/* Likewise of flags that the server does not have. */
void gw_box_unstored_error(uint64_t count, struct gw_error *err);
/* Likewise of those that the server does not show any more. */
void gw_box_hidden_error(uint32_t shows, uint64_t count, struct gw_error *err);

/* What is to be said of deletions that are held back, gone on the server or gone here; dry_run: that would be. */
void gw_box_held_error(uint64_t count, bool gone_here, bool dry_run, struct gw_error *err);
/* Likewise of files that are not sent. */
void gw_box_held_uploads_error(uint64_t count, bool dry_run, struct gw_error *err);

/* --- while its plan is ready and it waits (env->planned) ------------------------------------- */

struct gw_half;

/* Is something gone, on either side?  On the server?  Is something new that may have come from
 * elsewhere? */
bool gw_box_has_gone(const struct gw_box *box);
bool gw_box_has_gone_there(const struct gw_box *box);
bool gw_box_has_fresh(const struct gw_box *box);

/* Takes another look at what is gone, and reads what base knows of it. */
void gw_box_confirm(struct gw_box *box);
bool gw_box_is_confirmed(const struct gw_box *box);
/* The stamps of its look, as fine as they are. */
void gw_box_seen_stamps(const struct gw_box *box, struct gw_stamp *cur, struct gw_stamp *new);
/* UIDNEXT as its look ended, where a run would go on from there; 0: it would not, or the server was not asked. */
uint32_t gw_box_seen_uidnext(const struct gw_box *box);
/* Files came or went since its first look, or may have. */
bool gw_box_has_news(const struct gw_box *box);

/* Moments of env->moments: where its first look ended, which showed what is gone; and where its
 * last trusted one began (0: there was none), which shows all that came to it before. */
uint64_t gw_box_saw_at(const struct gw_box *box);
uint64_t gw_box_fresh_from(const struct gw_box *box);

/* Only its newest mail was fetched, as env->newest_first wants it: it has to be looked at again. */
bool gw_box_has_rest(const struct gw_box *box);

/* Nothing is done in this run about what is gone. */
void gw_box_spare(struct gw_box *box);
/* Does what the server says of it not add up? */
bool gw_box_is_unproved(const struct gw_box *box);
/* Which names stand in it; for gw_doubt_deinit(). */
void gw_box_doubt(const struct gw_box *box, struct gw_doubt *doubt);
/* Nothing is done about what is gone, if it may be in a mailbox that does not add up. */
void gw_box_spare_doubtful(struct gw_box *box, const struct gw_doubt *doubt);

/* Are the stamps still those of its look? */
bool gw_box_stamps_hold(const struct gw_box *box);
/* Are the server's counts (of a STATUS) still those of its look? */
bool gw_box_counts_hold(const struct gw_box *box, const struct gw_folder *now);

/* May some of what is gone there only be hidden from sight?  Then asks all mail; env->planned comes
 * again. */
size_t gw_box_count_gone_there(const struct gw_box *box);
bool gw_box_may_hide(const struct gw_box *box, uint64_t account_gone);
void gw_box_ask_all(struct gw_box *box);

/* --- all mail as an archive (archive.c) --- */

struct gw_id {
	uint64_t id;
	bool comes; /* to another mailbox, in this run */
};
struct gw_ids {
	struct gw_id *list; /* owned */
	size_t count, cap;
};
/* false: out of memory. */
bool gw_ids_add(struct gw_ids *ids, uint64_t id, bool comes);
/* Of what this mailbox's look told of, or is gone from it. */
void gw_box_add_ids(const struct gw_box *box, struct gw_ids *ids, bool *ok);
/* Of what is gone from it alone; false: out of memory. */
bool gw_box_add_gone_ids(const struct gw_box *box, struct gw_ids *ids);
bool gw_box_is_archive(const struct gw_box *box);
/* Does its plan say that this one is gone on the server? */
bool gw_box_is_gone_there(const struct gw_box *box, uint32_t uid);
/* Decides which of these messages, and of those that it was told of, have a file in the archive;
 * env->planned comes again.  false: there is nothing to decide. */
bool gw_box_sift(struct gw_box *box, struct gw_ids *ids);

/* Fetches the headers of new messages of these sizes; false: there are none. */
bool gw_box_fetch_heads(struct gw_box *box, const struct gw_seqset *sizes);

/* Lists of halves (plan/match.h), each grown as needed. */
struct gw_halves {
	struct gw_half *list; /* owned */
	size_t count, cap;
};
struct gw_all_halves {
	struct gw_halves gone_here, fresh_here, gone_there, fresh_there, gone_both, paired;
	struct gw_halves named_here; /* every file that base does not know, with its name */
	bool merges;                 /* of the environment */
};
/* Appends this box's, under the number `box`; false: out of memory. */
bool gw_box_add_halves(const struct gw_box *box, uint32_t number, struct gw_all_halves *out);

/* Joins two halves: action indices from gw_half.  kind: enum gw_match_kind. */
void gw_box_join_here(struct gw_box *gone, uint32_t gone_action, struct gw_box *fresh,
	uint32_t fresh_action, int kind);
void gw_box_join_there(
	struct gw_box *gone, uint32_t gone_action, struct gw_box *fresh, uint32_t fresh_action);

/* Of one that is gone here in one mailbox, and gone there in another. */
void gw_box_join_crossed(
	struct gw_box *here, uint32_t here_action, struct gw_box *there, uint32_t there_action);

/* Something new here or there (an action index) is left for the next look. */
void gw_box_put_off(struct gw_box *box, uint32_t action);

/* Of one that is gone on both sides, here new in one mailbox and there in another.  follows: the
 * file goes where the message is; else the message goes where the file is. */
void gw_box_join_both(struct gw_box *gone, uint32_t gone_action, struct gw_box *here,
	uint32_t here_action, struct gw_box *there, uint32_t there_action, bool follows);

/* Of a file that was moved here from a mailbox, and deleted there: it is new, but its name has the
 * keyword letters of the other mailbox, which must not be forgotten before it was sent. */
void gw_box_join_orphan(
	struct gw_box *gone, uint32_t gone_action, struct gw_box *fresh, uint32_t fresh_action);

/* Likewise, of one that was moved to the same mailbox on both sides. */
void gw_box_join_paired(struct gw_box *gone, struct gw_box *paired, uint32_t action);

/* What is gone there was seen in another mailbox too: it was moved while we looked, and goes
 * nowhere. */
void gw_box_was_moved(struct gw_box *gone, uint32_t gone_action);

/* Of what is gone here a copy stands in another mailbox on the server already: in the trash, or where
 * its file was moved to. */
void gw_box_has_copy(
	struct gw_box *gone, uint32_t gone_action, struct gw_box *other, uint32_t copy_action);

/* Has it something that is gone and still stands in its plan under this UID, or under way? */
bool gw_box_leaves(const struct gw_box *box, uint32_t uid);

/* Is it deleted from there in this run, on either side? */
bool gw_box_deletes(const struct gw_box *box, uint32_t uid);

/* Gives its connection up while it waits; it asks for another when it needs one. */
void gw_box_yield(struct gw_box *box);
/* Once more from the start. */
void gw_box_restart(struct gw_box *box);
/* Holds back what looks like an accident, and in a dry run tells what would be done.  Comes before
 * gw_box_proceed(), and before any other box that a move joins with this one ends. */
void gw_box_judge(struct gw_box *box);
/* Carries the plan out, less deletions. */
void gw_box_proceed(struct gw_box *box);
/* Does gw_box_remove() have to wait for other mailboxes? */
bool gw_box_must_wait_to_remove(const struct gw_box *box);
/* Deletions, then the cursor. */
void gw_box_remove(struct gw_box *box);
/* Another box ends unfinished: moves to or from it are off. */
void gw_box_cut_moves(struct gw_box *box, const struct gw_box *ended);

const struct gw_folder *gw_box_folder(const struct gw_box *box);
