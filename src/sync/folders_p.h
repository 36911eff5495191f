/* SPDX-License-Identifier: ISC */
/* sync/folders_p.h - what folders.c, folders_see.c and folders_act.c share; private to them. */
#pragma once

#include "local/heads.h"
#include "local/remake.h"
#include "maildir/tree.h"
#include "plan/folders.h"
#include "sync/sync_p.h"

/* One action of the plan with names of its own: list and rows are reread meanwhile. */
struct gw_folder_op {
	struct gw_folder_action what; /* strings and indices belong to the plan */
	struct gw_sync *sync;
	struct gw_mailbox_row *row; /* borrowed from the sync; NULL: none yet */
	char *shown;                /* owned; the directory, for messages */
	char *from;                 /* owned; where the directory stands; NULL: nowhere */
	char *wire, *dir;           /* owned; the new names, or those it has */
	bool on_server;             /* a command was sent */
	bool done;                  /* refused or failed: nothing more is done */
	struct gw_error err;        /* why it failed on disk */
};

/* The reason why a directory may be the home of a mailbox of another name. */
enum gw_home_kind {
	GW_HOME_BY_NAME, /* the names are alike */
	GW_HOME_BY_MAIL, /* so are the messages */
	GW_HOME_UNSURE,  /* either this mailbox's or another's: this one could not be asked */
};

struct gw_home_doubt {
	const struct gw_folder *of; /* NULL: none */
	enum gw_home_kind kind;
};

/* While directories are compared with mailboxes (homes.c). */
struct gw_homes {
	struct gw_sync *sync;
	void (*done)(struct gw_sync *s);
	struct gw_heads *heads; /* owned; of those directories */
	size_t *dirs;           /* owned; their indices in the tree */
	size_t count;
	const struct gw_folder **homeless; /* owned; mailboxes without a directory */
	size_t homeless_count;
	size_t at;                      /* the one that is asked */
	bool asking;                    /* it is */
	unsigned *scores;               /* owned; for each directory, of its best: */
	const struct gw_folder **best;  /* owned; NULL: none is like it */
	const struct gw_folder *unsure; /* could not be asked; NULL: all were */
};

struct gw_settling {
	struct gw_tree tree;
	bool *changed; /* owned; for each row: its directory is not as it was; folders_see.c */
	struct gw_folder_row *rows;
	struct gw_folder_listed *listed;
	struct gw_folder_dir *dirs;
	char **wires;                 /* owned; for each directory */
	struct gw_home_doubt *doubts; /* owned; for each directory: whose it may be */
	struct gw_homes *homes;       /* owned */
	struct gw_folder_input in;
	struct gw_folder_plan plan;
	struct gw_folder_op *ops;
	size_t op_count, op_cap;
	struct gw_remake *remakes;
	size_t *remade; /* the directories of the remakes */
	size_t remake_count;
	bool broke; /* the connection ended over a command about a mailbox, and that is noted */
	void (*acted)(struct gw_sync *s, bool asked); /* continues after the disk job */
};

/* folders_see.c: in the pool, walks the tree; then, on the loop, puts together what is judged. */
void gw_sync_walk(struct gw_sync *s, void (*done)(struct gw_sync *s, const struct gw_error *err));
bool gw_sync_see_folders(struct gw_sync *s);

/* names.c: gives each listed mailbox its directory; the tree was walked.  false: no memory. */
bool gw_sync_name_dirs(struct gw_sync *s);
/* Appends what is left of a name without case, composition (NFC or NFD) and outer blanks. */
void gw_sync_fold_name(struct gw_slice name, struct gw_buf *out);
/* Finds the listed mailbox that was made under this name for this directory; reports it if it
 * cannot. */
bool gw_sync_name_made(struct gw_sync *s, const char *wire, const char *dir);

/* homes.c: finds directories that are no mailbox's, and look like those of mailboxes that have none:
 * another program's names.  Both are left alone.  done follows, at once or later, unless the sync
 * ends. */
void gw_sync_doubt_dirs(struct gw_sync *s, void (*done)(struct gw_sync *s));

/* settling.c: NULL is accepted. */
void gw_homes_free(struct gw_homes *h);

/* folders_clear.c: takes what base knows out of the mailboxes that are to be deleted there; those that
 * hold more are held.  done follows, unless the sync ends. */
void gw_sync_clear_folders(struct gw_sync *s, void (*done)(struct gw_sync *s));

/* folders_tell.c: says why nothing was done. */
void gw_sync_tell_held(struct gw_sync *s, const struct gw_folder_op *op);
/* Reports a directory in doubt, by its index. */
void gw_sync_tell_doubt(struct gw_sync *s, size_t dir);

/* folders_act.c: carries the operations out, first there, then here; `done` follows once, unless
 * the sync ends. */
void gw_sync_act_folders(struct gw_sync *s, void (*done)(struct gw_sync *s, bool asked));
/* Counts a completed operation in the run's sums. */
void gw_sync_count_folder(struct gw_sync *s, const struct gw_folder_op *op);

/* folders_pretend.c: in a dry run, instead.  The settling ends behind it.  false: no memory. */
bool gw_sync_pretend_folders(struct gw_sync *s);
