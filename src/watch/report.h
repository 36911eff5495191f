/* watch/report.h - what a watcher tells of itself: how the account is, and each mailbox. */
#pragma once

#include "godwit/account.h"
#include "godwit/sync.h"
#include "remote/mailbox_list.h"

enum gw_standing {
	GW_STANDING_BEGINS, /* no sync has ended yet */
	GW_STANDING_IN_STEP,
	GW_STANDING_SYNCING,
	GW_STANDING_TROUBLE, /* error says which; tried again at next_at */
	GW_STANDING_PAUSED,
};

struct gw_report_mailbox {
	char *name;         /* owned; as shown */
	int64_t changed_at; /* seconds; 0: not since the watcher began */
	char *problem;      /* owned; of the last sync; NULL */
	bool seen_problem;  /* in the sync under way */
};

struct gw_report {
	enum gw_standing standing;
	int64_t since;                  /* seconds */
	int64_t synced_at;              /* when the last sync ended well; 0: none has */
	int64_t next_at;                /* of a sync that nothing calls for; 0: none is planned */
	char how[160];                  /* what tells of changes */
	char error[600];                /* TROUBLE */
	struct gw_report_mailbox *list; /* owned */
	size_t count, cap;
};

void gw_report_deinit(struct gw_report *r);
void gw_report_stands(struct gw_report *r, enum gw_standing standing);
/* Takes what a sync tells of its mailboxes.  A changed mailbox of which nothing can be remembered
 * for want of memory is left out. */
void gw_report_sync_event(struct gw_report *r, const struct gw_sync_event *ev);

/* One object without line end, to be freed by the caller; NULL: out of memory.  folders: for the
 * mailboxes, or NULL for the state alone. */
char *gw_report_to_json(const struct gw_report *r, const struct gw_account *account,
	const struct gw_folders *folders);
