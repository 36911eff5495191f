/* mailbox/box_p.h - what box.c, pair.c and apply.c share; private to them.
 *
 *   LOOKING --> READY --connection--> OBSERVING
 *   OBSERVING --UIDs mean something else now--> HEADS_OF_ALL --> LOOKING_AT_PRINTS --> REKEYING
 *             --> LOOKING_AGAIN --> (as if nothing had happened)
 *   OBSERVING --new mail on both sides--> PAIRING --> PLANNED       else --> PLANNED
 *   PLANNED --something is gone--> CONFIRMING --> PLANNED
 *           --it may have come from another mailbox--> HEADS_FOR_MOVES --> PLANNED
 *           --it may only be hidden--> ASKING_ALL --> PLANNED
 *           --the account says so--> COPYING --> DOWNLOADING --> CARRYING --> UPLOADING
 *           --> PUSHING --> CREATED            (COPYING, AWAITING: get.c)
 *   To verify: OBSERVING --> VERIFYING (bodies by way of DOWNLOADING) --> COMMITTING --> DONE
 *   CREATED --the account says so--> REMOVING --> COMMITTING --> DONE
 *   Where a connection is needed and was given up meanwhile: READY_AGAIN --> SELECTING --> on.
 *   PAIRING --an upload was interrupted and is not seen--> WAITING --> DONE (once more)
 *   LOOKING --nothing changed there, nor here--> COMMITTING (stamps only)
 *
 * I1  env->done() runs once, from finish().
 * I2  a row of base never stands under a UIDVALIDITY that it was not seen under: the mailbox's row
 *     is stored before the first message of a new one.
 * I3  no operation follows the cursor.
 * I4  nothing is deleted, on either side, before every mailbox of the account has what it gets.
 */
#pragma once

#include "local/confirm.h"
#include "local/local_copy.h"
#include "local/observe.h"
#include "mailbox/box.h"
#include "net/delay.h"
#include "remote/append.h"
#include "remote/expunge.h"
#include "remote/fetch.h"
#include "remote/labels.h"
#include "remote/move.h"
#include "remote/observe.h"
#include "remote/search_label.h"
#include "remote/search_msgid.h"
#include "remote/store_flags.h"

enum gw_box_state {
	BOX_LOOKING,
	BOX_READY,
	BOX_OBSERVING,
	BOX_HEADS_OF_ALL,
	BOX_LOOKING_AT_PRINTS,
	BOX_REKEYING,
	BOX_LOOKING_AGAIN,
	BOX_PAIRING,
	BOX_PLANNED,
	BOX_CONFIRMING,
	BOX_HEADS_FOR_MOVES,
	BOX_ASKING_ALL, /* hidden.c */
	BOX_SIFTING,    /* archive.c */
	BOX_READY_AGAIN,
	BOX_SELECTING,
	BOX_COPYING,
	BOX_DOWNLOADING,
	BOX_AWAITING, /* what other mailboxes fetch */
	BOX_SEEKING,  /* known.c */
	BOX_CARRYING,
	BOX_UPLOADING,
	BOX_PUSHING,
	BOX_CREATED,
	BOX_REMOVING,
	BOX_VERIFYING,
	BOX_WAITING,
	BOX_COMMITTING,
	BOX_DONE,
	BOX_STATES, /* how many */
};

/* A message that was moved here on the server: its file follows. */
struct gw_box_take {
	struct gw_box *from;   /* where its file is; NULL: that, or row_of, ended meanwhile */
	struct gw_box *row_of; /* where its row is: mostly the same */
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
	uint64_t flags;                     /* that it has there, by this mailbox's keywords */
	uint32_t letters; /* of its old mailbox, in its name; and what they mean in this one */
	uint64_t meant;
	uint64_t agreed;          /* that it had on both sides before; base's, if no answer comes */
	char *to;                 /* owned; the name that the file gets; NULL: it has it */
	bool flags_differ;        /* the server is to be told, by the next look */
	bool differs;             /* its bytes are others than the server's, which stay */
	uint64_t size, global_id; /* it keeps its id; 0: not known */
	time_t date;
};

/* A file that was moved here from where its message was deleted on the server: its name has that
 * mailbox's letters, so its row there stays until the file was sent with what they mean. */
struct gw_box_orphan {
	struct gw_box *from;         /* NULL: it ended meanwhile */
	struct gw_place *from_place; /* one reference */
	uint32_t uid, local;
};

struct gw_box {
	enum gw_box_state state;
	struct gw_box_env *env;
	const struct gw_folder *folder;
	struct gw_mailbox_row *row;
	struct gw_session *session; /* borrowed between attach and released */
	bool session_used, stopped, superseded;
	bool selected;                    /* on its session, this mailbox is */
	void (*then)(struct gw_box *box); /* what goes on once it is selected (again) */

	struct gw_place *place; /* one reference; NULL in a dry run of a new mailbox */
	struct gw_local_view local;
	struct gw_keywords keywords; /* the loop's own; grows as flags come */
	bool keywords_full;
	struct gw_remote_view remote;
	bool copies_differ, asked_full;
	int64_t oldest;   /* what is older is outside the window; 0: no limit */
	bool remote_same; /* the server's counts say that nothing changed there */

	/* pair.c */
	struct gw_pair_remote *heads; /* owned; headers that came */
	size_t head_count, head_cap;
	bool heads_raw; /* their sizes are as announced, as in base's rows */
	unsigned heads_pending;
	struct gw_printer head_printer;
	struct gw_crlf head_crlf;
	bool head_comes, head_whole;
	struct gw_file_print *prints; /* owned; of files base does not know, by index */
	size_t print_count;
	bool prints_pending;
	struct gw_pair *pairs; /* owned */
	size_t pair_count, pair_cap;

	/* match.c */
	struct gw_gone *gone;   /* owned; facts of what is gone */
	uint32_t *gone_actions; /* owned; indices in the plan, likewise */
	size_t gone_count;
	struct gw_rekey *renumbered; /* owned; in a dry run: what the state was not told of */
	size_t renumbered_count;
	bool rekeyed;                /* its UIDs were given anew */
	bool has_news;               /* another look showed a file that the first did not */
	uint64_t saw_at, fresh_from; /* box.h */
	bool confirmed, again;       /* again: not its first look in this run */
	uint32_t *wanted_heads;      /* owned; UIDs */
	size_t wanted_count;
	struct gw_box_take *takes; /* owned */
	size_t take_count, take_cap;
	struct gw_box_carry *carries; /* owned */
	size_t carry_count, carry_cap;
	struct gw_carry_item *carry_items; /* owned */
	struct gw_box_orphan *orphans;     /* owned; orphan.c */
	size_t orphan_count, orphan_cap;
	unsigned awaited; /* moves from here that other mailboxes carry out */

	/* remove.c */
	struct gw_remove_item *removals; /* owned; sorted by uid when they are sent */
	uint32_t *leaving_uids;          /* owned; likewise */
	struct gw_box_removal {
		uint32_t uid, local; /* local: a file that wished it */
		bool carried;        /* its copy stands elsewhere: only the row goes */
		enum gw_remove_to to;
	} * leaving; /* owned; likewise */
	size_t leaving_count, leaving_cap;

	/* hidden.c */
	struct gw_labelled_item *labelled; /* owned; ids of what is gone there */
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
	bool planned; /* it held something */
	char key[17];
	struct gw_download_item *items; /* owned */
	size_t item_count;
	struct gw_download *download; /* frees itself */
	struct gw_break broke;        /* times 0: it did not */
	bool unsent;                  /* it ends because it could not even ask */
	struct gw_error unavailable;  /* the server gives no bodies at present */
	size_t aside;                 /* messages that an earlier run set aside */

	/* get.c */
	struct gw_copy_item *copies;      /* owned */
	size_t copy_count, copy_at;       /* copy_at: how far the items were looked at */
	struct gw_download_item *waiting; /* owned; others fetch these */
	size_t waiting_count;
	uint64_t releases_seen;

	/* apply.c */
	bool applied; /* the plan's local part became operations */
	bool incomplete;
	struct gw_mailbox_row next_row; /* what row becomes once the cursor is committed */
	struct gw_sync_counts delta;

	/* upload.c */
	struct gw_upload_item *uploads; /* owned */
	size_t upload_count, upload_cap;
	struct gw_pending_row *announced; /* owned, with its names, while they are stored */
	size_t announced_count;
	struct gw_known_item *known; /* owned, with its texts; known.c */
	size_t known_count;
	struct gw_upload *upload; /* frees itself */
	struct gw_delay *delay;   /* owned */

	/* flags.c */
	struct gw_push_item *push_items; /* owned */
	size_t push_count, push_cap;

	struct gw_error err;
};

/* box.c */
void gw_box_fail(struct gw_box *box, const struct gw_error *err);
void gw_box_finish(struct gw_box *box, enum gw_box_outcome outcome);
/* Its connection or the disk is lost; why NULL: it was stopped. */
void gw_box_end_lost(struct gw_box *box, const struct gw_error *why);
/* A command could not be sent. */
void gw_box_end_unsent(struct gw_box *box, enum gw_code code);
void gw_box_release(struct gw_box *box);
/* Hands an operation on this mailbox to the batcher; what it owns is gone either way.  When memory
 * is out the box is incomplete: the next look finds it again. */
void gw_box_add(struct gw_box *box, struct gw_op *op);
uint64_t gw_box_flags(void *ctx, const struct gw_fetch *fetch);
/* Keywords that are labels (remote/labels.h). */
uint64_t gw_box_labels(const struct gw_box *box);
/* Those of them that stand in notmuch's database and not in file names. */
uint64_t gw_box_tags(const struct gw_box *box);
/* Flags that can be told to the server at all: a keyword has to be an atom, or a label. */
uint64_t gw_box_told(const struct gw_box *box);
/* Those that the server stores for good, once it was asked. */
uint64_t gw_box_storable(const struct gw_box *box);
void gw_box_look(struct gw_box *box, enum gw_box_state state, bool with_prints);

/* isolate.c */
/* It ends with its connection: what it was asking for is remembered. */
void gw_box_blame(struct gw_box *box);
/* Of its download. */
void gw_box_note_break(struct gw_box *box, uint32_t lo, uint32_t hi, size_t asked, bool late);
/* Has it broken too often?  true: the box has ended. */
bool gw_box_bars_look(struct gw_box *box);
bool gw_box_bars_changes(struct gw_box *box);
/* So often a connection broke while this file was sent. */
unsigned gw_box_heat_of_file(const struct gw_box *box, uint32_t local);
/* Notes how suspicious it is; true: it is not asked for, and set aside. */
bool gw_box_sets_aside(struct gw_box *box, struct gw_download_item *item);
/* All of it was answered. */
void gw_box_acquit(struct gw_box *box);
/* Messages that an earlier run set aside, and that stay so by the plan (or there is none). */
void gw_box_count_aside(struct gw_box *box);
/* Tells of them, and of files that were refused. */
void gw_box_tell_aside(struct gw_box *box);
/* apply.c: the server will not give it. */
void gw_box_set_aside(struct gw_box *box, const struct gw_download_item *item, const char *reason);

/* pair.c: the heads of all messages, to find base's rows again under new UIDs. */
void gw_box_begin_rekey(struct gw_box *box);
/* The UID that base has for it: in a dry run the state keeps the old ones.  0: the same. */
uint32_t gw_box_row_uid(const struct gw_box *box, uint32_t uid);
/* All rows' prints are there (LOOKING_AT_PRINTS is over). */
void gw_box_rekey(struct gw_box *box);
/* Fetches the headers of wanted_heads; then gw_box_headed(). */
void gw_box_fetch_wanted_heads(struct gw_box *box);
/* Joins what both sides have new, if they do, and goes on to gw_box_plan(). */
void gw_box_pair(struct gw_box *box);

bool gw_box_is_paired(const struct gw_box *box, uint32_t local);

/* box.c: selects the mailbox, on a new connection if need be, and calls then(). */
void gw_box_with_session(struct gw_box *box, void (*then)(struct gw_box *box));
/* Flags by another mailbox's keywords, in this one's. */
uint64_t gw_box_translate(struct gw_box *box, const struct gw_keywords *keywords, uint64_t flags);

/* plan.c: plans, then waits for the account. */
void gw_box_plan(struct gw_box *box);
/* Flags that a file name here takes from the server. */
uint64_t gw_box_here(const struct gw_box *box);
/* Its policy, as the planner takes it. */
struct gw_plan_input gw_box_policy(const struct gw_box *box);

/* explain.c: a dry run, step by step. */
void gw_box_tell(struct gw_box *box);

/* upload.c: was this file announced by a run that did not see it through?  Then the state says
 * what its letters mean. */
bool gw_box_was_announced(const struct gw_box *box, uint32_t local);

/* orphan.c */
/* Uploads are over: rows of those that were sent go. */
void gw_box_settle_orphans(struct gw_box *box);
void gw_box_cut_orphans(struct gw_box *box, const struct gw_box *ended);
void gw_box_forget_orphans(struct gw_box *box);

/* get.c */
/* Copies what is here, fetches the rest of its items; then gw_box_find_copies(). */
void gw_box_get(struct gw_box *box);
/* What it had to fetch itself is there. */
void gw_box_got(struct gw_box *box);
/* Rows that lack their global id get it. */
void gw_box_note_ids(struct gw_box *box);

/* same_name.c */
/* Files that share a base name and are not one message are given names of their own. */
void gw_box_settle_twins(struct gw_box *box);
/* The message uid leaves, with its file, if it has one: those that are the same message go along,
 * or they would come back as new. */
void gw_box_drop_twins(struct gw_box *box, uint32_t uid, uint32_t local);

/* apply.c: stores that the mailbox has a UIDVALIDITY and nothing under it yet (I2), unless that
 * is stored already.  GW_ERR_NOMEM. */
enum gw_code gw_box_store_validity(struct gw_box *box);

/* match.c */
void gw_box_headed(struct gw_box *box);
/* Files whose messages were moved here on the server. */
void gw_box_take_files(struct gw_box *box);
void gw_box_forget_moves(struct gw_box *box);

/* verify.c: compares instead of planning. */
void gw_box_verify(struct gw_box *box);
/* Of one that was fetched for it; takes file over. */
void gw_box_verify_body(
	struct gw_box *box, const struct gw_download_item *item, struct gw_delivered *file);
void gw_box_verify_end(struct gw_box *box);

/* moves_there.c */
/* Looks for messages that are on the server already, in other mailboxes; then gw_box_find_known().
 */
void gw_box_find_copies(struct gw_box *box);
/* What became a copy is not uploaded. */
void gw_box_drop_carried(struct gw_box *box);
/* known.c: asks all mail for what is to be uploaded; then gw_box_send(). */
void gw_box_find_known(struct gw_box *box);
void gw_box_drop_known(struct gw_box *box);
/* Moves and copies them; then gw_box_upload(). */
void gw_box_carry(struct gw_box *box);

/* apply.c: carries out. */
/* A message that is in tmp/ goes to its place; file is taken over. */
struct gw_box_arrival {
	uint32_t uid;
	uint32_t size; /* RFC822.SIZE; 0: not told */
	uint64_t flags;
	time_t date;   /* 0: not known */
	bool was_here; /* another mailbox had it before: no news */
};
void gw_box_deliver(struct gw_box *box, const struct gw_box_arrival *a, struct gw_delivered *file);
/* What is left of the plan, local side, less what goes. */
void gw_box_apply_rest(struct gw_box *box);
/* What goes here. */
void gw_box_delete_local(struct gw_box *box);
/* A file and a message that are one from now on. */
struct gw_box_union {
	uint32_t uid, local;
	uint64_t flags, base_flags; /* that the file gets; that both sides have then */
	uint64_t size;
	time_t date;
	bool was_pending; /* or refused: that is over */
};
void gw_box_join(struct gw_box *box, const struct gw_box_union *u);
/* The op's file, as it was seen; false: out of memory, and the box is incomplete. */
bool gw_box_name_source(struct gw_box *box, uint32_t local, struct gw_op *op);
/* The name of a local file with other flags; NULL with incomplete set when it cannot be. */
char *gw_box_renamed(struct gw_box *box, uint32_t local, uint64_t flags, uint64_t changes);
/* Did the look show a file of this base name, which then is another message? */
bool gw_box_name_is_taken(const struct gw_box *box, struct gw_slice base);
void gw_box_created(struct gw_box *box);
void gw_box_begin_download(struct gw_box *box); /* of its items */
/* Everything was carried out: stores the cursors. */
void gw_box_wrap_up(struct gw_box *box);
/* Is there anything here to tell the server of? */
bool gw_box_changed_here(const struct gw_box *box);
/* Nothing changed on either side: stores the stamps of the look. */
void gw_box_wrap_up_same(struct gw_box *box);

/* The fingerprint of a file that base does not know, or NULL. */
const struct gw_file_print *gw_box_print_of(const struct gw_box *box, uint32_t local);

/* upload.c */
/* Which of the unknown files may be uploaded at all. */
void gw_box_mark_candidates(struct gw_box *box);
/* Interrupted uploads whose file is gone: those that arrived become base's. */
void gw_box_claim_pending(struct gw_box *box);
/* true: an interrupted upload may still arrive; the box ends by itself and is looked at again. */
bool gw_box_must_wait(struct gw_box *box);
/* Notes one UPLOAD or REFUSE action; false: out of memory. */
bool gw_box_will_upload(struct gw_box *box, const struct gw_action *a);
/* Announces what is new here and sends it, then gw_box_push(). */
void gw_box_send(struct gw_box *box);
void gw_box_upload(struct gw_box *box);
/* What was uploaded and is told of now is there. */
void gw_box_note_seen(struct gw_box *box);
/* It was uploaded, and is not there: its file is one that is being sent. */
void gw_box_take_back(struct gw_box *box, uint32_t uid);
/* While that is so, what is new there may be it: the next look compares them. */
void gw_box_put_off_new(struct gw_box *box);
/* A file is neither pending nor refused any more; or it is refused. */
void gw_box_forget_file(struct gw_box *box, const char *name);
void gw_box_refuse_file(struct gw_box *box, const char *name, const char *reason);
/* It was merged with a message that has another file, and is left alone: it stands for that one. */
void gw_box_refuse_alias(struct gw_box *box, const char *name, uint32_t uid);
/* Was the file's upload answered OK? */
bool gw_box_stored(const struct gw_box *box, uint32_t local);

/* flags.c */
/* Notes one REMOTE_FLAGS action; false: out of memory. */
bool gw_box_will_push(struct gw_box *box, const struct gw_action *a);
/* Tells the server, then gw_box_created(). */
void gw_box_push(struct gw_box *box);
/* Remembers a message with a reason. */
void gw_box_hold(struct gw_box *box, uint32_t uid, const char *why);
/* The server merges: what was edited here is as before there. */
void gw_box_tell_kept(struct gw_box *box, uint32_t uid);

/* The only writer of box->state; logs the transition at debug level. */
void gw_box_enter(struct gw_box *box, enum gw_box_state next);
