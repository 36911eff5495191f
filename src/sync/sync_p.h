/* SPDX-License-Identifier: ISC */
/* sync/sync_p.h - what the files of one account's sync share; private to them.
 * The order of its phases is in phase.h.
 *
 * A part that ends calls what goes on by its name; core.c passes the call up (struct
 * gw_sync_machine), so that no file includes or calls one above itself.
 */
#pragma once

#include "godwit/sync.h"
#include "local/elsewhere.h"
#include "local/notmuch.h"
#include "mailbox/box.h"
#include "maildir/mark.h"
#include "store/journal.h"
#include "sync/lend.h"
#include "sync/phase.h"

enum { GW_CONN_MAX = 16, GW_CONN_BOXES = 64, GW_PASSES = 3 };

struct gw_pull;

struct gw_conn {
	struct gw_sync *sync;
	struct gw_session *session; /* owned; NULL: slot is free */
	bool ready;
	uint64_t received_before, sent_before; /* a lent session's, by others */
	struct gw_box *boxes[GW_CONN_BOXES];   /* attached, in the order of their SELECTs */
	size_t box_count;
	bool blamed;           /* lost, after a mailbox said what it was asking for */
	struct gw_entry *only; /* its only mailbox; NULL: several, or none yet */
	bool used;             /* had a mailbox */
	uint64_t progress_at_start;
};

/* How far a mailbox is; it waits at PLANNED and CREATED for others. */
enum gw_entry_stage {
	ENTRY_WAITING, /* not begun */
	ENTRY_LOOKING,
	ENTRY_PLANNED,
	ENTRY_WORKING,
	ENTRY_CREATED,
	ENTRY_REMOVING,
};

struct gw_entry {
	const struct gw_folder *folder;
	struct gw_mailbox_row row; /* names owned */
	struct gw_box *box;        /* owned while it is worked on */
	unsigned passes;
	bool dirty, remote_same; /* see list.c */
	bool local_same;
	bool only_modseq; /* there nothing but HIGHESTMODSEQ is another */
	bool queued, ready, settled;
	enum gw_entry_stage stage;
	bool may_lose; /* something may be gone, on either side, by the counts and stamps */
	bool failed, done_once;
	bool told;               /* of something that could not be done in it, in this run */
	unsigned news;           /* gw_box_news_here() of its look in this run */
	enum gw_box_share share; /* what comes next, after the earlier shares of all others */
	bool unsettled;          /* kept changing, so its cursors stayed */
	uint64_t got;            /* messages that came in this run, or were here */
	bool suspect;    /* a connection broke at something in it: it comes last, and alone */
	unsigned breaks; /* how many in this run */
	struct gw_trial trial;
	struct gw_stamp seen_cur, seen_new; /* of the look in this run that is over */
	uint64_t fresh_from;                /* from that look: gw_box_fresh_from() */
	uint32_t seen_uidnext;              /* from that look; the row's may be older (dry run) */
	int conn;                           /* index, or -1 */
};

/* A mailbox or directory that is out of step as a whole (held.c). */
struct gw_held {
	char *name, *reason; /* owned */
	int64_t at;          /* when the server was asked for it in vain; 0: it was not */
	uint64_t listed;     /* hash of its list then */
	bool stored;         /* as it stands in the state */
	bool still;          /* seen so in this run */
};

/* How a part of a sync goes on: called from below, by the functions of the same names. */
struct gw_sync_machine {
	void (*pump)(struct gw_sync *s);
	void (*fail)(struct gw_sync *s, const struct gw_error *err);
	void (*maybe_finish)(struct gw_sync *s);
	void (*work)(struct gw_sync *s);
	void (*finished)(struct gw_sync *s);
	void (*list)(struct gw_sync *s);
	void (*listed)(struct gw_sync *s);
	void (*list_again)(struct gw_sync *s);
	void (*entries_known)(struct gw_sync *s);
	void (*counts_came)(struct gw_sync *s);
	void (*on_session)(
		struct gw_conn *c, enum gw_session_event event, const struct gw_error *err);
};

struct gw_sync {
	struct gw_pull *pull; /* frees itself; it does it all, where the server has POP3 only */
	const struct gw_sync_machine *machine;
	enum gw_sync_phase phase;
	uv_loop_t *loop;
	const struct gw_account *account;
	struct gw_sync_options options;
	const struct gw_log *log;
	gw_sync_cb *cb;
	void *ctx;

	/* state */
	char *db_path, *attic_path, *journal_path; /* owned */
	int lock_fd;
	struct gw_disk disk; /* its store is the account's */
	char account_id[33];
	uint64_t generation;
	uint64_t modseq_seen, modseq_now; /* see modseq.c; 0: not known */
	uint64_t
		left_there; /* with `direction = "push"`: messages that an earlier run left there */
	bool must_write;    /* the state, before anything is looked at */
	struct gw_mark mark;
	bool state_is_new, copies_differ;
	bool in_step, state_lost; /* see struct gw_box_env */
	uint64_t uploads;
	bool names_changed; /* the same account under a new name: the state is to learn it */
	struct gw_mailbox_row *rows; /* owned; as in the state; names move to entries */
	size_t row_count, row_cap;
	struct gw_name_index row_index; /* by name on the wire */
	char *caps;                     /* owned; as remembered */
	char *caps_before;        /* owned; likewise, before the login; NULL: it is asked for */
	bool caps_before_changed; /* since the state was written */
	struct gw_alerts alerts;  /* shown by its connections */
	unsigned quirks, quirks_stored; /* imap/quirks.h: known by now; as in the state */
	unsigned quirks_learned;        /* in this run */

	/* connections */
	struct gw_tls_ctx *tls;
	struct gw_credentials *credentials; /* frees itself */
	struct gw_sasl *sasl;               /* referenced */
	bool compress_failed;               /* a connection was lost over it */
	int64_t renewed_at;                 /* seconds: when a token was refused last */
	unsigned losses;                    /* of connections, in this run */
	struct gw_delay *again;             /* owned; until it is connected again */
	struct gw_conn conns[GW_CONN_MAX];
	size_t conn_limit;
	bool paused;
	uint64_t received, sent;   /* of connections that are closed */
	struct gw_delay *adopting; /* owned; a lent session is taken up from the loop */

	/* mailboxes */
	struct gw_folders folders;
	bool remembered; /* the list is that of the watcher's last sync */
	unsigned list_pending;
	unsigned
		vain_breaks; /* connections that broke in a row, with nothing gone through between */
	uint64_t through;    /* what had gone through when the last of them broke */
	unsigned list_breaks;  /* connections that ended while the list was asked for */
	bool list_came;        /* the list arrived, so that STATUS is being asked for */
	size_t status_answers; /* of these, in the order in which they were asked for */
	char **muted; /* owned; whose STATUS ended a connection: they are looked at instead; "": LIST, "" again: LSUB */
	size_t muted_count, muted_cap;
	int64_t muted_at;   /* seconds since the epoch, the first of them; 0: none */
	bool list_doubted;  /* LIST ended connections in the last run, too */
	bool muted_changed; /* the state has others */
	bool list_extended; /* LIST was asked with RETURN */
	enum {
		GW_LIST_USUAL,
		GW_LIST_BY_LSUB, /* LIST ends the connection */
		GW_LIST_BY_STATE /* LSUB ends it, too: what was there before */
	} list_way;
	struct gw_settling *settling; /* owned; folders.c */
	char **blocked; /* owned; names on the wire of what is left alone in this run */
	size_t blocked_count, blocked_cap;
	struct gw_made {
		char *wire, *dir;
	} * made; /* owned; mailboxes that were made in this run */
	size_t made_count, made_cap;
	struct gw_held *held; /* owned */
	size_t held_count, held_cap;
	struct gw_spoiler {
		const char *command;
		char *wire; /* owned */
		unsigned times;
	} * spoilers; /* owned; at which a connection ended in this run: folders_act.c */
	size_t spoiler_count, spoiler_cap;
	bool held_told; /* held items were reported before such an end */
	char **unasked; /* owned; whose messages were to be compared as a connection ended: homes.c */
	size_t unasked_count, unasked_cap;
	bool list_cut; /* INBOX was not in the list, so the list proves nothing */
	bool inbox_asked;
	bool folders_settled;
	struct gw_notmuch_list
		tags; /* owned; what the user changed in notmuch since the last run */
	char tags_revision[GW_TAG_REVISION]; /* as in the state */
	bool tags_read;
	struct gw_entry *entries; /* owned; those that the account wants */
	size_t entry_count, entry_cap;
	struct gw_claims claims, unmoved;
	struct gw_budget budget;
	int64_t paused_until;              /* an earlier run was asked to wait; 0: none */
	uint64_t counted_down, counted_up; /* bytes on the wire that the state knows of */
	struct gw_box_env env;
	struct gw_batcher *batcher; /* owned */
	bool pumping, pump_again;
	struct gw_judge judge; /* owned; ask.c */
	unsigned count_pending;
	uint64_t moments;              /* see struct gw_box_env */
	struct gw_elsewhere elsewhere; /* owned; elsewhere.c */
	size_t elsewhere_told;         /* of how many messages */
	struct gw_ids late;            /* owned; archive.c: what the archive must learn */
	char *trash;                   /* owned; as on the wire */

	uint64_t messages, deleted_recently,
		deleted_in_day; /* of the whole account, for the guard */
	struct gw_sync_counts counts;
	char first_problem[900]; /* with its mailbox; "": none */
	char **told;             /* owned, and its strings; mailboxes that had a problem */
	size_t told_count, told_cap;
	uint64_t noted_at; /* the loop's clock: when the run's progress was last recorded */
	/* What is about to come, and when that was counted. */
	uint64_t expected, bytes_expected, expected_at;
	struct gw_buf journal;  /* lines that are not yet in the log */
	size_t journal_skipped; /* steps that had no room in it */
	bool journal_failed;    /* told */
	struct gw_error err;    /* why the account failed */
	bool stopped, batches_lost, told_slow;
};

/* elsewhere.c: asks whether what is gone stands in a directory that takes no part.  true: it is asked, or
 * the sync has failed. */
bool gw_sync_asks_elsewhere(struct gw_sync *s, const struct gw_halves *gone);

/* boxes.c: the batcher, and what mailboxes work with. */
enum gw_code gw_sync_make_batcher(struct gw_sync *s, struct gw_error *err);
/* Whose box it is: one of the account's mailboxes. */
struct gw_entry *gw_sync_entry_of(const struct gw_sync *s, const struct gw_box *box);

/* core.c */
void gw_sync_emit(struct gw_sync *s, struct gw_sync_event ev);
/* ENDING: goes on if nothing is under way any more. */
void gw_sync_maybe_finish(struct gw_sync *s);
void gw_sync_fail(struct gw_sync *s, const struct gw_error *err);
void gw_sync_fail_nomem(struct gw_sync *s);
void gw_sync_problem(struct gw_sync *s, const char *mailbox, const struct gw_error *err);
bool gw_sync_had_problem(const struct gw_sync *s, const char *mailbox);

/* rest.c: what the state lists as out of step, and this run has not reported.  In the pool, at the end;
 * then, on the loop. */
struct gw_rest;
struct gw_rest *gw_sync_read_rest(struct gw_sync *s, struct gw_store *store, struct gw_error *err);
/* NULL is accepted. */
void gw_sync_tell_rest(struct gw_sync *s, struct gw_rest *rest);
/* In a dry run, reports what would be done to a mailbox as a whole. */
void gw_sync_tell_plan(struct gw_sync *s, const char *mailbox, const char *text);
void gw_sync_stage(struct gw_sync *s, const char *text);
/* Writes down how this run goes, for `status`; ended: how it went. */
void gw_sync_note_last(const struct gw_sync *s, bool ended);
void gw_sync_work(struct gw_sync *s); /* entries and state are there */
void gw_sync_pump(struct gw_sync *s);

/* journal.c: one step of a mailbox that is begun now; and those so far, to disk, before anything
 * that is queued later. */
void gw_sync_log_step(struct gw_sync *s, const char *mailbox, const struct gw_sync_step *step);
void gw_sync_write_journal(struct gw_sync *s);

/* signin.c */
/* Takes up the watcher's session, or gets what to sign in with and connects. */
enum gw_code gw_sync_sign_in(struct gw_sync *s, struct gw_error *err);
enum gw_code gw_sync_open_conn(struct gw_sync *s, struct gw_conn *c, struct gw_error *err);
/* A connection was refused (`why`).  true: another token is being asked for, and then it is
 * connected again. */
bool gw_sync_renew(struct gw_sync *s, const struct gw_error *why);
/* The connection was lost over the list of mailboxes: it begins again with the next one. */
void gw_sync_unlist(struct gw_sync *s);
bool gw_sync_is_signing_in(const struct gw_sync *s);
void gw_sync_cancel_sign_in(struct gw_sync *s);

/* conns.c */
void gw_sync_on_session(void *ctx, enum gw_session_event event, const struct gw_error *err);
/* Bytes on the wire so far. */
void gw_sync_wire(const struct gw_sync *s, uint64_t *received, uint64_t *sent);
/* A connection leaves the sync: what crossed it is counted. */
void gw_sync_count_traffic(struct gw_conn *c);
void gw_sync_close_conn(struct gw_conn *c); /* if it is open */
/* Records what a connection found out about the server.  true: something new. */
bool gw_sync_learn(struct gw_sync *s, const struct gw_session *session);

/* lend_use.c */
/* Goes on with the watcher's session, which is usable. */
enum gw_code gw_sync_adopt_session(struct gw_sync *s, struct gw_error *err);
/* All went well, and one connection is left for the next sync: this one. */
bool gw_sync_give_back(struct gw_conn *c);
/* The list of mailboxes stays with the watcher, if it is whole. */
void gw_sync_keep_list(struct gw_sync *s);
void gw_sync_on_wrote(void *ctx, const struct gw_place *place, const char *name, bool in_new,
	enum gw_written how);
/* core.c */
void gw_sync_tell_new(struct gw_sync *s, const char *mailbox, const char *path, bool old);

/* whose.c: checks that the account is the state's (user and host; NULL: it names none), or
 * otherwise the mark's.  GW_ERR_HELD. */
enum gw_code gw_sync_check_whose(
	struct gw_sync *s, const char *user, const char *host, struct gw_error *err);
/* True if the mailboxes, by their ids, are those that the state knows.  false: the sync has
 * failed. */
bool gw_sync_check_mailboxes(struct gw_sync *s);
/* The mark names the account. */
void gw_sync_sign_mark(struct gw_sync *s);

/* budget.c */
enum gw_code gw_sync_read_budget(struct gw_sync *s, struct gw_error *err);
void gw_sync_take_traffic(void *ctx, uint64_t *down, uint64_t *up);
/* Counts what arrived besides bodies, too. */
void gw_sync_note_overhead(struct gw_sync *s);
void gw_sync_tell_postponed(struct gw_sync *s);
/* True if the pause on record, which the provider asked for, must change. */
bool gw_sync_pause_changed(const struct gw_sync *s);
/* Fails with GW_ERR_BUSY while that pause is not over. */
enum gw_code gw_sync_check_pause(struct gw_sync *s, struct gw_error *err);
enum gw_code gw_sync_store_pause(
	const struct gw_sync *s, struct gw_store *store, struct gw_error *err);

/* entry.c */
/* True if cur/ and new/ are as they were at the last look, by their stamps. */
bool gw_sync_local_unchanged(const struct gw_sync *s, const struct gw_entry *e);
/* True if cur/ and new/ are as they were when this run looked at them. */
bool gw_sync_local_as_seen(const struct gw_sync *s, const struct gw_entry *e);
/* True if name is a label of the user's, that is, a mailbox without special use.  ctx: the sync. */
bool gw_sync_is_label(void *ctx, struct gw_slice name);
/* Chooses the mailbox to which deleted messages go.  false: no memory. */
bool gw_sync_choose_trash(struct gw_sync *s);
/* True if the trash takes part in this run, for gw_box_env; ctx: the sync. */
bool gw_sync_takes_trash(void *ctx);
/* Returns the trash's cursors, for gw_box_env; ctx: the sync. */
void gw_sync_trash_cursors(void *ctx, uint32_t *uidvalidity, uint32_t *uidnext);
/* True if this is the mailbox of a label as in X-GM-LABELS. */
bool gw_sync_shows_label(const struct gw_folder *f, struct gw_slice label);
/* True if a mailbox that shows this label (as in X-GM-LABELS, except \Starred and \Important) is in
 * sight. */
bool gw_sync_in_sight(void *ctx, struct gw_slice label);
/* The delimiter that names made here get. */
char gw_sync_delimiter(const struct gw_sync *s);

/* list.c: asks for the folders, makes the entries, then prepares or finishes. */
void gw_sync_list(struct gw_sync *s);
/* Asks for the counts of all mailboxes again; then gw_sync_counts_came().  false: cannot be. */
bool gw_sync_ask_counts(struct gw_sync *s);

/* The list is complete, and the folders are settled: makes the entries and goes on. */
void gw_sync_listed(struct gw_sync *s);
/* True if there is another way to ask for the list, after the connection ended over this one. */
bool gw_sync_list_broke(struct gw_sync *s);

/* homes.c: likewise, over the messages of a mailbox that has no directory. */
bool gw_sync_compare_broke(struct gw_sync *s);

/* folders_act.c: likewise, over what was to be made, renamed or deleted. */
bool gw_sync_act_broke(struct gw_sync *s);

/* --- mute.c --- */
void gw_sync_free_muted(struct gw_sync *s);
bool gw_sync_is_muted(const struct gw_sync *s, const char *wire);
/* How many ways of asking for the list ended a connection: 1: LIST; 2: LSUB, too. */
unsigned gw_sync_muted_lists(const struct gw_sync *s);
/* false: out of memory. */
bool gw_sync_mute(struct gw_sync *s, struct gw_slice wire);
/* text: of the state; NULL: none. */
enum gw_code gw_sync_read_muted(struct gw_sync *s, const char *text, struct gw_error *err);
/* In the pool. */
enum gw_code gw_sync_write_muted(struct gw_sync *s, struct gw_error *err);
/* Lists everything once more, on the same connection. */
void gw_sync_list_again(struct gw_sync *s);

/* folders.c: brings mailboxes in step that came, went or were renamed; then gw_sync_listed(). */
void gw_sync_settle_folders(struct gw_sync *s);
void gw_sync_end_settling(struct gw_sync *s);
void gw_sync_free_folders(struct gw_sync *s);
/* core.c: a mailbox is left alone in this run, because what was to be done to it as a whole was not.
 * false: no memory. */
bool gw_sync_block(struct gw_sync *s, const char *wire);
bool gw_sync_is_blocked(const struct gw_sync *s, const char *wire);

/* held.c */
void gw_sync_free_held(struct gw_sync *s);
enum gw_code gw_sync_read_held(struct gw_sync *s, struct gw_error *err);
void gw_sync_note_held(struct gw_sync *s, const char *name, const struct gw_error *why);
/* Notes that this directory may be the home of the mailbox of that name; NULL: of any. */
void gw_sync_note_doubt(
	struct gw_sync *s, const char *dir, const char *wire, const struct gw_error *why);
/* True if an earlier run was in doubt about the directory.  hash: of its mailbox's name
 * (gw_sync_name_hash()), or 0. */
bool gw_sync_is_doubted(const struct gw_sync *s, const char *dir, uint64_t *hash);
uint64_t gw_sync_name_hash(const char *wire);
/* The server was asked to make a mailbox of this directory, and did not: tells, and remembers. */
void gw_sync_note_not_made(struct gw_sync *s, const char *dir, const char *why);
/* Returns why a mailbox is not asked for again now; NULL: it may be. */
const char *gw_sync_why_not_made(const struct gw_sync *s, const char *dir);
bool gw_sync_held_changed(const struct gw_sync *s);
enum gw_code gw_sync_write_held(
	const struct gw_sync *s, struct gw_store *store, struct gw_error *err);

/* tags.c: notmuch.  true: it reads what was changed there, and gw_sync_listed() follows. */
bool gw_sync_reads_tags(struct gw_sync *s);
/* In the pool, at the end: writes what is to be written, and remembers how far that was. */
void gw_sync_write_tags(struct gw_sync *s, struct gw_disk_world *world);

/* ask.c */
/* Lets those go on that need not wait any more. */
void gw_sync_match(struct gw_sync *s);
/* A mailbox is over, or begins another look. */
void gw_sync_forget_case(struct gw_sync *s, const struct gw_entry *e);

/* archive.c */
/* Wakes the archive once arrivals and departures are known: they may have come from it, or gone to
 * it. */
void gw_sync_wake_archive(struct gw_sync *s);
/* Asks which messages belong to the archive, when all other mailboxes know theirs.  true: asked. */
bool gw_sync_sift_archive(struct gw_sync *s, struct gw_entry *archive);
/* Others are about to be judged: notes what is gone from them, if the archive was judged before, ... */
void gw_sync_tell_archive(struct gw_sync *s);
/* ... and looks at it again for that, as soon as its look is over. */
void gw_sync_requeue_archive(struct gw_sync *s);
void gw_sync_counts_came(struct gw_sync *s);
bool gw_sync_stands_there(void *ctx, int64_t mailbox, uint32_t uid);
/* Asks, if that spares looks: true, and gw_sync_entries_known() follows; or the entries are known. */
bool gw_sync_ask_modseq(struct gw_sync *s);
void gw_sync_entries_known(struct gw_sync *s);
/* True if everything up to the account's modseq was read, so that it need not be asked for
 * again. */
bool gw_sync_modseq_is_done(const struct gw_sync *s);
bool gw_sync_stays(void *ctx, int64_t mailbox, uint32_t uid);
bool gw_sync_is_leaving(void *ctx, int64_t mailbox, uint32_t uid);
const char *gw_sync_mailbox_of(void *ctx, int64_t mailbox, uint32_t *uidvalidity);

/* state.c */
/* The state's row of this mailbox, unless an entry has it by now; or NULL. */
struct gw_mailbox_row *gw_sync_find_row(const struct gw_sync *s, const char *wire);
/* Names in them changed; those that have none any more go.  false: no memory. */
bool gw_sync_index_rows(struct gw_sync *s);
/* In the pool: the mailboxes' rows as they are now. */
enum gw_code gw_sync_reread_rows(struct gw_sync *s, struct gw_error *err);
enum gw_code gw_sync_open_state(struct gw_sync *s, struct gw_error *err);
/* Opens the state for writing and raises the mark; then gw_sync_work(). */
void gw_sync_prepare(struct gw_sync *s);
/* Writes what ends a run; then gw_sync_finished(). */
void gw_sync_close_state(struct gw_sync *s);
void gw_sync_finished(struct gw_sync *s);

/* The only writer of s->phase; logs the transition at debug level. */
void gw_sync_enter(struct gw_sync *s, enum gw_sync_phase next);

/* The members of s->machine: list.c, ask.c, conns.c.  Others call the functions above. */
void gw_list_begin(struct gw_sync *s);
void gw_list_settled(struct gw_sync *s);
void gw_list_again(struct gw_sync *s);
void gw_list_ready(struct gw_sync *s);
void gw_ask_counted(struct gw_sync *s);
/* Looks from now on are about another matter: what a run moved itself. */
void gw_sync_renew_looks(struct gw_sync *s);
void gw_conn_on_session(struct gw_conn *c, enum gw_session_event event, const struct gw_error *err);
