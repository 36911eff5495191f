/* SPDX-License-Identifier: ISC */
/* pull/pull_p.h - what the files of a POP3 account's run share; private to them.
 *
 * A step that ends says so by its name (pull_listed()); core.c passes the call up to pull.c, which
 * decides what follows, so that no file includes or calls one above itself.
 */
#pragma once

#include "local/disk.h"
#include "maildir/deliver.h"
#include "maildir/mark.h"
#include "plan/pull.h"
#include "pop3/listing.h"
#include "pop3/session.h"
#include "pull/pull.h"
#include "pull/state.h"

/* A row's data beyond what is judged.  Strings are owned. */
struct pull_more {
	int64_t id;
	char *uidl; /* its bytes */
	char *base_name, *reason;
	int64_t first_seen, listed_at;
	int64_t deleted_at; /* 0: never, or while a twin of it may have been waiting */
	uint64_t dir_inode; /* of the mailbox's directory where its file was seen; 0: not known */
	bool held;          /* its file is missing, and the user was told */
	bool missing;       /* as restore.c has seen */
	bool dirty;         /* to be put into the state at the session's end */
	bool got;           /* all of it came in this session */
	bool dele_ok;       /* the server marked it as deleted in this session */
	bool deleted;       /* in this run */
	bool blamed;        /* in this run */
	bool doubt;         /* in this run, by a lost connection */
	size_t doubt_at;    /* number of messages that had arrived in this run */
	bool proved;        /* and a later session of it ended well without this message */
};

enum pull_op_kind {
	PULL_STORE,   /* the file goes to new/ */
	PULL_JOIN,    /* the row's file is here already, written by somebody else */
	PULL_PUT,     /* only the row */
	PULL_DROP,    /* the row goes */
	PULL_HOLD,    /* its deletion is held back */
	PULL_RELEASE, /* and is not any more */
	PULL_COUNT,   /* its deletion counts for the guard, for a while */
};

/* A message that came, whole by the server's word; it counts once the next answer has begun. */
struct pull_held {
	bool is;
	size_t item;
	struct gw_delivered file; /* owned */
};

struct pull_listed {
	uint32_t number;
	size_t uidl_at, uidl_n; /* in the arena */
	uint64_t size;
};

struct pull_listing {
	struct pull_listed *list; /* owned */
	size_t count, cap;
};

/* Message numbers, which are mostly the same in the sessions of one run. */
struct pull_numbers {
	uint32_t *list; /* owned */
	size_t count, cap;
};

/* The server's capabilities, and when it announced them. */
struct pull_offer {
	bool known;
	struct gw_pop3_memory memory;
	int64_t at; /* seconds */
};

struct pull_batch;
struct gw_pull;

/* Functions of pull.c that the others call by name (core.c). */
struct pull_machine {
	void (*listed)(struct gw_pull *p);
	void (*scanned)(struct gw_pull *p);
	void (*prepared)(struct gw_pull *p);
	void (*looked)(struct gw_pull *p);
	void (*got)(struct gw_pull *p);
	void (*deleted)(struct gw_pull *p);
	void (*quitted)(struct gw_pull *p, bool ok);
	void (*batch_done)(struct gw_pull *p);
	void (*finished)(struct gw_pull *p);
	void (*fail)(struct gw_pull *p, const struct gw_error *err);
	void (*lose)(struct gw_pull *p, const struct gw_error *err);
};

struct gw_pull {
	const struct pull_machine *machine;
	uv_loop_t *loop;
	const struct gw_account *account;
	struct gw_account login; /* the same, with the user's name as the server gets it */
	char *login_user;        /* owned */
	struct gw_sync_options options;
	const struct gw_log *log;
	gw_sync_cb *cb;
	void *ctx;
	enum pull_state state; /* pull_enter() only */
	struct gw_error err;   /* ends the run */
	bool stopped;

	/* open.c */
	int lock_fd;
	char *db_path, *journal_path; /* owned */
	struct gw_disk disk;
	struct gw_mark mark;
	char account_id[33];
	uint64_t generation;
	bool interrupted;   /* the last run did not end: files may be here that no row knows */
	bool copies_differ; /* the state or the tree is an old copy: nothing is deleted */
	bool marks_not, sizes_lie; /* of the server, as remembered */
	struct pull_offer offer;   /* likewise */
	bool offer_used;           /* in this session: it was not asked */
	bool follows;       /* a missing file was deleted when that meant to delete it there, too */
	int64_t mailbox_id; /* of the folder; 0: none yet */
	uint32_t deleted_recently; /* as the state counts them */
	bool facts_dirty;
	struct gw_pull_age age;
	bool age_dirty;
	int64_t paused_until;

	/* The messages that are known: view.rows[i] and more[i] are one. */
	struct gw_pull_view view;
	struct pull_more *more; /* owned */
	size_t row_cap, more_cap, more_count;
	int64_t next_id;

	/* the session */
	struct gw_credentials *credentials;
	struct gw_tls_ctx *tls;  /* owned */
	struct gw_sasl *sasl;    /* referenced */
	struct gw_pop3 *session; /* owned */
	bool renewed;
	struct gw_buf arena;
	struct pull_listing uidls, sizes;
	bool has_uidl;
	struct gw_pop3_lines *lines; /* owned; of the listing that comes */
	struct gw_pull_item *items;  /* owned; view.items */
	size_t *order;               /* owned; items, as they are fetched */
	size_t next, pending;        /* of order; commands that are not answered */
	bool ahead;                  /* messages were asked for while the folder is opened */
	struct pull_numbers skip;    /* that broke, of messages without a row */
	struct pull_numbers no_head; /* whose TOP broke */
	uint64_t began_ms;
	uint64_t session_bytes;
	size_t session_messages, session_got, exact, shorter;
	size_t session_stored; /* new ones */
	size_t left_there; /* as many were listed as did not go, when the last session of this run ended */
	size_t run_got; /* messages that came, in this run */
	bool more_left; /* the session was cut short: another follows */
	bool uidl_told;
	bool moved; /* numbers changed within the session */
	unsigned losses, sessions, login_delay;

	/* what comes */
	struct gw_maildir maildir; /* the folder, held open */
	uint64_t maildir_inode;
	bool opened;
	struct gw_deliver *writer; /* owned */
	struct gw_printer printer;
	struct gw_crlf crlf;
	struct gw_buf header; /* restore.c: one that is shown */
	uint64_t coming;      /* bytes of it, on the wire */
	struct pull_held held;

	/* batch.c */
	struct pull_batch *open; /* owned */
	uv_timer_t *seal;        /* of `open`; owned, freed when closed */
	size_t batch_files;      /* of one, at most */
	unsigned waiting;        /* batches under way */
	uint64_t unflushed;      /* bytes of them and of `open` */
	bool paused;

	bool scanned;    /* the tree, in this run */
	bool tree_known; /* whatever is missing in it was judged, or nothing could be */
	bool hold;       /* deletions look like an accident */
	struct gw_sync_counts counts;
	uint64_t received, sent; /* of the sessions that are over */
};

/* core.c */
void pull_enter(struct gw_pull *p, enum pull_state next);
void pull_emit(struct gw_pull *p, struct gw_sync_event ev);
void pull_stage(struct gw_pull *p, const char *text);
void pull_problem(struct gw_pull *p, const struct gw_error *err);
void pull_tell_step(struct gw_pull *p, const char *what, const char *text, uint64_t size);
/* Appends a row, not claimed; returns its index, or GW_PULL_NONE: out of memory. */
size_t pull_add_row(struct gw_pull *p, struct gw_slice uidl);
/* Replaces the row's UIDL.  GW_ERR_NOMEM. */
enum gw_code pull_set_uidl(struct gw_pull *p, size_t row, struct gw_slice uidl);
void pull_set_reason(struct gw_pull *p, size_t row, const char *reason);
void pull_free_rows(struct gw_pull *p);
/* Replaces the row's file by one of another name, or by none (NULL); base becomes the row's. */
void pull_set_base(struct gw_pull *p, size_t row, char *base);
const char *pull_folder(const struct gw_pull *p);
/* Writes how a message is called for people: its number and UIDL. */
void pull_describe(const struct gw_pull *p, size_t item, char *out, size_t n);
void pull_journal(struct gw_pull *p, const char *what, const char *file, const char *text);

/* open.c */
enum gw_code pull_open_state(struct gw_pull *p, struct gw_error *err);
void pull_close_state(struct gw_pull *p); /* then pull_finished() */
/* Opens the state and the folder for writing, in the pool; then pull_prepared(). */
void pull_prepare(struct gw_pull *p);

/* offer.c */
enum { PULL_OFFER_MAX = 1000 };
void pull_read_offer(struct gw_pull *p, const char *text); /* as the state has it */
void pull_format_offer(const struct gw_pull *p, char *out, size_t n);
/* NULL: the server is to be asked. */
const struct gw_pop3_memory *pull_remembered(const struct gw_pull *p);
void pull_note_offer(struct gw_pull *p); /* the session is signed in */
void pull_forget_offer(struct gw_pull *p);

/* tree.c: looks for files that no row knows (strange), and for those of rows that are missing; then
 * pull_scanned(). */
void pull_scan(struct gw_pull *p, bool strange);

/* What a walk of the tree found of a row's file. */
struct pull_seen {
	size_t row;
	bool seen;
	bool dir_gone;  /* its directory is gone, too, or another has its place */
	uint64_t inode; /* of the directory where it is */
	char *now;      /* owned; the name that it has by now; NULL: the same */
};

/* absent.c: what becomes of rows whose files are missing.  unread: what could not be looked into, or
 * NULL; busy: something changed meanwhile. */
bool pull_judge_files(
	struct gw_pull *p, struct pull_seen *list, size_t n, const char *unread, bool busy);
/* Fetches the message as if it were new.  false: out of memory. */
bool pull_bring_back(struct gw_pull *p, size_t row);

/* batch.c */
bool pull_batch_init(struct gw_pull *p); /* false: out of memory */
void pull_batch_deinit(struct gw_pull *p);
/* STORE: file becomes the batch's.  GW_ERR_NOMEM. */
enum gw_code pull_batch_add(
	struct gw_pull *p, enum pull_op_kind kind, size_t row, struct gw_delivered *file);
void pull_batch_seal(struct gw_pull *p);
bool pull_batch_idle(const struct gw_pull *p);
/* Reads no more of the session while the disk is behind, or the folder is not open yet; else it does. */
void pull_pace(struct gw_pull *p);

/* list.c */
void pull_list(struct gw_pull *p); /* then pull_listed() */
void pull_free_listing(struct gw_pull *p);

/* verify.c: compares what is listed with the state; then pull_looked(). */
void pull_verify(struct gw_pull *p);
void pull_verify_files(struct gw_pull *p, const struct pull_seen *list, size_t n, bool certain);

/* restore.c: brings back what is chosen, or lists what could be; then pull_looked(), or as ever. */
enum { PULL_SHOWN_MAX = 16384 }; /* of a header */
bool pull_restores(const struct gw_pull *p);
bool pull_lists_only(const struct gw_pull *p);
void pull_restore(struct gw_pull *p);
void pull_restore_files(struct gw_pull *p, const struct pull_seen *list, size_t n, bool certain);

/* fetch.c */
enum { PULL_HEADER_OCTETS = 4096 }; /* of a header, about */
/* Numbers are those of p->items, which are in their order. */
size_t pull_item_of(const struct gw_pull *p, uint32_t number);
/* Of messages whose TOP broke a session, all is asked for. */
void pull_spare_headers(struct gw_pull *p);
/* Adds bytes of an answer to p->printer. */
void pull_print_wire(struct gw_pull *p, struct gw_slice bytes);
/* Asks for headers where that is to be done, as many at once as it pays; each answer calls it again. */
void pull_ask_headers(struct gw_pull *p, const struct gw_pop3_handlers *h);
void pull_look(struct gw_pull *p);
/* Asks for the first messages while the folder is opened, if no header decides which: the answers wait. */
void pull_get_ahead(struct gw_pull *p);
void pull_get(struct gw_pull *p);
void pull_delete(struct gw_pull *p);
void pull_quit(struct gw_pull *p);
void pull_drop_held(struct gw_pull *p);

/* core.c: what follows, which is p->machine's. */
void pull_fail(struct gw_pull *p, const struct gw_error *err); /* the run */
void pull_fail_nomem(struct gw_pull *p);
/* Ends the session without QUIT; another one may follow. */
void pull_lose(struct gw_pull *p, const struct gw_error *err);
void pull_listed(struct gw_pull *p);
void pull_scanned(struct gw_pull *p);
void pull_prepared(struct gw_pull *p);
void pull_looked(struct gw_pull *p);
void pull_got(struct gw_pull *p);
void pull_deleted(struct gw_pull *p);
void pull_quitted(struct gw_pull *p, bool ok);
void pull_batch_done(struct gw_pull *p);
void pull_finished(struct gw_pull *p);
