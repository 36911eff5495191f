/* remote/clear.h - takes what base knows out of a mailbox on the server that is about to be deleted.
 *
 * Mail that was never here keeps the mailbox: only when what the server counts is what base knows,
 * and nothing is left of it, may the mailbox itself go.
 *
 *   SELECT --its counts--> remove (expunge.h) --> SELECT once more --> UNSELECT (or EXAMINE INBOX)
 */
#pragma once

#include "remote/expunge.h"

enum gw_clear_outcome {
	GW_CLEAR_EMPTY, /* nothing is in it any more, or only what may go with it */
	GW_CLEAR_FRESH, /* there is mail that base does not know, or that could not be removed */
	GW_CLEAR_FAILED,
};

struct gw_clear_options {
	struct gw_session *session; /* nothing else goes on on it */
	const char *mailbox;        /* as on the wire */
	uint32_t uidvalidity, uidnext;
	const char *trash; /* NULL: what is known goes for good, with the mailbox */
	bool make_trash;
	struct gw_remove_item *items; /* what base knows; sorted by uid */
	size_t count;
	/* err: why it failed, or NULL.  A lost session is reported by the session itself. */
	void (*done)(void *ctx, enum gw_clear_outcome outcome, const struct gw_error *err);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_clear_start(const struct gw_clear_options *options);
