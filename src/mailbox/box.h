/* SPDX-License-Identifier: ISC */
/* mailbox/box.h - one mailbox from "something may have changed" to "in step": a state machine.
 *
 * The account gives it a connection when it is READY, and learns when it no longer needs one.
 */
#pragma once

#include "base/seqset.h"
#include "godwit/sync.h"
#include "imap/session.h"
#include "local/batch.h"
#include "plan/budget.h"
#include "plan/claims.h"
#include "plan/judge.h"
#include "remote/folders.h"

struct gw_box;

enum gw_box_outcome {
	GW_BOX_IN_STEP,
	GW_BOX_SAME,   /* nothing had changed on either side; the server was not asked */
	GW_BOX_AGAIN,  /* something moved during the look: start over */
	GW_BOX_FAILED, /* only this mailbox failed; err */
	GW_BOX_LOST,   /* the session was lost; err */
};

/* An account's shared state and callbacks, lent to its boxes. */
struct gw_box_env {
	uv_loop_t *loop;
	const struct gw_log *log;
	const struct gw_account *account;
	const char *account_id;
	struct gw_disk *disk;
	struct gw_batcher *batcher;
	struct gw_budget *budget;      /* of the day */
	struct gw_claims *claims;      /* on messages of several mailboxes */
	struct gw_claims *unmoved;     /* moved here but not there in this run: gw_box_file_id() */
	struct gw_sync_counts *counts; /* the account's totals */
	const uint64_t *messages;      /* messages in the account */
	uint64_t *deleted_in_day;
	uint64_t *deleted_recently; /* deletions in the account lately; updated here */
	uint64_t *moments;          /* counts the beginnings and ends of looks, to order them */
	int64_t now;                /* seconds since the epoch, as the run began */
	bool merges; /* the server merges messages with the same Message-ID (Gmail) */
	bool labels; /* keywords that name labels are labels (remote/labels.h) */
	const struct gw_notmuch_list *tags; /* NULL: labels are not notmuch's tags */
	/* True if name is the name of a mailbox that is a label.  Also called in the pool. */
	bool (*is_label)(void *ctx, struct gw_slice name);
	bool archive; /* All Mail is shown as a mailbox: archive.c */
	bool accept_deletions, restore_deletions, accept_uploads;
	bool accept_hidden; /* the user says that mail out of sight there was deleted */
	/* The account was in step with this tree before; the state has been lost since. */
	bool in_step, state_lost;
	uint64_t *uploads; /* unknown files uploaded in this run; updated here */
	/* Names as on the wire, owned by the account.  trash: where deleted mail goes; make_trash:
	 * it must be created first.  all: All Mail where mailboxes are labels; otherwise NULL. */
	const char *trash, *all;
	bool make_trash;
	/* True if the trash has a directory here that this run synchronizes. */
	bool (*takes_trash)(void *ctx);
	/* Returns cursors of the trash that are not above the present ones; 0 and 1: it does not
	 * exist yet, or they are unknown (a trash that is not synchronized is not asked about). */
	void (*trash_cursors)(void *ctx, uint32_t *uidvalidity, uint32_t *uidnext);
	bool dry_run, full, retry_unfetchable;
	bool newest_first; /* of every mailbox: each is looked at once for each share */
	bool verify, verify_bodies, repair; /* compare and report instead */
	bool copies_differ;                 /* mark and state do not belong together */
	bool plain_select; /* learned: this server wants SELECT without parameters */
	uint64_t passed;   /* mailboxes and messages that passed either way in this run */
	unsigned innocent; /* breaks at things that passed later (plan/isolate.h) */
	size_t fetch_most; /* learned: asked for more bodies, the server hangs up; 0: no limit */

	void (*ready)(void *ctx, struct gw_box *box); /* wants a connection */
	/* True if this box was the first to learn that the connection was lost, so that the server
	 * was busy with its request.  *alone: no other mailbox used that connection. */
	bool (*blames)(void *ctx, struct gw_box *box, bool *alone);
	/* The box has a plan, and waits for gw_box_proceed() or gw_box_restart().  Called again
	 * when what the account asked for meanwhile (confirm, fetch_heads) has arrived. */
	void (*planned)(void *ctx, struct gw_box *box);
	/* Everything but deletions was carried out; the box waits for gw_box_remove(). */
	void (*created)(void *ctx, struct gw_box *box);
	/* True if this message of another mailbox is about to leave it. */
	bool (*leaving)(void *ctx, int64_t mailbox, uint32_t uid);
	/* True if this message of another mailbox is still on the server. */
	bool (*stands_there)(void *ctx, int64_t mailbox, uint32_t uid);
	/* True if a mailbox that shows this label (as in X-GM-LABELS) is in sight on the server. */
	bool (*in_sight)(void *ctx, struct gw_slice label);
	/* True if this message of another mailbox stays there, so that it need not go to the
	 * trash. */
	bool (*stays)(void *ctx, int64_t mailbox, uint32_t uid);
	/* Returns a mailbox's name on the wire and its UIDVALIDITY; NULL: unknown. */
	const char *(*mailbox)(void *ctx, int64_t mailbox, uint32_t *uidvalidity);
	void (*drained)(void *ctx, struct gw_box *box);  /* gw_box_is_drained() from now on */
	void (*released)(void *ctx, struct gw_box *box); /* no longer needs its connection */
	/* delta: what this mailbox changed (in a dry run: would change). */
	void (*done)(void *ctx, struct gw_box *box, enum gw_box_outcome outcome,
		const struct gw_sync_counts *delta, const struct gw_error *err);
	void (*problem)(void *ctx, struct gw_box *box, const struct gw_error *err);
	/* due: nothing is wrong; the next sync carries the difference over. */
	void (*finding)(void *ctx, struct gw_box *box, bool due, const char *text);
	void (*step)(void *ctx, struct gw_box *box, const struct gw_sync_step *step);
	void (*progress)(void *ctx);
	void *ctx;
};

/* Breaks in one mailbox, over all its looks in a run. */
struct gw_trial {
	unsigned breaks;       /* connections that broke at something in it */
	uint64_t passed_then;  /* env->passed at the first break */
	struct gw_seqset told; /* owned; UIDs that were set aside, and reported */
};

/* What of a mailbox's new mail is fetched in one look, where there may not be time for all: the newest
 * of all mailboxes comes before the rest of one, and small messages of all before the big ones of
 * one. */
enum gw_box_share { GW_SHARE_NEWEST, GW_SHARE_SMALL, GW_SHARE_ALL };

/* Creates a box.  folder, row and trial are borrowed; row's cursors are updated once they are
 * stored.  remote_same: the server's counts equal row's, so only local changes matter.  share: if
 * env->newest_first.  NULL: out of memory. */
struct gw_box *gw_box_new(struct gw_box_env *env, const struct gw_folder *folder,
	struct gw_mailbox_row *row, struct gw_trial *trial, bool remote_same, bool again,
	enum gw_box_share share);

/* Starts the run with a look at the Maildir.  done() is called exactly once, later. */
void gw_box_start(struct gw_box *box);

/* True if a connection broke at something in the mailbox: it then gets one of its own. */
bool gw_box_is_suspect(const struct gw_box *box);

/* What the look at the directory shows that base does not have. */
enum gw_box_news {
	GW_NEWS_GONE = 1,  /* files that are gone */
	GW_NEWS_NEW = 2,   /* new files */
	GW_NEWS_FLAGS = 4, /* anything else to send to the server */
};
unsigned gw_box_news_here(const struct gw_box *box);

/* True if everything that the present state asks for was sent, so that another mailbox may be selected
 * behind it. */
bool gw_box_is_drained(const struct gw_box *box);
/* True if another mailbox was selected behind it (gw_box_supersede()). */
bool gw_box_is_superseded(const struct gw_box *box);

/* True while the directory is being looked at. */
bool gw_box_is_looking(const struct gw_box *box);

/* Gives the box a connection; it must be READY. */
void gw_box_attach(struct gw_box *box, struct gw_session *session);

/* Continues if other mailboxes have released the messages that this one waits for. */
void gw_box_await(struct gw_box *box);

/* Tells the box that another mailbox was selected on its connection. */
void gw_box_supersede(struct gw_box *box);

/* Ends the run without asking for more: the session is lost, or closed by the caller right after.
 * Waits for a commit under way, unless the batcher failed. */
void gw_box_stop(struct gw_box *box, bool batches_lost);

/* Tells the box that the batcher committed its cursor. */
void gw_box_committed(struct gw_box *box, bool conflict, bool refused);

/* True if place holds the directories that the box works in. */
bool gw_box_is_at(const struct gw_box *box, const struct gw_place *place);
/* Tells the box that the disk refused an operation there. */
void gw_box_refused(struct gw_box *box, const struct gw_op *op);

/* Frees a box; only after done(). */
void gw_box_free(struct gw_box *box);

/* Hash of what is kept here of a folder, its window as of today included, so that a changed setting, or a
 * new day, is noticed; all of the folder is looked at then. */
uint32_t gw_box_window_key(
	const struct gw_account *account, const struct gw_folder *folder, int64_t now);

/* True if the mailbox was not read in full for a week. */
bool gw_box_full_look_due(const struct gw_mailbox_row *row);

/* Fill err with what to report about keywords, messages or files that an earlier run set aside. */
void gw_box_keywords_error(uint64_t count, struct gw_error *err);
void gw_box_aside_error(uint64_t count, bool files, struct gw_error *err);
/* Fills err for flags that the server did not store. */
void gw_box_unstored_error(uint64_t count, struct gw_error *err);
/* Fills err for messages that the server no longer shows. */
void gw_box_hidden_error(uint32_t shows, uint64_t count, struct gw_error *err);

/* Fills err for deletions held back, of messages gone here or there; dry_run: that would be. */
void gw_box_held_error(uint64_t count, bool gone_here, bool dry_run, struct gw_error *err);
/* Fills err for files that are not sent. */
void gw_box_held_uploads_error(uint64_t count, bool dry_run, struct gw_error *err);

/* --- while its plan is ready and it waits (env->planned) ------------------------------------- */

/* Looks again at what is gone, and reads what base knows of it. */
void gw_box_confirm(struct gw_box *box);
/* The stamps of its look, in full resolution. */
void gw_box_seen_stamps(const struct gw_box *box, struct gw_stamp *cur, struct gw_stamp *new);
/* UIDNEXT at the end of its look, from which the next run would continue; 0: it would not, or the
 * server was not asked. */
uint32_t gw_box_seen_uidnext(const struct gw_box *box);
/* The moment of env->moments at which its last trusted look (0: none) began, which shows everything that
 * arrived before. */
uint64_t gw_box_fresh_from(const struct gw_box *box);

/* What another look must fetch, if this one fetched a share; otherwise its share. */
enum gw_box_share gw_box_next_share(const struct gw_box *box);

/* True if the stamps are still those of its look. */
bool gw_box_stamps_hold(const struct gw_box *box);
/* True if the server's counts (from STATUS) are still those of its look. */
bool gw_box_counts_hold(const struct gw_box *box, const struct gw_folder *now);

/* Asks All Mail about what is gone; env->planned is called again. */
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
/* Returns false if out of memory. */
bool gw_ids_add(struct gw_ids *ids, uint64_t id, bool comes);
/* Adds the ids of messages that this mailbox's look showed, and of those gone from it. */
void gw_box_add_ids(const struct gw_box *box, struct gw_ids *ids, bool *ok);
/* Adds the ids of messages gone from it; false: out of memory. */
bool gw_box_add_gone_ids(const struct gw_box *box, struct gw_ids *ids);
bool gw_box_is_archive(const struct gw_box *box);
/* True if its plan says that this UID is gone on the server. */
bool gw_box_is_gone_there(const struct gw_box *box, uint32_t uid);
/* Decides which of these messages, and of those its look showed, have a file in the archive;
 * env->planned is called again.  false: nothing to decide. */
bool gw_box_sift(struct gw_box *box, struct gw_ids *ids);

/* Fetches the headers of new messages of these sizes; false: there are none. */
bool gw_box_fetch_heads(struct gw_box *box, const struct gw_seqset *sizes);

/* Tells the judge about its plan and its look. */
void gw_box_show_case(const struct gw_box *box, struct gw_case *out);

/* Shows the judge what is gone from the mailbox, and what may be the other half of a move or an edit, as
 * mailbox `number`.  false: out of memory. */
bool gw_box_show(struct gw_box *box, uint32_t number, struct gw_join_box *out);

/* Leaves something, here or there (an action index), to the next look. */
void gw_box_put_off(struct gw_box *box, uint32_t action);
/* The judge left something to the next look. */
void gw_box_note_put_off(struct gw_box *box);

/* The mailboxes of a join; there NULL: it has none. */
struct gw_box_joined {
	struct gw_box *gone, *fresh, *there;
};
/* Does what it asks for beyond what the plans say. */
void gw_box_join_halves(const struct gw_box_joined *boxes, const struct gw_join *join);

/* True if this UID is gone from the mailbox by its plan, or is being removed. */
bool gw_box_leaves(const struct gw_box *box, uint32_t uid);

/* True if this run deletes the UID's message, on either side. */
bool gw_box_deletes(const struct gw_box *box, uint32_t uid);

/* True if it moved messages to the trash there (or may have, before its session was lost) whose files follow at the next
 * look at both mailboxes. */
bool gw_box_left_for_trash(const struct gw_box *box);

/* Gives up its connection while it waits; the box asks for another when it needs one. */
void gw_box_yield(struct gw_box *box);
/* Starts over. */
void gw_box_restart(struct gw_box *box);
/* Holds back what looks like an accident; in a dry run, reports what would be done.  Call it before
 * gw_box_proceed(), and before any other box that a move joins with this one ends. */
void gw_box_judge(struct gw_box *box);
/* Executes the plan, except deletions. */
void gw_box_proceed(struct gw_box *box);
/* True if gw_box_remove() must wait for other mailboxes. */
bool gw_box_must_wait_to_remove(const struct gw_box *box);
/* Executes deletions, then stores the cursor. */
void gw_box_remove(struct gw_box *box);
/* Cancels moves to and from a box that ends unfinished. */
void gw_box_cut_moves(struct gw_box *box, const struct gw_box *ended);

const struct gw_folder *gw_box_folder(const struct gw_box *box);
