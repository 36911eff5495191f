/* SPDX-License-Identifier: ISC */
/* watch/report.h - a watcher's report on itself: the state of the account and of each mailbox. */
#pragma once

#include "godwit/account.h"
#include "godwit/sync.h"
#include "remote/folders.h"

enum gw_standing {
	GW_STANDING_BEGINS, /* no sync has ended yet */
	GW_STANDING_IN_STEP,
	GW_STANDING_SYNCING,
	GW_STANDING_TROUBLE, /* error says which; tried again at next_at */
	GW_STANDING_PAUSED,
};

struct gw_report_mailbox {
	char *name;         /* owned; as shown */
	int64_t changed_at; /* seconds; 0: unchanged since the watcher began */
	char *problem;      /* owned; of the last sync; NULL */
	bool seen_problem;  /* in the running sync */
};

struct gw_report {
	enum gw_standing standing;
	int64_t since;                  /* seconds */
	int64_t synced_at;              /* when the last sync succeeded; 0: never */
	int64_t next_at;                /* when the next unprompted sync is due; 0: none */
	char how[160];                  /* how changes are noticed */
	char error[600];                /* TROUBLE */
	struct gw_report_mailbox *list; /* owned */
	size_t count, cap;
};

void gw_report_deinit(struct gw_report *r);
void gw_report_stands(struct gw_report *r, enum gw_standing standing);
/* Records what a sync reports about its mailboxes.  Drops a changed mailbox if memory is short. */
void gw_report_sync_event(struct gw_report *r, const struct gw_sync_event *ev);

/* Returns one object without line end, freed by the caller; NULL: out of memory.  folders: list
 * these mailboxes; NULL: the state alone. */
char *gw_report_to_json(const struct gw_report *r, const struct gw_account *account,
	const struct gw_folders *folders);
