/* SPDX-License-Identifier: ISC */
/* remote/search_msgid.h - which messages a server has already, by their Message-ID (Gmail, which
 * merges what it is given with what it has).
 *
 * Afterwards the session has that mailbox selected, and nothing else.
 */
#pragma once

#include "imap/session.h"

struct gw_search_msgid_item {
	char *msgid;     /* owned by the caller; the field's content without white space */
	uint32_t number; /* the caller's */
	uint32_t uid;    /* out; 0: it is not there */
};

struct gw_search_msgid_options {
	struct gw_session *session;
	const char *mailbox; /* of all mail; as on the wire */
	struct gw_search_msgid_item *items;
	size_t count; /* not 0 */
	/* uidvalidity of that mailbox; 0: it could not be asked, and then nothing is known.  lost:
	 * NULL, or why the session ended. */
	void (*done)(void *ctx, uint32_t uidvalidity, const struct gw_error *lost);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_search_msgid_start(const struct gw_search_msgid_options *options);
