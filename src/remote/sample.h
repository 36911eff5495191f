/* SPDX-License-Identifier: ISC */
/* remote/sample.h - the headers of a mailbox's oldest and newest messages, a few of each.
 *
 * Afterwards the session has that mailbox selected, and nothing else.
 */
#pragma once

#include "imap/session.h"
#include "plan/likeness.h"

enum { GW_SAMPLE_EACH = 20, GW_SAMPLE_MAX = 40 }; /* oldest, and newest */

struct gw_sample_options {
	struct gw_session *session;
	const char *mailbox; /* as on the wire */
	/* sample: borrowed; count 0 without err: the mailbox is empty.  err: the mailbox could not
	 * be asked, or listed none (GW_SCOPE_MAILBOX), or the session was lost
	 * (GW_SCOPE_ACCOUNT). */
	void (*done)(
		void *ctx, const struct gw_trace *sample, size_t count, const struct gw_error *err);
	void *ctx;
};

/* The options are copied, what they point to is borrowed until done, which comes exactly once, later.
 * GW_ERR_NOMEM, GW_ERR_NET: never. */
enum gw_code gw_sample_start(const struct gw_sample_options *options);
