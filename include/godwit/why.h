/* SPDX-License-Identifier: ISC */
/* godwit/why.h - tells what was done with a message, and why.
 *
 * Reads the account's log and its state; blocking, offline, changes nothing.  What would be decided
 * now is for a dry run to say (godwit/sync.h).
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>

/* Selects a message: all members that are set must match.  Strings are borrowed. */
struct gw_why_query {
	const char *mailbox;    /* as shown; with uid */
	uint32_t uid;           /* 0: not asked by UID */
	const char *file;       /* path or name of a file in a Maildir; its flags are ignored */
	const char *message_id; /* with or without "<" and ">" */
};

/* One line of the log; strings are borrowed until the callback returns. */
struct gw_why_line {
	int64_t at;          /* seconds since the epoch */
	const char *mailbox; /* as shown */
	const char *what;    /* one word of struct gw_sync_step */
	uint32_t uid;        /* 0: none */
	const char *file;    /* its base name; NULL: none */
	const char *text;
};

/* Where the message is now, as far as the state knows. */
struct gw_why_place {
	const char *mailbox; /* as shown */
	uint32_t uid;
	const char *file; /* its base name; NULL: no file here */
	const char *text; /* what that means */
};

struct gw_why_sink {
	void (*line)(void *ctx, const struct gw_why_line *line);
	void (*place)(void *ctx, const struct gw_why_place *place);
	void *ctx;
};

/* Reports the log's lines, oldest first, then the places.  A moved message is followed by its
 * Message-ID where the log or the state knows it.  GW_OK also if nothing was found.  GW_ERR_DISK,
 * GW_ERR_STATE, GW_ERR_CORRUPT, GW_ERR_NOMEM. */
enum gw_code gw_why(const struct gw_account *account, const struct gw_why_query *query,
	const struct gw_why_sink *sink, struct gw_error *err);
