/* SPDX-License-Identifier: ISC */
/* plan/pair.h - which messages that base does not know are the same on both sides.
 *
 * One mechanism for an interrupted download, lost state, a Maildir that another tool made, and a
 * changed UIDVALIDITY (then the rows of base stand in for the files).  Pure.
 */
#pragma once

#include "plan/plan.h"

enum { GW_PAIR_HASH = 16, GW_PAIR_BULK = 200 };

struct gw_pair_remote {
	uint32_t uid;
	uint64_t size;     /* RFC822.SIZE, less what does not count if the other side's is */
	uint64_t raw_size; /* RFC822.SIZE */
	uint64_t flags;
	uint64_t msgid;     /* hash of its Message-ID; 0: none, or no evidence */
	uint64_t any_msgid; /* the same, evidence or not; the caller's */
	uint64_t about;     /* hash of date, author and subject; 0: none; the caller's */
	uint8_t header[GW_PAIR_HASH];
	bool has_received; /* some server passed it on */
	bool taken;
};

struct gw_pair_local {
	uint32_t index;    /* of the file in the local view, or of the row */
	uint32_t name_uid; /* the UID that its name speaks of, 0: none */
	uint64_t size;     /* with CR LF line ends; likewise */
	uint64_t flags;
	uint64_t msgid; /* the same; to the server, equal ones are one message, if both have it */
	uint8_t header[GW_PAIR_HASH];
	bool taken;
};

/* Appends pairs (capacity grows) sorted by uid.  Reorders both inputs.  size_decides: equal header
 * and size is enough whatever the number.  GW_ERR_NOMEM. */
enum gw_code gw_pair_messages(struct gw_pair_remote *remote, size_t remote_count,
	struct gw_pair_local *local, size_t local_count, bool size_decides, struct gw_pair **pairs,
	size_t *pair_count, size_t *pair_cap);
