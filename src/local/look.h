/* SPDX-License-Identifier: ISC */
/* local/look.h - what the Maildir and base hold of one mailbox; a disk job.
 *
 * gw_look lists the directory, loads the rows and joins the two.
 */
#pragma once

#include "local/batch.h"
#include "local/notmuch.h"
#include "maildir/scan.h"
#include "plan/isolate.h"
#include "plan/pair.h"

struct gw_look;

enum {
	GW_REFUSED_SECONDS = 86400,    /* until a file that was refused is tried again */
	GW_KEYWORD_SECONDS = 7 * 86400 /* the same for a keyword */
};

/* An upload that an earlier run, or this one, did not see through. */
struct gw_pending_file {
	char *base_name; /* owned */
	uint32_t uidvalidity, uidnext;
	uint64_t flags, size;
	time_t date;
	struct gw_fingerprint print;
	bool has_file;     /* a file of that name that base does not know is here */
	uint32_t file;     /* index of the file in the view */
	bool known;        /* base knows its name by now */
	bool copied;       /* to be copied from another message on the server */
	unsigned answered; /* how often it was answered OK without appearing there */
};

/* A further file of a message (the server merged it with one that has a file). */
struct gw_alias {
	uint32_t uid;
	uint32_t file; /* index of the file in the view */
};

/* The result of a look, owned by its receiver; gw_local_view_deinit(). */
struct gw_local_view {
	bool missing;                  /* the directory is not there (and was not to be made) */
	uint64_t inode;                /* of the mailbox's directory */
	uint64_t cur_inode, new_inode; /* of its parts */
	struct gw_scan scan;           /* scan.entries[i] and messages[i] belong together */
	struct gw_local_msg *messages; /* owned */
	struct gw_base_msg *base;      /* owned; sorted by uid */
	size_t base_count, base_cap;
	struct gw_pair_local
		*prints; /* owned; of base's rows with a file, index = uid; if asked for */
	size_t print_count, print_cap;
	size_t unknown;                        /* files that base does not know */
	size_t covered_count;                  /* rows that are GW_BASE_COVERED */
	uint32_t covered_uid;                  /* the first of them */
	struct gw_seqset held_gone, held_here; /* deletions held back: gone there, or here */
	struct gw_unstored
		*unstored; /* owned; sorted by uid: flags that the server does not have */
	size_t unstored_count, unstored_cap;
	struct gw_trashing_row *trashing; /* owned; sorted by uid: what may be in the trash there */
	size_t trashing_count, trashing_cap;
	struct gw_seqset unseen; /* uploaded, and not shown there yet */
	struct gw_seqset edited; /* rows whose file is another text now, and is listed as unknown */
	size_t crowded_count;    /* rows whose file's name has no room for all flags */
	uint32_t crowded_uid;    /* the first of them */
	size_t wreck_count;      /* rows whose file is empty now, or broken */
	uint32_t wreck_uid;      /* the first of them */
	int unwritable;          /* errno: no mail can be put there */
	struct gw_pending_file *pending; /* owned */
	size_t pending_count, pending_cap;
	struct gw_break *breaks; /* owned; bodies at which a connection broke */
	size_t break_count, break_cap;
	struct gw_break *head_breaks; /* owned; headers at which one did */
	size_t head_break_count, head_break_cap;
	struct gw_local_suspect {
		unsigned what, times, alone;
		bool aside;
		uint64_t seen;
		int64_t at;
		char *name, *reason; /* owned */
	} * suspects;                /* owned; other things at which one broke */
	size_t suspect_count, suspect_cap;
	struct gw_alias *aliases; /* owned */
	size_t alias_count, alias_cap;
	size_t kept_count; /* files that are refused, and no news: kept here for good, or held */
	char **outdated;   /* owned; base names of files refused once that are gone */
	size_t outdated_count, outdated_cap;
	struct gw_keywords keywords;
	uint64_t keywords_stored; /* bits of those that the state has */
	uint64_t
		keywords_refused; /* keywords that the server does not store, not asked about now */
	uint64_t keywords_doubted; /* and those that it is asked for again */
};

void gw_local_view_deinit(struct gw_local_view *view);

struct gw_look_options {
	const char *dir;  /* borrowed until done */
	const char *name; /* UTF-8, for a directory that cannot carry it; borrowed until done */
	int64_t mailbox;  /* 0: base has nothing */
	bool create;      /* make the directories if they are missing */
	uint64_t reserve; /* bytes that stay free where they are */
	char separator;   /* of new names */
	int64_t oldest;   /* the window: rows that are older, or larger, are marked; 0: none */
	uint64_t max_size;
	bool retry_refused; /* as if the server had never refused a file */
	bool retry_kept;    /* nor had refused one for good */
	bool accept_held;   /* files that were held back may go */
	/* NULL: labels are no tags.  Else what is_label() says of a name (in the pool) is one. */
	const struct gw_notmuch_list *tags;
	bool (*is_label)(void *ctx, struct gw_slice name);
	void *ctx;
	bool with_prints;    /* load the rows' fingerprints as well */
	bool find_edits;     /* find out whether files are still their rows' messages */
	int64_t edits_since; /* seconds since the epoch; as in gw_edit_of() */
};

/* place: owned by the callee, NULL on failure and when the directory is missing.  view: owned by
 * the callee on success. */
typedef void gw_look_cb(
	void *ctx, struct gw_place *place, struct gw_local_view *view, const struct gw_error *err);

/* cb is called exactly once, later.  GW_ERR_NOMEM: never. */
enum gw_code gw_look_start(
	struct gw_disk *disk, const struct gw_look_options *options, gw_look_cb *cb, void *ctx);
