/* SPDX-License-Identifier: ISC */
/* remote/observe.h - what the server says of one mailbox: as little as will do.
 *
 * Three ladders, one result: QRESYNC (RFC 7162 3.2), CONDSTORE with EXISTS arithmetic (Gmail), and
 * a listing of all flags.  Two round trips at most where nothing odd happened.
 *
 * What is absent has been proved to be: by an answer that names as many messages as there are, or by
 * another question, of another kind, whose answer does (plan/evidence.h).
 */
#pragma once

#include "imap/session.h"
#include "remote/view.h"

struct gw_observe_options {
	struct gw_session *session; /* borrowed */
	const char *mailbox;        /* as on the wire; borrowed */
	bool full;                  /* whatever the cursors say */
	bool list;                  /* not without the UIDs of all that is there */
	bool plain_select;          /* this server refused a SELECT with parameters before */
	size_t few; /* no command asks of more messages than these; 0: of any number */

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
	 * (GW_SCOPE_MAILBOX) or the session (GW_SCOPE_ACCOUNT) is lost.  Neither view nor err: more
	 * was to be asked, and another mailbox was selected behind, so that all of it has to be asked
	 * again. */
	void (*done)(
		void *ctx, struct gw_remote_view *view, bool plain, const struct gw_error *err);
	void *ctx;
};

/* done is called exactly once, later; all commands were answered by then.  GW_ERR_NOMEM,
 * GW_ERR_NET: never. */
enum gw_code gw_observe_remote(const struct gw_observe_options *options);
