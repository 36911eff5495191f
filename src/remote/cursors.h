/* SPDX-License-Identifier: ISC */
/* remote/cursors.h - asks for the cursors of a mailbox that is not the selected one (STATUS). */
#pragma once

#include "imap/session.h"

struct gw_cursors {
	uint32_t uidvalidity, uidnext; /* 0 and 1: not told; nothing is known of what is in it */
};

struct gw_cursors_options {
	struct gw_session *session;
	const char *mailbox; /* as on the wire */
	/* lost: NULL, or why the session ended. */
	void (*done)(void *ctx, struct gw_cursors told, const struct gw_error *lost);
	void *ctx;
};

/* The options are copied; what they point to is borrowed until done, which comes exactly once,
 * later.  GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_cursors_start(const struct gw_cursors_options *options);
