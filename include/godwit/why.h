/* godwit/why.h - what was done with a message, and why.
 *
 * From the account's log and its state; blocking, offline, changes nothing.  What would be decided
 * now is a dry run's to say (godwit/sync.h).
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>

/* Which message: what is set must fit.  Strings are borrowed. */
struct gw_why_query {
	const char *mailbox;    /* as shown; with uid */
	uint32_t uid;           /* 0: not asked by UID */
	const char *file;       /* path or name of a file in a Maildir; flags do not count */
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

/* Where the message stands now, as far as the state knows. */
struct gw_why_place {
	const char *mailbox; /* as shown */
	uint32_t uid;
	const char *file; /* its base name; NULL: it has none here */
	const char *text; /* what that means */
};

struct gw_why_sink {
	void (*line)(void *ctx, const struct gw_why_line *line);
	void (*place)(void *ctx, const struct gw_why_place *place);
	void *ctx;
};

/* Lines come first, the oldest first.  A message that was moved is followed by its Message-ID where
 * the log or the state knows it.  GW_OK also if nothing was found.  GW_ERR_DISK, GW_ERR_STATE,
 * GW_ERR_CORRUPT, GW_ERR_NOMEM. */
enum gw_code gw_why(const struct gw_account *account, const struct gw_why_query *query,
	const struct gw_why_sink *sink, struct gw_error *err);
