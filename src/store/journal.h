/* SPDX-License-Identifier: ISC */
/* store/journal.h - an account's log: what was done with its messages, and why.
 *
 * STATE/ACCOUNT.log, a text file of mode 0600, one line per action, fields separated by tabs:
 *
 *   2026-11-29T13:45:01Z  INBOX  delete-here  12  1764259501.M1.host  0f3a…  UID 12 is gone on ...
 *
 * time (UTC), mailbox, what (the words of a dry run), UID (0: none), base name of the file ("-":
 * none), digest of the Message-ID ("-": unknown), the reason in words.  No field contains a control
 * character.  A line is written before its action begins, so a killed run has left it, too; nothing
 * is flushed, so a power cut may lose the last lines.  Only people and `godwit why` read it: no
 * decision rests on it.
 */
#pragma once

#include "base/buf.h"

/* Above this size the file is renamed to ACCOUNT.log.1, replacing the previous one. */
enum { GW_JOURNAL_MAX = 4 << 20, GW_JOURNAL_ID = 33 };

/* Strings are borrowed. */
struct gw_journal_entry {
	int64_t at;          /* seconds since the epoch */
	const char *mailbox; /* as shown */
	const char *what;    /* one word */
	uint32_t uid;        /* 0: none */
	const char *file;    /* its base name, without flags; NULL: none */
	const char *id;      /* from gw_journal_id(); NULL: unknown */
	const char *text;
};

/* Writes the hexadecimal form of a Message-ID's digest (maildir/fingerprint.h) that the log
 * uses. */
void gw_journal_id(const uint8_t digest[static 16], char out[static GW_JOURNAL_ID]);

/* Appends the entry's line to lines.  GW_ERR_NOMEM, GW_ERR_LIMIT: nothing was appended. */
enum gw_code gw_journal_format(const struct gw_journal_entry *entry, struct gw_buf *lines);

/* Appends lines to the file; creates it if missing, and rotates it if full.  GW_ERR_DISK. */
enum gw_code gw_journal_append(const char *path, struct gw_slice lines, struct gw_error *err);

/* Returning false ends the reading. */
typedef bool gw_journal_cb(void *ctx, const struct gw_journal_entry *entry);

/* Calls cb for each line, oldest first; skips invalid lines.  GW_OK also if there is no log.
 * GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code gw_journal_read(const char *path, gw_journal_cb *cb, void *ctx, struct gw_error *err);
