/* SPDX-License-Identifier: ISC */
/* remote/search_label.h - which messages are still among all mail (Gmail), and carry a label there.
 *
 * A mailbox that is a label may stop showing messages that have it: there is a setting for how many
 * a mailbox shows.  Afterwards the session has all mail selected, and nothing else.
 */
#pragma once

#include "imap/session.h"

struct gw_search_label_item {
	uint64_t id; /* X-GM-MSGID */
	bool there;  /* out: all mail shows it, */
	bool has;    /* with the label, or without saying which it has */
};

struct gw_search_label_options {
	struct gw_session *session;
	const char *all;                    /* as on the wire */
	const char *label;                  /* as Gmail names it in X-GM-LABELS */
	struct gw_search_label_item *items; /* sorted by id */
	size_t count;
	/* exists: how many messages all mail shows; 0: it could not be asked, and then nothing is
	 * known.  lost: NULL, or why the session ended. */
	void (*done)(void *ctx, uint32_t exists, const struct gw_error *lost);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_search_label_start(const struct gw_search_label_options *options);
