/* remote/observe.h - what the server says of one mailbox: as little as will do.
 *
 * Three ladders, one result: QRESYNC (RFC 7162 3.2), CONDSTORE with EXISTS arithmetic (Gmail), and
 * a listing of all flags.  Two round trips at most where nothing odd happened.
 */
#pragma once

#include "imap/session.h"
#include "plan/plan.h"

/* What stands for a message in all its mailboxes (Gmail: X-GM-MSGID). */
struct gw_remote_id {
	uint32_t uid;
	uint64_t id;
};

struct gw_remote_view {
	uint32_t uidvalidity, uidnext;  /* of the SELECT that began the look */
	uint64_t highestmodseq;         /* 0: the mailbox has none */
	uint32_t selected_exists;       /* as the SELECT ended: the count the cursors belong to */
	uint32_t exists;                /* kept up to date */
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
	bool full;      /* messages is all there is */
	bool restarted; /* UIDVALIDITY changed, or a cursor went back: base's UIDs mean nothing */
};

void gw_remote_view_deinit(struct gw_remote_view *view);

/* Frees what it says of single messages; cursors, counts and ids stay. */
void gw_remote_view_drop_messages(struct gw_remote_view *view);

/* Sorts the ids by UID, one for each: gw_remote_view_id() needs that after an id was added. */
void gw_remote_view_settle_ids(struct gw_remote_view *view);

/* 0: not told. */
uint64_t gw_remote_view_id(const struct gw_remote_view *view, uint32_t uid);

struct gw_observe_options {
	struct gw_session *session; /* borrowed */
	const char *mailbox;        /* as on the wire; borrowed */
	bool full;                  /* whatever the cursors say */
	bool plain_select;          /* this server refused a SELECT with parameters before */

	/* Base's cursors; uidvalidity 0: none. */
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq;
	int64_t oldest; /* seconds since the epoch: what is older is marked so; 0: not asked */
	const struct gw_base_msg *base; /* borrowed; sorted by uid */
	size_t base_count;

	/* Bits of a list of flags, new keywords included. */
	uint64_t (*flags)(void *ctx, const struct gw_fetch *fetch);
	/* Bits of those that may be stored (PERMANENTFLAGS); makes no new keywords. */
	uint64_t (*storable)(void *ctx, const struct gw_flag_list *list);
	/* view: the callee's on success.  plain: the server wants plain SELECTs.  err: the mailbox
	 * (GW_SCOPE_MAILBOX) or the session (GW_SCOPE_ACCOUNT) is lost. */
	void (*done)(
		void *ctx, struct gw_remote_view *view, bool plain, const struct gw_error *err);
	void *ctx;
};

/* done is called exactly once, later; all commands were answered by then.  GW_ERR_NOMEM,
 * GW_ERR_NET: never. */
enum gw_code gw_observe_remote(const struct gw_observe_options *options);

/* Splits a sorted array of UIDs into sets that a server's line limit allows: takes UIDs from
 * uids[*at] on into set, at most max_count of them, and moves *at. */
enum gw_code gw_take_uids(
	const uint32_t *uids, size_t count, size_t *at, size_t max_count, struct gw_seqset *set);
