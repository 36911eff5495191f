/* SPDX-License-Identifier: ISC */
/* import/other.h - an account as another program's configuration has it, in godwit's words; pure.
 *
 * Built by mbsync.c and offlineimap.c, placed by settle.c, written down by compose.c.  Memory that
 * is not to be had is remembered in `failed`, and told once, at the end.
 */
#pragma once

#include "base/buf.h"

/* The fate of one line of the old configuration. */
enum gw_other_fate {
	GW_FATE_BECAME, /* a key, or what godwit does anyway */
	GW_FATE_LEFT,   /* nothing, and nothing is missed */
	GW_FATE_HEED,   /* a person has to look at it */
};

struct gw_other_note {
	unsigned line; /* 0: of no line */
	enum gw_other_fate fate;
	char *said, *became; /* owned */
};

struct gw_other_key {
	char *key, *value; /* owned */
	bool plain;        /* a number or a word that stands without quotes */
};

/* Mailboxes that are kept in one way. */
struct gw_other_channel {
	char **patterns; /* owned; over names without far; count 0: the one mailbox `far` */
	size_t pattern_count, pattern_cap;
	char *far, *near; /* owned; a mailbox, or with patterns a prefix ("" for none) */
	unsigned max_messages;
	uint64_t max_size;
};

enum gw_other_style {
	GW_STYLE_NONE, /* names with "/" have no place */
	GW_STYLE_VERBATIM,
	GW_STYLE_MAILDIRPP,
	GW_STYLE_LEGACY,
};

struct gw_other {
	char *name;                /* owned; as it may be called in godwit's configuration */
	struct gw_other_key *keys; /* owned */
	size_t key_count, key_cap;
	struct gw_other_note *notes; /* owned */
	size_t note_count, note_cap;
	struct gw_other_channel
		*channels; /* owned; mbsync's; the first that has a mailbox keeps it */
	size_t channel_count, channel_cap;
	char *path;                 /* owned; absolute; put before a mailbox's name */
	char *inbox;                /* owned; absolute; NULL: INBOX is a mailbox like others */
	char *flatten;              /* owned; instead of "/"; NULL */
	char *map_inbox, *far_path; /* owned; NULL */
	enum gw_other_style style;
	/* offlineimap's */
	bool by_wire; /* directories are named by the server's names */
	char *sep;    /* owned; instead of the server's delimiter */
	char *pythonfile, *nametrans, *folderfilter, *folderincludes; /* owned; NULL */
	char *limits;               /* owned; lines of a section for all mailboxes; NULL */
	struct gw_other_key *asked; /* owned; keys whose value a command prints */
	size_t asked_count, asked_cap;
	bool placeholders; /* a limit left messages here that are none */
	bool failed;
};

struct gw_others {
	struct gw_other *list; /* owned */
	size_t count, cap;
	struct gw_other_note *notes; /* owned; of no account */
	size_t note_count, note_cap;
	bool failed;
};

void gw_others_deinit(struct gw_others *o);

/* A copy in *slot, in place of what was there. */
void gw_other_text(struct gw_other *o, char **slot, const char *text);
/* A key, in place of one of that name; plain: without quotes. */
void gw_other_set(struct gw_other *o, const char *key, bool plain, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A key whose value the command prints. */
void gw_other_ask(struct gw_other *o, const char *key, const char *command);
/* NULL: not set. */
const struct gw_other_key *gw_other_key(const struct gw_other *o, const char *key);
const char *gw_other_get(const struct gw_other *o, const char *key);
void gw_other_note(struct gw_other *o, unsigned line, enum gw_other_fate fate, const char *said,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
void gw_others_note(struct gw_others *all, unsigned line, const char *said, const char *became);

/* Letters and digits of text, for an account's name. */
void gw_other_name(struct gw_other *o, const char *text);

/* "~/x" and "$HOME/x" to an absolute path; heap; NULL: no memory. */
char *gw_other_path(const char *text, const char *home);

/* mbsync's configuration (~/.mbsyncrc).  file: its path, for commands that read from it.  GW_ERR_CONFIG: a
 * line that it would not take either; GW_ERR_NOMEM. */
enum gw_code gw_import_mbsync(struct gw_slice text, const char *file, const char *home,
	struct gw_others *out, struct gw_error *err);
/* offlineimap's (~/.offlineimaprc); likewise. */
enum gw_code gw_import_offlineimap(struct gw_slice text, const char *file, const char *home,
	struct gw_others *out, struct gw_error *err);
