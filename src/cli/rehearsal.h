/* SPDX-License-Identifier: ISC */
/* cli/rehearsal.h - asks a server for its mailboxes, and what the first sync would do: both look only. */
#pragma once

#include "godwit/mailboxes.h"
#include "godwit/sync.h"

/* Calls each() for every mailbox.  GW_ERR_*: as a sync would fail. */
enum gw_code list_mailboxes(const struct gw_account *account, const struct gw_log *log,
	void (*each)(void *ctx, const struct gw_mailbox_info *mailbox), void *ctx,
	struct gw_error *err);

struct rehearsal {
	/* A mailbox's counts, or in text what would be done to it as a whole; mailbox NULL: of the account. */
	void (*plan)(void *ctx, const char *mailbox, const struct gw_sync_counts *counts,
		const char *text);
	void (*problem)(void *ctx, const char *mailbox, const char *text);
	void *ctx;
};

/* A dry run.  *sum: of all mailboxes. */
enum gw_code rehearse(const struct gw_account *account, const struct gw_log *log,
	const struct rehearsal *r, struct gw_sync_counts *sum, struct gw_error *err);
