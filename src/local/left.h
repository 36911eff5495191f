/* local/left.h - what a message's row leaves behind, when the message has left the mailbox. */
#pragma once

#include "maildir/keywords.h"
#include "store/store.h"

/* With its row goes what this mailbox knew of the message's labels, and nobody would miss them: its tags
 * would put them on again.  So they are remembered, in the transaction in which the row goes.  own: the
 * label that the mailbox is, or NULL.  As gw_store_untag(). */
enum gw_code gw_left_labels(struct gw_store *store, int64_t mailbox, uint32_t uid,
	const struct gw_keywords *keywords, const char *own, struct gw_error *err);
