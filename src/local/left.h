/* SPDX-License-Identifier: ISC */
/* local/left.h - what a message's row leaves behind, when the message has left the mailbox. */
#pragma once

#include "maildir/keywords.h"
#include "store/store.h"

/* Remembers the labels that a message's row knew, in the transaction in which the row goes:
 * otherwise nobody would miss them, and its tags would put them on again.  own: the mailbox's own
 * label, or NULL.  Errors as for gw_store_untag(). */
enum gw_code gw_left_labels(struct gw_store *store, int64_t mailbox, uint32_t uid,
	const struct gw_keywords *keywords, const char *own, struct gw_error *err);
