/* SPDX-License-Identifier: ISC */
/* mailbox/box_p.h - what the files of one mailbox's run share; private to them.
 *
 * The order of the run is the table in state.h; box.c says what each state does.
 *
 * I1  env->done() runs once, from finish().
 * I2  a row of base never stands under a UIDVALIDITY that it was not seen under: the mailbox's row
 *     is stored before the first message of a new one.
 * I3  no operation follows the cursor.
 * I4  nothing is deleted, on either side, before every mailbox of the account has what it gets.
 */
#pragma once

#include "local/confirm.h"
#include "local/fingerprints.h"
#include "local/local_copy.h"
#include "local/look.h"
#include "local/settle.h"
#include "mailbox/box.h"
#include "mailbox/state.h"
#include "net/delay.h"
#include "plan/sight.h"
#include "remote/append.h"
#include "remote/came.h"
#include "remote/cursors.h"
#include "remote/expunge.h"
#include "remote/fetch_bodies.h"
#include "remote/labels.h"
#include "remote/move.h"
#include "remote/observe.h"
#include "remote/relabel.h"
#include "remote/search_label.h"
#include "remote/search_msgid.h"
#include "remote/store_flags.h"

/* A message that was moved here on the server: its file follows. */
struct gw_box_take {
	struct gw_box *from;   /* where its file is; NULL: that, or row_of, ended meanwhile */
	struct gw_box *row_of; /* where its row is: mostly the same */
	bool wished;           /* we moved it to the trash, as the file wished */
	uint32_t from_local, from_uid;
	uint64_t from_base;          /* flags, as base has them there */
	const struct gw_gone *facts; /* borrowed from row_of */
};

/* A file that was moved or copied here: the message follows on the server. */
struct gw_box_carry {
	struct gw_box *from;         /* NULL: a copy, or its mailbox ended meanwhile */
	struct gw_place *from_place; /* one reference; NULL: a copy */
	const char *wire;            /* of its mailbox */
	uint32_t uidvalidity, uid;
	uint32_t local;
	const struct gw_fingerprint *print; /* of the file; borrowed from the box */
	uint64_t flags;                     /* flags on the server, by this mailbox's keywords */
	uint32_t letters; /* its old mailbox's letters in its name, and what they mean in this
			   * one */
	uint64_t meant;
	uint64_t agreed;          /* flags that both sides had before; base's, if no answer comes */
	uint64_t leaves;          /* the label that its old mailbox is, if that is a tag */
	char *to;                 /* owned; the name that the file gets; NULL: it has it */
	bool flags_differ;        /* the server is to be told, by the next look */
	bool differs;             /* its bytes differ from the server's, which stay */
	uint64_t size, global_id; /* the id that it keeps; 0: unknown */
	time_t date;
};

/* A file that was moved here from where its message was deleted on the server: its name has that
 * mailbox's letters, so its row there stays until the file was sent with what they mean. */
struct gw_box_orphan {
	struct gw_box *from;         /* NULL: it ended meanwhile */
	struct gw_place *from_place; /* one reference */
	uint32_t uid, local;
};

/* How a step goes on: box.c's, called from below. */
struct gw_box_machine {
	void (*step)(struct gw_box *box);                        /* see gw_box_step() */
	void (*go)(struct gw_box *box, enum gw_box_state state); /* as the account asks */
	void (*arrive)(struct gw_box *box); /* the mailbox is selected: box->then is next */
	void (*blame)(struct gw_box *box);  /* isolate.c */
};

struct gw_box {
	const struct gw_box_machine *machine;
	enum gw_box_state state, then; /* then: what is entered once the mailbox is selected */
	struct gw_box_env *env;
	const struct gw_folder *folder;
	struct gw_mailbox_row *row;
	struct gw_trial *trial;
	struct gw_session *session; /* borrowed between attach and released */
	bool session_used, stopped, superseded, looks_at_few;
	bool selected;      /* this mailbox is selected on its session, ... */
	uint64_t selection; /* ... while this is the session's gw_session_selection() */
	bool selecting;     /* bodies are asked for behind its SELECT, not answered yet */
	bool select_failed; /* that SELECT failed (select_err), or showed another UIDVALIDITY */
	struct gw_error select_err;
	enum gw_code unsent_code; /* why nothing could be asked for behind that SELECT */
	bool drained;             /* everything its state asks for was sent */
	bool looks_alone;         /* a look had more to ask after another mailbox was selected */
	bool blamed; /* what it was asking for when its connection broke is on record */

	struct gw_place *place; /* one reference; NULL in a dry run of a new mailbox */
	struct gw_local_view local;
	struct gw_keywords keywords; /* the loop's own; grows as flags come */
	bool keywords_full;
	struct gw_remote_view remote;
	bool lacks_files; /* its cur/ or new/ is not the one that it was */
	bool copies_differ, asked_full;
	int64_t oldest;   /* older mail is outside the window; 0: no limit */
	bool remote_same; /* the server's counts say that nothing changed there */
	bool same;        /* nor did anything here */
	bool has_plan;

	/* pair.c */
	struct gw_pair_remote *heads; /* owned; headers that came */
	size_t head_count, head_cap;
	bool heads_raw; /* sizes are as announced, as in base's rows */
	bool heads_pending;
	void (*heads_then)(struct gw_box *box); /* when they are not any more */
	struct gw_unread {                      /* heads.c: the server gave no header of these */
		uint32_t uid, size;             /* size 0: not told */
		bool broke;                     /* connections broke at it */
		bool read;                      /* the body came, or its file is known */
	} * unread;                             /* owned; sorted by uid */
	size_t unread_count, unread_cap;
	struct gw_file_print *prints; /* owned; of files base does not know, by index */
	size_t print_count;
	bool named_only; /* each of those files names a UID of this mailbox */
	bool prints_pending;
	struct gw_pair *pairs; /* owned */
	size_t pair_count, pair_cap;

	/* recheck.c, joins.c */
	struct gw_gone *gone;   /* owned; facts of what is gone, by UID, as the plan has it */
	uint32_t *gone_actions; /* owned; indices in the plan, in the same order */
	size_t gone_count;
	struct gw_rekey *renumbered; /* owned; in a dry run: not told to the state */
	size_t renumbered_count;
	bool rekeyed;                /* its UIDs were reassigned */
	bool has_news;               /* another look showed a file that the first did not */
	uint64_t saw_at, fresh_from; /* box.h */
	bool confirmed, again;       /* again: not its first look in this run */
	uint32_t *wanted_heads;      /* owned; UIDs */
	size_t wanted_count;
	struct gw_box_take *takes; /* owned */
	size_t take_count, take_cap;
	struct gw_box_carry *carries; /* owned */
	size_t carry_count, carry_cap;
	struct gw_move_item *carry_items; /* owned */
	struct gw_box_orphan *orphans;    /* owned; orphan.c */
	size_t orphan_count, orphan_cap;
	unsigned awaited; /* moves from here that other mailboxes carry out */

	/* remove.c */
	struct gw_expunge_item *removals; /* owned; sorted by uid when they are sent */
	uint32_t *leaving_uids;           /* owned; likewise */
	struct gw_box_removal {
		uint32_t uid, local; /* local: a file that wished it */
		bool carried;        /* its copy is elsewhere: only the row is dropped */
		bool trashed;        /* a copy of it was found in the trash */
		enum gw_expunge_to to;
	} * leaving; /* owned; likewise */
	size_t leaving_count, leaving_cap;

	/* trash.c */
	bool left_for_trash; /* files of what went there, or may have, wait for another look */
	struct gw_cursors trash_at;       /* as it said itself, if it was asked */
	struct gw_trashing_row *trashing; /* owned, while they are stored */
	struct gw_came_item *trashed;     /* owned, while the server is asked */
	size_t trashed_count;

	/* hidden.c */
	struct gw_search_label_item *labelled; /* owned; ids of what is gone there */
	size_t labelled_count;
	bool asked_all;

	/* archive.c */
	struct gw_archived *archived; /* owned; by id, then by UID */
	size_t archived_count;
	uint64_t *archive_ids; /* owned; what the state is asked about */

	/* verify.c */
	uint32_t *suspects; /* owned; UIDs whose rows do not agree */
	size_t suspect_count, suspect_cap;

	/* apply.c */
	struct gw_plan plan;
	size_t left_there; /* actions that `direction` took out of it */
	bool planned;      /* the plan had actions */
	char key[17];
	struct gw_fetch_bodies_item *items; /* owned */
	size_t item_count;
	struct gw_fetch_bodies *download; /* frees itself */
	struct gw_break broke;            /* times 0: it did not */
	bool convicts;                    /* something was set aside for the breaks of this run */
	bool unsent;                      /* the box ends because it could not even ask */
	struct gw_error unavailable;      /* the server gives no bodies at present */
	struct gw_sighted sighted;        /* of a plan */
	uint32_t shows;                   /* shows: to be stored */
	size_t refused, undelivered;      /* operations that the disk did not carry out */
	struct gw_error refusal;          /* the first of them */
	size_t aside;                     /* messages that an earlier run set aside */
	size_t barred;   /* deleted here, and not there: the mailbox is read-only */
	size_t unstored; /* messages whose flags the server does not take; unstored.c */
	size_t hidden;   /* messages that the server does not show */

	/* get.c */
	struct gw_copy_item *copies;          /* owned */
	size_t copy_count, copy_at;           /* copy_at: how far the items were looked at */
	struct gw_fetch_bodies_item *waiting; /* owned; others fetch these */
	size_t waiting_count;
	uint64_t releases_seen;
	enum gw_box_share share, next_share; /* next_share: if has_rest */
	bool has_rest;                       /* what is of later shares was put off */

	/* apply.c */
	bool applied; /* the plan's local part became operations */
	bool incomplete;
	struct gw_mailbox_row next_row; /* becomes row once the cursor is committed */
	struct gw_sync_counts delta;

	/* upload.c */
	struct gw_append_item *uploads; /* owned */
	size_t upload_count, upload_cap;
	struct gw_pending_row *announced; /* owned, with its names, while they are stored */
	size_t announced_count;
	struct gw_search_msgid_item *known; /* owned, with its texts; known.c */
	size_t known_count;
	struct gw_append *upload; /* frees itself */
	struct gw_error upload_lost;
	bool sending;           /* not all was answered */
	struct gw_delay *delay; /* owned */

	/* relabel.c */
	struct gw_relabel_item *relabels; /* owned */
	size_t relabel_count;

	/* flags.c */
	struct gw_store_flags_item *push_items; /* owned */
	size_t push_count, push_cap;
	bool pushing; /* ahead of messages, and not answered */
	bool pushed;
	struct gw_error push_lost; /* of flags that went ahead */

	struct gw_error err;
};

/* --- core.c: what every step uses ------------------------------------------------------------- */

/* The only writer of box->state; logs the transition at debug level. */
void gw_box_enter(struct gw_box *box, enum gw_box_state next);
/* Goes on as the table says: what the state awaits has come.  May free the box. */
void gw_box_step(struct gw_box *box);
/* Ends the box: with the mailbox or, by the error's scope, its connection.  The box may be freed. */
void gw_box_fail(struct gw_box *box, const struct gw_error *err);
void gw_box_fail_nomem(struct gw_box *box);
void gw_box_finish(struct gw_box *box, enum gw_box_outcome outcome);
/* Ends the box: the connection or the disk is lost; why NULL: it was stopped. */
void gw_box_end_lost(struct gw_box *box, const struct gw_error *why);
/* A command could not be sent. */
void gw_box_end_unsent(struct gw_box *box, enum gw_code code);
void gw_box_release(struct gw_box *box);
/* Hands an operation on this mailbox to the batcher; what it owns is gone either way.  When memory
 * is out the box is incomplete: the next look finds it again. */
void gw_box_add(struct gw_box *box, struct gw_op *op);
/* The bits of a FETCH's flags (and labels), new keywords included; ctx: the box. */
uint64_t gw_box_flags(void *ctx, const struct gw_fetch *fetch);
/* The bits of those that PERMANENTFLAGS says may be stored; ctx: the box. */
uint64_t gw_box_storable_of(void *ctx, const struct gw_flag_list *list);
/* Keywords that are labels (remote/labels.h). */
uint64_t gw_box_labels(const struct gw_box *box);
/* Those of the labels that are notmuch's tags and not in file names. */
uint64_t gw_box_tags(const struct gw_box *box);
/* The label that the mailbox is itself, if it is among its keywords. */
uint64_t gw_box_own_label(const struct gw_box *box);
/* The label that another mailbox is, which has to go from notmuch's tags when a message leaves
 * that. */
uint64_t gw_box_tag_of(struct gw_box *box, const struct gw_box *other);
/* Flags that can be told to the server at all: a keyword has to be an atom, and not one that it refused,
 * or a label. */
uint64_t gw_box_told(const struct gw_box *box);
/* Those that the server stores permanently, once it was asked. */
uint64_t gw_box_storable(const struct gw_box *box);
/* Flags by another mailbox's keywords, in this one's. */
uint64_t gw_box_translate(struct gw_box *box, const struct gw_keywords *keywords, uint64_t flags);

/* --- policy.c ------------------------------------------------------------------------------------ */

/* Flags that a file name here takes from the server. */
uint64_t gw_box_here(const struct gw_box *box);
/* The mailbox's policy as input for the planner. */
struct gw_plan_input gw_box_policy(const struct gw_box *box);
/* True if something changed here that the server must learn. */
bool gw_box_changed_here(const struct gw_box *box);

/* --- file.c: one message's file ------------------------------------------------------------------- */

/* A file and a message that are one from now on. */
struct gw_box_union {
	uint32_t uid, local;
	uint64_t flags, base_flags; /* flags of the file; flags that both sides have afterwards */
	uint64_t size;
	time_t date;
	bool was_pending; /* or refused: that is over */
};
void gw_box_join(struct gw_box *box, const struct gw_box_union *u);
/* The op's file, as it was seen; false: out of memory, and the box is incomplete. */
bool gw_box_name_source(struct gw_box *box, uint32_t local, struct gw_op *op);
/* The name of a local file with other flags; NULL with incomplete set when it cannot be. */
char *gw_box_renamed(struct gw_box *box, uint32_t local, uint64_t flags, uint64_t changes);
/* Names a file that comes from another mailbox: replaces that mailbox's keyword letters by this
 * one's.  base NULL: keeps its base name. */
char *gw_box_moved_name(struct gw_box *box, const struct gw_keywords *from, const char *file,
	const char *base, uint64_t flags);
/* True if the look showed a file with this base name, which is then another message's. */
bool gw_box_name_is_taken(const struct gw_box *box, struct gw_slice base);
/* The fingerprint of a file that base does not know, or NULL. */
const struct gw_file_print *gw_box_print_of(const struct gw_box *box, uint32_t local);
/* A message that is in tmp/ goes to its place; file is taken over. */
struct gw_box_arrival {
	uint32_t uid;
	uint32_t size; /* RFC822.SIZE; 0: not told */
	uint64_t flags;
	time_t date;   /* 0: not known */
	bool was_here; /* another mailbox had it before: no news */
	bool copied;   /* we made it on the server, of another */
};
void gw_box_deliver(struct gw_box *box, const struct gw_box_arrival *a, struct gw_delivered *file);
/* A message in new/ stays there while it has no flag, and one in cur/ stays in cur/. */
bool gw_box_stays_in_new(const struct gw_box *box, uint32_t local, uint64_t flags);
/* True if an unfinished run announced this file: then the state says what its letters mean. */
bool gw_box_was_announced(const struct gw_box *box, uint32_t local);
/* True if that was no upload: the server was asked to copy another message, and has it as it is. */
bool gw_box_was_to_be_copied(const struct gw_box *box, uint32_t local);
bool gw_box_is_paired(const struct gw_box *box, uint32_t local);
/* Stands for a file of this name here, in all mailboxes. */
uint64_t gw_box_file_id(const struct gw_box *box, uint32_t local);
/* Returns what is gone under this UID, on either side; NULL: nothing is. */
const struct gw_gone *gw_box_gone_of(const struct gw_box *box, uint32_t uid);
/* The same of the plan's action of this index. */
struct gw_gone *gw_box_gone_by(const struct gw_box *box, uint32_t action);
/* The global id of what is gone, as base has it; 0: not known. */
uint64_t gw_box_gone_id(const struct gw_box *box, uint32_t uid);
/* True if the view lists this UID. */
bool gw_box_is_there(const struct gw_box *box, uint32_t uid);
/* The UID that base has for it: in a dry run the state keeps the old ones.  0: the same. */
uint32_t gw_box_row_uid(const struct gw_box *box, uint32_t uid);

/* --- lease.c: its connection ------------------------------------------------------------------ */

/* True while the mailbox is selected on a connection that is its own. */
bool gw_box_has_session(const struct gw_box *box);
/* Selects the mailbox, on another connection if need be; then box->machine->arrive(). */
void gw_box_ask_session(struct gw_box *box);
/* Selects it on the connection that it has. */
void gw_box_select(struct gw_box *box);
/* All that this state asks for is under way; until another one begins. */
void gw_box_drain(struct gw_box *box);
/* Bodies were asked for behind a SELECT that failed: ends the box. */
void gw_box_end_select(struct gw_box *box);

/* --- the steps: one function for each state, called as it is entered (box.c) ------------------- */

/* look.c */
void gw_box_look(struct gw_box *box);
void gw_box_observe(struct gw_box *box);
/* True if the UIDs of base's rows mean something else on the server now. */
bool gw_box_is_renumbered(struct gw_box *box);
void gw_box_drop_views(struct gw_box *box);

/* heads.c: headers of the server's messages */
/* Fetches them (ascending) into box->heads; then() follows where heads_pending is set. */
enum gw_code gw_box_ask_heads(
	struct gw_box *box, const uint32_t *uids, size_t count, void (*then)(struct gw_box *box));
/* Hash of a Message-ID; 0: none. */
uint64_t gw_box_msgid_of(const struct gw_fingerprint *print);
/* Returns the message whose header did not arrive, or NULL. */
struct gw_unread *gw_box_find_unread(const struct gw_box *box, uint32_t uid);
/* The body of a new message came: the unknown file that it is, whatever its header was; or GW_NO_LOCAL.
 * (Of more than are compared by bodies: only if its header did not come.) */
uint32_t gw_box_read(struct gw_box *box, uint32_t uid, const struct gw_fingerprint *print);
/* Returns the UID of an unreadable message that this unknown file may be; 0: none. */
uint32_t gw_box_may_be(const struct gw_box *box, uint32_t local);
/* The body of a new message has arrived: returns the file that was stored under its Message-ID, with its body
 * and an altered header; GW_NO_LOCAL: none was. */
uint32_t gw_box_find_namesake(struct gw_box *box, uint32_t uid, const struct gw_fingerprint *print);
/* True if a message with the file's Message-ID came since it was sent, so that bodies decide. */
bool gw_box_has_namesake(const struct gw_box *box, const struct gw_pending_file *p);

/* pair.c: base's rows are found again under new UIDs by the headers of all messages. */
void gw_box_fetch_all_heads(struct gw_box *box);
void gw_box_rekey(struct gw_box *box);
/* Joins what both sides have new.  Names the mailbox's key and its unknown files first. */
void gw_box_pair(struct gw_box *box);
bool gw_box_has_unknown(struct gw_box *box);
/* True if the server is to be asked for it, too. */
bool gw_box_asks_heads(const struct gw_box *box);
/* Fetches the headers of wanted_heads. */
void gw_box_fetch_wanted_heads(struct gw_box *box);

/* plan.c: plans, once, and waits for the account. */
void gw_box_plan(struct gw_box *box);

/* explain.c: a dry run, step by step. */
void gw_box_tell(struct gw_box *box);

/* recheck.c */
void gw_box_look_at_gone(struct gw_box *box);

/* halves.c */
/* True if it is gone here or there, or on both sides. */
bool gw_box_is_gone(const struct gw_box *box, const struct gw_action *a);
/* True if it is new there. */
bool gw_box_is_fresh_there(const struct gw_box *box, const struct gw_action *a);

/* hidden.c */
/* Judges whether the mailbox shows only its newest messages, on a server without All Mail. */
void gw_box_judge_sight(struct gw_box *box, struct gw_plan_input *in);
/* True if its messages have a label of it, so that All Mail can be asked, and was not asked yet. */
bool gw_box_has_label(const struct gw_box *box);
/* The judge found that so many messages only seem to be gone there. */
void gw_box_note_hidden(struct gw_box *box, size_t hidden);
/* hidden.c: asks all mail for the labels of what is gone. */
void gw_box_ask_labels(struct gw_box *box);
/* archive.c: asks the state where what may be archived stands. */
void gw_box_ask_siblings(struct gw_box *box);

/* get.c */
/* Claims what nobody else fetches, and copies what another mailbox has. */
void gw_box_copy(struct gw_box *box);
/* True if something is to be fetched, as far as the day allows. */
bool gw_box_has_items(struct gw_box *box);
/* True if others fetch the rest; gives up its own claims. */
bool gw_box_has_waiting(struct gw_box *box);
void gw_box_begin_await(struct gw_box *box);
/* Rows that lack their global id get it. */
void gw_box_note_ids(struct gw_box *box);

/* apply.c */
/* The plan becomes lists: what is joined at once, fetched, told, uploaded.  false: out of memory. */
bool gw_box_sort_out(struct gw_box *box);
/* Rows of what was edited lose their names, on disk: before the new message gets the name, and before
 * anything of it is sent.  A row that still had it would take the new text for its own. */
void gw_box_give_names_on(struct gw_box *box);
/* A dry run: the same, counted. */
void gw_box_count_rest(struct gw_box *box);
/* Fetches its items. */
void gw_box_download(struct gw_box *box);
/* Gone there and changed here: the file stays, and is new. */
void gw_box_keep(struct gw_box *box, const struct gw_action *a);
/* Applies the rest of the plan on the local side, except deletions. */
void gw_box_apply_rest(struct gw_box *box);
/* Applies local deletions. */
void gw_box_delete_local(struct gw_box *box);

/* moves_here.c */
/* Files whose messages were moved here on the server. */
void gw_box_take_files(struct gw_box *box);
void gw_box_forget_moves(struct gw_box *box);

/* moves_there.c */
/* Finds the rows of messages that are to be uploaded, and stand in other mailboxes already. */
void gw_box_find_copies(struct gw_box *box);
bool gw_box_may_copy(struct gw_box *box);
/* Cancels uploads that became copies. */
void gw_box_drop_carried(struct gw_box *box);
/* Moves and copies them on the server. */
void gw_box_send_moves(struct gw_box *box);

/* known.c */
void gw_box_read_msgids(struct gw_box *box);
bool gw_box_may_know(struct gw_box *box);
/* Asks all mail for them. */
void gw_box_seek(struct gw_box *box);
bool gw_box_has_msgids(struct gw_box *box);
void gw_box_drop_known(struct gw_box *box);

/* pending.c */
/* Interrupted uploads whose file is gone: those that arrived become base's. */
void gw_box_claim_pending(struct gw_box *box);
/* True if an interrupted upload may still arrive; then waits, and ends to be looked at again. */
bool gw_box_must_wait(struct gw_box *box);
void gw_box_wait(struct gw_box *box);
/* Records that uploaded messages are now listed by the server. */
void gw_box_note_seen(struct gw_box *box);
/* Makes an upload pending again that the server confirmed but does not have. */
void gw_box_take_back(struct gw_box *box, uint32_t uid);
/* While that is so, what is new there may be it: the next look compares them. */
void gw_box_put_off_new(struct gw_box *box);

/* upload.c */
/* Marks the unknown files that may be uploaded at all. */
void gw_box_mark_candidates(struct gw_box *box);
/* Notes one UPLOAD or REFUSE action; false: out of memory. */
bool gw_box_will_upload(struct gw_box *box, const struct gw_action *a);
/* True if something is to be sent or moved there, as far as the day allows. */
bool gw_box_has_to_send(struct gw_box *box);
/* Stores what is about to be sent. */
void gw_box_announce(struct gw_box *box);
void gw_box_upload(struct gw_box *box);
/* Flags, or the messages, were answered: goes on when both were. */
void gw_box_sent(struct gw_box *box);
/* A file is neither pending nor refused any more; or it is refused. */
void gw_box_forget_file(struct gw_box *box, const char *name);
void gw_box_refuse_file(struct gw_box *box, const char *name, const char *reason);
/* Refuses a file that the server merged with another file's message; it is left alone, as an alias
 * of that one. */
void gw_box_refuse_alias(struct gw_box *box, const char *name, uint32_t uid);
/* True if the file's upload was answered OK. */
bool gw_box_stored(const struct gw_box *box, uint32_t local);

/* orphan.c */
/* Joins a file that was moved here from a mailbox with its message, deleted there: it counts as
 * new, but its name has the other mailbox's keyword letters, which must be kept until it is
 * sent. */
void gw_box_join_orphan(
	struct gw_box *gone, uint32_t gone_action, struct gw_box *fresh, uint32_t fresh_action);
/* Joins a message that was moved to the same mailbox on both sides: its file, too, has the other
 * mailbox's letters. */
void gw_box_join_paired(struct gw_box *gone, struct gw_box *paired, uint32_t action);
/* Uploads are over: rows of those that were sent go. */
void gw_box_settle_orphans(struct gw_box *box);
void gw_box_cut_orphans(struct gw_box *box, const struct gw_box *ended);
void gw_box_forget_orphans(struct gw_box *box);

/* same_name.c */
/* Files that share a base name and are not one message are given names of their own. */
void gw_box_settle_twins(struct gw_box *box);
/* The message uid leaves, with its file, if it has one: those that are the same message go along,
 * or they would come back as new. */
void gw_box_drop_twins(struct gw_box *box, uint32_t uid, uint32_t local);

/* relabel.c */
/* Takes labels that were changed here on messages that left this mailbox there out of the plan.
 * false: out of memory. */
bool gw_box_find_relabels(struct gw_box *box);
void gw_box_relabel(struct gw_box *box);

/* flags.c */
/* Notes one REMOTE_FLAGS action; false: out of memory. */
bool gw_box_will_push(struct gw_box *box, const struct gw_action *a);
/* Flushes to disk what the following commands rest on. */
void gw_box_flush(struct gw_box *box);
/* Tells the server. */
void gw_box_push(struct gw_box *box);
/* Pushes flags ahead of messages about to be sent, if neither needs anything to be found out;
 * gw_box_sent() follows if it does. */
void gw_box_push_ahead(struct gw_box *box);
/* Keywords that were refused, and that some file still has; those that none has are forgotten. */
void gw_box_forget_keywords(struct gw_box *box);
void gw_box_tell_keywords(struct gw_box *box);
/* Records which keywords the last STORE stored or refused; why: the reason for the refused ones. */
void gw_box_settle_keywords(struct gw_box *box, const struct gw_error *why);
/* Remembers a message with a reason. */
void gw_box_hold(struct gw_box *box, uint32_t uid, const char *why);
/* The server merges: what was edited here is as before there. */
void gw_box_tell_kept(struct gw_box *box, uint32_t uid);

/* remove.c */
/* Lists what goes; false: out of memory. */
bool gw_box_collect(struct gw_box *box);
/* Finds out which messages stay in another mailbox, and leave only this one. */
void gw_box_find_siblings(struct gw_box *box);
bool gw_box_may_have_siblings(struct gw_box *box);
void gw_box_flush_all(struct gw_box *box);
void gw_box_send_removals(struct gw_box *box);

/* trash.c */
/* Asks for its cursors, if neither this run's list nor the state has them. */
void gw_box_ask_trash(struct gw_box *box);
bool gw_box_must_ask_trash(struct gw_box *box);
/* Lists what is about to go to the trash and was not announced before; borrowed from the box. */
struct gw_announcement gw_box_list_trashing(struct gw_box *box);
/* Looks in the trash for what was. */
void gw_box_look_into_trash(struct gw_box *box);
bool gw_box_may_be_trashed(struct gw_box *box);
/* Was it announced, by the time of the look? */
bool gw_box_was_trashed(const struct gw_box *box, uint32_t uid);
/* Is this the mailbox that deleted mail goes to? */
bool gw_box_is_trash(const struct gw_box *box);

/* verify.c: compares instead of planning. */
void gw_box_verify(struct gw_box *box);
/* Compares a body that was fetched for it with its file; takes file over. */
void gw_box_verify_body(
	struct gw_box *box, const struct gw_fetch_bodies_item *item, struct gw_delivered *file);

/* commit.c */
/* Stores the cursor, or stamps, or what a repair leaves. */
void gw_box_commit(struct gw_box *box);
/* Stores that the mailbox has a UIDVALIDITY and nothing under it yet (I2), unless that is stored
 * already.  GW_ERR_NOMEM. */
enum gw_code gw_box_store_validity(struct gw_box *box);

/* unstored.c */
/* HOLD_FLAGS and SETTLE_FLAGS. */
void gw_box_hold_flags(struct gw_box *box, const struct gw_action *a);
void gw_box_settle_flags(struct gw_box *box, const struct gw_action *a);
/* True if the state has them already. */
bool gw_box_knows_held_flags(const struct gw_box *box, const struct gw_action *a);
/* After its STOREs were answered; refused: the first NO, or NULL.  true: some were answered OK, and
 * that is to be told. */
bool gw_box_settle_pushed(
	struct gw_box *box, const struct gw_store_flags_item *item, const struct gw_error *refused);
void gw_box_count_unstored(struct gw_box *box);
void gw_box_tell_unstored(struct gw_box *box);

/* refused.c */
/* True if new mail arrived but none of it could be written to the directory. */
bool gw_box_finds_no_place(const struct gw_box *box);
/* True if the look saw that nothing can be written there: the box has ended. */
bool gw_box_bars_download(struct gw_box *box);
/* Reports in one line what the disk refused. */
void gw_box_tell_refused(struct gw_box *box);
/* The error of a download that the disk ended: false if it is the whole account's. */
bool gw_box_is_own(const struct gw_error *err);

/* isolate.c */
/* Blames what the box was asking for, if its connection broke at that. */
void gw_box_blame(struct gw_box *box);
/* Records a break in its download. */
void gw_box_note_break(struct gw_box *box, uint32_t lo, uint32_t hi, size_t asked, bool alone);
/* A message came. */
void gw_box_came(struct gw_box *box, uint32_t uid);
/* The look went through. */
void gw_box_looked_there(struct gw_box *box);
/* True if connections broke more than once during its look. */
bool gw_box_broke_looking(const struct gw_box *box);
/* True if looking at the mailbox is set aside; the box has ended then. */
bool gw_box_bars_look(struct gw_box *box);
bool gw_box_bars_changes(struct gw_box *box);
/* True if the file must not be sent.  heat: how often a connection broke while it was sent. */
bool gw_box_bars_file(struct gw_box *box, uint32_t local, uint64_t size, uint8_t *heat);
/* Notes how suspicious it is; true: it is not asked for, and set aside. */
bool gw_box_sets_aside(struct gw_box *box, struct gw_fetch_bodies_item *item);
bool gw_box_is_culprit(struct gw_box *box, const struct gw_fetch_bodies_item *item);
/* The server will not give this message. */
void gw_box_set_aside(
	struct gw_box *box, const struct gw_fetch_bodies_item *item, const char *reason);
/* All of it was answered. */
void gw_box_acquit(struct gw_box *box);
/* Returns a header's heat.  on_trial: a connection broke while only this one was asked for. */
unsigned gw_box_head_heat(const struct gw_box *box, uint32_t uid, bool *on_trial);
bool gw_box_is_bad_head(struct gw_box *box, uint32_t uid);
/* A header came. */
void gw_box_head_came(struct gw_box *box, uint32_t uid);
/* Counts messages that an earlier run set aside, or that are hidden, and that the plan (if any)
 * leaves so. */
void gw_box_count_aside(struct gw_box *box);
/* Counts what was deleted here and is to stay in a read-only mailbox. */
void gw_box_count_barred(struct gw_box *box);
/* Tells of them, and of files that were refused. */
void gw_box_tell_aside(struct gw_box *box);
