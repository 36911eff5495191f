/* remote/clear.h - takes what base knows out of a mailbox on the server that is about to be deleted.
 *
 * Mail that was never here keeps the mailbox, and so does mail that was changed there, beyond having
 * been read: the mailbox is deleted only if it holds nothing but what base knows, unchanged.
 *
 *   SELECT --> UID FETCH all flags --> remove what is there (expunge.h) --> SELECT once more --> UNSELECT (or
 *   EXAMINE INBOX)
 */
#pragma once

#include "remote/expunge.h"

enum gw_clear_outcome {
	GW_CLEAR_EMPTY, /* nothing is in it any more, or only what may go with it */
	GW_CLEAR_FRESH, /* it holds mail that is new or changed, or that could not be removed */
	GW_CLEAR_FAILED,
};

struct gw_clear_options {
	struct gw_session *session; /* nothing else goes on on it */
	const char *mailbox;        /* as on the wire */
	uint32_t uidvalidity, uidnext;
	const char *trash; /* NULL: what is known goes for good, with the mailbox */
	bool make_trash;
	/* What base knows, sorted by uid, with its flags there.  Out: an item that was gone already is DONE,
	 * too; one that was changed, and stays, is CHANGED. */
	struct gw_expunge_item *items;
	const uint64_t *flags;
	size_t count;
	/* err: why it failed, or NULL.  A lost session is reported by the session itself. */
	void (*done)(void *ctx, enum gw_clear_outcome outcome, const struct gw_error *err);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_clear_start(const struct gw_clear_options *options);
