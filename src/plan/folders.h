/* SPDX-License-Identifier: ISC */
/* plan/folders.h - which mailboxes come, go and are renamed, on either side: a pure function.
 *
 * Three views: what base knows (rows), what the server lists, and the directories of the tree.  A
 * mailbox is followed by its identity, not by its name: on the server by MAILBOXID (RFC 8474), else
 * by a UIDVALIDITY that no other mailbox has, else by its special use; here by the inode of its
 * directory.  What is not known (counts that were not told, a directory that was not looked into)
 * never leads to a deletion.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mailbox as base knows it.  Strings are borrowed, here and below. */
struct gw_folder_row {
	const char *wire, *dir;
	char delimiter;       /* '\0': none */
	uint32_t uidvalidity; /* 0: never synchronized */
	uint32_t uidnext, messages;
	uint64_t object_id; /* 0: not known */
	uint64_t inode;     /* of its directory; 0: not known */
	unsigned use;       /* special uses, any bits */
	bool missing;       /* an earlier run saw it missing on one side */
	bool inbox;         /* is never renamed or deleted */
};

/* A mailbox that the server lists. */
struct gw_folder_listed {
	const char *wire, *dir; /* dir: where it belongs here; no two have the same */
	bool selectable, wanted, inbox;
	bool dir_given; /* the configuration names its directory */
	bool counted;   /* the next three are known */
	bool sized;     /* messages is known */
	uint32_t uidvalidity, uidnext, messages;
	uint64_t object_id; /* 0: not told */
	unsigned use;
};

enum gw_folder_fresh { GW_FRESH_UNKNOWN, GW_FRESH_NO, GW_FRESH_YES };

/* A directory of the tree that holds a mailbox. */
struct gw_folder_dir {
	const char *dir;
	uint64_t inode;
	bool partial;               /* has a new/, and no cur/ */
	bool changed;               /* is not as at the last look that was trusted */
	enum gw_folder_fresh fresh; /* holds mail that was never on the server */
	bool not_made;              /* the server did not make a mailbox of it, not long ago */
	bool doubted;               /* holds another mailbox's mail: nothing is made of it */
	const char *wire;           /* name of a mailbox made from it; NULL: impossible */
	bool wanted;
};

struct gw_folder_policy {
	bool delete_here, delete_there; /* deleted mailboxes are carried over */
	bool keep_here; /* nothing is changed here, by `direction`: what is left here waits, and is no trouble */
	bool guard, accept, restore; /* see guard.h */
	bool list_whole;             /* a mailbox that the list lacks is not on the server */
};

enum gw_folder_kind {
	GW_FOLDER_MISSING,      /* is seen missing for the first time */
	GW_FOLDER_BACK,         /* is no longer missing */
	GW_FOLDER_FORGET,       /* is gone on both sides, or is to be fetched anew */
	GW_FOLDER_LOOK,         /* may hold mail that was never there: look (fresh) */
	GW_FOLDER_MAKE_THERE,   /* was made here */
	GW_FOLDER_MAKE_AGAIN,   /* was deleted there, and here is mail that was never there */
	GW_FOLDER_RENAME_HERE,  /* was renamed there */
	GW_FOLDER_RENAME_THERE, /* was renamed here */
	GW_FOLDER_DELETE_HERE,
	GW_FOLDER_DELETE_THERE,
	GW_FOLDER_EMPTY_THERE, /* remove what base knows, and keep the mailbox for the rest */
	GW_FOLDER_HOLD,        /* nothing is done, for a reason that a person has to know */
	GW_FOLDER_KINDS,
};

enum gw_folder_reason {
	GW_FOLDER_NO_REASON,
	GW_FOLDER_GONE_THERE,  /* deleted there, and not empty */
	GW_FOLDER_GONE_HERE,   /* its directory was deleted, and the mailbox is not empty */
	GW_FOLDER_FRESH_HERE,  /* deleted there, and here is mail that was never there */
	GW_FOLDER_FRESH_THERE, /* its directory was deleted, and there is mail that was never here */
	GW_FOLDER_TAKEN_HERE,  /* renamed there, to the name of another directory here */
	GW_FOLDER_TAKEN_THERE, /* made or renamed here, to the name of another mailbox there */
	GW_FOLDER_NOT_A_NAME,  /* a directory that cannot be a mailbox of this server */
	GW_FOLDER_DOUBTED,     /* a directory with another mailbox's mail */
	GW_FOLDER_NOT_MADE,    /* the server was asked for it, not long ago, and did not make it */
	GW_FOLDER_LIST_CUT,    /* not listed, by a list that proves nothing */
	GW_FOLDER_UNLISTED,    /* not listed, for the first time: one list proves nothing */
	GW_FOLDER_LEFT_HERE,   /* deleted there, and not to be deleted here */
};

#define GW_FOLDER_NONE ((size_t)-1)

struct gw_folder_action {
	enum gw_folder_kind kind;
	enum gw_folder_reason reason; /* of a HOLD */
	size_t row, listed, dir;      /* indices, or GW_FOLDER_NONE */
	const char *to; /* RENAME_HERE: the directory; MAKE, RENAME_THERE: the name; borrowed */
	bool in_place;  /* RENAME_HERE: the directory is there already, or there is none */
	bool whole;     /* RENAME_HERE: what is below the directory goes along, and has to */
	size_t cycle; /* RENAME_HERE: directories that trade places: how many still, with this one */
	bool implied; /* RENAME_THERE: the server does it, with the mailbox above */
};

struct gw_folder_plan {
	struct gw_folder_action *actions; /* owned; in the order in which they are carried out */
	size_t count, cap;
	size_t *there; /* owned; for each row: the listed mailbox that it is now, or none */
	size_t *here;  /* owned; for each row: its directory, or none */
	bool *blocked; /* owned; for each listed mailbox: it is left alone in this run */
	bool *known;   /* owned; for each directory: it is a mailbox's */
};

struct gw_folder_input {
	const struct gw_folder_row *rows;
	size_t row_count;
	const struct gw_folder_listed *listed;
	size_t listed_count;
	const struct gw_folder_dir *dirs;
	size_t dir_count;
	struct gw_folder_policy policy;
};

/* Judges.  If there are LOOK actions, their directories are looked into and it is asked again:
 * only then is everything said.  false: no memory. */
bool gw_plan_folders(const struct gw_folder_input *in, struct gw_folder_plan *out);
void gw_folder_plan_deinit(struct gw_folder_plan *plan);
