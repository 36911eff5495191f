/* SPDX-License-Identifier: ISC */
/* plan/archive.h - which messages of All Mail have a file in the archive: those that stand in no other mailbox here.
 * Pure.  What is asked about them, and files that are theirs already: mailbox/archive.c.
 */
#pragma once

#include "plan/plan.h"

/* Identifies a message in all its mailboxes (Gmail: X-GM-MSGID). */
struct gw_remote_id {
	uint32_t uid;
	uint64_t id;
};

/* A message of the archive, by its id. */
struct gw_archived {
	uint64_t id;
	uint32_t uid;   /* in All Mail; 0: it is not there */
	bool elsewhere; /* another mailbox has it, or gets it in this run */
	bool copied;    /* it was put there on purpose, while another mailbox had it */
	uint64_t size;  /* 0: not known */

	bool told; /* out, if it gets a file: the look at All Mail showed it */
};

struct gw_archive {
	const struct gw_base_msg *base; /* of All Mail */
	size_t base_count;
	const struct gw_remote_id *ids; /* of the messages that its look showed; by UID */
	size_t id_count;
	struct gw_archived *list; /* owned by the caller; sorted by id, unique; afterwards by UID */
	size_t count;
};

/* Returns the message with this id, borrowed; NULL: none.  The list is sorted by id. */
struct gw_archived *gw_archived_find(struct gw_archived *list, size_t count, uint64_t id);

/* Changes the plan of All Mail, and lists in `more` (which has room for a->count) what becomes of messages
 * about which it plans nothing, by UID; returns how many.  *again: something has to be left to the next
 * look. */
size_t gw_archive_sift(
	struct gw_archive *a, struct gw_plan *plan, struct gw_action *more, bool *again);
