/* SPDX-License-Identifier: ISC */
/* remote/view.h - what the server said of one mailbox: all of it, or what changed. */
#pragma once

#include "plan/archive.h"

struct gw_remote_view {
	uint32_t uidvalidity, uidnext;  /* of the SELECT that began the look */
	uint64_t highestmodseq;         /* 0: the mailbox has none */
	uint32_t selected_exists;       /* as the SELECT ended: the count the cursors belong to */
	uint32_t exists;                /* kept up to date */
	uint32_t most;                  /* messages there were at one time; UINT32_MAX: not told */
	struct gw_remote_msg *messages; /* owned; sorted by uid */
	size_t count, cap;
	struct gw_remote_id
		*ids; /* owned; sorted by uid; of those that were told, if the server has any */
	size_t id_count, id_cap;
	struct gw_seqset vanished;
	struct gw_seqset listing; /* if has_listing */
	bool has_listing;
	uint64_t storable; /* flags that the mailbox stores for good */
	bool read_only;
	bool full;       /* messages is all there is */
	bool unproved;   /* the server's answers do not add up: what it did not report is unknown */
	bool restarted;  /* UIDVALIDITY changed, or a cursor went back: base's UIDs mean nothing */
	uint64_t listed; /* messages that are there, by what was proved */
	uint32_t dim;    /* messages whose flags could not be read; dim_uid: one of them */
	uint32_t dim_uid;
};

void gw_remote_view_deinit(struct gw_remote_view *view);

/* Frees what it says of single messages; cursors, counts and ids stay. */
void gw_remote_view_drop_messages(struct gw_remote_view *view);

/* GW_ERR_NOMEM; GW_ERR_LIMIT: more than the mailbox can hold, by EXISTS and by what godwit holds. */
enum gw_code gw_remote_view_add(
	struct gw_remote_view *view, const struct gw_remote_msg *m, uint64_t id);

/* Sorts the messages and ids by UID, and joins several facts about one. */
void gw_remote_view_settle(struct gw_remote_view *view);

/* Keeps only UIDs that are in `in` (NULL: all) and not in `out`; both must be settled. */
void gw_remote_view_keep(
	struct gw_remote_view *view, const struct gw_seqset *in, const struct gw_seqset *out);

/* Removes from the set the UIDs that were reported: at all, or sufficiently, which means with flags
 * and, if base does not show the message, with size and age.  GW_ERR_NOMEM. */
enum gw_code gw_remote_view_take_out(const struct gw_remote_view *view,
	const struct gw_base_msg *base, size_t base_count, bool enough, struct gw_seqset *set);

/* Sorts the ids by UID, one for each: gw_remote_view_id() needs that after an id was added. */
void gw_remote_view_settle_ids(struct gw_remote_view *view);

/* 0: not told. */
uint64_t gw_remote_view_id(const struct gw_remote_view *view, uint32_t uid);
