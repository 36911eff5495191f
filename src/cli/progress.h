/* SPDX-License-Identifier: ISC */
/* cli/progress.h - how a sync is shown: bars on a terminal, one line a fact otherwise, or JSON. */
#pragma once

#include "godwit/sync.h"

enum progress_style {
	PROGRESS_QUIET,
	PROGRESS_LINES,
	PROGRESS_BARS,
	PROGRESS_JSON,
	PROGRESS_CHANGES, /* sync after sync: what changed in which mailbox, and what is new of
			     problems */
};

enum progress_task { PROGRESS_SYNC, PROGRESS_DRY_RUN, PROGRESS_VERIFY };

struct progress;

/* accounts: how many are shown at once.  NULL when out of memory. */
struct progress *progress_new(enum progress_style style, size_t accounts);
/* Selects what is shown; details: a dry run also names the messages to be fetched or joined. */
void progress_shows(struct progress *p, enum progress_task task, bool details);
void progress_free(struct progress *p);

/* index: which account; name: its name.  Clears bars before anything else is printed. */
void progress_event(
	struct progress *p, size_t index, const char *name, const struct gw_sync_event *ev);

/* A command may ask for a password on the terminal (gw_asking_cb; ctx: the struct progress): until it has
 * ended no bar is drawn over its prompt. */
void progress_asking(void *ctx, const char *what, bool well);

/* Takes the bars away, for other output; they come back with the next event. */
void progress_clear(struct progress *p);
