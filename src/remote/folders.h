/* SPDX-License-Identifier: ISC */
/* remote/folders.h - the account's mailboxes: what LIST and STATUS told, and which are ours.
 */
#pragma once

#include "base/name_index.h"
#include "godwit/account.h"
#include "imap/response.h"

struct gw_folder {
	char *wire;  /* owned; as on the wire */
	char *name;  /* owned; UTF-8 (or the wire's bytes), without the namespace's prefix */
	char *shown; /* owned; components divided by "/" */
	char *dir;   /* owned; relative to the root */
	char delimiter;
	unsigned attrs; /* enum gw_list_attr */
	unsigned items; /* enum gw_status_item: which of these are known */
	uint32_t messages, uidnext, uidvalidity;
	uint64_t highestmodseq;
	uint64_t total_size; /* of all messages */
	uint64_t object_id;  /* hash of its MAILBOXID (RFC 8474); 0: not given */
	bool wanted;         /* by the account's patterns */
	bool given;          /* the configuration names its directory (`local`) */
	size_t foreign; /* another user's, or shared: the length of its namespace's name as shown */
	bool stale;     /* counts are older than the present sync */
	bool not_here;  /* with `direction = "push"`: no directory is made for it */
	bool to_be_made; /* in a dry run: it is not there yet */
	bool touched; /* in a retained list: the server has reported a change since, or may have */
	struct gw_window window; /* pattern is unused */
};

struct gw_folders {
	struct gw_folder *list; /* owned */
	size_t count, cap;
	struct gw_name_index index;  /* of the list, by name on the wire */
	char *prefix;                /* owned; of the personal namespace, on the wire; NULL: none */
	char *spaces[GW_NAMESPACES]; /* owned; prefixes of all namespaces */
	bool space_foreign[GW_NAMESPACES];
	size_t space_count;
	bool unsound_ids; /* a MAILBOXID was none: Cyrus 3.6 sends bytes of freed memory in LIST; none is believed */
	bool plain;    /* the server refused LIST with options */
	bool overfull; /* more were listed than are held: a missing one may exist */
	bool archive;  /* all mail is wanted, as "Archive" */
};

void gw_folders_deinit(struct gw_folders *f);

/* Takes a LIST response.  Names that cannot be used (NUL in it, unreasonably long) give
 * GW_ERR_LIMIT and are left out; so does the first of too many, of which the others are left out without
 * a word. */
enum gw_code gw_folders_take_list(struct gw_folders *f, const struct gw_response *r,
	const struct gw_account *account, struct gw_error *err);

/* Takes the NAMESPACE response, which comes before the list. */
void gw_folders_take_namespace(struct gw_folders *f, const struct gw_response *r);

/* Takes a STATUS response for a name already listed; others are passed over. */
void gw_folders_take_status(struct gw_folders *f, const struct gw_response *r);

/* The mailbox of this name (as on the wire), or NULL. */
struct gw_folder *gw_folders_find(const struct gw_folders *f, struct gw_slice wire);

/* The last of the list was put there by the caller: it can be found from now on.  false: out of memory. */
bool gw_folders_note_last(struct gw_folders *f);

/* Marks a listed name as subscribed (LSUB). */
void gw_folders_take_lsub(struct gw_folders *f, const struct gw_response *r);

/* The directory that the configuration gives it, or NULL. */
const char *gw_folder_given(const struct gw_folder *f, const struct gw_account *account);

/* True if the folder matches these patterns over names as shown here.  The last one that matches
 * wins ("!..."  excludes). */
bool gw_folder_is_among(const struct gw_folder *f, char *const *patterns, size_t count);

/* The pattern of `folders` that decides about it: the last that matches; NULL: none does. */
const char *gw_folder_decided_by(const struct gw_folder *f, const struct gw_account *account);

/* True if any mailbox matches the pattern. */
bool gw_folders_match(const struct gw_folders *f, const char *pattern);

/* True if the account would select a mailbox of this name (UTF-8, without the prefix). */
bool gw_folders_wants(const struct gw_folders *all, const char *name, char delimiter,
	const struct gw_account *account, const char *const *only, size_t only_count);

/* Chooses the folders that the account wants.  The last pattern that matches wins ("!..."
 * excludes); without one, and unless `folders` names it outright, \All, \Flagged and \Important are
 * left out, and so are namespaces that are not ours, unless a pattern spells their name.  only:
 * further patterns that must match (the command line); count 0: none.  Sorts the list by name,
 * INBOX first. */
void gw_folders_choose(struct gw_folders *f, const struct gw_account *account,
	const char *const *only, size_t only_count);
